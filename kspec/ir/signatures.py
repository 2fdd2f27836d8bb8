"""Knows the overloads of the standard library as values, and how a line of their table is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kspec.ir.overload_table import FUNCTIONS, METHODS
from kspec.ir.types import SCALARS, ListOf, MapOf, OptionalOf, Scalar, Type

NOTHING = Scalar("nothing")
"""The type of no value: of the elements of `[]`. Fits everywhere; never left in an elaborated expression."""

A, B = Scalar("A"), Scalar("B")
PARAMETERS = (A, B)
SORTABLE = ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration", "quantity")


SUMMABLE = ("int", "uint", "double", "duration", "quantity")
"""What `list.sum()` adds up. In an elaborated call the zero of that type is the second argument."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One line of the tables. `method`: called as `first.name(rest)`; an operator is not."""

    name: str
    params: tuple[Type, ...]
    result: Type
    fails: bool
    method: bool
    variadic: bool = False


@cache
def signatures() -> Mapping[str, tuple[Overload, ...]]:
    """All overloads by name, in the order of the tables."""
    table: dict[str, list[Overload]] = {}
    for text, method in ((FUNCTIONS, False), (METHODS, True)):
        for line in text.strip().splitlines():
            overload = _parse_line(line, method)
            table.setdefault(overload.name, []).append(overload)
    for relation in ("_<_", "_<=_", "_>_", "_>=_"):
        table[relation] = list(_ordering(relation))
    return {name: tuple(overloads) for name, overloads in table.items()}


def _ordering(name: str) -> list[Overload]:
    """Numbers compare across types; the other ordered types with themselves."""
    numbers = [SCALARS[t] for t in ("int", "uint", "double")]
    same = [SCALARS[t] for t in SORTABLE if SCALARS[t] not in numbers]
    pairs = [(left, right) for left in numbers for right in numbers] + [(t, t) for t in same]
    pairs.sort(key=lambda pair: pair[0] != pair[1])
    return [Overload(name, pair, SCALARS["bool"], False, False) for pair in pairs]


_TOKEN = re.compile(r"[A-Za-z_]+|[(),*]", re.ASCII)


def _parse_line(line: str, method: bool) -> Overload:
    body, fails, _ = line.partition(" !")
    head, _, result = body.rpartition("): ")
    name, _, params = head.partition("(")
    types = _parse_types(params)
    variadic = params.endswith("*")
    return Overload(name, types, _parse_types(result)[0], bool(fails), method, variadic)


def _parse_types(text: str) -> tuple[Type, ...]:
    return tuple(_read_types(_TOKEN.findall(text)[::-1]))


def _read_types(tokens: list[str]) -> list[Type]:
    """Read types from the end of the list until it is empty or a parenthesis closes."""
    types: list[Type] = []
    while tokens:
        token = tokens.pop()
        if token == ")":
            break
        if token == "(":
            outer = types.pop()
            assert isinstance(outer, Scalar)
            types.append(_make(outer.name, _read_types(tokens)))
        elif token not in (",", "*"):
            types.append(Scalar(token))
    return types


def _make(name: str, parts: list[Type]) -> Type:
    if name == "list":
        return ListOf(parts[0])
    if name == "map":
        return MapOf(parts[0], parts[1])
    assert name == "optional", name
    return OptionalOf(parts[0])


def overloads_of(name: str) -> tuple[Overload, ...]:
    return signatures().get(name, ())


def __getattr__(name: str) -> object:
    """`SIGNATURES`, made on first use."""
    if name == "SIGNATURES":
        return signatures()
    raise AttributeError(name)
