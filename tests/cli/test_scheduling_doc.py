"""docs/scheduling.md shows what kspec prints, and names the rules that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest
from support.command_line import ROOT, Ran
from support.readme import check, steps

from kspec.conform.scheduler_input import rules

PAGE = ROOT / "docs" / "scheduling.md"


def test_the_page_shows_real_runs(kspec: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert len(list(steps(PAGE))) == 3
    assert check(PAGE, lambda command: kspec(*shlex.split(command)[1:]).out) == []


def test_what_old_names_became_exists() -> None:
    named = re.findall(r"\| (filter|score) ([A-Za-z]+)", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [(kind, name) for kind, name in named if rules().named(kind, name) is None] == []
