"""Knows how the solver checks that a set of powers is an inductive invariant, from the rules alone.

Whoever has no more than the set gains no more: no identity inside of it may make all requests of an edge that
leads out. What bindings grant is read symbolically, with the identity and its requests open. What the search
that made the set knows is only used to ask less: whatever is claimed by it is asked of the solver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from kspec.verify.access.closure import IDENTITY, Reach
from kspec.verify.access.edges import REQUEST_FIELDS, Asked, Edge, call

Requests = Sequence[tuple[int, ...]]
"""Requests by number that one identity makes together."""
KEYS = ("user", "group")
MOMENT = 0.001
"""Seconds: what is left of a time that is over."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Anyone who could exist but these users, and whoever is in one of these groups."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invariant:
    """Powers by number that are claimed to be closed, and the rules among them that are gained on the way. With
    `strangers`, they make requests too, beside the identities that are powers.
    """

    powers: frozenset[int]
    gained: frozenset[int]
    strangers: Strangers | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What came of the check. `told` is "" if the set is closed; else what leads out or, with `undecided`, why
    that is not known.
    """

    powers: int
    identities: int
    edges: int
    """So many edges would lead out."""
    seconds: float
    told: str = ""
    undecided: bool = False

    @property
    def holds(self) -> bool:
        return not self.told


class Certifier:
    """Checks sets of powers of one cluster. What bindings grant is read once for all of them. `groups`: those that
    strangers are not in.
    """

    def __init__(self, reach: Reach, groups: Sequence[str] = ()) -> None:
        self.reach, self._but = reach, groups
        user, in_groups = SymStr(t.text_var("user")), [(t.bool_var(f"in {g}"), g) for g in self.groups]
        self.who = SymRecord({"user": (t.TRUE, user), "groups": (t.TRUE, SymList(in_groups))})
        self._made: list[_Asked] = []

    def certify(self, invariant: Invariant, timeout: float) -> Certificate:
        """Ask the solver whether a step leads out of this set; `timeout` in seconds."""
        return _Check(self, invariant).certificate(timeout)

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


class _Check:
    def __init__(self, certifier: Certifier, invariant: Invariant) -> None:
        self.certifier, self.invariant, self.reach = certifier, invariant, certifier.reach
        inside, power = invariant.powers, self.reach.power
        self.identities = [p for p in sorted(inside) if power(p).what == IDENTITY]
        self.gained = [power(p).value() for p in sorted(invariant.gained)]
        edges = self.reach.edges.edges
        self.leading = [e for e in edges if e.gains not in inside and inside.issuperset(e.having)]
        self.began = monotonic()

    def certificate(self, timeout: float) -> Certificate:
        at_once = self.without_requests()
        if at_once is not None:
            return self.made(f"{at_once.rule} leads out, to {self.reach.power(at_once.gains)!r}")
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

    def without_requests(self) -> Edge | None:
        """An edge that leads out by powers alone: those of the set, or the user and groups of a stranger."""
        found = next((e for e in self.leading if not e.requests), None)
        strangers = self.invariant.strangers
        if found is not None or strangers is None:
            return found
        return next((e for e in self.reach.edges.edges if self.leads(e, strangers)), None)

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
        """Of each edge that leads out one request that nobody inside may make, as the index has it; and, by how
        many they are, the requests of edges of which each may be made, but not all by one identity.
        """
        able = 0
        for identity in self.identities:
            able |= self.reach.held(identity).allowed
        for rules in self.invariant.gained:
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
                step = t.and_(self.allowed(asked[count - 1]), t.or_(leads, step))
            inside = read("who asks is inside", SymBool(self.inside()))
        goal = read("no step leads out", SymBool(t.not_(step)))
        named = {f"request {n + 1}": each.record for n, each in enumerate(asked)}
        return Query({"who": self.certifier.who, **named}, (), (inside,), goal)

    def inside(self) -> Term:
        """Is this one of the identities of the set, or a stranger? Of groups those matter that are mentioned."""
        who, matter = self.certifier.who, set(self.certifier.groups)
        powers = [self.reach.power(p) for p in self.identities]
        these = [{"user": p.name, "groups": [g for g in p.groups if g in matter]} for p in powers]
        found = _ask("isAmong", who, these)
        if (but := self.invariant.strangers) is not None:
            found = t.or_(found, _ask("isAnyoneBut", who, list(but.users), list(but.groups)))
        return found

    def allowed(self, asked: _Asked) -> Term:
        """Do bindings grant it to who asks, or rules that are gained on the way to everyone inside?"""
        if not self.gained:
            return asked.granted
        return t.or_(asked.granted, _ask("gainedGrants", self.gained, asked.record, self.reach.cluster))

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
