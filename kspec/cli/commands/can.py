"""`kspec can`: may this user do this, and by what?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.options import (
    ACTING_AS,
    ACTING_AS_GROUP,
    AS_GROUP,
    AUTHENTICATION,
    BOUND_NODE,
    CLAIMS,
    FIELD_SELECTOR,
    LABEL_SELECTOR,
    NAMESPACE,
    check_no_path,
    policy_options,
    split_words,
)
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.policy import Access

EPILOG = """\
\b
Examples:
  kspec can jane get pods -n shop k8s/
  kspec can sa:shop/web get secrets db-password -n shop k8s/ --bootstrap
  kspec can jane create pods/exec -n shop --as-group dev -f k8s/
  kspec can jane patch deployments.apps/scale web -n shop k8s/
  kspec can system:anonymous get /healthz --bootstrap
  kspec can sa:ci/bot delete pods -n shop --acting-as jane --acting-as-group dev k8s/

\b
A word that has a `/`, or ends as a file of manifests does, is a PATH; any other
is the NAME. `-f` takes every path.

\b
Exit codes: 0 allowed, 1 denied, 2 bad input, 3 not known: a webhook decides,
or a role is bound that is not in the input.
"""

WHOLE_CLUSTER = ("no namespace is named (-n), so the whole cluster is meant",)
CODES = {"allowed": exits.OK, "denied": exits.VIOLATED, "undetermined": exits.UNDECIDED}


@command("can", epilog=EPILOG)
@click.argument("user")
@click.argument("verb")
@click.argument("resource")
@click.argument("words", nargs=-1, metavar="[NAME] [PATHS]...")
@NAMESPACE
@AS_GROUP
@CLAIMS
@AUTHENTICATION
@ACTING_AS
@ACTING_AS_GROUP
@BOUND_NODE
@FIELD_SELECTOR
@LABEL_SELECTOR
@policy_options
def run(
    session: Session,
    user: str,
    verb: str,
    resource: str,
    words: tuple[str, ...],
    namespace: str | None,
    groups: tuple[str, ...],
    claims: str | None,
    authentication_config: str | None,
    acting_as: str | None,
    acting_groups: tuple[str, ...],
    bound_node: str,
    field_selector: str,
    label_selector: str,
    **options: Any,
) -> int:
    """Decide whether USER may VERB RESOURCE, and show the binding, role and rule that say so.

    USER is a user's name, `sa:NAMESPACE/NAME` for a service account, `group:NAME` for someone in a group, or
    `cert:CN=NAME,O=GROUP` for a client certificate; with --claims, whatever the token says.
    RESOURCE is as in a role (`pods/log`, `deployments.apps`), or a path (`/healthz`).
    """
    from kspec.cli.policy import PolicyOptions, load_access

    name, paths = name_and_paths(check_user(user, words), options)
    access = load_access(session, paths, PolicyOptions(**options))
    selectors = (field_selector, label_selector)
    acting = Acting(acting_as, acting_groups, bound_node)
    question = Question(
        user, groups, claims, authentication_config, verb, resource, namespace or "", name, selectors
    )
    return decide(session, access, question, acting)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, and for what, as it was typed. `selectors`: of fields, and of labels."""

    user: str
    groups: tuple[str, ...]
    claims: str | None
    authentication: str | None
    verb: str
    resource: str
    namespace: str
    name: str
    selectors: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Acting:
    """As whom the request is made, if as another, and the node that the token of who asks is bound to."""

    user: str | None
    groups: tuple[str, ...]
    node: str


def decide(session: Session, access: Access, asks: Question, other: Acting) -> int:
    """Answer a question."""
    from kspec.cli.authenticating import authentication
    from kspec.report.access import render_can
    from kspec.report.access_json import can_to_json
    from kspec.verify.access import decision
    from kspec.verify.access.acting import act_as
    from kspec.verify.access.words import asked_for, full_name, identity, request_for

    policy = access.policy
    known = authentication(access, asks.claims, asks.authentication)
    who = known.who or identity(policy, asks.user, asks.groups)
    asked = asked_for(policy, asks.resource, access.table)
    request = request_for(policy, who, asks.verb, asked, asks.namespace, asks.name, *asks.selectors)
    refused = known.why_refused(policy, request)
    acting = None
    if other.user is not None:
        acting = act_as(policy, request, full_name(other.user), other.groups, other.node or known.node)
        request = {**request, **(acting.who or {})}
    answer = decision.refused(request, refused) if refused else decision.answer(policy, request)
    named = () if asked.path else name_notes(asks.verb, asks.name, request["name"])
    whole = WHOLE_CLUSTER if asked.namespaced and not asks.namespace else ()
    notes = (*asked.notes, *verb_notes(policy, asks.verb), *named, *whole)
    assumed = (*notes, *known.assumed, *access.assumed)
    if session.json:
        session.document("can", can_to_json(answer, assumed, who, acting))
    else:
        session.result(render_can(answer, assumed, session.style, acting, who["user"]))
    return CODES[decision.joined(answer, acting.verdict if acting else decision.ALLOWED)]


def name_and_paths(words: tuple[str, ...], options: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The NAME, "" if none was given, and the PATHS."""
    names, paths = split_words(words)
    if names and not paths:
        check_no_path(names[-1], "NAME", options)
        if not options["files"] and not options["bootstrap"]:
            raise click.UsageError(
                f"{names[-1]!r} was read as the NAME. As a path it is ./{names[-1]}, or -f {names[-1]}."
            )
    if len(names) > 1:
        shown = ", ".join(names[1:])
        raise click.UsageError(
            f"There is one NAME, {names[0]!r}. If {shown} is a path, write ./{names[1]} or -f."
        )
    return (names[0] if names else ""), paths


def check_user(user: str, words: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The other words. A service account that is half named would be taken for a user of that name."""
    if user.startswith("sa:") and not all(user[3:].partition("/")):
        raise click.UsageError(f"{user!r} is no service account: it is named sa:NAMESPACE/NAME.")
    return words


def name_notes(verb: str, name: str, requested: str) -> tuple[str, ...]:
    """A NAME that is not part of the request."""
    if not name or requested:
        return ()
    return (f"a `{verb}` request names no object, so that a rule for `{name}` alone does not give it",)


def verb_notes(policy: Any, verb: str) -> tuple[str, ...]:
    """A verb that no request has is most likely misspelt; but any text is a legal verb."""
    from difflib import get_close_matches

    known = policy.rule("access/knownVerbs")()
    if verb in known or ":" in verb:
        return ()
    near = get_close_matches(verb, known, n=1)
    return (f"`{verb}` is a verb of its own" + (f"; did you mean `{near[0]}`?" if near else ""),)
