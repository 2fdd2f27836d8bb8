"""Knows how the body of a rule becomes statements: `let` an assignment, `?:` an `if`, a fold a `for`,
wherever nothing is after them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from kspec.backends.names import free_name, identifier
from kspec.backends.python import loops, natives, sums
from kspec.backends.python.code import OR, TERNARY, Scope
from kspec.backends.python.emit import Emitter
from kspec.backends.python.layout import INDENT, Doc, flat, render
from kspec.backends.python.trust import is_empty
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, ListOf
from kspec.ir.walk import free_variables

DEPTH_MAX = 12
"""Statements nested deeper are written as expressions: Python takes no more than some 100 levels."""
INLINE_MAX = 88
"""A choice that is longer than this on one line becomes an `if`."""


@dataclass(frozen=True, slots=True)
class Return:
    """The value is what the function returns."""


@dataclass(frozen=True, slots=True)
class Assign:
    """The value gets a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Extend:
    """The value, a list, is put at the end of a list that has a name."""

    name: str


Sink: TypeAlias = Return | Assign | Extend
STARTS = {Assign: "{} = ", Extend: "{} += "}


class Writer:
    """Writes the lines of one function."""

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter
        self.lines: list[str] = []

    def statement(self, expr: ir.Expr, scope: Scope, sink: Sink, depth: int = 1) -> None:
        """The lines that compute the value and hand it to the sink."""
        if depth > DEPTH_MAX:
            self.sink(self.emitter.doc(expr, scope), sink, depth)
            return
        match expr:
            case ir.Let():
                self.let(expr, scope, sink, depth)
            case ir.Cond() if isinstance(sink, Assign) and self.keeps_value(expr, scope, sink):
                self.change(expr, scope, sink, depth)
            case ir.Cond() if isinstance(sink, Extend) or self.wants_lines(expr, scope, depth):
                self.choice(expr, scope, sink, depth)
            case ir.Call("_+_") if self.is_long_list(expr, scope):
                self.collect(expr, scope, sink, depth)
            case ir.MakeRecord() if self.needs_names(expr, scope):
                self.statement(self.named_fields(expr, scope), scope, sink, depth)
            case ir.MakeList(()) if isinstance(sink, Extend):
                pass
            case ir.Fold() if isinstance(scope.known.sure(expr.range), ListOf) and not sums.is_kept_sum(
                self.emitter, expr, scope
            ):
                self.fold(expr, scope, sink, depth)
            case _:
                self.sink(self.emitter.doc(expr, scope), sink, depth)

    def line(self, doc: Doc, depth: int, start: str = "", end: str = "") -> None:
        indent = INDENT * depth
        self.lines.append(" " * indent + start + render(doc, indent, indent + len(start), len(end)) + end)

    def sink(self, doc: Doc, sink: Sink, depth: int) -> None:
        start = "return " if isinstance(sink, Return) else STARTS[type(sink)].format(sink.name)
        self.line(doc, depth, start)

    def let(self, expr: ir.Let, scope: Scope, sink: Sink, depth: int) -> None:
        hidden = scope.names.get(expr.name)
        if isinstance(sink, Return) and hidden is not None:  # nothing can ask for the hidden value any more
            inner = scope.named(expr, {expr.name: hidden})
        else:
            inner = scope.inside(expr, (expr.name,))
        name = inner.names[expr.name]
        # While the value is computed its name is not free: what the value binds must not be taken for it
        # afterwards.
        self.statement(expr.value, replace(scope, taken=scope.taken | {name}), Assign(name), depth)
        self.statement(expr.body, inner, sink, depth)

    def keeps_value(self, expr: ir.Cond, scope: Scope, sink: Assign) -> bool:
        """Does a branch just keep what the name has?"""
        kept = any(self.is_name(branch, scope, sink) for branch in (expr.then, expr.otherwise))
        return kept and scope.known.sure(expr.condition) == BOOL

    def is_name(self, expr: ir.Expr, scope: Scope, sink: Assign) -> bool:
        return isinstance(expr, ir.Var) and scope.names.get(expr.name) == sink.name

    def change(self, expr: ir.Cond, scope: Scope, sink: Assign, depth: int) -> None:
        """`if` without an `else`: the name gets another value, or keeps its own."""
        condition, branch, truth = expr.condition, expr.then, True
        if self.is_name(expr.then, scope, sink):
            branch, truth = expr.otherwise, False
            condition = ir.Call("!_", (condition,), BOOL, condition.span)
        if self.is_name(branch, scope, sink):
            condition, branch = expr.condition, expr.then  # both keep it; the condition may still fail
        self.line(self.emitter.condition(condition, scope).at(TERNARY), depth, "if ", ":")
        self.statement(branch, scope.assuming(expr.condition, truth), sink, depth + 1)

    # ---------------------------------------------------------------- records, field by field

    def needs_names(self, expr: ir.MakeRecord, scope: Scope) -> bool:
        """Has the first field that can fail, or one before it, a value that reads better as statements?"""
        for _, value in expr.fields:
            if isinstance(value, ir.Let | ir.Fold):
                return True
            if self.emitter.fails(value, scope):
                break
        return False

    def named_fields(self, expr: ir.MakeRecord, scope: Scope) -> ir.Expr:
        """The same, with a `let` for that field. It is computed first, so nothing before it may fail."""
        index = next(i for i, (_, value) in enumerate(expr.fields) if isinstance(value, ir.Let | ir.Fold))
        field, value = expr.fields[index]
        name = free_name(identifier(field), scope.names.keys() | free_variables(expr))
        fields = list(expr.fields)
        fields[index] = (field, ir.Var(name, value.type, value.span))
        return ir.Let(name, value, replace(expr, fields=tuple(fields)), expr.type, expr.span)

    # ---------------------------------------------------------------- lists, part by part

    def is_long_list(self, expr: ir.Call, scope: Scope) -> bool:
        """A chain of lists, some of which depend on conditions or need names."""
        if not all(isinstance(scope.known.sure(a), ListOf) for a in expr.args):
            return False
        return any(isinstance(part, ir.Cond | ir.Let) for part in natives.list_parts(expr, scope))

    def collect(self, expr: ir.Call, scope: Scope, sink: Sink, depth: int) -> None:
        """`made = []`, then `made += part` for each part."""
        if isinstance(sink, Extend):
            name = sink.name
        else:
            name = scope.python_name("made")
            self.line("[]", depth, f"{name} = ")
            scope = replace(scope, taken=scope.taken | {name})
        for part in natives.list_parts(expr, scope):
            self.statement(part, scope, Extend(name), depth)
        if not isinstance(sink, Extend):
            self.sink(name, sink, depth)

    # ---------------------------------------------------------------- choices

    def wants_lines(self, expr: ir.Cond, scope: Scope, depth: int) -> bool:
        """Is there something inside that reads better as a statement, or is it too long for one line?"""
        if any(isinstance(e, ir.Let | ir.Fold) for e in self.ends(expr)):
            return True
        with self.emitter.context.trial():
            return INDENT * depth + len(flat(self.emitter.doc(expr, scope))) > INLINE_MAX

    def ends(self, expr: ir.Expr) -> list[ir.Expr]:
        """The expressions that one of may become the value."""
        if isinstance(expr, ir.Cond):
            return self.ends(expr.then) + self.ends(expr.otherwise)
        return [expr]

    def choice(self, expr: ir.Cond, scope: Scope, sink: Sink, depth: int) -> None:
        if isinstance(sink, Extend) and is_empty(expr.then) and scope.known.sure(expr.condition) == BOOL:
            negated = ir.Call("!_", (expr.condition,), BOOL, expr.condition.span)
            expr = replace(expr, condition=negated, then=expr.otherwise, otherwise=expr.then)
        word = "if "
        rest: ir.Expr = expr
        while isinstance(rest, ir.Cond):
            self.line(self.emitter.condition(rest.condition, scope).at(TERNARY), depth, word, ":")
            self.block(rest.then, scope.assuming(rest.condition, True), sink, depth + 1)
            scope = scope.assuming(rest.condition, False)
            word, rest = "elif ", rest.otherwise
        if isinstance(sink, Return):  # every branch has returned
            self.statement(rest, scope, sink, depth)
            return
        if isinstance(sink, Extend) and is_empty(rest):
            return
        self.lines.append(" " * (INDENT * depth) + "else:")
        self.block(rest, scope, sink, depth + 1)

    def block(self, expr: ir.Expr, scope: Scope, sink: Sink, depth: int) -> None:
        """A branch; one that has nothing to add still needs a line."""
        before = len(self.lines)
        self.statement(expr, scope, sink, depth)
        if len(self.lines) == before:
            self.line("pass", depth)

    def fold(self, expr: ir.Fold, scope: Scope, sink: Sink, depth: int) -> None:
        """`acc = start`, then a turn for each element. The range is computed first, as its error comes
        first.
        """
        values: ir.Expr | None = expr.range
        fails = self.emitter.fails
        if fails(expr.range, scope) and fails(expr.init, scope):
            name = scope.python_name(f"{expr.variable}_range")
            self.line(self.emitter.doc(expr.range, scope), depth, f"{name} = ")
            scope, values = replace(scope, taken=scope.taken | {name}), None
        element = scope.python_name(expr.variable)
        held = replace(scope, taken=scope.taken | {element})
        # A name that the step can see, such as that of an outer fold, must not change before this one is
        # done.
        direct = isinstance(sink, Assign) and sink.name not in scope.names.values()
        total = sink.name if isinstance(sink, Assign) and direct else held.python_name(expr.accumulator)
        self.statement(expr.init, scope, Assign(total), depth)
        source = name if values is None else loops.source(self.emitter, expr, scope).at(OR)
        self.line(source, depth, f"for {element} in ", ":")
        inner = scope.named(expr, {expr.variable: element, expr.accumulator: total})
        self.statement(expr.step, inner, Assign(total), depth + 1)
        if not direct:
            self.sink(total, sink, depth)


def body_lines(emitter: Emitter, body: ir.Expr, scope: Scope) -> list[str]:
    """The lines of a function whose value is the expression."""
    writer = Writer(emitter)
    writer.statement(body, scope, Return())
    return writer.lines
