"""Printing and parsing are each other's inverse, and formatting changes no meaning."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from support import syntax_trees as trees

from kspec.source import SourceFile
from kspec.syntax import ast
from kspec.syntax.format import format_module, print_module
from kspec.syntax.lexer import raw_tokens
from kspec.syntax.parse import parse_expression, parse_module
from kspec.syntax.print import print_expression


@given(trees.CEL)
def test_a_printed_expression_parses_to_itself(expr: ast.Expr) -> None:
    text = print_expression(expr)
    parsed, problems = parse_expression(SourceFile("<printed>", text))
    assert not [p for p in problems if p.code != "KS1106"], text
    assert parsed == expr, text


@given(trees.KSPEC)
def test_a_printed_expression_of_the_rule_language_parses_to_itself(expr: ast.Expr) -> None:
    text = print_expression(expr)
    parsed, problems = parse_expression(SourceFile("<printed>", text), strict=False)
    assert not problems, text
    assert parsed == expr, text


@given(trees.MODULES)
@settings(max_examples=60)
def test_a_printed_module_parses_to_itself(module: ast.Module) -> None:
    text = print_module(module)
    parsed, problems = parse_module(SourceFile("<printed>", text))
    assert not problems, (text, problems)
    assert parsed.declarations == module.declarations, text


@given(trees.MODULES)
@settings(max_examples=60)
def test_formatting_what_was_printed_changes_nothing(module: ast.Module) -> None:
    text = print_module(module)
    assert format_module(SourceFile("<printed>", text)) == text


GAPS = (
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "\t",
    "\r\n",
    " // one\n",
    "\n// two\n\n",
    "\n  // three\n// four\n",
    " //\n",
)


@given(trees.MODULES, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_formatting_keeps_the_tree_and_the_comments_of_any_layout(module: ast.Module, random: Random) -> None:
    text = laid_out_anew(print_module(module), random)
    file = SourceFile("<laid out>", text)
    before, problems = parse_module(file)
    assert not problems, text
    assert before.declarations == module.declarations, text
    formatted = format_module(file)
    after, problems = parse_module(SourceFile("<formatted>", formatted))
    assert not problems, (text, formatted)
    assert after == before, (text, formatted)
    assert sorted(c.text for c in after.comments) == sorted(c.text for c in before.comments), (
        text,
        formatted,
    )


@given(trees.MODULES, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_formatting_twice_is_formatting_once(module: ast.Module, random: Random) -> None:
    text = laid_out_anew(print_module(module), random)
    once = format_module(SourceFile("<laid out>", text))
    assert format_module(SourceFile("<formatted>", once)) == once, (text, once)


def laid_out_anew(text: str, random: Random) -> str:
    """The text with other blanks, line ends and comments wherever it has a blank between two tokens."""
    tokens = raw_tokens("kspec", text)
    out = [text[: tokens[0].start]]
    for token, following in pairwise(tokens):
        gap = text[token.end : following.start]
        if gap and "//" not in gap and random.random() < 0.4:
            gap = random.choice(GAPS)
        out += [token.text, gap]
    return "".join(out)
