"""Parts, variables, what can fail, what is read."""

from __future__ import annotations

from dataclasses import fields

import pytest
from support.expressions import typed

from kspec.ir import nodes as ir
from kspec.ir.reads import read_set
from kspec.ir.types import BOOL, DYN, INT, STRING, MapOf, Record, Type
from kspec.ir.walk import (
    children,
    depth,
    free_variables,
    int_bounds,
    may_fail,
    rebuild,
    subexpressions,
    substitute_variables,
    transform,
)

VARIABLES: dict[str, Type] = {
    "pod": Record("core.Pod"),
    "node": Record("core.Node"),
    "labels": MapOf(STRING, STRING),
    "any": DYN,
    "n": INT,
    "s": STRING,
}
EVERYTHING = (
    "cel.bind(a, {'k': [n, n + 1]}, a['k'].map(x, x > 0, x).fold(x, t, 0, has(pod.spec) ? t + x : n) > 0"
    " && (labels.app == s || pod.spec.nodeName in [s]) && [?optional.of(1)].exists(i, v, i == v))"
)


def test_children_are_all_the_parts() -> None:
    for node in subexpressions(typed(EVERYTHING, variables=VARIABLES)):
        held = [getattr(node, f.name) for f in fields(node)]
        direct = [v for v in held if isinstance(v, ir.Expr)]  # type: ignore[arg-type]
        assert all(any(d is c for c in children(node)) for d in direct)


def test_rebuild_is_the_identity_where_nothing_changes() -> None:
    expr = typed(EVERYTHING, variables=VARIABLES)
    assert rebuild(expr, lambda part: part) is expr
    renamed = transform(expr, lambda e: ir.Var("m", INT) if e == ir.Var("n", INT) else e)
    assert "n" in free_variables(expr) and free_variables(renamed) == free_variables(expr) - {"n"} | {"m"}


def test_free_variables_leave_out_the_bound() -> None:
    assert free_variables(typed(EVERYTHING, variables=VARIABLES)) == {"pod", "labels", "n", "s"}
    assert free_variables(typed("[1].all(x, [x].all(x, x == n))", variables=VARIABLES)) == {"n"}


def test_substitution_respects_binding() -> None:
    inner = ir.Loop("map", ("n",), ir.Var("n", INT), None, ir.Var("n", INT), INT)
    made = substitute_variables(inner, {"n": ir.Lit(1, INT)})
    assert made == ir.Loop("map", ("n",), ir.Lit(1, INT), None, ir.Var("n", INT), INT)


def test_depth() -> None:
    assert depth(ir.Lit(1, INT)) == 1 and depth(typed("1 + (2 + 3)")) == 3


@pytest.mark.parametrize(
    "source",
    [
        "pod.spec.nodeName",
        "has(pod.spec)",
        "pod.spec.nodeName == s",
        "any == 1",
        "any != labels",
        "s + s",
        "size(s) + 1",
        "size(labels) * 1000 - 5",
        "n == 1 ? 'a' : s",
        "pod.spec.tolerations.all(t, t.key == s)",
        "s in labels",
        "pod.spec.tolerations.filter(t, t.key in ['a']).map(t, t.key)",
        "labels.all(k, v, k == v)",
        "!(n > 1)",
        "pod.spec.tolerations.sortBy(t, t.key)",
        "[1.5].sum() > 0.0",
        "s.startsWith('a') && s.contains('b')",
        "math.least(n, 3)",
        "optional.of(n).orValue(2)",
        "{a: n, b: 1}",
        "pod.spec.containers.map(c, c.resources.requests)",
        "hash(any)",
        "type(any)",
        "dyn(n)",
        "string(n)",
        "labels.size() + labels.size()",
        "cel.bind(x, s, x + x)",
        "'a' < s",
        "pod.spec.tolerations.exists_one(t, t.key == 'a')",
        "[?optional.of(1)]",
        "250m + 1",
        "[1, 2].fold(x, l, [], l + [x])",
        "s.matches('^a+$')",
        "ip('10.0.0.1').isLoopback()",
        "quantity('1Gi') < 2Gi",
        "pod.?spec.nodeName",
    ],
)
def test_what_cannot_fail(source: str) -> None:
    assert not may_fail(typed(source, variables=VARIABLES))


@pytest.mark.parametrize(
    "source",
    [
        "n + 1",
        "-n",
        "n * size(s)",
        "1 / n",
        "n % 2",
        "labels.app",
        "labels['app']",
        "[1][n]",
        "any + 1",
        "any.a",
        "any ? 1 : 2",
        "any && true",
        "has(any.a)",
        "int(s)",
        "s.matches(s)",
        "ip(s).isLoopback()",
        "s.charAt(0)",
        "any.all(x, true)",
        "pod.spec.tolerations.all(t, t.key.substring(1) == s)",
        "{(s): 1, a: 2}",
        "[any].exists(x, x)",
        "optional.of(1).value()",
        "[s].transformMapEntry(i, v, {v: i})",
        "[dyn(1)].sum()",
        "[any].sort()",
        "cel.bind(x, 1 / n, 2)",
        "[any].join()",
        "[1].fold(x, t, n, t + x)",
        "quantity(s)",
        "any in [1] ? any.x : 1",
        "[n].sum()",
    ],
)
def test_what_can_fail(source: str) -> None:
    assert may_fail(typed(source, variables=VARIABLES))


def test_calls_of_rules_fail_as_their_bodies_do() -> None:
    safe = ir.Rule(
        "a", "function", "a", (ir.Parameter("n", INT),), 0, typed("n == 1", variables=VARIABLES), BOOL
    )
    risky = ir.Rule(
        "b", "function", "b", (ir.Parameter("n", INT),), 0, typed("1 / n == 1", variables=VARIABLES), BOOL
    )
    rules = {"a": safe, "b": risky}
    assert not may_fail(ir.Apply("a", (ir.Lit(1, INT),), BOOL), rules)
    assert may_fail(ir.Apply("b", (ir.Lit(1, INT),), BOOL), rules)
    assert may_fail(ir.Apply("unknown", (), BOOL), rules)


@pytest.mark.parametrize(
    ("source", "bounds"),
    [
        ("3", (3, 3)),
        ("size(s) - 2", (-3, 2**31 - 2)),
        ("n", None),
        ("n == 1 ? 2 : 5", (2, 5)),
        ("-(size(s))", (-(2**31), 1)),
        ("math.greatest(size(s), 4)", (4, 2**31)),
        ("2 * size(s)", (-2, 2**32)),
        ("n + 1", None),
        ("size(s) * size(s) * size(s)", None),
        ("-3 * -4", (12, 12)),
    ],
)
def test_bounds_of_whole_numbers(source: str, bounds: tuple[int, int] | None) -> None:
    assert int_bounds(typed(source, variables=VARIABLES)) == bounds


def reads(source: str, **rules: ir.Rule) -> dict[str, set[str]]:
    params = tuple(ir.Parameter(name, type_) for name, type_ in VARIABLES.items())
    rule = ir.Rule("r", "function", "r", params, 0, typed(source, variables=VARIABLES), BOOL)
    return {name: {".".join(p) for p in paths} for name, paths in read_set(rule, rules).items() if paths}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pod.spec.nodeName == s", {"pod": {"spec.nodeName"}, "s": {""}}),
        ("has(pod.spec) && pod.metadata.name == ''", {"pod": {"spec.?", "metadata.name"}}),
        ("size(pod.spec.containers) > 1", {"pod": {"spec.containers.#"}}),
        (
            "pod.spec.tolerations.exists(t, t.key == 'a')",
            {"pod": {"spec.tolerations.#", "spec.tolerations.*.key"}},
        ),
        ("node.spec.taints[0].effect == 'x'", {"node": {"spec.taints.#", "spec.taints.*.effect"}}),
        ("labels.app == 'x'", {"labels": {"app"}}),
        (
            "cel.bind(spec, pod.spec, spec.nodeName == spec.hostname)",
            {"pod": {"spec.nodeName", "spec.hostname"}},
        ),
        ("(n == 1 ? pod.spec : pod.spec).hostname == ''", {"n": {""}, "pod": {"spec.hostname"}}),
        ("pod.spec == pod.spec && pod.spec.nodeName == ''", {"pod": {"spec"}}),
        (
            "pod.spec.tolerations.filter(t, t.key == s).all(t, t.effect == '')",
            {"pod": {"spec.tolerations.#", "spec.tolerations.*.key", "spec.tolerations.*.effect"}, "s": {""}},
        ),
        ("1 == 1", {}),
    ],
)
def test_what_is_read(source: str, expected: dict[str, set[str]]) -> None:
    assert reads(source) == expected


def test_what_called_rules_read() -> None:
    spec = Record("core.PodSpec")
    inner = ir.Rule(
        "f",
        "function",
        "f",
        (ir.Parameter("p", spec),),
        0,
        typed("p.nodeName == ''", variables={"p": spec}),
        BOOL,
    )
    call = ir.Apply("f", (ir.Field(ir.Var("pod", VARIABLES["pod"]), "spec", spec),), BOOL)
    outer = ir.Rule("g", "function", "g", (ir.Parameter("pod", VARIABLES["pod"]),), 0, call, BOOL)
    assert read_set(outer, {"f": inner}) == {"pod": {("spec", "nodeName")}}
    assert read_set(outer) == {"pod": {("spec",)}}
