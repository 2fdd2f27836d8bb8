"""When a type may stand for another, and what types have in common."""

from __future__ import annotations

import pytest

from kspec.ir.signatures import NOTHING, A, overloads_of
from kspec.ir.types import BOOL, DOUBLE, DYN, INT, NULL, STRING, UINT, ListOf, MapOf, OptionalOf, Record, Type
from kspec.ir.unify import assignable, fits_surely, join, match_overloads, merge, result_of, settle

POD = Record("core.Pod")


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (INT, INT, INT),
        (INT, STRING, None),
        (INT, DYN, DYN),
        (NOTHING, INT, INT),
        (ListOf(NOTHING), ListOf(INT), ListOf(INT)),
        (ListOf(INT), ListOf(DYN), ListOf(DYN)),
        (ListOf(INT), ListOf(STRING), None),
        (MapOf(STRING, NOTHING), MapOf(STRING, INT), MapOf(STRING, INT)),
        (NULL, POD, POD),
        (NULL, INT, None),
        (OptionalOf(INT), OptionalOf(DYN), OptionalOf(DYN)),
        (ListOf(INT), MapOf(INT, INT), None),
    ],
)
def test_merge_is_symmetric(one: Type, other: Type, merged: Type | None) -> None:
    assert merge(one, other) == merge(other, one) == merged


def test_join() -> None:
    assert join([]) == NOTHING and join([INT, INT]) == INT and join([INT, STRING]) == DYN


@pytest.mark.parametrize(
    ("source", "target", "fits", "surely"),
    [
        (INT, INT, True, True),
        (INT, UINT, False, False),
        (DYN, INT, True, False),
        (INT, DYN, True, True),
        (NULL, POD, True, True),
        (ListOf(DYN), ListOf(INT), True, False),
        (ListOf(DYN), ListOf(A), True, True),
        (ListOf(INT), MapOf(INT, INT), False, False),
        (NOTHING, STRING, True, True),
    ],
)
def test_assignable(source: Type, target: Type, fits: bool, surely: bool) -> None:
    assert assignable(source, target, {}) is fits
    assert not fits or fits_surely(source, target) is surely


@pytest.mark.parametrize(
    ("name", "args", "result"),
    [
        ("_+_", [INT, INT], INT),
        ("_+_", [ListOf(INT), ListOf(NOTHING)], ListOf(INT)),
        ("_+_", [DYN, INT], INT),
        ("_+_", [DYN, DYN], DYN),
        ("_[_]", [MapOf(STRING, INT), STRING], INT),
        ("@in", [INT, ListOf(DYN)], BOOL),
        ("sum", [ListOf(DOUBLE), DOUBLE], DOUBLE),
        ("sum", [ListOf(DYN), DYN], DYN),
        ("orValue", [OptionalOf(NOTHING), INT], INT),
        ("math.greatest", [INT, DOUBLE], DYN),
        ("math.greatest", [INT] * 5, INT),
        ("size", [DYN], INT),
    ],
)
def test_results(name: str, args: list[Type], result: Type) -> None:
    assert result_of(match_overloads(name, args)) == result


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("_+_", [INT, STRING]),
        ("@in", [INT, ListOf(STRING)]),
        ("_==_", [INT, STRING]),
        ("_==_", [STRING, NULL]),
        ("size", [INT]),
    ],
)
def test_no_match(name: str, args: list[Type]) -> None:
    assert match_overloads(name, args) == []


def test_settle_and_the_tables() -> None:
    assert settle(MapOf(NOTHING, ListOf(NOTHING))) == MapOf(DYN, ListOf(DYN))
    greatest = overloads_of("math.greatest")
    assert greatest[0].variadic and not greatest[3].variadic and not overloads_of("nobody")
