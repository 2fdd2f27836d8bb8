"""Whatever the input, the parser answers soon, with a tree or a diagnostic."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

import kspec.syntax.parse
from kspec.source import Diagnostic, SourceFile
from kspec.syntax.format import format_module
from kspec.syntax.machine import DEPTH_MAX
from kspec.syntax.parse import SIZE_MAX, parse_expression, parse_module

ROOT = Path(kspec.syntax.parse.__file__).parents[2]
MANY = 250


def problems(text: str) -> tuple[Diagnostic, ...]:
    return parse_module(SourceFile("<test>", text))[1]


DEEP = {
    "parentheses": ("(" * MANY + "a" + ")" * MANY, False),
    "lists": ("[" * MANY + "]" * MANY, True),
    "calls": ("f(" * MANY + ")" * MANY, True),
    "indexes": ("a[" * MANY + "0" + "]" * MANY, True),
    "negations": ("!" * MANY + "a", True),
    "minus": ("-" * MANY + "a", True),
    "ternaries": ("a ? b : " * MANY + "c", True),
    "fields": ("a" + ".b" * MANY, True),
    "sums": ("a" + " + b" * MANY, True),
    "ors": ("a" + " || b" * MANY, True),
    "long list": ("[" + "a, " * 5000 + "a]", False),
    "long call": ("f(" + "a, " * 5000 + "a)", False),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_expressions(name: str) -> None:
    text, refused = DEEP[name]
    for strict in (True, False):
        _, found = parse_expression(SourceFile("<test>", text), strict)
        assert [p.code for p in found] == (["KS1201"] if refused else [])


def test_the_nesting_that_cel_demands() -> None:
    for text in (
        "[" * 32 + "]" * 32,
        "a" + ".b" * 32,
        "a" + " + b" * 32,
        "a" + " || b" * 32,
        "a ? b : " * 32 + "c",
    ):
        assert parse_expression(SourceFile("<test>", text))[1] == ()


def test_what_is_accepted_can_be_formatted() -> None:
    nested = "{ a: " * (DEPTH_MAX // 3) + "1" + " }" * (DEPTH_MAX // 3)
    text = f"Pod a {{ b: {nested} }}\n"
    assert problems(text) == ()
    assert parse_module(SourceFile("<test>", format_module(SourceFile("<test>", text))))[1] == ()


@pytest.mark.parametrize(
    "opener", ["(", "[", "{", "{ a: ", "{ a { ", "[{ a: [", "-", "!", "a.", "a ? ", "f(", "when a { "]
)
@pytest.mark.parametrize(
    "frame", ["{}", "Pod a {{ b: {}", "function f(): int {{ return {}", "function f(): int {{ {}"]
)
def test_endless_nesting_ends(opener: str, frame: str) -> None:
    start = time.process_time()
    assert problems(frame.format(opener * 5000))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "piece",
    [
        "}",
        ")",
        "a ",
        "a: ",
        "\n- a",
        '"',
        "#\n",
        "é ",
        "0x ",
        "/// a\n",
        "in ",
        "function ",
        "Pod a {\n",
        ",",
    ],
)
def test_endless_mistakes_end(piece: str) -> None:
    start = time.process_time()
    found = problems(piece * 20000)
    assert found
    assert len(found) <= 21 or all(p.code == "KS1301" for p in found)
    assert time.process_time() - start < 10


def test_a_file_that_is_too_large() -> None:
    assert [p.code for p in problems(" " * (SIZE_MAX + 1))] == ["KS1202"]


def test_a_file_that_is_no_text() -> None:
    assert [p.code for p in problems("Pod a {}\0\1\2")] == ["KS1203"]


def test_after_twenty_mistakes_the_rest_is_not_shown() -> None:
    found = problems("\n".join(f"Pod a{i} {{ b = 1 }}" for i in range(30)))
    assert len(found) == 21
    assert found[-1].code == "KS1204"


def test_an_empty_file_is_a_module() -> None:
    for text in ("", "\n", "  \t\n", "// only a comment", "\ufeff"):
        module, found = parse_module(SourceFile("<test>", text))
        assert (module.declarations, found) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        " web {\n}\n\0\nDeploymenexistst we* {\n  spec.template.spec.co",  # two repairs undid each other
        '"a',
        "a b",
        "Pod a {\n  b: [1, 2) }",
        "namespace {",
    ],
)
def test_repairs_come_to_an_end(text: str) -> None:
    for strict in (True, False):
        assert parse_expression(SourceFile("<test>", text), strict)[1]
    assert problems(text)


PIECES = (
    *"{}()[]:,.=-+*/%?!&|\"'`#\\\n\t",
    '"""', "in", "implies", "\n  ", "///x\n", "//", "- ", "a", "A b", "0x", "1.", "..", "let", "when", "$",
    "function", "Deployment x {", "\0", "é", "“", "`a-b`", 'b"', "forall", "exists", "use", "pool",
    "web-1", "0644",
    "\ufeff",
)  # fmt: skip


def damaged(text: str, rnd: random.Random) -> str:
    """A part of the text with some things put in, left out, doubled."""
    begin = rnd.randrange(len(text))
    text = text[begin : begin + rnd.choice((50, 200, 1000, 3000))]
    for _ in range(rnd.choice((1, 1, 2, 3, 8))):
        at = rnd.randrange(len(text) + 1)
        to = min(len(text), at + rnd.randrange(1, 200))
        what = rnd.randrange(5)
        if what == 0:
            text = text[:at] + text[at + rnd.randrange(1, 10) :]
        elif what < 3:
            text = text[:at] + rnd.choice(PIECES) + text[at + what - 1 :]
        elif what == 3:
            text = text[:to] + text[at:to] + text[to:]
        else:
            text = text[:at] + text[to:]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_answered(seed: int) -> None:
    """No input makes the parser raise; a file without mistakes is formatted, and then has none either."""
    rnd = random.Random(seed)
    sources = [p.read_text(encoding="utf-8") for p in sorted(ROOT.glob("rules/**/*.kspec"))]
    sources += [
        p.read_text(encoding="utf-8")
        for p in sorted(Path(__file__).parents[2].glob("golden/syntax/*/*.kspec"))
    ]
    for _ in range(150):
        text = damaged(rnd.choice(sources), rnd)
        file = SourceFile("<damaged>", text)
        module, found = parse_module(file)
        assert all(p.span is not None and 0 <= p.span.start <= p.span.end <= len(text) for p in found), text
        for strict in (True, False):
            parse_expression(SourceFile("<damaged>", text[:200]), strict)
        if not found:
            formatted = SourceFile("<formatted>", format_module(file))
            assert parse_module(formatted)[0] == module, text
            assert format_module(formatted) == formatted.text, text
