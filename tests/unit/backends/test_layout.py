"""How Python text is broken into lines."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from kspec.backends.python.layout import (
    WIDTH,
    Doc,
    bracketed,
    call,
    chain,
    clauses,
    flat,
    in_brackets,
    render,
    row,
    words,
)

NAME = "x" * 30


def test_what_fits_stays_on_one_line() -> None:
    assert render(call("f", "a", "b")) == "f(a, b)"


def test_a_call_opens_up_with_a_part_on_each_line() -> None:
    assert render(call("f", *[NAME] * 4)) == "f(\n" + f"    {NAME},\n" * 4 + ")"


def test_a_chain_gets_brackets_when_it_opens_up() -> None:
    assert render(chain("and", ("a", "b"))) == "a and b"
    opened = render(chain("and", [NAME] * 4))
    assert opened == f"(\n    {NAME}\n" + f"    and {NAME}\n" * 3 + ")"


def test_brackets_are_not_doubled() -> None:
    doc = in_brackets(chain("or", [NAME] * 4))
    assert render(doc) == render(chain("or", [NAME] * 4))
    assert flat(in_brackets(chain("or", ("a", "b")))) == "(a or b)"


def test_the_last_bracket_opens_first() -> None:
    doc = row(call("first", "a"), ".", call("second", *[NAME] * 4))
    assert render(doc).startswith("first(a).second(\n")


LEAVES = st.sampled_from(["a", "b.c", '"text"', NAME])


def docs(parts: st.SearchStrategy[Doc]) -> st.SearchStrategy[Doc]:
    several = st.lists(parts, min_size=1, max_size=4)
    return st.one_of(
        st.builds(lambda p: call("f", *p), several),
        st.builds(lambda p: bracketed("[", p, "]"), several),
        st.builds(lambda p: in_brackets(chain("and", p)), several),
        st.builds(
            lambda a, b, c: in_brackets(clauses((a, row("if ", b), row("else ", c)))), parts, parts, parts
        ),
        st.builds(lambda a, b: words("[", (a, row("for y in ", b)), "]"), parts, parts),
    )


@given(st.recursive(LEAVES, docs, max_leaves=25), st.integers(0, 40))
def test_breaking_lines_changes_no_meaning(doc: Doc, column: int) -> None:
    """Law: the tree of the text is that of the same text on one line, wherever it starts."""
    broken = "v = " + render(doc, 0, 4 + column)
    assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse("v = " + flat(doc)))


@given(st.recursive(LEAVES, docs, max_leaves=25))
def test_lines_are_short_where_they_can_be(doc: Doc) -> None:
    """Law: a line that is too long holds no bracket with several parts that could be opened."""
    for line in render(doc).split("\n"):
        if len(line) > WIDTH:
            assert line.strip().rstrip(",").count(NAME) <= 2 + line.count("for y in"), line
