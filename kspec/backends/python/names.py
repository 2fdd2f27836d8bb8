"""Knows which names generated Python may use, and what stands for a rule."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Mapping

from kspec.backends.names import Place, free_name, places_of
from kspec.ir.nodes import Rule
from kspec.ir.walk import bound_names, subexpressions

BUILTINS = frozenset(("all", "any", "enumerate", "float", "len", "set", "sorted"))
"""The built-in functions that the emitter itself writes; others may be hidden."""

RESERVED = frozenset(keyword.kwlist) | BUILTINS | {"RULES"}


def rule_places(
    rules: Iterable[Rule], taken: Mapping[str, Collection[str]] | None = None
) -> dict[str, Place]:
    """The place of each rule, by id."""
    return places_of(rules, RESERVED, taken)


def local_names(rule: Rule) -> frozenset[str]:
    """Every name that the rule gives to a value, and what it may become in Python."""
    names = {p.name for p in rule.params}
    for expr in (rule.body, *(c.expr for c in rule.clauses if c.expr is not None)):
        for node in subexpressions(expr):
            names.update(bound_names(node)[0])
    return frozenset(names | {free_name(n, RESERVED) for n in names})
