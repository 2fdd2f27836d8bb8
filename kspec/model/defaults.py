"""Knows where in an object its types' default rules apply: wherever the type occurs, outer objects first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.model.objects import Object
from kspec.model.reach import Reach
from kspec.model.rules import RuleSet
from kspec.runtime.rulebook import CompiledRule

Ask = Callable[[CompiledRule, Object], Object]
"""Applies one default rule to the value that it is about."""


class Defaults:
    """Default rules by the places they apply to."""

    def __init__(self, table: TypeTable, rules: RuleSet) -> None:
        self._rules = rules
        self._reach = Reach("default", table, rules)

    def applied(self, record: str, obj: Object, ask: Ask) -> Object:
        """The object with all defaults; parts that nothing changes are shared with the one given."""
        for rule in self._rules.about("default", record):
            obj = ask(rule, obj)
        changed: Object = {}
        for name, type_ in self._reach.fields(record):
            value = obj.get(name)
            if value is not None:
                new = self._inside(type_, value, ask)
                if new is not value:
                    changed[name] = new
        return {**obj, **changed} if changed else obj

    def _inside(self, type_: Type, value: Any, ask: Ask) -> Any:
        match type_:
            case Record(name):
                return self.applied(name, value, ask)
            case ListOf(element):
                made = [self._inside(element, v, ask) for v in value]
                return value if all(m is v for m, v in zip(made, value, strict=True)) else made
            case MapOf(_, element):
                entries = {k: self._inside(element, v, ask) for k, v in value.items()}
                return value if all(entries[k] is v for k, v in value.items()) else entries
            case _:
                return value
