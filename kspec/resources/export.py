"""Knows the canonical YAML of objects: what kubectl prints, as short as it can be and still be read as the
same.

apiVersion, kind and metadata come first, all other fields in order of their names, as kubectl has them. A
text is quoted exactly where the loader would read something else without quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kspec.ir.types import QUANTITY, ListOf, MapOf, Record, Type, TypeTable
from kspec.resources.objects import KubeObject
from kspec.resources.scalars import UnreadableScalar, plain_key, plain_value
from kspec.runtime.notation import canonical
from kspec.runtime.values import EvalError

HEAD = ("apiVersion", "kind", "metadata")


def to_yaml(objects: Iterable[KubeObject | Mapping[str, Any]], table: TypeTable | None = None) -> str:
    """One document for each object. With a table, quantities get the text that the API server gives them."""
    documents = (canonical_object(each, table) for each in objects)
    return "---\n".join("".join(_mapping(value, 0, top=True)) for value in documents)


def canonical_object(each: KubeObject | Mapping[str, Any], table: TypeTable | None = None) -> dict[str, Any]:
    """The raw object without fields that are null, whole numbers as such, quantities as the API server has
    them."""
    value = each.value if isinstance(each, KubeObject) else each
    kind = table.find_kind(str(value.get("apiVersion")), str(value.get("kind"))) if table else None
    made = _canonical(value, Record(kind.record) if kind else None, table or TypeTable())
    assert isinstance(made, dict)
    return made


def _canonical(value: Any, type_: Type | None, table: TypeTable) -> Any:
    match value:
        case dict():
            fields = table.fields_of(type_) if isinstance(type_, Record) else {}
            inner = type_.value if isinstance(type_, MapOf) else None
            return {
                key: _canonical(item, fields[key].type if key in fields else inner, table)
                for key, item in value.items()
                if item is not None
            }
        case list():
            element = type_.element if isinstance(type_, ListOf) else None
            return [_canonical(item, element, table) for item in value]
        case float():
            value = plain_value(repr(value))
    if type_ == QUANTITY and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return canonical(value)
        except EvalError:
            return value
    return value


# ---- writing


def _mapping(value: Mapping[str, Any], indent: int, top: bool = False) -> Iterator[str]:
    if not value:
        yield "{}\n"
        return
    keys = sorted(value)
    if top:
        keys = [k for k in HEAD if k in value] + [k for k in keys if k not in HEAD]
    for key in keys:
        yield " " * indent + _text(key, is_key=True) + ":"
        yield from _value(value[key], indent)


def _value(value: Any, indent: int) -> Iterator[str]:
    """What stands behind the colon of a field at this indentation, to the end of its last line."""
    match value:
        case dict() if value:
            yield "\n"
            yield from _mapping(value, indent + 2)
        case list() if value:
            yield "\n"
            yield from _sequence(value, indent)
        case _:
            yield " " + _leaf(value, indent + 2)


def _sequence(value: list[Any], indent: int) -> Iterator[str]:
    for item in value:
        yield " " * indent + "-"
        match item:
            case dict() if item:
                first = True
                for line in _mapping(item, indent + 2):
                    yield " " + line.lstrip(" ") if first else line
                    first = False
            case list() if item:
                first = True
                for line in _sequence(item, indent + 2):
                    yield " " + line.lstrip(" ") if first else line
                    first = False
            case _:
                yield " " + _leaf(item, indent + 2)


def _leaf(value: Any, indent: int) -> str:
    match value:
        case None:
            return "null\n"
        case bool():
            return "true\n" if value else "false\n"
        case int():
            return f"{value}\n"
        case float():
            return f"{value!r}\n"
        case str():
            return (_literal(value, indent) if "\n" in value else "") or f"{_text(value)}\n"
        case dict():
            return "{}\n"
        case _:
            return "[]\n"


_PLAIN = re.compile(r"(?![-?:](?:\s|$))[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*|[-?:][^\s,\[\]{}][^\n]*")
_PRINTABLE = re.compile(
    r"[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)


def _text(text: str, is_key: bool = False) -> str:
    """A text on one line: plain if that is read as the same text, else in the quotes that need fewer
    escapes."""
    if not _PRINTABLE.fullmatch(text):
        return _double_quoted(text)
    if not _means_itself(text, is_key):
        return f'"{text}"' if '"' not in text and "\\" not in text else _single_quoted(text)
    if (
        not _PLAIN.fullmatch(text)
        or text != text.strip(" \xa0")
        or ": " in text
        or " #" in text
        or text.endswith(":")
        or text.startswith(("---", "..."))
        or len(text) > 1000  # the parser looks no further for the colon of a key
    ):
        return _single_quoted(text)
    return text


def _means_itself(text: str, is_key: bool) -> bool:
    try:
        return (plain_key(text) == text and text != "<<") if is_key else plain_value(text) is text
    except UnreadableScalar:
        return False


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def _double_quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c) or (c if _PRINTABLE.fullmatch(c) else _code(c)) for c in text) + '"'


def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _literal(text: str, indent: int) -> str:
    """A text of several lines as a literal block; empty if that cannot hold it unchanged."""
    lines = text.split("\n")
    body = text.rstrip("\n")
    if (
        not body
        or body[0] in " \t\n"
        or not all(_PRINTABLE.fullmatch(line.replace("\t", "")) for line in lines)
    ):
        return ""
    trailing = len(text) - len(body)
    chomping = {0: "-", 1: ""}.get(trailing, "+")
    shown = "".join(" " * indent + line + "\n" if line else "\n" for line in body.split("\n"))
    return f"|{chomping}\n{shown}" + "\n" * max(trailing - 1, 0)
