"""Knows the run-time values of the language. All three readings share these, and nothing else, as values.

| type       | Python value                                                                       |
|------------|------------------------------------------------------------------------------------|
| bool       | bool                                                                               |
| int        | int, always within 64 bits                                                         |
| uint       | UInt (a subclass of int; compares equal to the int of the same value, as CEL wants)|
| double     | float                                                                              |
| string     | str                                                                                |
| bytes      | bytes                                                                              |
| null       | None                                                                               |
| list       | list or tuple (never changed once made)                                            |
| map, record| dict (never changed once made); an absent field of a record is an absent key       |
| timestamp  | Timestamp: whole nanoseconds since 1970 UTC                                        |
| duration   | Duration: whole nanoseconds                                                        |
| quantity   | Quantity: whole nano-units, exact                                                  |
| optional   | Optional                                                                           |
| type       | TypeValue                                                                          |
| ip, cidr, url, semver | IP, CIDR, URL, Semver, in their own modules of this room                |

Map keys: str and int as they are, UInt as UInt (hashes as its int), bool as BoolKey, since `True == 1` in
Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1


class EvalError(Exception):
    """An expression has no value. `code` is part of what the three readings agree on; `message` is for
    people.

    Codes: no_such_key, no_such_field, no_such_overload, divide_by_zero, modulus_by_zero, overflow,
    index_out_of_bounds, invalid_argument (conversions, regular expressions, formats), duplicate_key,
    unbound (an unknown name), budget, undetermined (neither Kubernetes nor the input says: a verdict that
    hangs on it is Unknown).
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code


class UInt(int):
    """CEL's uint: 0 to 2**64-1."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


class BoolKey(Enum):
    """A boolean as the key of a map."""

    FALSE = 0
    TRUE = 1


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A Kubernetes quantity as whole nano-units; its notation is not part of its value. See `quantity.py`."""

    nanos: int


@dataclass(frozen=True, slots=True)
class TypeValue:
    name: str


@dataclass(frozen=True, slots=True)
class Optional:
    """`optional.of(v)` when `present`, `optional.none()` otherwise."""

    present: bool
    value: object = None


NONE = Optional(False)
