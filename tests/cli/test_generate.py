"""`kspec generate`: what is committed is what the rules make, and what is stale is noticed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

Kspec = Callable[..., Ran]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what `generate` reads and writes."""
    for name in ("grammar", "rules", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_what_is_committed_is_fresh(kspec: Kspec) -> None:
    ran = kspec("generate", "--check")
    assert ran.code == 0, ran.out[:3000]


def test_a_stale_file_is_shown_and_then_mended(kspec: Kspec, checkout: Path) -> None:
    stale = checkout / "generated" / "python" / "network" / "reaches.py"
    good = stale.read_text()
    stale.write_text(good + "# by hand\n")
    ran = kspec("generate", "--check", "--root", checkout)
    assert ran.code == 1
    assert "-# by hand" in ran.out
    assert "kspec generate" in ran.err
    assert kspec("generate", "--root", checkout).code == 0
    assert stale.read_text() == good


def test_a_changed_rule_changes_all_its_readings(kspec: Kspec, checkout: Path) -> None:
    rule = checkout / "rules" / "scheduling" / "taint_toleration.kspec"
    rule.write_text(rule.read_text().replace('"NoExecute"]', '"NoExecute", "Never"]'))
    ran = kspec("generate", "--root", checkout)
    assert ran.code == 0
    changed = set(ran.out.splitlines())
    assert {f"generated/{kind}/scheduling/taint_toleration.py" for kind in ("python", "symbolic")} <= changed


def test_a_mistake_in_a_rule_is_told(kspec: Kspec, checkout: Path) -> None:
    rule = checkout / "rules" / "scheduling" / "taint_toleration.kspec"
    rule.write_text(rule.read_text().replace("t.effect in", "t.efect in", 1))
    ran = kspec("generate", "--check", "--root", checkout)
    assert ran.code == 2
    assert "did you mean" in ran.err
