"""Knows what follows from a condition: which keys are there and which fields are present wherever it is
true, or false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kspec.ir import nodes as ir
from kspec.ir.types import STRING
from kspec.ir.walk import free_variables

Fact: TypeAlias = tuple[str, ir.Expr, ir.Expr | str]
"""("index", m, k): `m[k]` has a value. ("field", r, name): the field is present."""

Meanings: TypeAlias = Mapping[str, ir.Expr]
"""What a variable that holds a condition stands for."""


def facts_of(condition: ir.Expr, truth: bool, meanings: Meanings) -> Iterator[Fact]:
    """What holds if the condition is true, or else if it is false."""
    match condition:
        case ir.And(left, right) if truth:
            yield from facts_of(left, True, meanings)
            yield from facts_of(right, True, meanings)
        case ir.Or(left, right) if not truth:
            yield from facts_of(left, False, meanings)
            yield from facts_of(right, False, meanings)
        case ir.Call("!_", (operand,)):
            yield from facts_of(operand, not truth, meanings)
        case ir.HasField(operand, name) if truth:
            yield ("field", operand, name)
        case ir.HasKey(operand, name) if truth:
            yield ("index", operand, ir.Lit(name, STRING))
        case ir.Call("@in", (key, container)) if truth:
            yield ("index", container, key)
        case ir.Var(name) if name in meanings:
            yield from facts_of(meanings[name], truth, meanings)
        case _:
            pass


def mentions(fact: Fact, names: frozenset[str]) -> bool:
    """Is the fact about one of these variables?"""
    _, operand, key = fact
    free = free_variables(operand) if isinstance(key, str) else free_variables(operand) | free_variables(key)
    return not names.isdisjoint(free)
