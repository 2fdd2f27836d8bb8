"""Reads the pages of docs/diagnostics and runs their examples, as a reader would."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.command_line import ROOT, quiet_environment
from support.fuzzing import attempt

PAGES = ROOT / "docs" / "diagnostics"
CODE = re.compile(r"\bKS[0-9]{4}\b")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GOOD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: shop/web}]}\n"
)
PYTHON = shlex.quote(sys.executable)


@dataclass(frozen=True)
class Block:
    """A fenced example: its language and its text."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    code: str
    title: str
    example: Block
    instead: Block | None


@cache
def pages() -> tuple[Page, ...]:
    return tuple(read_page(path) for path in sorted(PAGES.glob("KS*.md")))


def read_page(path: Path) -> Page:
    """A page has a title, `## Example`, and mostly `## Instead`; each section has one block."""
    text = path.read_text(encoding="utf-8")
    title = re.match(r"# (KS[0-9]{4}): (.+)\n", text)
    assert title, f"{path.name}: the first line is `# CODE: what is wrong`"
    assert title[1] == path.stem
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    named = {s.partition("\n")[0].strip(): s for s in sections[1:]}
    assert set(named) <= {"Example", "Instead"}, f"{path.name}: {sorted(named)}"
    assert "Example" in named, f"{path.name}: no example"
    return Page(title[1], title[2], _block(path, named["Example"]), _instead(path, named))


def _instead(path: Path, named: dict[str, str]) -> Block | None:
    return _block(path, named["Instead"]) if "Instead" in named else None


def _block(path: Path, section: str) -> Block:
    found = BLOCK.findall(section)
    assert len(found) == 1, f"{path.name}: one example, found {len(found)}"
    return Block(*found[0])


def codes_of(block: Block, folder: Path) -> set[str]:
    """Runs an example in an empty folder (which has `example.yaml`) and returns the codes that it yields."""
    (folder / "example.yaml").write_text(GOOD)
    if block.language == "console":
        said = run_script(block.text, folder)
    elif block.language == "python":
        (folder / "example.py").write_text(block.text)
        said = run_script(f"{PYTHON} example.py >&2", folder).replace("code='KS", "[KS").replace("',", "]")
    elif block.language == "cel":
        said = attempt(("eval", block.text.strip())).err
    else:
        given = folder / f"given.{block.language}"
        given.write_text(block.text)
        said = attempt(("plan", str(given))).err
    assert "Traceback" not in said, said
    assert "internal error" not in said, said
    return set(re.findall(r"\[(KS[0-9]{4})\]", said))


def run_script(script: str, folder: Path) -> str:
    """What a shell script of the reader's writes to stderr."""
    done = subprocess.run(
        ["bash", "-c", f'kspec() {{ {PYTHON} -m kspec "$@"; }}\n{script}'],
        cwd=folder,
        env=quiet_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    return done.stderr


def codes_in_source() -> dict[str, list[str]]:
    """Every code that is written in the package, and where."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "kspec").rglob("*.py")):
        for code in CODE.findall(path.read_text(encoding="utf-8")):
            found.setdefault(code, []).append(path.relative_to(ROOT).as_posix())
    return found
