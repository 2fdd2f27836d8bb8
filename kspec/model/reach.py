"""Knows at or below which fields of a record some rule of a kind applies, found once per type."""

from __future__ import annotations

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.model.rules import RuleSet

Field = tuple[str, Type]


class Reach:
    """Where the rules of one kind are, by the types that they are about."""

    def __init__(self, kind: str, table: TypeTable, rules: RuleSet) -> None:
        self._kind = kind
        self._table = table
        self._rules = rules
        self._leads: dict[str, bool] = {}
        self._fields: dict[str, tuple[Field, ...]] = {}

    def fields(self, record: str) -> tuple[Field, ...]:
        """The fields of a record at or below which some rule applies."""
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
        """Does a rule apply to this record or to one that it may contain, however deep?"""
        found, waiting = {record}, [record]
        while waiting:
            name = waiting.pop()
            if self._rules.about(self._kind, name):
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
