"""Knows how a file of YAML or JSON becomes documents: plain values as kubectl reads them, and where each
field stands.

Values are built straight from the parser's events; places are found only when asked for, by reading the one
document again (`places.py`). So nothing is kept alive but the values and the text.
"""

from __future__ import annotations

import re
from typing import Any

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from kspec.resources import json_text
from kspec.resources.places import DEPTH_MAX, EXPANSION_MAX, Path, Place, find, read_carefully
from kspec.resources.scalars import PlainScalars, UnreadableScalar, plain_key, tagged_value
from kspec.source import Diagnostic, SourceFile, Span

SYNTAX_ERRORS_MAX = 20


class Document:
    """One document of a file: its value (dicts with string keys, lists, scalars of JSON) and its range."""

    __slots__ = ("_root", "_text", "end", "file", "start", "value")

    def __init__(
        self, file: SourceFile, start: int, end: int, value: Any, text: SourceFile | None = None
    ) -> None:
        self.file = file
        self.start = start
        self.end = end
        self.value = value
        self._text = text or file  # JSON is made readable as YAML before places are looked up
        self._root: Place | None = None

    def __repr__(self) -> str:
        return f"Document({self.span})"

    @property
    def span(self) -> Span:
        """Where the document stands, blank lines and separators around it left out."""
        return self.locate(())

    def locate(self, path: Path) -> Span:
        """Where the value at this path stands; of a path that leads nowhere, as far as it leads."""
        return self._locate(path, key=False)

    def locate_key(self, path: Path) -> Span:
        """Where the key of the field at this path stands."""
        return self._locate(path, key=True)

    def _locate(self, path: Path, key: bool) -> Span:
        if self._root is None:
            self._root = read_carefully(self._text, self.start, self.end)[0] or Place(
                0, self.end - self.start, None
            )
        place = find(self._root, path, key)
        start = self.start + place.start
        return Span(self.file, start, max(start, min(self.start + place.end, self.end)))


def load_yaml(file: SourceFile) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of a file, empty ones left out, and its mistakes in order.

    A document with a mistake in its structure (not in its syntax) is among the documents all the same, with
    what could be read of it. After a syntax error reading goes on at the next line that starts with `---`.
    """
    if json_text.looks_like_json(file):
        found = json_text.load_json(file)
        if found is not None:
            values, mistakes = found
            readable = SourceFile(file.path, json_text.masked(file.text))
            return [Document(file, start, end, value, readable) for start, end, value in values], mistakes
    return _Loader(file).load()


class _Trouble(Exception):
    """The document at hand has a mistake in its structure, or needs `<<`: read it carefully."""


class _TooDeep(Exception):
    """The document nests too deeply to be read on: the parser would take time quadratic in the depth."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


class _Loader:
    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.documents: list[Document] = []
        self.mistakes: list[Diagnostic] = []
        self.plain = PlainScalars()
        # The non-specific tag `!` is not told by the parser; without it in the text there is nothing to
        # look for.
        self.bang = re.search(r"(?:^|[\s\[{,])!\s", file.text) is not None

    def load(self) -> tuple[list[Document], list[Diagnostic]]:
        base: int | None = 0
        while base is not None and len(self.mistakes) < SYNTAX_ERRORS_MAX:
            base = self.read_from(base)
        return self.documents, self.mistakes

    def read_from(self, base: int) -> int | None:
        """Reads all documents from an offset on; the offset to go on from after a syntax error, or None at
        the end."""
        text = self.file.text[base:] if base else self.file.text
        start = base
        try:
            parser = CParser(text)
            while True:
                event: Any = parser.get_event()
                kind = type(event)
                if kind is StreamEndEvent:
                    return None
                if kind is DocumentStartEvent:
                    start = base + event.start_mark.index
                    self.read_document(parser, start, base)
        except _TooDeep as deep:
            at = base + deep.offset
            message = f"nested deeper than {DEPTH_MAX} levels"
            self.mistakes.append(Diagnostic("KS2408", message, Span(self.file, at, at + 1)))
            return _next_document(self.file.text, at)
        except YAMLError as error:
            mistake = syntax_error(self.file, base, error)
            self.mistakes.append(mistake)
            assert mistake.span is not None
            return _next_document(self.file.text, max(mistake.span.start, start + 1))

    def read_document(self, parser: Any, start: int, base: int) -> None:
        value: Any = None
        trouble = self.bang
        if not trouble:
            try:
                value = _read_value(parser.get_event, self.plain)
            except (_Trouble, UnreadableScalar):
                trouble = True
        end = base + _skip_document(parser.get_event)
        if trouble:
            root, mistakes = read_carefully(self.file, start, end)
            self.mistakes += mistakes
            value = root.value if root else None
        if value is not None:
            self.documents.append(Document(self.file, start, end, value))


def _skip_document(get: Any) -> int:
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
                raise _TooDeep(event.start_mark.index)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            depth -= 1


def _read_value(get: Any, plain: PlainScalars) -> Any:
    """The value of the document whose start event was just read. Raises `_Trouble` at the first thing out
    of the way.

    One loop without calls, since it runs once for each scalar of all files.
    """
    stack: list[tuple[Any, Any, Any, int]] = []
    container: Any = None
    key: Any = None
    anchor: Any = None
    anchors: dict[str, tuple[Any, int]] = {}
    nodes = opened = 0
    while True:
        event = get()
        kind = type(event)
        nodes += 1
        if kind is ScalarEvent:
            value = event.value
            if event.tag is not None:
                value = tagged_value(event.tag, value)
            elif event.implicit[0]:
                if key is None and type(container) is dict:
                    key = plain[value]
                    if value == "<<" or event.anchor is not None:
                        raise _Trouble
                    if type(key) is not str:
                        if key is True or key is False or key is None:
                            raise _Trouble
                        key = plain_key(value)
                    continue
                value = plain[value]
            if event.anchor is not None:
                anchors[event.anchor] = (value, 1)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if key is None and type(container) is dict:
                raise _Trouble
            if len(stack) >= DEPTH_MAX:
                raise _TooDeep(event.start_mark.index)
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
        elif kind is AliasEvent and event.anchor in anchors:
            value, size = anchors[event.anchor]
            nodes += size
            if nodes > EXPANSION_MAX:
                raise _Trouble
        else:
            raise _Trouble
        if container is None:
            return value
        if type(container) is list:
            container.append(value)
        elif key is None:
            if type(value) is not str:
                raise _Trouble
            key = value
        else:
            if key in container:
                raise _Trouble
            container[key] = value
            key = None


# ---- syntax errors

_EXPLAINED: tuple[tuple[str, str, str], ...] = (
    ("'\\t' that cannot start any token", "a tab where indentation is expected", "indent with spaces"),
    (
        "mapping values are not allowed",
        "a `:` where no field can start",
        "check the indentation; quote text with `: `",
    ),
    (
        "did not find expected key",
        "a line that does not belong to the mapping around it",
        "check the indentation",
    ),
    (
        "could not find expected ':'",
        "a key without `:`",
        "add `:` behind the key, or quote text of several lines",
    ),
    ("expected '-' indicator", "a line that does not belong to the list around it", "check the indentation"),
    ("expected ',' or ']'", "a list in brackets that is not closed", "add `]`, or `,` between the elements"),
    ("expected ',' or '}'", "a mapping in braces that is not closed", "add `}`, or `,` between the fields"),
    ("found unexpected end of stream", "a quoted text that is not closed", "close the quotes"),
    (
        "control characters are not allowed",
        "a control character, which YAML does not allow",
        "is this a text file?",
    ),
    ("'%' that cannot start any token", "text that starts with `%`", "quote it"),
    ("'@' that cannot start any token", "text that starts with `@`", "quote it"),
    ("'`' that cannot start any token", "text that starts with a backquote", "quote it"),
    (
        "block sequence entries are not allowed",
        "a `-` where no list can start",
        "put the list on a line of its own",
    ),
    ("undefined tag handle", "a tag whose handle is not declared", "quote text that starts with `!`"),
)


def syntax_error(file: SourceFile, base: int, error: YAMLError) -> Diagnostic:
    """The diagnostic for an exception of the parser; `base` is the offset of the text that it was given."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem, offset = error.problem or error.context or "", mark.index if mark else 0
    else:  # of the reader: its position counts bytes
        problem = str(getattr(error, "reason", error))
        encoded = file.text[base:].encode("utf-8", errors="surrogatepass")
        position = getattr(error, "position", 0) or 0
        offset = len(encoded[:position].decode("utf-8", errors="ignore"))
    start = min(base + offset, len(file.text))
    if start == len(file.text):
        start = len(file.text.rstrip()) if file.text.strip() else 0
    span = Span(file, start, min(start + 1, len(file.text)))
    problem = problem.replace("found character that", f"found character {span.text!r} that")
    notes: tuple[tuple[Span, str], ...] = ()
    context = getattr(error, "context_mark", None)
    if context is not None and base + context.index != span.start and error.context:  # type: ignore[attr-defined]
        at = min(base + context.index, len(file.text))
        notes = ((Span(file, at, min(at + 1, len(file.text))), str(error.context)),)  # type: ignore[attr-defined]
    for part, message, help_ in _EXPLAINED:
        if part in problem:
            return Diagnostic("KS2401", f"not valid YAML: {message}", span, help=help_, notes=notes)
    return Diagnostic("KS2401", f"not valid YAML: {problem}", span, notes=notes)


def _next_document(text: str, after: int) -> int | None:
    """Where the next document from an offset on starts: at a line that begins with `---`."""
    match = re.compile(r"^---(?=\s|$)", re.MULTILINE).search(text, after)
    return match.start() if match else None
