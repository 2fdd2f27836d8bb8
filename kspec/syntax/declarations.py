"""Knows how objects, rules and declarations are built: one method for each alias of `grammar/kspec.lark`."""

from __future__ import annotations

from typing import Any

from kspec.source import SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.foreign import meant
from kspec.syntax.lexer import Token
from kspec.syntax.tree import Expressions, Values


class Declarations(Expressions):
    """Builds the declarations of one file."""

    def __init__(self, file: SourceFile) -> None:
        super().__init__(file, strict=False)

    def doc(self, start: int) -> str:
        """The doc comment before this place: without its slashes, a line for a line."""
        if start not in self.docs:
            return ""
        return "\n".join([t.text[3:].removeprefix(" ").rstrip() for t in self.docs.pop(start)])

    # ---- objects

    def object_empty(self, v: Values, start: int, end: int) -> ast.ObjectExpr:
        return ast.ObjectExpr((), Span(self.file, start, end))

    def object(self, v: Values, start: int, end: int) -> ast.ObjectExpr:
        return ast.ObjectExpr(tuple(v[1]), Span(self.file, start, end))

    def field(self, v: Values, start: int, end: int) -> ast.Field:
        return ast.Field(tuple(v[0]), v[2], False, Span(self.file, start, end))

    def field_block(self, v: Values, start: int, end: int) -> ast.Field:
        return ast.Field(tuple(v[0]), v[1], True, Span(self.file, start, end))

    def computed_field(self, v: Values, start: int, end: int) -> ast.ComputedField:
        return ast.ComputedField(v[1], v[4], Span(self.file, start, end))

    def segment(self, v: Values, start: int, end: int) -> ast.Name:
        return ast.Name(v[0][0], False, Span(self.file, start, end))

    def segment_quoted(self, v: Values, start: int, end: int) -> ast.Name:
        return ast.Name(self.unquote(v[0]), True, Span(self.file, start, end))

    def segment_backquoted(self, v: Values, start: int, end: int) -> ast.Name:
        return ast.Name(v[0][0].strip("`"), True, Span(self.file, start, end))

    def item(self, v: Values, start: int, end: int) -> ast.ItemKey:
        return ast.ItemKey(v[1][0], Span(self.file, start, end))

    def item_quoted(self, v: Values, start: int, end: int) -> ast.ItemKey:
        return ast.ItemKey(self.unquote(v[1]), Span(self.file, start, end))

    def each_item(self, v: Values, start: int, end: int) -> ast.EachItem:
        return ast.EachItem(Span(self.file, start, end))

    # ---- types

    def type_plain(self, v: Values, start: int, end: int) -> ast.TypeRef:
        return ast.TypeRef(".".join([t[0] for t in v[0]]), (), Span(self.file, start, end))

    def type_of(self, v: Values, start: int, end: int) -> ast.TypeRef:
        return ast.TypeRef(".".join([t[0] for t in v[0]]), tuple(v[2]), Span(self.file, start, end))

    # ---- rules

    def rule(self, v: Values, start: int, end: int) -> ast.Rule:
        kind, name, parameters, using, result, clauses, body = v
        return ast.Rule(
            kind[0], name[0], tuple(parameters), tuple(using), result, tuple(clauses), tuple(body),
            self.doc(start), Span(self.file, start, end), self.place(name),
        )  # fmt: skip

    def place(self, token: Token) -> Span:
        return Span(self.file, token[1], token[2])

    parameters_empty = Expressions.none
    parameters = Expressions.second

    def parameter(self, v: Values, start: int, end: int) -> ast.Param:
        return ast.Param(v[0][0], v[2], None, Span(self.file, start, end))

    def parameter_default(self, v: Values, start: int, end: int) -> ast.Param:
        return ast.Param(v[0][0], v[2], v[4], Span(self.file, start, end))

    def clause_objects(self, v: Values, start: int, end: int) -> ast.Clause:
        return ast.Clause(v[0][0], v[1], v[3][0], None, Span(self.file, start, end))

    def clause_objects_matching(self, v: Values, start: int, end: int) -> ast.Clause:
        return ast.Clause(v[0][0], v[1], v[3][0], v[5], Span(self.file, start, end))

    def clause_name(self, v: Values, start: int, end: int) -> ast.Clause:
        return ast.Clause(v[0][0], None, v[1][0], None, Span(self.file, start, end))

    def clause_value(self, v: Values, start: int, end: int) -> ast.Clause:
        return ast.Clause(v[0][0], None, None, v[1], Span(self.file, start, end))

    def clause_type(self, v: Values, start: int, end: int) -> ast.Clause:
        return ast.Clause(v[0][0], v[1], None, None, Span(self.file, start, end))

    # ---- statements

    def source(self, v: Values, start: int, end: int) -> ast.Source:
        return ast.Source(self.unquote(v[1]), Span(self.file, start, end))

    def let(self, v: Values, start: int, end: int) -> ast.Let:
        return ast.Let(v[1][0], v[3], None, Span(self.file, start, end))

    def let_typed(self, v: Values, start: int, end: int) -> ast.Let:
        return ast.Let(v[1][0], v[5], v[3], Span(self.file, start, end))

    def return_(self, v: Values, start: int, end: int) -> ast.Return:
        return ast.Return(v[1], Span(self.file, start, end))

    def require(self, v: Values, start: int, end: int) -> ast.Require:
        path = None if v[2] is None else tuple(v[2])
        code = None if v[4] is None else self.unquote(v[4])
        return ast.Require(v[1], path, v[3], code, Span(self.file, start, end))

    def decide(self, v: Values, start: int, end: int) -> ast.Decide:
        return ast.Decide(v[0][0], v[2], None, Span(self.file, start, end))

    def decide_because(self, v: Values, start: int, end: int) -> ast.Decide:
        return ast.Decide(v[0][0], v[2], v[4], Span(self.file, start, end))

    def when(self, v: Values, start: int, end: int) -> ast.When:
        return ast.When(v[1], tuple(v[2]), (), Span(self.file, start, end))

    def when_otherwise(self, v: Values, start: int, end: int) -> ast.When:
        return ast.When(v[1], tuple(v[2]), tuple(v[4]), Span(self.file, start, end))

    def when_else_when(self, v: Values, start: int, end: int) -> ast.When:
        return ast.When(v[1], tuple(v[2]), (v[4],), Span(self.file, start, end))

    def each(self, v: Values, start: int, end: int) -> ast.Each:
        return ast.Each(v[1][0], v[3], tuple(v[4]), span=Span(self.file, start, end))

    def each_indexed(self, v: Values, start: int, end: int) -> ast.Each:
        return ast.Each(v[3][0], v[5], tuple(v[6]), v[1][0], Span(self.file, start, end))

    def set(self, v: Values, start: int, end: int) -> ast.Set:
        return ast.Set(tuple(v[1]), v[3], Span(self.file, start, end))

    def default(self, v: Values, start: int, end: int) -> ast.Default:
        return ast.Default(tuple(v[0]), v[2], Span(self.file, start, end))

    def create(self, v: Values, start: int, end: int) -> ast.Create:
        return ast.Create(v[1], v[2], v[3], v[4], Span(self.file, start, end))

    def delete(self, v: Values, start: int, end: int) -> ast.Delete:
        return ast.Delete(v[1], Span(self.file, start, end))

    def update(self, v: Values, start: int, end: int) -> ast.Update:
        return ast.Update(v[1], v[2], Span(self.file, start, end))

    def status(self, v: Values, start: int, end: int) -> ast.Status:
        return ast.Status(v[1], Span(self.file, start, end))

    def requeue(self, v: Values, start: int, end: int) -> ast.Requeue:
        return ast.Requeue(v[1], Span(self.file, start, end))

    # ---- declarations

    def type_declaration(self, v: Values, start: int, end: int) -> ast.TypeDecl:
        return ast.TypeDecl(v[1][0], tuple(v[3]), self.doc(start), Span(self.file, start, end))

    def type_field(self, v: Values, start: int, end: int) -> ast.TypeField:
        return ast.TypeField(v[0][0], v[2], self.doc(start), Span(self.file, start, end))

    def bare_name(self, v: Values, start: int, end: int) -> str:
        return v[0][0]  # type: ignore[no-any-return]

    def quoted_name(self, v: Values, start: int, end: int) -> str:
        return self.unquote(v[0])

    def block(self, v: Values, start: int, end: int) -> ast.Block:
        fields, blocks = _part(v[3], ast.Block)
        return ast.Block(v[0][0], v[1], fields, blocks, self.doc(start), Span(self.file, start, end))

    pool = block

    def bare_resource_name(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("string", v[0][0], v[0][0], Span(self.file, start, end))

    def resource(self, v: Values, start: int, end: int) -> ast.Resource:
        kind = ".".join([s.text for s in v[0] if type(s) is ast.Name])
        path = v[0]
        last = path[-1]
        plain = len(path) == 1 or all(type(s) is ast.Name and not s.quoted for s in path)
        if not plain or type(last) is not ast.Name or last.quoted or not last.text[:1].isupper():
            self.wrong_kind(path, plain)
        return ast.Resource(kind, v[1], tuple(v[2]), self.doc(start), Span(self.file, start, end))

    def wrong_kind(self, path: Values, plain: bool) -> None:
        """`struct Finding {` or `Deployment[0] web {`: the grammar takes any path for a kind."""
        start, end = path[0].span.start, path[-1].span.end
        text = self.file.text[start:end]
        if not plain or path[-1].quoted:
            help = "kinds are names such as `Deployment` or `apps.Deployment`"
            self.problem("KS1108", f"`{text}` is no kind", start, end, help)
            return
        near = meant(path[0].text)
        help = (
            f"did you mean `{near}`?"
            if near
            else "declarations begin with a word of the language or with a kind"
        )
        self.problem("KS1004", f"`{text}` begins no declaration", start, end, help)

    def use_empty(self, v: Values, start: int, end: int) -> ast.Use:
        return ast.Use(v[1][0], (), Span(self.file, start, end))

    def use(self, v: Values, start: int, end: int) -> ast.Use:
        return ast.Use(v[1][0], tuple(v[3]), Span(self.file, start, end))

    def named_argument(self, v: Values, start: int, end: int) -> tuple[str, ast.Expr]:
        return v[0][0], v[2]

    def namespace(self, v: Values, start: int, end: int) -> ast.Namespace:
        fields, items = _part(v[3], ast.Resource, ast.Use)
        for field in fields:
            name = field.path[0]
            if field.block and len(field.path) == 1 and name.text[:1].isupper():
                help = f"write `{name.text} some-name {{`"
                self.problem(
                    "KS1109", f"this `{name.text}` has no name", name.span.start, name.span.end, help
                )
        return ast.Namespace(v[1], fields, items, self.doc(start), Span(self.file, start, end))

    def template(self, v: Values, start: int, end: int) -> ast.Template:
        return ast.Template(v[1][0], tuple(v[2]), tuple(v[4]), self.doc(start), Span(self.file, start, end))

    def parameter_declaration(self, v: Values, start: int, end: int) -> ast.ParamDecl:
        return ast.ParamDecl(v[1][0], v[3], None, self.doc(start), Span(self.file, start, end))

    def parameter_declaration_default(self, v: Values, start: int, end: int) -> ast.ParamDecl:
        return ast.ParamDecl(v[1][0], v[3], v[5], self.doc(start), Span(self.file, start, end))

    def import_declaration(self, v: Values, start: int, end: int) -> ast.Import:
        return ast.Import(v[1][0], self.unquote(v[2]), None, Span(self.file, start, end))

    def import_as(self, v: Values, start: int, end: int) -> ast.Import:
        return ast.Import(v[1][0], self.unquote(v[2]), v[4][0], Span(self.file, start, end))

    def kubernetes(self, v: Values, start: int, end: int) -> ast.Kubernetes:
        return ast.Kubernetes(self.unquote(v[1]), Span(self.file, start, end))

    def property(self, v: Values, start: int, end: int) -> ast.Property:
        return ast.Property(
            v[0][0], self.unquote(v[1]), None, v[3], self.doc(start), Span(self.file, start, end)
        )

    def property_given(self, v: Values, start: int, end: int) -> ast.Property:
        return ast.Property(
            v[0][0], self.unquote(v[1]), v[3], v[5], self.doc(start), Span(self.file, start, end)
        )

    def expect(self, v: Values, start: int, end: int) -> ast.Expect:
        return ast.Expect(self.unquote(v[1]), tuple(v[3]), self.doc(start), Span(self.file, start, end))

    def case(self, v: Values, start: int, end: int) -> ast.Expectation:
        return ast.Expectation(v[0][0], tuple(v[2]), Span(self.file, start, end))

    def module(self, v: Values, start: int, end: int) -> ast.Module:
        return ast.Module(tuple(v[0]), (), Span(self.file, 0, len(self.file.text)))


def _part(things: Values, *types: type) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The fields among the things, and the rest."""
    return tuple([t for t in things if type(t) not in types]), tuple([t for t in things if type(t) in types])
