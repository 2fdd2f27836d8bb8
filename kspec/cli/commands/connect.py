"""`kspec connect`: who may talk to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import OPTION, POD_CIDR, paths_argument, reading_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.connecting import Network
    from kspec.report.connect import View

EPILOG = """\
\b
Examples:
  kspec connect k8s/
  kspec connect k8s/ --to shop/db
  kspec connect k8s/ --from outside --port 443/TCP
  kspec connect k8s/ --format html > matrix.html
  kspec connect k8s/ --pod-cidr 10.244.0.0/16   pods have these addresses
  kubectl get ns,pods,netpol -A -o yaml | kspec connect - --by pod

\b
Why is something open or shut? kspec explain connect shop/web shop/db 5432 k8s/

\b
Exit codes: 0 all is determined, 2 bad input, 3 something hangs on what
neither Kubernetes nor the input says.
"""


@command("connect", epilog=EPILOG, formats=("text", "json", "csv", "markdown", "dot", "html"))
@paths_argument
@click.option("--by", type=click.Choice(["workload", "pod"]), default="workload", show_default=True)
@click.option("--from", "from_", metavar="WHO", help="Only from here: NAME, NAMESPACE/NAME or `outside`.")
@click.option("--to", metavar="WHO", help="Only to there.")
@click.option("--port", metavar="PORT", help="Only this port: 443, 443/TCP, 8000-8100/UDP.")
@click.option("-n", "--namespace", metavar="NAME", help="Only what begins or ends in this namespace.")
@POD_CIDR
@OPTION
@reading_options
def run(
    session: Session,
    paths: tuple[str, ...],
    by: str,
    from_: str | None,
    to: str | None,
    port: str | None,
    namespace: str | None,
    pod_cidr: tuple[str, ...],
    option: tuple[str, ...],
    param: tuple[str, ...],
    k8s_version: str | None,
) -> int:
    """Show which workloads may talk to each other and to the outside, by all network policies.

    Totals come first; then who may talk to whom, on which ports. `no policy` marks what is open only
    because no policy selects either end.
    """
    from kspec.cli.connecting import Network, filters
    from kspec.cli.inputs import load_accepted
    from kspec.resources.load import paused_collector

    with session.progress("connecting") as progress:
        progress.step("reading")
        inputs = load_accepted(session, paths, ClusterOptions(k8s_version, param, option=option))
        progress.step("comparing")
        network = Network(inputs, by, pod_cidr)
        view = network.view(filters(network, from_, to, port, namespace))
        with paused_collector():
            undetermined = any(group.answer[1] for group in view.groups)
        view.options = network.choosing.rested_on()
    show(session, network, view)
    return exits.UNDECIDED if undetermined else exits.OK


def show(session: Session, network: Network, view: View) -> None:
    from kspec.report import connect_text

    match session.format:
        case "json":
            from kspec.report.connect_json import to_json

            session.document("connect", to_json(view, network.place))
        case "csv":
            session.result(connect_text.to_csv(view))
        case "markdown":
            session.result(connect_text.to_markdown(view))
        case "dot":
            session.result(connect_text.to_dot(view))
        case "html":
            from kspec.report.connect_html import to_html

            session.result(to_html(view))
        case _:
            session.result(connect_text.to_text(view, session.style))
