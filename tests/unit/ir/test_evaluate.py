"""What the reference evaluator makes of each node; errors and their hiding; bounds."""

from __future__ import annotations

import sys

import pytest
from support.expressions import elaborate, typed, value

from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import Scope
from kspec.ir import nodes as ir
from kspec.ir.deep import DEPTH_MAX
from kspec.ir.evaluate import evaluate, evaluate_rule, zero
from kspec.ir.types import BOOL, DYN, INT, STRING, ListOf, MapOf, OptionalOf, Record, Scalar
from kspec.ir.walk import depth
from kspec.runtime.values import NONE, Duration, EvalError, Quantity, Timestamp, UInt
from kspec.syntax import ast

POD = Record("core.Pod")
SPEC = Record("core.PodSpec")
X = ir.Var("x", INT)


def run(expr: ir.Expr, **env: object) -> object:
    try:
        return evaluate(expr, env)
    except EvalError as error:
        return f"!{error.code}"


def test_fields_are_total() -> None:
    pod = ir.Var("pod", POD)
    spec = ir.Field(pod, "spec", SPEC)
    name = ir.Field(spec, "nodeName", STRING)
    assert run(name, pod={"spec": {"nodeName": "n1"}}) == "n1"
    assert run(name, pod={}) == "" and run(name, pod={"spec": None}) == "" and run(name, pod=None) == ""
    assert run(ir.HasField(pod, "spec"), pod={"spec": {}}) is True
    assert run(ir.HasField(pod, "spec"), pod={"spec": None}) is False
    assert run(ir.HasField(spec, "nodeName"), pod={}) is False


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (STRING, ""),
        (INT, 0),
        (BOOL, False),
        (Scalar("uint"), UInt(0)),
        (Scalar("double"), 0.0),
        (Scalar("bytes"), b""),
        (Scalar("timestamp"), Timestamp(0)),
        (Scalar("duration"), Duration(0)),
        (Scalar("quantity"), Quantity(0)),
        (ListOf(INT), ()),
        (MapOf(STRING, INT), {}),
        (POD, {}),
        (OptionalOf(INT), NONE),
        (DYN, None),
        (Scalar("null_type"), None),
    ],
)
def test_zero(type_: object, expected: object) -> None:
    found = zero(type_)  # type: ignore[arg-type]
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 / 0 == 1 && false", False),
        ("false && 1 / 0 == 1", False),
        ("1 / 0 == 1 && true", "!divide_by_zero"),
        ("1 / 0 == 1 || true", True),
        ("true || 1 / 0 == 1", True),
        ("false || 1 / 0 == 1", "!divide_by_zero"),
        ("1 / 0 == 1 && [1][2] == 1", "!divide_by_zero"),
        ("[1][2] == 1 || 1 / 0 == 1", "!index_out_of_bounds"),
        ("true ? 1 : 1 / 0", 1),
        ("1 / 0 == 1 ? 1 : 2", "!divide_by_zero"),
        ("[0, 1].all(x, 1 / x == 2)", False),
        ("[0, 1].all(x, 1 / x == 1)", "!divide_by_zero"),
        ("[0, 1].exists(x, 1 / x == 1)", True),
        ("[0, 1].exists(x, 1 / x == 2)", "!divide_by_zero"),
        ("[0, 1].exists_one(x, 1 / x == 1)", "!divide_by_zero"),
        ("[1, 0].map(x, 1 / x)", "!divide_by_zero"),
        ("[1, 0].filter(x, 1 / x > 0)", "!divide_by_zero"),
        ("cel.bind(x, 1 / 0, true)", "!divide_by_zero"),
        ("[].map(x, 1 / 0)", []),
        ("[1].fold(x, a, 1 / 0, 2)", "!divide_by_zero"),
        ("[1 / 0, [1][2]]", "!divide_by_zero"),
    ],
)
def test_errors_and_what_hides_them(source: str, expected: object) -> None:
    assert value(source) == expected


def test_with_replaces_adds_and_removes_but_does_not_change_the_operand() -> None:
    before = {"a": 1, "b": 2}
    made = ir.With(
        ir.Var("r", MapOf(STRING, INT)),
        (("a", ir.Lit(9, INT)), ("b", ir.Lit(None, DYN)), ("c", X)),
        MapOf(STRING, INT),
    )
    assert run(made, r=before, x=3) == {"a": 9, "c": 3}
    assert before == {"a": 1, "b": 2}


def test_records_leave_null_out() -> None:
    made = ir.MakeRecord((("spec", ir.Lit(None, DYN)), ("kind", ir.Lit("Pod", STRING))), POD)
    assert run(made) == {"kind": "Pod"}


def test_rules_are_applied_with_their_own_variables() -> None:
    double = ir.Rule(
        "f/double",
        "function",
        "double",
        (ir.Parameter("x", INT),),
        0,
        typed("x + x", variables={"x": INT}),
        INT,
    )
    call = ir.Apply("f/double", (ir.Lit(4, INT),), INT)
    assert evaluate(call, {"x": 1, "y": 2}, {"f/double": double}) == 8
    assert evaluate_rule(double, (5,)) == 10


def test_values_of_dyn_are_tried_at_run_time() -> None:
    assert value("x + 1", x=1) == 2
    expr, problems = elaborate("x + 1", mode="cel", variables={"x": DYN})
    assert not problems
    assert run(expr, x=1) == 2 and run(expr, x="a") == "!no_such_overload"
    assert run(ir.Var("nobody", INT)) == "!unbound"
    assert run(ir.Call("nothing", (), INT)) == "!unbound"


def test_deep_expressions_have_a_value_and_leave_the_recursion_limit_alone() -> None:
    before = sys.getrecursionlimit()
    deep: ir.Expr = ir.Lit(0, INT)
    for _ in range(2000):
        deep = ir.Call("_+_", (deep, ir.Lit(1, INT)), INT)
    assert evaluate(deep, {}) == 2000
    assert sys.getrecursionlimit() == before


def test_endless_depth_is_an_error_and_no_crash() -> None:
    deep: ir.Expr = ir.Lit(False, BOOL)
    for _ in range(30_000):
        deep = ir.Call("!_", (deep,), BOOL)
    assert run(deep) == "!budget"


def test_nesting_beyond_the_bound_is_a_diagnostic() -> None:
    node: ast.Expr = ast.Literal("bool", True)
    for _ in range(DEPTH_MAX - 1):
        node = ast.Unary("!", node)
    made, problems = elaborate_expression(node, Scope())
    assert not problems and evaluate(made, {}) is (DEPTH_MAX % 2 == 1)
    for _ in range(5000):
        node = ast.Unary("!", node)
    assert [d.code for d in elaborate_expression(node, Scope())[1]] == ["KS2015"]


def test_long_chains_of_and_and_or_stay_shallow() -> None:
    node: ast.Expr = ast.Literal("bool", True)
    for _ in range(5000):
        node = ast.Binary("&&", node, ast.Literal("bool", True))
    made, problems = elaborate_expression(node, Scope())
    assert not problems and depth(made) < 20 and evaluate(made, {}) is True


@pytest.mark.parametrize(
    "source",
    [
        "lists.range(1000).flatMap(x, lists.range(2000)).size()",
        "lists.range(40).fold(x, s, 'ab', s + s)",
        "lists.range(1000).map(x, lists.range(1000000)).size() == 0",
        "lists.range(1000).map(x, lists.range(9).fold(i, s, 'abcd' + string(x), s + s + s + s)).size()",
        "lists.range(40).fold(x, l, [1], l + l)",
        "lists.range(9).fold(i, s, 'x', s.replace('x', 'xxxxxxxxxx')) == ''",
        "lists.range(9).fold(i, s, 'ab', '%s%s%s%s%s%s%s%s'.format([s, s, s, s, s, s, s, s])) == ''",
    ],
)
def test_values_that_grow_without_bound_are_an_error(source: str) -> None:
    assert value(source) == "!budget"
