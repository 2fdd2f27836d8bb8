"""Knows what we tell a user about a mistake: a value, never an exception text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from kspec.source.files import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake (or warning) in what a user gave us.

    `code` is stable for ever (`KS1xxx` syntax, `KS2xxx` names, types, schemas and references, `KS3xxx`
    network, `KS4xxx` access, `KS5xxx` scheduling, `KS6xxx` workloads, `KS9xxx` kspec itself); `message`
    states the fact without a final stop, the user's own things in backticks; `help` says how to mend it;
    `notes` are secondary places with a label each; `path` is the field path inside an object, if there is
    one.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = Severity.ERROR
    help: str = ""
    notes: tuple[tuple[Span, str], ...] = ()
    path: tuple[str | int, ...] = field(default=())

    def sort_key(self) -> tuple[str, int, str]:
        if self.span is None:
            return ("", -1, self.code)
        return (self.span.file.path, self.span.start, self.code)


class DiagnosticError(Exception):
    """The one exception that crosses rooms: it carries every diagnostic of a step that cannot go on."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=Diagnostic.sort_key))
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics))


class InternalError(Exception):
    """A broken invariant of kspec itself. Never caught but by the outermost frame, which exits with 70."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}: this is a bug in kspec")


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)
