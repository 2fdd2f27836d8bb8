"""What the strategies draw: objects that fit their types, expressions of all shapes and of their type."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.types import BOOL, INT, STRING, ListOf, MapOf, OptionalOf, Record, Type
from kspec.ir.walk import free_variables, subexpressions
from kspec.resources.decode import decode
from kspec.resources.objects import encode
from kspec.resources.types import load_types
from kspec.runtime.registry import tag_of
from kspec.runtime.values import EvalError, Quantity
from kspec.testing import strategies
from kspec.testing.strategies import objects_of, typed_expressions, values_of
from kspec.testing.values import LABEL_KEYS

TABLE = load_types()
OBJECTS = (
    "pods",
    "deployments",
    "services",
    "nodes",
    "namespaces",
    "network_policies",
    "roles",
    "role_bindings",
)
many = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", OBJECTS)
def test_the_usual_objects_fit_their_types(name: str) -> None:
    @many
    @given(getattr(strategies, name)())
    def check(value: dict[str, Any]) -> None:
        kind = TABLE.find_kind(value["apiVersion"], value["kind"])
        assert kind is not None
        assert decode(encode(value), Record(kind.record), TABLE) == (value, [])
        assert value["metadata"]["name"]
        assert set(value["metadata"].get("labels", {})) <= set(LABEL_KEYS)

    check()


@many
@given(
    objects_of("core.Pod", overrides={"spec.nodeName": st.just("n1"), "core.Container.image": st.just("i:1")})
)
def test_overrides_by_path_and_by_type(pod: dict[str, Any]) -> None:
    assert pod["spec"]["nodeName"] == "n1"
    assert all(c["image"] == "i:1" for c in pod["spec"]["containers"])


@many
@given(strategies.selectors())
def test_selectors_have_values_where_their_operator_wants_them(selector: dict[str, Any]) -> None:
    for requirement in selector.get("matchExpressions", ()):
        assert bool(requirement.get("values")) == (requirement["operator"] in ("In", "NotIn"))


@many
@given(strategies.deployments())
def test_deployments_select_their_own_pods(deployment: dict[str, Any]) -> None:
    spec = deployment["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"] != {}


@many
@given(strategies.sizes())
def test_sizes_are_not_negative(size: Quantity) -> None:
    assert size.nanos >= 0


WANTED: list[Type] = [
    BOOL,
    INT,
    STRING,
    ListOf(STRING),
    MapOf(STRING, INT),
    OptionalOf(INT),
    Record("core.Toleration"),
]
TAGS = {BOOL: "bool", INT: "int", STRING: "string"}


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_expressions_have_the_wanted_type_and_closed_environments(wanted: Type) -> None:
    @many
    @given(typed_expressions(wanted))
    def check(drawn: tuple[ir.Expr, dict[str, object]]) -> None:
        expr, env = drawn
        assert expr.type == wanted
        assert free_variables(expr) <= set(env)
        try:
            value = evaluate(expr, env)
        except EvalError as error:
            assert error.code != "unbound", error.message
            return
        shape = (
            "list" if isinstance(wanted, ListOf) else "optional" if isinstance(wanted, OptionalOf) else "map"
        )
        assert tag_of(value) == TAGS.get(wanted, shape)

    check()


def test_all_nodes_and_both_outcomes_are_drawn() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(typed_expressions())
    def collect(drawn: tuple[ir.Expr, dict[str, object]]) -> None:
        expr, env = drawn
        for part in subexpressions(expr):
            seen[f"Loop {part.kind}" if isinstance(part, ir.Loop) else type(part).__name__] += 1
        try:
            evaluate(expr, env)
            seen["values"] += 1
        except EvalError:
            seen["errors"] += 1

    collect()
    nodes = {n.__name__ for n in ir.Expr.__args__} - {"Apply", "Loop"}
    assert nodes | {f"Loop {kind}" for kind in ir.LOOP_KINDS} <= set(seen)
    assert seen["values"] > 80 and seen["errors"] > 40


@many
@given(
    typed_expressions(
        BOOL, {"n": INT, "xs": ListOf(INT)}, functions=lambda name: name in ("_+_", "_<_", "size")
    )
)
def test_variables_and_functions_can_be_limited(drawn: tuple[ir.Expr, dict[str, object]]) -> None:
    expr, env = drawn
    assert set(env) <= {"n", "xs"}
    # Literals of types without one are made by functions of their own.
    made_by = {"dyn", "optional.of", "optional.none", "type", "ip", "cidr", "url", "semver"}
    called = {p.function for p in subexpressions(expr) if isinstance(p, ir.Call)}
    assert called <= {"_+_", "_<_", "size"} | made_by


@pytest.mark.parametrize(
    "type_", [MapOf(BOOL, INT), OptionalOf(STRING), ListOf(Record("core.Taint"))], ids=str
)
def test_values_of_any_type(type_: Type) -> None:
    @many
    @given(values_of(type_, TABLE))
    def check(value: object) -> None:
        assert tag_of(value) in ("map", "optional", "list")

    check()
