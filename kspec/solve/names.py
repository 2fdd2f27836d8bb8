"""Knows short strings of which given facts hold: what an open string becomes in a witness."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice, product

from kspec.runtime.symbolic.strings import fact_holds

Facts = Sequence[tuple[tuple[str, str], bool]]
"""(function, argument) and whether it holds."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ODD = ("", "0", "1", "10", "a-b", "a.b", "a/b", "/", "A", "a_b", "_", "-", ".", "*", " ", "1Gi", "é", "\n")
TRIES_MAX = 800


def is_dns_label(text: str) -> bool:
    """What most names in Kubernetes must be (RFC 1123)."""
    return re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", text) is not None


def is_label_value(text: str) -> bool:
    """What the value of a label must be."""
    return re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", text) is not None


VALID: tuple[Callable[[str], bool], ...] = (is_dns_label, is_label_value, lambda text: True)
"""What a string had better be, best first; the last takes any."""


def fresh_text(facts: Facts, avoid: Collection[str], taken: Collection[str] = ()) -> str | None:
    """The simplest string with these facts that is none of `avoid`, nor of `taken` if that can be helped;
    None if none was found.
    """
    found: dict[int, str] = {}
    for text in _candidates(facts):
        if text in avoid or not _fits(text, facts):
            continue
        rank = next(n for n, is_valid in enumerate(VALID) if is_valid(text)) + (
            len(VALID) if text in taken else 0
        )
        found.setdefault(rank, text)
        if rank == 0:
            break
    return found[min(found)] if found else None


def _fits(text: str, facts: Facts) -> bool:
    return all(fact_holds(fact, text) is wanted for fact, wanted in facts)


def _candidates(facts: Facts) -> Iterator[str]:
    """Strings that begin, end and contain what they must, with short fillings; shortest first."""
    wanted = [fact for fact, holds in facts if holds]
    start = max((text for function, text in wanted if function == "startsWith"), key=len, default="")
    end = max((text for function, text in wanted if function == "endsWith"), key=len, default="")
    inside = "".join(text for function, text in wanted if function == "contains")
    for overlap in range(min(len(start), len(end)), 0, -1):
        if start.endswith(end[:overlap]):
            yield start + end[overlap:]
    for filling in islice(_fillings(), TRIES_MAX):
        yield start + filling + end
        if inside:
            yield start + inside + filling + end
            yield start + filling + inside + end


def _fillings() -> Iterator[str]:
    yield from _LETTERS
    yield from _ODD
    for length in (2, 3):
        for letters in product(_LETTERS, repeat=length):
            yield "".join(letters)
