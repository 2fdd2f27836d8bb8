"""`kspec plan`: what a change would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import OPTION, cluster_options, paths_argument
from kspec.cli.session import Session
from kspec.source import DiagnosticError

if TYPE_CHECKING:
    from kspec.plan import Plan

DETAILED_ERROR, DETAILED_CHANGES = 1, 2

EPILOG = """\
\b
Examples:
  kspec plan k8s/                          onto an empty, assumed cluster
  kspec plan new/ --from old/              the difference
  kubectl get nodes -o yaml > nodes.yaml
  kspec plan k8s/ --nodes nodes.yaml       onto your nodes
  kubectl kustomize . | kspec plan -       what another tool renders

\b
Exit codes: 0 planned, 1 the API server would refuse something, 2 bad input,
3 a rule had no answer. With --detailed-exitcode: 0 nothing to do, 1 error,
2 there are changes.
"""


@command("plan", epilog=EPILOG)
@paths_argument
@click.option(
    "--from", "from_", multiple=True, metavar="PATH", help="The state to start from. [default: nothing]"
)
@OPTION
@cluster_options
@click.option("-o", "--output", metavar="FILE", help="Also write the plan as JSON to FILE.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="0 nothing to do, 1 error, 2 changes, as in terraform."
)
def run(
    session: Session,
    paths: tuple[str, ...],
    from_: tuple[str, ...],
    output: str | None,
    detailed_exitcode: bool,
    **given: object,
) -> int:
    """Show what applying PATHS would do, and which pods would run where.

    PATHS are files, folders, patterns or `-`: YAML, JSON and .kspec. Totals come first; then what is
    created (+), changed (~), replaced (-/+) and deleted (-); then every pod with its node, and why any
    would not run.
    """
    options = ClusterOptions(**given)  # type: ignore[arg-type]
    try:
        plan = make(session, paths, from_, options, addressed=session.json or output is not None)
    except DiagnosticError as error:
        session.fail(error.diagnostics)
        return DETAILED_ERROR if detailed_exitcode else exits.BAD_INPUT
    show(session, plan, output)
    if detailed_exitcode:
        failed = plan.totals.refused or plan.problems
        return DETAILED_ERROR if failed else DETAILED_CHANGES if plan.has_changes else exits.OK
    if plan.totals.refused or plan.failures:
        return exits.VIOLATED
    return exits.UNDECIDED if plan.problems else exits.OK


def make(
    session: Session, paths: tuple[str, ...], from_: tuple[str, ...], options: ClusterOptions, addressed: bool
) -> Plan:
    """Read, and plan; with addresses, which the document has and the text does not, if `addressed`."""
    from kspec.cli.inputs import check_size, declared, load, load_nodes, standard
    from kspec.plan import make_plan

    with session.progress("planning") as progress:
        progress.step("reading")
        inputs = load(session, paths, options)
        before = load(session, from_, options).workspace if from_ else None
        nodes = load_nodes(session, options, inputs.workspace.version)
        progress.step("running")
        check_size(inputs.workspace)
        rules, clusters = standard(inputs), declared(inputs.workspace)
        return make_plan(inputs.workspace, rules, before, nodes, clusters, addressed, inputs.choices)


def show(session: Session, plan: Plan, output: str | None) -> None:
    from kspec.cli.files import write_whole
    from kspec.plan import plan_to_json, render_text
    from kspec.report.document import to_json
    from kspec.report.plan import paint

    if output is not None:
        write_whole(output, to_json("plan", plan_to_json(plan)) + "\n")
    if session.json:
        session.document("plan", plan_to_json(plan))
    else:
        session.result(paint(render_text(plan), session.style))
