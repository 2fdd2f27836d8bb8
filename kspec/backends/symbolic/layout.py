"""Knows how emitted Python is laid out: a call on one line where it fits, else one argument a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 110
INDENT = 4


@dataclass(frozen=True, slots=True)
class Group:
    """`opening part, part closing`. The opening may be long text (`lambda x: f(`); parts are texts or
    groups.
    """

    opening: str
    parts: tuple[Doc, ...]
    closing: str


Doc: TypeAlias = str | Group


def call(function: str, *args: Doc) -> Doc:
    return Group(f"{function}(", args, ")")


def prefixed(text: str, doc: Doc) -> Doc:
    """The text, then the piece, on the same line."""
    return text + doc if isinstance(doc, str) else Group(text + doc.opening, doc.parts, doc.closing)


def flat(doc: Doc) -> str:
    """The piece on one line."""
    return doc if isinstance(doc, str) else doc.opening + ", ".join(map(flat, doc.parts)) + doc.closing


def render(doc: Doc, indent: int, taken: int = 0) -> str:
    """The piece as text whose later lines are indented by `indent`; `taken` characters of the line are
    used by others.
    """
    text = flat(doc)
    if isinstance(doc, str) or not doc.parts or indent + taken + len(text) <= WIDTH:
        return text
    inner = indent + INDENT
    lines = [" " * inner + render(part, inner, 1) + "," for part in doc.parts]
    return "\n".join([doc.opening, *lines, " " * indent + doc.closing])
