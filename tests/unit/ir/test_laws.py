"""Laws that hold for every typed expression."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.ir import nodes as ir
from kspec.ir.check import check
from kspec.ir.evaluate import evaluate
from kspec.ir.reads import COUNT, EACH, PRESENT, FieldPath, read_set
from kspec.ir.types import BOOL, show
from kspec.ir.walk import free_variables, may_fail, rebuild, transform
from kspec.resources.types import load_types
from kspec.runtime.conversions import cast
from kspec.runtime.equality import equals
from kspec.runtime.values import EvalError, TypeValue
from kspec.testing.expressions import ENVIRONMENT, typed_expressions

Drawn = tuple[ir.Expr, dict[str, object]]
LAWS = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
DRAWN = typed_expressions()


def outcome(expr: ir.Expr, env: Mapping[str, object]) -> object:
    """The value, or the code of the error."""
    try:
        return evaluate(expr, env)
    except EvalError as error:
        return f"!{error.code}"


@LAWS
@given(DRAWN)
def test_what_cannot_fail_does_not(drawn: Drawn) -> None:
    """may_fail(e) is false  =>  e has a value."""
    expr, env = drawn
    if not may_fail(expr):
        evaluate(expr, env)


@LAWS
@given(DRAWN)
def test_values_have_their_static_types(drawn: Drawn) -> None:
    """e: T  =>  the value of e is a T."""
    expr, env = drawn
    try:
        found = evaluate(expr, env)
    except EvalError:
        return
    assert equals(cast(found, TypeValue(show(expr.type))), found) or found != found


@LAWS
@given(DRAWN)
def test_drawn_expressions_are_well_formed(drawn: Drawn) -> None:
    """check(e) finds nothing."""
    assert check(drawn[0], load_types(), ENVIRONMENT) == []


@LAWS
@given(DRAWN)
def test_only_free_variables_matter(drawn: Drawn) -> None:
    """e in env == e in env restricted to free_variables(e)."""
    expr, env = drawn
    free = free_variables(expr)
    assert same(outcome(expr, env), outcome(expr, {n: v for n, v in env.items() if n in free}))


@LAWS
@given(DRAWN)
def test_rebuilding_changes_nothing(drawn: Drawn) -> None:
    """transform(e, identity) is e."""
    expr, _ = drawn
    assert transform(expr, lambda e: e) is expr and rebuild(expr, lambda e: e) is expr


@LAWS
@given(DRAWN)
def test_only_what_is_read_matters(drawn: Drawn) -> None:
    """e of its arguments == e of what read_set keeps of them."""
    expr, env = drawn
    params = tuple(ir.Parameter(name, ENVIRONMENT[name]) for name in env)
    kept = read_set(ir.Rule("r", "function", "r", params, 0, expr, expr.type))
    projected = {name: project(value, kept[name]) for name, value in env.items()}
    assert same(outcome(expr, env), outcome(expr, projected))


def same(a: object, b: object) -> bool:
    return equals(a, b) or repr(a) == repr(b)  # NaN equals nothing


def project(value: object, paths: frozenset[FieldPath]) -> object:
    """What is left of a value if only these paths of it are kept."""
    if () in paths or value is None:
        return value
    if isinstance(value, dict):
        return {key: project_entry(item, key, paths) for key, item in value.items() if is_kept(key, paths)}
    if isinstance(value, (list, tuple)):
        inner = frozenset(p[1:] for p in paths if p[0] == EACH)
        return [project(item, inner) for item in value] if any(p[0] in (EACH, COUNT) for p in paths) else []
    return value


def is_kept(key: object, paths: frozenset[FieldPath]) -> bool:
    return any(p[0] in (key, EACH, COUNT) for p in paths)


def project_entry(item: object, key: object, paths: frozenset[FieldPath]) -> object:
    inner = frozenset(p[1:] for p in paths if p[0] in (key, EACH) and p[1:] != (PRESENT,))
    left = project(item, inner)
    return {} if left is None and item is not None else left


@LAWS
@given(typed_expressions(BOOL), typed_expressions(BOOL))
@pytest.mark.parametrize("deciding", [False, True])
def test_and_and_or_hide_errors_on_both_sides(deciding: bool, left: Drawn, right: Drawn) -> None:
    """a && b is false, a || b is true, as soon as one side is, whichever and whatever the other."""
    env = {**right[1], **left[1]}
    make = ir.Or if deciding else ir.And
    outcomes = [outcome(left[0], env), outcome(right[0], env)]
    found = outcome(make(left[0], right[0]), env)
    if any(o is deciding for o in outcomes):
        assert found is deciding
    else:
        assert found == next((o for o in outcomes if isinstance(o, str)), not deciding)


@LAWS
@given(DRAWN, st.integers(0, 3))
def test_evaluation_is_a_function(drawn: Drawn, times: int) -> None:
    """Evaluating again gives the same, and leaves the environment as it was."""
    expr, env = drawn
    before = repr(env)
    first = outcome(expr, env)
    assert all(same(outcome(expr, env), first) for _ in range(times)) and repr(env) == before
