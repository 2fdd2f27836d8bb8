"""How the tests run kspec: as a process, as a user does; or in this process, where only speed differs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, SHARED, Ran, quiet_environment

from kspec.cli.main import run


@pytest.fixture
def process() -> Callable[..., Ran]:
    """`process("plan", "x.yaml")` runs `python -m kspec plan x.yaml` and waits for it."""

    def call(*args: object, stdin: str | bytes = "", cwd: Path | None = None, **env: str) -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "kspec", *map(str, args)],
            input=given,
            capture_output=True,
            cwd=cwd or ROOT,
            env=quiet_environment(**env),
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def kspec(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`kspec("plan", "x.yaml")` runs the command in this process."""
    for name in ("NO_COLOR", "FORCE_COLOR", "KSPEC_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: object) -> Ran:
        capsys.readouterr()
        code = run([str(a) for a in args])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def shared() -> Path:
    """The folder with recorded decisions and real manifests, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside this checkout")
    return SHARED
