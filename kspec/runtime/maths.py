"""Knows CEL's `math` extension: greatest and least, rounding, signs, bits."""

from __future__ import annotations

import math

from kspec.runtime.operators import check_int
from kspec.runtime.registry import function, no_such_overload, tag_of
from kspec.runtime.values import EvalError, UInt

_BITS = 2**64
Number = int | float


def _extreme(name: str, values: tuple[object, ...] | list[object], sign: int) -> object:
    for value in values:
        if tag_of(value) not in ("int", "uint", "double"):
            raise no_such_overload(name, tuple(map(tag_of, values)))
    if not values:
        raise EvalError("invalid_argument", f"{name} of an empty list")
    best = values[0]
    for value in values[1:]:
        if (value > best) if sign > 0 else (value < best):  # type: ignore[operator]
            best = value
    return best


@function("math.greatest", "list")
def greatest_of(values: list[object]) -> object:
    return _extreme("math.greatest", values, 1)


@function("math.greatest", "any*")
def greatest(*values: object) -> object:
    """The greatest number, the first of equal ones; its own type is kept."""
    return _extreme("math.greatest", values, 1)


@function("math.least", "list")
def least_of(values: list[object]) -> object:
    return _extreme("math.least", values, -1)


@function("math.least", "any*")
def least(*values: object) -> object:
    return _extreme("math.least", values, -1)


@function("math.ceil", "double")
def ceil(value: float) -> float:
    return math.copysign(float(math.ceil(value)), value) if math.isfinite(value) else value


@function("math.floor", "double")
def floor(value: float) -> float:
    return math.copysign(float(math.floor(value)), value) if math.isfinite(value) else value


@function("math.trunc", "double")
def trunc(value: float) -> float:
    return math.copysign(float(math.trunc(value)), value) if math.isfinite(value) else value


@function("math.round", "double")
def round_half_away(value: float) -> float:
    """Halves away from zero."""
    whole = trunc(value)
    return whole + math.copysign(1.0, value) if abs(value - whole) >= 0.5 else whole


@function("math.abs", "int")
def abs_int(value: int) -> int:
    return check_int(abs(value))


@function("math.abs", "uint")
def abs_uint(value: UInt) -> UInt:
    return value


@function("math.abs", "double")
def abs_double(value: float) -> float:
    return abs(value)


@function("math.sign", "int")
def sign_int(value: int) -> int:
    return (value > 0) - (value < 0)


@function("math.sign", "uint")
def sign_uint(value: UInt) -> UInt:
    return UInt(value > 0)


@function("math.sign", "double")
def sign_double(value: float) -> float:
    return value if math.isnan(value) or value == 0.0 else math.copysign(1.0, value)


@function("math.sqrt", "int")
@function("math.sqrt", "uint")
@function("math.sqrt", "double")
def sqrt(value: Number) -> float:
    """NaN for what is negative."""
    return math.sqrt(value) if not value < 0 else math.nan


@function("math.ln", "double")
def natural_logarithm(value: float) -> float:
    """As IEEE would have it: of zero minus infinity, of less than zero no number."""
    if value > 0:
        return math.log(value)
    return -math.inf if value == 0 else math.nan


@function("math.isNaN", "double")
def is_nan(value: float) -> bool:
    return math.isnan(value)


@function("math.isInf", "double")
def is_inf(value: float) -> bool:
    return math.isinf(value)


@function("math.isFinite", "double")
def is_finite(value: float) -> bool:
    return math.isfinite(value)


# ---------------------------------------------------------------- bits, of two's complement


def _signed(bits: int) -> int:
    bits %= _BITS
    return bits - _BITS if bits >= _BITS // 2 else bits


def _check_shift(count: int) -> int:
    if count < 0:
        raise EvalError("invalid_argument", "a shift by a negative number")
    return min(count, 64)


@function("math.bitAnd", "int", "int")
def bit_and(a: int, b: int) -> int:
    return a & b


@function("math.bitAnd", "uint", "uint")
def bit_and_uint(a: UInt, b: UInt) -> UInt:
    return UInt(int(a) & int(b))


@function("math.bitOr", "int", "int")
def bit_or(a: int, b: int) -> int:
    return a | b


@function("math.bitOr", "uint", "uint")
def bit_or_uint(a: UInt, b: UInt) -> UInt:
    return UInt(int(a) | int(b))


@function("math.bitXor", "int", "int")
def bit_xor(a: int, b: int) -> int:
    return a ^ b


@function("math.bitXor", "uint", "uint")
def bit_xor_uint(a: UInt, b: UInt) -> UInt:
    return UInt(int(a) ^ int(b))


@function("math.bitNot", "int")
def bit_not(value: int) -> int:
    return ~value


@function("math.bitNot", "uint")
def bit_not_uint(value: UInt) -> UInt:
    return UInt(_BITS - 1 - int(value))


@function("math.bitShiftLeft", "int", "int")
def shift_left(value: int, count: int) -> int:
    """Bits shifted out are lost."""
    return _signed(value << _check_shift(count))


@function("math.bitShiftLeft", "uint", "int")
def shift_left_uint(value: UInt, count: int) -> UInt:
    return UInt((int(value) << _check_shift(count)) % _BITS)


@function("math.bitShiftRight", "int", "int")
def shift_right(value: int, count: int) -> int:
    """Zeros are shifted in, the sign is not kept."""
    return _signed((value % _BITS) >> _check_shift(count))


@function("math.bitShiftRight", "uint", "int")
def shift_right_uint(value: UInt, count: int) -> UInt:
    return UInt(int(value) >> _check_shift(count))
