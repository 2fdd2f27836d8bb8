"""The pages of docs/ that show runs show real ones."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest
from support.command_line import ROOT, Ran
from support.readme import check, steps

PAGES = ("docs/access.md", "docs/connect.md")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_real_runs(
    kspec: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.chdir(ROOT)

    def run(command: str) -> str:
        program, *args = shlex.split(command)
        assert program == "kspec"
        return kspec(*args).out

    assert list(steps(ROOT / page))
    assert check(ROOT / page, run) == []
