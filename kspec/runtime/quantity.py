"""Knows Kubernetes quantities: their notation, exact values, and CEL's functions on them."""

from __future__ import annotations

import re

from kspec.runtime.operators import QUANTITY_MAX, cap_quantity
from kspec.runtime.registry import function
from kspec.runtime.values import INT_MAX, INT_MIN, EvalError, Quantity

NANO = 10**9
_QUANTITY = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,9}|)", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


@function("quantity", "string")
def parse_quantity(text: str) -> Quantity:
    """The value of a quantity as Kubernetes writes it: `250m`, `16Gi`, `1e3`, `0.5`.

    As upstream (apimachinery resource.ParseQuantity): what is finer than a nano-unit is rounded up, away from
    zero; more than 64 bits of units is capped.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not a quantity such as `250m` or `16Gi`")
    sign, number, suffix = found.groups()
    whole, _, fraction = number.partition(".")
    digits = int((whole + fraction)[:10_000] or "0")
    exponent = _exponent(suffix) - len(fraction)
    factor = 1 << _BINARY[suffix] if suffix in _BINARY else 1
    nanos = _scaled(digits * factor, exponent + 9)
    return cap_quantity(-nanos if sign == "-" else nanos)


def _exponent(suffix: str) -> int:
    if suffix in _BINARY:
        return 0
    return _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])


def _scaled(digits: int, exponent: int) -> int:
    """digits * 10**exponent, rounded up; past the cap any larger number does."""
    if digits == 0:
        return 0
    if exponent >= 0:
        return digits * int(10**exponent) if exponent < 40 else QUANTITY_MAX + 1
    if exponent < -20_000:
        return 1
    return -(-digits // int(10**-exponent))


@function("string", "quantity")
def show_quantity(value: Quantity) -> str:
    """The value with the largest suffix that keeps it whole; a binary one where only that makes it short."""
    nanos = value.nanos
    if nanos == 0:
        return "0"
    if nanos % (1024 * NANO) == 0 and nanos % (1000 * NANO):
        suffix = next(s for s, power in reversed(_BINARY.items()) if nanos % (NANO << power) == 0)
        return f"{nanos // (NANO << _BINARY[suffix])}{suffix}"
    for suffix in ("E", "P", "T", "G", "M", "k", "", "m", "u"):
        unit = 10 ** (_DECIMAL[suffix] + 9)
        if nanos % unit == 0:
            return f"{nanos // unit}{suffix}"
    return f"{nanos}n"


@function("isQuantity", "string")
def is_quantity(text: str) -> bool:
    return _QUANTITY.fullmatch(text) is not None


@function("sign", "quantity")
def quantity_sign(value: Quantity) -> int:
    return (value.nanos > 0) - (value.nanos < 0)


@function("isInteger", "quantity")
def quantity_is_integer(value: Quantity) -> bool:
    return value.nanos % NANO == 0 and INT_MIN <= value.nanos // NANO <= INT_MAX


@function("asInteger", "quantity")
def quantity_as_integer(value: Quantity) -> int:
    if quantity_is_integer(value):
        return value.nanos // NANO
    raise EvalError("invalid_argument", f"{show_quantity(value)} is not a whole number")


@function("asApproximateFloat", "quantity")
def quantity_as_float(value: Quantity) -> float:
    return value.nanos / NANO


@function("add", "quantity", "quantity")
def quantity_add(a: Quantity, b: Quantity) -> Quantity:
    return cap_quantity(a.nanos + b.nanos)


@function("add", "quantity", "int")
def quantity_add_int(a: Quantity, b: int) -> Quantity:
    return cap_quantity(a.nanos + b * NANO)


@function("sub", "quantity", "quantity")
def quantity_sub(a: Quantity, b: Quantity) -> Quantity:
    return cap_quantity(a.nanos - b.nanos)


@function("sub", "quantity", "int")
def quantity_sub_int(a: Quantity, b: int) -> Quantity:
    return cap_quantity(a.nanos - b * NANO)


@function("isGreaterThan", "quantity", "quantity")
def quantity_greater(a: Quantity, b: Quantity) -> bool:
    return a.nanos > b.nanos


@function("isLessThan", "quantity", "quantity")
def quantity_less(a: Quantity, b: Quantity) -> bool:
    return a.nanos < b.nanos


@function("compareTo", "quantity", "quantity")
def quantity_compare(a: Quantity, b: Quantity) -> int:
    return (a.nanos > b.nanos) - (a.nanos < b.nanos)
