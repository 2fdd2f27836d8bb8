"""Knows a place where a pod may go: the rules of a profile, and nodes with their pods; which are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.model.cluster import ClusterSource
from kspec.model.objects import Object, canonical, name_of
from kspec.model.placement import NO_PODS, Judge, NodePods
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.resources.objects import encode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod is to fit: a profile's rules over nodes with their pods."""

    profile: Profile
    rules: RuleSet
    cluster: ClusterSource
    nodes: Sequence[Object]
    placed: Mapping[str, NodePods]

    def judge(self) -> Judge:
        """A new judge: one that keeps nothing of what it was asked before."""
        return Judge(self.profile, self.rules, self.cluster)

    def pods_on(self, node: Object) -> tuple[Object, ...]:
        return self.placed.get(name_of(node), NO_PODS).pods

    def function(self, name: str, *args: object) -> Any:
        return call_function(self.rules.function(f"scheduling/{name}"), *args)


def kinds_of_nodes(place: Place) -> list[list[Object]]:
    """Nodes that no rule tells apart but by name, with as much in use: the first of each stands for all."""
    kinds: dict[object, list[Object]] = {}
    for node in place.nodes:
        pods = list(place.pods_on(node))
        used = {r: place.function("taken", pods, r) for r in place.function("countedResources", node)}
        kinds.setdefault((kind_of(place, node), canonical(used), len(pods)), []).append(node)
    return [*kinds.values()]


def kind_of(place: Place, node: Object) -> object:
    """Equal for nodes that differ by name alone, whatever runs on them."""
    return canonical(encode(place.function("kindOfNode", node)))
