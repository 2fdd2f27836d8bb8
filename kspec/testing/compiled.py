"""Knows what a folder that `kspec compile` wrote needs to run: its objects, its cluster, its world."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Scalar, Type, TypeTable
from kspec.model.chooser import Chooser
from kspec.model.defaults import Defaults
from kspec.model.rules import call_function
from kspec.model.standard import standard_profile, standard_rules
from kspec.model.world import World
from kspec.plan import Rules
from kspec.plan.prepared import prepared_world
from kspec.plan.rows import workloads
from kspec.resources.load import Workspace, load_library, load_workspace
from kspec.resources.objects import KubeObject
from kspec.runtime.rulebook import CompiledRule, load_rulebook
from kspec.source import DiagnosticError
from kspec.verify.cluster import cluster_of

Object = dict[str, Any]
NODE = "core.Node"


@dataclass(frozen=True)
class CompiledFolder:
    """The folder's objects and nodes, under the rules of Kubernetes and the user's own."""

    folder: Path
    kubernetes: str
    rules: tuple[CompiledRule, ...] = ()

    @cached_property
    def workspace(self) -> Workspace:
        names = [
            n for n in ("objects.yaml", "nodes.yaml") if (self.folder / n).read_text(encoding="utf-8").strip()
        ]
        found = load_workspace([str(self.folder / n) for n in names], version=self.kubernetes)
        if not found.ok:
            raise DiagnosticError(found.diagnostics)
        return found

    @cached_property
    def table(self) -> TypeTable:
        return load_library().types(self.workspace.table)

    @property
    def objects(self) -> tuple[KubeObject, ...]:
        return self.workspace.objects

    @cached_property
    def cluster(self) -> Object:
        """The objects, defaulted, as the variable `cluster` of a property sees them."""
        rules = standard_rules(load_rulebook().with_rules(self.rules), self.table)
        defaults = Defaults(self.table, rules)

        def defaulted(record: str, obj: Object) -> Object:
            return defaults.applied(record, obj, lambda rule, value: call_function(rule, value))

        known = [(o.kind.record, o.decoded) for o in self.objects if o.kind and o.decoded is not None]
        return cluster_of([k for k in known if k[0] != NODE], self.table, defaulted)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return vocabulary(self.cluster, Record("Cluster"), self.table)

    def world(self, chooser: Chooser | None = None) -> World:
        """A cluster of the folder's nodes; the objects have just been applied, nothing has run yet."""
        profiles = {name: p.fields for name, p in load_library().profiles.items()}
        rules = standard_rules(load_rulebook().with_rules(self.rules), self.table)
        nodes = [
            o.decoded for o in self.objects if o.kind and o.kind.record == NODE and o.decoded is not None
        ]
        whole = Rules(rules, standard_profile(profiles), self.kubernetes)
        return prepared_world(whole, self.table, self.objects, nodes, chooser)

    def planned(self) -> dict[str, list[int]]:
        """Of each workload in the saved plan: how many pods it has, and how many are ready."""
        plan = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        return {name_of(w["object"]): [w["pods"], w["ready"]] for w in plan["workloads"]}


def settled(world: World) -> dict[str, list[int]]:
    """The same of a world."""
    return {str(w.object): [w.pods, w.ready] for w in workloads(world)}


def name_of(ref: Mapping[str, str]) -> str:
    place = f"{ref['namespace']}/{ref['name']}" if ref.get("namespace") else ref["name"]
    return f"{ref['kind']} {place}"


Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Vocabulary:
    """The texts that occur in a cluster: by the field that holds them, and those of string maps by key."""

    fields: Texts
    labels: Texts


def vocabulary(value: object, type_: Type, table: TypeTable) -> Vocabulary:
    """The texts in a value of a type. What selectors ask of labels counts as labels."""
    fields: dict[str, dict[str, None]] = {}
    labels: dict[str, dict[str, None]] = {}

    def look(at: Any, type_: Type, name: str) -> None:
        match type_:
            case Scalar("string") if isinstance(at, str):
                fields.setdefault(name, {})[at] = None
            case ListOf(element) if isinstance(at, (list, tuple)):
                for each in at:
                    look(each, element, name)
            case MapOf(_, element) if isinstance(at, Mapping):
                for key, each in at.items():
                    found = labels.setdefault(str(key), {})
                    found.update({each: None} if isinstance(each, str) else {})
                    look(each, element, str(key))
            case Record() if isinstance(at, Mapping):
                if isinstance(at.get("key"), str):
                    labels.setdefault(at["key"], {}).update(dict.fromkeys(at.get("values") or ()))
                for key, definition in table.fields_of(type_).items():
                    look(at.get(key), definition.type, key)

    look(value, type_, "")
    return Vocabulary(_ordered(fields), _ordered(labels))


def _ordered(found: Mapping[str, Mapping[str, None]]) -> Texts:
    return {name: tuple(sorted(found[name])) for name in sorted(found)}
