"""What no file of the project may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from support.source_tree import ROOT, modules

BINARY = {".gz", ".png", ".ico"}
KIND_TEST = re.compile(r"""kind["'\]]*\s*(==|!=|in)\s*[\[({]?\s*["'][A-Z][a-z]""")


@cache
def tracked() -> tuple[Path, ...]:
    """The files under version control; in an unpacked archive there is no way to know them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return tuple(ROOT / p for p in listed.stdout.decode().split("\0") if p)


def text_files() -> list[tuple[str, str]]:
    return [
        (p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))
        for p in tracked()
        if p.suffix not in BINARY and p.is_file()
    ]


def test_no_path_of_this_machine() -> None:
    here = [str(ROOT.parent) + "/", str(Path.home()) + "/"]
    wrong = [f"{name}: {h}" for name, text in text_files() for h in here if len(h) > 2 and h in text]
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{m.shown}:{n.lineno}"
        for m in modules()
        if m.room != "cli"
        for n in ast.walk(m.tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert not wrong, "\n".join(wrong)


def test_policy_is_not_in_python() -> None:
    """What Kubernetes decides by kind stands in rules/."""
    wrong = [
        f"{m.shown}:{number}: {line.strip()}"
        for m in modules()
        for number, line in enumerate(m.text.splitlines(), 1)
        if KIND_TEST.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    wrong = [
        f"{m.shown}:{number}: {line.strip()}"
        for m in modules()
        for number, line in enumerate(m.text.splitlines(), 1)
        if marks.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_links_in_the_documents_lead_somewhere() -> None:
    wrong = []
    for name, text in text_files():
        if not name.endswith(".md"):
            continue
        wrong += [
            f"{name}: {target}"
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
            if not re.match(r"[a-z]+:", target) and not (ROOT / name).parent.joinpath(target).exists()
        ]
    assert not wrong, "\n".join(wrong)
