"""`kspec who-can`: everyone who may do something, and by what."""

from __future__ import annotations

from typing import Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.options import NAMESPACE, policy_options
from kspec.cli.session import Session

EPILOG = """\
\b
Examples:
  kspec who-can get secrets k8s/ --bootstrap
  kspec who-can get secrets db-password -n shop -f k8s/
  kspec who-can create pods/exec -n shop k8s/
  kspec who-can get /metrics k8s/
  kubectl get clusterroles,clusterrolebindings,roles,rolebindings -A -o yaml | kspec who-can '*' '*' -

\b
Exit codes: 0, or 2 for bad input, or 3 if something else decides too: a
webhook, or a role that is bound and not in the input.
"""


@command("who-can", epilog=EPILOG)
@click.argument("verb")
@click.argument("resource")
@click.argument("words", nargs=-1, metavar="[NAME] [PATHS]...")
@NAMESPACE
@policy_options
def run(
    session: Session,
    verb: str,
    resource: str,
    words: tuple[str, ...],
    namespace: str | None,
    **options: Any,
) -> int:
    """List every user, group and service account that may VERB RESOURCE.

    Without a namespace those that may in any; without a NAME those that may for any: each with what it is
    limited to. RESOURCE is as in a role: `pods`, `pods/log`, `deployments.apps`; or a path: `/metrics`.
    """
    from kspec.cli.commands.can import name_and_paths, name_notes, verb_notes
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.report.access import render_holders
    from kspec.report.access_json import holders_to_json
    from kspec.verify.access.holders import who_can
    from kspec.verify.access.words import asked_for

    name, paths = name_and_paths(words, options)
    access = load_access(session, paths, PolicyOptions(**options))
    asked = asked_for(access.policy, resource, access.table)
    named = access.policy.rule("access/requestedName")(verb, asked.subresource, name, "")
    found = who_can(access.policy, verb, asked, namespace or "", named)
    unnamed = () if asked.path else name_notes(verb, name, named)
    assumed = (*asked.notes, *verb_notes(access.policy, verb), *unnamed, *access.assumed)
    if session.json:
        session.document("who-can", holders_to_json(found, assumed))
    else:
        session.result(render_holders(found, assumed, session.style))
    return exits.UNDECIDED if found.unknown else exits.OK
