"""Knows which comments a YAML document holds, and which field each of them is about."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from kspec.resources.places import Path, Place, read_carefully
from kspec.resources.yaml import Document

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)


def comments_of(document: Document, after: int = 0) -> dict[Path, list[str]]:
    """The text of each comment by the path of its field: the next one, or the one on its line.

    `after`: where the text before ends that belongs to another document. What follows the last field is
    about the whole, as is what stands before the first: its path is empty.
    """
    start = min(after, document.start)
    text = document.file.text[start : document.end]
    root, _ = read_carefully(document.file, document.start, document.end)
    if root is None or "#" not in text:
        return {}
    shift = document.start - start
    entries = sorted((place.start + shift, path) for path, place in _entries(root, ()))
    scalars = sorted((place.start + shift, place.end + shift) for place in _scalars(root))
    found: dict[Path, list[str]] = {}
    for match in _COMMENT.finditer(text):
        at = match.start()
        inside = bisect_right(scalars, (at, len(text))) - 1
        if inside >= 0 and scalars[inside][0] <= at < scalars[inside][1]:
            continue
        found.setdefault(_subject(text, at, entries), []).append(match[0][1:].strip())
    return found


def _subject(text: str, at: int, entries: list[tuple[int, Path]]) -> Path:
    """The path of the field that a comment at this offset is about."""
    line_start = text.rfind("\n", 0, at) + 1
    following = bisect_right(entries, (at, ()))
    if text[line_start:at].strip() and following > 0:  # behind something on its line
        return entries[following - 1][1]
    if following == len(entries) or following == 0:
        return ()
    return entries[following][1]


def _entries(place: Place, path: Path) -> Iterator[tuple[Path, Place]]:
    """The key of every field and the start of every element, with its path."""
    for key, (at, value) in (place.entries or {}).items():
        yield (*path, key), at
        yield from _entries(value, (*path, key))
    for index, item in enumerate(place.items or ()):
        if item.entries is None:
            yield (*path, index), item
        yield from _entries(item, (*path, index))


def _scalars(place: Place) -> Iterator[Place]:
    if place.entries is None and place.items is None:
        yield place
    for at, value in (place.entries or {}).values():
        yield at
        yield from _scalars(value)
    for item in place.items or ():
        yield from _scalars(item)
