"""Knows the functions on lists: cel-go's lists and sets extensions, and those that Kubernetes adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from kspec.runtime.equality import check_sortable, contains, equals, less, less_equal, sort_by
from kspec.runtime.operators import check_length
from kspec.runtime.registry import LIBRARY, function, tag_of
from kspec.runtime.values import NONE, EvalError, Optional

List = list[object] | tuple[object, ...]


@function("lists.range", "int")
def range_list(count: int) -> list[int]:
    """[0, 1, … count - 1]."""
    check_length(count)
    return list(range(count))


@function("slice", "list", "int", "int")
def slice_list(values: List, start: int, end: int) -> List:
    """From `start` up to but without `end`."""
    if 0 <= start <= end <= len(values):
        return values[start:end]
    raise EvalError("index_out_of_bounds", f"slice({start}, {end}) is outside a list of {len(values)}")


@function("flatten", "list")
def flatten(values: List) -> list[object]:
    """The elements of those elements that are lists, and the others; one level."""
    return flatten_deep(values, 1)


@function("flatten", "list", "int")
def flatten_deep(values: List, depth: int) -> list[object]:
    if depth < 0:
        raise EvalError("invalid_argument", "flatten to a negative depth")
    made = list(values)
    while depth > 0 and any(isinstance(v, (list, tuple)) for v in made):
        deeper: list[object] = []
        for value in made:
            if isinstance(value, (list, tuple)):
                deeper.extend(value)
            else:
                deeper.append(value)
            check_length(len(deeper))
        made, depth = deeper, depth - 1
    return made


@function("sort", "list")
def sort(values: List) -> list[object]:
    return sort_by([(v, v) for v in values])


@function("isSorted", "list")
def is_sorted(values: List) -> bool:
    check_sortable(values)
    return all(less_equal(a, b) for a, b in pairwise(values))


@function("distinct", "list")
def distinct(values: List) -> list[object]:
    """Each value once, at its first place."""
    made: list[object] = []
    plain: set[tuple[bool, object]] = set()
    nested: list[object] = []
    for value in values:
        if isinstance(value, (list, tuple, dict, Optional)):
            if contains(nested, value):
                continue
            nested.append(value)
        else:
            key = (isinstance(value, bool), value)  # True == 1 in Python
            if key in plain and equals(value, value):
                continue
            plain.add(key)
        made.append(value)
    return made


@function("reverse", "list")
def reverse_list(values: List) -> List:
    return values[::-1]


@function("first", "list")
def first(values: List) -> Optional:
    return Optional(True, values[0]) if values else NONE


@function("last", "list")
def last(values: List) -> Optional:
    return Optional(True, values[-1]) if values else NONE


@function("indexOf", "list", "any")
def index_of(values: List, value: object) -> int:
    return next((i for i, v in enumerate(values) if equals(v, value)), -1)


@function("lastIndexOf", "list", "any")
def last_index_of(values: List, value: object) -> int:
    return next((i for i in range(len(values) - 1, -1, -1) if equals(values[i], value)), -1)


def _extreme(values: List, name: str, better: Callable[[object, object], bool]) -> object:
    if not values:
        raise EvalError("invalid_argument", f"{name} of an empty list")
    best = values[0]
    check_sortable(values)
    for value in values[1:]:
        if better(value, best):
            best = value
    return best


@function("min", "list")
def least(values: List) -> object:
    return _extreme(values, "min", less)


@function("max", "list")
def greatest(values: List) -> object:
    return _extreme(values, "max", lambda a, b: less(b, a))


@function("sum", "list", "int")
@function("sum", "list", "uint")
@function("sum", "list", "double")
@function("sum", "list", "duration")
@function("sum", "list", "quantity")
@function("sum", "list", "any")
def total(values: List, zero: object) -> object:
    """The sum of numbers, durations or quantities of one type; `zero` where there is none."""
    add = LIBRARY["_+_"]
    result = values[0] if values else zero
    for value in values[1:]:
        result = add(result, value)
    if tag_of(result) not in ("int", "uint", "double", "duration", "quantity"):
        raise EvalError("no_such_overload", "sum is for numbers, durations and quantities")
    return result


# ---------------------------------------------------------------- sets


@function("sets.contains", "list", "list")
def set_contains(values: List, part: List) -> bool:
    """Is every element of the second in the first?"""
    return all(contains(values, v) for v in part)


@function("sets.equivalent", "list", "list")
def set_equivalent(a: List, b: List) -> bool:
    return set_contains(a, b) and set_contains(b, a)


@function("sets.intersects", "list", "list")
def set_intersects(a: List, b: Iterable[object]) -> bool:
    return any(contains(a, v) for v in b)
