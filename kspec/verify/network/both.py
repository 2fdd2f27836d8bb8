"""Knows two clusters as one value: what both have is there once, a policy of one where a variable says so.

Each part of such a policy has a switch, so that what was read once is put in place for either cluster, and
for what is left of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Inputs
from kspec.runtime.symbolic.substitute import Instance, Replaceable
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import SymList, SymRecord
from kspec.verify.network.parts import Parts, Policy, PolicyKind
from kspec.verify.switches import Path as Place
from kspec.verify.switches import switched

Cluster = Mapping[str, Any]
IN_POLICY = 2
"""So long is the place of a policy in a cluster: its list and its number."""


class Both:
    """Two clusters that differ in their policies alone."""

    def __init__(self, one: Cluster, other: Cluster, parts: Parts, apart: Collection[int] = ()) -> None:
        """`apart`: the ids of policies that have switches though both clusters have them."""
        self.one, self.other, self.parts, self.apart = one, other, parts, apart
        self.is_other = t.bool_var("in the other")
        self.switches: dict[tuple[int, Place], Term] = {}
        self.fields: dict[str, tuple[Term, object]] = {
            kind.field: (t.TRUE, SymList(list(self._policies(kind, apart))))
            for kind in parts.kinds
            if one.get(kind.field) or other.get(kind.field)
        }
        self.replaceable = Replaceable([self.is_other, *self.switches.values()])
        self.value = SymRecord(self.fields, with_namespaces(one, other))

    def _policies(self, kind: PolicyKind, apart: Collection[int]) -> Iterator[tuple[Term, object]]:
        """By namespace and name, as in any cluster."""
        ours = {self._key(kind, p): p for p in self.one.get(kind.field) or ()}
        theirs = {self._key(kind, p): p for p in self.other.get(kind.field) or ()}
        for key in sorted({*ours, *theirs}):
            mine, its = ours.get(key), theirs.get(key)
            if mine is not None and its is not None and (mine is its or mine == its):
                has_switches = id(mine) in apart or id(its) in apart
                yield self._with_switches(kind, mine, its) if has_switches else (t.TRUE, mine)
                continue
            for policy, guard in ((mine, t.not_(self.is_other)), (its, self.is_other)):
                if policy is not None:
                    there, value = self._with_switches(kind, policy)
                    yield t.and_(guard, there), value

    def _with_switches(self, kind: PolicyKind, policy: Cluster, same: Cluster | None = None) -> Any:
        """(is it there, itself); of a policy that the other cluster has too, the switches are one."""
        named = len(self.switches)
        switches = {place: t.bool_var(f"part {named} {place}") for place in parts_of(kind, policy)}
        there = t.bool_var(f"part {named}")
        for each in (policy, policy if same is None else same):
            self.switches |= {(id(each), place): switch for place, switch in switches.items()}
            self.switches[id(each), ()] = there
        return there, switched(policy, switches)

    def _key(self, kind: PolicyKind, policy: Cluster) -> tuple[str, str]:
        its = Policy(kind, policy)
        return its.namespace, its.name

    def lacking(self, other: bool, gone: Collection[Place]) -> set[int]:
        """The ids of policies that have no switch, though parts of them are gone."""
        return {
            id(self._policy(other, p)) for p in gone if (id(self._policy(other, p)), ()) not in self.switches
        }

    def _policy(self, other: bool, place: Place) -> Cluster:
        found: Cluster = (self.other if other else self.one)[str(place[0])][place[1]]
        return found

    def instance(self, other: bool, gone: Collection[Place]) -> Instance:
        """One of the clusters, without the parts at these places."""
        off = {(id(self._policy(other, place)), place[IN_POLICY:]) for place in gone}
        values = {switch: t.truth(key not in off) for key, switch in self.switches.items()}
        return Instance(self.replaceable, {**values, self.is_other: t.truth(other)})


Gone = tuple[bool, Collection[Place]]
"""Which cluster (the other?), and the places of what is gone of it."""


class BothRead:
    """What was read of both clusters, over these open values."""

    def __init__(self, both: Both, inputs: Inputs, read: object) -> None:
        self.both, self.inputs, self.read = both, inputs, read
        self.questions = {path: tuple(used.questions) for path, used in inputs.lists.items()}
        self.said: dict[tuple[bool, frozenset[Place]], object] = {}

    @property
    def apart(self) -> set[int]:
        return set(self.both.apart)

    def lacking(self, asked: Collection[Gone]) -> set[int]:
        return {each for other, gone in asked for each in self.both.lacking(other, gone)}

    def says(self, other: bool, gone: frozenset[Place]) -> object:
        """What one of the clusters says. The questions about open lists are asked for it too."""
        key = other, gone
        if key not in self.said:
            instance = self.both.instance(other, gone)
            for path, questions in self.questions.items():
                for each in questions:
                    self.inputs.lists[path].ask(instance.question(each))
            self.said[key] = instance.condition(self.read)
        return self.said[key]


def parts_of(kind: PolicyKind, policy: Cluster) -> Iterator[Place]:
    """The places of the rules of a policy, and of their peers and ports."""
    for fields in kind.fields.values():
        for n, rule in enumerate((policy.get("spec") or {}).get(fields.rules) or ()):
            place: Place = ("spec", fields.rules, n)
            yield place
            for name in (fields.peers, fields.ports):
                yield from ((*place, name, m) for m in range(len(rule.get(name) or ())))


def differ_in_policies_alone(one: Cluster, other: Cluster, parts: Parts) -> bool:
    """Is all else that the rules read of a cluster the same? Namespaces that one of them lacks do not
    matter: a pod that could exist says itself what the labels of its namespace are.
    """
    policies = {kind.field for kind in parts.kinds}
    labels = [
        {n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in c.get("namespaces") or ()}
        for c in (one, other)
    ]
    names = labels[0].keys() & labels[1].keys()
    return (
        all(labels[0][name] == labels[1][name] for name in names)
        and all((one.get(f) or []) == (other.get(f) or []) for f in parts.read - policies - {"namespaces"})
        and all(_is_in_order(kind, c) for kind in parts.kinds for c in (one, other))
    )


def _is_in_order(kind: PolicyKind, cluster: Cluster) -> bool:
    """Are the policies of a kind in order of namespace and name, and is each there once?"""
    keys = [(its.namespace, its.name) for p in cluster.get(kind.field) or () for its in (Policy(kind, p),)]
    return keys == sorted(set(keys))


def with_namespaces(one: Cluster, other: Cluster) -> Cluster:
    """The cluster, with the namespaces of the other that it lacks: a pod of one that could exist must suit
    both.
    """
    own = list(one.get("namespaces") or ())
    names = {n["metadata"]["name"] for n in own}
    more = [n for n in other.get("namespaces") or () if n["metadata"]["name"] not in names]
    return {**one, "namespaces": own + more} if more else one
