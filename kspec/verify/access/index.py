"""Knows the edges of a cluster by what they need, and what an identity has by bindings: its rules, and the
requests that they allow, as bits.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kspec.verify.access.edges import Cluster, Edge, Edges, Power, Value, call, read_edges
from kspec.verify.access.grants import Allowed

IDENTITY, RULES = "identity", "rules"
GRANTED, SHARED = "granted", "shared"
"""Rules that are everyone's whom one has become; and where the rights of each are."""
KEYS = ("user", "group")


@dataclass(frozen=True, slots=True)
class Held:
    """What an identity has by bindings: its rules, by number, and the requests that they allow, as bits."""

    keys: tuple[int, ...]
    rules: tuple[int, ...]
    allowed: int
    wide: int
    """Those of them that hold everywhere."""


class Index:
    """The edges of one cluster, and what identities have without any of them."""

    def __init__(self, cluster: Cluster, admission: Value, also: Sequence[tuple[str, Value]] = ()) -> None:
        self.cluster = cluster
        with uncollected():
            self.edges: Edges = read_edges(cluster, admission, also)
        self.allowed = Allowed(self.edges.requests)
        self._contents, self._keys = call("contentsOf"), call("keysOf")
        self._bits: dict[int, int] = {}
        self._held: dict[int, Held] = {}
        self._singles: dict[int, tuple[Edge, ...]] = {}
        self.bound: dict[int, list[int]] = defaultdict(list)
        self.single: dict[int, list[Edge]] = defaultdict(list)
        self.joint: dict[int, list[Edge]] = {}
        self.joint_by_first: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
        self.joint_by: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
        self._conditional_within: dict[int, tuple[int, ...]] = {}
        self._joint_within: dict[int, tuple[tuple[int, Edge], ...]] = {}
        self.waiting: dict[int, list[Edge]] = defaultdict(list)
        self.masks: dict[tuple[int, ...], int] = {}
        for edge in self.edges.edges:
            self._index(edge)
        edges = self.edges.edges
        self.together = bits_of({r for e in edges if len(e.requests) > 1 for r in e.requests})
        """The requests that some edge needs with others."""
        self.conditional = bits_of({r for e in edges if e.having for r in e.requests})
        """The requests of edges that need more than requests."""
        self.joint_firsts = bits_of(self.joint_by_first)
        spaces: dict[str, list[int]] = defaultdict(list)
        for number, request in enumerate(self.edges.requests):
            spaces[request.namespace].append(number)
        self.within = {namespace: bits_of(numbers) for namespace, numbers in spaces.items()}
        """By namespace: the requests in it."""
        self.admin = self.edges.power({"what": "cluster-admin"})

    def _index(self, edge: Edge) -> None:
        powers = self.edges.powers
        if is_bound(edge, powers):
            self.bound[edge.having[0]].append(edge.gains)
        elif edge.having:
            for power in edge.having:
                self.waiting[power].append(edge)
        elif len(edge.requests) == 1:
            self.single[edge.requests[0]].append(edge)
        else:
            mask = self.mask(edge)
            self.joint.setdefault(mask, []).append(edge)
            self.joint_by_first[edge.requests[0]].append((mask, edge))
            for request in edge.requests:
                self.joint_by[request].append((mask, edge))

    # ---------------------------------------------------------------- what an identity has by bindings

    def identity(self, user: str, groups: Sequence[str]) -> int:
        """The number of an identity as a power."""
        return self.edges.power({"what": IDENTITY, "name": user, "groups": list(groups)})

    def power(self, number: int) -> Power:
        return self.edges.powers[number]

    def bits(self, rules: int) -> int:
        """The requests that a power of rules allows."""
        found = self._bits.get(rules)
        if found is None:
            found = self._bits[rules] = self.allowed.by(self.contents(rules), self.power(rules).namespace)
        return found

    def contents(self, rules: int) -> list[Mapping[str, Any]]:
        """What a power of rules says."""
        found: list[Mapping[str, Any]] = self._contents(self.power(rules).value(), self.cluster)
        return found

    def held(self, identity: int) -> Held:
        found = self._held.get(identity)
        if found is None:
            keys = tuple(self.edges.power(k) for k in self._keys(self.power(identity).value()))
            rules = tuple(dict.fromkeys(r for key in keys for r in self.bound.get(key, ())))
            allowed = wide = 0
            for each in rules:
                allowed |= self.bits(each)
                wide |= 0 if self.power(each).namespace else self.bits(each)
            found = self._held[identity] = Held(keys, rules, allowed, wide)
        return found

    def singles(self, rules: int) -> tuple[Edge, ...]:
        """The edges that rules alone, one request each, are enough for."""
        found = self._singles.get(rules)
        if found is None:
            found = self._singles[rules] = tuple(
                e for r in ones(self.bits(rules)) for e in self.single.get(r, ())
            )
        return found

    def joint_within(self, identity: int) -> tuple[tuple[int, Edge], ...]:
        """The edges of several requests, all of which this identity may make."""
        found = self._joint_within.get(identity)
        if found is None:
            allowed = self.held(identity).allowed
            found = self._joint_within[identity] = tuple(
                (mask, edge)
                for first in ones(allowed & self.joint_firsts)
                for mask, edge in self.joint_by_first[first]
                if mask & allowed == mask
            )
        return found

    def conditional_within(self, identity: int) -> tuple[int, ...]:
        """The requests that edges need beside powers, and that this identity may make."""
        found = self._conditional_within.get(identity)
        if found is None:
            found = tuple(ones(self.held(identity).allowed & self.conditional))
            self._conditional_within[identity] = found
        return found

    def mask(self, edge: Edge) -> int:
        found = self.masks.get(edge.requests)
        if found is None:
            found = self.masks[edge.requests] = sum(1 << request for request in set(edge.requests))
        return found


def is_bound(edge: Edge, powers: Sequence[Power]) -> bool:
    """Does a binding give rules to a user or a group here?"""
    gives = len(edge.having) == 1 and not edge.requests and powers[edge.gains].what == RULES
    return gives and powers[edge.having[0]].what in KEYS


@contextmanager
def uncollected() -> Iterator[None]:
    """Many small values are made and kept: looking for garbage among them is a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def bits_of(numbers: Iterable[int]) -> int:
    """A number with ones at these places."""
    places = tuple(numbers)
    found = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


def ones(mask: int) -> Iterator[int]:
    """The places of the ones in a number. As a text: of thousands of digits few are ones."""
    digits = f"{mask:b}"[::-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)
