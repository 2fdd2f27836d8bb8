"""Every fold of the constructors is proved by Z3: the folded term and the plain text of what was asked
for are equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import script, show

Raw = Any
"""A name, a number, a truth value, or an operator with its operands: a formula that nobody has folded."""

BOOLS, INTS, TEXTS = ("a", "b", "c"), ("i", "j"), ("s", "u")
BOUNDS = {"i": (0, 9), "j": (-5, 5)}

OPERATORS: dict[str, tuple[Callable[..., t.Term], str]] = {
    "not": (t.not_, "(not {})"),
    "and": (t.and_, "(and true {})"),
    "or": (t.or_, "(or false {})"),
    "ite": (t.ite, "(ite {})"),
    "iff": (t.eq, "(= {})"),
    "eq": (t.eq, "(= {})"),
    "same": (t.eq, "(= {})"),
    "le": (t.le, "(<= {})"),
    "lt": (t.lt, "(< {})"),
    "add": (t.add, "(+ 0 {})"),
    "sub": (t.sub, "(- {})"),
    "mul": (lambda n, x: t.mul(n.value, x), "(* {})"),
    "div": (lambda x, n: t.div(x, n.value), "(div {})"),
}


def built(raw: Raw) -> t.Term:
    """By the constructors, which fold."""
    match raw:
        case bool():
            return t.truth(raw)
        case int():
            return t.number(raw)
        case str() if raw in BOOLS:
            return t.bool_var(raw)
        case str() if raw in INTS:
            return t.int_var(raw, *BOUNDS[raw])
        case str() if raw in TEXTS:
            return t.text_var(raw)
        case str():
            return t.text(raw)
    return OPERATORS[raw[0]][0](*map(built, raw[1:]))


def plain(raw: Raw) -> str:
    """As SMT-LIB, nothing folded. A constant string is named as the printer names it."""
    match raw:
        case bool():
            return str(raw).lower()
        case int():
            return str(raw) if raw >= 0 else f"(- {-raw})"
        case str() if raw in (*BOOLS, *INTS, *TEXTS):
            return raw
        case str():
            return f'|"{raw}"|'
    return OPERATORS[raw[0]][1].format(" ".join(map(plain, raw[1:])))


def why_not_equal(raw: Raw) -> str | None:
    """A case in which the folded term is not what was asked for; None if Z3 finds none."""
    import z3

    solver = z3.Solver()
    solver.from_string(NAMES + f"(assert (distinct {show(built(raw))} {plain(raw)}))")
    answer = solver.check()
    if answer == z3.unsat:
        return None
    return f"{raw} became {built(raw)}: {solver.model() if answer == z3.sat else answer}"


NAMES = "".join(
    [f"(declare-const {b} Bool)" for b in BOOLS]
    + [
        f"(declare-const {i} Int)(assert (<= {plain(low)} {i} {plain(high)}))"
        for i, (low, high) in BOUNDS.items()
    ]
    + [f"(declare-const {s} Int)" for s in TEXTS]
    + [f'(define-fun |"{text}"| () Int {n})' for n, text in enumerate("xy")]
)


FOLDS: list[tuple[Raw, str]] = [
    (("not", ("not", "a")), "a"),
    (("and", "a", True, "a"), "a"),
    (("and", "a", False), "False"),
    (("and",), "True"),
    (("or", "a", True), "True"),
    (("or", "a", ("not", "a")), "True"),
    (("and", "a", ("and", "b", "c")), "(and a b c)"),
    (("and", "a", ("or", "a", "b")), "a"),
    (("and", "a", ("or", ("not", "a"), "b")), "(and a b)"),
    (("or", "a", ("and", "a", "b")), "a"),
    (("or", "a", ("and", ("not", "a"), "b")), "(or a b)"),
    (("and", ("same", "s", "x"), ("same", "s", "y")), "False"),
    (("and", ("same", "s", "x"), ("not", ("same", "s", "y"))), "(eq s x)"),
    (("or", ("not", ("same", "s", "x")), ("not", ("same", "s", "y"))), "True"),
    (("or", ("not", ("same", "s", "x")), ("same", "s", "y")), "(not (eq s x))"),
    (("and", ("eq", "i", 3), ("eq", "i", 4)), "False"),
    (("iff", "a", "a"), "True"),
    (("iff", "a", ("not", "a")), "False"),
    (("iff", False, "a"), "(not a)"),
    (("same", "x", "y"), "False"),
    (("same", "x", "s"), "(eq s x)"),
    (("same", "s", "s"), "True"),
    (("ite", "a", "b", "b"), "b"),
    (("ite", ("not", "a"), 1, 2), "(ite a 2 1)"),
    (("ite", "a", 1, ("ite", "a", 2, 3)), "(ite a 1 3)"),
    (("ite", "a", 1, ("ite", "b", 1, 2)), "(ite (or a b) 1 2)"),
    (("ite", "a", True, "b"), "(or a b)"),
    (("add", "i", 2, ("mul", -1, "i"), 3), "5"),
    (("add", "i", "i"), "(mul 2 i)"),
    (("mul", 0, "i"), "0"),
    (("mul", 3, ("add", "i", 1)), "(add (mul 3 i) 3)"),
    (("div", "i", 1), "i"),
    (("div", "i", 20), "0"),
    (("le", "i", 9), "True"),
    (("le", 10, "i"), "False"),
    (("le", ("add", "i", 3), 5), "(le i 2)"),
    (("le", 5, ("add", "i", 3)), "(le 2 i)"),
    (("le", ("ite", "a", 1, 7), 3), "a"),
    (("lt", "i", "i"), "False"),
    (("eq", ("add", "i", 1), ("add", "j", 1)), "(eq i j)"),
    (("eq", "i", 11), "False"),
    (("eq", ("ite", "a", 1, ("ite", "b", 2, 3)), 2), "(and (not a) b)"),
    (("eq", ("add", ("ite", "a", 1, 0), ("ite", "b", 1, 0)), 0), "(and (not a) (not b))"),
    (("eq", ("add", ("ite", "a", 1, 0), ("ite", "b", 1, 0)), 2), "(and a b)"),
    (("le", ("add", ("ite", "a", 1, 0), ("ite", "b", 1, 0)), 0), "(and (not a) (not b))"),
    (("le", 2, ("add", ("ite", "a", 1, 0), ("ite", "b", 1, 0))), "(and a b)"),
]


@pytest.mark.parametrize(("raw", "expected"), FOLDS, ids=lambda x: str(x))
def test_a_fold_gives_what_is_expected_and_z3_proves_it(raw: Raw, expected: str) -> None:
    assert str(built(raw)) == expected
    assert why_not_equal(raw) is None


def raw_bools(depth: int) -> st.SearchStrategy[Raw]:
    leaves = st.sampled_from([*BOOLS, True, False])
    if depth == 0:
        return leaves
    inner, numbers, texts = raw_bools(depth - 1), raw_ints(depth - 1), st.sampled_from([*TEXTS, "x", "y"])
    return st.one_of(
        leaves,
        st.tuples(st.just("not"), inner),
        st.builds(
            lambda op, parts: (op, *parts), st.sampled_from(["and", "or"]), st.lists(inner, max_size=4)
        ),
        st.tuples(st.just("ite"), inner, inner, inner),
        st.tuples(st.just("iff"), inner, inner),
        st.tuples(st.sampled_from(["le", "lt", "eq"]), numbers, numbers),
        st.tuples(st.just("same"), texts, texts),
    )


def raw_ints(depth: int) -> st.SearchStrategy[Raw]:
    small = st.integers(-4, 4)
    leaves = st.one_of(st.sampled_from(INTS), small)
    if depth == 0:
        return leaves
    inner = raw_ints(depth - 1)
    return st.one_of(
        leaves,
        st.builds(lambda parts: ("add", *parts), st.lists(inner, max_size=3)),
        st.tuples(st.just("sub"), inner, inner),
        st.tuples(st.just("mul"), small, inner),
        st.tuples(st.just("div"), inner, st.integers(1, 4)),
        st.tuples(st.just("ite"), raw_bools(depth - 1), inner, inner),
    )


@settings(max_examples=250, deadline=None)
@given(raw_bools(4))
def test_whatever_is_folded_z3_proves_it_equal(raw: Raw) -> None:
    assert why_not_equal(raw) is None


@settings(max_examples=100, deadline=None)
@given(raw_ints(3))
def test_the_bounds_of_a_number_hold(raw: Raw) -> None:
    """Law: the value of a term lies between its bounds in every assignment; and folding keeps the value."""
    folded = built(raw)
    for i in (0, 4, 9):
        for j in (-5, 0, 5):
            for truth in (False, True):
                assignment = {built(b): truth for b in BOOLS}
                assignment |= {built("i"): i, built("j"): j, built("s"): "x", built("u"): "q"}
                value = t.evaluate(folded, assignment)
                assert isinstance(value, int)
                assert folded.low is None or folded.low <= value
                assert folded.high is None or value <= folded.high


def test_equal_terms_are_the_same_object() -> None:
    assert t.and_(t.bool_var("a"), t.bool_var("b")) is t.and_(t.bool_var("a"), t.bool_var("b"))
    assert t.int_var("i", 0, 1) is not t.int_var("i", 0, 2)


def test_the_order_of_arguments_does_not_depend_on_what_was_made_before() -> None:
    """Otherwise a query would print differently after another one."""
    late, early = t.bool_var("late"), t.bool_var("early")
    assert str(t.and_(early, late)) == "(and early late)"
    assert str(t.and_(late, early)) == "(and late early)"


def test_deep_terms_need_no_deep_stack() -> None:
    term = t.bool_var("p0")
    for n in range(1, 8_000):
        term = t.ite(t.bool_var(f"p{n}"), t.not_(term), t.bool_var("q"))
    assert sum(1 for _ in t.walk([term])) > 8_000
    assert len(script([("deep", term)]).text) > 8_000
