"""A rule that is elaborated alone is the one that elaborating the whole folder makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.rules import library, standard, table
from support.source_tree import ROOT

from kspec.elaborate.demand import RulesOnDemand
from kspec.ir.walk import subexpressions
from kspec.resources.load import load_library
from kspec.runtime.rulebook import load_rulebook
from kspec.source import NOWHERE, InternalError, Span


def on_demand(folder: Path = ROOT / "rules") -> RulesOnDemand:
    paths = {e.id: e.module for e in load_rulebook().entries}
    return RulesOnDemand(folder, paths, load_library(), table())


def place(span: Span) -> tuple[str, int, int]:
    """Spans are not compared with what has them."""
    return span.file.path, span.start, span.end


def test_each_rule_is_that_of_the_whole_folder() -> None:
    rules, whole = on_demand(), standard().program.by_id()
    assert set(rules) == set(whole)
    assert len(rules) == len(whole)
    for rule_id in reversed(rules.paths):  # in another order than that of the folder
        rule, wanted = rules[rule_id], whole[rule_id]
        assert rule == wanted
        assert (rule.path, place(rule.span)) == (wanted.path, place(wanted.span))
        for made, same in zip(subexpressions(rule.body), subexpressions(wanted.body), strict=True):
            is_default = made.span == NOWHERE  # of a callee's parameter: the library does not keep its place
            assert is_default or place(made.span) == place(same.span)


def test_only_what_is_asked_for_is_made() -> None:
    rules = on_demand()
    rule = rules["scheduling/TaintToleration"]
    assert rules["scheduling/TaintToleration"] is rule
    assert set(rules._rules) == {"scheduling/TaintToleration"}
    assert {s.path for s in rules._signatures.values()} == {"scheduling/taint_toleration"}


def test_no_rule_of_that_name() -> None:
    rules = on_demand()
    assert "scheduling/nothing" not in rules
    assert rules.get("scheduling/nothing") is None


@pytest.mark.parametrize(
    "text",
    [
        "function other(): int {\n  return 1\n}\n",
        "function one(): int {\n  return nothing\n}\n",
        "function one(): int {\n",
        'function one(): int {\n  return "text"\n}\n',
    ],
)
def test_rules_that_were_changed_since_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "file.kspec").write_text(text)
    rules = replace(on_demand(tmp_path), paths={"own/one": "own/file"}, library=library())
    with pytest.raises(InternalError, match="kspec generate"):
        rules["own/one"]
