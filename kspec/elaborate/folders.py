"""Knows the global names, functions and domains by folder, and which of them a folder sees under which
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kspec.elaborate.scope import FunctionSig, Scope
from kspec.elaborate.types import COMMON
from kspec.ir.nodes import Expr
from kspec.ir.types import Record, Type, TypeTable

USER = "user"
"""The folder of what a user's own file declares. It sees the names of all folders without a prefix."""

CLUSTER = Record("Cluster")

Signatures = tuple[FunctionSig, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """`domain pods(p: Endpoint)`: a set that a property may quantify over; `type` is that of one member."""

    rule_id: str
    name: str
    type: Type


@dataclass(slots=True)
class Globals:
    """Functions and domains by folder and name. Filled in the first pass, read in the second."""

    functions: dict[str, dict[str, Signatures]] = field(default_factory=dict)
    domains: dict[str, dict[str, Domain]] = field(default_factory=dict)

    def add(self, folder: str, signature: FunctionSig) -> None:
        own = self.functions.setdefault(folder, {})
        own[signature.name] = (*own.get(signature.name, ()), signature)

    def joined(self, other: Globals) -> Globals:
        """What either has; no folder is in both."""
        return Globals({**self.functions, **other.functions}, {**self.domains, **other.domains})

    def functions_seen(self, folder: str) -> dict[str, Signatures]:
        """By every name that the folder may use: its own first, then those of `types`; others need their
        folder's name.
        """
        seen: dict[str, Signatures] = {}
        for other, own in self.functions.items():
            for name, signatures in own.items():
                seen[f"{other}.{name}"] = signatures
        for other in self._order(folder, self.functions):
            for name, signatures in self.functions[other].items():
                seen[name] = _merged(seen.get(name, ()), signatures)
        return seen

    def domains_seen(self, folder: str) -> dict[str, Domain]:
        """Domains by every name that the folder may use."""
        seen = {f"{other}.{name}": d for other, own in self.domains.items() for name, d in own.items()}
        for other in self._order(folder, self.domains):
            for name, domain in self.domains[other].items():
                seen.setdefault(name, domain)
        return seen

    @staticmethod
    def _order(folder: str, folders: Iterable[str]) -> list[str]:
        rest = sorted(set(folders) - {folder, COMMON}) if folder == USER else []
        return [f for f in (folder, COMMON, *rest) if f in folders]


def _merged(nearer: Signatures, further: Signatures) -> Signatures:
    """Overloads of both; of two with the same parameters the nearer hides the further."""
    taken = {tuple(p.type for p in s.params) for s in nearer}
    return nearer + tuple(s for s in further if tuple(p.type for p in s.params) not in taken)


@dataclass(frozen=True, slots=True)
class View:
    """What the text of one folder sees."""

    folder: str
    table: TypeTable
    functions: Mapping[str, Signatures] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    constants: Mapping[str, Expr] = field(default_factory=dict)

    def scope(self, variables: Mapping[str, Type]) -> Scope:
        """The scope of these variables; they hide constants of the same name."""
        constants = {name: value.type for name, value in self.constants.items()}
        return Scope({**constants, **variables}, self.functions, self.table)

    def bare(self) -> View:
        """Only the types: what a constant may use."""
        return View(self.folder, self.table)


def view(known: Globals, folder: str, table: TypeTable, constants: Mapping[str, Expr] | None = None) -> View:
    return View(folder, table, known.functions_seen(folder), known.domains_seen(folder), constants or {})
