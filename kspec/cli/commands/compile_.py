"""`kspec compile`: everything kspec makes of some files, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import cluster_options, paths_argument
from kspec.cli.session import Session
from kspec.report.style import plural

EPILOG = """\
\b
What is written:
  plan.txt, plan.json         what applying the objects does
  objects.yaml, nodes.yaml    their canonical form, and the nodes
  model.py                    the cluster as an executable model, each
                              property as a function
  smt/                        the exact question of each proof, SMT-LIB
  test_model.py               Hypothesis tests, for pytest
"""


@command("compile", epilog=EPILOG)
@paths_argument
@click.option("-o", "--output", metavar="DIR", required=True, help="Where to write; made if it is not there.")
@click.option(
    "--timeout", type=Seconds(), default="30s", show_default=True, help="For each question to the solver."
)
@cluster_options
def run(session: Session, paths: tuple[str, ...], output: str, timeout: float, **given: Any) -> int:
    """Write what PATHS compile to: the plan, a Python model, SMT-LIB, and tests."""
    from kspec.cli.compiling.folder import files_of
    from kspec.cli.files import make_folder, write_whole

    options = ClusterOptions(**given)
    with session.progress("compiling"):
        made = files_of(_sources(session, paths, output, timeout, options))
    folder = Path(output)
    for name, text in made.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, text)
    if session.json:
        session.document("compile", {"folder": output, "files": sorted(made)})
    else:
        for name in sorted(made):
            session.result(str(folder / name))
        session.say(f"{plural(len(made), 'file')} written; try: pytest {output}")
    return exits.OK


def _sources(
    session: Session, paths: tuple[str, ...], output: str, timeout: float, options: ClusterOptions
) -> Any:
    from kspec.cli.compiling.folder import Sources
    from kspec.cli.inputs import check_size, declared, load, load_nodes, standard
    from kspec.cli.verifying import Verification
    from kspec.plan import make_plan
    from kspec.plan.cluster import choose_nodes
    from kspec.resources.objects import encode

    inputs = load(session, paths, options)
    workspace, rules = inputs.workspace, standard(inputs)
    given = load_nodes(session, options, workspace.version)
    clusters = declared(workspace)
    check_size(workspace)
    plan = make_plan(workspace, rules, None, given, clusters, True, inputs.choices)
    found = [o.decoded for o in workspace.objects if o.kind and o.kind.record == "core.Node" and o.decoded]
    nodes = choose_nodes(rules.rules, given, clusters, found).objects
    verification = Verification(inputs, timeout)
    report = verification.report(workspace.properties, lambda title: None) if workspace.properties else None
    shown = [{"apiVersion": "v1", "kind": "Node", **encode(n)} for n in nodes]
    return Sources(paths, output, workspace, plan, shown, verification, report)
