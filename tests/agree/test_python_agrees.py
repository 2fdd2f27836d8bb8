"""Law: the evaluator and the Python back end give every expression the same value, or the same error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.outcomes import outcome
from support.shadowing import shadowed

from kspec.backends.python import constants, emit, loops, natives
from kspec.backends.python.memory import compile_expression, program_text
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.ir.types import BOOL, INT, ListOf
from kspec.runtime.values import INT_MAX, INT_MIN
from kspec.testing.expressions import ENVIRONMENT, typed_expressions

BUDGET = {"deadline": None, "suppress_health_check": list(HealthCheck), "report_multiple_bugs": False}
ARITHMETIC = ("_+_", "_-_", "-_", "_*_", "_/_", "_%_", "math.abs", "size")
EXTREMES = (INT_MAX, INT_MIN, INT_MAX - 1, INT_MIN + 1, -1)
Drawn = tuple[ir.Expr, dict[str, object]]


def check_agreement(expr: ir.Expr, env: dict[str, object]) -> None:
    names = {name: ENVIRONMENT[name] for name in env}
    compiled = compile_expression(expr, names)
    expected = outcome(lambda: evaluate(expr, env))
    found = outcome(lambda: compiled(*env.values()))
    if found != expected:
        raise AssertionError(
            f"{show_expr(expr)}\nwith {env}\nevaluator {expected}\npython {found}\n{python_of(expr, env)}"
        )


def python_of(expr: ir.Expr, env: dict[str, object]) -> str:
    params = tuple(ir.Parameter(name, ENVIRONMENT[name]) for name in env)
    return program_text(ir.Program((ir.Rule("e", "function", "e", params, 0, expr, expr.type),)))


@settings(max_examples=300, **BUDGET)
@given(typed_expressions())
def test_expressions_agree(drawn: Drawn) -> None:
    check_agreement(*drawn)


@settings(max_examples=150, **BUDGET)
@given(typed_expressions())
def test_expressions_agree_when_names_hide_one_another(drawn: Drawn) -> None:
    expr, env = drawn
    check_agreement(shadowed(expr, (*sorted(env), "len", "put")), env)


@settings(max_examples=150, **BUDGET)
@given(
    typed_expressions(INT, {"n": INT}, functions=lambda name: name in ARITHMETIC), st.sampled_from(EXTREMES)
)
def test_sums_agree_at_the_ends_of_the_range(drawn: Drawn, extreme: int) -> None:
    expr, env = drawn
    check_agreement(expr, {**env, "n": extreme} if "n" in env else env)


@pytest.mark.slow
@settings(max_examples=800, **BUDGET)
@given(typed_expressions(depth=6))
def test_many_expressions_agree(drawn: Drawn) -> None:
    check_agreement(*drawn)


# ---------------------------------------------------------------- the law would notice


def less_is_less_equal(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(natives.SPELLINGS, "_<_", natives._order("<="))


def sums_are_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(natives, "int_bounds", lambda expr: (0, 1))


def and_is_or(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(emit.DECISIONS, ir.And, emit.DECISIONS[ir.Or])


def absent_is_null(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(constants, "zero", lambda type_, context: "None")


def nothing_fails(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(emit.Emitter, "fails", lambda self, expr, scope: False)
    patch.setattr(emit.Emitter, "truth_fails", lambda self, expr, scope: False)


def loops_take_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loops, "kept", lambda emitter, expr, inner: [])


Mutant = Callable[[pytest.MonkeyPatch], None]
ANY = typed_expressions()
MUTANTS: tuple[tuple[Mutant, st.SearchStrategy[Drawn]], ...] = (
    (less_is_less_equal, typed_expressions(BOOL, functions=lambda name: name in ("_<_", "size"))),
    (and_is_or, typed_expressions(BOOL, functions=lambda name: name == "!_")),
    (absent_is_null, ANY),
    (nothing_fails, typed_expressions(BOOL, functions=lambda name: name in ("_[_]", "_==_"))),
    (loops_take_everything, typed_expressions(ListOf(INT), functions=lambda name: name in ("_<_", "!_"))),
)


@pytest.mark.parametrize(("mutant", "inputs"), MUTANTS, ids=lambda m: getattr(m, "__name__", ""))
def test_a_wrong_emitter_is_caught(
    mutant: Mutant, inputs: st.SearchStrategy[Drawn], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, TypeError, AttributeError)):
        settings(max_examples=3000, phases=[Phase.generate], **BUDGET)(
            given(inputs)(lambda d: check_agreement(*d))
        )()


def test_an_unchecked_sum_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sums_are_unchecked(monkeypatch)
    with pytest.raises(AssertionError):
        test_sums_agree_at_the_ends_of_the_range()
