"""Law: the evaluator and the Python back end give every expression the same value, or the same error."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.backends.python.memory import compile_expression, program_text
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.runtime.values import EvalError, Optional
from kspec.testing.expressions import ENVIRONMENT, typed_expressions

BUDGET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def outcome(function: Callable[[], object]) -> tuple[str, object]:
    """The value in a form that compares by type and content, or the code of the error."""
    try:
        return ("value", exactly(function()))
    except EvalError as error:
        return ("error", error.code)


def exactly(value: object) -> object:
    """Two values are the same exactly if these are equal: types count, lists and tuples are one, NaN equals NaN."""
    if isinstance(value, list | tuple):
        return ("list", tuple(map(exactly, value)))
    if isinstance(value, dict):
        return ("map", tuple((exactly(k), exactly(v)) for k, v in value.items()))
    if isinstance(value, Optional):
        return ("optional", value.present, exactly(value.value))
    if isinstance(value, float):
        return ("double", "nan") if math.isnan(value) else ("double", value, math.copysign(1.0, value))
    return (type(value).__name__, value)


def check_agreement(expr: ir.Expr, env: dict[str, object]) -> None:
    names = {name: ENVIRONMENT[name] for name in env}
    compiled = compile_expression(expr, names)
    expected = outcome(lambda: evaluate(expr, env))
    found = outcome(lambda: compiled(*env.values()))
    if found != expected:
        rule = ir.Rule("e", "function", "e", tuple(ir.Parameter(n, t) for n, t in names.items()), 0, expr, expr.type)
        text = program_text(ir.Program((rule,)))
        pytest.fail(f"{show_expr(expr)}\nwith {env}\nevaluator {expected}\npython    {found}\n{text}")


@settings(max_examples=300, **BUDGET)
@given(typed_expressions())
def test_expressions_agree(drawn: tuple[ir.Expr, dict[str, object]]) -> None:
    check_agreement(*drawn)
