"""Laws: the symbolic reading is the evaluator's in every model; what Z3 finds or proves, the evaluator
confirms.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.symbolic import Lifter, exactly, outcome, outcome_in

from kspec.backends.symbolic.module import compile_expression
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.ir.types import BOOL, INT, STRING, ListOf, MapOf, Record, Type, TypeTable
from kspec.resources.types import load_types
from kspec.runtime.symbolic import arithmetic, containers, functions, loops, ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Shape
from kspec.runtime.symbolic.smtlib import script
from kspec.runtime.symbolic.values import value_of
from kspec.solve.decide import decide
from kspec.solve.places import Model
from kspec.solve.query import make_query, read
from kspec.solve.shapes import record_fields, shape_of
from kspec.solve.solver import Solver
from kspec.solve.verdict import Holds, Violated, Witness
from kspec.testing.expressions import typed_expressions

BUDGET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
Drawn = tuple[ir.Expr, dict[str, object]]


# ---------------------------------------------------------------- in the model that it was made from


def why_not_agreed(drawn: Drawn, seed: int) -> str | None:
    """What differs when parts of the environment, chosen by the seed, are left open; None if nothing does."""
    expr, env = drawn
    lifter = Lifter(random.Random(seed).randrange)
    lifted = {name: lifter.lift(value) for name, value in env.items()}
    symbolic = compile_expression(expr, tuple(env), {})(*lifted.values())
    kind, found = outcome_in(symbolic, lifter.model)
    shown = (kind, exactly(found) if kind == "value" else found)
    expected = outcome(lambda: evaluate(expr, env))
    if kind == "unsupported" or shown == expected:
        return None
    return f"{show_expr(expr)}\nwith {env}\nas {lifted}\nevaluator {expected}\nsymbolic  {shown}\n{symbolic}"


@settings(max_examples=300, **BUDGET)
@given(typed_expressions(), st.integers(0, 2**32))
def test_an_outcome_is_the_evaluators_in_the_model_that_it_was_made_from(drawn: Drawn, seed: int) -> None:
    difference = why_not_agreed(drawn, seed)
    assert difference is None, difference


def test_most_expressions_can_be_expressed() -> None:
    """Else the laws above would say little."""
    seen: Counter[str] = Counter()

    @settings(max_examples=200, phases=[Phase.generate], **BUDGET)
    @given(typed_expressions(), st.integers(0, 2**32))
    def count(drawn: Drawn, seed: int) -> None:
        expr, env = drawn
        lifter = Lifter(random.Random(seed).randrange)
        lifted = [lifter.lift(value) for value in env.values()]
        seen[outcome_in(compile_expression(expr, tuple(env), {})(*lifted), lifter.model)[0]] += 1

    count()
    assert seen["unsupported"] < 0.15 * seen.total(), seen
    assert seen["value"] > 0.3 * seen.total(), seen


# ---------------------------------------------------------------- by Z3


def known(model: Model) -> t.Term:
    """Every variable has the value that it has in the model."""
    return t.all_of(t.eq(variable, _constant(variable, value)) for variable, value in model.items())


def _constant(variable: t.Term, value: object) -> t.Term:
    if variable.sort == t.BOOL:
        return t.truth(value is True)
    if variable.sort == t.TEXT:
        return t.text(str(value))
    assert isinstance(value, int)
    return t.number(value)


@settings(max_examples=80, **BUDGET)
@given(typed_expressions(BOOL), st.integers(0, 2**32))
def test_z3_comes_to_what_the_evaluator_comes_to(drawn: Drawn, seed: int) -> None:
    """Law: with every input given its value, Z3 proves that the outcome is the evaluator's."""
    expr, env = drawn
    lifter = Lifter(random.Random(seed).randrange)
    lifted = [lifter.lift(value) for value in env.values()]
    condition = read("", compile_expression(expr, tuple(env), {})(*lifted))
    kind, value = outcome(lambda: evaluate(expr, env))
    claim = condition.holds if (kind, value) == ("value", ("bool", True)) else condition.fails
    if value == "undetermined":
        claim = t.any_of(guard for _, guard in condition.undetermined)
    unsupported = t.any_of(guard for _, guard in condition.unsupported)
    asked = script([("inputs", known(lifter.model)), ("differs", t.not_(t.or_(claim, unsupported)))])
    assert asked.impossible or Solver(asked, 20).check() is False, (
        f"{show_expr(expr)} with {env}: {kind} {value}"
    )


# ---------------------------------------------------------------- with everything open

OPEN: Mapping[str, Type] = {
    "toleration": Record("core.Toleration"),
    "pod": Record("core.Pod"),
    "labels": MapOf(STRING, STRING),
    "numbers": ListOf(INT),
    "words": ListOf(STRING),
    "n": INT,
    "s": STRING,
}


def free_fields(table: TypeTable) -> Callable[[str], Mapping[str, Shape]]:
    """Fields of records, none of them required and any string allowed: drawn objects need not be valid."""
    fields = record_fields(table)

    def relaxed(name: str) -> Mapping[str, Shape]:
        return {
            field: Shape(shape.kind, shape.name, shape.element, (), shape.low, shape.high)
            for field, shape in fields(name).items()
        }

    return relaxed


@settings(max_examples=120, **BUDGET)
@given(typed_expressions(BOOL, OPEN), st.booleans())
def test_what_z3_finds_and_proves_the_evaluator_confirms(drawn: Drawn, some: bool) -> None:
    """Law: a witness evaluates as the verdict says; and where all choices hold, the one that was drawn
    does."""
    expr, env = drawn

    def replay(values: Mapping[str, object]) -> Witness:
        held = outcome(lambda: evaluate(expr, values)) == ("value", ("bool", True))
        assert held is some, (
            f"{show_expr(expr)}\nsolver: {values}\nevaluator: {outcome(lambda: evaluate(expr, values))}"
        )
        return Witness(values)

    function = compile_expression(expr, tuple(env), {})
    query = make_query(
        {name: shape_of(OPEN[name]) for name in env},
        [],
        (show_expr(expr), lambda **values: function(*(values[name] for name in env))),
        free_fields(load_types()),
        some,
    )
    verdict = decide(query, replay, 20)
    held = outcome(lambda: evaluate(expr, env)) == ("value", ("bool", True))
    if isinstance(verdict, Holds) and not some and not verdict.bounds:
        assert held, f"{show_expr(expr)} does not hold for {env}"
    if isinstance(verdict, Violated) and some:
        assert not held, f"{show_expr(expr)} holds for {env}"


# ---------------------------------------------------------------- wrong operators are caught

LABELS, NUMBERS = ir.Var("labels", MapOf(STRING, STRING)), ir.Var("numbers", ListOf(INT))
N, M, X = ir.Var("n", INT), ir.Var("m", INT), ir.Var("x", INT)
IS_ONE = ir.Call("_==_", (X, ir.Lit(1, INT)), BOOL)
items_of = loops.items_of


def always_present(value: object) -> tuple[tuple[t.Term, object], ...]:
    return tuple((t.TRUE, each) for _, each in items_of(value))


def without_overflow(a: object, b: object) -> object:
    return value_of(arithmetic.subtract(a, b))


WRONG: Mapping[str, tuple[object, str, object, ir.Expr, dict[str, object]]] = {
    "or for and": (
        ops, "and_", ops.or_,
        ir.And(ir.Call("_==_", (N, M), BOOL), ir.Call("_<_", (N, M), BOOL)), {"n": 1, "m": 2},
    ),
    "an ignored error": (
        ops, "let", lambda value, body: body(value_of(value)),
        ir.MakeList((ir.Let("x", ir.Key(LABELS, "a", STRING), N, INT),), ListOf(INT)), {"labels": {}, "n": 1},
    ),
    "at most for less": (
        functions.WHOLE, "_<_", functions.WHOLE["_<=_"], ir.Call("_<_", (N, M), BOOL), {"n": 7, "m": 7},
    ),
    "no overflow": (
        functions.WHOLE, "_-_", without_overflow, ir.Call("_-_", (N, M), INT), {"n": -(2**63), "m": 1},
    ),
    "a key that is always there": (
        containers, "present_or_error", lambda found, name: found[1],
        ir.Key(LABELS, "decoy", STRING), {"labels": {"a": "b"}},
    ),
    "an element that is always there": (
        loops, "items_of", always_present,
        ir.Loop("map", ("x",), NUMBERS, None, X, ListOf(INT)), {"numbers": [1, 2]},
    ),
    "all for exists": (
        ops, "exists", ops.all_, ir.Loop("exists", ("x",), NUMBERS, None, IS_ONE, BOOL), {"numbers": [1, 2]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_operator_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: the laws are able to fail, and do so only for what is wrong."""
    place, attribute, wrong, expr, env = WRONG[name]
    assert all(why_not_agreed((expr, env), seed) is None for seed in range(60))
    if isinstance(place, dict):
        monkeypatch.setitem(place, attribute, wrong)
    else:
        monkeypatch.setattr(place, attribute, wrong)
    assert any(noticed(expr, env, seed) for seed in range(60))


def noticed(expr: ir.Expr, env: dict[str, object], seed: int) -> bool:
    try:
        return why_not_agreed((expr, env), seed) is not None
    except AssertionError:  # a broken invariant is a way to notice, too
        return True
