"""Knows where in an object its types' default rules apply: wherever the type occurs, outer objects first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.model.objects import Object
from kspec.model.rules import RuleSet
from kspec.runtime.rulebook import CompiledRule

Ask = Callable[[CompiledRule, Object], Object]
"""Applies one default rule to the value that it is about."""


class Defaults:
    """Default rules by the places they apply to, found once per type."""

    def __init__(self, table: TypeTable, rules: RuleSet) -> None:
        self._table = table
        self._rules = rules
        self._leads: dict[str, bool] = {}
        self._fields: dict[str, tuple[tuple[str, Type], ...]] = {}

    def applied(self, record: str, obj: Object, ask: Ask) -> Object:
        """The object with all defaults; parts that nothing changes are shared with the one given."""
        for rule in self._rules.about("default", record):
            obj = ask(rule, obj)
        changed: Object = {}
        for name, type_ in self._leading_fields(record):
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

    def _leading_fields(self, record: str) -> tuple[tuple[str, Type], ...]:
        """The fields of a record at or below which some default rule applies."""
        found = self._fields.get(record)
        if found is None:
            definition = self._table.record(record)
            fields = definition.fields if definition else {}
            found = tuple((n, f.type) for n, f in fields.items() if self._leads_to_a_rule(f.type))
            self._fields[record] = found
        return found

    def _leads_to_a_rule(self, type_: Type) -> bool:
        match type_:
            case Record(name):
                if name not in self._leads:
                    self._leads[name] = self._reaches_a_rule(name)
                return self._leads[name]
            case ListOf(element) | MapOf(_, element):
                return self._leads_to_a_rule(element)
            case _:
                return False

    def _reaches_a_rule(self, record: str) -> bool:
        """Does a default rule apply to this record or to one that it may contain, however deep?"""
        found, waiting = {record}, [record]
        while waiting:
            name = waiting.pop()
            if self._rules.about("default", name):
                return True
            definition = self._table.record(name)
            for field in definition.fields.values() if definition else ():
                inner = _record_in(field.type)
                if inner and inner not in found:
                    found.add(inner)
                    waiting.append(inner)
        return False


def _record_in(type_: Type) -> str:
    """The record of which a value of this type holds some; "" if none."""
    match type_:
        case Record(name):
            return name
        case ListOf(element) | MapOf(_, element):
            return _record_in(element)
        case _:
            return ""
