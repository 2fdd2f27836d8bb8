"""Knows which identities come to a power, of all that could exist: the least sets of a user and groups.

Who is in more groups gains no less, and what one gains hangs on no other users and groups than those that
edges name. So there are finitely many least sets, and an identity comes to the power exactly if it has one of
them. Each is shown by a path, which is replayed. That nothing is left out is checked by the solver: the
closure of each largest set that does not come to the power is an invariant.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.source import InternalError
from kspec.verify.access.certificate import checked
from kspec.verify.access.closure import Closure
from kspec.verify.access.edges import Power
from kspec.verify.access.escalation import Escalation, Path
from kspec.verify.access.index import IDENTITY
from kspec.verify.access.nobody import reaches
from kspec.verify.access.words import SOMEONE

GROUP, USER = "group", "user"


class NotWorkedOut(Exception):
    """Why the least sets are not known."""


@dataclass(frozen=True, slots=True)
class Comer:
    """The user (None: any) and the groups that it takes, and the way then."""

    user: str | None
    groups: tuple[str, ...]
    path: Path

    def covers(self, who: Mapping[str, Any]) -> bool:
        """Has this identity what it takes?"""
        held = who.get("groups") or ()
        return self.user in (None, who.get("user") or "") and all(g in held for g in self.groups)


def comers(question: Escalation, target: Power, seconds: float) -> tuple[Comer, ...]:
    """All least sets; NotWorkedOut if there is not enough time for that."""
    users, groups = _named(question)
    search = _Search(question, target, groups, time.monotonic() + seconds)
    anyone = search.least(SOMEONE, ())
    found = [Comer(None, *each) for each in anyone]
    for user in users:
        found += [Comer(user, *each) for each in search.least(user, [c.groups for c in found if not c.user])]
    search.check()
    return tuple(found)


def _named(question: Escalation) -> tuple[list[str], list[str]]:
    """The users and groups on which edges depend."""
    reach = question.reach
    needed = [reach.power(p) for e in reach.edges.edges for p in e.having]
    if any(p.what == IDENTITY for p in needed):
        raise InternalError("an edge depends on a whole identity, not on a user or a group")
    users = list(dict.fromkeys(p.name for p in needed if p.what == USER))
    if SOMEONE in users:
        raise NotWorkedOut(f"a user is called `{SOMEONE}`, which stands for one whom no binding names")
    return users, list(dict.fromkeys(p.name for p in needed if p.what == GROUP))


class _Search:
    """The least sets of groups, for one user after another."""

    def __init__(self, question: Escalation, target: Power, groups: Sequence[str], until: float) -> None:
        self.question, self.target, self.groups, self.until = question, target, groups, until
        self.largest: dict[tuple[int, ...], Closure] = {}
        """The closures of those that do not come to the target; of equal ones that of the first."""

    def least(self, user: str, enough: Sequence[Sequence[str]]) -> list[tuple[tuple[str, ...], Path]]:
        """The least sets with which this user comes to the target, but those that are enough for anyone.

        Every other least set lacks some group of each that is known. So what is left without one group of
        it is looked at, for each group of it, until nothing that is left comes to the target.
        """
        known = [frozenset(s) for s in enough]
        own: list[frozenset[str]] = []
        waiting, seen = [frozenset[str]()], set[frozenset[str]]()
        while waiting:
            without = waiting.pop()
            if without in seen:
                continue
            seen.add(without)
            least = next((s for s in (*known, *own) if not s & without), None)
            if least is None:
                left = [g for g in self.groups if g not in without]
                if not self.comes(user, left):
                    self.keep(user, left)
                    continue
                least = self.shrunk(user, left)
                own.append(least)
            waiting += [without | {g} for g in least]
        ordered = (tuple(g for g in self.groups if g in s) for s in own)
        return [(groups, self.path(user, groups)) for groups in ordered]

    def comes(self, user: str, groups: Sequence[str]) -> bool:
        if time.monotonic() > self.until:
            raise NotWorkedOut(f"there was no time to work out who comes to {self.target.name}")
        return reaches(self.question, {"user": user, "groups": groups}, self.target)

    def shrunk(self, user: str, groups: Sequence[str]) -> frozenset[str]:
        """A least part of the groups that is still enough."""
        kept = list(groups)
        for group in groups:
            less = [g for g in kept if g != group]
            if self.comes(user, less):
                kept = less
        return frozenset(kept)

    def path(self, user: str, groups: Sequence[str]) -> Path:
        """The way, replayed."""
        found = self.question.gains({"user": user, "groups": groups}, self.target)
        return (*found.already, *found.paths)[0]

    def keep(self, user: str, groups: Sequence[str]) -> None:
        reach = self.question.reach
        closure = reach.closure(reach.identity(user, groups))
        self.largest.setdefault(tuple(closure.ways), closure)

    def check(self) -> None:
        """That no edge leads out of what those have who do not come to the target."""
        left = self.until - time.monotonic()
        found = checked(self.question.certifier.certify_each(list(self.largest.values()), None, max(left, 0)))
        if found.undecided:
            raise NotWorkedOut(
                f"nobody else seems to come to {self.target.name}, but that was not checked: {found.told}"
            )
