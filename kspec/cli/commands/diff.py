"""`kspec diff`: what an edit of manifests really changes."""

from __future__ import annotations

from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.differing import section_names
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import OPTION, reading_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.resources.load import Workspace

EPILOG = """\
\b
Examples:
  kspec diff old/ new/
  kspec diff old/ new/ --only network
  kspec diff old/ new/ --only network --require no-more
  git worktree add /tmp/main main && kspec diff /tmp/main/k8s k8s --format markdown

\b
Exit codes: 0 nothing changes in meaning, 1 something does, 2 bad input,
3 no change was found but something could not be decided. With --require: 0 it is
proved, 1 it is violated, 3 undecided.
"""
REQUIRE = (
    "Ask for a verdict: OLD and NEW allow the same; NEW allows no more than OLD; or no less. It is proved for"
    " everything that could exist, or a counterexample is shown."
)


@command("diff", epilog=EPILOG, formats=("text", "json", "markdown"))
@click.argument("old")
@click.argument("new")
@click.option("--only", multiple=True, type=click.Choice(section_names()), help="Only this section.")
@click.option(
    "--timeout", type=Seconds(), default="30s", show_default=True, help="For each question to the solver."
)
@click.option("--require", type=click.Choice(("same", "no-more", "no-less")), help=REQUIRE)
@click.option("--witness", is_flag=True, help="Also print the objects that show a change, as manifests.")
@OPTION
@reading_options
def run(
    session: Session,
    old: str,
    new: str,
    only: tuple[str, ...],
    timeout: float,
    require: str | None,
    witness: bool,
    option: tuple[str, ...],
    param: tuple[str, ...],
    k8s_version: str | None,
) -> int:
    """Show what becomes possible from OLD to NEW, and what no longer is.

    OLD and NEW are files or folders. The answer is about what is at hand and about everything that could
    exist: any pod with any labels, any address, any port. The smallest witness comes first, replayed on
    both sides.
    """
    from kspec.cli.inputs import load_accepted
    from kspec.report import diff

    began = monotonic()
    options = ClusterOptions(k8s_version, param, option=option)
    names = [name for name in section_names() if not only or name in only]
    with session.progress("comparing", len(names)) as progress:
        before, after = load_accepted(session, [old], options), load_accepted(session, [new], options)
        sections = []
        for name in names:
            progress.step(name)
            module = import_module(f"kspec.cli.differing.{name}")
            sections.append((module.TITLE, module.compare(session, before, after, timeout)))
    added, removed, changed = object_counts(before.workspace, after.workspace)
    took = monotonic() - began
    difference = diff.Difference(tuple(sections), added, removed, changed, took, require or "")
    if session.json:
        session.document("diff", diff.to_json(difference))
    elif session.format == "markdown":
        session.result(diff.to_markdown(difference))
    else:
        session.result(diff.render(difference, session.style, witness))
    if require:
        verdicts = {"holds": exits.OK, "violated": exits.VIOLATED, "undecided": exits.UNDECIDED}
        return verdicts[difference.verdict]
    if difference.any_change:
        return exits.VIOLATED
    return exits.UNDECIDED if difference.undecided else exits.OK


def object_counts(old: Workspace, new: Workspace) -> tuple[int, int, int]:
    """How many objects were added, removed and changed."""
    before = {o.key: o.value for o in old.objects}
    after = {o.key: o.value for o in new.objects}
    changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
    return len(after.keys() - before.keys()), len(before.keys() - after.keys()), changed
