"""`kspec suggest roles`: the least roles that allow what an audit log shows, with a proof that they do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.verify.access.least import Least, Role
    from kspec.verify.access.policy import Policy
    from kspec.verify.access.policy import Role as AtHand
    from kspec.verify.access.used import Use

SUMMARY = "The least Roles for what an audit log shows."
EPILOG = """\
\b
Examples:
  kspec suggest roles --audit audit.log > roles.yaml
  kspec suggest roles --audit audit.log --user sa:shop/web
  kspec suggest roles --audit audit.log k8s/       (and what of the roles there is not used)
  kspec conform --audit audit.log roles.yaml --bootstrap     (they suffice)

\b
Exit codes: 0 roles were written, 2 bad input, 3 some events cannot be read.
"""
API = "rbac.authorization.k8s.io"
NAMES_MAX, SPARE_MAX = 5, 6
SAID = ("resourceRequest", "verb", "apiGroup", "resource", "subresource", "namespace", "name", "path")
"""What of a request a rule can be about."""

Manifest = dict[str, Any]


@command("roles", epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--audit", required=True, metavar="FILE", help="An audit log of the API server, as JSON lines.")
@click.option("--user", "only", multiple=True, metavar="USER", help="Only for this user; may be repeated.")
@click.option(
    "--names-max",
    type=click.IntRange(0),
    default=NAMES_MAX,
    show_default=True,
    help="So many names of objects are listed at most; beyond, all are allowed.",
)
def suggest(
    session: Session, paths: tuple[str, ...], audit: str, only: tuple[str, ...], names_max: int
) -> int:
    """Write the least roles and bindings for every user in the log, from the requests that were allowed.

    What the default roles allow them anyway is left out. Every logged request is replayed against what is
    suggested; and of every verb, resource and name in it, some logged request needs it.

    With PATHS, a role there that allows just what is needed is bound in place of a new one, and of every
    binding there it is told which of its rights nobody was seen to use.
    """
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.resources.export import to_yaml
    from kspec.verify.access.least import least
    from kspec.verify.access.words import identity

    policy = load_access(session, (), PolicyOptions(bootstrap=True)).policy
    at_hand = load_access(session, paths, PolicyOptions(bootstrap=True)).policy if paths else None
    wanted = {identity(policy, user)["user"] for user in only}
    seen, unreadable = requests_of(policy, audit)
    found = []
    for (user, groups), requests in sorted(seen.items()):
        if not wanted or user in wanted:
            beyond = [r for r in requests if policy.decide_quickly(dict(r)) != "allow"]
            each = least(user, groups, beyond, names_max)
            found.append(Suggested.of(each, requests, at_hand))
    found = [s for s in found if s.least.requests or s.uses]
    manifests = [m for each in found for m in manifests_of(policy, each)]
    if session.json:
        body = {"unreadable": unreadable, "identities": [to_json(policy, each) for each in found]}
        session.document("suggest-roles", body)
    elif manifests:
        session.result(to_yaml(manifests))
    session.say(summary(found, unreadable))
    return exits.UNDECIDED if unreadable else exits.OK


@dataclass(frozen=True, slots=True)
class Suggested:
    """What one identity needs; `same` has for each of its roles one at hand that allows just that, and `uses`
    what of the bindings at hand it used.
    """

    least: Least
    same: tuple[AtHand | None, ...]
    uses: tuple[Use, ...]

    @classmethod
    def of(cls, needed: Least, requests: Sequence[Mapping[str, Any]], at_hand: Policy | None) -> Suggested:
        from kspec.verify.access.used import just_right, uses

        if at_hand is None:
            return cls(needed, (None,) * len(needed.roles), ())
        used = uses(at_hand, needed.user, needed.groups, requests)
        return cls(needed, tuple(just_right(at_hand, r) for r in needed.roles), tuple(used))


def requests_of(policy: Policy, log: str) -> tuple[dict[tuple[str, tuple[str, ...]], list[Any]], int]:
    """By identity: the requests that were allowed, and what else they needed; and how many events cannot be
    read.
    """
    from kspec.conform.audit import allowed_requests, read_events
    from kspec.conform.protocol import read_lines

    found: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    unreadable = 0
    for request in allowed_requests(policy, read_events(log, read_lines(log))):
        if request is None or not is_plain(request):
            unreadable += 1
            continue
        who = (request["user"], tuple(request.get("groups") or ()))
        for each in (request, *policy.rule("access/connectRequests")(request)):
            found.setdefault(who, {}).setdefault(repr([each.get(word) for word in SAID]), each)
    return {who: list(its.values()) for who, its in found.items()}, unreadable


def is_plain(request: Mapping[str, Any]) -> bool:
    """Nothing in it would mean more in a rule than in a request."""
    return not any(
        "*" in str(request.get(word) or "")
        for word in ("verb", "apiGroup", "resource", "subresource", "path")
    )


def manifests_of(policy: Policy, found: Suggested) -> Iterator[Manifest]:
    """Roles and bindings that one could apply."""
    base = re.sub(r"[^a-z0-9.-]+", "-", found.least.user.lower()).strip("-.") or "user"
    subject = subject_of(policy, found.least.user)
    for number, (role, same) in enumerate(zip(found.least.roles, found.same, strict=True)):
        name = f"{base}-least" + (f"-{number + 1}" if number else "")
        kind = same.kind if same else "Role" if len(role.namespaces) == 1 else "ClusterRole"
        if same is None:
            yield _role(name, kind, role)
        yield from _bindings(name, kind, same.name if same else name, role, subject)


def _role(name: str, kind: str, role: Role) -> Manifest:
    """A Role for one namespace, a ClusterRole for several or for the whole cluster."""
    own = {"namespace": role.namespaces[0]} if len(role.namespaces) == 1 else {}
    metadata = {"name": name, **own}
    return {"apiVersion": f"{API}/v1", "kind": kind, "metadata": metadata, "rules": list(role.rules)}


def _bindings(name: str, kind: str, bound: str, role: Role, subject: Mapping[str, Any]) -> Iterator[Manifest]:
    ref = {"apiGroup": API, "kind": kind, "name": bound}
    for namespace in role.namespaces or ("",):
        where = {"namespace": namespace} if namespace else {}
        yield {
            "apiVersion": f"{API}/v1",
            "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
            "metadata": {"name": name, **where},
            "roleRef": ref,
            "subjects": [dict(subject)],
        }


def subject_of(policy: Policy, user: str) -> dict[str, Any]:
    account = policy.rule("access/serviceAccountOf")(user)
    if account["name"]:
        return {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    return {"apiGroup": API, "kind": "User", "name": user}


def to_json(policy: Policy, found: Suggested) -> dict[str, Any]:
    from kspec.report.diagnostics import place_to_json

    least = found.least
    bound = [{"kind": r.kind, "name": r.name, "place": place_to_json(r.span)} for r in found.same if r]
    uses = [
        {
            "binding": str(use.binding),
            "place": place_to_json(use.binding.span),
            "rights": use.rights,
            "used": use.used,
            "spare": list(use.spare),
        }
        for use in found.uses
    ]
    return {
        "user": least.user,
        "groups": list(least.groups),
        "requests": least.requests,
        "rights": least.rights,
        "allNames": list(least.unnamed),
        "manifests": list(manifests_of(policy, found)),
        "reused": bound,
        "uses": uses,
    }


def summary(found: Sequence[Suggested], unreadable: int) -> str:
    """What was proved, and how far; what is at hand, and how much of it was used."""
    from kspec.report.escalate import show_user
    from kspec.report.style import plural, printable

    lines = []
    for each in found:
        who = printable(show_user(each.least.user))
        asked, rights = plural(each.least.requests, "request"), plural(each.least.rights, "right")
        lines.append(f"{who}: {asked} need {rights}; all are allowed, none is spare")
        lines += [f"  all names are allowed to {printable(topic)}" for topic in each.least.unnamed]
        lines += [f"  {r} is just that  {r.place}" for r in each.same if r]
        lines += [f"  {printable(_use(use))}" for use in each.uses]
    if unreadable:
        lines.append(f"{plural(unreadable, 'event')} could not be read, and are not provided for")
    return "\n".join(lines or ["nothing was allowed that the default roles do not allow"])


def _use(use: Use) -> str:
    """`RoleBinding shop/web gives 12 rights, of which 3 were used, and not: delete pods, …`."""
    spare = ", ".join(use.spare[:SPARE_MAX]) + (", …" if len(use.spare) > SPARE_MAX else "")
    not_used = f", and not: {spare}" if spare else ""
    said = f"{use.binding} gives {use.rights} rights, of which {use.used} were used{not_used}"
    return f"{said}  {use.binding.place}"
