"""Each broken expression is found out."""

from __future__ import annotations

import pytest
from support.expressions import table, typed

from kspec.ir import nodes as ir
from kspec.ir.check import check, check_program
from kspec.ir.signatures import NOTHING
from kspec.ir.types import BOOL, DYN, INT, STRING, ListOf, MapOf, Record

POD = Record("core.Pod")
P, N, B = ir.Var("pod", POD), ir.Var("n", INT), ir.Lit(True, BOOL)
VARIABLES = {"pod": POD, "n": INT}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ir.Var("m", INT), "not bound"),
        (ir.Var("n", STRING), "used as string"),
        (ir.Field(P, "sepc", Record("core.PodSpec")), "has no field"),
        (ir.Field(P, "spec", STRING), "used as string"),
        (ir.Field(N, "spec", STRING), "a field of a int"),
        (ir.Key(P, "spec", STRING), "a key of a core.Pod"),
        (ir.And(N, B), "bool is wanted"),
        (ir.Cond(B, N, ir.Lit("a", STRING), INT), "int is wanted"),
        (ir.Let("x", N, ir.Var("x", STRING), STRING), "used as string"),
        (ir.Let("x", N, ir.Var("x", INT), STRING), "string is wanted"),
        (ir.MakeList((), ListOf(NOTHING)), "nothing"),
        (ir.MakeRecord((("spec", N),), POD), "core.PodSpec is wanted"),
        (ir.MakeRecord((("spec", ir.Lit(None, DYN)), ("spec", ir.Lit(None, DYN))), POD), "twice"),
        (ir.Loop("all", ("x",), ir.MakeList((), ListOf(INT)), None, N, BOOL), "bool is wanted"),
        (ir.Loop("filter", ("x",), ir.MakeList((), ListOf(INT)), B, B, BOOL), "no filter of its own"),
        (ir.Loop("each", ("x",), ir.MakeList((), ListOf(INT)), None, B, BOOL), "no such loop"),
        (ir.Fold("x", "a", ir.MakeList((), ListOf(INT)), ir.Lit("", STRING), N, INT), "int is wanted"),
    ],
)
def test_broken_expressions(broken: ir.Expr, message: str) -> None:
    problems = check(broken, table(), VARIABLES)
    assert len(problems) == 1 and message in problems[0], problems


def test_sound_expressions() -> None:
    source = "pod.spec.tolerations.filter(t, t.key == 'a').map(t, size(t.value)).fold(x, s, 0, s + x) > n"
    assert check(typed(source, variables=VARIABLES), table(), VARIABLES) == []


def test_rules_and_programs() -> None:
    one = ir.Rule("a/one", "function", "one", (ir.Parameter("n", INT),), 0, N, INT)
    two = ir.Rule("a/two", "function", "two", (), 0, ir.Apply("a/one", (ir.Lit(1, INT),), INT), INT)
    assert check_program(ir.Program((one, two)), table()) == []
    assert "not declared before" in check_program(ir.Program((two, one)), table())[0]
    assert "same id" in check_program(ir.Program((one, one)), table())[0]
    wrong = ir.Rule("a/w", "function", "w", (), 0, ir.Apply("a/one", (), INT), STRING)
    first, second = check(wrong, table(), rules={"a/one": one})
    assert "takes 1 arguments" in first and "the result string" in second
    typed_wrong = ir.Rule("a/t", "function", "t", (), 0, ir.Apply("a/one", (ir.Lit("", STRING),), INT), INT)
    assert "int is wanted" in check(typed_wrong, table(), rules={"a/one": one})[0]


def test_maps_and_dyn_have_keys() -> None:
    variables = {"m": MapOf(STRING, INT), "d": DYN}
    assert check(typed("m.a == d.b.c", variables=variables), table(), variables) == []
