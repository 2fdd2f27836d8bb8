"""Knows the canonical spelling of what has no parts to break a line at: names, literals, paths, types."""

from __future__ import annotations

import re
from typing import assert_never

from kspec.syntax import ast
from kspec.syntax.lexer import NEVER_NAMES
from kspec.syntax.literals import quote, quote_bytes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESOURCE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in NEVER_NAMES


def resource_name(text: str) -> str:
    return text if _RESOURCE_NAME.fullmatch(text) else quote(text)


def selector(name: str) -> str:
    return name if is_name(name) else f"`{name}`"


def literal(e: ast.Literal) -> str:
    value = e.value
    if e.raw:
        plain = e.raw[0] == "'" and not e.raw.startswith("'''") and "\\" not in e.raw and '"' not in e.raw
        if e.kind == "string" and (plain or e.raw[0] not in "\"'rR"):
            return quote(str(value))
        return e.raw.replace("\r\n", "\n")
    match e.kind:
        case "string":
            return quote(str(value))
        case "bytes":
            return quote_bytes(value) if isinstance(value, bytes) else ""
        case "uint":
            return str(value) + "u"
        case "double":
            return repr(value)
        case "bool":
            return "true" if value else "false"
        case "null":
            return "null"
        case _:
            return str(value)


def path(segments: ast.Path, quoted: frozenset[str] = frozenset()) -> str:
    """A path; a first segment that is one of the words `quoted` gets quotes."""
    out = ""
    for segment in segments:
        match segment:
            case ast.Name(text):
                plain = is_name(text) and (out or text not in quoted)
                out += ("." if out else "") + (text if plain else quote(text))
            case ast.ItemKey(text):
                out += f"[{resource_name(text)}]"
            case ast.EachItem():
                out += "[*]"
            case _:
                assert_never(segment)
    return out


def type_ref(t: ast.TypeRef) -> str:
    return t.name + (f"({', '.join(type_ref(a) for a in t.args)})" if t.args else "")
