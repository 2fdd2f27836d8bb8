"""Knows CEL's optional values."""

from __future__ import annotations

from kspec.runtime.registry import function, no_such_overload, tag_of
from kspec.runtime.values import NONE, Duration, EvalError, Optional, Quantity


@function("optional.of", "any")
def some(value: object) -> Optional:
    return Optional(True, value)


@function("optional.none")
def none() -> Optional:
    return NONE


@function("optional.ofNonZeroValue", "any")
def of_non_zero(value: object) -> Optional:
    """None for null, false, 0, and what is empty."""
    return NONE if is_zero(value) else Optional(True, value)


def is_zero(value: object) -> bool:
    match value:
        case None:
            return True
        case bool() | int() | float() | str() | bytes() | list() | tuple() | dict():
            return not value
        case Duration(nanos) | Quantity(nanos):
            return nanos == 0
        case Optional():
            return not value.present
        case _:
            return False


@function("hasValue", "optional")
def has_value(value: Optional) -> bool:
    return value.present


@function("value", "optional")
def value_of(value: Optional) -> object:
    if value.present:
        return value.value
    raise EvalError("invalid_argument", "optional.none() has no value")


@function("or", "optional", "optional")
def either(value: Optional, other: Optional) -> Optional:
    return value if value.present else other


@function("orValue", "optional", "any")
def or_value(value: Optional, other: object) -> object:
    return value.value if value.present else other


@function("optional.unwrap", "list")
@function("unwrapOpt", "list")
def unwrap(values: list[object]) -> list[object]:
    """The values of those that are present."""
    made = []
    for value in values:
        if not isinstance(value, Optional):
            raise no_such_overload("unwrapOpt", (f"list({tag_of(value)})",))
        if value.present:
            made.append(value.value)
    return made
