"""The README shows what kspec prints."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest
from support.command_line import ROOT, Ran
from support.readme import check, steps, why_different


def test_the_readme_shows_real_runs(kspec: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    def run(command: str) -> str:
        program, *args = shlex.split(command)
        assert program == "kspec"
        return kspec(*args).out

    assert len(list(steps(ROOT / "README.md"))) >= 2
    assert check(ROOT / "README.md", run) == []


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (("a", "b"), "a\nb\n", True),
        (("a", "..."), "a\nb\nc\n", True),
        (("...", "c"), "a\nb\nc\n", True),
        (("a", "c"), "a\nb\nc\n", False),
        (("b", "a"), "a\nb\n", False),
        (("1 hold in 0.1s (2 objects)",), "1 hold in 7.9s (2 objects)\n", True),
    ],
)
def test_a_difference_is_noticed(expected: tuple[str, ...], printed: str, same: bool) -> None:
    assert (why_different(expected, printed) is None) is same
