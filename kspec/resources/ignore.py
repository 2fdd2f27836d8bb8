"""Knows which files are passed over: the patterns of .gitignore and .kspecignore files, nearer ones last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

NAMES = (".gitignore", ".kspecignore")
"""Files of patterns in a folder: git's own, and what is under version control but not for kspec."""


class Pattern(NamedTuple):
    """One line of a .gitignore: what it matches, relative to the folder of that file."""

    regex: re.Pattern[str]
    keeps: bool  # `!pattern`: not ignored after all
    folders_only: bool


class Rules(NamedTuple):
    """The patterns of one .gitignore."""

    folder: Path
    patterns: tuple[Pattern, ...]


def rules_above(folder: Path) -> tuple[Rules, ...]:
    """The .gitignore files that apply to a folder from outside: those between it and the root of its
    repository."""
    found: list[Rules] = []
    for parent in (folder, *folder.parents):
        if parent != folder:
            found += rules_in(parent)
        if (parent / ".git").exists():
            return tuple(reversed(found))
    return ()


def rules_in(folder: Path) -> tuple[Rules, ...]:
    """What this folder's own files of patterns say, as far as they can be read; the later overrules."""
    lines: list[str] = []
    for name in NAMES:
        try:
            lines += (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
    patterns = tuple(p for p in map(parse_pattern, lines) if p is not None)
    return (Rules(folder, patterns),) if patterns else ()


def is_ignored(path: Path, is_folder: bool, rules: Sequence[Rules]) -> bool:
    """Whether the last pattern that matches, in order of the files, ignores the path."""
    ignored = False
    for folder, patterns in rules:
        relative = path.relative_to(folder).as_posix()
        for pattern in patterns:
            if (is_folder or not pattern.folders_only) and pattern.regex.fullmatch(relative):
                ignored = not pattern.keeps
    return ignored


def parse_pattern(line: str) -> Pattern | None:
    """A line of a .gitignore; None for a comment or an empty one."""
    line = re.sub(r"(?<!\\)\s+$", "", line)
    if not line or line.startswith("#"):
        return None
    keeps = line.startswith("!")
    body = line[1:] if keeps else line
    folders_only = body.endswith("/")
    body = body.rstrip("/")
    anchored = "/" in body
    if not body:
        return None
    regex = ("" if anchored else "(?:.*/)?") + _translate(body.lstrip("/"))
    return Pattern(re.compile(regex, re.DOTALL), keeps, folders_only)


_PART = re.compile(r"(?P<deep>(?:^|(?<=/))\*\*/)|(?P<all>/\*\*$)|\*+|\?|\[!?\]?[^\]]*\]|\\.|.", re.DOTALL)


def _translate(pattern: str) -> str:
    made = []
    for match in _PART.finditer(pattern):
        part = match[0]
        if match["deep"]:
            made.append("(?:.*/)?")
        elif match["all"]:
            made.append("/.*")
        elif part[0] == "*":
            made.append("[^/]*")
        elif part == "?":
            made.append("[^/]")
        elif part[0] == "[" and len(part) > 1:
            inside = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            made.append(f"[^/{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
        else:
            made.append(re.escape(part[-1]))
    return "".join(made)
