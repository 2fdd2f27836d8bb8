"""What a newcomer types first, and mistypes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest
from support.command_line import ROOT, Ran, quiet_environment

from kspec import __version__
from kspec.cli import main
from kspec.cli.main import COMMANDS

Kspec = Callable[..., Ran]


def test_a_bare_kspec_shows_the_help(kspec: Kspec) -> None:
    ran = kspec()
    assert ran.code == 2
    assert "Begin with:" in ran.out + ran.err


def test_the_help_lists_every_command_and_the_exit_codes(kspec: Kspec) -> None:
    ran = kspec("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert "70 a bug in kspec" in ran.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_both_spellings_of_it(kspec: Kspec, name: str) -> None:
    long, short = kspec(name, "--help"), kspec(name, "-h")
    assert (long.code, long.out) == (0, short.out)
    assert long.out.startswith(f"Usage: kspec {name} ")


def test_version(kspec: Kspec) -> None:
    assert kspec("--version").out == f"kspec {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("pln", "plan"), ("verfy", "verify"), ("format", "fmt"), ("evaluate", "eval")]
)
def test_an_unknown_command_names_the_near_one(kspec: Kspec, typed: str, meant: str) -> None:
    ran = kspec(typed)
    assert ran.code == 2
    assert ran.out == ""
    assert f"'{meant}'" in ran.err


def test_a_file_in_place_of_a_command_says_how_to_plan_it(kspec: Kspec, tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text("")
    assert f"kspec plan {file}" in kspec(file).err


def test_an_unknown_option_names_the_near_one(kspec: Kspec) -> None:
    ran = kspec("conform", "--limt", "3", "x")
    assert ran.code == 2
    assert "--limit" in ran.err


def test_a_file_that_is_not_there_is_bad_input(kspec: Kspec) -> None:
    ran = kspec("conform", "nowhere.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot read `nowhere.jsonl`" in ran.err


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`kspec --help | true`"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "kspec", "completion", "bash"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=quiet_environment(),
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


class TestBugs:
    """Whatever goes wrong inside ends in one message and exit code 70."""

    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def break_down(name: str) -> str:
            raise KeyError("the shelf")

        monkeypatch.setattr(main, "module_of", break_down)

    def test_a_bug_is_owned_up_to(self, kspec: Kspec) -> None:
        ran = kspec("conform", "a file.jsonl")
        assert (ran.code, ran.out) == (70, "")
        assert "This is a bug in kspec" in ran.err
        assert "KSPEC_DEBUG=1 kspec conform 'a file.jsonl'" in ran.err
        assert "Traceback" not in ran.err

    def test_debug_shows_the_traceback(self, kspec: Kspec, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KSPEC_DEBUG", "1")
        ran = kspec("conform", "x")
        assert ran.code == 70
        assert "Traceback" in ran.err


def test_interrupting_ends_with_130_and_no_traceback() -> None:
    """Ctrl-C while kspec waits for standard input."""
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import kspec.cli.main as m; print('up', flush=True); m.main(['conform', '-'])",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=quiet_environment(),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    sleep(1)  # the first moments belong to imports
    for _ in range(40):
        child.send_signal(signal.SIGINT)
        try:
            _, err = child.communicate(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            continue
    assert child.returncode == 130
    assert b"Traceback" not in err
