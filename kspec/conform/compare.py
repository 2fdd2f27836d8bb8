"""Knows where two JSON values first differ."""

from __future__ import annotations

from typing import Any


def first_difference(expected: Any, actual: Any, path: str = "") -> str | None:
    """The JSON Pointer of the first place that differs, in the order of `expected`; None if they are equal.

    Numbers compare by value, but a boolean is no number; a missing key differs from null.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in [*expected, *(k for k in actual if k not in expected)]:
            here = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key not in expected or key not in actual:
                return here
            found = first_difference(expected[key], actual[key], here)
            if found is not None:
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        for index, (one, other) in enumerate(zip(expected, actual, strict=False)):
            found = first_difference(one, other, f"{path}/{index}")
            if found is not None:
                return found
        return None if len(expected) == len(actual) else f"{path}/{min(len(expected), len(actual))}"
    same_sort = isinstance(expected, bool) == isinstance(actual, bool)
    return None if same_sort and expected == actual else path or "/"
