"""Knows which parameters of which rules may be given null (or something else than their type) by some caller."""

from __future__ import annotations

from collections.abc import Iterator

from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir
from kspec.ir.types import DYN
from kspec.ir.walk import children

Parameter = tuple[str, int]


def nullable_parameters(program: ir.Program) -> frozenset[Parameter]:
    """Parameters, by rule and index, that some call in the program gives a value whose type is not certain."""
    found: frozenset[Parameter] = frozenset()
    while True:
        more = found | {p for rule in program.rules for p in _given(rule, found)}
        if more == found:
            return found
        found = more


def _given(rule: ir.Rule, nullable: frozenset[Parameter]) -> Iterator[Parameter]:
    """The parameters of other rules that this one, given what is known of its own, calls with something uncertain."""
    types = {p.name: DYN if (rule.id, i) in nullable else p.type for i, p in enumerate(rule.params)}
    stack = [(rule.body, Known(types)), *((c.expr, Known(types)) for c in rule.clauses if c.expr is not None)]
    while stack:
        expr, known = stack.pop()
        if isinstance(expr, ir.Apply):
            yield from ((expr.rule, i) for i, arg in enumerate(expr.args) if not known.keeps(arg))
        stack += _parts(expr, known)


def _parts(expr: ir.Expr, known: Known) -> list[tuple[ir.Expr, Known]]:
    """The direct parts, each with what is known where it stands."""
    match expr:
        case ir.Let():
            return [(expr.value, known), (expr.body, known.inside(expr))]
        case ir.Loop():
            inside = [expr.body] if expr.where is None else [expr.where, expr.body]
            return [(expr.range, known), *((part, known.inside(expr)) for part in inside)]
        case ir.Fold():
            return [(expr.range, known), (expr.init, known), (expr.step, known.inside(expr))]
        case _:
            return [(part, known) for part in children(expr)]
