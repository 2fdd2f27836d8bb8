"""Knows when two values are equal and how they are ordered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kspec.runtime.registry import function, no_such_overload, tag_of
from kspec.runtime.values import BoolKey, Duration, EvalError, Optional, Quantity, Timestamp, UInt

NUMBERS = frozenset((int, UInt, float))
ORDERED = frozenset((bool, str, bytes, Timestamp, Duration, Quantity))
NUMBER_TAGS = ("int", "uint", "double")
ORDERED_TAGS = ("bool", "string", "bytes", "timestamp", "duration", "quantity")


def equals(a: object, b: object) -> bool:
    """CEL's `==`: numbers across types, lists and maps by content; other types differ. Never fails."""
    left, right = type(a), type(b)
    if left is right and left not in _CONTAINERS:
        return a == b
    if left in NUMBERS and right in NUMBERS:
        return float(a) == float(b) if float in (left, right) else a == b  # type: ignore[arg-type]
    if left is Optional and right is Optional:
        assert isinstance(a, Optional) and isinstance(b, Optional)
        return a.present == b.present and (not a.present or equals(a.value, b.value))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return _equal_lists(a, b)
    return isinstance(a, dict) and isinstance(b, dict) and _equal_maps(a, b)


_CONTAINERS = frozenset((list, tuple, dict, Optional))


def _equal_lists(a: object, b: object) -> bool:
    assert isinstance(a, (list, tuple)) and isinstance(b, (list, tuple))
    return len(a) == len(b) and all(equals(x, y) for x, y in zip(a, b, strict=True))


def _equal_maps(a: object, b: object) -> bool:
    assert isinstance(a, dict) and isinstance(b, dict)
    return len(a) == len(b) and all(k in b and equals(v, b[k]) for k, v in a.items())


function("_==_", "any", "any")(equals)


@function("_!=_", "any", "any")
def differs(a: object, b: object) -> bool:
    return not equals(a, b)


def less(a: object, b: object) -> bool:
    """CEL's `<`, on two numbers of any type or two values of one ordered type. False beside NaN."""
    left, right = _comparable("_<_", a, b)
    return left < right  # type: ignore[no-any-return]


def less_equal(a: object, b: object) -> bool:
    left, right = _comparable("_<=_", a, b)
    return left <= right  # type: ignore[no-any-return]


def greater(a: object, b: object) -> bool:
    left, right = _comparable("_>_", a, b)
    return left > right  # type: ignore[no-any-return]


def greater_equal(a: object, b: object) -> bool:
    left, right = _comparable("_>=_", a, b)
    return left >= right  # type: ignore[no-any-return]


def _comparable(name: str, a: object, b: object) -> tuple[Any, Any]:
    """The two values as Python compares them: beside a double an integer is rounded to one, as in cel-go."""
    left, right = type(a), type(b)
    if left is right:
        if left in ORDERED or left in NUMBERS:
            return a, b
    elif left in NUMBERS and right in NUMBERS:
        return (a, b) if float not in (left, right) else (float(a), float(b))  # type: ignore[arg-type]
    raise no_such_overload(name, (tag_of(a), tag_of(b)))


for _name, _function in (("_<_", less), ("_<=_", less_equal), ("_>_", greater), ("_>=_", greater_equal)):
    for _tag in ORDERED_TAGS:
        function(_name, _tag, _tag)(_function)
    for _left in NUMBER_TAGS:
        for _right in NUMBER_TAGS:
            function(_name, _left, _right)(_function)


def check_sortable(keys: Sequence[object]) -> None:
    """Check that the keys have one order: all numbers, all of one ordered type, or all lists of such."""
    lists = [key for key in keys if isinstance(key, (list, tuple))]
    if lists and len(lists) == len(keys):
        for place in range(max(map(len, lists))):
            check_sortable([key[place] for key in lists if len(key) > place])
        return
    for key in keys:
        _comparable("sort", keys[0], key)


def sort_by(keyed: Sequence[tuple[object, object]]) -> list[object]:
    """The second parts, stably ordered by the first; lists order by their first difference."""
    check_sortable([key for key, _ in keyed])
    plain: list[tuple[Any, object]] = [(_frozen(key), value) for key, value in keyed]
    return [value for _, value in sorted(plain, key=lambda pair: pair[0])]


def _frozen(key: object) -> object:
    return tuple(map(_frozen, key)) if isinstance(key, (list, tuple)) else key


def to_key(value: object) -> object:
    """A value as the key of a map; EvalError where it can be none."""
    if value is True:
        return BoolKey.TRUE
    if value is False:
        return BoolKey.FALSE
    if type(value) in (str, int, UInt):
        return value
    raise EvalError("no_such_overload", f"a {tag_of(value)} cannot be the key of a map")


def find_key(value: object) -> object:
    """A value as the key to look up: a whole double finds the integer; None where no key can be equal."""
    if type(value) is float:
        return int(value) if value.is_integer() else None
    return to_key(value)


def from_key(key: object) -> object:
    """The value that a key of a map stands for."""
    return key is BoolKey.TRUE if isinstance(key, BoolKey) else key


def contains(values: list[object] | tuple[object, ...], value: object) -> bool:
    """Is an equal value in the list?"""
    return any(equals(v, value) for v in values)


@function("@in", "any", "list")
def in_list(value: object, values: list[object]) -> bool:
    return contains(values, value)


@function("@in", "any", "map")
def in_map(value: object, entries: dict[object, object]) -> bool:
    try:
        return find_key(value) in entries
    except EvalError:
        return False
