"""Knows how a folder of rules is read: every file parsed, in order of its path."""

from __future__ import annotations

from pathlib import Path

from kspec.source import Diagnostic, SourceFile
from kspec.syntax import ast
from kspec.syntax.parse import parse_module


def read_rules(folder: Path) -> tuple[list[tuple[str, ast.Module]], list[Diagnostic]]:
    """Every .kspec file below a folder with its path there (no suffix); and the mistakes of their syntax."""
    modules: list[tuple[str, ast.Module]] = []
    diagnostics: list[Diagnostic] = []
    for file in sorted(folder.rglob("*.kspec"), key=lambda f: f.relative_to(folder).parts):
        path = file.relative_to(folder).with_suffix("").as_posix()
        module, found = read_file(folder, path)
        modules.append((path, module))
        diagnostics += found
    return modules, diagnostics


def read_file(folder: Path, path: str) -> tuple[ast.Module, tuple[Diagnostic, ...]]:
    """One of them by its path."""
    file = folder / f"{path}.kspec"
    return parse_module(SourceFile(str(file), file.read_text(encoding="utf-8")))
