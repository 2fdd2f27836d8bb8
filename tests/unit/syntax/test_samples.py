"""Every file of rules and every example parses, and formatting keeps what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

import kspec.syntax.parse
from kspec.source import SourceFile
from kspec.syntax.format import format_module, print_module
from kspec.syntax.parse import parse_module

ROOT = Path(kspec.syntax.parse.__file__).parents[2]
SAMPLES = sorted([*ROOT.glob("rules/**/*.kspec"), *ROOT.glob("examples/**/*.kspec")])


def read(path: Path) -> SourceFile:
    return SourceFile(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def test_there_are_samples() -> None:
    assert len(SAMPLES) > 10


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_sample_parses_and_formats(path: Path) -> None:
    file = read(path)
    module, problems = parse_module(file)
    assert not problems
    formatted = SourceFile(file.path, format_module(file))
    again, _ = parse_module(formatted)
    assert again == module
    assert [c.text for c in again.comments] == [c.text for c in module.comments]
    assert format_module(formatted) == formatted.text
    assert max(map(len, formatted.text.split("\n"))) <= 160


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_sample_is_printed_from_its_tree_alone(path: Path) -> None:
    module, _ = parse_module(read(path))
    assert parse_module(SourceFile("<printed>", print_module(module)))[0] == module
