"""Knows the one style of a .kspec file: where its declarations and statements break, what is blank, where
comments go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar, assert_never

from kspec.source import DiagnosticError, SourceFile, has_errors
from kspec.syntax import ast
from kspec.syntax.foreign import STATEMENTS
from kspec.syntax.layout import HARD, SPACE, Broken, Doc, Fill, Indent, group, join, render
from kspec.syntax.literals import quote
from kspec.syntax.parse import parse_module
from kspec.syntax.print import Printer
from kspec.syntax.spelling import path, resource_name, type_ref

T = TypeVar(
    "T",
    bound="ast.Declaration | ast.Statement | ast.Field | ast.ComputedField | ast.TypeField | ast.Expectation",
)

NOT_FIRST = frozenset(
    {*STATEMENTS, "at", "else", "code", "because", "times", "from", "otherwise"}
    - {"source", "let", "each", "set", "create", "status", "allow", "deny", "pass"}
)
"""Words that would be read as something else at the beginning of a statement that is a path."""


def format_module(file: SourceFile) -> str:
    """The file in the one style. Raises DiagnosticError if it has mistakes: a file with mistakes is not
    touched."""
    module, problems = parse_module(file)
    if has_errors(problems):
        raise DiagnosticError(problems)
    return print_module(module, file)


def print_module(module: ast.Module, file: SourceFile | None = None) -> str:
    """A module as text; `file` is where it was read from, for its comments and blank lines."""
    printer = Declarations(file, module.comments if file is not None else ())
    body = printer.module(module)
    text = render(body)
    return text.strip("\n") + "\n" if text.strip() else ""


class Declarations(Printer):
    """Prints what stands in a file."""

    def module(self, module: ast.Module) -> Doc:
        docs: list[Doc] = []
        for before, declaration in pairwise([None, *module.declarations]):
            assert declaration is not None
            doc = self.item(declaration, self.declaration)
            if before is not None:
                docs.append(HARD)
                tall = _is_tall(docs[-2]) or _is_tall(doc)
                if tall or (
                    self.file is not None and self.comments.blank(before.span.end, declaration.span.start)
                ):
                    docs.append(HARD)
            docs.append(doc)
        last = module.declarations[-1].span.end if module.declarations else 0
        docs.append(self.comments.before_close(last, len(self.text) + 1))
        return tuple(docs)

    # ---- things in a row

    def item(self, x: T, show: Callable[[T], Doc]) -> Doc:
        """A declaration, statement or field with its doc comment and the comments around it."""
        lead = self.comments.before(x.span.start)
        doc = getattr(x, "doc", "")
        above: list[Doc] = []
        for line in doc.split("\n") if doc else []:
            above += ["///" + (" " + line if line else ""), HARD]
        body = show(x)
        return (lead, *above, body, self.comments.after(x.span.end))

    def body(
        self, things: Sequence[T], show: Callable[[T], Doc], start: int, end: int, flat: bool, gap: Doc = ""
    ) -> Doc:
        """A block in braces of which each thing has its line; `flat`: it may stand on one line, with
        `gap` between."""
        opening = self.comments.after(start + 1, " \t") if self.file is not None else ""
        docs: list[Doc] = []
        for before, x in pairwise([None, *things]):
            assert x is not None
            if before is not None:
                docs += [Broken("", gap), Broken(HARD), self.gap(before.span.end, x.span.start)]
            docs.append(self.item(x, show))
        close = self.comments.before_close(things[-1].span.end if things else start, end - 1)
        if not docs and not close and not opening:
            return "{}"
        if not docs:
            return ("{", opening, Indent(2, close), HARD, "}")
        opened = self.file is not None and "\n" in self.text[start : things[0].span.start]
        broken = opened or not flat or bool(close)
        return group("{", opening, Indent(2, (SPACE, *docs, close)), SPACE, "}", broken=broken)

    def brace(self, start: int, first: int) -> int:
        """Where the brace of a block stands that holds something at `first`, or ends there."""
        return self.text.rfind("{", start, first) if self.file is not None else 0

    # ---- declarations

    def declaration(self, d: ast.Declaration | ast.Block) -> Doc:
        match d:
            case ast.Rule():
                return self.rule(d)
            case ast.TypeDecl(name, fields):
                flat = not any(f.doc for f in fields)
                body = self.body(fields, self.type_field, self.opening(d, fields), d.span.end, flat, "  ")
                return ("type ", name, " ", body)
            case ast.Block(keyword, name, fields, blocks):
                things = merged(fields, blocks)
                body = self.body(things, self.thing, self.opening(d, things), d.span.end, not blocks, "  ")
                return (keyword, " ", resource_name(name), " ", body)
            case ast.Resource():
                return self.resource(d)
            case ast.Use(template, args):
                docs = [self.named(name, value, i + 1 < len(args)) for i, (name, value) in enumerate(args)]
                return ("use ", template, "(", Indent(2, _filled(docs)), ")")
            case ast.Namespace(name, fields, items):
                things = merged(fields, items)
                body = self.body(things, self.thing, self.opening(d, things), d.span.end, len(things) < 2)
                return ("namespace ", resource_name(name), " ", body)
            case ast.Template(name, params, items):
                body = self.body(items, self.declaration, self.opening(d, items), d.span.end, len(items) < 2)
                return ("template ", name, self.parameters(params), " ", body)
            case ast.ParamDecl(name, type, default):
                value: Doc = () if default is None else (" = ", self.value(default))
                return ("param ", name, ": ", type_ref(type), value)
            case ast.Import(what, pattern, alias):
                return ("import ", what, " ", quote(pattern), f" as {alias}" if alias else "")
            case ast.Kubernetes(version):
                return ("kubernetes ", quote(version))
            case ast.Property():
                return self.property(d)
            case ast.Expect(title, cases):
                body = self.body(cases, self.case, self.opening(d, cases), d.span.end, False)
                return ("expect ", quote(title), " ", body)
            case _:
                assert_never(d)

    def opening(self, d: ast.Declaration, things: Sequence[T]) -> int:
        first = things[0].span.start if things else d.span.end
        return self.brace(d.span.start, first)

    def type_field(self, f: ast.TypeField) -> Doc:
        return (f.name, ": ", type_ref(f.type))

    def thing(self, x: Thing) -> Doc:
        return self.field(x) if isinstance(x, (ast.Field, ast.ComputedField)) else self.declaration(x)

    def named(self, name: str, value: ast.Expr, followed: bool) -> Doc:
        lead = self.comments.before(value.span.start)
        return (lead, name, ": ", self.expr(value), self.comments.after(value.span.end) if followed else "")

    def resource(self, d: ast.Resource) -> Doc:
        name = d.name
        if isinstance(name, ast.Literal) and name.kind == "string":
            label: Doc = resource_name(str(name.value))
        else:
            label = ("(", self.expr(name), ")")
        fields = list(d.fields)
        if not fields:
            inner = self.comments.before_close(self.text.rfind("{", 0, d.span.end), d.span.end - 1)
            body: Doc = ("{", Indent(2, inner), HARD, "}") if inner else "{}"
            return (d.kind, " ", label, " ", body)
        start = self.brace(d.span.start, fields[0].span.start)
        opened = self.begins_line(start, fields[0].span.start, "{")
        return (d.kind, " ", label, " ", self.block(fields, opened, start, d.span.end))

    def property(self, d: ast.Property) -> Doc:
        given: Doc = () if d.given is None else Indent(2, (SPACE, "given ", self.object(d.given)))
        head = group(d.verb, " ", quote(d.title), given, ":")
        lead = self.comments.before(d.formula.span.start)
        return group(head, Indent(2, (SPACE, lead, self.expr(d.formula))))

    def case(self, c: ast.Expectation) -> Doc:
        resources = [self.item(r, self.declaration) for r in c.resources]
        if len(resources) == 1:
            return (c.verdict, " when ", resources[0])
        return group(c.verdict, " when", Indent(2, (SPACE, join(SPACE, resources))))

    # ---- rules

    def rule(self, d: ast.Rule) -> Doc:
        head: list[Doc] = [d.kind, " ", d.name, self.parameters(d.params)]
        tail: list[Doc] = []
        if d.using:
            tail += [SPACE, "using ", join(", ", [self.parameter(p) for p in d.using])]
        if d.result is not None:
            tail.append(": " + type_ref(d.result))
        long = False
        for clause in d.clauses:
            long = long or clause.word in ("owns", "reads")
            tail += [
                SPACE,
                self.comments.before(clause.span.start),
                self.clause(clause),
                self.comments.after(clause.span.end),
            ]
        first = d.body[0].span.start if d.body else d.span.end
        start = self.brace(d.span.start, first)
        lead = group(*head, Indent(2, tuple(tail)), SPACE, broken=long)
        return (lead, self.statements(d.body, start, d.span.end))

    def parameters(self, params: tuple[ast.Param, ...]) -> Doc:
        return ("(", Indent(2, _filled([self.parameter(p) for p in params])), ")")

    def parameter(self, p: ast.Param) -> Doc:
        default: Doc = () if p.default is None else (" = ", self.expr(p.default))
        return (self.comments.before(p.span.start), p.name, ": ", type_ref(p.type), default)

    def clause(self, c: ast.Clause) -> Doc:
        match c.word:
            case "owns" | "reads":
                assert c.type is not None
                matching: Doc = () if c.value is None else (" matching ", Indent(2, self.expr(c.value)))
                return (c.word, " ", type_ref(c.type), f" as {c.name}", matching)
            case "for":
                assert c.type is not None
                return ("for ", type_ref(c.type))
            case _:
                return (
                    c.word,
                    " ",
                    c.name if c.name is not None else self.expr(c.value) if c.value is not None else "",
                )

    # ---- statements

    def statements(self, body: tuple[ast.Statement, ...], start: int, end: int) -> Doc:
        return self.body(body, self.statement, start, end, len(body) < 2)

    def block_of(self, body: tuple[ast.Statement, ...], after: int, end: int) -> Doc:
        """The block of a statement, whose brace comes after a place."""
        first = body[0].span.start if body else end
        return self.statements(body, self.brace(after, first), end)

    def statement(self, s: ast.Statement) -> Doc:
        match s:
            case ast.Source(text):
                return ("source ", quote(text))
            case ast.Let(name, value, type):
                return (
                    "let ",
                    name,
                    "" if type is None else ": " + type_ref(type),
                    " = ",
                    self.value(value),
                )
            case ast.Return(value):
                return ("return ", self.value(value))
            case ast.Require():
                return self.require(s)
            case ast.Decide(decision, condition, because):
                head: Doc = (decision, " when ", Indent(2, self.expr(condition)))
                if because is None:
                    return head
                note = self.comments.after(condition.span.end, " \t")
                return group(head, note, Indent(2, (SPACE, "because ", self.expr(because))))
            case ast.When():
                return self.when(s)
            case ast.Each(name, domain, body, index):
                names = f"{index}, {name}" if index else name
                head = ("each ", names, " in ", Indent(2, self.expr(domain)), " ")
                return (head, self.block_of(body, domain.span.end, s.span.end))
            case ast.Set(target, value):
                return ("set ", path(target, NOT_FIRST), ": ", self.value(value))
            case ast.Default(target, value):
                return (path(target, NOT_FIRST), ": ", self.value(value))
            case ast.Create():
                return self.create(s)
            case ast.Delete(target):
                return ("delete ", self.value(target))
            case ast.Update(target, changes):
                return ("update ", Indent(2, self.expr(target)), " ", self.object(changes))
            case ast.Status(changes):
                return ("status ", self.object(changes))
            case ast.Requeue(after):
                return ("requeue ", self.value(after))
            case _:
                assert_never(s)

    def require(self, s: ast.Require) -> Doc:
        parts: list[Doc] = []
        condition = Indent(2, (self.comments.before(s.condition.span.start), self.expr(s.condition)))
        note = (
            self.comments.after(s.condition.span.end, " \t")
            if (s.at or s.reason or s.code is not None)
            else ""
        )
        if s.at is not None:
            parts.append("at " + path(s.at))
        if s.reason is not None:
            parts.append((self.comments.before(s.reason.span.start), "else ", Indent(2, self.expr(s.reason))))
        if s.code is not None:
            parts.append("code " + quote(s.code))
        tail: Doc = Indent(2, (SPACE, Fill(tuple(parts)))) if parts else ()
        return group("require ", condition, note, tail)

    def when(self, s: ast.When) -> Doc:
        """`when c { … } otherwise { … }`; an `otherwise` that is only another `when` goes on with it."""
        end = self.then_end(s)
        docs: list[Doc] = [
            "when ",
            Indent(2, self.expr(s.condition)),
            " ",
            self.block_of(s.body, s.condition.span.end, end),
        ]
        if s.otherwise:
            docs += [self.comments.after(end), " otherwise "]
            inner = s.otherwise[0]
            if len(s.otherwise) == 1 and isinstance(inner, ast.When) and self.follows_otherwise(end, inner):
                docs.append(self.when(inner))
            else:
                docs.append(self.block_of(s.otherwise, end, s.span.end))
        return tuple(docs)

    def then_end(self, s: ast.When) -> int:
        """Where the first block of a `when` ends."""
        if not s.otherwise or self.file is None:
            return s.span.end
        start = s.body[-1].span.end if s.body else s.condition.span.end
        return self.text.find("}", start) + 1

    def follows_otherwise(self, end: int, inner: ast.When) -> bool:
        return self.file is None or "{" not in self.text[end : inner.span.start]

    def create(self, s: ast.Create) -> Doc:
        docs: list[Doc] = ["create ", type_ref(s.type)]
        if s.template is not None:
            docs += [" from ", Indent(2, self.expr(s.template))]
        if s.times is not None:
            docs += [" times ", Indent(2, self.expr(s.times))]
        if s.overrides is not None:
            docs += [" ", self.object(s.overrides)]
        return tuple(docs)


Thing: TypeAlias = "ast.Field | ast.ComputedField | ast.Block | ast.Resource | ast.Use"


def merged(
    fields: Sequence[ast.Field | ast.ComputedField], others: Sequence[ast.Block | ast.Resource | ast.Use]
) -> list[Thing]:
    """Fields and other things of a block, in the order in which they stand."""
    return sorted([*fields, *others], key=lambda x: x.span.start)


def _filled(docs: list[Doc]) -> Doc:
    return Fill(tuple((d, ",") if i + 1 < len(docs) else d for i, d in enumerate(docs)))


def _is_tall(doc: Doc) -> bool:
    return "\n" in render(doc)
