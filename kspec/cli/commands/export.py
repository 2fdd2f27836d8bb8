"""`kspec export`: canonical YAML."""

from __future__ import annotations

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import paths_argument, reading_options
from kspec.cli.session import Session

EPILOG = """\
\b
Examples:
  kspec export app.kspec | kubectl apply -f -
  kspec export k8s/ -o all.yaml
"""


@command("export", epilog=EPILOG)
@paths_argument
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@reading_options
def run(
    session: Session,
    paths: tuple[str, ...],
    output: str | None,
    param: tuple[str, ...],
    k8s_version: str | None,
) -> int:
    """Print the objects of PATHS as canonical YAML, as kubectl would: one document for each.

    The same objects give the same text, wherever they come from: .kspec, YAML or JSON.
    """
    from kspec.cli.files import write_whole
    from kspec.cli.inputs import load
    from kspec.report.document import to_json
    from kspec.resources.export import canonical_object, to_yaml

    workspace = load(session, paths, ClusterOptions(k8s_version, param)).workspace
    if session.json:
        made = [canonical_object(o, workspace.table) for o in workspace.objects]
        text = to_json("export", {"objects": made})
    else:
        text = to_yaml(workspace.objects, workspace.table)
    if output is not None:
        write_whole(output, text if text.endswith("\n") else text + "\n")
    elif text:
        session.result(text)
    return exits.OK
