"""Knows where in an object rules of validation apply: to the object, and wherever a type occurs in it that a
rule is about. Metadata is that of the object alone: names and labels of a template are no object's yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.model.objects import Object
from kspec.model.reach import Field, Reach
from kspec.model.rules import RuleSet, call_function, clauses_of, has_param
from kspec.runtime.rulebook import CompiledRule

METADATA = Record("meta.ObjectMeta")
Where = tuple[Any, str] | None
"""A place, from the object inwards: what it is in, and the last step, `.spec` or `[0]`."""
Ask = Callable[[CompiledRule, Any], Any]
Found = tuple[CompiledRule, Mapping[str, Any], str]
"""A rule, one of its findings, and the field that it is about, as seen from the object."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule as it is asked. A `plain` one takes nothing but what it is about."""

    rule: CompiledRule
    plain: bool
    compares: bool
    verbs: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked about values of a type, and the fields below which more is."""

    rules: tuple[_Asked, ...]
    fields: tuple[Field, ...]


class Validations:
    """The rules of validation by the places they apply to, found once per type."""

    def __init__(self, table: TypeTable, rules: RuleSet) -> None:
        self._rules = rules
        self._reach = Reach("validate", table, rules)
        self._plans: dict[str, _Plan] = {}

    def found(self, record: str, obj: Object, verb: str, compared: bool, ask: Ask) -> list[Found]:
        """All findings, outer objects first, in the order of the fields. Rules that compare are asked if
        there is an old object, rules that come after others if those have found nothing; `ask` asks one that
        takes more than what it is about.
        """
        walk = _Walk(self, verb, compared, ask)
        walk.at(record, obj, None)
        return walk.found

    def plan(self, record: str) -> _Plan:
        made = self._plans.get(record)
        if made is None:
            rules = self._rules.about("validate", record)
            made = self._plans[record] = _Plan(tuple(map(_asked, rules)), self._reach.fields(record))
        return made


def _asked(rule: CompiledRule) -> _Asked:
    verbs = frozenset(str(c.constant or c.name) for c in clauses_of(rule, "on"))
    after = frozenset(c.name for c in clauses_of(rule, "after"))
    return _Asked(rule, len(rule.params) == 1, has_param(rule, "old"), verbs, after)


class _Walk:
    """One object, from the outside in."""

    def __init__(self, places: Validations, verb: str, compared: bool, ask: Ask) -> None:
        self.places = places
        self.verb = verb
        self.compared = compared
        self.ask = ask
        self.failed: set[str] = set()
        self.found: list[Found] = []

    def at(self, record: str, value: Any, where: Where) -> None:
        plan = self.places.plan(record)
        for asked in plan.rules:
            findings = self._findings(asked, value)
            if findings:
                self.failed.add(asked.rule.name)
                self.found += [(asked.rule, f, _shown(where, f)) for f in findings]
        for field, type_ in plan.fields:
            inner = value.get(field)
            if inner is not None and not (where and type_ == METADATA):
                self._inside(type_, inner, (where, f".{field}"))

    def _findings(self, asked: _Asked, value: Any) -> Any:
        if (asked.compares and not self.compared) or (asked.verbs and self.verb not in asked.verbs):
            return ()
        if asked.after and asked.after & self.failed:
            return ()
        return call_function(asked.rule, value) if asked.plain else self.ask(asked.rule, value)

    def _inside(self, type_: Type, value: Any, where: Where) -> None:
        match type_:
            case Record(name):
                self.at(name, value, where)
            case ListOf(element):
                for number, each in enumerate(value):
                    self._inside(element, each, (where, f"[{number}]"))
            case MapOf(_, element):
                for key, each in value.items():
                    self._inside(element, each, (where, f"[{key}]"))


def _shown(where: Where, finding: Mapping[str, Any]) -> str:
    """`spec.ports[0].port`"""
    steps = [f".{finding['field']}"] if finding.get("field") else []
    while where is not None:
        where, step = where
        steps.append(step)
    return "".join(reversed(steps)).removeprefix(".")
