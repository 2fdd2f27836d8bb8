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
from yaml.events import DocumentStartEvent, StreamEndEvent

from kspec.resources import json_text
from kspec.resources.places import DEPTH_MAX, Path, Place, find, read_carefully, template_help
from kspec.resources.quick import TooDeep, Trouble, read_value, skip_document
from kspec.resources.scalars import PlainScalars, UnreadableScalar
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
        except TooDeep as deep:
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
                value = read_value(parser.get_event, self.plain)
            except (Trouble, UnreadableScalar):
                trouble = True
        end = base + skip_document(parser.get_event)
        if trouble:
            root, mistakes = read_carefully(self.file, start, end)
            self.mistakes += mistakes
            value = root.value if root else None
        if value is not None:
            self.documents.append(Document(self.file, start, end, value))


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
    if "maximum nesting depth" in problem:  # of libyaml itself, since PyYAML 6.0.4
        return Diagnostic("KS2408", f"nested deeper than {DEPTH_MAX} levels", span)
    problem = problem.replace("found character that", f"found character {span.text!r} that")
    notes: tuple[tuple[Span, str], ...] = ()
    context = getattr(error, "context_mark", None)
    if context is not None and base + context.index != span.start and error.context:  # type: ignore[attr-defined]
        at = min(base + context.index, len(file.text))
        notes = ((Span(file, at, min(at + 1, len(file.text))), str(error.context)),)  # type: ignore[attr-defined]
    template = template_help(file.text)
    for part, message, help_ in _EXPLAINED:
        if part in problem:
            help_ = template or help_
            return Diagnostic("KS2401", f"not valid YAML: {message}", span, help=help_, notes=notes)
    return Diagnostic("KS2401", f"not valid YAML: {problem}", span, help=template, notes=notes)


def _next_document(text: str, after: int) -> int | None:
    """Where the next document from an offset on starts: at a line that begins with `---`."""
    match = re.compile(r"^---(?=\s|$)", re.MULTILINE).search(text, after)
    return match.start() if match else None
