"""Fresh strings: short, valid where they can be, and with the facts they must have."""

from __future__ import annotations

import pytest

from kspec.solve.names import fresh_text, is_dns_label, is_label_value


def test_the_simplest_name_is_one_letter() -> None:
    assert fresh_text([], set()) == "a"
    assert fresh_text([], {"a", "b"}) == "c"


def test_names_that_others_have_are_avoided_if_that_can_be_helped() -> None:
    assert fresh_text([], set(), {"a"}) == "b"
    assert fresh_text([(("startsWith", "web"), True), (("endsWith", "web"), True)], set(), {"web"}) != "web"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([(("startsWith", "/api"), True)], "/apia"),
        ([(("startsWith", "/api"), True), (("startsWith", "/apis"), False)], "/apia"),
        ([(("endsWith", "-db"), True)], "a-db"),
        ([(("startsWith", "ab"), True), (("endsWith", "bc"), True)], "abc"),
        ([(("contains", "x"), True), (("startsWith", "x"), False)], "ax"),
        ([(("startsWith", "a"), False)], "b"),
        ([(("matches", "^[0-9]+$"), True)], "0"),
        ([(("matches", "^[a-z0-9]+$"), False)], "a-b"),
    ],
    ids=str,
)
def test_a_name_has_its_facts(facts: list[tuple[tuple[str, str], bool]], expected: str) -> None:
    assert fresh_text(facts, {"ab", "web"}) == expected


def test_there_may_be_no_such_string() -> None:
    assert fresh_text([(("startsWith", "a"), True), (("startsWith", "a"), False)], set()) is None


def test_what_a_name_and_a_label_may_be() -> None:
    assert [is_dns_label(text) for text in ("web-1", "-web", "Web", "")] == [True, False, False, False]
    assert [is_label_value(text) for text in ("Web_1", "-web", "", "a" * 64)] == [True, False, True, False]
