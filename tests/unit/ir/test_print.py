"""Printed expressions are expressions again, with the same value."""

from __future__ import annotations

import pytest
from support.expressions import elaborate, typed

from kspec.ir import nodes as ir
from kspec.ir.print import show_expr, show_rule, show_value
from kspec.ir.types import BOOL, INT, STRING, ListOf, MapOf, Record, Type
from kspec.runtime.values import BoolKey, Duration, Optional, Quantity, Timestamp, TypeValue, UInt

VARIABLES: dict[str, Type] = {"m": MapOf(STRING, INT), "n": INT, "s": STRING, "l": ListOf(INT), "b": BOOL}


@pytest.mark.parametrize(
    "source",
    [
        "1 + 2 * 3 - (4 - 5)",
        "(1 + 2) * 3",
        "-(-n)",
        "-(1) - -2",
        "!(b && b) || b ? n : n + 1",
        "(b ? b : b) ? 1 : 2",
        "(b || b) && b",
        'm.a + m["b"] + m.`c-d`',
        'has(m.a) && "a" in m',
        "l[0] == l[?0].orValue(1)",
        '{"a": 1, ?"b": m.?b}',
        "[1, ?optional.of(2), ?optional.none()]",
        "l.map(x, x > 1, x * 2).all(y, y > 0)",
        "l.transformList(i, v, i + v)",
        "m.transformMap(k, v, v > 0, size(k) + v)",
        "l.fold(x, acc, 0, acc + x)",
        "cel.bind(x, 1, x + x)",
        's.startsWith("a") && size(s) > 1',
        "math.greatest(1, 2, 3)",
        'base64.encode(b"\\377")',
        "[1u, 2u].sum() == 3u",
        "1.0 / 3.0 < 1e300",
        "l.sortBy(x, -x).slice(0, 1)",
        'timestamp(0).getFullYear("UTC")',
        's.matches("a\\\\.b") || s == "q\\"\\n"',
        "ip(s) == cidr(s).ip()",
        'quantity("1Gi").add(1) == quantity("1")',
        "type(n) == int",
        "dyn(n) == null",
        "-9223372036854775807 - 1",
        "l.exists_one(x, x == 1)",
        "m.map(k, k)",
        "n in l == b",
        "n - (n - n) - n",
        "n % 2 / 3",
        "(n < n) == b",
        "l + l",
        "s.format([n])",
        "!b",
        "--n == n",
    ],
)
def test_printed_text_reads_back(source: str) -> None:
    expr = typed(source, mode="cel", variables=VARIABLES)
    again, problems = elaborate(show_expr(expr), mode="cel", variables=VARIABLES)
    assert not problems
    assert again == expr


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-1, "-1"),
        (UInt(3), "3u"),
        (1.0, "1.0"),
        (1e21, "1000000000000000000000.0"),
        (2.5, "2.5"),
        ('a"\n', '"a\\"\\n"'),
        (b"\x00a", "b'\\x00\\x61'"),
        ([1, "a"], '[1, "a"]'),
        ({"a": 1, BoolKey.TRUE: 2}, '{"a": 1, true: 2}'),
        (Timestamp(0), 'timestamp("1970-01-01T00:00:00Z")'),
        (Duration(1), 'duration("0.000000001s")'),
        (Quantity(2**30 * 10**9), 'quantity("1Gi")'),
        (Optional(True, 1), "optional.of(1)"),
        (Optional(False), "optional.none()"),
        (TypeValue("int"), "int"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert show_value(value) == text


def test_what_the_language_has_no_syntax_for() -> None:
    pod = Record("core.Pod")
    assert show_expr(ir.Apply("net/reaches#2", (ir.Var("p", pod),), BOOL)) == "net.reaches#2(p)"
    made = ir.MakeRecord((("spec", ir.Var("s", STRING)),), pod)
    assert show_expr(made) == "core.Pod{spec: s}"
    assert (
        show_expr(ir.With(ir.Var("p", pod), (("spec", ir.Lit(None, STRING)),), pod)) == "p.with({spec: null})"
    )


def test_rules() -> None:
    body = ir.Let("x", ir.Lit(1, INT), ir.Call("_+_", (ir.Var("x", INT), ir.Var("n", INT)), INT), INT)
    clause = ir.HeadClause("owns", "pods", Record("core.Pod"), ir.Lit(True, BOOL))
    rule = ir.Rule("a/f", "function", "f", (ir.Parameter("n", INT),), 0, body, INT, (clause,))
    assert show_rule(rule) == "function a/f(n: int): int\n  owns core.Pod as pods true\n  let x = 1\n  x + n"
