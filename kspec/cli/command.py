"""Knows what all commands share: `--format`, `--color`, and how mistakes in the input end a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from kspec.cli.session import Session
from kspec.source import DiagnosticError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command(
    name: str, *, epilog: str = "", formats: Sequence[str] = ("text", "json")
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of a function `(session, **options) -> exit code`. Its docstring is the help."""

    def make(body: Callable[..., int]) -> click.Command:
        @wraps(body)
        def run(format_: str = "text", color: str = "auto", **options: Any) -> int:
            session = Session(format_, color, name)
            try:
                return body(session, **options)
            except DiagnosticError as error:
                return session.fail(error.diagnostics)

        made = click.command(name, epilog=epilog or None, context_settings=CONTEXT)(run)
        made.params += [_format_option(formats), _color_option()] if len(formats) > 1 else [_color_option()]
        return made

    return make


def _format_option(formats: Sequence[str]) -> click.Option:
    return click.Option(
        ["--format", "format_"],
        type=click.Choice(list(formats)),
        default="text",
        show_default=True,
        help="How the result is printed. JSON has a schema: see `kspec schema`.",
    )


def _color_option() -> click.Option:
    return click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colour; auto also obeys NO_COLOR, FORCE_COLOR and TERM=dumb.",
    )
