"""Knows how the rules are asked what they demand of a whole placement, and of which filters that is part.

Every demand is a value of the rules, by field; a filter that the profile does not have demands nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.objects import Object
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.runtime.rulebook import CompiledRule

NODE_PARAMS = frozenset(("pod", "node", "settings"))
"""A filter that takes no more than these says of a pod and a node what nothing else can change."""


@dataclass(frozen=True, slots=True)
class Spreading:
    """A class of pods must be spread over the values of a label: `most` ahead of the emptiest."""

    index: int
    key: str
    most: int
    domains: int


class Demands:
    """The rules, asked about single pods, pairs of pods, and a pod with a node; each pod by the profile
    that it
    asks for.
    """

    def __init__(self, profiles: Sequence[Profile], rules: RuleSet, cluster: ClusterSource) -> None:
        self.profiles = {p.scheduler: p for p in profiles}
        self._rules = rules
        self._cluster = cluster
        self._filters = {name: frozenset(f.plugin for f in p.filters) for name, p in self.profiles.items()}
        self._static = {name: static_filters(p, rules) for name, p in self.profiles.items()}

    def call(self, name: str, *args: object) -> Any:
        """A function of the rules about scheduling; one that looks at the cluster is given it."""
        rule = self._rules.function(f"scheduling/{name}")
        given = (self._cluster.of(rule),) if any(p.name == PARAM for p in rule.params) else ()
        return call_function(rule, *args, *given)

    def scheduler(self, pod: Object) -> str:
        return str(self.call("schedulerOf", pod))

    def _settings(self, pod: Object) -> Mapping[str, object]:
        return self.profiles[self.scheduler(pod)].settings

    def _of_pod(self, pod: Object, demands: Any) -> list[Any]:
        """Those that are part of a filter which is asked about the pod."""
        filters = self._filters[self.scheduler(pod)]
        return [d for d in demands if d["filter"] in filters]

    def refuses(self, pod: Object, node: Object) -> str:
        """The first filter that refuses the pod on this node whatever else is there; "" if none does."""
        settings = self._settings(pod)
        values = {"pod": pod, "node": node, "settings": settings}
        for plugin, when, rule in self._static[self.scheduler(pod)]:
            asked = when is None or call_function(when, *[values[p.name] for p in when.params])
            if asked and call_function(rule, *[values[p.name] for p in rule.params]):
                return plugin
        labels = (node.get("metadata") or {}).get("labels") or {}
        for needed in self._of_pod(pod, self.call("neededLabels", pod, settings)):
            if needed["key"] not in labels:
                return str(needed["filter"])
        return ""

    def amounts(self, pod: Object) -> dict[str, int]:
        """What filters see to it that there is enough of."""
        found = self._of_pod(pod, self.call("amounts", pod, self._settings(pod)))
        return {str(a["resource"]): int(a["amount"]) for a in found}

    def taken(self, pod: Object) -> dict[str, int]:
        """What a pod takes of its node, whoever brought it there."""
        return {str(a["resource"]): int(a["amount"]) for a in self.call("amounts", pod, {})}

    def offered(self, node: Object, resource: str) -> int:
        return int(self.call("offered", node, resource))

    def separations(self, one: Object, other: Object) -> tuple[tuple[str, str], ...]:
        """By which label, and which filter, two pods keep apart; "" is the node itself."""
        found = self._of_pod(one, self._of_pod(other, self.call("separations", one, other)))
        return tuple((str(s["key"]), str(s["filter"])) for s in found)

    def keeps_out(self, pod: Object, staying: Object) -> tuple[tuple[str, str], ...]:
        """The same, where the other pod is there already."""
        found = self._of_pod(pod, self.call("separations", pod, staying))
        return tuple((str(s["key"]), str(s["filter"])) for s in found)

    def hindrances(self, later: Object, there: Object) -> tuple[str, ...]:
        """The labels in whose domains a pod that is there keeps out one that comes later."""
        return tuple(
            str(s.get("key", "")) for s in self._of_pod(later, self.call("hindrances", later, there))
        )

    def sees_whole(self, pod: Object) -> bool:
        """Is everything that filters may have against this pod known, spreading and company apart?"""
        name = self.scheduler(pod)
        known = {*self.call("seenWhole", pod), *(plugin for plugin, _, _ in self._static[name])}
        return self._filters[name] <= known

    def company(self, pod: Object) -> tuple[str, ...]:
        """The labels in whose domains the pod wants company."""
        found = self._of_pod(pod, [self.call("company", pod)])
        return tuple(found[0].get("keys") or ()) if found else ()

    def is_company(self, pod: Object, other: Object) -> bool:
        return bool(self.call("isCompany", pod, other))

    def spreadings(self, pod: Object) -> tuple[Spreading, ...]:
        """The constraints by which the pod must be spread."""
        found = self._of_pod(pod, self.call("spreadings", pod, self._settings(pod)))
        return tuple(
            Spreading(int(s.get("index", 0)), str(s["key"]), int(s["most"]), int(s["domains"])) for s in found
        )

    def spreading_counts(self, pod: Object, index: int, other: Object) -> bool:
        return bool(self.call("spreadingCounts", pod, index, other, self._settings(pod)))

    def spreading_covers(self, pod: Object, index: int, node: Object) -> bool:
        return bool(self.call("spreadingCovers", pod, index, node, self._settings(pod)))


Static = tuple[str, "CompiledRule | None", CompiledRule]


def static_filters(profile: Profile, rules: RuleSet) -> list[Static]:
    """The filters that look at nothing but a pod and a node, each with the function that says whether it is
    asked.
    """
    found: list[Static] = []
    for plugin in profile.filters:
        rule = rules.named("filter", plugin.plugin)
        when = rules.function(plugin.when) if plugin.when else None
        asked = [r for r in (rule, when) if r is not None]
        if rule is not None and all(p.name in NODE_PARAMS for r in asked for p in r.params):
            found.append((plugin.plugin, when, rule))
    return found


def label_of(node: Object, key: str) -> str | None:
    """The value of a label of a node; None without it."""
    labels: Mapping[str, str] = (node.get("metadata") or {}).get("labels") or {}
    return labels.get(key)
