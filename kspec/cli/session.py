"""Knows where output goes: results to stdout, everything else to stderr; a broken pipe is no error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TextIO

from kspec.cli import exits
from kspec.cli.progress import Progress
from kspec.report.style import Style
from kspec.source import Diagnostic


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one command: the format of its result, and the two streams."""

    format: str = "text"
    color: str = "auto"
    command: str = ""

    @property
    def style(self) -> Style:
        return Style(wants_colour(self.color, sys.stdout))

    @property
    def error_style(self) -> Style:
        return Style(wants_colour(self.color, sys.stderr))

    @property
    def json(self) -> bool:
        return self.format == "json"

    def result(self, text: str) -> None:
        """Part of the result, to stdout."""
        _write(sys.stdout, text)

    def document(self, name: str, body: Mapping[str, object]) -> None:
        """The whole result as a versioned JSON document, to stdout."""
        from kspec.report.document import to_json

        _write(sys.stdout, to_json(name, body))

    def say(self, text: str) -> None:
        """A line for the person at the terminal, to stderr."""
        _write(sys.stderr, text)

    def show_diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Diagnostics as text, to stderr, sorted by place."""
        from kspec.report.diagnostics import render_all

        text = render_all(diagnostics, self.error_style)
        if text:
            self.say(text)

    def fail(self, diagnostics: Iterable[Diagnostic]) -> int:
        """End with mistakes in the input: shown on stderr, and as a document where one was asked for."""
        from kspec.report.diagnostics import all_to_json

        found = tuple(diagnostics)
        self.show_diagnostics(found)
        if self.json:
            self.document("diagnostics", {"diagnostics": all_to_json(found)})
        return exits.BAD_INPUT

    def progress(self, label: str, total: int = 0) -> Progress:
        return Progress(label, total, sys.stderr)


def wants_colour(choice: str, stream: TextIO) -> bool:
    """The flag decides; then NO_COLOR, FORCE_COLOR, TERM=dumb; then whether the stream is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def _write(stream: TextIO, text: str) -> None:
    """Write a text and its line end. A reader that went away (`| head`) changes no exit code."""
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
