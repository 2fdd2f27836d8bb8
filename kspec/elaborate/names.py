"""Knows how messages name things: types with an article, and what a mistyped name may have meant."""

from __future__ import annotations

from collections.abc import Sequence

from kspec.ir.types import Type, show
from kspec.ir.unify import settle


def near(name: str, known: Sequence[str]) -> str:
    """Advice such as "did you mean `spec`?", or nothing."""
    import difflib  # here: only mistakes need it

    lowered = {k.lower(): k for k in reversed(known)}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=2, cutoff=0.6)
    if not close:
        return ""
    return "did you mean " + " or ".join(f"`{lowered[c]}`" for c in close) + "?"


def with_article(type_: Type) -> str:
    """The type with its article."""
    text = show(settle(type_))
    return f"{'an' if text[0] in 'aeioAEIO' else 'a'} {text}"
