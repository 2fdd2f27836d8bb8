"""The same expression with as few names as possible: what is bound inside hides what is bound outside
wherever it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kspec.ir import nodes as ir
from kspec.ir.walk import bound_names, free_variables, rebuild, substitute_variables


def shadowed(expr: ir.Expr, pool: Sequence[str]) -> ir.Expr:
    """Bound variables renamed to names of the pool, the first that is not needed inside. Their own names are
    not in the pool.
    """
    names, inside = bound_names(expr)
    if names:
        needed = frozenset().union(*(free_variables(part) for part in inside)) - set(names)
        free = [name for name in pool if name not in needed]
        chosen = dict(zip(names, (*free[: len(names)], *names[len(free) :]), strict=True))
        expr = _renamed(expr, chosen)
    return rebuild(expr, lambda part: shadowed(part, pool))


def _renamed(expr: ir.Expr, names: dict[str, str]) -> ir.Expr:
    def inside(part: ir.Expr) -> ir.Expr:
        types = {n.name: n.type for n in _variables(part)}
        return substitute_variables(
            part, {old: ir.Var(new, types[old]) for old, new in names.items() if old in types}
        )

    match expr:
        case ir.Let():
            return replace(expr, name=names[expr.name], body=inside(expr.body))
        case ir.Loop():
            where = None if expr.where is None else inside(expr.where)
            return replace(
                expr, variables=tuple(names[v] for v in expr.variables), where=where, body=inside(expr.body)
            )
        case ir.Fold():
            variable, accumulator = names[expr.variable], names[expr.accumulator]
            return replace(expr, variable=variable, accumulator=accumulator, step=inside(expr.step))
        case _:
            return expr


def _variables(expr: ir.Expr) -> list[ir.Var]:
    from kspec.ir.walk import subexpressions

    return [n for n in subexpressions(expr) if isinstance(n, ir.Var)]
