"""Knows how to build the plain value of a YAML document quickly: one pass over the parser's events, no
places.

Whatever is out of the way (a mistake, `<<`, a key that is no text) ends the pass; then `places.py` reads
with care.
"""

from __future__ import annotations

from typing import Any

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from kspec.resources.places import DEPTH_MAX, EXPANSION_MAX
from kspec.resources.scalars import PlainScalars, plain_key, tagged_value


class Trouble(Exception):
    """The document at hand has a mistake in its structure, or needs `<<`: read it carefully."""


class TooDeep(Exception):
    """The document nests too deeply to be read on: the parser would take time quadratic in the depth."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


def read_value(get: Any, plain: PlainScalars) -> Any:
    """The value of the document whose start event was just read; `get` gives the next event. One flat loop,
    since it turns once for each node of all files. Raises `Trouble` or `UnreadableScalar` at what is out of
    the way.
    """
    stack: list[tuple[Any, Any, Any, int]] = []
    container: Any = None
    key: Any = None
    anchor: Any = None
    anchors: dict[str, tuple[Any, int]] = {}
    nodes = opened = 0
    while event := get():
        kind, nodes = type(event), nodes + 1
        if kind is ScalarEvent:
            if key is None and type(container) is dict:
                key = _key(event, plain)
                continue
            value = event.value
            if event.tag is not None:
                value = tagged_value(event.tag, value)
            elif event.implicit[0]:
                value = plain[value]
            if event.anchor is not None:
                anchors[event.anchor] = (value, 1)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if len(stack) >= DEPTH_MAX:
                raise TooDeep(event.start_mark.index)
            stack.append((container, key, anchor, opened))
            container = {} if kind is MappingStartEvent else []
            key, anchor, opened = None, event.anchor, nodes
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = container
            nodes -= 1
            if anchor is not None:
                anchors[anchor] = (value, nodes - opened + 1)
            container, key, anchor, opened = stack.pop()
        else:
            value, nodes = _aliased(event, anchors, nodes)
        if container is None:
            return value
        if type(container) is list:
            container.append(value)
        elif key is None or key in container:
            break
        else:
            container[key] = value
            key = None
    raise Trouble


def skip_document(get: Any) -> int:
    """Reads to the end of the document and gives its offset."""
    depth = 0
    while True:
        event = get()
        kind = type(event)
        if kind is DocumentEndEvent:
            end: int = event.end_mark.index
            return end
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            depth += 1
            if depth > DEPTH_MAX:
                raise TooDeep(event.start_mark.index)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            depth -= 1


def _key(event: Any, plain: PlainScalars) -> str:
    text: str = event.value
    if event.tag is not None or event.anchor is not None:
        raise Trouble
    if not event.implicit[0]:
        return text
    value = plain[text]
    if type(value) is str and text != "<<":
        return text
    if value is None or type(value) is bool or text == "<<":
        raise Trouble
    return plain_key(text)


def _aliased(event: Any, anchors: dict[str, tuple[Any, int]], nodes: int) -> tuple[Any, int]:
    """The value that an alias stands for, and how many nodes there are with those of which it is made."""
    if type(event) is not AliasEvent or event.anchor not in anchors:
        raise Trouble
    value, size = anchors[event.anchor]
    if nodes + size > EXPANSION_MAX:
        raise Trouble
    return value, nodes + size
