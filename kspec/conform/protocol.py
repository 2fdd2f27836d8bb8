"""Knows the suites (JSON Lines of `{"id", "area", "input", "expected"}`) and finds what answers them.

An area is a module of this room that says `AREA = "cel.eval"` and has `run_case(input) -> actual` and, if
equality of JSON is not what counts, `compare(expected, actual) -> path | None`. Modules are discovered: a new
area is a new file.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from kspec import conform
from kspec.conform.compare import first_difference
from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span

GZIP_MAGIC = b"\x1f\x8b"
NOT_AREAS = ("compare", "main", "protocol")


class UnsupportedCase(Exception):
    """This area is built, but not for this input: `reason` says what is missing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    area: str
    input: Any
    expected: Any


@dataclass(frozen=True, slots=True)
class Area:
    """How an area answers, and how an answer is compared: the first path that differs, or None."""

    name: str
    run_case: Callable[[Any], Any]
    compare: Callable[[Any, Any], str | None]


def find_areas() -> dict[str, Area]:
    """All areas that are built, by name."""
    found: dict[str, Area] = {}
    for info in iter_modules(conform.__path__):
        if info.name in NOT_AREAS:
            continue
        module = import_module(f"{conform.__name__}.{info.name}")
        name = getattr(module, "AREA", None)
        if name is not None:
            assert name not in found, f"two modules answer for {name}"
            found[name] = Area(name, module.run_case, getattr(module, "compare", first_difference))
    return found


def read_cases(path: str) -> Iterator[Case]:
    """The cases of a file (`-`: standard input), one by one. Raises a diagnostic for a line that is none."""
    with _open(path) as stream:
        for number, raw in enumerate(_lines(stream, path), 1):
            if raw.strip():
                yield _case(path, number, raw)


def read_lines(path: str) -> Iterator[bytes]:
    """The lines of a file, plain or gzipped (`-`: standard input)."""
    with _open(path) as stream:
        yield from _lines(stream, path)


def _open(path: str) -> io.BufferedReader:
    if path == "-":
        return open(0, "rb", closefd=False)
    try:
        return open(path, "rb")
    except OSError as error:
        raise DiagnosticError([_mistake(path, f"cannot read `{path}`: {error.strerror}")]) from error


def _lines(stream: io.BufferedReader, path: str) -> Iterator[bytes]:
    try:
        if stream.peek(2)[:2] == GZIP_MAGIC:
            yield from gzip.GzipFile(fileobj=stream)
        else:
            yield from stream
    except (EOFError, OSError) as error:
        raise DiagnosticError([_mistake(path, f"cannot read `{path}`: {error}")]) from error


def _case(path: str, number: int, raw: bytes) -> Case:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DiagnosticError([_mistake(path, f"line {number} is not JSON: {error}", number, raw)]) from error
    missing = [k for k in ("id", "area", "input", "expected") if not isinstance(line, dict) or k not in line]
    if missing or not isinstance(line["area"], str):
        lacks = ", ".join(f"`{m}`" for m in missing) or "an area with a name"
        raise DiagnosticError([_mistake(path, f"line {number} is not a case: it lacks {lacks}", number, raw)])
    return Case(str(line["id"]), line["area"], line["input"], line["expected"])


def _mistake(path: str, message: str, number: int = 0, raw: bytes = b"") -> Diagnostic:
    text = "\n" * max(0, number - 1) + raw.decode("utf-8", "replace").rstrip("\n")
    start = max(0, number - 1)
    return Diagnostic(
        "KS1901",
        message,
        Span(SourceFile(path, text), start, len(text)),
        help='a suite is JSON Lines (plain or .gz), each line {"id", "area", "input", "expected"}',
    )
