"""The files of the project, read once for all tidy tests."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kspec"


@dataclass(frozen=True)
class Module:
    """One Python file of the package: its dotted name, its text, its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def shown(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """`kspec.source.files` stands in room `source`; `kspec.data` is a room of its own."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""


def parse_module(path: Path, root: Path = ROOT) -> Module:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(parse_module(p) for p in sorted(PACKAGE.rglob("*.py")) if "_data" not in p.parts)


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
