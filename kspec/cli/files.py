"""Knows how single files are read (`-`: standard input), and written: whole, or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

from kspec.source import Diagnostic, DiagnosticError, SourceFile

CANNOT_READ, CANNOT_WRITE = "KS1904", "KS1905"


def read_source(path: str) -> SourceFile:
    """The text of a file. Raises a diagnostic if it cannot be read, or is no text."""
    from kspec.resources.text import decode_text

    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise DiagnosticError([_mistake(CANNOT_READ, "read", path, error)]) from error
    file, mistakes = decode_text(path, data)
    if mistakes:
        raise DiagnosticError(mistakes)
    return file


def write_whole(path: str | Path, text: str) -> None:
    """Write a file at once: a run that is cut off leaves the old file, or none, but never half of one.

    A link is followed, so that what it points to is replaced and not the link; the mode of the file is kept.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=target.parent, delete=False) as made:
            try:
                made.write(text)
                made.flush()
                os.fsync(made.fileno())
                os.chmod(made.name, mode)
                os.replace(made.name, target)
            except BaseException:
                Path(made.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise DiagnosticError([_mistake(CANNOT_WRITE, "write", str(path), error)]) from error


def _umask() -> int:
    """The process's umask can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _mistake(code: str, verb: str, path: str, error: OSError) -> Diagnostic:
    why = (error.strerror or type(error).__name__).lower()
    return Diagnostic(code, f"cannot {verb} `{path}`: {why}")


def make_folder(path: Path) -> None:
    """The folder, with those above it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiagnosticError([_mistake(CANNOT_WRITE, "make the folder", str(path), error)]) from error
