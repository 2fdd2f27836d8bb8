"""Laws: the symbolic reading is the evaluator's in every model; what Z3 finds, the evaluator confirms."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.symbolic import Lifter, outcome_in

from kspec.backends.symbolic.module import compile_expression
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.runtime.values import EvalError, Optional
from kspec.testing.expressions import typed_expressions

BUDGET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def outcome(function: Callable[[], object]) -> tuple[str, object]:
    """The value in a form that compares by type and content, or the code of the error."""
    try:
        return ("value", exactly(function()))
    except EvalError as error:
        return ("error", error.code)


def exactly(value: object) -> object:
    """Two values are the same exactly if these are equal: types count, lists and tuples are one, NaN
    equals NaN.
    """
    if isinstance(value, list | tuple):
        return ("list", tuple(map(exactly, value)))
    if isinstance(value, dict):
        return ("map", frozenset((exactly(k), exactly(v)) for k, v in value.items()))
    if isinstance(value, Optional):
        return ("optional", value.present, exactly(value.value))
    if isinstance(value, float):
        return ("double", "nan") if math.isnan(value) else ("double", value, math.copysign(1.0, value))
    return (type(value).__name__, value)


seen: Counter[str] = Counter()


@settings(max_examples=400, **BUDGET)
@given(typed_expressions(), st.data())
def test_an_outcome_is_the_evaluators_in_the_model_that_it_was_made_from(
    drawn: tuple[ir.Expr, dict[str, object]], data: st.DataObject
) -> None:
    expr, env = drawn
    lifter = Lifter(lambda below: data.draw(st.integers(0, below - 1)))
    lifted = {name: lifter.lift(value) for name, value in env.items()}
    symbolic = compile_expression(expr, tuple(env), {})(*lifted.values())
    kind, found = outcome_in(symbolic, lifter.model)
    seen[kind] += 1
    if kind == "unsupported":
        return
    expected = outcome(lambda: evaluate(expr, env))
    shown = (kind, exactly(found) if kind == "value" else found)
    if shown != expected:
        pytest.fail(
            f"{show_expr(expr)}\nwith {env}\nas {lifted}\nevaluator {expected}\nsymbolic  {shown}\n{symbolic}"
        )
