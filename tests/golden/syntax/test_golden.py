"""What is said of each mistake, and what formatting makes of a file.

`fail/` holds sources with the mistakes in `.expect`; `format/` sources with the formatted text in `.out`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kspec.source import Diagnostic, DiagnosticError, SourceFile
from kspec.syntax.format import format_module
from kspec.syntax.parse import parse_module

HERE = Path(__file__).parent


def sources(folder: str) -> list[Path]:
    found = sorted((HERE / folder).glob("*.kspec"))
    assert found, f"no sources in {folder}"
    return found


def read(path: Path) -> SourceFile:
    return SourceFile(path.name, path.read_bytes().decode("utf-8"))


def shown(problem: Diagnostic) -> str:
    """`code:line:column-end message`, then help and notes, each on a line."""
    assert problem.span is not None
    width = problem.span.end - problem.span.start
    severity = "" if problem.severity.value == "error" else f" {problem.severity.value}:"
    lines = [f"{problem.code}:{problem.span.line}:{problem.span.column}+{width}{severity} {problem.message}"]
    if problem.help:
        lines.append(f"  help: {problem.help}")
    lines += [f"  {span.line}:{span.column}: {label}" for span, label in problem.notes]
    return "\n".join(lines)


@pytest.mark.parametrize("source", sources("fail"), ids=lambda p: p.stem)
def test_mistakes(source: Path, golden: Any) -> None:
    _, problems = parse_module(read(source))
    assert problems, "no mistake was found"
    golden.check(source.with_suffix(".expect"), "\n".join(shown(p) for p in problems) + "\n")


@pytest.mark.parametrize("source", sources("fail"), ids=lambda p: p.stem)
def test_a_file_with_mistakes_is_not_formatted(source: Path) -> None:
    if source.stem == "lone_doc_comment":
        pytest.skip("only a warning")
    with pytest.raises(DiagnosticError) as raised:
        format_module(read(source))
    assert raised.value.diagnostics


@pytest.mark.parametrize("source", sources("format"), ids=lambda p: p.stem)
def test_format(source: Path, golden: Any) -> None:
    golden.check(source.with_suffix(".out"), format_module(read(source)))


@pytest.mark.parametrize("source", sources("format"), ids=lambda p: p.stem)
def test_format_keeps_the_tree_and_every_comment(source: Path) -> None:
    before = read(source)
    text = format_module(before)
    after = SourceFile(source.name, text)
    assert format_module(after) == text, "not idempotent"
    old, new = parse_module(before)[0], parse_module(after)[0]
    assert new == old
    assert sorted(c.text.strip() for c in new.comments) == sorted(c.text.strip() for c in old.comments)
