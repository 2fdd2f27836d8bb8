"""Facts about open strings: what is assumed of them is true of every string, and says enough."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import script
from kspec.runtime.symbolic.strings import axioms, string_classes
from kspec.runtime.symbolic.values import SymBool, SymStr
from kspec.solve.names import fresh_text
from kspec.solve.places import Model
from kspec.solve.solver import Solver

STRINGS = ["".join(letters) for length in range(4) for letters in product("ab", repeat=length)]
FACTS = [(function, text) for function in ("startsWith", "endsWith", "contains") for text in ("a", "ab", "b")]
S, U = t.text_var("s"), t.text_var("u")


def terms_about(variable: t.Term, facts: list[tuple[str, str]]) -> list[t.Term]:
    return [t.atom(function, variable, text) for function, text in facts]


def test_no_real_string_is_excluded() -> None:
    """Law: the axioms hold of any two strings, with all facts about both and constants among what they
    meet."""
    roots = [*terms_about(S, FACTS), t.eq(S, U), t.eq(S, t.text("ab")), t.eq(U, t.text("b"))]
    found = axioms(string_classes(roots))
    assert len(found) > 50
    for first in STRINGS:
        for second in STRINGS:
            model = Model({S: first, U: second})
            assert all(model.holds(axiom) for axiom in found)


@pytest.mark.parametrize("facts", list(combinations(FACTS, 2)), ids=str)
def test_two_facts_may_hold_together_just_when_some_string_has_both(
    facts: tuple[tuple[str, str], ...],
) -> None:
    """Law: where the solver sees no conflict, a string is found."""
    for wanted in product((True, False), repeat=2):
        signed = [
            known if held else t.not_(known)
            for known, held in zip(terms_about(S, list(facts)), wanted, strict=True)
        ]
        possible = Solver(script([("both", t.and_(*signed, t.not_(t.eq(S, t.text("abab")))))]), 5).check()
        text = fresh_text(list(zip(facts, wanted, strict=True)), {"abab"})
        assert possible is (text is not None)


def test_strings_that_are_never_compared_are_in_classes_of_their_own() -> None:
    roots = [t.eq(S, t.text("x")), t.eq(U, t.text("y")), t.eq(t.text_var("v"), U)]
    classes = string_classes(roots)
    assert [[v.value for v in its.variables] for its in classes] == [["s"], ["u", "v"]]
    assert [list(its.constants) for its in classes] == [["x"], ["y"]]


def test_equal_strings_have_equal_facts() -> None:
    goal = t.and_(t.eq(S, U), t.atom("startsWith", S, "a"), t.not_(t.atom("startsWith", U, "a")))
    assert Solver(script([("differ", goal)]), 5).check() is False


def test_a_constant_has_its_own_facts() -> None:
    goal = t.and_(t.eq(S, t.text("abc")), t.not_(t.atom("startsWith", S, "ab")))
    assert Solver(script([("differ", goal)]), 5).check() is False


def test_a_constant_that_begins_with_an_open_string_makes_cases() -> None:
    found = ops.call("startsWith", "ab", SymStr(S))
    assert found == SymBool(t.any_of(t.eq(S, t.text(text)) for text in ("", "a", "ab")))


def test_every_string_begins_with_the_empty_one() -> None:
    assert ops.call("startsWith", SymStr(S), "") is True
