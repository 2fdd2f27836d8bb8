"""`kspec --help` answers at once: it imports click, and of kspec only what prints a help text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from support.command_line import ROOT, Ran

from kspec.cli.main import COMMANDS

ALLOWED_OURS = {
    "kspec",
    "kspec.cli",
    "kspec.cli.exits",
    "kspec.cli.main",
}
HEAVY = {"click", "lark", "z3", "yaml", "rich", "jinja2", "hypothesis", "pytest", "jsonschema", "difflib"}

PROBE = """
import json, sys
from kspec.cli.main import run
code = run(json.loads(sys.argv[1]))
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def modules_after(*args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(args)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, names = json.loads(done.stderr)
    assert code == 0
    return set(names)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_click_only(option: str) -> None:
    loaded = modules_after(option)
    assert {n for n in loaded if n.split(".")[0] == "kspec"} == ALLOWED_OURS
    assert loaded & HEAVY == {"click"}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_needs_no_engine(command: str) -> None:
    loaded = modules_after(command, "--help")
    assert not loaded & {"lark", "z3", "yaml", "rich", "jinja2", "hypothesis"}


def test_a_module_run_is_the_command(process: Callable[..., Ran]) -> None:
    assert process("--version").out.startswith("kspec ")
