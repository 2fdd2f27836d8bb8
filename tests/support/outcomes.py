"""What a computation comes to, in a form that two readings can be compared by."""

from __future__ import annotations

import math
from collections.abc import Callable

from kspec.runtime.values import EvalError, Optional


def outcome(function: Callable[[], object]) -> tuple[str, object]:
    """The value, exactly, or the code of the error."""
    try:
        return ("value", exactly(function()))
    except EvalError as error:
        return ("error", error.code)


def exactly(value: object) -> object:
    """Two values are the same exactly if these are equal: types count, lists and tuples are one, NaN equals
    NaN.
    """
    if isinstance(value, list | tuple):
        return ("list", tuple(map(exactly, value)))
    if isinstance(value, dict):
        return ("map", tuple((exactly(k), exactly(v)) for k, v in value.items()))
    if isinstance(value, Optional):
        return ("optional", value.present, exactly(value.value))
    if isinstance(value, float):
        return ("double", "nan") if math.isnan(value) else ("double", value, math.copysign(1.0, value))
    return (type(value).__name__, value)
