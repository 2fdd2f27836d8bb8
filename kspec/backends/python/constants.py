"""Knows how constant values are written in Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kspec.ir.types import ListOf, MapOf, OptionalOf, Record, Scalar, Type
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.values import NONE, Duration, EvalError, Optional, Quantity, Timestamp, TypeValue, UInt
from kspec.source import InternalError

if TYPE_CHECKING:
    from kspec.backends.python.context import ModuleContext

VALUES = "kspec.runtime.values"


def quote(text: str) -> str:
    """A string literal, in double quotes where that needs no backslash."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def literal(value: object, context: ModuleContext) -> str:
    """The value as Python text. What is costly to make is made once, under a name."""
    match value:
        case None | bool() | bytes():
            return repr(value)
        case str():
            return quote(value)
        case UInt():
            return f"{context.imported(VALUES, 'UInt')}({int(value)})"
        case int():
            return str(value) if value >= 0 else f"({value})"
        case float():
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        case Quantity(nanos) | Timestamp(nanos) | Duration(nanos):
            return _amount(value, nanos, context)
        case TypeValue(name):
            made = f"{context.imported(VALUES, 'TypeValue')}({quote(name)})"
            return context.constant(made, constant_name("type", name))
        case Optional():
            return optional(value, context)
        case list() | tuple():
            return "[" + ", ".join(literal(v, context) for v in value) + "]"
        case _:
            raise InternalError(f"no Python text for the constant {value!r}")


def optional(value: Optional, context: ModuleContext) -> str:
    if not value.present:
        return context.imported(VALUES, "NONE")
    return f"{context.imported(VALUES, 'Optional')}(True, {literal(value.value, context)})"


def _amount(value: Quantity | Timestamp | Duration, nanos: int, context: ModuleContext) -> str:
    name = type(value).__name__
    made = f"{context.imported(VALUES, name)}({nanos:_})"
    try:
        shown = str(FUNCTIONS["string"](value))
    except EvalError:
        shown = str(nanos)
    return context.constant(made, constant_name(name, shown))


def constant_name(kind: str, text: str) -> str:
    """`QUANTITY_16GI`, `TYPE_INT`."""
    kept = "".join(c if c.isalnum() and c.isascii() else "_" for c in text.removeprefix("-"))
    kept = f"minus_{kept}" if text.startswith("-") else kept
    return f"{kind}_{kept}".upper().rstrip("_")


def zero(type_: Type, context: ModuleContext) -> str:
    """What an absent field of the type reads as."""
    match type_:
        case Scalar("bool"):
            return "False"
        case Scalar("int"):
            return "0"
        case Scalar("double"):
            return "0.0"
        case Scalar("string"):
            return '""'
        case Scalar("bytes"):
            return 'b""'
        case Scalar("uint"):
            return literal(UInt(0), context)
        case Scalar("quantity"):
            return literal(Quantity(0), context)
        case Scalar("timestamp"):
            return literal(Timestamp(0), context)
        case Scalar("duration"):
            return literal(Duration(0), context)
        case Scalar():
            return "None"
        case ListOf():
            return "[]"
        case MapOf() | Record():
            return "{}"
        case OptionalOf():
            return literal(NONE, context)
