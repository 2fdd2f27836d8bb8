"""Knows how JSON is read where YAML is expected: quickly, as Kubernetes' own JSON reader does, with places
by YAML.

Every JSON text is YAML but for escapes of surrogate pairs, so the YAML reader finds places once those are
masked.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from kspec.resources.places import DEPTH_MAX, read_carefully
from kspec.resources.scalars import INT_MAX, INT_MIN
from kspec.source import Diagnostic, SourceFile, Span

_HIGH, _LOW, _ANY = (rf"u[dD][{digits}][0-9a-fA-F]{{2}}" for digits in ("89abAB", "c-fC-F", "89a-fA-F"))
_ESCAPE = re.compile(rf"\\(?:(?P<pair>{_HIGH}\\{_LOW})|(?P<lone>{_ANY})|(?P<slash>/)|.)", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")


def looks_like_json(file: SourceFile) -> bool:
    return file.path.endswith(".json") or file.text.lstrip()[:1] == "{"


def load_json(file: SourceFile) -> tuple[list[tuple[int, int, Any]], list[Diagnostic]] | None:
    """Range and value of each JSON value in the text, and all mistakes; None if it is no JSON but may be
    YAML."""
    reader = _Reader(file)
    if not reader.read() and not file.path.endswith(".json"):
        return None
    return reader.values, reader.mistakes


def masked(text: str) -> str:
    """The text with what JSON allows and YAML does not replaced by as many harmless characters."""

    def mask(match: re.Match[str]) -> str:
        return "x" * len(match[0]) if match["pair"] or match["slash"] else match[0]

    return _ESCAPE.sub(mask, _whole(text)) if "\\" in text else text


def _whole(text: str) -> str:
    """The text with each half of a surrogate pair that stands alone as U+FFFD: so Go's JSON reader has it."""
    return (
        _ESCAPE.sub(lambda match: "\\ufffd" if match["lone"] else match[0], text) if "\\u" in text else text
    )


class _Reader:
    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.values: list[tuple[int, int, Any]] = []
        self.mistakes: list[Diagnostic] = []
        self.repeated = False

    def read(self) -> bool:
        """Reads one value after another; False after a syntax error, which ends the reading."""
        decoder = json.JSONDecoder(
            object_pairs_hook=self.pairs, parse_int=_int, parse_float=_float, parse_constant=_constant
        )
        text = _whole(self.file.text)
        at = _skip(text, 0)
        while at < len(text):
            self.repeated = False
            try:
                value, end = decoder.raw_decode(text, at)
            except RecursionError:
                self.too_deep(at)
                return True
            except ValueError as error:
                self.broken(error, at)
                return False
            if _is_deep(value):
                self.too_deep(at)
            elif value is not None:
                self.values.append((at, end, value))
                if self.repeated:
                    self.tell_repeated(at, end)
            at = _skip(text, end)
        return True

    def pairs(self, found: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(found)
        self.repeated |= len(result) != len(found)
        return result

    def too_deep(self, at: int) -> None:
        message = f"nested deeper than {DEPTH_MAX} levels"
        self.mistakes.append(Diagnostic("KS2408", message, Span(self.file, at, at + 1)))

    def broken(self, error: ValueError, at: int) -> None:
        position = min(getattr(error, "pos", at), max(len(self.file.text) - 1, 0))
        reason = getattr(error, "msg", str(error))
        message = f"not valid JSON: {reason[:1].lower()}{reason[1:]}"
        self.mistakes.append(Diagnostic("KS2402", message, Span(self.file, position, position + 1)))

    def tell_repeated(self, start: int, end: int) -> None:
        """Keys written twice, with both places."""
        readable = SourceFile(self.file.path, masked(self.file.text))
        for mistake in read_carefully(readable, start, end)[1]:
            if mistake.code == "KS2404" and mistake.span:
                notes = tuple((at._replace(file=self.file), text) for at, text in mistake.notes)
                self.mistakes.append(
                    replace(mistake, span=mistake.span._replace(file=self.file), notes=notes)
                )


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _int(text: str) -> int | float:
    """A whole number; as a double if it is beyond 64 bits."""
    if len(text) <= 20:
        value = int(text)
        if INT_MIN <= value <= INT_MAX:
            return value
    return _float(text)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _constant(text: str) -> Any:
    raise ValueError(f"`{text}` is no JSON")
