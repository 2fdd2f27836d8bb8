"""Knows which parts of policies are responsible for a connection that one cluster lets through and another
does not, and what is left of the clusters without those parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.verify.network.parts import Parts, Policy
from kspec.verify.network.why import Part, Path, RuleStory, Story, explain
from kspec.verify.switches import Path as Place
from kspec.verify.switches import without

LETTING = ("", "Allow", "Accept")
"""The actions of rules that let something pass; a kind of policy may have none."""
IN_RULE = 5
"""So long is the place of a rule in a cluster; that of a peer or a port is longer."""

Cluster = Mapping[str, Any]
Named = tuple[Policy, Path]


@dataclass(frozen=True, slots=True)
class Responsible:
    """In one direction: what lets the connection pass in one cluster, and what holds it up in the other.
    `governed`: is a policy about the end, where it passes?
    """

    direction: str
    lets: tuple[Named, ...]
    holds: tuple[Named, ...]
    governed: bool


def responsible(passing: Story, held: Story, one: Cluster, other: Cluster) -> Iterator[Responsible]:
    """Of each direction in which the verdict differs; what the other cluster has not comes first."""
    for a, b in zip(passing.sides, held.sides, strict=True):
        if a.verdict is True and b.verdict is False:
            lets = [(rule.policy, _part(rule, other)) for rule in a.deciding]
            holds = [(rule.policy, rule.reasons[0]) for rule in b.deciding] or [(p, ()) for p in b.about]
            yield Responsible(a.direction, _new_first(lets, other), _new_first(holds, one), bool(a.about))


def _new_first(named: Sequence[Named], there: Cluster) -> tuple[Named, ...]:
    return tuple(sorted(named, key=lambda each: _is_there(each, there)))


def _is_there(named: Named, there: Cluster) -> bool:
    """Does the other cluster have the same policy, or in a policy of this name the same rule?"""
    policy, path = named
    same = _namesake(policy, there)
    if same is None or not path:
        return same == policy.object
    direction = next(d for d, f in policy.kind.fields.items() if f.rules == path[1])
    spec = (same.get("spec") or {}).get(policy.kind.fields[direction].rules) or []
    return policy.object["spec"][path[1]][path[2]] in spec


def _namesake(policy: Policy, there: Cluster) -> Mapping[str, Any] | None:
    kind = policy.kind
    its = (Policy(kind, each) for each in there.get(kind.field) or ())
    return next((p.object for p in its if (p.namespace, p.name) == (policy.namespace, policy.name)), None)


def _part(rule: RuleStory, there: Cluster) -> Path:
    """Of the peers and ports by which a rule matches, the one that the policy of this name has not there."""
    same = _namesake(rule.policy, there)
    for parts in (rule.peers, rule.ports):
        for part in parts:
            if part.means and not _has_part(same, part):
                return part.path
    return rule.reasons[0]


def _has_part(policy: Mapping[str, Any] | None, part: Part) -> bool:
    _, rules, _, field, _ = part.path
    its = ((policy or {}).get("spec") or {}).get(rules) or ()
    return any(part.value in (rule.get(field) or ()) for rule in its)


# ---------------------------------------------------------------- what is left without them


class Left:
    """Two clusters without the parts that were found responsible for connections so far."""

    def __init__(self, parts: Parts, one: Cluster, other: Cluster) -> None:
        self.parts, self.one, self.other = parts, one, other
        self.gone: tuple[set[Place], set[Place]] = set(), set()

    def excludes(self, origin: Any, destination: Any, port: int, protocol: str) -> bool:
        """Leaves out what is responsible for this connection; is that anything more than before?"""
        ends = origin, destination, port, protocol
        passing, held = (explain(self.parts, c, *ends) for c in (self.one, self.other))
        before = sum(map(len, self.gone))
        for each in responsible(passing, held, self.one, self.other):
            lets = [n for n in each.lets if _action(n) in LETTING]
            fresh = [n for n in lets if not _is_there(n, self.other)]
            holds = [n for n in each.holds if not _is_there(n, self.one)]
            if fresh or (lets and not holds):
                self.gone[0].update(_place(n, self.one) for n in fresh or lets)
            else:
                self.gone[1].update(_place(n, self.other) for n in holds or each.holds)
        return sum(map(len, self.gone)) > before

    @property
    def places(self) -> tuple[set[Place], set[Place]]:
        """What is gone of both, as places; a rule goes with its last peer or port, since without any it
        means all.
        """
        return _with_rules(self.one, self.gone[0]), _with_rules(self.other, self.gone[1])

    @property
    def clusters(self) -> tuple[Cluster | None, Cluster | None]:
        """What is left of both; None where nothing was left out."""
        left = [
            _left(c, gone) if gone else None
            for c, gone in zip((self.one, self.other), self.places, strict=True)
        ]
        return left[0], left[1]


def _action(named: Named) -> str:
    policy, path = named
    return str(policy.object["spec"][path[1]][path[2]].get("action") or "") if path else ""


def _place(named: Named, cluster: Cluster) -> Place:
    policy, path = named
    objects = cluster[policy.kind.field]
    return (policy.kind.field, next(n for n, each in enumerate(objects) if each is policy.object), *path)


def _with_rules(cluster: Cluster, gone: Collection[Place]) -> set[Place]:
    places = set(gone)
    for place in gone:
        if len(place) > IN_RULE and set(_siblings(cluster, place)) <= places:
            places.add(place[:IN_RULE])
    return places


def _left(cluster: Cluster, gone: Collection[Place]) -> Cluster:
    made = without(cluster, gone)
    assert isinstance(made, dict)
    return made


def _siblings(cluster: Any, place: Place) -> Iterator[Place]:
    for part in place[:-1]:
        cluster = cluster[part]
    return iter([(*place[:-1], n) for n in range(len(cluster))])
