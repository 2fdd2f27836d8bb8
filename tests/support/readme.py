"""Runs the commands of a page (lines `$ kspec …` in its `console` blocks) and compares what they print.

A line `...` stands for any lines; times are not compared. As a script: `python readme.py README.md`, with the
`kspec` on the path, in the folder at hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\b[0-9.]+s \(")
ELLIPSIS = "..."


@dataclass(frozen=True)
class Step:
    """A command and what it should print."""

    command: str
    expected: tuple[str, ...]


def steps(page: Path) -> Iterator[Step]:
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *expected = part.rstrip("\n").split("\n")
            yield Step(command, tuple(expected))


def why_different(expected: tuple[str, ...], printed: str) -> str | None:
    """The first expected line that does not come; None if all do, in order."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == ELLIPSIS else re.escape(_timeless(line)) + r"\n" for line in expected
    )
    text = "\n".join(_timeless(line) for line in printed.rstrip("\n").split("\n")) + "\n"
    if re.fullmatch(pattern, text):
        return None
    lines = text.splitlines()
    missing = [line for line in expected if line != ELLIPSIS and _timeless(line) not in lines]
    return missing[0] if missing else "the order of the lines"


def _timeless(line: str) -> str:
    return TIME.sub("?s (", line)


def check(page: Path, run: Callable[[str], str]) -> list[str]:
    """What differs, by command."""
    found = []
    for step in steps(page):
        missing = why_different(step.expected, run(step.command))
        if missing is not None:
            found.append(f"$ {step.command}\n  does not print: {missing}")
    return found


def shell(command: str) -> str:
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    wrong = [line for name in sys.argv[1:] for line in check(Path(name), shell)]
    sys.stdout.write("\n".join(wrong) + "\n" if wrong else "")
    raise SystemExit(bool(wrong))
