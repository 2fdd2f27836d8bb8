"""Knows what the rules of a profile take by name: what is given for one pod, and what is made of it once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.objects import Object
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.runtime.rulebook import CompiledRule
from kspec.source import InternalError


@dataclass(frozen=True, slots=True)
class TallyRules:
    """What counts into a tally; see `kspec.model.profile.TallyOf`."""

    node: CompiledRule | None
    pod: CompiledRule | None
    gone: CompiledRule | None
    fitting: CompiledRule | None


def tally_rules(profile: Profile, rules: RuleSet) -> dict[str, TallyRules]:
    def named(rule_id: str) -> CompiledRule | None:
        return rules.function(rule_id) if rule_id else None

    return {
        name: TallyRules(named(of.node), named(of.pod), named(of.gone), named(of.fitting))
        for name, of in profile.tallies.items()
    }


class Given:
    """Values by name. `makers` are the functions that make the others, each when it is first wanted: so what
    a maker takes must not change after it was asked.
    """

    def __init__(
        self,
        makers: Mapping[str, CompiledRule],
        cluster: ClusterSource,
        values: Mapping[str, object],
        tallies: Mapping[str, TallyRules] | None = None,
    ) -> None:
        self._makers = makers
        self._cluster = cluster
        self._tallies = tallies or {}
        self._values = dict(values)

    def add(self, name: str, value: object) -> None:
        self._values[name] = value

    def at(self, node: Object, placed: tuple[Object, ...]) -> None:
        """The node that is asked about from now on, and its pods."""
        self._values["node"], self._values["placed"] = node, placed

    def ask(self, rule: CompiledRule) -> Any:
        """The rule's value."""
        return call_function(
            rule, *[self._cluster.of(rule) if p.name == PARAM else self[p.name] for p in rule.params]
        )

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            maker = self._makers.get(name)
            if maker is None:
                raise InternalError(
                    f"the model does not give `{name}`, nor does the profile say who makes it"
                )
            its = self._tallies.get(name)
            self._values[name] = self.ask(maker) if its is None else self._tallied(its)
        return self._values[name]

    def _tallied(self, its: TallyRules) -> dict[str, dict[str, int]]:
        """All that counts, added up: the same as the function of the rules that makes the tally, at once."""
        made: dict[str, dict[str, int]] = {}
        for count in self._counts(its):
            inner = made.setdefault(count["key"], {})
            inner[count.get("value", "")] = inner.get(count.get("value", ""), 0) + count.get("count", 0)
        return made

    def _counts(self, its: TallyRules) -> Iterator[Any]:
        for info in self["nodes"]:
            node = info["node"]
            if its.node is not None:
                yield from self._asked(its.node, node, None)
            if its.pod is not None:
                for pod in info["pods"]:
                    yield from self._asked(its.pod, node, pod)
            if its.gone is not None:
                for pod in info.get("removed", ()):
                    yield from self._asked(its.gone, node, pod)
        if its.fitting is not None:
            for node in self["fitting"]:
                yield from self._asked(its.fitting, node, None)

    def _asked(self, rule: CompiledRule, node: Object, other: Object | None) -> Any:
        own = {"node": node, "other": other}
        return call_function(
            rule,
            *[
                self._cluster.of(rule) if p.name == PARAM else own[p.name] if p.name in own else self[p.name]
                for p in rule.params
            ],
        )
