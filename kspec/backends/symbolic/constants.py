"""Knows how constant values are written in emitted Python."""

from __future__ import annotations

import math

from kspec.ir.evaluate import zero
from kspec.ir.types import Type
from kspec.runtime.values import Duration, Optional, Quantity, Timestamp, TypeValue, UInt
from kspec.source import InternalError


def quote(text: str) -> str:
    """A string literal, in double quotes where that needs no backslash."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def literal(value: object) -> str:
    """The value as Python text; classes of values are known as members of `ops`."""
    match value:
        case None | bool() | bytes():
            return repr(value)
        case str():
            return quote(value)
        case UInt():
            return f"ops.UInt({int(value)})"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        case Quantity(nanos) | Timestamp(nanos) | Duration(nanos):
            return f"ops.{type(value).__name__}({nanos:_})"
        case TypeValue(name):
            return f"ops.TypeValue({quote(name)})"
        case Optional(present, held):
            return f"ops.Optional(True, {literal(held)})" if present else "ops.Optional(False)"
        case list() | tuple():
            return "[" + ", ".join(map(literal, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
        case _:
            raise InternalError(f"no Python text for the constant {value!r}")


def zero_text(type_: Type) -> str:
    """What an absent field of the type reads as."""
    return literal(zero(type_))
