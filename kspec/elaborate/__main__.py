"""`python -m kspec.elaborate RULES_DIR`: elaborates a folder of rules and tells what is wrong with it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from kspec.elaborate.modules import elaborate_rules
from kspec.ir.types import TypeTable
from kspec.source import Diagnostic, SourceFile
from kspec.syntax import ast
from kspec.syntax.parse import parse_module


def read_rules(folder: Path) -> tuple[list[tuple[str, ast.Module]], list[Diagnostic]]:
    """Every .kspec file below a folder, parsed, in order of its path; and the mistakes of their syntax."""
    modules: list[tuple[str, ast.Module]] = []
    diagnostics: list[Diagnostic] = []
    for file in sorted(folder.rglob("*.kspec")):
        module, found = parse_module(SourceFile(str(file), file.read_text(encoding="utf-8")))
        modules.append((file.relative_to(folder).with_suffix("").as_posix(), module))
        diagnostics += found
    return modules, diagnostics


def main(arguments: list[str]) -> int:
    modules, diagnostics = read_rules(Path(arguments[0]))
    elaborated = elaborate_rules(modules, _types())
    diagnostics += elaborated.diagnostics
    for diagnostic in diagnostics:
        sys.stdout.write(_shown(diagnostic) + "\n")
    sys.stdout.write(f"{len(elaborated.program.rules)} rules, {len(diagnostics)} mistakes\n")
    return 1 if diagnostics else 0


def _types() -> TypeTable:
    """The types of the API. Their room stands after this one, so a tool for developers finds it by name."""
    types: TypeTable = import_module("kspec.resources.types").load_types()
    return types


def _shown(diagnostic: Diagnostic) -> str:
    help_ = f"\n    {diagnostic.help}" if diagnostic.help else ""
    return f"{diagnostic.span}: {diagnostic.code} {diagnostic.message}{help_}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
