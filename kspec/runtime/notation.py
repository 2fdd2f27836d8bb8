"""Knows how the API server writes a quantity: one canonical text for each value and family of suffixes."""

from __future__ import annotations

from kspec.runtime.quantity import parse_quantity
from kspec.runtime.values import Quantity

NANO = 10**9
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def canonical(text: str | int | float) -> str:
    """The quantity as the API server gives it back. Raises EvalError if it is none.

    Kubernetes apimachinery resource.Quantity.CanonicalizeBytes: the family of the suffix stays (binary,
    decimal, or an exponent), but binary only for whole values of 1024 and more.
    """
    written = text if isinstance(text, str) else repr(text)
    nanos = parse_quantity(written).nanos
    if written.endswith("i") and nanos % NANO == 0 and abs(nanos) >= 1024 * NANO:
        return _binary(nanos)
    exponent = written.rstrip("0123456789+-")[-1:]
    if isinstance(text, str) and exponent in ("e", "E") and not written.endswith(("e", "E")):
        return _exponent(nanos)
    return _decimal(nanos)


def show_canonical(value: Quantity) -> str:
    """A text for a value whose notation is not known: binary if only that makes it short, such as `16Gi`."""
    if value.nanos % (1024 * NANO) == 0 and value.nanos % (1000 * NANO) != 0:
        return _binary(value.nanos)
    return _decimal(value.nanos)


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
