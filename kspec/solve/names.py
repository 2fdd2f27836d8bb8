"""Knows short strings of which given facts hold: what an open string becomes in a witness."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import product

from kspec.runtime.symbolic.strings import fact_holds

Facts = Sequence[tuple[tuple[str, str], bool]]
"""(function, argument) and whether it holds."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ODD = ("", "0", "1", "10", "a-b", "a.b", "a/b", "/", "A", "a_b", "_", "-", ".", "*", " ", "1Gi", "é", "\n")
TRIES_MAX = 5000


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
    found = [text for text in _candidates(facts) if text not in avoid and _fits(text, facts)]
    for is_valid in VALID:
        for text in found:
            if is_valid(text) and text not in taken:
                return text
    return found[0] if found else None


def _fits(text: str, facts: Facts) -> bool:
    return all(fact_holds(fact, text) is wanted for fact, wanted in facts)


def _candidates(facts: Facts) -> Iterator[str]:
    """Strings that begin, end and contain what they must, with short fillings; shortest first."""
    wanted = [fact for fact, holds in facts if holds]
    start = max((text for function, text in wanted if function == "startsWith"), key=len, default="")
    end = max((text for function, text in wanted if function == "endsWith"), key=len, default="")
    inside = "".join(text for function, text in wanted if function == "contains")
    seen: dict[str, None] = {}
    if start or end:
        for overlap in range(min(len(start), len(end)), 0, -1):
            if start.endswith(end[:overlap]):
                seen[start + end[overlap:]] = None
    for filling in _fillings():
        for middle in (filling, inside + filling) if inside else (filling,):
            seen[start + middle + end] = None
        if len(seen) >= TRIES_MAX:
            break
    yield from seen


def _fillings() -> Iterator[str]:
    yield from _LETTERS
    yield from _ODD
    for length in (2, 3):
        for letters in product(_LETTERS, repeat=length):
            yield "".join(letters)
