"""Knows the operators on values: arithmetic with CEL's overflow errors, indexing, selection, size."""

from __future__ import annotations

import math

from kspec.runtime.equality import find_key
from kspec.runtime.registry import function, no_such_overload, tag_of
from kspec.runtime.values import (
    INT_MAX,
    INT_MIN,
    NONE,
    UINT_MAX,
    Duration,
    EvalError,
    Optional,
    Quantity,
    Timestamp,
    UInt,
)

LIST_MAX = 1_000_000
TEXT_MAX = 16_000_000
"""More elements or characters in one value are the error `budget`: a policy gone wild."""

TIMESTAMP_MIN, TIMESTAMP_MAX = -62_135_596_800 * 10**9, 253_402_300_800 * 10**9 - 1
DURATION_MIN, DURATION_MAX = INT_MIN, INT_MAX
"""As cel-go: 64 bits of nanoseconds, 292 years."""

QUANTITY_MAX = INT_MAX * 10**9
"""As upstream: whole units of 64 bits; what is larger becomes this (apimachinery, resource.ParseQuantity)."""


def check_int(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvalError("overflow", "integer overflow")


def check_uint(value: int) -> UInt:
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise EvalError("overflow", "unsigned integer overflow")


def check_timestamp(nanos: int) -> Timestamp:
    if TIMESTAMP_MIN <= nanos <= TIMESTAMP_MAX:
        return Timestamp(nanos)
    raise EvalError("overflow", "timestamp overflow: years 1 to 9999")


def check_duration(nanos: int) -> Duration:
    if DURATION_MIN <= nanos <= DURATION_MAX:
        return Duration(nanos)
    raise EvalError("overflow", "duration overflow: 292 years at most")


def cap_quantity(nanos: int) -> Quantity:
    return Quantity(max(-QUANTITY_MAX, min(QUANTITY_MAX, nanos)))


def check_length(length: int, limit: int = LIST_MAX) -> None:
    if length > limit:
        raise EvalError("budget", f"a value with {length} parts is larger than {limit}")


# ---------------------------------------------------------------- arithmetic


@function("_+_", "int", "int")
def add_int(a: int, b: int) -> int:
    return check_int(a + b)


@function("_-_", "int", "int")
def subtract_int(a: int, b: int) -> int:
    return check_int(a - b)


@function("_*_", "int", "int")
def multiply_int(a: int, b: int) -> int:
    return check_int(a * b)


@function("_/_", "int", "int")
def divide_int(a: int, b: int) -> int:
    """Towards zero."""
    if b == 0:
        raise EvalError("divide_by_zero", "division by zero")
    quotient = abs(a) // abs(b)
    return check_int(quotient if (a < 0) == (b < 0) else -quotient)


@function("_%_", "int", "int")
def modulo_int(a: int, b: int) -> int:
    """With the sign of the dividend. The one overflow is that of the division, as in cel-go."""
    if b == 0:
        raise EvalError("modulus_by_zero", "modulus by zero")
    if a == INT_MIN and b == -1:
        raise EvalError("overflow", "integer overflow")
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


@function("-_", "int")
def negate_int(a: int) -> int:
    return check_int(-a)


@function("_+_", "uint", "uint")
def add_uint(a: UInt, b: UInt) -> UInt:
    return check_uint(int(a) + int(b))


@function("_-_", "uint", "uint")
def subtract_uint(a: UInt, b: UInt) -> UInt:
    return check_uint(int(a) - int(b))


@function("_*_", "uint", "uint")
def multiply_uint(a: UInt, b: UInt) -> UInt:
    return check_uint(int(a) * int(b))


@function("_/_", "uint", "uint")
def divide_uint(a: UInt, b: UInt) -> UInt:
    if b == 0:
        raise EvalError("divide_by_zero", "division by zero")
    return UInt(int(a) // int(b))


@function("_%_", "uint", "uint")
def modulo_uint(a: UInt, b: UInt) -> UInt:
    if b == 0:
        raise EvalError("modulus_by_zero", "modulus by zero")
    return UInt(int(a) % int(b))


@function("_+_", "double", "double")
def add_double(a: float, b: float) -> float:
    return a + b


@function("_-_", "double", "double")
def subtract_double(a: float, b: float) -> float:
    return a - b


@function("_*_", "double", "double")
def multiply_double(a: float, b: float) -> float:
    return a * b


@function("_/_", "double", "double")
def divide_double(a: float, b: float) -> float:
    """IEEE 754: a division by zero is an infinity or NaN, not an error."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


@function("-_", "double")
def negate_double(a: float) -> float:
    return -a


@function("_+_", "string", "string")
def add_string(a: str, b: str) -> str:
    check_length(len(a) + len(b), TEXT_MAX)
    return a + b


@function("_+_", "bytes", "bytes")
def add_bytes(a: bytes, b: bytes) -> bytes:
    check_length(len(a) + len(b), TEXT_MAX)
    return a + b


@function("_+_", "list", "list")
def add_list(a: list[object], b: list[object]) -> list[object]:
    check_length(len(a) + len(b))
    return [*a, *b]


@function("_+_", "timestamp", "duration")
def add_timestamp(a: Timestamp, b: Duration) -> Timestamp:
    return check_timestamp(a.nanos + b.nanos)


@function("_+_", "duration", "timestamp")
def add_duration_timestamp(a: Duration, b: Timestamp) -> Timestamp:
    return check_timestamp(a.nanos + b.nanos)


@function("_+_", "duration", "duration")
def add_duration(a: Duration, b: Duration) -> Duration:
    return check_duration(a.nanos + b.nanos)


@function("_-_", "timestamp", "timestamp")
def subtract_timestamps(a: Timestamp, b: Timestamp) -> Duration:
    return check_duration(a.nanos - b.nanos)


@function("_-_", "timestamp", "duration")
def subtract_timestamp(a: Timestamp, b: Duration) -> Timestamp:
    return check_timestamp(a.nanos - b.nanos)


@function("_-_", "duration", "duration")
def subtract_duration(a: Duration, b: Duration) -> Duration:
    return check_duration(a.nanos - b.nanos)


@function("_+_", "quantity", "quantity")
def add_quantity(a: Quantity, b: Quantity) -> Quantity:
    return cap_quantity(a.nanos + b.nanos)


@function("_-_", "quantity", "quantity")
def subtract_quantity(a: Quantity, b: Quantity) -> Quantity:
    return cap_quantity(a.nanos - b.nanos)


@function("_*_", "quantity", "int")
def multiply_quantity(a: Quantity, b: int) -> Quantity:
    return cap_quantity(a.nanos * b)


@function("_/_", "quantity", "quantity")
def divide_quantity(a: Quantity, b: Quantity) -> int:
    """How many times `b` goes into `a`, truncated towards zero: `(2Gi * 100) / 3Gi` is a percentage."""
    if b.nanos == 0:
        raise EvalError("divide_by_zero", "divide by zero")
    whole = abs(a.nanos) // abs(b.nanos)
    return check_int(whole if (a.nanos < 0) == (b.nanos < 0) else -whole)


@function("undetermined", "string")
def undetermined(reason: str) -> bool:
    """What neither Kubernetes nor the input says: a verdict that hangs on it is Unknown, never a guess."""
    raise EvalError("undetermined", reason)


@function("!_", "bool")
def negate_bool(a: bool) -> bool:
    return not a


# ---------------------------------------------------------------- size, index, selection


@function("size", "string")
@function("size", "bytes")
@function("size", "list")
@function("size", "map")
def size(value: str | bytes | list[object] | dict[object, object]) -> int:
    """Characters of a string (code points), bytes, elements or entries."""
    return len(value)


@function("_[_]", "list", "any")
def index_list(values: list[object], index: object) -> object:
    """The element at an index; a uint or a whole double is one too."""
    at = _list_index(index)
    if 0 <= at < len(values):
        return values[at]
    raise EvalError("index_out_of_bounds", f"index {at} is outside a list of {len(values)}")


def _list_index(index: object) -> int:
    if type(index) in (int, UInt):
        return index  # type: ignore[return-value]
    if type(index) is float:
        if index.is_integer():
            return int(index)
        raise EvalError("invalid_argument", f"{index} is no index of a list")
    raise no_such_overload("_[_]", ("list", tag_of(index)))


@function("_[_]", "map", "any")
def index_map(entries: dict[object, object], key: object) -> object:
    found = find_key(key)
    if found in entries:
        return entries[found]
    raise EvalError("no_such_key", f"no such key: {key}")


@function("_[_]", "optional", "any")
@function("_[?_]", "optional", "any")
def index_optional(operand: Optional, key: object) -> Optional:
    return index_maybe(operand.value, key) if operand.present else NONE


@function("_[?_]", "list", "any")
@function("_[?_]", "map", "any")
def index_maybe(operand: object, key: object) -> Optional:
    """`operand[?key]`: none where the key or index is absent."""
    if isinstance(operand, dict):
        found = find_key(key)
        return Optional(True, operand[found]) if found in operand else NONE
    if isinstance(operand, (list, tuple)):
        at = _list_index(key)
        return Optional(True, operand[at]) if 0 <= at < len(operand) else NONE
    raise no_such_overload("_[?_]", (tag_of(operand), tag_of(key)))


def select(operand: object, name: str) -> object:
    """`operand.name` on a map; on an optional the optional of it."""
    if isinstance(operand, dict):
        if name in operand:
            return operand[name]
        raise EvalError("no_such_key", f"no such key: {name}")
    if isinstance(operand, Optional):
        return select_maybe(operand, name)
    raise EvalError("no_such_overload", f"a {tag_of(operand)} has no field `{name}`")


@function("_?._", "any", "string")
def select_maybe(operand: object, name: str) -> Optional:
    """`operand.?name`."""
    if isinstance(operand, Optional):
        return select_maybe(operand.value, name) if operand.present else NONE
    if isinstance(operand, dict):
        return Optional(True, operand[name]) if name in operand else NONE
    raise EvalError("no_such_overload", f"a {tag_of(operand)} has no field `{name}`")


def has_key(operand: object, name: str) -> bool:
    """`has(operand.name)` on a map; on an optional: it is present and has it."""
    if isinstance(operand, Optional):
        return operand.present and has_key(operand.value, name)
    if isinstance(operand, dict):
        return name in operand
    raise EvalError("no_such_overload", f"a {tag_of(operand)} has no field `{name}`")
