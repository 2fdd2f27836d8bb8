"""`kspec verify`: properties, proved or broken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import BOOTSTRAP, OPTION, authorizer_options, paths_argument, reading_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.verifying import Verification
    from kspec.ir.properties import Property

EPILOG = """\
\b
Examples:
  kspec verify k8s/ checks.kspec
  kspec verify k8s/ checks.kspec --only "database"
  kspec verify k8s/ checks.kspec --witness yaml > breaks-it.yaml

\b
A property, in checks.kspec:
  prove "only checkout reaches the database":
    forall p in pods, port in 1..65535:
      reaches(p, deployment/shop/db, port)
        implies p.namespace == "shop" && p.labels["app"] == "checkout"

\b
Exit codes: 0 all hold, 1 one is violated, 2 bad input, 3 none is violated
but one could not be decided.
"""


@command("verify", epilog=EPILOG)
@paths_argument
@click.option("--only", multiple=True, metavar="TEXT", help="Only properties whose title contains TEXT.")
@click.option(
    "--timeout", type=Seconds(), default="30s", show_default=True, help="For each question to the solver."
)
@click.option(
    "--witness",
    type=click.Choice(["text", "yaml"]),
    default="text",
    show_default=True,
    help="yaml: print nothing but the witnesses, as manifests.",
)
@click.option("--emit-smt2", metavar="DIR", help="Also write the exact questions to the solver, as SMT-LIB.")
@OPTION
@BOOTSTRAP
@authorizer_options
@reading_options
def run(
    session: Session,
    paths: tuple[str, ...],
    only: tuple[str, ...],
    timeout: float,
    witness: str,
    emit_smt2: str | None,
    option: tuple[str, ...],
    bootstrap: bool,
    param: tuple[str, ...],
    k8s_version: str | None,
    **authorizers: Any,
) -> int:
    """Prove the properties in PATHS about the objects in PATHS, or show what breaks them.

    `prove` and `forbid` are about everything that could exist, `assert` about what is there, `expect`
    tests a property. Where the authorizers are said, `can` means them all, whatever their webhooks answer.
    A witness has been replayed by the reference evaluator before it is shown.
    """
    from kspec.cli.inputs import load_accepted
    from kspec.cli.policy import PolicyOptions
    from kspec.cli.verifying import Verification, chosen
    from kspec.report import verify

    inputs = load_accepted(session, paths, ClusterOptions(k8s_version, param, option=option))
    properties = chosen(inputs.workspace.properties, only)
    with session.progress("verifying", len(properties)) as progress:
        verification = Verification(inputs, timeout, bootstrap, PolicyOptions(**authorizers))
        if emit_smt2 is not None:
            write_questions(session, verification, properties, Path(emit_smt2))
        report = verification.report(properties, progress.step)
    if session.json:
        session.document("verify", verify.to_json(report))
    elif witness == "yaml":
        session.result(verify.all_manifests(report))
        session.say(verify.summary(report, session.error_style))
    else:
        session.result(verify.render(report, session.style))
    if report.count("violated"):
        return exits.VIOLATED
    return exits.UNDECIDED if report.count("holds") < len(report.results) else exits.OK


def write_questions(
    session: Session, verification: Verification, properties: list[Property], folder: Path
) -> None:
    """One file for each question: named after its property, numbered if it has several."""
    from kspec.cli.files import make_folder, write_whole
    from kspec.solve.query import emit_smt2
    from kspec.verify.properties import queries_of

    make_folder(folder)
    taken: set[str] = set()
    for prop in properties:
        queries = queries_of(verification.asked(prop), verification.cluster, verification.setting)
        for number, query in enumerate(queries, 1):
            name = slug(prop.title) + (f"-{number}" if len(queries) > 1 else "")
            while name in taken:
                name += "-again"
            taken.add(name)
            write_whole(folder / f"{name}.smt2", emit_smt2(query))
    session.say(f"{len(taken)} SMT-LIB files in {folder}")


def slug(title: str) -> str:
    """A file name of a title: `only-checkout-reaches-the-database`."""
    made = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return made[:80] or "property"
