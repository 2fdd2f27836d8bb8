"""Knows how it is proved that nobody but some comes to a power, of all identities that could exist.

Who is in more groups gains no less. So it is enough to look at each user whom a binding names, and one whom
none names, in all groups that bindings name but those that are excepted: if none of them comes to the power,
nobody does, whatever their name and groups. A witness is then made smaller, group by group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.verify.access.certificate import Certificate, Certifier, Strangers, checked
from kspec.verify.access.closure import Closure
from kspec.verify.access.edges import Power, call
from kspec.verify.access.escalation import Escalation, Gains
from kspec.verify.access.words import SOMEONE


@dataclass(frozen=True, slots=True)
class Nobody:
    """The verdict: the smallest identities that come to the power all the same, each with its way."""

    target: str
    but: tuple[str, ...]
    examined: int
    trusted: int
    paths: tuple[Gains, ...]
    certificate: Certificate | None
    """Where nobody does: what the solver says of the closures of all others."""


def nobody_but(question: Escalation, target: Power, but: Sequence[str]) -> Nobody:
    """Who comes to a power, of all that could exist but those excepted: users by name, or `group:NAME`."""
    users, groups, trusted = _named(question, set(but))
    found: list[Gains] = []
    closures: list[Closure] = []
    others: list[str] = []
    for user, who in _identities(question, users, groups, but):
        if who is None:
            others.append(user)
        elif reaches(question, who, target):
            found.append(question.gains(smaller(question, who, target), target))
        else:
            closures.append(question.reach.closure(question.reach.identity(who["user"], who["groups"])))
    unique = {(g.user, g.groups): g for g in found}
    title = call("title")(target.value())
    certificate = None
    if not found:
        excepted = tuple(b.removeprefix("group:") for b in but if b.startswith("group:"))
        named = (*(b for b in but if not b.startswith("group:")), *trusted, *others)
        certifier = Certifier(question.reach, excepted)
        strangers = Strangers(named, excepted)
        certificate = checked(certifier.certify_each(closures, strangers, question.timeout))
    paths = tuple(unique.values())
    return Nobody(title, tuple(but), len(users) + 1, len(trusted), paths, certificate)


def _named(question: Escalation, but: set[str]) -> tuple[list[str], list[str], list[str]]:
    """The users and groups that bindings name, but those excepted; and the users that only default bindings
    name: parts of Kubernetes itself, which are trusted.
    """
    privileged, born = question.policy.rule("access/isPrivileged"), question.born()
    users: dict[str, None] = {}
    groups: dict[str, None] = {}
    trusted: list[str] = []
    for kind, name, who in question.subjects():
        if who["user"] == SOMEONE:
            if f"group:{name}" not in but and not privileged(who):
                groups[name] = None
        elif (kind, name) in born:
            trusted.append(name)
        elif name not in but:
            users[name] = None
    return list(users), list(groups), trusted


def _identities(
    question: Escalation, users: list[str], groups: list[str], but: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each user in all groups, and nobody known; None for who cannot be without a group that is excepted."""
    known_as = question.policy.rule("access/knownAs")
    excepted = {b.removeprefix("group:") for b in but if b.startswith("group:")}
    for user in (SOMEONE, *users):
        without = excepted & set(known_as(user, [])["groups"])
        yield user, None if without else known_as(user, groups)
    anonymous = question.policy.rule("access/anonymous")()
    if anonymous["user"] not in but and not excepted & set(anonymous["groups"]):
        yield anonymous["user"], anonymous


def reaches(question: Escalation, who: dict[str, Any], target: Power) -> bool:
    reach = question.reach
    number = reach.edges.power(target.value())
    ways = reach.closure(reach.identity(who["user"], who["groups"]), number).ways
    return number in ways or reach.admin in ways


def smaller(question: Escalation, who: dict[str, Any], target: Power) -> dict[str, Any]:
    """The same user in no more groups than it takes; and not even that user, if the groups are enough."""
    needed = set(question.policy.rule("access/knownAs")(who["user"], [])["groups"])
    anyone = {"user": SOMEONE, "groups": list(who["groups"])}
    if reaches(question, anyone, target):
        who = anyone
    for group in list(who["groups"]):
        less = {**who, "groups": [g for g in who["groups"] if g != group]}
        if group not in needed and reaches(question, less, target):
            who = less
    return who
