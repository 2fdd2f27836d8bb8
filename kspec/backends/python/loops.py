"""Knows how loops are written: comprehensions where Python's mean the same, helpers with a function for the
body otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kspec.backends.python import natives, sums
from kspec.backends.python.code import ATOM, COMPARE, OR, TERNARY, Code, Scope
from kspec.backends.python.layout import Doc, bracketed, call, row, words
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, DOUBLE, ListOf, MapOf, Type

if TYPE_CHECKING:
    from kspec.backends.python.emit import Emitter

SORTED_NATIVELY = natives.ORDERED - {DOUBLE}
"""Keys that Python orders as CEL does, whatever their values."""


def loop(emitter: Emitter, expr: ir.Loop, scope: Scope) -> Code:
    match expr.kind:
        case "all" | "exists":
            return _quantified(emitter, expr, scope)
        case "existsOne":
            turn, inner = turns(emitter, expr, scope)
            lets, body, inner = peel(emitter, expr.body, inner)
            test = row("if ", emitter.condition(body, inner).at(OR))
            found = words("[", (inner.names[expr.variables[0]], turn, *lets, test), "]")
            return Code(row(call("len", found), " == 1"), COMPARE)
        case "map" if (
            expr.where is None and isinstance(expr.body, ir.Var) and (expr.body.name,) == expr.variables
        ):
            if isinstance(scope.known.sure(expr.range), ListOf):
                return emitter.expr(expr.range, scope)
            return Code(bracketed("[", [row("*", source(emitter, expr, scope).at(ATOM))], "]"))
        case "map" | "filter" | "flatMap":
            element, parts = pieces(emitter, expr, scope)
            return Code(words("[", (element, *parts), "]"))
        case "transformMap":
            return _transformed(emitter, expr, scope)
        case "transformMapEntry":
            turn, inner = turns(emitter, expr, scope)
            where = kept(emitter, expr, inner)
            lets, body, inner = peel(emitter, expr.body, inner)
            clauses = (turn, *where, *lets)
            maps = words("(", (emitter.doc(body, inner), *clauses), ")")
            return Code(row(emitter.context.support("merge_entries"), maps))
        case "sortBy":
            return _sorted(emitter, expr, scope)
        case _:
            raise AssertionError(f"no such loop: {expr.kind}")


# ---------------------------------------------------------------- parts of comprehensions


def turns(emitter: Emitter, expr: ir.Loop | ir.Fold, scope: Scope) -> tuple[Doc, Scope]:
    """`for x in range`, and what its body sees."""
    variables = expr.variables if isinstance(expr, ir.Loop) else (expr.variable,)
    inner = scope.inside(expr, variables)
    names = ", ".join(inner.names[v] for v in variables)
    return row("for ", names, " in ", source(emitter, expr, scope).at(OR)), inner


def source(emitter: Emitter, expr: ir.Loop | ir.Fold, scope: Scope) -> Code:
    """What Python runs over: elements, or pairs if there are two variables."""
    count = len(expr.variables) if isinstance(expr, ir.Loop) else 1
    values = emitter.expr(expr.range, scope)
    match scope.known.sure(expr.range), count:
        case ListOf(), 1:
            return values
        case ListOf(), _:
            return Code(call("enumerate", values.at(TERNARY)))
        case MapOf(key, _), 1 if key in natives.HASHED:
            return values
        case MapOf(key, _), _ if key in natives.HASHED:
            return Code(row(values.at(ATOM), ".items()"))
        case _:
            return emitter.support("elements" if count == 1 else "pairs", values.at(TERNARY))


def element_name(expr: ir.Loop, inner: Scope) -> str:
    """The variable that holds what the loop is about: the key of a map, the element of a list (two
    variables: the second).
    """
    return inner.names[expr.variables[0 if isinstance(expr.range.type, MapOf) else -1]]


def kept(emitter: Emitter, expr: ir.Loop, inner: Scope) -> list[Doc]:
    """`if where`."""
    return [] if expr.where is None else [row("if ", emitter.condition(expr.where, inner).at(OR))]


def peel(emitter: Emitter, expr: ir.Expr, scope: Scope) -> tuple[list[Doc], ir.Expr, Scope]:
    """`for x in [value]` for each `let` at the head: Python's way to name a value inside a comprehension."""
    lets: list[Doc] = []
    while isinstance(expr, ir.Let):
        inner = scope.inside(expr, (expr.name,))
        lets.append(row("for ", inner.names[expr.name], " in [", emitter.doc(expr.value, scope), "]"))
        expr, scope = expr.body, inner
    return lets, expr, scope


def pieces(emitter: Emitter, expr: ir.Loop, scope: Scope) -> tuple[Doc, list[Doc]]:
    """A loop that makes a list, as the element and the clauses of a comprehension."""
    turn, inner = turns(emitter, expr, scope)
    match expr.kind:
        case "map":
            parts = [turn, *kept(emitter, expr, inner)]
            if expr.where is not None:
                inner = inner.assuming(expr.where, True)
            lets, body, inner = peel(emitter, expr.body, inner)
            return emitter.doc(body, inner), [*parts, *lets]
        case "filter":
            lets, body, within = peel(emitter, expr.body, inner)
            test = row("if ", emitter.condition(body, within).at(OR))
            return element_name(expr, inner), [turn, *lets, test]
        case _:
            element, parts = spread(emitter, expr.body, inner)
            return element, [turn, *parts]


def spread(emitter: Emitter, expr: ir.Expr, scope: Scope) -> tuple[Doc, list[Doc]]:
    """The elements of a list, as the element and the further clauses of a comprehension that has begun."""
    match expr:
        case ir.Let():
            lets, body, inner = peel(emitter, expr, scope)
            element, parts = spread(emitter, body, inner)
            return element, [*lets, *parts]
        case ir.Cond(condition, then, ir.MakeList(())):
            element, parts = spread(emitter, then, scope.assuming(condition, True))
            return element, [row("if ", emitter.condition(condition, scope).at(OR)), *parts]
        case ir.Cond(condition, ir.MakeList(()), otherwise) if scope.known.sure(condition) == BOOL:
            element, parts = spread(emitter, otherwise, scope.assuming(condition, False))
            negated = ir.Call("!_", (condition,), BOOL, condition.span)
            return element, [row("if ", emitter.condition(negated, scope).at(OR)), *parts]
        case ir.MakeList((only,), _, optional) if not optional:
            return emitter.doc(only, scope), []
        case ir.Loop("map" | "filter" | "flatMap"):
            return pieces(emitter, expr, scope)
        case _:
            name = scope.python_name("one")
            values = emitter.expr(expr, scope)
            if not isinstance(scope.known.sure(expr), ListOf):
                values = emitter.support("items", values.at(TERNARY))
            return name, [row("for ", name, " in ", values.at(OR))]


# ---------------------------------------------------------------- kinds of loops


def _quantified(emitter: Emitter, expr: ir.Loop, scope: Scope) -> Code:
    word = expr.kind
    inside = scope.known.inside(expr)
    if inside.sure(expr.body) == BOOL and not emitter.context.fails(expr.body, inside):
        turn, inner = turns(emitter, expr, scope)
        lets, body, inner = peel(emitter, expr.body, inner)
        test = emitter.condition(body, inner).at(TERNARY)
        return Code(row("all" if word == "all" else "any", words("(", (test, turn, *lets), ")")))
    helper = {1: f"{word}_", 2: "all_pairs" if word == "all" else "exists_pair"}[len(expr.variables)]
    inner = scope.inside(expr, expr.variables)
    return emitter.support(
        helper, source(emitter, expr, scope).at(TERNARY), function(emitter, expr.variables, expr.body, inner)
    )


def function(emitter: Emitter, variables: tuple[str, ...], body: ir.Expr, inner: Scope) -> Doc:
    """`lambda x: body`."""
    return row("lambda ", ", ".join(inner.names[v] for v in variables), ": ", emitter.doc(body, inner))


def _transformed(emitter: Emitter, expr: ir.Loop, scope: Scope) -> Code:
    turn, inner = turns(emitter, expr, scope)
    parts = (turn, *kept(emitter, expr, inner))
    key = inner.names[expr.variables[0]]
    first: Type = inner.known.types[expr.variables[0]]
    key_doc: Doc = key
    if first not in natives.HASHED:
        key_doc = emitter.helper("kspec.runtime.equality", "to_key", key).doc
    lets, body, inner = peel(emitter, expr.body, inner)
    return Code(words("{", (row(key_doc, ": ", emitter.doc(body, inner)), *parts, *lets), "}"))


def _sorted(emitter: Emitter, expr: ir.Loop, scope: Scope) -> Code:
    inner = scope.inside(expr, expr.variables)
    if len(expr.variables) == 1 and inner.known.sure(expr.body) in SORTED_NATIVELY:
        if isinstance(expr.body, ir.Var) and (expr.body.name,) == expr.variables:
            return Code(call("sorted", source(emitter, expr, scope).at(TERNARY)))
        key = row("key=", function(emitter, expr.variables, expr.body, inner))
        return Code(call("sorted", source(emitter, expr, scope).at(TERNARY), key))
    turn, inner = turns(emitter, expr, scope)
    pair = bracketed("(", (emitter.doc(expr.body, inner), element_name(expr, inner)), ")")
    return emitter.helper("kspec.runtime.equality", "sort_by", words("[", (pair, turn), "]"))


def fold(emitter: Emitter, expr: ir.Fold, scope: Scope) -> Code:
    if sums.is_kept_sum(emitter, expr, scope):
        return sums.kept_sum(emitter, expr, scope)
    variables = (expr.variable, expr.accumulator)
    inner = scope.inside(expr, variables)
    step = function(emitter, variables, expr.step, inner)
    return emitter.support("fold", emitter.doc(expr.range, scope), emitter.doc(expr.init, scope), step)
