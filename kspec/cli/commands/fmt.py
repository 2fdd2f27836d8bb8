"""`kspec fmt`: one style, no options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session
from kspec.report.style import Style, plural
from kspec.source import Diagnostic, DiagnosticError, SourceFile, has_errors

NO_NEWLINE = "\n\\ No newline at end of file\n"

EPILOG = """\
\b
Examples:
  kspec fmt .                formats every .kspec file below this folder
  kspec fmt --check .        for CI: exit code 1 if a file is not formatted
  kspec fmt - < a.kspec      prints the formatted text

\b
Exit codes: 0 formatted, 1 something is not (with --check or --diff),
2 a file has mistakes; it is left as it was.
"""


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file, and its text in the one style."""

    file: SourceFile
    text: str

    @property
    def changed(self) -> bool:
        return self.text != self.file.text


@command("fmt", epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--check", is_flag=True, help="Write nothing; list the files that are not formatted.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def run(session: Session, paths: tuple[str, ...], check: bool, diff: bool) -> int:
    """Format .kspec files in place; `-` reads standard input and prints. Without PATHS: this folder.

    There is one style. Comments are kept, and what a file means never changes.
    """
    mistakes: list[Diagnostic] = []
    done = list(formatted(paths or (".",), mistakes))
    changed = [f for f in done if f.changed]
    if not (check or diff):
        _write(session, done)
    if session.json:
        files = [{"path": f.file.path, "changed": f.changed} for f in done]
        session.document("fmt", {"files": files})
    elif diff:
        for each in changed:
            session.result(_diff(each, session.style))
    elif check:
        for each in changed:
            session.result(each.file.path)
    session.show_diagnostics(mistakes)
    if paths != ("-",):
        _summary(session, len(done), len(changed), check or diff)
    if has_errors(mistakes):
        return exits.BAD_INPUT
    return exits.VIOLATED if changed and (check or diff) else exits.OK


def formatted(paths: tuple[str, ...], mistakes: list[Diagnostic]) -> Iterator[Formatted]:
    """Every .kspec file that is meant, formatted; those with mistakes are left out."""
    import sys

    from kspec.resources.files import Finder
    from kspec.syntax.format import format_module

    finder = Finder(sys.stdin.buffer.read)
    for path in paths:
        finder.add(path, suffixes=(".kspec",))
    mistakes += finder.mistakes
    for entry in finder.inputs:
        try:
            yield Formatted(entry.file, format_module(entry.file))
        except DiagnosticError as error:
            mistakes += error.diagnostics


def _write(session: Session, done: list[Formatted]) -> None:
    from kspec.cli.files import write_whole

    for each in done:
        if each.file.path == "-":
            if not session.json:
                session.result(each.text)
        elif each.changed:
            write_whole(each.file.path, each.text)


def _diff(each: Formatted, style: Style) -> str:
    """A unified diff that `patch` takes."""
    before, after = each.file.text.splitlines(keepends=True), each.text.splitlines(keepends=True)
    lines = unified_diff(before, after, each.file.path, each.file.path)
    paint = {"+": style.good, "-": style.bad, "@": style.place}
    return "".join(
        paint.get(line[:1], str)(line.rstrip("\n")) + ("\n" if line.endswith("\n") else NO_NEWLINE)
        for line in lines
    )


def _summary(session: Session, files: int, changed: int, dry: bool) -> None:
    word = "would be reformatted" if dry else "reformatted"
    session.say(f"{plural(changed, 'file')} {word}, {files - changed:,} left as they are")
