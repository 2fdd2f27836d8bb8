"""Knows which sums and counts of a rule can be kept: those over a list of records that the rule is given, of
a function of the element and of what else is at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kspec.backends.python.code import Code, Scope
from kspec.backends.python.constants import quote
from kspec.backends.python.layout import Doc, row
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, INT, ListOf, Record
from kspec.ir.walk import free_variables

if TYPE_CHECKING:
    from kspec.backends.python.emit import Emitter

MODULE = "kspec.runtime.kept"

KINDS = frozenset(("function", "filter", "score"))
"""The rules that are asked again and again about lists of which little changes."""


def kept_params(rule: ir.Rule) -> frozenset[str]:
    """The parameters of a rule over which sums may be kept: lists of records."""
    if rule.kind not in KINDS:
        return frozenset()
    return frozenset(
        p.name for p in rule.params if isinstance(p.type, ListOf) and isinstance(p.type.element, Record)
    )


def is_kept_sum(emitter: Emitter, expr: ir.Fold, scope: Scope) -> bool:
    """Is it `list.fold(x, sum, start, sum + each(x))`, in whole numbers?"""
    each = _added(expr)
    return (
        each is not None
        and _is_kept(emitter, expr.range, each, scope)
        and expr.accumulator not in free_variables(each)
        and scope.known.sure(expr.init) == INT
        and scope.known.inside(expr).sure(each) == INT
    )


def kept_sum(emitter: Emitter, expr: ir.Fold, scope: Scope) -> Code:
    each = _added(expr)
    assert each is not None
    inner = scope.inside(expr, (expr.variable, expr.accumulator))
    return _call(
        emitter,
        "sum_of",
        [emitter.doc(expr.range, scope), emitter.doc(expr.init, scope)],
        _function(inner.names[expr.variable], emitter.doc(each, inner)),
        _free(emitter, each, expr.variable, scope),
    )


def kept_count(emitter: Emitter, expr: ir.Call, scope: Scope) -> Code | None:
    """`size(list.filter(x, test(x)))`, or None if it is nothing of the kind."""
    loop = expr.args[0]
    if not isinstance(loop, ir.Loop) or loop.kind != "filter" or len(loop.variables) != 1:
        return None
    if (
        not _is_kept(emitter, loop.range, loop.body, scope)
        or scope.known.inside(loop).sure(loop.body) != BOOL
    ):
        return None
    inner = scope.inside(loop, loop.variables)
    return _call(
        emitter,
        "count_of",
        [emitter.doc(loop.range, scope)],
        _function(inner.names[loop.variables[0]], emitter.doc(loop.body, inner)),
        _free(emitter, loop.body, loop.variables[0], scope),
    )


def _call(emitter: Emitter, name: str, before: list[Doc], each: Doc, free: list[Doc]) -> Code:
    return emitter.helper(MODULE, name, *before, each, quote(emitter.context.site()), *free)


def _added(expr: ir.Fold) -> ir.Expr | None:
    """What is added to the accumulator for each element."""
    match expr.step:
        case ir.Call("_+_", (ir.Var(name), each)) if name == expr.accumulator:
            return each
        case ir.Call("_+_", (each, ir.Var(name))) if name == expr.accumulator:
            return each
    return None


def _is_kept(emitter: Emitter, values: ir.Expr, each: ir.Expr, scope: Scope) -> bool:
    """Is it a whole parameter, as it was given, that the function does not see?"""
    return (
        isinstance(values, ir.Var)
        and values.name in emitter.kept
        and values.name not in free_variables(each)
        and isinstance(scope.known.sure(values), ListOf)
    )


def _function(variable: str, body: Doc) -> Doc:
    return row("lambda ", variable, ": ", body)


def _free(emitter: Emitter, each: ir.Expr, variable: str, scope: Scope) -> list[Doc]:
    names = sorted(free_variables(each) - {variable})
    return [scope.names[n] for n in names if n in scope.names]
