"""Knows how text becomes tokens: one regular expression made of the grammar's terminals."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from kspec.syntax.table import END, load_table

RESOURCE_NAME = "RESOURCE_NAME"
BLANK = " \t\r\n\f"
NEVER_NAMES = frozenset({"in", "implies", "true", "false", "null"})
"""Keywords that are never read as names: they may follow a value, or are values."""
BYTE_ORDER_MARK = "\ufeff"


class Token(NamedTuple):
    """What the builder gets for a terminal: its text and place."""

    text: str
    start: int
    end: int


class Lexicon(NamedTuple):
    """`scan` matches blanks and one token; its `lastindex` is the place in `kinds`."""

    scan: re.Pattern[str]
    kinds: tuple[str, ...]
    keywords: dict[str, str]
    resource_name: re.Pattern[str]
    names_resource: frozenset[int]
    """The states in which a bare resource name may come next."""


@cache
def lexicon(name: str) -> Lexicon:
    table = load_table(name)
    patterns = dict(table.terminals)
    blank = patterns.pop("SPACE")
    resource_name = patterns.pop(RESOURCE_NAME, "(?!)")
    return Lexicon(
        scan=re.compile(f"(?:{blank})?(?:" + "|".join(f"({p})" for p in patterns.values()) + ")"),
        kinds=("", *patterns),
        keywords=table.keywords,
        resource_name=re.compile(resource_name),
        names_resource=frozenset(i for i, row in enumerate(table.actions) if RESOURCE_NAME in row),
    )


class RawToken(NamedTuple):
    """A token read without the parser: its first kind, what else it may be, and whether it begins its
    line."""

    kind: str
    others: tuple[str, ...]
    text: str
    start: int
    end: int
    begins_line: bool


UNKNOWN = "UNKNOWN"
"""The kind of a piece of text that is no token."""


def raw_tokens(name: str, text: str, at: int = 0) -> list[RawToken]:
    """All tokens of a text but comments, `$END` last. For the repair of mistakes, where speed does not
    matter."""
    lex = lexicon(name)
    out: list[RawToken] = []
    begins_line = True
    while True:
        m = lex.scan.match(text, at)
        if m is None:
            start = at
            while start < len(text) and text[start] in BLANK:
                start += 1
            begins_line = begins_line or "\n" in text[at:start]
            if start == len(text):
                out.append(RawToken(END, (), "", start, start, True))
                return out
            out.append(RawToken(UNKNOWN, (), text[start], start, start + 1, begins_line))
            at, begins_line = start + 1, False
            continue
        kind = lex.kinds[m.lastindex or 0]
        start, end = m.span(m.lastindex or 0)
        begins_line = begins_line or "\n" in text[at:start]
        at = end
        if kind == "COMMENT":
            continue
        word = text[start:end]
        others: tuple[str, ...] = ()
        if kind == "NAME" and word in lex.keywords:
            kind, others = lex.keywords[word], () if word in NEVER_NAMES else ("NAME",)
        out.append(RawToken(kind, others, word, start, end, begins_line))
        begins_line = False
