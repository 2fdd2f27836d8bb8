"""Knows how a mistake in a declaration is worded: near names, and who reports what twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kspec.source import Diagnostic, Severity, Span


def near(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` with the known names that look like this one; empty if none does."""
    from difflib import get_close_matches

    candidates = sorted(set(known))
    same = [
        c for c in candidates if c.lower() == name.lower() or c.rpartition(".")[2].lower() == name.lower()
    ]
    found = same or get_close_matches(name, candidates, n=2, cutoff=0.65)
    return f"did you mean {either(found[:3])}?" if found else ""


def either(names: Sequence[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{n}`" for n in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def listing(names: Iterable[str], limit: int = 8) -> str:
    """The names in back ticks, sorted, cut off after `limit` of them."""
    known = sorted(set(names))
    shown = ", ".join(f"`{n}`" for n in known[:limit])
    return f"{shown} and {len(known) - limit} more" if len(known) > limit else shown


def mistake(code: str, message: str, span: Span, help: str = "", *notes: tuple[Span, str]) -> Diagnostic:
    return Diagnostic(code, message, span, help=help, notes=notes)


def sorted_once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """In order of place; a mistake that two readings of the same text report is kept once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=Diagnostic.sort_key))


def failed(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)
