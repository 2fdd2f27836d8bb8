"""How far static types are relied on, and what conditions add to that."""

from __future__ import annotations

from kspec.backends.python.context import ModuleContext, choose_overload
from kspec.backends.python.facts import facts_of
from kspec.backends.python.nullable import nullable_parameters
from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, DYN, INT, IP, NULL, STRING, ListOf, MapOf, Record, Type
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.operators import add_int, index_list, size

POD = Record("core.Pod")
LABELS = MapOf(STRING, STRING)
TYPES: dict[str, Type] = {
    "pod": POD,
    "labels": LABELS,
    "k": STRING,
    "a": BOOL,
    "numbers": ListOf(INT),
    "d": DYN,
}
pod, labels, k, a, numbers, d = (ir.Var(n, t) for n, t in TYPES.items())
KNOWN = Known(TYPES)
NONE = ir.Lit(None, NULL)
ADDRESS = ir.Field(pod, "address", IP)
LOOKED_UP = ir.Call("_[_]", (labels, k), STRING)
THERE = ir.Call("@in", (k, labels), BOOL)


def fails(expr: ir.Expr) -> bool:
    return ModuleContext("test", {}, {}, ()).fails(expr, KNOWN)


def test_an_absent_address_may_be_null() -> None:
    assert KNOWN.sure(ADDRESS) == DYN
    assert KNOWN.sure(ir.Field(pod, "name", STRING)) == STRING


def test_a_present_one_is_an_address() -> None:
    there = KNOWN.assuming(ir.HasField(pod, "address"), True)
    assert there.sure(ADDRESS) == IP
    assert KNOWN.assuming(ir.HasField(pod, "address"), False).sure(ADDRESS) == DYN


def test_a_choice_with_null_is_no_record_for_certain() -> None:
    assert KNOWN.sure(ir.Cond(a, pod, NONE, POD)) == DYN
    assert KNOWN.sure(ir.Cond(a, pod, pod, POD)) == POD


def test_an_empty_list_is_of_every_type() -> None:
    assert KNOWN.sure(ir.Cond(a, numbers, ir.MakeList((), ListOf(DYN)), ListOf(INT))) == ListOf(INT)


def test_a_list_with_null_in_it_is_a_list_of_anything() -> None:
    assert KNOWN.sure(ir.MakeList((pod, NONE), ListOf(POD))) == ListOf(DYN)


def test_an_accumulator_that_may_become_null_is_anything() -> None:
    fold = ir.Fold("i", "acc", numbers, pod, ir.Cond(a, ir.Var("acc", POD), NONE, POD), POD)
    assert KNOWN.inside(fold).types["acc"] == DYN
    assert KNOWN.sure(fold) == DYN


def test_the_sum_of_an_empty_list_is_an_int() -> None:
    assert KNOWN.sure(ir.Call("sum", (ir.Var("d", ListOf(STRING)),), STRING)) == DYN


def test_a_key_that_is_there_can_be_looked_up() -> None:
    assert fails(LOOKED_UP)
    assert not fails(ir.And(THERE, ir.Call("_==_", (LOOKED_UP, k), BOOL)))
    assert not fails(ir.Cond(THERE, LOOKED_UP, k, STRING))
    assert not fails(ir.Or(ir.Call("!_", (THERE,), BOOL), ir.Call("_==_", (LOOKED_UP, k), BOOL)))


def test_what_a_variable_stands_for_counts() -> None:
    there = ir.Var("there", BOOL)
    assert not fails(ir.Let("there", THERE, ir.Cond(there, LOOKED_UP, k, STRING), STRING))


def test_facts_end_where_their_names_mean_something_else() -> None:
    hidden = ir.Let("k", ir.Lit("other", STRING), LOOKED_UP, STRING)
    assert fails(ir.Cond(THERE, hidden, k, STRING))
    there = ir.Var("there", BOOL)
    late = ir.Let(
        "there", THERE, ir.Let("k", ir.Lit("x", STRING), ir.Cond(there, LOOKED_UP, k, STRING), STRING), STRING
    )
    assert fails(late)


def test_another_branch_knows_nothing_of_it() -> None:
    assert fails(ir.Cond(THERE, k, LOOKED_UP, STRING))
    assert fails(ir.And(ir.Or(THERE, a), ir.Call("_==_", (LOOKED_UP, k), BOOL)))


def test_a_pattern_and_an_amount_that_can_be_read_cannot_fail() -> None:
    assert not fails(ir.Call("matches", (k, ir.Lit("^a+$", STRING)), BOOL))
    assert fails(ir.Call("matches", (k, ir.Lit("(", STRING)), BOOL))
    assert fails(ir.Call("matches", (k, k), BOOL))
    assert not fails(ir.Call("quantity", (ir.Lit("1Gi", STRING),), STRING))
    assert fails(ir.Call("quantity", (ir.Lit("1 Gi", STRING),), STRING))


def test_an_address_that_may_be_null_makes_its_functions_fail() -> None:
    assert fails(ir.Call("family", (ADDRESS,), INT))
    assert not fails(
        ir.And(
            ir.HasField(pod, "address"),
            ir.Call("_==_", (ir.Call("family", (ADDRESS,), INT), ir.Lit(4, INT)), BOOL),
        )
    )


def test_facts_of_a_condition() -> None:
    both = ir.And(THERE, ir.HasField(pod, "spec"))
    found = {("index", labels, k), ("field", pod, "spec")}
    assert set(facts_of(both, True, {})) == found
    assert set(facts_of(both, False, {})) == set()
    neither = ir.Or(ir.Call("!_", (THERE,), BOOL), ir.Call("!_", (ir.HasField(pod, "spec"),), BOOL))
    assert set(facts_of(neither, False, {})) == found


def rule(id_: str, body: ir.Expr, *params: tuple[str, Type]) -> ir.Rule:
    return ir.Rule(id_, "function", id_, tuple(ir.Parameter(n, t) for n, t in params), 0, body, body.type)


def test_parameters_that_may_be_given_null() -> None:
    """Null travels through calls: `outer` gives it to `middle`, which hands it on."""
    inner = rule("inner", ir.Field(pod, "name", STRING), ("pod", POD))
    middle = rule("middle", ir.Apply("inner", (pod,), STRING), ("pod", POD))
    outer = rule(
        "outer", ir.Apply("middle", (ir.Cond(a, pod, NONE, POD),), STRING), ("pod", POD), ("a", BOOL)
    )
    assert nullable_parameters(ir.Program((inner, middle, outer))) == {("middle", 0), ("inner", 0)}
    assert nullable_parameters(ir.Program((inner, middle))) == set()


def test_overloads_are_chosen_by_types() -> None:
    plus, index = FUNCTIONS["_+_"].overloads, FUNCTIONS["_[_]"].overloads
    assert choose_overload(plus, (INT, INT)) is add_int
    assert choose_overload(plus, (INT, DYN)) is None
    assert choose_overload(index, (ListOf(INT), DYN)) is index_list
    assert choose_overload(FUNCTIONS["size"].overloads, (LABELS,)) is size
    assert choose_overload(FUNCTIONS["math.least"].overloads, (DYN, INT)) is None
