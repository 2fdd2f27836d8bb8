"""The committed tables are those of the grammar, and the grammar is LALR(1) without a conflict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kspec.syntax.table as tables

ROOT = Path(tables.__file__).parents[2]


@pytest.mark.parametrize("name", sorted(tables.STARTS))
def test_the_table_is_what_the_grammar_gives(name: str, golden: Any) -> None:
    """Lark's strict mode raises on a conflict, and on two tokens of one state that read the same text."""
    pytest.importorskip("interegular", reason="Lark compares tokens with it")
    path = ROOT / "kspec" / "syntax" / "tables" / f"{name}.json"
    golden.check(path, tables.build_table(ROOT / "grammar" / f"{name}.lark"))


def test_a_conflict_in_the_grammar_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("interegular")
    text = (ROOT / "grammar" / "cel.lark").read_text(encoding="utf-8")
    (tmp_path / "cel.lark").write_text(
        text + '\n%extend primary: "[" expr "]"  -> other_list\n', encoding="utf-8"
    )
    (tmp_path / "expression.lark").write_bytes((ROOT / "grammar" / "expression.lark").read_bytes())
    with pytest.raises(Exception, match=r"Reduce/Reduce|Shift/Reduce"):
        tables.build_table(tmp_path / "cel.lark")


@pytest.mark.parametrize("name", sorted(tables.STARTS))
def test_every_builder_exists(name: str) -> None:
    from kspec.source import SourceFile
    from kspec.syntax.declarations import Declarations

    builder = Declarations(SourceFile("<none>", ""))
    missing = [
        p.builder
        for p in tables.load_table(name).productions
        if p.builder and not hasattr(builder, p.builder)
    ]
    assert not missing
