"""Verdicts on small queries: witnesses are the simplest, unknown is no pass, what cannot be expressed
counts where it is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic.inputs import Shape
from kspec.runtime.symbolic.values import failed, unsupported
from kspec.solve.decide import decide
from kspec.solve.query import Query, emit_smt2, make_query
from kspec.solve.verdict import Holds, Unknown, Unsupported, Verdict, Violated, Witness

POD: Mapping[str, Shape] = {
    "name": Shape("string", required=True),
    "labels": Shape("map", element=Shape("string")),
    "ports": Shape("list", element=Shape("record", name="Port")),
    "groups": Shape("list", element=Shape("string")),
    "address": Shape("ip"),
    "host": Shape("bool"),
    "memory": Shape("quantity"),
}
PORT: Mapping[str, Shape] = {"number": Shape("int", low=0, high=65535), "name": Shape("string")}
RECORDS = {"Pod": POD, "Port": PORT}
Reading = Callable[..., object]


def field(record: object, name: str, zero: object = "") -> object:
    return ops.field(record, name, zero)


def label(p: object, key: str) -> object:
    return ops.key(field(p, "labels", {}), key)


def query(goal: Reading, assume: Reading | None = None, some: bool = False, **shapes: Shape) -> Query:
    assumed = [] if assume is None else [("it is so", assume)]
    return make_query(
        shapes or {"p": Shape("record", name="Pod")}, assumed, ("it holds", goal), RECORDS.__getitem__, some
    )


def verdict(
    goal: Reading, assume: Reading | None = None, some: bool = False, timeout: float = 20, **shapes: Shape
) -> Verdict:
    return decide(query(goal, assume, some, **shapes), Witness, timeout)


def witness(goal: Reading, assume: Reading | None = None, **shapes: Shape) -> Mapping[str, object]:
    found = verdict(goal, assume, **shapes)
    assert isinstance(found, Violated), found
    assert found.witness is not None and found.witness.minimal
    return found.witness.values


def either(*parts: object) -> object:
    made: object = False
    for part in parts:
        made = ops.or_(made, lambda part=part: part)
    return made


def negated(value: object) -> object:
    return ops.call("!_", value)


# ---------------------------------------------------------------- verdicts


def test_what_folds_to_true_holds_without_a_question() -> None:
    found = verdict(lambda p: ops.call("_==_", field(p, "name"), field(p, "name")))
    assert isinstance(found, Holds)
    assert found.stats.checks == 0
    assert found.bounds == ()


def test_a_proof_says_what_it_assumed() -> None:
    found = verdict(
        lambda port: ops.call("_<_", port, 100),
        lambda port: ops.call("_<=_", port, 99),
        port=Shape("int", low=1, high=65535),
    )
    assert isinstance(found, Holds)
    assert found.assumptions == ("it is so",)


def test_for_some_choice_is_enough_when_some_is_asked() -> None:
    port = Shape("int", low=1, high=9)
    found = verdict(lambda port: ops.call("_==_", port, 7), some=True, port=port)
    assert isinstance(found, Holds) and found.witness is not None
    assert found.witness.values == {"port": 7}
    assert verdict(lambda port: ops.call("_==_", port, 10), some=True, port=port) == Violated(None)


def test_an_error_does_not_hold() -> None:
    assert witness(lambda p: ops.call("_==_", label(p, "app"), "web")) == {"p": {}}


def test_no_time_is_unknown_and_no_pass() -> None:
    found = verdict(lambda p: ops.call("_==_", field(p, "name"), "web"), timeout=0)
    assert found == Unknown("timeout")


def test_a_hard_question_runs_out_of_time() -> None:
    """Which numbers have this sum of products? A millisecond is not enough to say."""

    def goal(**numbers: object) -> object:
        def total(factors: tuple[int, ...]) -> object:
            parts = [ops.call("_*_", n, f) for n, f in zip(numbers.values(), factors, strict=True)]
            made = parts[0]
            for part in parts[1:]:
                made = ops.call("_+_", made, part)
            return made

        first = ops.call("_==_", total((12223, 12224, 36674, 61119, 85569)), 89643481)
        return negated(
            ops.and_(first, lambda: ops.call("_==_", total((3, 7919, 104729, 15485863, 5)), 15485863))
        )

    shapes = {f"n{i}": Shape("int", low=0, high=10**9) for i in range(5)}
    assert verdict(goal, timeout=0.001, **shapes) == Unknown("timeout")


def test_what_cannot_be_expressed_is_said_where_it_is_reached() -> None:
    reached = verdict(lambda p: ops.cond(field(p, "host", False), lambda: unsupported("that"), lambda: True))
    assert reached == Unsupported("that")
    guarded = verdict(
        lambda p: ops.cond(field(p, "host", False), lambda: unsupported("that"), lambda: True),
        lambda p: negated(field(p, "host", False)),
    )
    assert isinstance(guarded, Holds)


def test_a_violation_elsewhere_is_found_all_the_same() -> None:
    found = witness(lambda p: ops.cond(field(p, "host", False), lambda: unsupported("that"), lambda: False))
    assert found == {"p": {}}


def test_a_domain_that_cannot_be_expressed_proves_nothing() -> None:
    """Where an assumption is not known, a choice may be in the domain: what fails there is not proved."""

    def assume(p: object) -> object:
        return ops.and_(field(p, "host", False), lambda: unsupported("the domain"))

    assert verdict(lambda p: False, assume) == Unsupported("the domain")
    assert isinstance(verdict(lambda p: field(p, "host", False), assume), Holds)


def test_what_nobody_says_is_unknown() -> None:
    found = verdict(
        lambda p: ops.cond(field(p, "host", False), lambda: failed("undetermined", "who knows"), lambda: True)
    )
    assert found == Unknown("who knows")


# ---------------------------------------------------------------- simple witnesses


def test_a_witness_has_the_fewest_labels() -> None:
    def goal(p):
        return negated(
            either(ops.has_key(field(p, "labels", {}), "a"), ops.has_key(field(p, "labels", {}), "b"))
        )

    found = witness(goal)["p"]
    assert found == {"labels": {"b": ""}}


def test_a_witness_has_the_lowest_numbers() -> None:
    port = Shape("int", low=1, high=65535)

    def goal(port):
        return negated(ops.and_(ops.call("_>_", port, 8079), lambda: ops.call("_!=_", port, 8080)))

    assert witness(goal, port=port) == {"port": 8081}
    low = Shape("int", low=-100, high=100)
    assert witness(lambda n: ops.call("_>_", n, -7), n=low) == {"n": -7}
    assert witness(lambda n: ops.call("_==_", n, 0), n=low) == {"n": 1}


def test_a_witness_has_short_names_of_its_own() -> None:
    assert witness(lambda p: ops.call("_==_", field(p, "name"), ""))["p"] == {"name": "a"}
    assert witness(lambda p: negated(ops.call("startsWith", field(p, "name"), "web-")))["p"] == {
        "name": "web-a"
    }

    def same(p, q):
        return negated(ops.and_(ops.call("_!=_", field(p, "name"), field(q, "name")), lambda: True))

    pod = Shape("record", name="Pod")
    assert witness(same, p=pod, q=pod) == {"p": {"name": "a"}, "q": {"name": "b"}}


def test_a_constant_is_taken_where_nothing_else_will_do() -> None:
    def goal(p: object) -> object:
        return negated(ops.call("@in", field(p, "name"), ["checkout", "web", "db"]))

    assert witness(goal)["p"] == {"name": "db"}


def test_an_address_looks_like_that_of_a_pod() -> None:
    found = witness(lambda p: negated(ops.has_field(p, "address")))["p"]
    assert isinstance(found, dict) and str(found["address"]) == "10.0.0.1"
    block = ops.call("cidr", "192.168.7.0/24")

    def goal(p):
        return negated(
            ops.and_(
                ops.has_field(p, "address"), lambda: ops.call("containsIP", block, field(p, "address", None))
            )
        )

    found = witness(goal)["p"]
    assert isinstance(found, dict) and str(found["address"]) == "192.168.7.0"


# ---------------------------------------------------------------- lists


def test_an_open_list_is_given_the_elements_that_the_question_needs() -> None:
    """Three `exists` may need three elements; that many are enough for any list."""

    def has_port(p: object, number: int) -> object:
        return ops.exists(field(p, "ports", []), lambda c: ops.call("_==_", field(c, "number", 0), number))

    def goal(p):
        return negated(ops.and_(has_port(p, 1), lambda: ops.and_(has_port(p, 2), lambda: has_port(p, 3))))

    found = witness(goal)["p"]
    assert isinstance(found, dict)
    assert sorted(c["number"] for c in found["ports"]) == [1, 2, 3]


def test_a_proof_about_a_list_says_its_bound_only_if_it_has_one() -> None:
    def small(p):
        return negated(ops.exists(field(p, "ports", []), lambda c: ops.call("_<_", field(c, "number", 0), 0)))

    proved = verdict(small)
    assert isinstance(proved, Holds) and proved.bounds == ()
    counted = verdict(lambda p: ops.call("_<_", ops.call("size", field(p, "ports", [])), 100))
    assert isinstance(counted, Holds)
    assert counted.bounds == ("`p.ports` has at most 4 elements",)


def test_whether_a_list_is_empty_needs_no_bound() -> None:
    def goal(p: object) -> object:
        return either(
            ops.call("_==_", ops.call("size", field(p, "groups", [])), 0),
            ops.call("_>_", ops.call("size", field(p, "groups", [])), 0),
        )

    found = verdict(goal)
    assert isinstance(found, Holds) and found.bounds == ()


def test_a_list_of_strings_holds_any_of_the_constants_that_are_asked_for() -> None:
    names = [f"team-{n}" for n in range(12)]

    def goal(p: object) -> object:
        made: object = True
        for name in names:
            made = ops.and_(made, lambda name=name: ops.call("@in", name, field(p, "groups", [])))
        return negated(made)

    found = witness(goal)["p"]
    assert isinstance(found, dict) and sorted(found["groups"]) == sorted(names)
    assert "bound" not in str(query(goal).bounds)


def test_a_list_of_strings_may_hold_others_than_the_constants() -> None:
    def goal(p: object) -> object:
        return ops.all_(field(p, "groups", []), lambda g: ops.call("@in", g, ["dev", "ops"]))

    assert witness(goal)["p"] == {"groups": ["a"]}


# ---------------------------------------------------------------- text and replay


def test_the_text_is_what_z3_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    import z3

    given: list[str] = []
    original = z3.Solver.from_string
    monkeypatch.setattr(
        z3.Solver, "from_string", lambda self, text: given.append(text) or original(self, text)
    )
    asked = query(lambda p: ops.call("_==_", label(p, "app"), "web"))
    decide(asked, Witness)
    assert emit_smt2(asked) == given[0] + "(check-sat)\n"


def test_equal_questions_have_equal_answers() -> None:
    def goal(p):
        return negated(
            ops.exists(field(p, "ports", []), lambda c: ops.call("_>_", field(c, "number", 0), 80))
        )

    assert verdict(goal) == verdict(goal)


def test_what_the_replay_says_is_part_of_the_witness() -> None:
    found = decide(
        query(lambda p: field(p, "host", False)),
        lambda values: Witness(values, "no such key: app", ({"kind": "Pod"},)),
    )
    assert isinstance(found, Violated) and found.witness is not None
    assert (found.witness.error, found.witness.objects) == ("no such key: app", ({"kind": "Pod"},))


def test_a_wrong_witness_is_refused() -> None:
    class Wrong(Exception):
        pass

    def replay(values: Mapping[str, object]) -> Witness:
        raise Wrong

    with pytest.raises(Wrong):
        decide(query(lambda p: field(p, "host", False)), replay)


def test_ctrl_c_stops_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    import z3

    monkeypatch.setattr(z3.Solver, "check", lambda self: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda self: "interrupted from keyboard")
    with pytest.raises(KeyboardInterrupt):
        verdict(lambda p: field(p, "host", False))
