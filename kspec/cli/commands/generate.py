"""`kspec generate`: generated/ from rules/."""

from __future__ import annotations

from pathlib import Path

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session
from kspec.data import root as shipped
from kspec.report.style import plural


@command("generate", formats=("text",))
@click.option(
    "--check", is_flag=True, help="Write nothing; show what is stale, and exit with 1 if anything is."
)
@click.option(
    "--root",
    "folder",
    metavar="DIR",
    help="The checkout, with rules/ in it. [default: the one kspec runs from]",
)
def run(session: Session, check: bool, folder: str | None) -> int:
    """Refresh generated/ from rules/.

    This is for those who change the rules of Kubernetes in a checkout of kspec.
    """
    from kspec.backends.generate import generate

    root = Path(folder) if folder else shipped()
    if not (root / "rules").is_dir():
        raise click.UsageError(f"There is no folder rules/ in {root}.")
    if folder is None and not check and shipped().name == "_data":
        raise click.UsageError("This is an installed kspec; --root names the checkout to work on.")
    with session.progress("generating"):
        made = generate(root, check)
    if not made.stale:
        session.say(f"{plural(made.files, 'file')} of generated/ are up to date")
        return exits.OK
    if not check:
        for each in made.stale:
            session.result(each.path)
        session.say(f"{plural(len(made.stale), 'file')} of {made.files} written")
        return exits.OK
    session.result(made.diff)
    session.say(f"{plural(len(made.stale), 'file')} stale: run `kspec generate` and commit what it writes")
    return exits.VIOLATED
