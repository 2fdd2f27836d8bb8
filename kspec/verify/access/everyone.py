"""Knows what each of many identities can come to have, all at once: for each power, who has it, as bits.

The same least fixpoint as `closure`, computed in rounds for all of them together, and without ways. Whoever
is cluster-admin has everything; of them only that is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from kspec.resources.load import paused_collector
from kspec.verify.access.edges import Edge
from kspec.verify.access.index import GRANTED, IDENTITY, SHARED, Index, ones


class Everyone:
    """Who comes to have what: `who[power]` has a bit for each of the identities asked about, by its place."""

    @paused_collector()
    def __init__(self, reach: Index, starts: Sequence[int]) -> None:
        self.reach = reach
        self.who: dict[int, int] = defaultdict(int)
        self.granted: dict[int, int] = defaultdict(int)
        """By rules gained on the way: who gained them."""
        self.able: dict[int, int] = defaultdict(int)
        """By request: who may make it, as whichever identity."""
        self.able_wide: dict[int, int] = defaultdict(int)
        """The same, of rules that hold everywhere."""
        self.shared: set[int] = set()
        self.holders: dict[int, dict[int, None]] = defaultdict(dict)
        """By request that edges need with others: the identities that may make it by themselves."""
        self.able_all: dict[int, int] = defaultdict(int)
        """By several requests, as bits: who may make them all as one identity."""
        self.fresh: set[int] = set()
        self.dirty: set[int] = set()
        self.taken: set[int] = set()
        self._gained_by: dict[int, tuple[int, ...]] = {}
        self._watched_by: dict[int, tuple[int, ...]] = {}
        self._joint_within: dict[int, tuple[int, ...]] = {}
        self.conditional = list({e: None for edges in reach.waiting.values() for e in edges})
        self.joint: dict[int, tuple[int, ...]] = {m: edges[0].requests for m, edges in reach.joint.items()}
        """By several requests, as bits, the same as numbers."""
        self.joint |= {reach.mask(e): e.requests for e in self.conditional if len(e.requests) > 1}
        self.firsts: dict[int, list[int]] = defaultdict(list)
        self.watched, self.first_bits = 0, 0
        self._index()
        for place, start in enumerate(starts):
            self.gain(start, 1 << place)
        while self.fresh:
            self.round()

    def _index(self) -> None:
        for mask in self.joint:
            first = (mask & -mask).bit_length() - 1
            self.firsts[first].append(mask)
            self.first_bits |= 1 << first
            self.watched |= mask
        self.watched |= self.reach.conditional

    def gain(self, power: int, who: int) -> None:
        more = who & ~self.who[power]
        if power != self.reach.admin:
            more &= ~self.who[self.reach.admin]
        if more:
            self.who[power] |= more
            self.fresh.add(power)

    def round(self) -> None:
        fresh, self.fresh = sorted(self.fresh), set()
        for power in fresh:
            what = self.reach.power(power).what
            if what == IDENTITY:
                self.take_identity(power)
            elif what == GRANTED:
                self.granted[power] |= self.who[power]
                self.dirty.add(power)
            elif what == SHARED:
                self.shared.add(power)
        for rules in sorted(self.dirty):
            self.take_rules(rules)
        self.dirty.clear()
        if self.granted or self.shared:
            self.mix()
        for edge in self.conditional:
            self.take(edge)
        for mask, edges in self.reach.joint.items():
            if who := self.able_all.get(mask):
                for edge in edges:
                    self.gain(edge.gains, who)

    def take(self, edge: Edge) -> None:
        """An edge for those who have all that it needs."""
        who = self.who[edge.having[0]]
        for power in edge.having[1:]:
            who &= self.who[power]
        if who and edge.requests:
            if len(edge.requests) == 1:
                who &= self.able[edge.requests[0]]
            else:
                who &= self.able_all[self.reach.mask(edge)]
        if who:
            self.gain(edge.gains, who)

    def take_identity(self, identity: int) -> None:
        held, who = self.reach.held(identity), self.who[identity]
        for key in held.keys:
            self.who[key] |= who
        for rules in held.rules:
            if who & ~self.who[rules] or rules not in self.taken:
                self.who[rules] |= who
                self.dirty.add(rules)
        if not self.is_admin(identity):
            if identity not in self._joint_within:
                for request in ones(held.allowed & self.reach.together):
                    self.holders[request][identity] = None
            for mask in self.joint_within(identity):
                self.able_all[mask] |= who

    def joint_within(self, identity: int) -> tuple[int, ...]:
        """Several requests at a time, of those that matter, which this identity may make all."""
        found = self._joint_within.get(identity)
        if found is None:
            allowed = self.reach.held(identity).allowed
            found = self._joint_within[identity] = tuple(
                mask
                for first in ones(allowed & self.first_bits)
                for mask in self.firsts[first]
                if mask & allowed == mask
            )
        return found

    def watched_by(self, rules: int) -> tuple[int, ...]:
        """The requests that matter beside powers, and that these rules allow."""
        found = self._watched_by.get(rules)
        if found is None:
            found = self._watched_by[rules] = tuple(ones(self.reach.bits(rules) & self.watched))
        return found

    def is_admin(self, identity: int) -> bool:
        """Is nothing to be gained beyond what it is?"""
        admin = self.reach.admin
        return any(self.gained_by(rules) == (admin,) for rules in self.reach.held(identity).rules)

    def take_rules(self, rules: int) -> None:
        who = self.who[rules]
        self.taken.add(rules)
        for power in self.gained_by(rules):
            self.gain(power, who)
        wide = not self.reach.power(rules).namespace
        for request in self.watched_by(rules):
            self.able[request] |= who
            if wide:
                self.able_wide[request] |= who

    def gained_by(self, rules: int) -> tuple[int, ...]:
        """The powers that these rules alone are enough for."""
        found = self._gained_by.get(rules)
        if found is None:
            gains = dict.fromkeys(edge.gains for edge in self.reach.singles(rules))
            admin = self.reach.admin
            found = self._gained_by[rules] = (admin,) if admin in gains else tuple(gains)
        return found

    def mix(self) -> None:
        """Several requests, of which rules gained on the way allow some, and an identity the others."""
        by_request: dict[int, int] = defaultdict(int)
        for rules, who in self.granted.items():
            for request in self.watched_by(rules):
                by_request[request] |= who
        for power in sorted(self.shared):
            namespace = self.reach.power(power).namespace
            able = self.able if namespace else self.able_wide
            within = self.reach.within.get(namespace, 0) if namespace else -1
            for request in ones(within & self.watched):
                if who := self.who[power] & able[request]:
                    by_request[request] |= who
        for mask, requests in self.joint.items():
            possible, all_, some = -1, -1, 0
            for request in requests:
                possible &= self.able.get(request, 0)
                if not possible:
                    break
                all_ &= by_request.get(request, 0)
                some |= by_request.get(request, 0)
            if possible & some:
                done = self.able_all[mask] = self.able_all[mask] | (all_ & possible)
                possible &= some & ~done
                if possible:
                    self.mix_identities(mask, requests, possible, by_request)

    def mix_identities(
        self, mask: int, requests: Sequence[int], possible: int, by_request: dict[int, int]
    ) -> None:
        """Those who have become an identity that may make some of the requests by itself."""
        for identity in dict.fromkeys(i for request in requests for i in self.holders[request]):
            who = self.who[identity] & possible
            allowed = self.reach.held(identity).allowed if who else 0
            for request in requests if who else ():
                if not allowed >> request & 1:
                    who &= by_request[request]
            self.able_all[mask] |= who
