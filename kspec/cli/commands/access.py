"""`kspec access`: all that one user may do, as text or as a graph."""

from __future__ import annotations

from typing import Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.options import AS_GROUP, check_no_path, policy_options
from kspec.cli.session import Session

EPILOG = """\
\b
Examples:
  kspec access jane k8s/ --bootstrap
  kspec access sa:shop/web -f k8s/
  kspec access group:dev k8s/ --format html > dev.html
  kspec access k8s/ --format dot | dot -Tsvg > access.svg   (everyone)

\b
Exit codes: 0, or 2 for bad input, or 3 if something else decides too: a
webhook, or a role that is bound and not in the input.
"""


@command("access", epilog=EPILOG, formats=("text", "json", "dot", "html"))
@click.argument("words", nargs=-1, metavar="[USER] [PATHS]...")
@AS_GROUP
@policy_options
def run(session: Session, words: tuple[str, ...], groups: tuple[str, ...], **options: Any) -> int:
    """Show the effective rights of USER: by scope, with the bindings that give them.

    USER is a user's name, `sa:NAMESPACE/NAME` for a service account, or `group:NAME` for someone in a group.
    `--format dot` and `--format html` draw users, bindings, roles and rights; without USER, of everyone.
    """
    from kspec.cli.commands.can import check_user
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.report import access_graph
    from kspec.report.access import render_rights
    from kspec.report.access_json import rights_to_json
    from kspec.verify.access.rights import rights_of
    from kspec.verify.access.words import identity

    user, paths = user_and_paths(words)
    check_user(user)
    if user and not paths:
        check_no_path(user, "USER", options)
    if not user and session.format in ("text", "json"):
        raise click.UsageError("Name a USER: `kspec access sa:shop/web k8s/`. A graph may be of everyone.")
    access = load_access(session, paths, PolicyOptions(**options))
    who = identity(access.policy, user, groups) if user else None
    if session.format in ("dot", "html"):
        bindings = access.policy.held_by(who["user"], who["groups"]) if who else access.policy.bindings
        graph = access_graph.graph_of(bindings, who)
        session.result(access_graph.to_dot(graph) if session.format == "dot" else access_graph.to_html(graph))
        return exits.OK
    assert who is not None
    rights = rights_of(access.policy, who)
    if session.json:
        session.document("access", rights_to_json(rights, access.assumed))
    else:
        session.result(render_rights(rights, access.assumed, session.style))
    return exits.UNDECIDED if rights.unknown else exits.OK


def user_and_paths(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The first word is the USER, unless it can only be a path: `sa:shop/web` is no path."""
    from kspec.cli.options import is_path

    if words and (words[0].startswith(("sa:", "group:", "system:")) or not is_path(words[0])):
        return words[0], words[1:]
    return "", words
