"""Knows how the solver checks that a set of powers is an inductive invariant, from the rules alone.

Whoever has no more than the set gains no more: no identity inside of it may make all requests of an edge that
leads out. What bindings grant is read symbolically, with the identity and its requests open. What the search
that made the set knows is only used to ask less: whatever is claimed by it is asked of the solver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic
from typing import Any

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.outcomes import condition_of, term_of
from kspec.runtime.symbolic.rulebook import load_symbolic
from kspec.runtime.symbolic.rules import remembering
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import SymBool, SymList, SymRecord, SymStr
from kspec.solve.decide import decide
from kspec.solve.query import Query, read
from kspec.solve.verdict import Holds, Violated, Witness
from kspec.source import InternalError
from kspec.verify.access.closure import Closure
from kspec.verify.access.edges import REQUEST_FIELDS, Asked, Edge, call
from kspec.verify.access.index import GRANTED, IDENTITY, KEYS, SHARED, Index

Requests = Sequence[tuple[int, ...]]
"""Requests by number that one identity makes together."""
NAMESPACE = REQUEST_FIELDS.index("namespace")
MOMENT = 0.001
"""Seconds: what is left of a time that is over."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Anyone who could exist but these users, and whoever is in one of these groups."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invariant:
    """Powers by number that are claimed to hold the `starts` and to be closed. With `strangers`, these make
    requests too, beside the identities that are powers.
    """

    starts: frozenset[int]
    powers: frozenset[int]
    strangers: Strangers | None = None

    @staticmethod
    def of(closures: Sequence[Closure], strangers: Strangers | None = None) -> Invariant:
        """What some closures hold together."""
        powers = frozenset(p for c in closures for p in c.ways)
        return Invariant(frozenset(c.start for c in closures), powers, strangers)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What came of the check. `told` is "" if the set is closed; else what leads out or, with `undecided`,
    why that is not known.
    """

    powers: int
    identities: int
    edges: int
    """So many edges would lead out."""
    seconds: float
    told: str = ""
    undecided: bool = False
    together: bool = False
    """Is it one set for all who begin, whoever they are?"""

    @property
    def holds(self) -> bool:
        return not self.told


def checked(certificate: Certificate) -> Certificate:
    """A certificate that does not say that a set is not closed, which would be a mistake of ours."""
    if not certificate.holds and not certificate.undecided:
        raise InternalError(f"a closure is not closed: {certificate.told}")
    return certificate


class Certifier:
    """Checks sets of powers of one cluster. What bindings grant is read once for all of them. `groups`:
    those that strangers are not in.
    """

    def __init__(self, reach: Index, groups: Sequence[str] = ()) -> None:
        self.reach, self._but = reach, groups
        self.who = self._identity("")
        self._made: list[_Asked] = []
        self._others: list[_Other] = []

    def certify(self, invariant: Invariant, timeout: float) -> Certificate:
        """Ask the solver whether a step leads out of this set; `timeout` in seconds."""
        return _Check(self, invariant).certificate(timeout)

    def certify_each(
        self, closures: Sequence[Closure], strangers: Strangers | None, timeout: float
    ) -> Certificate:
        """That each closure is closed: all of them as one set, which holds the strangers too, if that is
        closed; else in ever smaller parts, as together they may come to more than each.
        """
        until = monotonic() + timeout
        found = self.certify(Invariant.of(closures, strangers), timeout)
        if found.holds or found.undecided:
            return replace(found, together=strangers is not None)
        return self._in_parts(closures, until)

    def _in_parts(self, closures: Sequence[Closure], until: float) -> Certificate:
        left = until - monotonic()
        if left <= 0:
            return Certificate(0, 0, 0, 0.0, "there was no time to check all closures", undecided=True)
        whole = self.certify(Invariant.of(closures), left)
        if whole.holds or whole.undecided or len(closures) == 1:
            return whole
        half = len(closures) // 2
        one, other = (self._in_parts(part, until) for part in (closures[:half], closures[half:]))
        worse = next((c for c in (one, other) if not c.holds), one)
        return replace(
            worse,
            powers=max(one.powers, other.powers),
            identities=max(one.identities, other.identities),
            edges=max(one.edges, other.edges),
            seconds=one.seconds + other.seconds,
        )

    def request(self, place: int) -> _Asked:
        """The request that someone makes in this place of several."""
        while len(self._made) <= place:
            words = tuple(t.text_var(f"{name} {len(self._made) + 1}") for name in REQUEST_FIELDS)
            fields: dict[str, tuple[Term, object]] = {"resourceRequest": (t.TRUE, True)}
            fields |= {n: (t.TRUE, SymStr(word)) for n, word in zip(REQUEST_FIELDS, words, strict=True)}
            record = SymRecord(fields)
            with remembering():
                granted = _ask("bindingGrants", self.holdings, self.who, record)
            self._made.append(_Asked(words, record, granted))
        return self._made[place]

    def other(self, place: int) -> _Other:
        """Someone else, and whether bindings grant them the request in this place: by any, by those that hold
        everywhere.
        """
        while len(self._others) <= place:
            who, asked = self._identity(f" {len(self._others) + 1}"), self.request(len(self._others)).record
            wide = [h for h in self.holdings if not h.get("namespace")]
            with remembering():
                any_, everywhere = (_ask("bindingGrants", h, who, asked) for h in (self.holdings, wide))
            self._others.append(_Other(who, any_, everywhere))
        return self._others[place]

    def _identity(self, mark: str) -> SymRecord:
        """Someone, of whom the user and each group that matters is open."""
        groups = SymList((t.bool_var(f"in {g}{mark}"), g) for g in self.groups)
        return SymRecord({"user": (t.TRUE, SymStr(t.text_var(f"user{mark}"))), "groups": (t.TRUE, groups)})

    @cached_property
    def holdings(self) -> list[Mapping[str, Any]]:
        """What each binding hands out. The rules of one role are one value, so that they are read once."""
        same: dict[tuple[int, ...], object] = {}
        return [
            {**h, "rules": same.setdefault(tuple(map(id, h.get("rules") or ())), h.get("rules") or [])}
            for h in call("holdings")(self.reach.cluster)
        ]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups that some binding names, or that strangers are not in: no rule tells others apart."""
        meant = call("meantBy")
        named = (meant(s, "") for h in self.holdings for s in h.get("subjects") or ())
        special = (*call("specialGroups")(), *self._but)
        return tuple(dict.fromkeys((*(g for who in named for g in who["groups"]), *special)))

    @cached_property
    def listed(self) -> Mapping[tuple[str, ...], Sequence[str]]:
        """By all other words of a request, the names that edges list."""
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for request in self.reach.edges.requests:
            if request.name != self.reach.allowed.any_name:
                found[_words(request)[:-1]].append(request.name)
        return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """An open request: its words, itself, and whether bindings grant it to who asks."""

    words: tuple[Term, ...]
    record: SymRecord
    granted: Term


@dataclass(frozen=True, slots=True)
class _Other:
    """Another open identity, and what it is granted."""

    who: SymRecord
    granted: Term
    everywhere: Term


class _Check:
    def __init__(self, certifier: Certifier, invariant: Invariant) -> None:
        self.certifier, self.invariant, self.reach = certifier, invariant, certifier.reach
        inside, power = invariant.powers, self.reach.power
        by_what: dict[str, list[int]] = defaultdict(list)
        for number in sorted(inside):
            by_what[power(number).what].append(number)
        self.identities, self.granted = by_what[IDENTITY], by_what[GRANTED]
        self.shared = [power(p).namespace for p in by_what[SHARED]]
        edges = self.reach.edges.edges
        self.leading = [e for e in edges if e.gains not in inside and inside.issuperset(e.having)]
        self.began = monotonic()

    def certificate(self, timeout: float) -> Certificate:
        outside = self.outside()
        if outside is not None:
            return self.made(f"{self.reach.power(outside)!r} is not in it")
        refused, split = self.refused()
        for requests in ({1: refused} if refused else {}, split):
            if not requests:
                continue
            query = self.query(requests)
            left = timeout - (monotonic() - self.began)
            verdict = decide(query, lambda found: Witness(found), max(left, MOMENT))
            if isinstance(verdict, Violated):
                assert verdict.witness is not None
                return self.made(f"a step leads out: {verdict.witness.values!r}")
            if not isinstance(verdict, Holds):
                return self.made(verdict.reason, undecided=True)
        return self.made()

    def made(self, told: str = "", undecided: bool = False) -> Certificate:
        sizes = len(self.invariant.powers), len(self.identities), len(self.leading)
        return Certificate(*sizes, monotonic() - self.began, told, undecided)

    # ---------------------------------------------------------------- what needs no request

    def outside(self) -> int | None:
        """What is left out that takes no request: a start, the user and groups of an identity, what an edge
        gains by powers alone, of the set or of a stranger.
        """
        keys = call("keysOf")
        needed = [*self.invariant.starts]
        for identity in self.identities:
            needed += [self.reach.edges.power(k) for k in keys(self.reach.power(identity).value())]
        needed += [e.gains for e in self.leading if not e.requests]
        if (but := self.invariant.strangers) is not None:
            needed += [e.gains for e in self.reach.edges.edges if self.leads(e, but)]
        return next((p for p in needed if p not in self.invariant.powers), None)

    def leads(self, edge: Edge, strangers: Strangers) -> bool:
        """Does an edge lead out that hangs on who a stranger is?"""
        inside = self.invariant.powers
        own = [self.reach.power(p) for p in edge.having if p not in inside]
        users = {p.name for p in own if p.what == "user"}
        if edge.gains in inside or not own or any(p.what not in KEYS for p in own) or len(users) > 1:
            return False
        who = {"user": next(iter(users), ""), "groups": [p.name for p in own if p.what == "group"]}
        return bool(call("isAnyoneBut")(who, list(strangers.users), list(strangers.groups)))

    # ---------------------------------------------------------------- what needs requests

    def refused(self) -> tuple[Requests, Mapping[int, Requests]]:
        """Of each edge that leads out one request that nobody inside may make, as the index has it; and, by
        how many they are, the requests of edges of which each may be made, but not all by one identity.
        """
        able = 0
        for identity in self.identities:
            able |= self.reach.held(identity).allowed
        for rules in self.granted:
            able |= self.reach.bits(rules)
        refused: dict[tuple[int, ...], None] = {}
        split: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for edge in self.leading:
            one = next((r for r in edge.requests if not able >> r & 1), None)
            if one is None:
                split[len(edge.requests)].append(edge.requests)
            else:
                refused[(one,)] = None
        return tuple(refused), split

    def query(self, by_count: Mapping[int, Requests]) -> Query:
        """Does any identity that is inside make all requests of one of these?"""
        asked = [self.certifier.request(n) for n in range(max(by_count))]
        step = t.FALSE
        with remembering():
            for count in range(len(asked), 0, -1):
                words = [word for each in asked[:count] for word in each.words]
                leads = self.trie(by_count.get(count, ()), words)
                step = t.and_(self.allowed(count - 1, len(asked) > 1), t.or_(leads, step))
            inside = read("who asks is inside", SymBool(self.inside(self.certifier.who)))
        goal = read("no step leads out", SymBool(t.not_(step)))
        named = {f"request {n + 1}": each.record for n, each in enumerate(asked)}
        return Query({"who": self.certifier.who, **named}, (), (inside,), goal)

    def inside(self, who: SymRecord) -> Term:
        """Is this one of the identities of the set, or a stranger? Of groups those matter that are named."""
        matter = set(self.certifier.groups)
        powers = [self.reach.power(p) for p in self.identities]
        these = [{"user": p.name, "groups": [g for g in p.groups if g in matter]} for p in powers]
        found = _ask("isAmong", who, these)
        if (but := self.invariant.strangers) is not None:
            found = t.or_(found, _ask("isAnyoneBut", who, list(but.users), list(but.groups)))
        return found

    def allowed(self, place: int, with_others: bool) -> Term:
        """Is the request in this place granted to who asks: by bindings, by rules that are handed to everyone
        inside or, where rights are shared, as it is to another? What is shared is no more than somebody has.
        """
        asked = self.certifier.request(place)
        found, namespace = asked.granted, asked.words[NAMESPACE]
        if self.granted:
            powers = [self.reach.power(p).value() for p in self.granted]
            found = t.or_(found, _ask("grantedTo", powers, asked.record, self.reach.cluster))
        if self.shared and with_others:
            other = self.certifier.other(place)
            here = t.any_of(t.eq(namespace, t.text(n)) for n in self.shared if n)
            everywhere = other.everywhere if "" in self.shared else t.FALSE
            found = t.or_(
                found, t.and_(self.inside(other.who), t.or_(t.and_(here, other.granted), everywhere))
            )
        return found

    def trie(self, requests: Requests, words: Sequence[Term]) -> Term:
        """Are these words those of some of the requests? What begins alike is asked once."""
        root: dict[Any, Any] = {}
        for numbers in requests:
            node = root
            for number in numbers:
                for word in self.spelt(self.reach.edges.requests[number]):
                    node = node.setdefault(word, {})
        return _any_of(root, words)

    def spelt(self, request: Asked) -> tuple[object, ...]:
        """The words of a request. `<any>` as a name stands for every name that no edge lists there."""
        words = _words(request)
        if request.name != self.reach.allowed.any_name:
            return words
        return (*words[:-1], _NoneOf(tuple(self.certifier.listed.get(words[:-1], ()))))


@dataclass(frozen=True, slots=True)
class _NoneOf:
    """Every word but these."""

    words: tuple[str, ...]


def _words(request: Asked) -> tuple[str, ...]:
    r = request
    return (r.verb, r.api_group, r.resource, r.subresource, r.namespace, r.name)


def _any_of(node: Mapping[Any, Any], words: Sequence[Term]) -> Term:
    if not words:
        return t.TRUE
    return t.any_of(t.and_(_is(words[0], word), _any_of(below, words[1:])) for word, below in node.items())


def _is(term: Term, word: object) -> Term:
    if isinstance(word, _NoneOf):
        return t.not_(t.any_of(t.eq(term, t.text(each)) for each in word.words))
    return t.eq(term, t.text(str(word)))


def _ask(rule: str, *values: object) -> Term:
    """What a rule says of open values."""
    function: Callable[..., object] = load_symbolic()[f"access/{rule}"]
    return term_of(condition_of(function(*values)))
