"""`python -m kspec.elaborate RULES_DIR`: elaborates a folder of rules and tells what is wrong with it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from kspec.elaborate.modules import elaborate_rules
from kspec.elaborate.reading import read_rules
from kspec.ir.types import TypeTable
from kspec.source import Diagnostic


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
