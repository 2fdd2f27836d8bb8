"""Knows `string.format(list)`: the clauses %s %d %f %e %b %o %x %X."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from kspec.runtime.conversions import show_double, string_from_bytes
from kspec.runtime.equality import from_key
from kspec.runtime.operators import TEXT_MAX, check_length
from kspec.runtime.quantity import show_quantity
from kspec.runtime.registry import function, tag_of
from kspec.runtime.times import show_duration, show_timestamp
from kspec.runtime.values import Duration, EvalError, Quantity, Timestamp, TypeValue, UInt

_CLAUSE = re.compile(r"%(?:%|(?:\.(\d+))?([a-zA-Z]))|%", re.ASCII)
PRECISION_MAX, PRECISION_DEFAULT = 1000, 6


@function("format", "string", "list")
def format_string(pattern: str, args: list[object]) -> str:
    """The pattern with its clauses replaced by the arguments in order; arguments left over are ignored."""
    made, at, used = [], 0, 0
    for clause in _CLAUSE.finditer(pattern):
        made.append(pattern[at : clause.start()])
        at = clause.end()
        if clause[0] == "%%":
            made.append("%")
            continue
        if clause[2] not in _CLAUSES or (clause[1] is not None and clause[2] not in ("f", "e")):
            raise EvalError("invalid_argument", f"`{clause[0]}` is not a clause of format")
        if used >= len(args):
            raise EvalError("invalid_argument", f"format has {len(args)} arguments, the pattern wants more")
        precision = PRECISION_DEFAULT if clause[1] is None else int(clause[1][:5])
        if precision > PRECISION_MAX:
            raise EvalError("invalid_argument", f"a precision of {precision} is more than {PRECISION_MAX}")
        made.append(_CLAUSES[clause[2]](args[used], clause[2], precision))
        used += 1
    made.append(pattern[at:])
    check_length(sum(map(len, made)), TEXT_MAX)
    return "".join(made)


def _wrong(value: object, clause: str) -> EvalError:
    return EvalError("invalid_argument", f"a {tag_of(value)} cannot be formatted with `%{clause}`")


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None


def show_text(value: object, clause: str = "s", _precision: int = 0) -> str:
    """A value as `%s` shows it; maps in order of their keys' texts."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(int(value))
        case float():
            return _special(value) or show_double(value)
        case bytes():
            return string_from_bytes(value)
        case list() | tuple():
            return "[" + ", ".join(map(show_text, value)) + "]"
        case dict():
            shown = sorted((show_text(from_key(k)), show_text(v)) for k, v in value.items())
            return "{" + ", ".join(f"{k}: {v}" for k, v in shown) + "}"
        case _:
            return _show_other(value, clause)


def _show_other(value: object, clause: str) -> str:
    match value:
        case Timestamp():
            return show_timestamp(value)
        case Duration():
            return show_duration(value)
        case Quantity():
            return show_quantity(value)
        case TypeValue(name):
            return name
        case _:
            raise _wrong(value, clause)


def _decimal(value: object, clause: str, _precision: int) -> str:
    if type(value) in (int, UInt):
        return str(int(value))  # type: ignore[call-overload]
    if isinstance(value, float):
        return _special(value) or show_double(value)
    raise _wrong(value, clause)


def _fixed_or_scientific(value: object, clause: str, precision: int) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
        return _special(number) or f"{number:.{precision}{clause}}"
    raise _wrong(value, clause)


def _binary(value: object, clause: str, _precision: int) -> str:
    if isinstance(value, int):
        return f"{int(value):b}"
    raise _wrong(value, clause)


def _octal(value: object, clause: str, _precision: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{int(value):o}"
    raise _wrong(value, clause)


def _hexadecimal(value: object, clause: str, _precision: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        text = f"{int(value):x}"
    elif isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass").hex()
    elif isinstance(value, bytes):
        text = value.hex()
    else:
        raise _wrong(value, clause)
    return text.upper() if clause == "X" else text


_CLAUSES: Mapping[str, Callable[[object, str, int], str]] = {
    "s": show_text,
    "d": _decimal,
    "f": _fixed_or_scientific,
    "e": _fixed_or_scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": _hexadecimal,
}
