"""Knows how the machinery finds the rules that decide, by kind and by the type they are about, and asks
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from kspec.runtime.rulebook import Clause, CompiledRule
from kspec.runtime.values import EvalError
from kspec.source import InternalError

Ask = Callable[[CompiledRule, Mapping[str, object]], Any]


class Book(Protocol):
    """Where rules come from: the compiled rulebook, a program under the evaluator, or a test's own."""

    def of_kind(self, kind: str) -> Sequence[CompiledRule]: ...

    def get(self, rule_id: str) -> CompiledRule | None: ...


class Listed:
    """A book of rules that are already at hand, in this order."""

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self.rules = tuple(rules)
        self._by_id = {r.id: r for r in self.rules}

    def of_kind(self, kind: str) -> Sequence[CompiledRule]:
        return [r for r in self.rules if r.kind == kind]

    def get(self, rule_id: str) -> CompiledRule | None:
        return self._by_id.get(rule_id)


class RuleFailed(Exception):
    """A rule has no value for what it was given: for a user's own rule a mistake in it, for ours a bug."""

    def __init__(self, rule: str, error: EvalError) -> None:
        super().__init__(f"{rule}: {error.message}")
        self.rule = rule
        self.error = error


class RuleSet:
    """The rules of a world. Order is that of the book: file and place.

    `cluster_fields` says which record type each field of the `Cluster` value lists.
    """

    def __init__(self, book: Book, cluster_fields: Mapping[str, str] | None = None) -> None:
        self.book = book
        self.cluster_fields = dict(cluster_fields or {})
        self._about: dict[str, dict[str, list[CompiledRule]]] = {}

    def of_kind(self, kind: str) -> Sequence[CompiledRule]:
        return self.book.of_kind(kind)

    def about(self, kind: str, record: str) -> Sequence[CompiledRule]:
        """The rules of a kind whose first parameter has this type."""
        found = self._about.get(kind)
        if found is None:
            found = self._about[kind] = {}
            for rule in self.book.of_kind(kind):
                found.setdefault(subject(rule), []).append(rule)
        return found.get(record, ())

    def named(self, kind: str, name: str) -> CompiledRule | None:
        return next((r for r in self.book.of_kind(kind) if r.name == name), None)

    def function(self, rule_id: str) -> CompiledRule:
        """A function that the machinery relies on; the standard rules always have it."""
        found = self.book.get(rule_id)
        if found is None:
            raise InternalError(f"the rules have no function `{rule_id}`")
        return found

    def function_about(self, name: str, record: str) -> CompiledRule | None:
        """The overload of a function for this type, if there is one."""
        return next((r for r in self.about("function", record) if r.name == name), None)


def subject(rule: CompiledRule) -> str:
    """The type of the first parameter: what the rule is about."""
    return rule.params[0].type if rule.params else ""


def has_param(rule: CompiledRule, name: str) -> bool:
    return any(p.name == name for p in rule.params)


def clauses_of(rule: CompiledRule, word: str) -> tuple[Clause, ...]:
    return tuple(c for c in rule.clauses if c.word == word)


def call(rule: CompiledRule, values: Mapping[str, object]) -> Any:
    """The rule's value, its parameters taken by name. One that is not given is an error of whoever calls."""
    missing = [p.name for p in rule.params if p.name not in values]
    if missing:
        raise InternalError(f"{rule.id} wants {missing}, which the model does not give")
    return call_function(rule, *[values[p.name] for p in rule.params])


def call_function(rule: CompiledRule, *args: object) -> Any:
    """The value of a rule for arguments in order."""
    try:
        return rule.fn(*args)
    except EvalError as error:
        raise RuleFailed(rule.id, error) from error


def call_clause(rule: CompiledRule, clause: Clause, values: Mapping[str, object]) -> Any:
    """What a clause of the head computes; of the rule's parameters it sees those that are given."""
    assert clause.fn is not None
    try:
        return clause.fn(*[values.get(p.name) for p in rule.params])
    except EvalError as error:
        raise RuleFailed(rule.id, error) from error
