"""Knows which rights an edit of manifests grants and takes away, and whom it lets gain more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kspec.cli.inputs import Inputs
from kspec.cli.reviewing.access import Reviewed
from kspec.cli.session import Session
from kspec.report.diff import Cause, Change, Section
from kspec.report.escalate import show_user
from kspec.source import InternalError
from kspec.verify.access.edges import Power, call
from kspec.verify.access.escalation import Escalation, Path
from kspec.verify.access.everyone import Everyone
from kspec.verify.access.inclusion import beyond
from kspec.verify.access.policy import Policy
from kspec.verify.access.used import show_rights
from kspec.verify.access.words import SOMEONE, show_request

TITLE = "Access"
OVER = "all users, groups and requests"
TARGETS = ("cluster-admin", "anyone", "node", "mutation", "secrets")
"""What it is worth telling that somebody new comes to, strongest first."""
SINGLE_MAX = 60
"""So many single rights of a rule are told apart."""

OLD, NEW = "old", "new"
Subject = tuple[str, str]
Rules = Sequence[Mapping[str, Any]]


def compare(session: Session, old: Inputs, new: Inputs, timeout: float) -> Section:
    """The smallest request of each right that one side alone grants, and the ways to more that are new."""
    before, after = _Side(old, OLD), _Side(new, NEW)
    gained = [*_ways(after, before), *_rights(after, before)]
    lost = [*_ways(before, after), *_rights(before, after)]
    assumed = (*before.reviewed.assumed, *after.reviewed.assumed) if gained or lost else ()
    return Section("access", tuple(gained), tuple(lost), (), tuple(dict.fromkeys(assumed)), OVER)


class _Side:
    """One of the two policies: its subjects, and what each of them holds by scope."""

    def __init__(self, inputs: Inputs, name: str) -> None:
        self.name = name
        self.reviewed = Reviewed(inputs)
        self.policy: Policy = self.reviewed.policy
        holder = call("holderOf")
        found = (holder(s, b.namespace) for b in self.reviewed.bindings for s in b.subjects)
        self.subjects = {(h["what"], h.get("name") or "") for h in found}
        self.escalation = Escalation(self.policy, "privileged")

    def identity(self, subject: Subject) -> dict[str, Any]:
        """A user with the groups that the name implies; someone in a group."""
        sort, name = subject
        known_as = self.policy.rule("access/knownAs")
        found = known_as(name, []) if sort == "user" else known_as(SOMEONE, [name])
        return dict(found)

    def held(self, user: str, groups: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """The rules that someone holds, by scope."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for binding in self.policy.held_by(user, groups):
            found.setdefault(binding.namespace, []).extend(binding.role.rules if binding.role else ())
        return found


def _rights(one: _Side, other: _Side) -> Iterator[Change]:
    """What subjects may do on one side and not on the other; what a group may do is told of it alone."""
    for subject in sorted(one.subjects | other.subjects):
        who = one.identity(subject)
        user, groups = str(who["user"]), list(who["groups"])
        mine = one.held(user, groups)
        theirs = other.held(user, groups)
        shared = one.held(SOMEONE, groups) if subject[0] == "user" else {}
        told: set[str] = set()
        for scope in sorted(mine):
            known = [*theirs.get("", ()), *theirs.get(scope, ()), *shared.get("", ()), *shared.get(scope, ())]
            wide = mine[""] if scope and "" in mine else []
            for rule in mine[scope]:
                held = [*known, *wide]
                found = beyond(held, [rule], paths=not scope)
                if found is None:
                    continue
                request = {**found, "user": user, "groups": groups, **({"namespace": scope} if scope else {})}
                change = _right(subject, request, _single(held, rule, scope), one, other)
                if change.what not in told:
                    told.add(change.what)
                    yield change


def _single(held: Rules, rule: Mapping[str, Any], scope: str) -> list[Mapping[str, Any]]:
    """The single rights of a rule that are not all held; none if there are too many to tell."""
    atoms = call("atoms")(rule)
    if len(atoms) > SINGLE_MAX:
        return []
    return [a for a in atoms if beyond(held, [a], paths=not scope) is not None]


def _right(subject: Subject, request: dict[str, Any], single: Rules, one: _Side, other: _Side) -> Change:
    """The change that a request shows, once both sides have decided it."""
    decide = call("RBAC")
    here, there = (decide(request, side.policy.cluster)["decision"] for side in (one, other))
    if (here, there) != ("allow", "noopinion"):
        raise InternalError(f"{request!r} is {here} on one side and {there} on the other")
    scope = "" if request.get("namespace") or not request["resourceRequest"] else " everywhere"
    grant = next(one.policy.grants(request))
    causes = (
        Cause(str(grant.binding), one.name, grant.binding.span),
        Cause(f"{grant.role}, rule {grant.index + 1}", one.name, grant.origin.span),
    )
    details = {key: value for key, value in request.items() if value not in ("", [])}
    if len(single) > 1:
        namespace = request.get("namespace")
        what = show_rights(single) + (f" in {namespace}" if namespace else scope)
    else:
        what = f"{show_request(request)}{scope}"
    return Change(f"{_named(subject)}: {what}", False, causes, (), details)


def _named(subject: Subject) -> str:
    """Whom a change is about."""
    sort, name = subject
    return f"anyone in {name}" if sort == "group" else show_user(name)


def _ways(one: _Side, other: _Side) -> Iterator[Change]:
    """Who comes to something strong on one side and not on the other; only the strongest of each is told."""
    subjects = sorted(one.subjects | other.subjects)
    here, there = _reached(one, subjects), _reached(other, subjects)
    for place, subject in enumerate(subjects):
        target = next((t for t in TARGETS if here[t] >> place & 1), None)
        if target is None or any(there[t] >> place & 1 for t in TARGETS[: TARGETS.index(target) + 1]):
            continue
        found = one.escalation.gains(one.identity(subject), Power(target))
        path = next(iter((*found.paths, *found.already)), None)
        if path is None:
            raise InternalError(f"two closures disagree about {subject}")
        yield _way(subject, path, one)


def _reached(side: _Side, subjects: Sequence[Subject]) -> dict[str, int]:
    """By target: the subjects who come to it, as bits. Who is cluster-admin comes to all."""
    reach = side.escalation.reach
    identities = [side.identity(s) for s in subjects]
    everyone = Everyone(reach, [reach.identity(i["user"], i["groups"]) for i in identities])
    admins = everyone.who[reach.admin]
    return {t: everyone.who[reach.edges.power({"what": t})] | admins for t in TARGETS}


def _way(subject: Subject, path: Path, side: _Side) -> Change:
    grants = [next(iter(m.grants)) for s in path.shown for m in s.requests if m.grants]
    bindings = dict.fromkeys(g.binding for g in grants)
    causes = tuple(Cause(str(b), side.name, b.span) for b in bindings)
    steps = "; then ".join(s.how for s in path.shown) or "without doing anything"
    details = {"gains": path.title, "requests": path.requests, "assumed": list(path.assumed)}
    return Change(f"{_named(subject)} can come to {path.title}: {steps}", False, causes, (), details)
