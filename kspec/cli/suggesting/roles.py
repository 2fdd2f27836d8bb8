"""`kspec suggest roles`: the least roles that allow what an audit log shows, with a proof that they do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.verify.access.least import Least, Role
    from kspec.verify.access.policy import Policy

SUMMARY = "The least Roles for what an audit log shows."
EPILOG = """\
\b
Examples:
  kspec suggest roles --audit audit.log > roles.yaml
  kspec suggest roles --audit audit.log --user sa:shop/web
  kspec conform --audit audit.log roles.yaml --bootstrap     (they suffice)

\b
Exit codes: 0 roles were written, 2 bad input, 3 some events cannot be read.
"""
API = "rbac.authorization.k8s.io"
NAMES_MAX = 5
SAID = ("resourceRequest", "verb", "apiGroup", "resource", "subresource", "namespace", "name", "path")
"""What of a request a rule can be about."""

Manifest = dict[str, Any]


@command("roles", epilog=EPILOG)
@click.option("--audit", required=True, metavar="FILE", help="An audit log of the API server, as JSON lines.")
@click.option("--user", "only", multiple=True, metavar="USER", help="Only for this user; may be repeated.")
@click.option(
    "--names-max",
    type=click.IntRange(0),
    default=NAMES_MAX,
    show_default=True,
    help="So many names of objects are listed at most; beyond, all are allowed.",
)
def suggest(session: Session, audit: str, only: tuple[str, ...], names_max: int) -> int:
    """Write the least roles and bindings for every user in the log, from the requests that were allowed.

    What the default roles allow them anyway is left out. Every logged request is replayed against what is
    suggested; and of every verb, resource and name in it, some logged request needs it.
    """
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.resources.export import to_yaml
    from kspec.verify.access.least import least
    from kspec.verify.access.words import identity

    policy = load_access(session, (), PolicyOptions(bootstrap=True)).policy
    wanted = {identity(policy, user)["user"] for user in only}
    seen, unreadable = requests_of(policy, audit)
    found = [
        least(user, groups, requests, names_max)
        for (user, groups), requests in sorted(seen.items())
        if not wanted or user in wanted
    ]
    manifests = [m for each in found for m in manifests_of(policy, each)]
    if session.json:
        body = {"unreadable": unreadable, "identities": [to_json(policy, each) for each in found]}
        session.document("suggest-roles", body)
    elif manifests:
        session.result(to_yaml(manifests))
    session.say(summary(found, unreadable))
    return exits.UNDECIDED if unreadable else exits.OK


def requests_of(policy: Policy, log: str) -> tuple[dict[tuple[str, tuple[str, ...]], list[Any]], int]:
    """By identity: the requests that were allowed, and that the default roles do not allow; and how many
    events cannot be read.
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
            if policy.decide_quickly(each) != "allow":
                found.setdefault(who, {}).setdefault(repr([each.get(word) for word in SAID]), each)
    return {who: list(its.values()) for who, its in found.items()}, unreadable


def is_plain(request: Mapping[str, Any]) -> bool:
    """Nothing in it would mean more in a rule than in a request."""
    return not any(
        "*" in str(request.get(word) or "")
        for word in ("verb", "apiGroup", "resource", "subresource", "path")
    )


def manifests_of(policy: Policy, found: Least) -> Iterator[Manifest]:
    """Roles and bindings that one could apply."""
    base = re.sub(r"[^a-z0-9.-]+", "-", found.user.lower()).strip("-.") or "user"
    subject = subject_of(policy, found.user)
    for number, role in enumerate(found.roles):
        name = f"{base}-least" + (f"-{number + 1}" if number else "")
        yield from _bound(name, role, subject)


def _bound(name: str, role: Role, subject: Mapping[str, Any]) -> Iterator[Manifest]:
    """A Role for one namespace, a ClusterRole for several or for the whole cluster."""
    wide, version = len(role.namespaces) != 1, f"{API}/v1"
    kind = "ClusterRole" if wide else "Role"
    own = {} if wide else {"namespace": role.namespaces[0]}
    yield {"apiVersion": version, "kind": kind, "metadata": {"name": name, **own}, "rules": list(role.rules)}
    ref = {"apiGroup": API, "kind": kind, "name": name}
    for namespace in role.namespaces or ("",):
        where = {"namespace": namespace} if namespace else {}
        yield {
            "apiVersion": version,
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


def to_json(policy: Policy, found: Least) -> dict[str, Any]:
    return {
        "user": found.user,
        "groups": list(found.groups),
        "requests": found.requests,
        "rights": found.rights,
        "allNames": list(found.unnamed),
        "manifests": list(manifests_of(policy, found)),
    }


def summary(found: Sequence[Least], unreadable: int) -> str:
    """What was proved, and how far."""
    from kspec.report.escalate import show_user
    from kspec.report.style import plural, printable

    lines = []
    for each in found:
        asked, rights = plural(each.requests, "request"), plural(each.rights, "right")
        lines.append(
            f"{printable(show_user(each.user))}: {asked} need {rights}; all are allowed, none is spare"
        )
        lines += [f"  all names are allowed to {printable(topic)}" for topic in each.unnamed]
    if unreadable:
        lines.append(f"{plural(unreadable, 'event')} could not be read, and are not provided for")
    return "\n".join(lines or ["nothing was allowed that the default roles do not allow"])
