"""Knows where each field of a YAML document stands, and every mistake in its structure.

This is the careful reader: it keeps a place for every node, and goes on after a mistake. `yaml.py` reads
quickly and comes here for a document when a mistake was met or a place is asked for. Both read one meaning:
kubectl's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from kspec.resources.scalars import UnreadableScalar, plain_key, plain_value, tagged_value
from kspec.source import Diagnostic, Severity, SourceFile, Span

DEPTH_MAX = 100
"""Deepest nesting that is read. The API server's own objects stay below 40."""
EXPANSION_MAX = 200_000
"""How many nodes the aliases of one document may stand for, all together."""
MISTAKES_MAX = 20
"""So many mistakes of one document are told."""

Path = tuple[str | int, ...]


class Place:
    """A node: its range in the text, its value, and the places of what it holds."""

    __slots__ = ("end", "entries", "items", "merged", "nodes", "start", "value")

    def __init__(self, start: int, end: int, value: Any) -> None:
        self.start = start
        self.end = end
        self.value = value
        self.items: list[Place] | None = None
        self.entries: dict[str, tuple[Place, Place]] | None = (
            None  # key -> place of the key, place of the value
        )
        self.merged: set[str] = set()  # keys that came by `<<`
        self.nodes = 1  # how many nodes it stands for, aliases written out


def read_carefully(file: SourceFile, start: int, end: int) -> tuple[Place | None, list[Diagnostic]]:
    """The document in this range of the file, with places, and its mistakes; None if it holds nothing or is
    broken.

    A syntax error is not told here: the quick reader, which saw it first, tells it.
    """
    reader = _Reader(file, start)
    try:
        root = reader.read(file.text[start:end])
    except MarkedYAMLError:
        root = None
    return root, reader.mistakes


def find(root: Place, path: Path, key: bool = False) -> Place:
    """The place of the value (with `key`: of its key) at a path; where the path ends early, the last place
    on it."""
    place = root
    for position, segment in enumerate(path):
        if isinstance(segment, int):
            if place.items is None or not -len(place.items) <= segment < len(place.items):
                return place
            place = place.items[segment]
            continue
        if place.entries is None or segment not in place.entries:
            return place
        at_key, value = place.entries[segment]
        place = at_key if key and position == len(path) - 1 else value
    return place


class _Reader:
    """Builds places from the parser's events, without recursion."""

    def __init__(self, file: SourceFile, base: int) -> None:
        self.file = file
        self.base = base
        self.mistakes: list[Diagnostic] = []
        self.anchors: dict[str, Place | None] = {}  # None while the anchor's own node is being read
        self.expanded = 0

    def read(self, text: str) -> Place | None:
        parser = CParser(text)
        stack: list[_Frame] = []
        for event in _events(parser):
            kind = type(event)
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(stack) >= DEPTH_MAX:
                    self.tell("KS2408", f"nested deeper than {DEPTH_MAX} levels", self.span(event), "")
                    return None
                stack.append(_Frame(self.open(event), event))
                continue
            if kind is MappingEndEvent or kind is SequenceEndEvent:
                frame = stack.pop()
                place = self.close(frame, event)
            else:
                place = self.alias(event) if kind is AliasEvent else self.scalar(event, stack)
            if not stack:
                return place
            self.put(stack[-1], place, event)
        return None

    def open(self, event: Any) -> Place:
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        mapping = type(event) is MappingStartEvent
        place = Place(event.start_mark.index, event.end_mark.index, {} if mapping else [])
        if mapping:
            place.entries = {}
        else:
            place.items = []
        return place

    def close(self, frame: _Frame, event: Any) -> Place:
        place = frame.place
        # In block style the end event stands at the next token, behind comments and blank lines.
        place.end = event.end_mark.index if frame.flow else frame.last_end
        if frame.anchor is not None:
            self.anchors[frame.anchor] = place
        return place

    def scalar(self, event: Any, stack: list[_Frame]) -> Place:
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            end = start + len(self.file.text[self.base + start : self.base + end].rstrip())
        place = Place(start, end, None)
        if event.anchor is not None:
            self.anchors[event.anchor] = place
        if stack and stack[-1].wants_key and event.tag is None:
            place.value = event.value  # what it means as a key is found out later
            return place
        try:
            place.value = scalar_value(event, self.text_at(start))
        except UnreadableScalar as problem:
            help_ = "quote it if it is text" if event.tag is None else "drop the tag, or mend the value"
            self.tell("KS2406", str(problem), self.span(place), help_)
            place.value = event.value
        return place

    def alias(self, event: Any) -> Place:
        here = Place(event.start_mark.index, event.end_mark.index, None)
        target = self.anchors.get(event.anchor)
        if target is None:
            contains = event.anchor in self.anchors
            fault = "contains itself" if contains else "is not defined before its use"
            self.tell("KS2407", f"anchor `{event.anchor}` {fault}", self.span(here), "")
            return here
        self.expanded += target.nodes
        if self.expanded > EXPANSION_MAX:
            if self.expanded - target.nodes <= EXPANSION_MAX:
                help_ = "write the repeated parts out, or split the file"
                message = f"the aliases of this document stand for more than {EXPANSION_MAX} nodes"
                self.tell("KS2409", message, self.span(here), help_)
            return here
        return target

    def put(self, frame: _Frame, place: Place, event: Any) -> None:
        """Adds a finished node to the container around it."""
        container = frame.place
        container.nodes += place.nodes
        kind = type(event)
        frame.last_end = max(frame.last_end, event.end_mark.index if kind is AliasEvent else place.end)
        if container.items is not None:
            container.items.append(place)
            container.value.append(place.value)
        elif frame.key is None:
            frame.key = place
            frame.key_text = self.key(place, event)
        else:
            if frame.key_text is _MERGE:
                self.merge(container, place)
            elif isinstance(frame.key_text, str):
                self.entry(container, frame.key_text, frame.key, place)
            frame.key = None

    def key(self, place: Place, event: Any) -> object:
        """The text of a key, `_MERGE`, or None for one that cannot be a key."""
        if place.items is not None or place.entries is not None:
            help_ = template_help(self.file.text) or "keys are plain text"
            self.tell("KS2405", "a list or a mapping cannot be a key", self.span(place), help_)
            return None
        if type(event) is not ScalarEvent or event.tag is not None or not event.implicit[0]:
            return place.value if isinstance(place.value, str) else plain_key(str(place.value))
        if event.value == "<<":
            return _MERGE
        try:
            text = plain_key(event.value)
        except UnreadableScalar as problem:
            self.tell("KS2405", str(problem), self.span(place), "quote the key")
            return None
        if text in ("true", "false") and event.value.lower() != text:
            message = f"the key `{event.value}` means `{text}` in YAML"
            self.tell("KS2410", message, self.span(place), f'write "{event.value}"', Severity.WARNING)
        return text

    def entry(self, container: Place, text: str, key: Place, value: Place) -> None:
        assert container.entries is not None
        earlier = container.entries.get(text)
        if earlier is not None and text not in container.merged:
            notes = ((self.span(earlier[0]), "first written here"),)
            self.tell(
                "KS2404", f"`{text}` is written twice", self.span(key), "keep one of the two", notes=notes
            )
        container.merged.discard(text)
        container.entries[text] = (key, value)
        container.value[text] = value.value

    def merge(self, container: Place, source: Place) -> None:
        """`<<`: as Kubernetes' loader has it, what is merged replaces what was written above it."""
        assert container.entries is not None
        sources = source.items if source.items is not None else [source]
        if any(s.entries is None for s in sources):
            self.tell("KS2407", "`<<` wants a mapping or a list of mappings", self.span(source), "")
            return
        for each in reversed(sources):
            for text, entry in (each.entries or {}).items():
                container.entries[text] = entry
                container.value[text] = entry[1].value
                container.merged.add(text)

    def span(self, place: Any) -> Span:
        if not isinstance(place, Place):
            place = Place(place.start_mark.index, place.end_mark.index, None)
        start = self.base + place.start
        return Span(self.file, start, max(self.base + place.end, start))

    def text_at(self, offset: int) -> str:
        return self.file.text[self.base + offset : self.base + offset + 1]

    def tell(
        self,
        code: str,
        message: str,
        span: Span,
        help_: str,
        severity: Severity = Severity.ERROR,
        notes: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        if len(self.mistakes) < MISTAKES_MAX:
            self.mistakes.append(Diagnostic(code, message, span, severity, help_, notes))


class _Frame:
    """A container that is being read."""

    __slots__ = ("anchor", "flow", "key", "key_text", "last_end", "place")

    def __init__(self, place: Place, event: Any) -> None:
        self.place = place
        self.anchor = event.anchor
        self.flow = bool(event.flow_style)
        self.last_end = place.end
        self.key: Place | None = None
        self.key_text: object = None

    @property
    def wants_key(self) -> bool:
        return self.place.entries is not None and self.key is None


_MERGE = object()


def scalar_value(event: Any, first: str) -> object:
    """The value of a scalar event; `first` is the character that it starts with in the text.

    libyaml hides the tag `!` (which makes text of a plain scalar), so the text is asked for it.
    """
    if event.tag is not None:
        return tagged_value(event.tag, event.value)
    return plain_value(event.value) if event.implicit[0] and first != "!" else event.value


def _events(parser: Any) -> Iterator[Any]:
    """The events of the first document, without those that frame it."""
    parser.get_event()  # the start of the stream
    if type(parser.get_event()) is StreamEndEvent:  # or the start of the document
        return
    while True:
        event = parser.get_event()
        if type(event) in (DocumentEndEvent, StreamEndEvent):
            return
        yield event


_TEMPLATE = re.compile(r"\{\{-? *(?:[.$]|if |range |with |include |template |end\b|/\*)")


def template_help(text: str) -> str:
    """What to do about a template of Helm, which is no YAML yet; "" for any other text."""
    if not _TEMPLATE.search(text):
        return ""
    return "this is a template: name what it is filled in to, such as the output of `helm template`"
