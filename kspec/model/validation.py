"""Knows where in an object rules of validation apply: to the object, and wherever a type occurs in it that a
rule is about. Metadata is that of the object alone: names and labels of a template are no object's yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.model.objects import Object
from kspec.model.reach import Reach
from kspec.model.rules import RuleSet
from kspec.runtime.rulebook import CompiledRule

METADATA = Record("meta.ObjectMeta")
Place = tuple[CompiledRule, Any, str]
"""A rule, the value that it is about, and where that is: `spec.ingress[0]`, "" for the object itself."""


class Validations:
    """The rules of validation by the places they apply to."""

    def __init__(self, table: TypeTable, rules: RuleSet) -> None:
        self._rules = rules
        self._reach = Reach("validate", table, rules)

    def of(self, record: str, obj: Object) -> Iterator[Place]:
        """Every rule with what it is to be asked about: outer objects first, in the order of the fields."""
        return self._inside(Record(record), obj, "")

    def _inside(self, type_: Type, value: Any, at: str) -> Iterator[Place]:
        match type_:
            case Record(name):
                for rule in self._rules.about("validate", name):
                    yield rule, value, at
                for field, inner in self._reach.fields(name):
                    found = value.get(field)
                    if found is not None and not (inner == METADATA and at):
                        yield from self._inside(inner, found, f"{at}.{field}" if at else field)
            case ListOf(element):
                for number, each in enumerate(value):
                    yield from self._inside(element, each, f"{at}[{number}]")
            case MapOf(_, element):
                for key, each in value.items():
                    yield from self._inside(element, each, f"{at}[{key}]")
            case _:
                return
