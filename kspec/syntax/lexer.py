"""Knows how text becomes tokens: one regular expression made of the grammar's terminals."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from kspec.syntax.table import Table, load_table

RESOURCE_NAME = "RESOURCE_NAME"
SKIPPED = ("SPACE",)


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
    table: Table = load_table(name)
    patterns = {n: p for n, p in table.terminals if n not in SKIPPED}
    resource_name = patterns.pop(RESOURCE_NAME, "(?!)")
    blank = dict(table.terminals)["SPACE"]
    return Lexicon(
        scan=re.compile(f"(?:{blank})?(?:" + "|".join(f"({p})" for p in patterns.values()) + ")"),
        kinds=("", *patterns),
        keywords=table.keywords,
        resource_name=re.compile(f"(?:{blank})?({resource_name})"),
        names_resource=frozenset(i for i, row in enumerate(table.actions) if RESOURCE_NAME in row),
    )
