"""Knows what generated Python cannot say in a line of its own: CEL's errors in `&&`, loops over what may be
a map, and more.

Where an operand can fail, generated code hands it over as a function, so that its error can be seen and
hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from kspec.runtime.equality import from_key
from kspec.runtime.operators import TEXT_MAX, check_length
from kspec.runtime.registry import tag_of
from kspec.runtime.values import EvalError, Optional

T = TypeVar("T")
List = list[object] | tuple[object, ...]
Map = dict[object, object]


# ---------------------------------------------------------------- truth


def test(value: object) -> bool:
    """The value as a condition: an error if it is no bool."""
    if value is True or value is False:
        return value
    raise EvalError("no_such_overload", f"a {tag_of(value)} is not a condition")


def and_(*operands: Callable[[], object]) -> bool:
    """`a && b && c`: one that is false hides the errors of the others."""
    return _decide(operands, False)


def or_(*operands: Callable[[], object]) -> bool:
    """`a || b || c`: one that is true hides the errors of the others."""
    return _decide(operands, True)


def _decide(operands: Iterable[Callable[[], object]], deciding: bool) -> bool:
    first_error: EvalError | None = None
    for operand in operands:
        try:
            if test(operand()) is deciding:
                return deciding
        except EvalError as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return not deciding


def all_(turns: Iterable[object], body: Callable[[object], object]) -> bool:
    """`turns.all(x, body)`, where the body can fail."""
    return _decide((_bound(body, turn) for turn in turns), False)


def exists_(turns: Iterable[object], body: Callable[[object], object]) -> bool:
    """`turns.exists(x, body)`, where the body can fail."""
    return _decide((_bound(body, turn) for turn in turns), True)


def all_pairs(turns: Iterable[tuple[object, object]], body: Callable[[object, object], object]) -> bool:
    """`turns.all(k, v, body)`, where the body can fail."""
    return _decide((_bound_pair(body, a, b) for a, b in turns), False)


def exists_pair(turns: Iterable[tuple[object, object]], body: Callable[[object, object], object]) -> bool:
    """`turns.exists(k, v, body)`, where the body can fail."""
    return _decide((_bound_pair(body, a, b) for a, b in turns), True)


def _bound(body: Callable[[object], object], turn: object) -> Callable[[], object]:
    return lambda: body(turn)


def _bound_pair(body: Callable[[object, object], object], a: object, b: object) -> Callable[[], object]:
    return lambda: body(a, b)


# ---------------------------------------------------------------- loops


def elements(values: object) -> Iterable[object]:
    """What a loop with one variable runs over: the elements of a list, the keys of a map."""
    if isinstance(values, (list, tuple)):
        return values
    if isinstance(values, dict):
        return [from_key(k) for k in values]
    raise EvalError("no_such_overload", f"a {tag_of(values)} cannot be looped over")


def pairs(values: object) -> Iterable[tuple[object, object]]:
    """What a loop with two variables runs over: index and element of a list, key and value of a map."""
    if isinstance(values, dict):
        return [(from_key(k), v) for k, v in values.items()]
    return enumerate(elements(values))


def items(values: object) -> List:
    """The value as a list; an error if it is none."""
    if isinstance(values, (list, tuple)):
        return values
    raise EvalError("no_such_overload", f"flatMap wants lists, not a {tag_of(values)}")


def fold(values: object, start: T, step: Callable[[object, T], T]) -> T:
    """`values.fold(x, acc, start, step)`."""
    accumulated = start
    for turn in elements(values):
        accumulated = step(turn, accumulated)
    return accumulated


def merge_entries(maps: Iterable[object]) -> Map:
    """All entries of the maps together; a key twice is an error."""
    made: Map = {}
    for entries in maps:
        if not isinstance(entries, dict):
            raise EvalError("no_such_overload", f"transformMapEntry wants maps, not a {tag_of(entries)}")
        for key, value in entries.items():
            put(made, key, value)
    return made


# ---------------------------------------------------------------- making values


def put(made: Map, key: object, value: object) -> Map:
    """The map with an entry more. `key` is one already (see `to_key`). Changes the map, which nobody else
    has yet.
    """
    if key in made:
        raise EvalError("duplicate_key", f"the key {from_key(key)} is there twice")
    made[key] = value
    return made


def put_maybe(made: Map, key: object, value: object) -> Map:
    """`{?key: value}`: an entry more if the optional has a value."""
    wrapped = _as_optional(value)
    return put(made, key, wrapped.value) if wrapped.present else made


def map_of(*puts: Callable[[Map], Map]) -> Map:
    """A map made by putting its entries one after another."""
    made: Map = {}
    for put_next in puts:
        made = put_next(made)
    return made


def present(value: Optional) -> tuple[object, ...]:
    """`?value` in a list: its value, or nothing."""
    return (value.value,) if value.present else ()


def list_of(values: List, optional: frozenset[int]) -> list[object]:
    """A list some of whose elements are optionals, by index."""
    made: list[object] = []
    for index, value in enumerate(values):
        if index in optional:
            made.extend(present(_as_optional(value)))
        else:
            made.append(value)
    return made


def _as_optional(value: object) -> Optional:
    if isinstance(value, Optional):
        return value
    raise EvalError("no_such_overload", f"`?` wants an optional, not a {tag_of(value)}")


def join_texts(*parts: str) -> str:
    """`a + b + c` of strings."""
    check_length(sum(map(len, parts)), TEXT_MAX)
    return "".join(parts)


def join_lists(*parts: List) -> list[object]:
    """`a + b + c` of lists."""
    made = [element for part in parts for element in part]
    check_length(len(made))
    return made


# ---------------------------------------------------------------- records


def field_of(value: object, name: str, zero: object) -> object:
    """The field of what may be no record, or its zero."""
    found = value.get(name) if isinstance(value, dict) else None
    return zero if found is None else found


def has_field(value: object, name: str) -> bool:
    """Is the field of what may be no record present?"""
    return isinstance(value, dict) and value.get(name) is not None


def record(**fields: object) -> Map:
    """A record; fields that are null are absent."""
    return without_nulls(fields)


def without_nulls(fields: dict[str, object]) -> Map:
    """A record; fields that are null are absent."""
    return {name: value for name, value in fields.items() if value is not None}


def replaced(operand: object, fields: dict[str, object]) -> Map:
    """The record or map with these fields replaced; null takes one away."""
    made = dict(operand) if isinstance(operand, dict) else {}
    for name, value in fields.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    return made


def unbound(name: str, *args: object) -> object:
    """A variable, or a function of these arguments, that nothing stands for."""
    raise EvalError("unbound", f"unknown name `{name}`")
