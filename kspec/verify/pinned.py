"""Knows which fields of quantified variables a property fixes by its own conditions, so that policies that
cannot matter then fold away before the solver is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from kspec.ir import nodes as ir
from kspec.ir.types import Scalar


def pinned(formula: ir.Expr, some: bool) -> dict[tuple[str, str], str]:
    """(variable, field) -> the text that it must be where the formula fails (`some`: where it holds).

    An operand of `||` is not true where the whole is not, one of `&&` is not false where the whole is not; an
    equality of a record's field and a text is never an error.
    """
    return {(name, field): text for name, field, text in reversed(list(_equalities(formula, some)))}


def _equalities(expr: ir.Expr, wanted: bool) -> Iterator[tuple[str, str, str]]:
    """What must be equal where the expression is not false (`wanted`), or not true."""
    match expr:
        case ir.And(left, right) if wanted:
            yield from _equalities(left, wanted)
            yield from _equalities(right, wanted)
        case ir.Or(left, right) if not wanted:
            yield from _equalities(left, wanted)
            yield from _equalities(right, wanted)
        case ir.Call("!_", (operand,)):
            yield from _equalities(operand, not wanted)
        case ir.Call("_==_", (left, right)) if wanted:
            yield from _equality(left, right)
            yield from _equality(right, left)


def _equality(left: ir.Expr, right: ir.Expr) -> Iterator[tuple[str, str, str]]:
    match left, right:
        case ir.Field(ir.Var(name), field, Scalar("string")), ir.Lit(str(text)) if text:
            yield name, field, text
