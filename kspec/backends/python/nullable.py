"""Knows which parameters of which rules may be given null (or something else than their type) by some
caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir
from kspec.ir.deep import deep_recursion
from kspec.ir.types import DYN

Parameter = tuple[str, int]


def nullable_parameters(program: ir.Program) -> frozenset[Parameter]:
    """Parameters, by rule and index, that some call in the program gives a value whose type is not
    certain.
    """
    found: frozenset[Parameter] = frozenset()
    with deep_recursion():
        while True:
            more = found | {p for rule in program.rules for p in _given(rule, found)}
            if more == found:
                return found
            found = more


def _given(rule: ir.Rule, nullable: frozenset[Parameter]) -> Iterator[Parameter]:
    """The parameters of other rules that this one, given what is known of its own, calls with something
    uncertain.
    """
    types = {p.name: DYN if (rule.id, i) in nullable else p.type for i, p in enumerate(rule.params)}
    stack = [(rule.body, Known(types)), *((c.expr, Known(types)) for c in rule.clauses if c.expr is not None)]
    while stack:
        expr, known = stack.pop()
        if isinstance(expr, ir.Apply):
            yield from ((expr.rule, i) for i, arg in enumerate(expr.args) if not known.keeps(arg))
        stack += known.parts(expr)
