"""Knows how a document with places where lines may break is laid out in so many columns.

A document is a text, a tuple of documents, or one of the classes below. `Group` is laid out on one line
if that fits, else
every `Line` directly in it becomes a line end; `Fill` breaks only those of its lines that it must.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may end: a blank (or `flat`) if it does not. `hard`: it must."""

    flat: str = " "
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Indent:
    columns: int
    body: Doc


@dataclass(frozen=True, slots=True)
class Group:
    body: Doc
    broken: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Fill:
    """Documents with a blank between each two, or a line end where the next does not fit."""

    parts: tuple[Doc, ...]
    at: int = 0
    """How many are laid out already: then a blank comes first."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """A text that goes to the end of the line on which it stands: a comment."""

    text: str


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing where the group around it is broken, another where it is not."""

    broken: Doc
    flat: Doc = ""


Doc: TypeAlias = "str | tuple[Doc, ...] | Line | Indent | Group | Fill | Suffix | Broken"

SOFT = Line("")
SPACE = Line()
HARD = Line(hard=True)


def must_break(doc: Doc) -> bool:
    """Has it a line end that must be one, so that nothing around it fits on one line?"""
    stack: list[Doc] = [doc]
    while stack:
        d = stack.pop()
        if isinstance(d, tuple):
            stack.extend(d)
        elif isinstance(d, (Suffix, Line)):
            if isinstance(d, Suffix) or d.hard:
                return True
        elif isinstance(d, Group):
            if d.broken:
                return True
            stack.append(d.body)
        elif isinstance(d, Indent):
            stack.append(d.body)
        elif isinstance(d, Fill):
            stack.extend(d.parts)
    return False


def group(*body: Doc, broken: bool = False) -> Group:
    return Group(body, broken or must_break(body))


def join(line: Doc, docs: list[Doc]) -> Doc:
    out: list[Doc] = []
    for i, d in enumerate(docs):
        if i:
            out.append(line)
        out.append(d)
    return tuple(out)


def render(doc: Doc, width: int = WIDTH) -> str:
    """The text of a document. No blanks at line ends."""
    out: list[str] = []
    suffix: list[str] = []
    column = 0
    stack: list[tuple[int, bool, Doc]] = [(0, False, doc)]
    while stack:
        indent, flat, d = stack.pop()
        if isinstance(d, str):
            out.append(d)
            cut = d.rfind("\n")
            column = column + len(d) if cut < 0 else len(d) - cut - 1
        elif isinstance(d, tuple):
            stack.extend((indent, flat, x) for x in reversed(d))
        elif isinstance(d, Indent):
            stack.append((indent + d.columns, flat, d.body))
        elif isinstance(d, Group):
            whole = not d.broken and (flat or _fits([(0, True, d.body)], stack, width - column))
            stack.append((indent, whole, d.body))
        elif isinstance(d, Fill):
            _fill(d, indent, flat, stack, -1 if suffix else width - column)
        elif isinstance(d, Broken):
            stack.append((indent, flat, d.flat if flat else d.broken))
        elif isinstance(d, Suffix):
            suffix.append(d.text)
        elif flat and not d.hard:
            out.append(d.flat)
            column += len(d.flat)
        else:
            _end_line(out, suffix)
            out.append("\n" + " " * indent)
            column = indent
    _end_line(out, suffix)
    return "".join(out)


def _end_line(out: list[str], suffix: list[str]) -> None:
    """Takes blanks off the end of the line, and puts comments there."""
    while out and not out[-1].strip(" "):
        out.pop()
    if out:
        out[-1] = out[-1].rstrip(" ")
    at_begin = not out or out[-1].endswith("\n")
    out.extend(text if at_begin and not i else " " + text for i, text in enumerate(suffix))
    suffix.clear()


_Stack: TypeAlias = "list[tuple[int, bool, Doc]]"


def _fill(d: Fill, indent: int, flat: bool, stack: _Stack, room: int) -> None:
    """Takes the first part off; it goes on a new line if it does not fit on this one."""
    if not d.parts:
        return
    first = d.parts[d.at]
    if d.at + 1 < len(d.parts):
        stack.append((indent, flat, Fill(d.parts, d.at + 1)))
    trial: _Stack = [(0, True, first), (0, True, SPACE)] if d.at else [(0, True, first)]
    fits = flat or (not must_break(first) and _fits(trial, stack, room))
    stack.append((indent, fits, first))
    if d.at:
        stack.append((indent, fits, SPACE))


def _fits(todo: _Stack, rest: _Stack, room: int) -> bool:
    """Does this, laid out flat, fit with what follows it up to the next line end that may be one?"""
    at = len(rest)
    while room >= 0:
        if not todo:
            if not at:
                return True
            at -= 1
            todo.append(rest[at])
        _, flat, d = todo.pop()
        if isinstance(d, str):
            cut = d.find("\n")
            if cut >= 0:
                return cut <= room
            room -= len(d)
        elif isinstance(d, tuple):
            todo.extend((0, flat, x) for x in reversed(d))
        elif isinstance(d, Indent):
            todo.append((0, flat, d.body))
        elif isinstance(d, Group):
            todo.append((0, flat and not d.broken, d.body))
        elif isinstance(d, Fill):
            if d.at + 1 < len(d.parts):
                todo.append((0, flat, Fill(d.parts, d.at + 1)))
            todo += [(0, flat, x) for x in (*d.parts[d.at : d.at + 1], *((SPACE,) if d.at else ()))]
        elif isinstance(d, Broken):
            todo.append((0, flat, d.flat if flat else d.broken))
        elif isinstance(d, Line):
            if d.hard or not flat:
                return True
            room -= len(d.flat)
    return False
