"""Knows how the machinery finds the rules that decide: by kind, by the type they are about, by name.

A `ModelRule` is a rule as the model calls it: a function over values, its parameters by name. Rules come from
the compiled rulebook; tests write them by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kspec.runtime.values import EvalError
from kspec.source import InternalError

Function = Callable[..., object]
Paths = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ModelClause:
    """`owns core.Pod as pods matching e`: `word` owns, `record` core.Pod, `name` pods.

    `fn` computes e from the rule's subject; `text` is a constant, such as the verb of `on create`.
    """

    word: str
    name: str = ""
    record: str = ""
    fn: Function | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ModelRule:
    """A rule that the model may call. `params` are (name, type as the language prints it), in order.

    `reads` says, by parameter, which field paths the rule reads; one that is not in it is read in full.
    """

    id: str
    kind: str
    name: str
    params: tuple[tuple[str, str], ...]
    fn: Function = field(compare=False)
    clauses: tuple[ModelClause, ...] = ()
    reads: Mapping[str, Paths] = field(default_factory=dict, compare=False)

    @property
    def subject(self) -> str:
        """The type of the first parameter: what the rule is about."""
        return self.params[0][1] if self.params else ""

    def has_param(self, name: str) -> bool:
        return any(n == name for n, _ in self.params)

    def clauses_of(self, word: str) -> tuple[ModelClause, ...]:
        return tuple(c for c in self.clauses if c.word == word)


class RuleFailed(Exception):
    """A rule has no value for what it was given: for a user's own rule a mistake in it, for ours a bug."""

    def __init__(self, rule: str, error: EvalError) -> None:
        super().__init__(f"{rule}: {error.message}")
        self.rule = rule
        self.error = error


class RuleSet:
    """All rules of a world. Order is that of the rulebook: file and place."""

    def __init__(self, rules: Iterable[ModelRule], cluster_fields: Mapping[str, str] | None = None) -> None:
        """`cluster_fields`: which record type each field of the `Cluster` value lists."""
        self.rules = tuple(rules)
        self.cluster_fields = dict(cluster_fields or {})
        self._about: dict[tuple[str, str], list[ModelRule]] = {}
        self._named: dict[tuple[str, str], ModelRule] = {}
        for rule in self.rules:
            self._about.setdefault((rule.kind, rule.subject), []).append(rule)
            self._named.setdefault((rule.kind, rule.name), rule)

    def of_kind(self, kind: str) -> list[ModelRule]:
        return [r for r in self.rules if r.kind == kind]

    def about(self, kind: str, record: str) -> Sequence[ModelRule]:
        """The rules of a kind whose first parameter has this type."""
        return self._about.get((kind, record), ())

    def named(self, kind: str, name: str) -> ModelRule | None:
        return self._named.get((kind, name))

    def function(self, name: str) -> ModelRule:
        """The function that the machinery relies on; the standard rules always have it."""
        found = self._named.get(("function", name))
        if found is None:
            raise InternalError(f"the rules have no function `{name}`")
        return found

    def function_about(self, name: str, record: str) -> ModelRule | None:
        """The overload of a function for this type, if there is one."""
        return next((r for r in self.about("function", record) if r.name == name), None)


def call(rule: ModelRule, values: Mapping[str, object]) -> object:
    """The rule's value, its parameters taken by name. Absent ones are an error of whoever calls."""
    try:
        return rule.fn(*[values[name] for name, _ in rule.params])
    except EvalError as error:
        raise RuleFailed(rule.id, error) from error
    except KeyError as error:
        missing = [name for name, _ in rule.params if name not in values]
        if missing:
            raise InternalError(f"{rule.id} wants {missing}, which the model does not give") from error
        raise


def call_function(rule: ModelRule, *args: object) -> object:
    """The value of a function for arguments in order."""
    try:
        return rule.fn(*args)
    except EvalError as error:
        raise RuleFailed(rule.id, error) from error
