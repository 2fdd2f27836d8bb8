"""What each node is written as, and which Python names and functions are used for it."""

from __future__ import annotations

import pytest

from kspec.backends.python.code import Scope
from kspec.backends.python.context import ModuleContext
from kspec.backends.python.emit import NESTING_MAX, Emitter
from kspec.backends.python.layout import flat
from kspec.backends.python.memory import compile_expression, program_text
from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir
from kspec.ir.deep import DEPTH_MAX
from kspec.ir.evaluate import evaluate
from kspec.ir.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    IP,
    NULL,
    QUANTITY,
    STRING,
    TYPE,
    UINT,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
)
from kspec.runtime.values import EvalError, Optional, Quantity, TypeValue, UInt

POD = Record("core.Pod")
NAMES = ListOf(STRING)
LABELS = MapOf(STRING, STRING)
VARIABLES: dict[str, Type] = {
    "a": BOOL, "b": BOOL, "n": INT, "m": INT, "s": STRING, "d": DYN, "pod": POD, "names": NAMES,
    "labels": LABELS, "x": DOUBLE, "flags": MapOf(BOOL, INT), "o": OptionalOf(INT),
}  # fmt: skip
a, b, n, m, s, d, pod, names, labels, x, flags, o = (ir.Var(k, t) for k, t in VARIABLES.items())


def python(expr: ir.Expr) -> str:
    context = ModuleContext("test", {}, {}, ())
    scope = Scope({v: v for v in VARIABLES}, Known(VARIABLES), frozenset())
    return flat(Emitter(context).expr(expr, scope).doc)


def call(function: str, *args: ir.Expr, type: Type = BOOL) -> ir.Call:
    return ir.Call(function, args, type)


def lit(value: object) -> ir.Lit:
    types: dict[type, Type] = {bool: BOOL, int: INT, str: STRING, float: DOUBLE, UInt: UINT, type(None): NULL}
    return ir.Lit(value, types[type(value)])


DIVIDED = call("_/_", n, m, type=INT)
SAME = call("_==_", ir.Var("k", STRING), ir.Var("v", STRING))
RISKY = call("_==_", DIVIDED, lit(1))
SPEC = ir.Field(pod, "spec", Record("core.PodSpec"))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (lit(None), "None"),
        (lit(-1), "(-1)"),
        (lit(UInt(3)), "UInt(3)"),
        (ir.Lit(float("nan"), DOUBLE), 'float("nan")'),
        (ir.Lit(float("-inf"), DOUBLE), 'float("-inf")'),
        (ir.Lit(Quantity(16 * 10**9), QUANTITY), "QUANTITY_16"),
        (ir.Lit(TypeValue("int"), TYPE), "TYPE_INT"),
        (ir.Lit(Optional(True, 1), OptionalOf(INT)), "Optional(True, 1)"),
        (ir.Lit(("a", "b"), NAMES), '["a", "b"]'),
        (SPEC, 'pod.get("spec") or {}'),
        (ir.Field(SPEC, "nodeName", STRING), '(pod.get("spec") or {}).get("nodeName") or ""'),
        (ir.Field(pod, "weight", DOUBLE), 'field_of(pod, "weight", 0.0)'),
        (ir.Field(pod, "address", IP), 'pod.get("address")'),
        (ir.Field(d, "spec", Record("core.PodSpec")), 'field_of(d, "spec", {})'),
        (ir.HasField(SPEC, "nodeName"), '(pod.get("spec") or {}).get("nodeName") is not None'),
        (ir.HasField(d, "spec"), 'has_field(d, "spec")'),
        (ir.Key(labels, "app", STRING), 'select(labels, "app")'),
        (ir.Cond(ir.HasKey(labels, "app"), ir.Key(labels, "app", STRING), s, STRING),
         'labels["app"] if "app" in labels else s'),
        (ir.HasKey(labels, "app"), '"app" in labels'),
        (ir.HasKey(d, "app"), 'has_key(d, "app")'),
        (ir.And(a, ir.And(b, RISKY)), "a and b and divide_int(n, m) == 1"),
        (ir.And(RISKY, a), "and_(lambda: divide_int(n, m) == 1, lambda: a)"),
        (ir.Or(a, ir.Or(RISKY, b)), "a or or_(lambda: divide_int(n, m) == 1, lambda: b)"),
        (ir.And(a, ir.Var("d", DYN)), "a and test(d)"),
        (ir.Or(ir.And(a, b), call("!_", a)), "a and b or not a"),
        (ir.And(ir.Or(a, b), a), "(a or b) and a"),
        (ir.Cond(a, n, m, INT), "n if a else m"),
        (ir.Cond(d, n, m, INT), "n if test(d) else m"),
        (ir.Cond(ir.Cond(a, b, a, BOOL), n, m, INT), "n if (b if a else a) else m"),
        (call("_+_", n, m, type=INT), "add_int(n, m)"),
        (call("_+_", call("size", names, type=INT), lit(1), type=INT), "len(names) + 1"),
        (call("_+_", d, n, type=DYN), "add(d, n)"),
        (call("_+_", call("_+_", s, lit("/"), type=STRING), s, type=STRING), 'join_texts(s, "/", s)'),
        (call("_+_", names, names, type=NAMES), "join_lists(names, names)"),
        (call("_==_", n, x), "n == x"),
        (call("_==_", a, n), "equals(a, n)"),
        (call("_==_", names, names), "equals(names, names)"),
        (call("_<_", x, n), "x < n"),
        (call("_==_", call("_<_", n, m), a), "(n < m) == a"),
        (call("!_", call("_<_", n, m)), "n >= m"),
        (call("!_", call("_<_", x, n)), "not x < n"),
        (call("!_", call("@in", s, names)), "s not in names"),
        (call("!_", ir.HasField(pod, "spec")), 'pod.get("spec") is None'),
        (call("@in", x, ir.Var("d", DYN)), "is_in(x, d)"),
        (call("_[_]", labels, s, type=STRING), "index_map(labels, s)"),
        (ir.And(call("@in", s, labels), call("_==_", call("_[_]", labels, s, type=STRING), s)),
         "s in labels and labels[s] == s"),
        (call("startsWith", s, lit("a")), 's.startswith("a")'),
        (call("contains", s, lit("a")), '"a" in s'),
        (call("string", s, type=STRING), "s"),
        (call("quantity", lit("1Gi"), type=QUANTITY), "QUANTITY_1GI"),
        (call("quantity", lit("1 Gi"), type=QUANTITY), 'parse_quantity("1 Gi")'),
        (call("nothing", n, type=DYN), 'unbound("nothing", n)'),
        (ir.Var("nobody", INT), 'unbound("nobody")'),
        (ir.MakeList((n, o), ListOf(INT), frozenset((1,))), "[n, *present(o)]"),
        (ir.MakeList((n, d), ListOf(INT), frozenset((1,))), "list_of([n, d], frozenset((1,)))"),
        (ir.MakeMap(((lit("a"), n), (lit("b"), m)), MapOf(STRING, INT)), '{"a": n, "b": m}'),
        (ir.MakeMap(((s, n), (lit("b"), m)), MapOf(STRING, INT)), 'put(put({}, s, n), "b", m)'),
        (ir.MakeMap(((a, n), (b, o)), MapOf(BOOL, INT), frozenset((1,))),
         "put_maybe(put({}, to_key(a), n), to_key(b), o)"),
        (ir.MakeRecord((("name", s),), Record("R")), '{"name": s}'),
        (ir.MakeRecord((("name", d),), Record("R")), 'without_nulls({"name": d})'),
        (ir.With(pod, (("name", s),), POD), '{**pod, "name": s}'),
        (ir.With(pod, (("name", lit(None)),), POD), 'replaced(pod, {"name": None})'),
        (ir.Let("y", n, ir.Var("y", INT), INT), "(lambda y: y)(n)"),
        (ir.Loop("all", ("k", "v"), labels, None, SAME, BOOL),
         "all(k == v for k, v in labels.items())"),
        (ir.Loop("exists", ("i",), names, None, RISKY, BOOL),
         "exists_(names, lambda i: divide_int(n, m) == 1)"),
        (ir.Loop("map", ("k",), flags, None, ir.Var("k", BOOL), ListOf(BOOL)), "[*elements(flags)]"),
        (ir.Loop("map", ("i",), d, a, lit(1), ListOf(INT)), "[1 for i in elements(d) if a]"),
        (ir.Loop("map", ("s",), names, None, ir.Var("s", STRING), NAMES), "names"),
        (ir.Loop("map", ("i",), names, None, ir.Let("y", n, ir.Var("y", INT), INT), ListOf(INT)),
         "[y for i in names for y in [n]]"),
        (ir.Loop("filter", ("i", "v"), names, None, a, NAMES), "[v for i, v in enumerate(names) if a]"),
        (ir.Loop("existsOne", ("i",), names, None, a, BOOL), "len([i for i in names if a]) == 1"),
        (ir.Loop("flatMap", ("i",), names, None, ir.Cond(a, names, ir.MakeList((), NAMES), NAMES), NAMES),
         "[one for i in names if a for one in names]"),
        (ir.Loop("transformMap", ("k", "v"), flags, None, ir.Var("v", INT), flags.type),
         "{to_key(k): v for k, v in pairs(flags)}"),
        (ir.Loop("sortBy", ("i",), names, None, ir.Var("d", DYN), NAMES), "sort_by([(d, i) for i in names])"),
        (ir.Fold("i", "acc", names, n, call("_+_", ir.Var("acc", INT), n, type=INT), INT),
         "fold(names, n, lambda i, acc: add_int(acc, n))"),
    ],
)  # fmt: skip
def test_a_node_is_written_so(expr: ir.Expr, text: str) -> None:
    assert python(expr) == text


def test_a_name_that_would_hide_one_that_is_needed_is_changed() -> None:
    assert python(ir.Loop("map", ("n",), names, None, ir.Var("n", STRING), NAMES)) == "names"
    inner = ir.Loop("exists", ("n",), names, None, call("_==_", ir.Var("n", STRING), s), BOOL)
    assert python(inner) == "any(n_ == s for n_ in names)"


def test_what_was_hidden_is_not_overwritten() -> None:
    """`let a = (let x = 1; let x = 2; x); x + a`: the inner names are others than the parameter's."""
    x = ir.Var("x", INT)
    inner = ir.Let("x", lit(1), ir.Let("x", lit(2), x, INT), INT)
    whole = ir.Let("a", inner, call("_+_", x, ir.Var("a", INT), type=INT), INT)
    assert compile_expression(whole, {"x": INT})(40) == evaluate(whole, {"x": 40}) == 42


def test_an_inner_fold_leaves_the_outer_total_alone() -> None:
    acc, i = ir.Var("acc", INT), ir.Var("i", INT)
    numbers = ir.Var("numbers", ListOf(INT))
    inner = ir.Fold("j", "t", numbers, lit(0), call("_+_", ir.Var("t", INT), acc, type=INT), INT)
    whole = ir.Fold("i", "acc", numbers, lit(1), ir.Let("k", i, inner, INT), INT)
    given = {"numbers": [1, 2, 3]}
    assert compile_expression(whole, {"numbers": ListOf(INT)})([1, 2, 3]) == evaluate(whole, given) == 27


def test_the_error_of_the_range_comes_before_that_of_the_start() -> None:
    missing = call("_[_]", ir.Var("lists", ListOf(ListOf(INT))), lit(0), type=ListOf(INT))
    whole = ir.Fold("i", "acc", missing, call("_/_", lit(1), lit(0), type=INT), ir.Var("acc", INT), INT)
    with pytest.raises(EvalError) as failed:
        compile_expression(whole, {"lists": ListOf(ListOf(INT))})([])
    assert failed.value.code == "index_out_of_bounds"


def nested(shape: str, levels: int) -> ir.Expr:
    expr: ir.Expr = {"not": a, "list": n, "record": n, "add": n, "let": n, "cond": n, "fold": n}[shape]
    for _ in range(levels):
        match shape:
            case "not":
                expr = call("!_", expr)
            case "list":
                expr = ir.MakeList((expr,), ListOf(expr.type))
            case "record":
                expr = ir.MakeRecord((("f", expr),), Record("R"))
            case "add":
                expr = call("_+_", n, expr, type=INT)
            case "let":
                expr = ir.Let("n", expr, n, INT)
            case "cond":
                expr = ir.Cond(a, expr, n, INT)
            case "fold":
                expr = ir.Fold("i", "n", ir.MakeList((n,), ListOf(INT)), expr, n, INT)
    return expr


@pytest.mark.parametrize("shape", ["not", "list", "record", "add", "let", "cond", "fold"])
def test_the_deepest_expressions_compile(shape: str) -> None:
    expr = nested(shape, DEPTH_MAX - 2)
    function = compile_expression(expr, {"a": BOOL, "n": INT})
    assert str(function(True, 0)) == str(evaluate(expr, {"a": True, "n": 0}))


def test_what_is_nested_deeply_becomes_a_function_of_its_own() -> None:
    params = (ir.Parameter("a", BOOL), ir.Parameter("n", INT))
    expr = nested("record", NESTING_MAX + 5)
    text = program_text(ir.Program((ir.Rule("t/f", "function", "f", params, 0, expr, expr.type),)))
    assert "def part(n):" in text


def test_a_large_map_is_no_tower_of_calls() -> None:
    keys = [ir.Var(f"k{i}", STRING) for i in range(300)]
    expr = ir.MakeMap(tuple((k, lit(1)) for k in keys), MapOf(STRING, INT))
    function = compile_expression(expr, {k.name: STRING for k in keys})
    assert len(function(*(k.name for k in keys))) == 300
    with pytest.raises(EvalError) as failed:
        function(*["same"] * 300)
    assert failed.value.code == "duplicate_key"


@pytest.mark.parametrize("value", [0, False, "", None, 5, "x"])
def test_a_present_zero_reads_as_itself_and_null_as_absent(value: object) -> None:
    type_ = {int: INT, bool: BOOL, str: STRING}.get(type(value), STRING)
    field = ir.Field(pod, "f", type_)
    function = compile_expression(field, {"pod": POD})
    assert function({"f": value}) == evaluate(field, {"pod": {"f": value}})
    assert type(function({"f": value})) is type(evaluate(field, {"pod": {"f": value}}))


def test_a_null_record_reads_as_an_empty_one() -> None:
    maybe = ir.Cond(a, pod, lit(None), POD)
    field = ir.Field(maybe, "f", STRING)
    function = compile_expression(field, {"a": BOOL, "pod": POD})
    assert function(False, {"f": "x"}) == ""
    assert function(True, {"f": "x"}) == "x"
