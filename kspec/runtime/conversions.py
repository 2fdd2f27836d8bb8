"""Knows CEL's conversions between values: `int(x)`, `string(x)`, `type(x)` and their like."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from kspec.runtime.operators import check_int, check_uint
from kspec.runtime.registry import function, no_such_overload, tag_of, type_name
from kspec.runtime.values import EvalError, TypeValue, UInt

_INT = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d+)", re.ASCII)
_DOUBLE = re.compile(
    r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)", re.ASCII | re.I
)
_BOOLS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
INT_DIGITS_MAX = 4000  # Python refuses longer texts


@function("int", "int")
@function("uint", "uint")
@function("double", "double")
@function("string", "string")
@function("bytes", "bytes")
@function("bool", "bool")
@function("dyn", "any")
def same(value: object) -> object:
    return value


@function("int", "uint")
def int_from_uint(value: UInt) -> int:
    return check_int(int(value))


@function("int", "double")
def int_from_double(value: float) -> int:
    """Towards zero. The ends of the range are outside, as in cel-go: doubles cannot tell them from beyond."""
    if math.isfinite(value) and -(2.0**63) < value < 2.0**63:
        return int(value)
    raise EvalError("overflow", f"{value} is outside the range of int")


def _digits(text: str, name: str) -> int:
    if _INT.fullmatch(text) and len(text) < INT_DIGITS_MAX:
        return int(text, 16 if "x" in text or "X" in text else 10)
    raise EvalError("invalid_argument", f"`{text}` is not {name}")


@function("int", "string")
def int_from_string(text: str) -> int:
    return check_int(_digits(text, "an int"))


@function("uint", "int")
def uint_from_int(value: int) -> UInt:
    return check_uint(value)


@function("uint", "double")
def uint_from_double(value: float) -> UInt:
    if math.isfinite(value) and 0.0 <= value < 2.0**64:
        return UInt(int(value))
    raise EvalError("overflow", f"{value} is outside the range of uint")


@function("uint", "string")
def uint_from_string(text: str) -> UInt:
    return check_uint(_digits(text, "a uint"))


@function("double", "int")
@function("double", "uint")
def double_from_int(value: int) -> float:
    return float(value)


@function("double", "string")
def double_from_string(text: str) -> float:
    if _DOUBLE.fullmatch(text) and len(text) < INT_DIGITS_MAX:
        return float(text)
    raise EvalError("invalid_argument", f"`{text}` is not a double")


@function("string", "int")
@function("string", "uint")
def string_from_int(value: int) -> str:
    return str(int(value))


@function("string", "double")
def string_from_double(value: float) -> str:
    """The shortest text that reads back, with an exponent below -4 or from 6 on: Go's `%g`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0.0:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    sign, digits, exponent = _decimal_parts(value)
    if -4 <= exponent < 6:
        return sign + _fixed(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _decimal_parts(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits, exponent of the first digit."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole) if whole.strip("0") else -(len(fraction) - len(fraction.lstrip("0")))
    return ("-" if value < 0 else ""), digits.rstrip("0"), int(exponent or "0") + leading - 1


def _fixed(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def show_double(value: float) -> str:
    """The shortest text that reads back, never with an exponent."""
    if not math.isfinite(value) or value == 0.0:
        return string_from_double(value)
    sign, digits, exponent = _decimal_parts(value)
    return sign + _fixed(digits, exponent)


@function("string", "bool")
def string_from_bool(value: bool) -> str:
    return "true" if value else "false"


@function("string", "bytes")
def string_from_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise EvalError("invalid_argument", "the bytes are not UTF-8") from None


@function("bytes", "string")
def bytes_from_string(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise EvalError("invalid_argument", "the string holds half a surrogate pair") from None


@function("bool", "string")
def bool_from_string(text: str) -> bool:
    if text in _BOOLS:
        return _BOOLS[text]
    raise EvalError("invalid_argument", f"`{text}` is not a bool")


@function("type", "any")
def type_of(value: object) -> TypeValue:
    return TypeValue(type_name(value))


# ---------------------------------------------------------------- from dyn to a type


@function("@cast", "any", "type")
def cast(value: object, to: TypeValue) -> object:
    """The value itself if it has the type, spelled as in the language (`list(string)`); else an error.

    Put by elaboration where a `dyn` meets a place with a type, so that beyond it the type can be trusted.
    """
    if conforms(value, _parse_type(to.name)):
        return value
    raise no_such_overload(f"cast to {to.name}", (tag_of(value),))


_Shape = tuple[str, tuple["_Shape", ...]]


def conforms(value: object, shape: _Shape) -> bool:
    """Has the value this type? Of a record: is it a map."""
    name, parts = shape
    tag = tag_of(value)
    if name == "dyn":
        return True
    if name == "list":
        return tag == "list" and (not parts or all(conforms(v, parts[0]) for v in value))  # type: ignore[attr-defined]
    if name == "map":
        return tag == "map" and (not parts or all(conforms(v, parts[1]) for v in value.values()))  # type: ignore[attr-defined]
    if name == "optional":
        return tag == "optional" and (not parts or not value.present or conforms(value.value, parts[0]))  # type: ignore[attr-defined]
    return tag == (name if name in _SCALARS else "map")


_SCALARS = frozenset(("bool", "int", "uint", "double", "string", "bytes", "null_type", "type")) | frozenset(
    ("timestamp", "duration", "quantity", "ip", "cidr", "url", "semver", "named_format")
)


@lru_cache(maxsize=1000)
def _parse_type(text: str) -> _Shape:
    name, _, rest = text.partition("(")
    if not rest:
        return name, ()
    parts, depth, start = [], 0, 0
    inner = rest[:-1]
    for at, character in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(_parse_type(inner[start:at].strip()))
            start = at + 1
    parts.append(_parse_type(inner[start:].strip()))
    return name, tuple(parts)
