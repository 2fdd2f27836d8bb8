"""Knows all that an identity can come to have: the least set of powers that is closed under the edges, each
with its shortest way.

Cheapest first (Knuth's generalisation of Dijkstra's algorithm): a power is settled when its cost is known,
and an edge counts when the last of what it needs is settled. What is settled is closed under all edges, so it
is an inductive invariant: nothing outside of it is ever reached.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kspec.verify.access.edges import Cluster, Edge
from kspec.verify.access.index import GRANTED, IDENTITY, SHARED, Index, ones

REQUEST_COST, EDGE_COST = 1_000_000, 1
ASSUMPTION_COST = 1_000
"""Fewest requests first; among equals the fewest assumptions, then the fewest edges."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a power was come by: an edge, and who made its requests. Without an edge it was there to begin
    with, or is what an identity holds by bindings.
    """

    cost: int
    edge: Edge | None = None
    actor: int | None = None
    granted: tuple[int, ...] = ()
    """The rules gained before without which the actor may not make these requests."""


@dataclass(slots=True)
class Closure:
    """What an identity can come to have: each power by number, with its way; in order of cost."""

    start: int
    ways: dict[int, Way] = field(default_factory=dict)
    holder: dict[int, int] = field(default_factory=dict)
    """Of rules that bindings give: the identity that holds them."""
    shares: dict[int, Way] = field(default_factory=dict)
    """What one identity hands to the others, where rights are shared; made when a way needs it."""

    def way(self, power: int) -> Way:
        found = self.ways.get(power)
        return self.shares[power] if found is None else found


class Reach(Index):
    """The edges of one cluster, asked for the closure of one identity after another."""

    def closure(self, start: int, stop: int | None = None, whole: bool = False) -> Closure:
        """All that this identity can come to have; or until `stop` is known. Who is cluster-admin has
        everything, so the search ends there unless the `whole` is wanted.
        """
        return _Search(self, start, {n for n in (stop, None if whole else self.admin) if n is not None}).run()


class _Search:
    def __init__(self, reach: Reach, start: int, stops: set[int]) -> None:
        self.reach, self.stops = reach, stops
        self.found = Closure(start)
        self.heap: list[tuple[int, int, int, Way]] = []
        self.identities: list[int] = []
        self.granted: list[int] = []
        self.granted_bits = 0
        """The requests that all whom one has become may make, as far as they are needed with others."""
        self.shared: list[int] = []
        self.wide = 0
        """What someone may do everywhere."""
        self.met: set[int] = set()
        """Several requests that some identity may make, as bits."""
        self.actors: dict[int, list[int]] = defaultdict(list)
        """By request that an edge needs beside powers: the identities that may make it."""
        self.able = 0
        """The requests that one may make as someone or other."""
        self.pending: dict[int, list[Edge]] = defaultdict(list)
        """Edges that have all they need, by a request that nobody may make yet."""
        self.split: list[Edge] = []
        """Edges whose requests one may make, but not as one identity."""
        self.count = 0

    def run(self) -> Closure:
        self.push(self.found.start, Way(0))
        ways, powers = self.found.ways, self.reach.edges.powers
        while self.heap:
            _, _, power, way = heapq.heappop(self.heap)
            if power in ways:
                continue
            ways[power] = way
            if power in self.stops:
                return self.found
            what = powers[power].what
            if what == IDENTITY:
                self.take_identity(power)
            elif what == GRANTED:
                self.take_rules(power)
            elif what == SHARED:
                self.shared.append(power)
                self.share()
            self.unblock(power)
        return self.found

    def push(self, power: int, way: Way) -> None:
        if power not in self.found.ways:
            self.count += 1
            heapq.heappush(self.heap, (way.cost, self.count, power, way))

    def take_identity(self, identity: int) -> None:
        """Its keys and rules are there at once; then all that its requests alone gain. What an identity
        before it, at less cost, had as well gains nothing again.
        """
        held, ways = self.reach.held(identity), self.found.ways
        cost = ways[identity].cost
        self.identities.append(identity)
        new = [r for r in held.rules if self.found.holder.get(r) is None]
        for power in (*held.keys, *held.rules):
            if power not in self.found.holder:
                self.found.holder[power] = identity
                if power not in ways:
                    ways[power] = Way(cost)
                    self.unblock(power)
        for rules in new:
            for edge in self.reach.singles(rules):
                self.take_edge(edge, identity)
        for mask, edge in self.reach.joint_within(identity):
            if mask not in self.met:
                self.take_edge(edge, identity)
        self.met.update(mask for mask, _ in self.reach.joint_within(identity))
        self.wide |= held.wide
        self.retry(held.allowed, (identity,))
        if self.granted_bits:
            self.with_granted(held.allowed, [identity])
        self.share()

    def take_rules(self, rules: int) -> None:
        """Rules gained on the way are everyone's whom one has become: one binds them to whom one likes."""
        self.granted.append(rules)
        first, bits = self.identities[0], self.reach.bits(rules)
        for edge in self.reach.singles(rules):
            self.take_edge(edge, first)
        self.grant(bits)

    def share(self) -> None:
        """Where rights are shared, what one of them may do is granted to all."""
        found = 0
        for power in self.shared:
            namespace = self.reach.power(power).namespace
            found |= self.able & self.reach.within.get(namespace, 0) if namespace else self.wide
        if found & self.reach.together & ~self.granted_bits:
            self.grant(found & self.reach.together)

    def grant(self, bits: int) -> None:
        """All may make these requests as well, beside what each may."""
        more = bits & ~self.granted_bits
        self.granted_bits |= bits
        self.retry(bits, ())
        self.with_granted(more, self.identities)

    def with_granted(self, new: int, actors: Sequence[int]) -> None:
        """Edges of several requests, some of them new, and some granted."""
        ways = self.found.ways
        for request in ones(new & self.reach.together):
            for mask, edge in self.reach.joint_by[request]:
                if edge.gains in ways or mask & ~self.able or not mask & self.granted_bits:
                    continue
                for actor in actors:
                    if mask & (self.reach.held(actor).allowed | self.granted_bits) == mask:
                        self.take_edge(edge, actor)
                        break

    def unblock(self, power: int) -> None:
        ways = self.found.ways
        for edge in self.reach.waiting.get(power, ()):
            if edge.gains not in ways and all(p in ways for p in edge.having):
                self.attempt(edge)

    def attempt(self, edge: Edge, actors: Sequence[int] | None = None) -> None:
        """Take an edge whose `having` is there, if someone may make its requests; else put it aside."""
        if not edge.requests:
            self.take_edge(edge, None)
            return
        mask = self.reach.mask(edge)
        missing = mask & ~self.able
        if missing:
            self.pending[(missing & -missing).bit_length() - 1].append(edge)
            return
        for actor in actors or self.candidates(edge):
            if mask & (self.reach.held(actor).allowed | self.granted_bits) == mask:
                self.take_edge(edge, actor)
                return
        self.split.append(edge)

    def candidates(self, edge: Edge) -> Sequence[int]:
        """Who might make its requests: whoever may make the first, in the order in which they came by it."""
        if self.granted_bits:
            return self.identities
        found = self.actors[edge.requests[0]]
        return found[:1] if len(edge.requests) == 1 else found

    def retry(self, allowed: int, actors: Sequence[int]) -> None:
        """Once more may be asked for, by these identities."""
        more = allowed & ~self.able
        self.able |= allowed
        split, self.split = self.split, []
        again: list[Edge] = []
        for actor in actors:
            for request in self.reach.conditional_within(actor):
                self.actors[request].append(actor)
        for request in ones(more & self.reach.conditional):
            again += self.pending.pop(request, ())
        for edge in again:
            if edge.gains not in self.found.ways:
                self.attempt(edge)
        for edge in split:
            if edge.gains not in self.found.ways:
                self.attempt(edge, actors or None)

    def take_edge(self, edge: Edge, actor: int | None) -> None:
        ways = self.found.ways
        if edge.gains in ways:
            return
        cost = EDGE_COST + (ASSUMPTION_COST if edge.assumes else 0)
        cost += REQUEST_COST * len(edge.requests) if edge.how else 0
        cost += sum(ways[p].cost for p in edge.having)
        granted: tuple[int, ...] = ()
        if actor is not None:
            cost += ways[actor].cost
            missing = self.reach.mask(edge) & ~self.reach.held(actor).allowed
            granted = tuple(self.covering(missing))
            cost += sum(self.found.way(p).cost for p in granted)
        self.push(edge.gains, Way(cost, edge, actor, granted))

    def covering(self, missing: int) -> Iterator[int]:
        for rules in self.granted:
            bits = self.reach.bits(rules)
            if bits & missing:
                missing &= ~bits
                yield rules
            if not missing:
                return
        for power in self.shared:
            namespace = self.reach.power(power).namespace
            for identity in self.identities:
                held = self.reach.held(identity)
                bits = held.allowed & self.reach.within.get(namespace, 0) if namespace else held.wide
                if bits & missing:
                    missing &= ~bits
                    yield self.shared_by(identity, power)
                if not missing:
                    return

    def shared_by(self, identity: int, power: int) -> int:
        """What this identity hands to the others, once rights are shared."""
        way = self.found.ways[power]
        if way.actor == identity:
            return power
        who = self.reach.power(identity).value()
        number = self.reach.edges.power({**self.reach.power(power).value(), **who, "what": SHARED})
        if number not in self.found.shares:
            assert way.edge is not None
            edge = replace(way.edge, having=(power,), gains=number)
            cost = way.cost + self.found.ways[identity].cost + REQUEST_COST * len(edge.requests)
            self.found.shares[number] = Way(cost, edge, identity)
        return number


def reach_of(
    cluster: Cluster, pod_security: str, also: Iterable[tuple[str, Mapping[str, Any]]] = ()
) -> Reach:
    """The edges of a cluster; `pod_security` is the level where a namespace says nothing."""
    return Reach(cluster, {"podSecurity": pod_security}, tuple(also))
