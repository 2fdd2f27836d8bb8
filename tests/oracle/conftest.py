"""How these tests run kspec: in this process, since there are many runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.command_line import Ran

from kspec.cli.main import run


@pytest.fixture
def kspec(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`kspec("plan", "x.yaml")` runs the command."""

    def call(*args: object) -> Ran:
        capsys.readouterr()
        code = run([str(a) for a in args])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call
