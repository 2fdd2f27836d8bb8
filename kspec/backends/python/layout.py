"""Knows how Python text is broken into lines: pieces that stay on one line while they fit, and open up when
not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

WIDTH = 110
INDENT = 4


@dataclass(frozen=True, slots=True)
class Group:
    """`opening part separator part closing`; opened up, each part has a line of its own.

    `separator` is what stands between the parts on one line; `line_end` and `line_start` what ends and
    starts the lines
    otherwise. `optional`: the brackets are there only when opened up. `last_comma`: so is a comma after the
    last part.
    """

    opening: str
    parts: tuple[Doc, ...]
    closing: str
    separator: str = ", "
    line_end: str = ","
    line_start: str = ""
    optional: bool = False
    last_comma: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces side by side."""

    parts: tuple[Doc, ...]


Doc: TypeAlias = str | Row | Group


def row(*parts: Doc) -> Doc:
    """Pieces side by side, texts that meet joined."""
    joined: list[Doc] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Row) else (part,):
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
    return joined[0] if len(joined) == 1 else Row(tuple(joined))


def bracketed(opening: str, parts: Sequence[Doc], closing: str) -> Doc:
    """Parts with commas between: a call, a list, a dict."""
    if not parts:
        return opening + closing
    return Group(opening, tuple(parts), closing, last_comma=True)


def call(function: Doc, *args: Doc) -> Doc:
    return row(function, bracketed("(", args, ")"))


def words(opening: str, parts: Sequence[Doc], closing: str) -> Doc:
    """Parts with a space between and no comma: a comprehension."""
    return Group(opening, tuple(parts), closing, separator=" ", line_end="")


def chain(operator: str, parts: Sequence[Doc]) -> Doc:
    """`a and b and c`; brackets appear when it is opened up."""
    return Group("(", tuple(parts), ")", f" {operator} ", "", f"{operator} ", optional=True)


def clauses(parts: Sequence[Doc]) -> Doc:
    """`a if c else b`: like `words`, with brackets only when opened up."""
    return Group("(", tuple(parts), ")", separator=" ", line_end="", optional=True)


def in_brackets(doc: Doc) -> Doc:
    if isinstance(doc, Group) and doc.optional:
        return replace(doc, optional=False)
    return row("(", doc, ")")


def flat(doc: Doc) -> str:
    """The text on one line."""
    match doc:
        case str():
            return doc
        case Row(parts):
            return "".join(map(flat, parts))
        case Group():
            inside = doc.separator.join(map(flat, doc.parts))
            return inside if doc.optional else doc.opening + inside + doc.closing


def render(doc: Doc, indent: int = 0, column: int = 0, reserve: int = 0) -> str:
    """The text, lines after the first indented by `indent` at least; `column` is where it starts, `reserve`
    what follows it.
    """
    if isinstance(doc, str):
        return doc
    text = flat(doc)
    if column + len(text) + reserve <= WIDTH:
        return text
    if isinstance(doc, Row):
        return _render_row(doc, indent, column, reserve)
    return _render_group(doc, indent)


def _render_row(doc: Row, indent: int, column: int, reserve: int) -> str:
    """The last group that can be opened up is opened first: the brackets at the end rather than those in
    front.
    """
    texts = [flat(p) for p in doc.parts]
    openable = [i for i, p in enumerate(doc.parts) if isinstance(p, Group)]
    for index in reversed(openable):
        before = column + sum(map(len, texts[:index]))
        after = reserve + sum(map(len, texts[index + 1 :]))
        texts[index] = render(doc.parts[index], indent, before, after)
        if _fits("".join(texts), column, reserve):
            break
    return "".join(texts)


def _fits(text: str, column: int, reserve: int) -> bool:
    lines = text.split("\n")
    return column + len(lines[0]) <= WIDTH and len(lines[-1]) + reserve <= WIDTH


def _render_group(doc: Group, indent: int) -> str:
    inner = indent + INDENT
    margin = " " * inner
    lines = []
    last = len(doc.parts) - 1
    for index, part in enumerate(doc.parts):
        start = doc.line_start if index else ""
        end = doc.line_end if index < last or doc.last_comma else ""
        lines.append(margin + start + render(part, inner, inner + len(start), len(end)) + end)
    return "\n".join([doc.opening, *lines, " " * indent + doc.closing])
