"""Knows how the rules are asked what they demand of a whole placement, and of which filters that is part.

Every demand is a value of the rules, by field; a filter that the profile does not have demands nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.objects import Object
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.runtime.rulebook import CompiledRule

NODE_PARAMS = frozenset(("pod", "node"))
"""A filter that takes no more than these says of a pod and a node what nothing else can change."""


@dataclass(frozen=True, slots=True)
class Spreading:
    """A class of pods must be spread over the values of a label: `most` ahead of the emptiest."""

    index: int
    key: str
    most: int
    domains: int


class Demands:
    """The rules of a profile, asked about single pods, pairs of pods, and a pod with a node."""

    def __init__(self, profile: Profile, rules: RuleSet, cluster: ClusterSource) -> None:
        self.filters = frozenset(f.plugin for f in profile.filters)
        self._rules = rules
        self._cluster = cluster
        self._static = [
            (f.plugin, rule)
            for f in profile.filters
            if not f.when and (rule := rules.named("filter", f.plugin)) is not None and is_static(rule)
        ]

    def call(self, name: str, *args: object) -> Any:
        """A function of the rules about scheduling; one that looks at the cluster is given it."""
        rule = self._rules.function(f"scheduling/{name}")
        given = (self._cluster.of(rule),) if any(p.name == PARAM for p in rule.params) else ()
        return call_function(rule, *args, *given)

    def refuses(self, pod: Object, node: Object) -> str:
        """The first filter that refuses the pod on this node whatever else is there; "" if none does."""
        for plugin, rule in self._static:
            values = {"pod": pod, "node": node}
            if call_function(rule, *[values[p.name] for p in rule.params]):
                return plugin
        labels = (node.get("metadata") or {}).get("labels") or {}
        for needed in self.call("neededLabels", pod):
            if needed["filter"] in self.filters and needed["key"] not in labels:
                return str(needed["filter"])
        return ""

    def amounts(self, pod: Object) -> dict[str, int]:
        return {
            str(a["resource"]): int(a["amount"])
            for a in self.call("amounts", pod)
            if a["filter"] in self.filters
        }

    def offered(self, node: Object, resource: str) -> int:
        return int(self.call("offered", node, resource))

    def separations(self, one: Object, other: Object) -> tuple[tuple[str, str], ...]:
        """By which label, and which filter, two pods keep apart; "" is the node itself."""
        found = self.call("separations", one, other)
        return tuple((str(s["key"]), str(s["filter"])) for s in found if s["filter"] in self.filters)

    def company(self, pod: Object) -> tuple[str, ...]:
        """The labels in whose domains the pod wants company."""
        found = self.call("company", pod)
        return tuple(found.get("keys") or ()) if found["filter"] in self.filters else ()

    def is_company(self, pod: Object, other: Object) -> bool:
        return bool(self.call("isCompany", pod, other))

    def spreadings(self, pod: Object) -> tuple[Spreading, ...]:
        """Constraints that count the pod itself; of others nothing certain follows for a whole placement."""
        return tuple(
            Spreading(int(s["index"]), str(s["key"]), int(s["most"]), int(s["domains"]))
            for s in self.call("spreadings", pod)
            if s["filter"] in self.filters
        )

    def spreading_counts(self, pod: Object, index: int, other: Object) -> bool:
        return bool(self.call("spreadingCounts", pod, index, other))

    def spreading_covers(self, pod: Object, index: int, node: Object) -> bool:
        return bool(self.call("spreadingCovers", pod, index, node))


def is_static(rule: CompiledRule | None) -> bool:
    """Does what the filter says depend on a pod and a node alone?"""
    return rule is not None and all(p.name in NODE_PARAMS for p in rule.params)


def label_of(node: Object, key: str) -> str | None:
    """The value of a label of a node; None without it."""
    labels: Mapping[str, str] = (node.get("metadata") or {}).get("labels") or {}
    return labels.get(key)

