"""Knows which names emitted symbolic functions have: those of their rules wherever Python lets them be."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from kspec.backends.names import Place, places_of
from kspec.ir.nodes import Rule

RESERVED = frozenset(keyword.kwlist) | {"ops", "float", "RULES"}


def rule_places(rules: Iterable[Rule]) -> dict[str, Place]:
    """The place of each rule, by id."""
    return places_of(rules, RESERVED)
