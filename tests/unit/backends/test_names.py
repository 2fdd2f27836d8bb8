"""Which names generated Python has."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kspec.backends.names import Place, free_name, identifier
from kspec.backends.python.constants import constant_name, quote
from kspec.backends.python.names import RESERVED, rule_places
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL


def rule(id_: str, kind: str = "function", path: str = "f/a") -> ir.Rule:
    return ir.Rule(
        id_, kind, id_.partition("/")[2].partition("#")[0], (), 0, ir.Lit(True, BOOL), BOOL, path=path
    )


def names(*rules: ir.Rule) -> list[str]:
    return [place.name for place in rule_places(rules).values()]


def test_a_function_keeps_its_name_and_other_kinds_have_theirs_in_front() -> None:
    assert names(rule("f/tolerates"), rule("f/Taints", "filter")) == ["tolerates", "filter_Taints"]


def test_overloads_have_a_number() -> None:
    assert names(rule("f/over"), rule("f/over#2")) == ["over", "over_2"]


def test_what_python_reserves_gets_an_underscore() -> None:
    assert names(rule("f/class"), rule("f/len"), rule("f/RULES")) == ["class_", "len_", "RULES_"]


def test_names_are_unique_within_a_module_only() -> None:
    assert names(rule("f/a"), rule("g/a"), rule("h/a", path="f/b")) == ["a", "a_", "a"]


def test_places_name_the_module() -> None:
    assert rule_places([rule("f/a")]) == {"f/a": Place("f/a", "a")}


@given(st.text(max_size=8), st.sets(st.text(max_size=8)))
def test_a_free_name_is_free(wanted: str, taken: set[str]) -> None:
    assert free_name(wanted, taken) not in taken


@given(st.text(max_size=12))
def test_any_text_can_be_made_an_identifier(text: str) -> None:
    assert identifier(text).isidentifier()


@given(st.text())
def test_quoted_text_means_itself(text: str) -> None:
    assert eval(quote(text)) == text  # the very point


@pytest.mark.parametrize("text", ['say "hi"', "it's", "both ' and \"", "a\nb", "\u2028", "\ud83d\ude00"])
def test_awkward_texts_mean_themselves(text: str) -> None:
    assert eval(quote(text)) == text


def test_constants_are_named_after_what_they_hold() -> None:
    assert constant_name("Quantity", "16Gi") == "QUANTITY_16GI"
    assert constant_name("Duration", "-1.5s") == "DURATION_MINUS_1_5S"


def test_every_keyword_is_reserved() -> None:
    assert frozenset(keyword.kwlist) <= RESERVED
