"""Knows what a user's file needs of the standard rules, and how that is kept as JSON, so that rules/ is not
parsed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kspec.elaborate.folders import Domain, Globals
from kspec.elaborate.literals import expr_from_json, expr_to_json
from kspec.elaborate.modules import Elaborated
from kspec.elaborate.profiles import Profile
from kspec.elaborate.scope import FunctionSig
from kspec.elaborate.types import extended
from kspec.ir.nodes import Parameter
from kspec.ir.types import (
    SCALARS,
    FieldDef,
    Kind,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    RecordDef,
    Type,
    TypeTable,
    show,
)
from kspec.source import InternalError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Library:
    """Signatures of the standard rules, and the types, kinds and profiles that they declare."""

    globals: Globals = field(default_factory=Globals)
    records: Mapping[str, RecordDef] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def types(self, table: TypeTable) -> TypeTable:
        """The table of a Kubernetes version with the library's own types in it, there already or not."""
        return extended(table, self.records, [k for k in self.kinds if k not in table.kinds])


def library_of(elaborated: Elaborated) -> Library:
    types = elaborated.types
    records = {name: types.records[name] for name in elaborated.declared_types}
    kinds = tuple(k for k in types.kinds if k.record in records)
    return Library(Globals(elaborated.functions, elaborated.domains), records, kinds, elaborated.profiles)


# ---------------------------------------------------------------- to JSON


def library_to_json(library: Library) -> dict[str, Any]:
    """Plain data; `library_from_json` makes an equal library of it."""
    return {
        "format": FORMAT,
        "functions": {
            folder: [_signature_to_json(s) for signatures in own.values() for s in signatures]
            for folder, own in library.globals.functions.items()
        },
        "domains": {
            folder: [[d.rule_id, d.name, show(d.type)] for d in own.values()]
            for folder, own in library.globals.domains.items()
        },
        "types": {
            name: {
                "doc": record.description,
                "fields": [[f.name, show(f.type), f.description] for f in record.fields.values()],
            }
            for name, record in library.records.items()
        },
        "kinds": [
            [k.group, k.version, k.kind, k.record, k.plural, k.namespaced, k.singular, list(k.short_names)]
            for k in library.kinds
        ],
        "profiles": {
            name: {"name": p.name, "doc": p.doc, "fields": dict(p.fields)}
            for name, p in library.profiles.items()
        },
    }


def _signature_to_json(signature: FunctionSig) -> dict[str, Any]:
    return {
        "id": signature.rule_id,
        "name": signature.name,
        "params": [_parameter_to_json(p) for p in signature.params],
        "using": signature.using,
        "result": show(signature.result),
    }


def _parameter_to_json(parameter: Parameter) -> list[Any]:
    default = [] if parameter.default is None else [expr_to_json(parameter.default)]
    return [parameter.name, show(parameter.type), *default]


# ---------------------------------------------------------------- from JSON


def library_from_json(data: Mapping[str, Any]) -> Library:
    if data.get("format") != FORMAT:
        raise InternalError(
            f"the library has format {data.get('format')}, not {FORMAT}; run `kspec generate`"
        )
    known = Globals()
    for folder, signatures in data["functions"].items():
        for row in signatures:
            known.add(folder, _signature_from_json(row))
    for folder, domains in data["domains"].items():
        known.domains[folder] = {name: Domain(id_, name, parse_type(type_)) for id_, name, type_ in domains}
    records = {
        name: RecordDef(
            name, {f: FieldDef(f, parse_type(t), description=doc) for f, t, doc in row["fields"]}, row["doc"]
        )
        for name, row in data["types"].items()
    }
    kinds = tuple(_kind_from_json(row) for row in data["kinds"])
    profiles = {name: Profile(p["name"], p["fields"], p["doc"]) for name, p in data["profiles"].items()}
    return Library(known, records, kinds, profiles)


def _kind_from_json(row: list[Any]) -> Kind:
    group, version, kind, record, plural, namespaced, singular, short_names = row
    return Kind(group, version, kind, record, plural, namespaced, singular, tuple(short_names))


def _signature_from_json(row: Mapping[str, Any]) -> FunctionSig:
    params = tuple(
        Parameter(name, parse_type(type_), expr_from_json(rest[0], parse_type) if rest else None)
        for name, type_, *rest in row["params"]
    )
    return FunctionSig(row["id"], row["name"], params, row["using"], parse_type(row["result"]))


def parse_type(text: str) -> Type:
    """The type that `show` prints as this text; a name that is no scalar's is a record's."""
    head, paren, inside = text.partition("(")
    if not paren:
        return SCALARS.get(text) or Record(text)
    inside = inside.removesuffix(")")
    match head:
        case "list":
            return ListOf(parse_type(inside))
        case "optional":
            return OptionalOf(parse_type(inside))
        case "map":
            key, _, value = inside.partition(", ")  # keys are scalars: the first comma is the map's own
            return MapOf(parse_type(key), parse_type(value))
        case _:
            raise InternalError(f"no type is written {text!r}")
