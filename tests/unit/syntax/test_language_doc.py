"""The reference of the language is right: its examples parse, elaborate, and have the values that it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.expressions import elaborate
from support.rules import user_of

import kspec.syntax.parse
from kspec.elaborate.scope import CEL, KSPEC
from kspec.ir.evaluate import evaluate
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.values import EvalError
from kspec.source import SourceFile
from kspec.syntax.format import format_module
from kspec.syntax.parse import parse_module

DOCUMENT = Path(kspec.syntax.parse.__file__).parents[2] / "docs" / "language.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODES = {"cel": CEL, "expression": KSPEC}


def blocks(*languages: str) -> list[tuple[int, str, str]]:
    """Line, language and text of each block."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = [(text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in BLOCK.finditer(text)]
    return [b for b in found if b[1] in languages]


def examples() -> list[tuple[str, str, str]]:
    """Mode, expression and value of each line of a block of expressions."""
    out = []
    for line, language, text in blocks(*MODES):
        for offset, example in enumerate(text.splitlines()):
            expr, sign, value = example.partition("  // => ")
            assert sign, f"line {line + offset + 1} has no value"
            out.append((MODES[language], expr, value))
    return out


def test_there_are_examples() -> None:
    assert len(blocks("kspec")) > 15
    assert len(examples()) > 30


@pytest.mark.parametrize(("line", "language", "text"), blocks("kspec"), ids=lambda x: str(x)[:12])
def test_an_example_parses_and_is_formatted(line: int, language: str, text: str) -> None:
    file = SourceFile(f"language.md:{line}", text)
    assert parse_module(file)[1] == ()
    assert format_module(file) == text


@pytest.mark.parametrize(("line", "language", "text"), blocks("kspec"), ids=lambda x: str(x)[:12])
def test_an_example_means_something(line: int, language: str, text: str) -> None:
    """Names are known and types fit, as in a user's own file."""
    assert user_of(text).diagnostics == ()


@pytest.mark.parametrize(("mode", "expr", "value"), examples(), ids=lambda x: x)
def test_an_expression_has_the_value_that_the_document_says(mode: str, expr: str, value: str) -> None:
    found = evaluated(expr, mode)
    if value == "error":
        assert isinstance(found, EvalError)
    else:
        wanted = evaluated(value, mode)
        assert not isinstance(found, EvalError) and not isinstance(wanted, EvalError)
        assert FUNCTIONS["_==_"](found, wanted) is True, (found, wanted)


def evaluated(text: str, mode: str) -> object:
    """The value of an expression, or its error."""
    expr, problems = elaborate(text, mode=mode)
    assert not problems, problems
    try:
        return evaluate(expr, {})
    except EvalError as error:
        return error


def test_every_code_of_the_parser_is_listed() -> None:
    sources = Path(kspec.syntax.parse.__file__).parent.glob("*.py")
    used = {code for path in sources for code in re.findall(r"KS1\d{3}", path.read_text(encoding="utf-8"))}
    listed = set(re.findall(r"^\| (KS1\d{3}) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert used == listed
