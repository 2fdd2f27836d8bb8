"""Knows how one rule of rules/ is elaborated alone: its file is parsed, and what other rules are called with
is known from the library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kspec.elaborate.folders import View, view
from kspec.elaborate.library import Library
from kspec.elaborate.mistakes import failed
from kspec.elaborate.modules import check_all, folder_of, lowered
from kspec.elaborate.reading import read_file
from kspec.elaborate.rules import Signature, signature
from kspec.ir.deep import deep_recursion
from kspec.ir.nodes import Rule
from kspec.ir.types import TypeTable
from kspec.source import Diagnostic, InternalError
from kspec.syntax import ast


@dataclass(frozen=True, eq=False)
class RulesOnDemand(Mapping[str, Rule]):
    """The rules of a folder by id, each parsed and lowered when it is first asked for: those that
    `elaborate_rules` makes of the whole folder.

    `paths` says for each rule, in order of place, in which file it stands; it and `library` must have been
    made of this folder, which `kspec generate` sees to. `table`: the types of the API.
    """

    folder: Path
    paths: Mapping[str, str]
    library: Library
    table: TypeTable
    _rules: dict[str, Rule] = field(default_factory=dict, repr=False)
    _signatures: dict[str, Signature] = field(default_factory=dict, repr=False)
    _views: dict[str, View] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self.paths

    def __getitem__(self, rule_id: str) -> Rule:
        found = self._rules.get(rule_id)
        if found is None:
            path = self.paths[rule_id]
            with deep_recursion():
                found = self._rules[rule_id] = self._made(rule_id, path)
        return found

    @cached_property
    def _types(self) -> TypeTable:
        return self.library.types(self.table)

    @cached_property
    def _ids(self) -> Mapping[str, list[str]]:
        """The rules of each file, in order."""
        ids: dict[str, list[str]] = {}
        for rule_id, path in self.paths.items():
            ids.setdefault(path, []).append(rule_id)
        return ids

    def _made(self, rule_id: str, path: str) -> Rule:
        if rule_id not in self._signatures:
            self._read(path)
        sig = self._signatures[rule_id]
        if sig.folder not in self._views:
            self._views[sig.folder] = view(self.library.globals, sig.folder, self._types)
        diagnostics: list[Diagnostic] = []
        rule = lowered(sig, self._views[sig.folder], diagnostics)
        if rule is None or failed(diagnostics):
            raise _stale(path)
        check_all((rule,), self._types)
        return rule

    def _read(self, path: str) -> None:
        """The signatures of a file."""
        module, found = read_file(self.folder, path)
        diagnostics = list(found)
        nodes = [node for node in module.declarations if isinstance(node, ast.Rule)]
        ids, folder = self._ids[path], folder_of(path)
        if [n.name for n in nodes] != [_name(i) for i in ids]:
            raise _stale(path)
        for rule_id, node in zip(ids, nodes, strict=True):
            seen = View(folder, self._types)
            self._signatures[rule_id] = signature(node, folder, path, rule_id, seen, diagnostics)
        if failed(diagnostics):
            raise _stale(path)


def _name(rule_id: str) -> str:
    """`tolerates` of `scheduling/tolerates#2`."""
    return rule_id.rpartition("/")[2].partition("#")[0]


def _stale(path: str) -> InternalError:
    return InternalError(f"rules/{path}.kspec is not what generated/ was made of: run `kspec generate`")
