"""`kspec suggest policies`: the least permissive NetworkPolicies for the connections that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import paths_argument, reading_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.connections.lines import Stated

SUMMARY = "The least permissive NetworkPolicies for connections that you name."
EPILOG = """\
\b
Examples:
  kspec suggest policies k8s/ --allow 'shop/web -> shop/db:5432'
  kspec suggest policies k8s/ --allow 'any -> service/shop/web:80' --dns
  kspec suggest policies k8s/ --flows hubble.json > policies.yaml

\b
An end is namespace/workload, namespace/*, service/namespace/name (what is
behind it, on its own port), a block of addresses (10.0.0.0/8, [fd00::/8]),
or `any`, which opens the other end alone. Ports: 80, 80,443, 8000-8010,
*/UDP; without any: all.

\b
Exit codes: 0 the policies allow just that, 1 some workloads cannot be told
apart by labels, 2 bad input, 3 undecided.
"""


@command("policies", epilog=EPILOG)
@paths_argument
@click.option("--allow", multiple=True, metavar="'A -> B:PORT'", help="A connection that is wanted.")
@click.option(
    "--flows",
    multiple=True,
    metavar="FILE",
    help="Connections that a flow log, CSV, YAML or text file shows.",
)
@click.option("--dns", is_flag=True, help="Let every workload that may go anywhere ask the cluster's DNS.")
@click.option(
    "--timeout", type=Seconds(), default="30s", show_default=True, help="For each question to the solver."
)
@reading_options
def suggest(
    session: Session,
    paths: tuple[str, ...],
    allow: tuple[str, ...],
    flows: tuple[str, ...],
    dns: bool,
    timeout: float,
    param: tuple[str, ...],
    k8s_version: str | None,
) -> int:
    """Write NetworkPolicies for the workloads in PATHS that let through just the connections that are wanted.

    Every namespace with a workload is closed, and each connection opened at the ends that are in it. That the
    policies allow these connections and no others is proved for everything that could exist.
    """
    from kspec.cli.inputs import load_accepted
    from kspec.cli.suggestion import Suggestion

    stated = read_stated(session, allow, flows)
    inputs = load_accepted(session, paths, ClusterOptions(k8s_version, param))
    with session.progress("proving"):
        suggestion = Suggestion(inputs, stated, dns, timeout)
    if session.json:
        session.document("policies", suggestion.to_json())
    else:
        session.result(suggestion.text())
    for line in suggestion.remarks():
        session.say(line)
    return suggestion.exit_code()


def read_stated(session: Session, allow: Sequence[str], flows: Sequence[str]) -> list[Stated]:
    """All connections that are wanted; what a log has besides is counted on stderr."""
    from kspec.cli.connections.lines import parse_line
    from kspec.cli.connections.logs import read_flows
    from kspec.source import SourceFile, Span

    if not allow and not flows:
        raise click.UsageError("Say what is wanted: --allow 'A -> B:PORT' or --flows FILE.")
    found = [parse_line(Span(SourceFile("--allow", text), 0, len(text))) for text in allow]
    for path in flows:
        recorded = read_flows(path)
        found += recorded.stated.values()
        passed = ", ".join(f"{n:,} {reason}" for reason, n in recorded.passed.items())
        session.say(
            f"{path}: {len(recorded.stated):,} connections" + (f"; passed over: {passed}" if passed else "")
        )
    return found
