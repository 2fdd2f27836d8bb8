"""Knows how the API server writes a quantity: one canonical text for each value and family of suffixes."""

from __future__ import annotations

import re

from kspec.runtime.quantity import parse_quantity
from kspec.runtime.values import Quantity

NANO = 10**9
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_EXPONENTS = {suffix: exponent for exponent, suffix in _DECIMAL.items()}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def canonical(text: str | int | float) -> str:
    """The quantity as the API server gives it back. Raises EvalError if it is none.

    Kubernetes apimachinery resource.Quantity.CanonicalizeBytes: the family of the suffix stays (binary,
    decimal, or an exponent), but binary only for whole values of 1024 and more. ParseQuantity keeps a text
    that it takes for canonical already.
    """
    written = text if isinstance(text, str) else repr(text)
    nanos = parse_quantity(written).nanos
    if _is_kept(written):
        return written
    if written.endswith("i") and nanos % NANO == 0 and abs(nanos) >= 1024 * NANO:
        return _binary(nanos)
    exponent = written.rstrip("0123456789+-")[-1:]
    if isinstance(text, str) and exponent in ("e", "E") and not written.endswith(("e", "E")):
        return _exponent(nanos)
    return _decimal(nanos)


_PARTS = re.compile(r"[+-]?0*(\d*)(?:\.(\d*))?(.*)", re.ASCII)
DIGITS_MAX = 18  # so many surely fit into 64 bits


def _is_kept(written: str) -> bool:
    """Does ParseQuantity keep the text? It asks for an exponent in steps of three (or ten, of two) and a
    mantissa that seems not to be divisible further; sign, point and the letter of an exponent may be any.
    """
    found = _PARTS.fullmatch(written)
    if written == "0" or found is None:
        return written == "0"
    whole, fraction, suffix = found[1] or "0", found[2] or "", found[3]
    digits = whole + fraction
    if suffix in _BINARY and suffix:
        power = 10 * _BINARY.index(suffix)
        return not fraction and len(whole) + power * 3 // 10 <= 14 and int(whole) % 8 != 0
    exponent = _EXPONENTS.get(suffix)
    scale = (int(suffix[1:]) if exponent is None else exponent) - len(fraction)
    return (
        len(digits) <= DIGITS_MAX
        and scale >= -9
        and scale % 3 == 0
        and not digits.endswith("000")
        and digits[0] != "0"
    )


def show_canonical(value: Quantity) -> str:
    """A text for a value whose notation is not known: binary if only that makes it short, such as `16Gi`."""
    decimal = _decimal(value.nanos)
    if value.nanos % (1024 * NANO) == 0:
        binary = _binary(value.nanos)
        if value.nanos % (1000 * NANO) != 0 or len(binary) < len(decimal):
            return binary
    return decimal


def _binary(nanos: int) -> str:
    whole, power = nanos // NANO, 0
    while whole % 1024 == 0 and power < len(_BINARY) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY[power]}"


def _decimal(nanos: int) -> str:
    mantissa, exponent = _shortened(nanos, 18)
    return f"{mantissa}{_DECIMAL[exponent]}"


def _exponent(nanos: int) -> str:
    mantissa, exponent = _shortened(nanos, 60)
    return f"{mantissa}e{exponent}" if exponent else str(mantissa)


def _shortened(nanos: int, exponent_max: int) -> tuple[int, int]:
    """(mantissa, exponent) with the exponent a multiple of three, as large as leaves the mantissa whole."""
    if nanos == 0:
        return 0, 0
    exponent = -9
    while nanos % 1000 == 0 and exponent < exponent_max:
        nanos, exponent = nanos // 1000, exponent + 3
    return nanos, exponent
