"""Knows what kubectl reads in a YAML scalar: YAML 1.1 as Kubernetes' loader has it, then through JSON.

Reading goes through JSON, so a whole number is an int however it is written (`1.0`, `1e3`), one beyond 64
bits is a double, and infinities and not-a-number cannot be read at all.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Mapping
from decimal import Decimal

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1

_WORDS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC_START = frozenset("+-.0123456789")
_SPECIAL_START = _NUMERIC_START | {word[0] for word in _WORDS if word}
_INT_DIGITS_MAX = 70  # 64 binary digits, a prefix and a sign: what is longer is beyond 64 bits
_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FLOAT_AFTER_POINT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TAGS = {
    f"tag:yaml.org,2002:{name}": name
    for name in ("str", "int", "float", "bool", "null", "timestamp", "binary")
}
_TAG_OF = {str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:(?:[Tt]|\s+)\d\d?:\d\d:\d\d(?:\.\d*)?\s*(?:Z|[-+]\d\d?(?::?\d\d)?)?)?"
)


class UnreadableScalar(Exception):
    """A scalar that has no JSON value. The text says why."""


class PlainScalars(dict[str, object]):
    """The meaning of plain scalars, computed once for each text."""

    def __missing__(self, text: str) -> object:
        value = self[text] = plain_value(text)
        return value


def plain_value(text: str) -> object:
    """The value of a scalar without quotes and tag: str, bool, int, float or None."""
    if text and text[0] not in _SPECIAL_START:
        return text
    return _json_number(_resolve(text))


def tagged_value(tag: str, text: str) -> object:
    """The value of a scalar under a tag; a tag that is not YAML's own leaves the text as it is."""
    name = _TAGS.get(tag)
    if name is None or name == "str":
        return text
    if name == "binary":
        return _binary(text)
    if name == "timestamp":
        if _TIMESTAMP.fullmatch(text):
            return text
        raise UnreadableScalar(f"`{text}` is not a `!!timestamp`")
    value = _resolve(text)
    found = _TAG_OF[type(value)]
    if found == name or (name == "float" and found == "int"):
        return _json_number(value)
    raise UnreadableScalar(f"`{text}` is not a `!!{name}`")


def plain_key(text: str) -> str:
    """The string that a scalar without quotes and tag is as a key of a JSON object."""
    value = _resolve(text)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _short_float(value)
    if isinstance(value, int) and value <= INT_MAX:
        return str(value)
    raise UnreadableScalar("null cannot be a key" if value is None else f"`{text}` is too large for a key")


def _resolve(text: str) -> object:
    """What YAML makes of a plain scalar, before JSON."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC_START else text


def _number(text: str) -> object:
    """The number that a text starting like one denotes, or the text itself."""
    if text[0] == ".":
        digits = text.replace("_", "") if _FLOAT_AFTER_POINT.fullmatch(text) else "inf"
        return text if math.isinf(float(digits)) else float(digits)
    digits = text.replace("_", "")
    if len(digits) <= _INT_DIGITS_MAX and _INT.fullmatch(digits):
        whole = _int(digits)
        if (
            INT_MIN <= whole <= (INT_MAX if digits[0] == "+" else UINT_MAX)
        ):  # Go reads unsigned ones without sign
            return whole
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        return text if math.isinf(value) else value
    return text


def _int(digits: str) -> int:
    body = digits.lstrip("+-")
    if body[0] == "0" and len(body) > 1 and body[1].isdigit():
        body = "0o" + body[1:]
    return -int(body, 0) if digits[0] == "-" else int(body, 0)


def _json_number(value: object) -> object:
    """What is left of a number once it was written and read as JSON."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UnreadableScalar("JSON has no infinity and no not-a-number")
        if value.is_integer() and abs(value) < -INT_MIN:
            return int(value) if abs(value) < 2**53 else _whole(value)
    elif type(value) is int and value > INT_MAX:
        return float(value)
    return value


def _whole(value: float) -> int | float:
    """A large whole double by its shortest decimal, which is what JSON carries."""
    whole = int(Decimal(repr(value)))
    return whole if INT_MIN <= whole <= INT_MAX else value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        raise UnreadableScalar("`!!binary` wants base64") from None


def _short_float(value: float) -> str:
    """The shortest decimal that is the same number in single precision: so a key that is a double is
    printed."""
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    digits = next(
        d for d in range(1, 18) if struct.unpack("f", struct.pack("f", float(f"{single:.{d}g}")))[0] == single
    )
    scientific = f"{single:.{digits - 1}e}"
    exponent = int(scientific.partition("e")[2])
    if -4 <= exponent < 6:
        return f"{float(scientific):.{max(digits - 1 - exponent, 0)}f}"
    return scientific
