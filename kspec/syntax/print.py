"""Knows how expressions, objects, paths and types are written: a syntax node to a document.

Spelling depends on the tree alone, but for three things that the writer decides and a file shows: whether
a block begins on a new line,
parentheses that only make precedence visible (kept around an operation inside another), and the spelling
of literals.
A node without a file is printed in the shortest spelling. Parsing what was printed gives the same tree.
"""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from kspec.source import SourceFile
from kspec.syntax import ast
from kspec.syntax.comments import Comments
from kspec.syntax.layout import HARD, SOFT, SPACE, Broken, Doc, Fill, Indent, group, join, must_break, render
from kspec.syntax.operators import CONDITIONAL, MEMBER, PRECEDENCE, UNARY, precedence
from kspec.syntax.spelling import literal, path, selector

HUG_MAX = 50
"""An object or list that is the last argument begins beside the others if they are no longer than this."""
CHAIN_CALLS = 3
"""A chain of so many calls is broken before each of them rather than inside one."""


def print_expression(expr: ast.Expr) -> str:
    """An expression on one line, in its canonical spelling."""
    return render(Printer(None).expr(expr), width=1 << 30)


class Printer:
    """Makes documents of the nodes of one file (None: of nodes that no file holds)."""

    def __init__(self, file: SourceFile | None, comments: tuple[ast.Comment, ...] = ()) -> None:
        self.file = file
        self.text = file.text if file is not None else ""
        self.comments = Comments(file, comments) if file is not None else Comments(SourceFile("", ""), ())

    # ---- expressions

    def expr(self, e: ast.Expr) -> Doc:
        match e:
            case ast.Literal():
                return literal(e)
            case ast.Ident(name, absolute):
                return "." + name if absolute else name
            case ast.Select() | ast.Index() | ast.Call():
                return self.member(e)
            case ast.Unary(op, operand):
                return (op, self.negated(operand) if op == "-" else self.operand(operand, UNARY))
            case ast.Binary("implies", left, right):
                return group(
                    self.operand(left, CONDITIONAL), Indent(2, (SPACE, "implies ", self.expr(right)))
                )
            case ast.Binary():
                return self.binary(e)
            case ast.Conditional():
                return self.conditional(e)
            case ast.Range(low, high):
                rank = PRECEDENCE[".."] + 2  # `1 + 2..3` means what it should, but does not look like it
                return (self.operand(low, rank), "..", self.operand(high, rank))
            case ast.ListExpr():
                return self.list_expr(e)
            case ast.MapExpr(entries, optional):
                parts: list[Doc] = [
                    ("?" if i in optional else "", self.expr(k), ": ", self.expr(v))
                    for i, (k, v) in enumerate(entries)
                ]
                return _braces(parts)
            case ast.StructExpr(name, fields, optional):
                inits: list[Doc] = [
                    ("?" if i in optional else "", selector(k), ": ", self.expr(v))
                    for i, (k, v) in enumerate(fields)
                ]
                return (name, _braces(inits))
            case ast.ObjectExpr():
                return self.object(e)
            case ast.Quantified():
                return self.quantified(e)
            case ast.Temporal(operator, body, within):
                if operator != "eventually":
                    return (operator, " ", self.expr(body))
                tail: Doc = (
                    () if within is None else Indent(2, (SPACE, "within ", self.operand(within, CONDITIONAL)))
                )
                return group(operator, " ", self.operand(body, CONDITIONAL), tail)
            case _:
                assert_never(e)

    def kept(self, e: ast.Expr, atoms: bool = False) -> bool:
        """Did the writer put parentheses around this operation?"""
        if e.span.file is not self.file or self.text[e.span.start : e.span.start + 1] != "(":
            return False
        match e:
            case ast.Binary(_, left) | ast.Range(left):
                return e.span.start < left.span.start
            case ast.Conditional(condition):
                return e.span.start < condition.span.start
            case ast.Unary():
                return True
            case ast.Ident() | ast.Literal():
                return atoms
            case ast.Select(operand) | ast.Index(operand):
                return atoms and e.span.start < operand.span.start
            case ast.Call():
                return atoms and e.span.start < (e.target or e).span.start
            case _:
                return False

    def operand(self, e: ast.Expr, rank: int, atoms: bool = False) -> Doc:
        """An operand of an operator that binds so tightly. In references parentheses around a name say that
        it is a variable: they are kept around `atoms` too."""
        if precedence(e) >= rank and not self.kept(e, atoms):
            return self.expr(e)
        return ("(", self.expr(e), ")")

    def negated(self, e: ast.Expr) -> Doc:
        """After `-` a number would become part of the literal: it gets parentheses."""
        first = e
        while isinstance(first, (ast.Select, ast.Index, ast.Call)):
            inner = first.target if isinstance(first, ast.Call) else first.operand
            if inner is None:
                break
            first = inner
        number = isinstance(first, ast.Literal) and first.kind in ("int", "double", "quantity", "time")
        if number and not literal(first).startswith("-"):  # type: ignore[arg-type]
            return ("(", self.expr(e), ")")
        return self.operand(e, UNARY)

    def binary(self, e: ast.Binary) -> Doc:
        """A chain of operators of one precedence: on one line, or a line for each operand."""
        if e.op in ("/", "-") and self.is_tight(e):
            return self.tight(e)
        rank = PRECEDENCE[e.op]
        rest: list[tuple[str, ast.Expr]] = []
        left: ast.Expr = e
        while (
            isinstance(left, ast.Binary)
            and PRECEDENCE[left.op] == rank
            and (left is e or not self.kept(left))
        ):
            rest.append((left.op, left.right))
            left = left.left
        rest.reverse()
        first = self.operand(left, rank)
        tail = [opening := self.comments.after(left.span.end, " \t")]
        for i, (op, right) in enumerate(rest):
            lead = self.comments.before(right.span.start)
            operand = self.operand(right, rank + 1, atoms=op == "/")
            note = self.comments.after(right.span.end, " \t") if i + 1 < len(rest) else ""
            tail += [SPACE, lead, op, " ", operand, note]
        last = rest[-1][1]
        if len(rest) == 1 and isinstance(last, (ast.ObjectExpr, ast.ListExpr)) and not (lead or opening):
            return (first, " ", rest[0][0], " ", operand)
        if _ends_hugged(left):  # if it has several lines, the last has room
            return (first, group(Indent(2, tuple(tail))))
        return group(first, Indent(2, tuple(tail)))

    def is_tight(self, e: ast.Expr) -> bool:
        """`deployment/kube-system/db`: a chain of `/` and `-` that begins with a name and has no blanks.

        It may be a reference, in which a hyphen is part of a name.
        """
        if e.span.file is not self.file or self.kept(e):
            return False
        first: ast.Expr = e
        inner = ""
        while isinstance(first, ast.Binary) and first.op in ("/", "-"):
            inner = first.op
            first = first.left
        return isinstance(first, ast.Ident) and inner == "/" and self.has_no_blanks(e)

    def has_no_blanks(self, e: ast.Expr) -> bool:
        if not isinstance(e, ast.Binary) or e.op not in ("/", "-") or self.kept(e):
            return True
        between = self.text[e.left.span.end : e.right.span.start]
        return between == e.op and self.has_no_blanks(e.left) and self.has_no_blanks(e.right)

    def tight(self, e: ast.Expr) -> Doc:
        if isinstance(e, ast.Binary) and e.op in ("/", "-") and not self.kept(e):
            return (self.tight(e.left), e.op, self.tight(e.right))
        return self.operand(e, UNARY, atoms=True)

    def conditional(self, e: ast.Conditional) -> Doc:
        """`c ? a : b`; broken, a chain of them has a line for each case."""
        cases: list[Doc] = []
        end: ast.Expr = e
        several = isinstance(e.otherwise, ast.Conditional) and not self.kept(e.otherwise)
        while isinstance(end, ast.Conditional) and (end is e or not self.kept(end)):
            lead = self.comments.before(end.condition.span.start)
            condition = self.operand(end.condition, CONDITIONAL + 1)
            note = self.comments.after(end.condition.span.end, " \t")
            lead_then = self.comments.before(end.then.span.start)
            then = self.operand(end.then, CONDITIONAL + 1)
            break_then: Doc = " " if several and not lead_then and not note else SPACE
            case: Doc = (
                lead,
                condition,
                note,
                Indent(2 if several else 0, (break_then, lead_then, "? ", then)),
            )
            cases.append((case, self.comments.after(end.then.span.end, " \t")))
            end = end.otherwise
        lead = self.comments.before(end.span.start)
        cases.append((lead, self.operand(end, CONDITIONAL)))
        return group(Indent(2, join((SPACE, ": "), cases)))

    def quantified(self, e: ast.Quantified) -> Doc:
        bindings = join(", ", [(b.name, " in ", self.operand(b.domain, CONDITIONAL)) for b in e.bindings])
        where: Doc = () if e.where is None else (SPACE, "where ", self.expr(e.where))
        head = group(e.quantifier, " ", bindings, Indent(2, where), ":")
        return group(head, Indent(2, (SPACE, self.comments.before(e.body.span.start), self.expr(e.body))))

    # ---- members and calls

    def member(self, e: ast.Select | ast.Index | ast.Call) -> Doc:
        """`a.b[c].d(e)`: the links of the chain; several calls are broken before their dots."""
        links: list[ast.Select | ast.Index | ast.Call] = []
        base: ast.Expr | None = e
        while isinstance(base, (ast.Select, ast.Index)) or (
            isinstance(base, ast.Call) and base.target is not None
        ):
            links.append(base)
            base = base.target if isinstance(base, ast.Call) else base.operand
        links.reverse()
        calls = sum(isinstance(link, ast.Call) for link in links)
        if isinstance(base, ast.Call):
            head: Doc = (base.function, self.arguments(base))
        else:
            assert base is not None
            head = self.operand(base, MEMBER, atoms=True)
        long = calls >= CHAIN_CALLS
        tail = [self.link(link, SOFT if long else "") for link in links]
        return group(head, Indent(2, tuple(tail))) if long else (head, *tail)

    def link(self, e: ast.Select | ast.Index | ast.Call, line: Doc) -> Doc:
        match e:
            case ast.Select(_, name, optional):
                return (".?" if optional else ".", selector(name))
            case ast.Index(_, index, optional):
                return ("[?" if optional else "[", self.expr(index), "]")
            case ast.Call(function):
                start = e.name_span.start if e.name_span.file is self.file else 0
                return (line, self.comments.before(start), ".", function, self.arguments(e))

    def arguments(self, e: ast.Call) -> Doc:
        """Arguments fill the line; an object or list that is the last, and broken, stands at the margin
        of the call."""
        docs = self.elements(e.args, frozenset(), last=False)
        if not docs:
            return "()"
        last = e.args[-1]
        if _bracketed(last) and not any(must_break(d) for d in docs[:-1]):
            before = render(join(", ", docs[:-1]), width=1 << 30)
            if len(before) <= HUG_MAX:
                return ("(", before, ", " if before else "", docs[-1], ")")
        parts = [(d, ",") if i + 1 < len(docs) else d for i, d in enumerate(docs)]
        return ("(", Indent(2, Fill(tuple(parts))), ")")

    def elements(
        self, elements: tuple[ast.Expr, ...], optional: frozenset[int], last: bool = True
    ) -> list[Doc]:
        """Each with the comments around it; after the last only if its bracket stands on another line."""
        out: list[Doc] = []
        for i, x in enumerate(elements):
            lead = self.comments.before(x.span.start)
            out.append((lead, "?" if i in optional else "", self.expr(x)))
            if last or i + 1 < len(elements):
                out[-1] = (out[-1], self.comments.after(x.span.end))
        return out

    def list_expr(self, e: ast.ListExpr) -> Doc:
        if not e.elements:
            return self.empty("[", "]", e)
        first = e.elements[0]
        if (
            len(e.elements) == 1
            and isinstance(first, ast.ObjectExpr)
            and not self.comments.pending(e.span.start, first.span.start)
        ):
            return ("[", "?" if e.optional else "", self.expr(first), "]")
        opened = self.begins_line(e.span.start, first.span.start, "[")
        docs = self.elements(e.elements, frozenset(e.optional))
        close = self.comments.before_close(e.elements[-1].span.end, e.span.end - 1)
        body = Indent(2, (SOFT, join((",", SPACE), docs), close))
        return group("[", body, SOFT, "]", broken=opened or bool(close))

    # ---- objects

    def begins_line(self, open: int, first: int, bracket: str) -> bool:
        """Does the first thing in a block stand on a line of its own?"""
        return self.file is not None and "\n" in self.text[self.text.find(bracket, open) : first]

    def object(self, e: ast.ObjectExpr) -> Doc:
        if not e.fields:
            return self.empty("{", "}", e)
        opened = self.begins_line(e.span.start, e.fields[0].span.start, "{")
        return self.block(list(e.fields), opened, e.span.start, e.span.end)

    def empty(self, open: str, close: str, e: ast.Expr) -> Doc:
        if e.span.file is not self.file:
            return open + close
        inner = self.comments.before_close(e.span.start, e.span.end - 1)
        return (open, Indent(2, inner), HARD, close) if inner else open + close

    def block(self, fields: list[ast.Field | ast.ComputedField], opened: bool, start: int, end: int) -> Doc:
        """Fields in braces: on one line if the writer put them there and they fit."""
        opening = self.comments.after(self.text.find("{", start) + 1, " \t") if self.file is not None else ""
        docs: list[Doc] = []
        for before, field in pairwise([None, *fields]):
            assert field is not None
            if before is not None:
                comma = isinstance(field, ast.ComputedField)
                docs += [_separator(comma), self.gap(before.span.end, field.span.start)]
            docs += [
                self.comments.before(field.span.start),
                self.field(field),
                self.comments.after(field.span.end),
            ]
        close = self.comments.before_close(fields[-1].span.end, end - 1)
        body = Indent(2, (SPACE, *docs, close))
        return group("{", opening, body, SPACE, "}", broken=opened or bool(close))

    def gap(self, end: int, start: int) -> Doc:
        """A blank line where the writer left some."""
        if self.file is None or not self.comments.blank(
            end, self.comments.next_start(start) if self.comments.pending(end, start) else start
        ):
            return ""
        return HARD

    def field(self, f: ast.Field | ast.ComputedField) -> Doc:
        if isinstance(f, ast.ComputedField):
            return ("(", self.expr(f.key), "):", *self.after_colon(f.value))
        if f.block and isinstance(f.value, ast.ObjectExpr):
            return (path(f.path), " ", self.expr(f.value))
        return (path(f.path), ":", *self.after_colon(f.value))

    def after_colon(self, e: ast.Expr) -> tuple[Doc, ...]:
        return (" ", self.value(e))

    def value(self, e: ast.Expr) -> Doc:
        """What stands after `:` or `=`, on the same line unless a comment is between."""
        lead = self.comments.before(e.span.start)
        return Indent(2, (HARD, lead, self.expr(e))) if lead else self.expr(e)


def _bracketed(e: ast.Expr) -> bool:
    return (isinstance(e, ast.ObjectExpr) and bool(e.fields)) or (
        isinstance(e, ast.ListExpr) and bool(e.elements)
    )


def _ends_hugged(e: ast.Expr) -> bool:
    """Is it, or does it end in a call with, an object or list?"""
    while isinstance(e, (ast.Select, ast.Index)):
        e = e.operand
    return _bracketed(e) or (isinstance(e, ast.Call) and bool(e.args) and _bracketed(e.args[-1]))


def _separator(comma: bool) -> Doc:
    """Between fields: a line end, or two blanks; before a computed key a comma."""
    return (Broken(",", ", ") if comma else Broken("", "  "), SOFT)


def _braces(parts: list[Doc]) -> Doc:
    if not parts:
        return "{}"
    return group("{", Indent(2, (SOFT, join((",", SPACE), parts))), SOFT, "}")
