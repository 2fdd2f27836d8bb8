"""Knows how a run ends when a command lets an exception out: bad input, the system, or our own bug."""

from __future__ import annotations

import os
import sys
import traceback

import click

from kspec import __version__
from kspec.cli import exits
from kspec.cli.session import Session
from kspec.data import root
from kspec.source import DiagnosticError

DEBUG = "KSPEC_DEBUG"


def report_failure(error: Exception, args: list[str]) -> int:
    """Say on stderr what happened, and return the exit code for it."""
    if isinstance(error, DiagnosticError):
        Session().show_diagnostics(error.diagnostics)
        return exits.BAD_INPUT
    if isinstance(error, BrokenPipeError):
        return exits.OK
    if isinstance(error, OSError) and not _is_ours(error):
        Session().say(f"kspec: {_os_error(error)}")
        return exits.BAD_INPUT
    _bug(error, args)
    return exits.BUG


def _is_ours(error: OSError) -> bool:
    """A file of the package itself that is not there is no mistake of the user's."""
    return error.filename is not None and os.fsdecode(error.filename).startswith(
        str(root()) + os.sep + "kspec"
    )


def _os_error(error: OSError) -> str:
    what = error.strerror or type(error).__name__
    where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
    return f"{where}{what[:1].lower()}{what[1:]}"


def _bug(error: Exception, args: list[str]) -> None:
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    summary = str(error).splitlines()[0][:300] if str(error) else ""
    click.echo(f"kspec: internal error: {type(error).__name__}{': ' if summary else ''}{summary}", err=True)
    click.echo(
        "This is a bug in kspec, not a mistake in your input; no result of this run should be relied on.\n"
        f"Please report it with the command, its input and the output of the same command under {DEBUG}=1:\n"
        f"  {DEBUG}=1 kspec {' '.join(_quoted(a) for a in args)}\n"
        f"  kspec {__version__}, Python {sys.version.split()[0]}, {sys.platform}",
        err=True,
    )


def _quoted(text: str) -> str:
    from shlex import quote

    return quote(text)
