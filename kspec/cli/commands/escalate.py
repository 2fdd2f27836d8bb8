"""`kspec escalate`: what someone can come to have beyond what they were given, and by which requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.options import AS_GROUP, check_no_path, policy_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.policy import Access
    from kspec.verify.access.edges import Power

EPILOG = """\
\b
Examples:
  kspec escalate sa:shop/deployer k8s/ --bootstrap
  kspec escalate jane --as-group dev -f k8s/ --to node
  kspec escalate k8s/ --bootstrap                     who becomes cluster-admin
  kspec escalate k8s/ --to 'get secrets -n shop'      who comes to read them
  kspec escalate k8s/ --to 'get secrets -n shop' --but group:sre    a proof
  kspec escalate jane k8s/ --format html > jane.html

\b
TARGET is cluster-admin, node, secrets, anyone, mutation, a user as USER is
spelt, or a request in quotes: 'VERB RESOURCE [NAME] [-n NAMESPACE]'.

\b
Exit codes: 0 there is no way, 1 there is one, 2 bad input, 3 no way was found
but others than RBAC decide too, or a role that is bound is not at hand, or
there was no time to check the answer.
"""
LEVELS = ("privileged", "baseline", "restricted")
SHOWN_MAX, CLIMBERS_MAX = 8, 12
BAD_TARGET = "KS4020"


@command("escalate", epilog=EPILOG, formats=("text", "json", "dot", "html"))
@click.argument("words", nargs=-1, metavar="[USER] [PATHS]...")
@AS_GROUP
@click.option(
    "--to", "target", metavar="TARGET", help="What is to be gained. [default without USER: cluster-admin]"
)
@click.option(
    "--pod-security",
    type=click.Choice(LEVELS),
    default="privileged",
    show_default=True,
    help="The level that is enforced where a namespace has no label for it.",
)
@click.option(
    "--but",
    multiple=True,
    metavar="USER",
    help="Prove that nobody else comes to TARGET: no user that could exist, in whatever groups.",
)
@click.option(
    "--timeout",
    type=Seconds(),
    default="30s",
    show_default=True,
    help="For the solver, to check an answer that there is no way.",
)
@click.option("--all", "everything", is_flag=True, help="Every way, and every subject with its way.")
@policy_options
def run(
    session: Session,
    words: tuple[str, ...],
    groups: tuple[str, ...],
    target: str | None,
    pod_security: str,
    but: tuple[str, ...],
    timeout: float,
    everything: bool,
    **options: Any,
) -> int:
    """Show every way in which USER can gain more, as requests; without USER, who can become cluster-admin.

    USER is a user's name, `sa:NAMESPACE/NAME` for a service account, or `group:NAME` for someone in a group.
    The nearest way comes first. Each request has been replayed, and is shown with the rule that allows it.
    """
    from kspec.cli.commands.access import user_and_paths
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.verify.access.escalation import CLUSTER_ADMIN, Escalation, assumptions
    from kspec.verify.access.words import identity

    user, paths = user_and_paths(words)
    if user and not paths:
        check_no_path(user, "USER", options)
    access = load_access(session, paths, PolicyOptions(**options))
    power, goal = (None, None) if target is None else read_target(access, target)
    question = Escalation(access.policy, pod_security, goal, target or "", timeout)
    assumed = (*access.assumed, *assumptions(access.policy, pod_security))
    who = identity(access.policy, user, groups) if user else None
    unknown = undecided(access, who)
    found: Any
    if but:
        from kspec.verify.access.nobody import nobody_but

        names = [b if b.startswith("group:") else identity(access.policy, b)["user"] for b in but]
        found = nobody_but(question, power or CLUSTER_ADMIN, names)
    elif who is not None:
        found = question.gains(who, power)
    else:
        whole = everything or session.format != "text"
        limit = 10**6 if whole else CLIMBERS_MAX
        found = question.climbers(power or CLUSTER_ADMIN, limit, whole)
    if found.certificate is not None and found.certificate.undecided:
        unknown = (*unknown, f"whether what was found is all: the solver says {found.certificate.told}")
    show(session, access, found, (assumed, unknown), 10**6 if everything else SHOWN_MAX)
    if found.paths if user or but else found.climbers:
        return exits.VIOLATED
    return exits.UNDECIDED if unknown else exits.OK


def show(
    session: Session,
    access: Access,
    found: Any,
    assumed_and_unknown: tuple[tuple[str, ...], tuple[str, ...]],
    shown_max: int,
) -> None:
    """The answer, in the format that was asked for."""
    from kspec.report import escalate, escalate_graph, escalate_json

    if session.json:
        session.document("escalate", escalate_json.to_json(found, access.policy, *assumed_and_unknown))
    elif session.format in ("dot", "html"):
        draw = escalate_graph.to_dot if session.format == "dot" else escalate_graph.to_html
        session.result(draw(escalate_graph.graph_of(found)))
    else:
        session.result(escalate.render(found, assumed_and_unknown, shown_max, session.style))


def undecided(access: Access, who: dict[str, Any] | None) -> tuple[str, ...]:
    """Why there may be ways that cannot be seen: others decide, or roles that are bound are not at hand."""
    policy = access.policy
    others = sorted(
        {str(a.get("type")) for a in policy.chain} - set(policy.rule("access/authorizersModelled")())
    )
    held = policy.bindings if who is None else policy.held_by(who["user"], who["groups"])
    lost = sorted({f"{b.ref.get('kind')} {b.ref.get('name')}" for b in held if b in policy.dangling})
    found = [f"what {name} allows beside RBAC" for name in others]
    if lost:
        found.append(f"what roles allow that are not in the input: {', '.join(lost[:5])}")
    return tuple(found)


def read_target(access: Access, text: str) -> tuple[Power, dict[str, Any] | None]:
    """What TARGET means: a power, and the request behind it if it is one."""
    from kspec.source import Diagnostic, DiagnosticError
    from kspec.verify.access.edges import Power
    from kspec.verify.access.words import asked_for, identity, request_for

    names = access.policy.rule("access/targets")()
    if text in names:
        return Power(text), None
    if " " in text.strip():
        verb, resource, name, namespace = request_words(text)
        who = {"user": "", "groups": []}
        asked = asked_for(access.policy, resource, access.table)
        return Power("goal", name=text), request_for(access.policy, who, verb, asked, namespace, name)
    if text.startswith(("sa:", "user:", "group:", "system:")):
        who = identity(access.policy, text.removeprefix("user:"))
        return Power("identity", "", str(who["user"]), tuple(who["groups"])), None
    message = f"`{text}` is nothing that could be gained"
    help_ = (
        f"it is one of {', '.join(names)}, sa:NAMESPACE/NAME, user:NAME, or a request: 'get secrets -n shop'"
    )
    raise DiagnosticError([Diagnostic(BAD_TARGET, message, help=help_)])


def request_words(text: str) -> tuple[str, str, str, str]:
    """`get secrets db -n shop`: verb, resource, name, namespace."""
    words, namespace = text.split(), ""
    if "-n" in words and words.index("-n") + 1 < len(words):
        place = words.index("-n")
        namespace = words[place + 1]
        del words[place : place + 2]
    return words[0], words[1] if len(words) > 1 else "", words[2] if len(words) > 2 else "", namespace
