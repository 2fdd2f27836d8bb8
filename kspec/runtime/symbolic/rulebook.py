"""Knows the symbolic functions of the rules, loaded from generated/symbolic when first asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from kspec.data import root
from kspec.runtime.rulebook import load_rulebook

Function = Callable[..., object]

PACKAGE = "kspec_symbolic"


class SymbolicRules(Mapping[str, Function]):
    """Functions by rule id. A module is loaded when one of its rules is asked for."""

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        self._package = package
        self._modules = modules

    def __getitem__(self, rule_id: str) -> Function:
        module = importlib.import_module(f"{self._package}.{self._modules[rule_id].replace('/', '.')}")
        function: Function = module.RULES[rule_id]
        return function

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def load_symbolic(at: Path | None = None) -> SymbolicRules:
    """The rules read symbolically, of generated/ below this folder: the tool's own if none is given."""
    folder = at or root()
    entries = load_rulebook(folder).entries
    return SymbolicRules(_package(folder / "generated" / "symbolic"), {e.id: e.module for e in entries})


_PACKAGES: dict[Path, str] = {}


def _package(folder: Path) -> str:
    """The name under which the modules in this folder are imported. Its subfolders need no `__init__.py`."""
    name = _PACKAGES.get(folder)
    if name is None:
        name = _PACKAGES[folder] = PACKAGE if not _PACKAGES else f"{PACKAGE}_{len(_PACKAGES)}"
        module = ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    return name
