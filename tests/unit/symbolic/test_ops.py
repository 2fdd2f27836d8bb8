"""The combinators where the laws of agreement say too little: laziness, errors that hide, what cannot be
expressed."""

from __future__ import annotations

import pytest

from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import choose
from kspec.runtime.symbolic.values import (
    Opaque,
    Partial,
    SymBool,
    SymInt,
    SymList,
    SymStr,
    Union,
    Why,
    failed,
    unsupported,
)

A, B = t.bool_var("a"), t.bool_var("b")


def never() -> object:
    raise AssertionError("a branch that folds away was built")


def test_a_decided_branch_is_never_built() -> None:
    assert ops.and_(False, never) is False
    assert ops.or_(True, never) is True
    assert ops.cond(True, lambda: 1, never) == 1
    assert ops.exists([1, 2], lambda x: x == 1 or never()) is True


def test_a_deciding_operand_hides_the_error_of_the_other() -> None:
    found = ops.and_(failed("overflow"), lambda: SymBool(A))
    assert isinstance(found, Partial)
    assert found.errors == ((Why("overflow"), A),)


def test_what_cannot_be_expressed_matters_only_where_it_is_reached() -> None:
    found = ops.and_(SymBool(A), lambda: unsupported("this"))
    assert isinstance(found, Partial)
    assert found.errors == ((Why("unsupported", "this"), A),)
    assert ops.and_(unsupported("this"), lambda: False) is False


def test_an_unknown_operand_may_hide_an_error() -> None:
    """`error && unknown` is false if the unknown one is: so nothing is known."""
    found = ops.and_(failed("overflow"), lambda: unsupported("this"))
    assert isinstance(found, Partial)
    assert [why.code for why, _ in found.errors] == ["unsupported"]


def test_joined_open_strings_are_opaque_and_no_error() -> None:
    joined = ops.call("_+_", "a", SymStr(t.text_var("s")))
    assert isinstance(joined, Opaque)
    made = ops.record({"reason": joined, "code": "x"})
    assert ops.field(made, "code", "") == "x"
    asked = ops.call("_==_", ops.field(made, "reason", ""), "ab")
    assert isinstance(asked, Partial) and asked.errors[0][0].unsupported


def test_overflow_folds_away_within_bounds() -> None:
    port = SymInt(t.int_var("port", 1, 65535))
    assert isinstance(ops.call("_+_", port, 1), SymInt)
    wide = SymInt(t.int_var("n", 0, 2**63 - 1))
    found = ops.call("_+_", wide, 1)
    assert isinstance(found, Partial)
    assert found.errors == ((Why("overflow"), t.not_(t.le(wide.term, t.number(2**63 - 2)))),)


def test_equal_results_of_alternatives_are_gathered() -> None:
    words = choose(A, "web", choose(B, "db", "cache"))
    sizes = ops.call("size", words)
    assert isinstance(sizes, Union)
    assert sorted(n for _, n in sizes.alternatives) == [2, 3, 5]
    assert ops.call("_<_", sizes, 9) is True


def test_too_many_alternatives_are_unsupported() -> None:
    flags = SymList([(t.bool_var(f"g{n}"), n) for n in range(13)])
    found = ops.call("distinct", flags)
    assert isinstance(found, Partial)
    assert found.errors[0][0] == Why("unsupported", "`distinct`: more than 4096 combinations of alternatives")


def test_a_loop_over_an_open_map_is_unsupported() -> None:
    from kspec.runtime.symbolic.inputs import Inputs, Shape

    labels = Inputs(lambda name: {}).make("labels", Shape("map", element=Shape("string")))
    found = ops.all_(labels, lambda k: True)
    assert isinstance(found, Partial) and found.errors[0][0].unsupported


@pytest.mark.parametrize("kind", ["all_", "exists", "exists_one", "filter_", "map_"])
def test_a_loop_over_what_is_no_list_is_an_error(kind: str) -> None:
    found = getattr(ops, kind)(3, lambda x: True)
    assert isinstance(found, Partial)
    assert found.errors[0][0].code == "no_such_overload"
