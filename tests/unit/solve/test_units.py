"""What follows at once from what is assumed: it does follow, and no more of a list than all lists have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Shape
from kspec.runtime.symbolic.smtlib import script
from kspec.solve.decide import decide
from kspec.solve.query import make_query
from kspec.solve.solver import Solver
from kspec.solve.units import units
from kspec.solve.verdict import Violated, Witness

NAMES, TEXTS = ("a", "b", "c"), ("s", "u")
LITERAL = st.sampled_from(NAMES).map(t.bool_var) | st.builds(
    lambda name, value: t.eq(t.text_var(name), t.text(value)), st.sampled_from(TEXTS), st.sampled_from("xy")
)
FORMULA = st.recursive(
    LITERAL,
    lambda inner: (
        inner.map(t.not_)
        | st.lists(inner, min_size=2, max_size=3).map(t.all_of)
        | st.lists(inner, min_size=2, max_size=3).map(t.any_of)
    ),
    max_leaves=8,
)


def variable(name: str, value: str | bool) -> t.Term:
    """That the variable of this name has this value."""
    if isinstance(value, str):
        return t.eq(t.text_var(name), t.text(value))
    return t.bool_var(name) if value else t.not_(t.bool_var(name))


@given(st.lists(FORMULA, max_size=4))
def test_what_is_said_to_follow_does(assumed: list[t.Term]) -> None:
    found = units(assumed)
    otherwise = t.not_(t.all_of(variable(name, value) for name, value in found.items()))
    asked = script([*(("assumed", each) for each in assumed), ("but", otherwise)])
    assert asked.impossible or Solver(asked, 20).check() is False


def test_step_by_step() -> None:
    a, b, s = t.bool_var("a"), t.bool_var("b"), t.text_var("s")
    is_x, is_y = t.eq(s, t.text("x")), t.eq(s, t.text("y"))
    assert units([t.or_(t.not_(is_x), b), t.implies(a, is_x), a]) == {"a": True, "s": "x", "b": True}
    assert units([t.or_(is_y, a), is_x]) == {"s": "x", "a": True}
    assert units([t.or_(a, b)]) == {}
    assert units([a, t.not_(t.or_(b, is_x))]) == {"a": True, "b": False}


def test_nothing_follows_from_a_contradiction() -> None:
    assert units([t.bool_var("a"), t.not_(t.bool_var("a"))]) == {}


def fields(name: str) -> dict[str, Shape]:
    return {"flag": Shape("bool"), "list": Shape("list", element=Shape("string"))}


def test_a_short_list_is_no_reason_that_something_follows() -> None:
    """That a list has two elements is false of the one slot that it is made with at first."""

    def long_or_flag(**v: object) -> object:
        its = ops.field(v["r"], "list", [])
        return ops.or_(ops.field(v["r"], "flag", False), lambda: ops.call("_>=_", ops.call("size", its), 2))

    goal = ("flag", lambda **v: ops.field(v["r"], "flag", False))
    query = make_query({"r": Shape("record", "R")}, [("long", long_or_flag)], goal, fields)
    verdict = decide(query, lambda values: Witness(values))
    assert isinstance(verdict, Violated) and verdict.witness is not None
    found = verdict.witness.values["r"]
    assert isinstance(found, dict) and len(found["list"]) == 2 and not found.get("flag")


def test_an_element_that_a_list_must_have_may_stand_anywhere() -> None:
    def both(**v: object) -> object:
        its = ops.field(v["r"], "list", [])
        return ops.exists(its, lambda x: ops.call("_==_", x, "x"))

    def no_other(**v: object) -> object:
        its = ops.field(v["r"], "list", [])
        return ops.all_(its, lambda x: ops.call("_==_", x, "x"))

    query = make_query({"r": Shape("record", "R")}, [("x is in it", both)], ("no other", no_other), fields)
    verdict = decide(query, lambda values: Witness(values))
    assert isinstance(verdict, Violated) and verdict.witness is not None
    found = verdict.witness.values["r"]
    assert isinstance(found, dict) and "x" in found["list"] and len(set(found["list"])) == 2


def test_a_text_that_is_known_is_known_where_its_record_may_be_absent() -> None:
    """`outer.name` is "x" only where `outer` is there."""
    shapes = {"R": {"outer": Shape("record", "Inner")}, "Inner": {"name": Shape("string")}}

    def named(**v: object) -> object:
        return ops.call("_==_", ops.field(ops.field(v["r"], "outer", {}), "name", ""), "x")

    goal = ("it is there", lambda **v: ops.has_field(v["r"], "outer"))
    query = make_query({"r": Shape("record", "R")}, [("named", named)], goal, lambda name: shapes[name])
    assert type(decide(query, lambda values: Witness(values))).__name__ == "Holds"
