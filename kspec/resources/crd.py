"""Knows what a CustomResourceDefinition says of types: it adds a kind and its records for each version that
is served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kspec.ir.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    FieldDef,
    Kind,
    ListOf,
    MapOf,
    Record,
    RecordDef,
    Type,
    TypeTable,
)

Schema = Mapping[str, Any]
OBJECT_META = Record("meta.ObjectMeta")


def is_crd(value: object) -> bool:
    """Is this raw document a CustomResourceDefinition?"""
    return (
        isinstance(value, dict)
        and value.get("kind") == "CustomResourceDefinition"
        and str(value.get("apiVersion", "")).startswith("apiextensions.k8s.io/")
    )


def with_crds(table: TypeTable, crds: Iterable[Mapping[str, Any]]) -> TypeTable:
    """The table with the kinds and records of these definitions added. What a definition gets wrong is left
    out of it: it is decoded as any other object too, which tells its mistakes."""
    from kspec.elaborate.types import extended

    records: dict[str, RecordDef] = {}
    kinds: list[Kind] = []
    taken = {name.partition(".")[0]: "" for name in table.records}
    for kind in table.kinds:
        taken[kind.record.partition(".")[0]] = kind.group
    for crd in crds:
        for kind, root in _served(crd, taken):
            if table.find_kind(kind.api_version, kind.kind) is not None:
                continue  # the rules declare it, and would not know another record
            made = _Records(kind)
            made.root(root)
            records |= made.records
            kinds.append(kind)
    return extended(table, records, kinds) if kinds else table


def _served(crd: Mapping[str, Any], taken: dict[str, str]) -> list[tuple[Kind, Schema]]:
    """The kind and the schema of each version that a definition serves, the preferred one first."""
    spec = _mapping(crd.get("spec"))
    names = _mapping(spec.get("names"))
    group, kind, plural = spec.get("group"), names.get("kind"), names.get("plural")
    if not (isinstance(group, str) and isinstance(kind, str) and isinstance(plural, str) and group and kind):
        return []
    versions = [v for v in map(_mapping, _list(spec.get("versions"))) if isinstance(v.get("name"), str)]
    versions = sorted((v for v in versions if v.get("served", True) is True), key=_preference, reverse=True)
    short = group.partition(".")[0]
    prefix = short if taken.setdefault(short, group) == group else group
    found = []
    for position, version in enumerate(versions):
        record = f"{prefix}.{kind}" if position == 0 else f"{prefix}.{version['name']}.{kind}"
        made = Kind(
            group,
            version["name"],
            kind,
            record,
            plural,
            spec.get("scope") != "Cluster",
            str(names.get("singular") or kind.lower()),
            tuple(s for s in _list(names.get("shortNames")) if isinstance(s, str)),
        )
        found.append((made, _mapping(_mapping(version.get("schema")).get("openAPIV3Schema"))))
    return found


def _preference(version: Mapping[str, Any]) -> tuple[int, int, int]:
    """Kubernetes' order of versions: stable, then beta, then alpha, then names of another form; higher
    numbers first."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version["name"])
    if match is None:
        return (0, 0, 0)
    return ({None: 3, "beta": 2, "alpha": 1}[match[2]], int(match[1]), int(match[3] or 0))


class _Records:
    """The records that one version's schema describes. A record inside is named by its path:
    `x.Kind.spec.items`."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.records: dict[str, RecordDef] = {}

    def root(self, schema: Schema) -> None:
        name = self.kind.record
        fields = {
            "apiVersion": FieldDef("apiVersion", STRING, enum=(self.kind.api_version,)),
            "kind": FieldDef("kind", STRING, enum=(self.kind.kind,)),
            "metadata": FieldDef("metadata", OBJECT_META),
        }
        fields |= {n: f for n, f in self.fields(schema, name).items() if n not in fields}
        self.add(name, fields, schema, kept=not schema or _keeps_unknown(schema))

    def add(self, name: str, fields: dict[str, FieldDef], schema: Schema, kept: bool) -> None:
        self.records[name] = RecordDef(name, fields, _sentence(schema), kept)

    def fields(self, schema: Schema, owner: str) -> dict[str, FieldDef]:
        required = {r for r in _list(schema.get("required")) if isinstance(r, str)}
        properties = _mapping(schema.get("properties"))
        return {n: self.field(n, _mapping(s), owner, n in required) for n, s in properties.items()}

    def field(self, name: str, schema: Schema, owner: str, required: bool) -> FieldDef:
        type_, format_ = self.type(schema, f"{owner}.{name}")
        enum = tuple(e for e in _list(schema.get("enum")) if isinstance(e, str))
        return FieldDef(
            name,
            type_,
            required and schema.get("default") is None,
            _sentence(schema),
            str(schema.get("x-kubernetes-list-type") or schema.get("x-kubernetes-map-type") or ""),
            tuple(k for k in _list(schema.get("x-kubernetes-list-map-keys")) if isinstance(k, str)),
            enum=enum if type_ == STRING else (),
            format=format_,
            default=schema.get("default"),
        )

    def type(self, schema: Schema, name: str) -> tuple[Type, str]:
        """The type that a schema describes, and the format of its innermost part."""
        if schema.get("x-kubernetes-int-or-string") is True:
            return DYN, "int-or-string"
        match schema.get("type"):
            case "object":
                return self.object(schema, name)
            case "array":
                element, format_ = self.type(_mapping(schema.get("items")), name)
                return ListOf(element), format_
            case "string":
                if schema.get("format") == "date-time":
                    return TIMESTAMP, ""
                return STRING, "byte" if schema.get("format") == "byte" else ""
            case "integer":
                return INT, "int32" if schema.get("format") == "int32" else ""
            case "number":
                return DOUBLE, ""
            case "boolean":
                return BOOL, ""
        return self.object(schema, name) if "properties" in schema else (DYN, "")

    def object(self, schema: Schema, name: str) -> tuple[Type, str]:
        values = schema.get("additionalProperties")
        if isinstance(values, dict):
            value, format_ = self.type(values, name)
            return MapOf(STRING, value), format_
        if values is True:
            return MapOf(STRING, DYN), ""
        kept = _keeps_unknown(schema)
        embedded = schema.get("x-kubernetes-embedded-resource") is True
        if kept and not embedded and not schema.get("properties"):
            return DYN, ""
        fields = self.fields(schema, name)
        if embedded:
            fields |= {
                "apiVersion": FieldDef("apiVersion", STRING, required=True),
                "kind": FieldDef("kind", STRING, required=True),
                "metadata": FieldDef("metadata", OBJECT_META),
            }
        self.add(name, fields, schema, kept)
        return Record(name), ""


def _keeps_unknown(schema: Schema) -> bool:
    return schema.get("x-kubernetes-preserve-unknown-fields") is True


def _sentence(schema: Schema) -> str:
    text = schema.get("description")
    return " ".join(text.split(". ", 1)[0].split())[:120].rstrip(".") if isinstance(text, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
