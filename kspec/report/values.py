"""Knows how run-time values are printed: as the language spells them, and as JSON tagged by type."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Mapping

from kspec.runtime.conversions import show_double
from kspec.runtime.equality import from_key
from kspec.runtime.quantity import show_quantity
from kspec.runtime.times import show_duration, show_timestamp
from kspec.runtime.values import Duration, Optional, Quantity, Timestamp, TypeValue, UInt

WIDTH = 100
"""A list or map that fits into so many columns stays on one line."""


def show_value(value: object, indent: int = 0) -> str:
    """The value as the language spells it; lists and maps over several lines if they are long."""
    if isinstance(value, (list, tuple)):
        return _group("[", [show_value(v, indent + 2) for v in value], "]", indent)
    if isinstance(value, Mapping):
        entries = [
            f"{show_value(from_key(k), indent + 2)}: {show_value(v, indent + 2)}" for k, v in value.items()
        ]
        return _group("{", entries, "}", indent)
    if isinstance(value, Optional):
        return f"optional.of({show_value(value.value, indent)})" if value.present else "optional.none()"
    return _scalar(value)


def _group(opening: str, parts: list[str], closing: str, indent: int) -> str:
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(line) + indent <= WIDTH and "\n" not in line:
        return line
    pad = " " * (indent + 2)
    return f"{opening}\n" + ",\n".join(pad + p for p in parts) + f"\n{' ' * indent}{closing}"


def _scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case UInt():
            return f"{int(value)}u"
        case int():
            return str(value)
        case float():
            return _double_text(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return (
                'b"'
                + "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\x{b:02x}" for b in value)
                + '"'
            )
        case Timestamp():
            return f'timestamp("{show_timestamp(value)}")'
        case Duration():
            return f'duration("{show_duration(value)}")'
        case Quantity():
            return f'quantity("{show_quantity(value)}")'
        case TypeValue():
            return value.name
        case _:
            return f'{type(value).__name__.lower()}("{value}")'


def _double_text(value: float) -> str:
    """With a point or an exponent, so that it reads back as a double."""
    text = show_double(value)
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def to_tagged(value: object) -> dict[str, object]:
    """JSON that keeps the type, as the suite `cel.eval` has it: `{"int": "1"}`, `{"list": […]}`."""
    match value:
        case None:
            return {"null": None}
        case bool():
            return {"bool": value}
        case UInt():
            return {"uint": str(int(value))}
        case int():
            return {"int": str(value)}
        case float():
            return {"double": _double(value)}
        case str():
            return {"string": value}
        case bytes():
            return {"bytes": b64encode(value).decode()}
        case list() | tuple():
            return {"list": [to_tagged(v) for v in value]}
        case Mapping():
            return {"map": [[to_tagged(from_key(k)), to_tagged(v)] for k, v in value.items()]}
        case Timestamp():
            return {"timestamp": show_timestamp(value)}
        case Duration():
            return {"duration": show_duration(value)}
        case Quantity():
            return {"quantity": show_quantity(value)}
        case TypeValue():
            return {"type": value.name}
        case Optional():
            return {"optional": to_tagged(value.value) if value.present else None}
        case _:
            return {type(value).__name__.lower(): str(value)}


def _double(value: float) -> float | str:
    """JSON has no word for what is not finite."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def to_plain(value: object) -> object:
    """JSON as a reader expects it: numbers as numbers, quantities and times as Kubernetes writes them."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return _double(value)
        case bytes():
            return b64encode(value).decode()
        case list() | tuple():
            return [to_plain(v) for v in value]
        case Mapping():
            return {str(from_key(k)): to_plain(v) for k, v in value.items()}
        case Timestamp():
            return show_timestamp(value)
        case Duration():
            return show_duration(value)
        case Quantity():
            return show_quantity(value)
        case TypeValue():
            return value.name
        case Optional():
            return to_plain(value.value) if value.present else None
        case _:
            return str(value)
