"""`kspec analyze`: what is superfluous, contradictory or cut off, proved for all that could exist."""

from __future__ import annotations

from time import monotonic

import click

from kspec.cli import exits
from kspec.cli.analyzing import topic, topics
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import OPTION, paths_argument, reading_options
from kspec.cli.session import Session

EPILOG = """\
\b
Examples:
  kspec analyze k8s/
  kspec analyze k8s/ --only network
  kspec analyze k8s/ --only access --applied-by sa:ci/deployer
  kspec analyze k8s/ --format json | jq '.sections[].findings[]'

\b
Exit codes: 0 nothing but notes, 1 a warning or an error, 2 bad input,
3 neither, but something could not be decided.
"""


@command("analyze", epilog=EPILOG)
@paths_argument
@click.option(
    "--only", multiple=True, type=click.Choice(topics()), help="Only this section; may be repeated."
)
@click.option(
    "--timeout", type=Seconds(), default="30s", show_default=True, help="For each question to the solver."
)
@click.option(
    "--applied-by",
    default="",
    metavar="USER",
    help="Also find the roles and bindings that this user, who may be sa:NAMESPACE/NAME, may not write.",
)
@OPTION
@reading_options
def run(
    session: Session,
    paths: tuple[str, ...],
    only: tuple[str, ...],
    timeout: float,
    applied_by: str,
    option: tuple[str, ...],
    param: tuple[str, ...],
    k8s_version: str | None,
) -> int:
    """Find what is superfluous, contradictory or cut off in the policies in PATHS.

    A finding is `proved` for everything that could exist, or `shown` by the objects at hand or by a
    witness, which has been replayed by the reference evaluator.
    """
    from kspec.cli.inputs import load_accepted
    from kspec.report import analysis

    began = monotonic()
    inputs = load_accepted(session, paths, ClusterOptions(k8s_version, param, option=option))
    beside = {"access": (applied_by,)} if applied_by else {}
    sections = tuple(
        topic(name).analyze(session, inputs, timeout, *beside.get(name, ()))
        for name in topics()
        if name in (only or topics())
    )
    workspace = inputs.workspace
    custom = {f"{kind} ({version})": n for (version, kind), n in workspace.unmodelled.items()}
    count = len(workspace.objects)
    found = analysis.Analysis(sections, workspace.version, count, custom, monotonic() - began)
    if session.json:
        session.document("analyze", analysis.to_json(found))
    else:
        session.result(analysis.render(found, session.style))
    if found.wrong:
        return exits.VIOLATED
    return exits.UNDECIDED if found.undecided else exits.OK
