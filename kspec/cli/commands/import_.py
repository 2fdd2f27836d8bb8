"""`kspec import`: YAML becomes .kspec."""

from __future__ import annotations

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import K8S_VERSION, paths_argument
from kspec.cli.session import Session

EPILOG = """\
\b
Examples:
  kspec import k8s/ -o app.kspec
  kubectl get deployment web -o yaml | kspec import -

What an export of the result prints is what an export of PATHS prints.
"""


@command("import", epilog=EPILOG)
@paths_argument
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option("--no-comments", is_flag=True, help="Leave out the comments of the YAML files.")
@K8S_VERSION
def run(
    session: Session,
    paths: tuple[str, ...],
    output: str | None,
    no_comments: bool,
    k8s_version: str | None,
) -> int:
    """Print the objects of PATHS in the language, formatted.

    Field names stay as Kubernetes has them; paths, list elements and quantities get their short spelling.
    """
    from kspec.cli.files import write_whole
    from kspec.cli.inputs import load
    from kspec.resources.import_ import to_kspec

    workspace = load(session, paths, ClusterOptions(k8s_version)).workspace
    text, mistakes = to_kspec(workspace.objects, workspace.table, comments=not no_comments)
    if mistakes:
        return session.fail(mistakes)
    if output is not None:
        write_whole(output, text)
    elif session.json:
        session.document("import", {"text": text})
    elif text:
        session.result(text)
    return exits.OK
