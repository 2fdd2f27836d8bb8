"""Knows which ends an edit of policies can matter to: those that a policy is about which says something else
for their direction than before.

Whether a connection may leave an end, or enter it, hangs on the policies that are about the end in that
direction, and of those on what `mayLeave` or `mayEnter` reads. So where clusters differ in their policies
alone, a connection that only one of them lets through has such an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.runtime.rulebook import load_rulebook
from kspec.runtime.symbolic import ops
from kspec.verify.network.parts import DIRECTIONS, Parts, Policy, PolicyKind

Cluster = Mapping[str, Any]
Functions = Mapping[str, Callable[..., object]]
ORIGIN, DESTINATION = 0, 1
ENDS = {"Egress": ORIGIN, "Ingress": DESTINATION}
"""Which end of a connection the policies of a direction are about."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A policy of one cluster that says something else in this direction than its namesake in the other, if
    it has one there.
    """

    direction: str
    policy: Policy


def touched(one: Cluster, other: Cluster, parts: Parts) -> list[Touched]:
    """All such policies, of both clusters."""
    found = []
    for kind in parts.kinds:
        for policy, same in _pairs(kind, one, other):
            for direction in DIRECTIONS:
                if same is None or _said(policy, direction) != _said(same, direction):
                    found += [Touched(direction, each) for each in (policy, same) if each is not None]
    return found


def _pairs(kind: PolicyKind, one: Cluster, other: Cluster) -> Iterable[tuple[Policy, Policy | None]]:
    """The policies that are not the same in both, with their namesakes."""
    ours, theirs = (
        {(its.namespace, its.name): its for p in c.get(kind.field) or () for its in (Policy(kind, p),)}
        for c in (one, other)
    )
    for key in sorted({*ours, *theirs}):
        mine, its = ours.get(key), theirs.get(key)
        if mine is None or its is None:
            alone = mine or its
            assert alone is not None
            yield alone, None
        elif mine.object is not its.object and mine.object != its.object:
            yield mine, its


def _said(policy: Policy, direction: str) -> list[object]:
    """What the rules of a direction read of a policy, by fields of its parts (such as `spec.egress`)."""
    rule = load_rulebook().get(DIRECTIONS[direction])
    assert rule is not None
    paths = rule.reads.get("cluster", ())
    read = {path[2:4] for path in paths if path[:2] == (policy.kind.field, "*")}
    return [_at(policy.object, place) for place in sorted(read)]


def _at(value: object, place: Iterable[str]) -> object:
    for part in place:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def cases(found: Iterable[Touched]) -> list[list[Touched]]:
    """Such policies in groups, each of which is asked about by itself: by direction, where all are in one
    namespace, since of the end that they are about the namespace is then known; else all together.
    """
    its = list(found)
    namespaces = {each.policy.namespace for each in its}
    if len(namespaces) != 1 or "" in namespaces:
        return [its] if its else []
    by_direction = ([each for each in its if each.direction == direction] for direction in DIRECTIONS)
    return [group for group in by_direction if group]


def is_touched(group: Iterable[Touched], ends: tuple[object, object], at: Cluster, by: Functions) -> object:
    """Is one of these policies about the end of its direction? Read symbolically, by the rules `isAbout`."""
    rules = {rule.params[0].type: rule.id for rule in load_rulebook().find("function", "network.isAbout")}

    def about(each: Touched) -> Callable[[], object]:
        function = by[rules[each.policy.kind.record]]
        return lambda: function(each.policy.object, each.direction, ends[ENDS[each.direction]], at)

    return ops.or_(False, *map(about, group))
