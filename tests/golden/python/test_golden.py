"""What rules are written as in Python: each source beside its module. `pytest --update` writes them anew."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import Golden
from support.rules import rules_of, shown

from kspec.backends.python.module import emit_module
from kspec.backends.python.names import rule_places
from kspec.backends.python.nullable import nullable_parameters

SOURCES = sorted((Path(__file__).parent / "rules").glob("*.kspec"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_rules(source: Path, golden: Golden) -> None:
    path = f"golden/{source.stem}"
    made = rules_of(source.read_text(encoding="utf-8"), path)
    assert not made.diagnostics, shown(made.diagnostics)
    rules = sorted((r for r in made.program.rules if r.path == path), key=lambda r: r.span.start)
    text = emit_module(
        path, rules, made.program, rule_places(made.program.rules), nullable_parameters(made.program)
    )
    ast.parse(text)
    golden.check(source.with_suffix(".py"), text)
