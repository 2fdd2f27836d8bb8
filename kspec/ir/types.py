"""Knows the types of expressions and how they print. Records are named; a `TypeTable` says what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:  # bool  int  quantity  dyn
    """A type without parts. `dyn` is CEL's escape hatch: checked at run time only."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:  # list(T)
    element: Type


@dataclass(frozen=True, slots=True)
class MapOf:  # map(K, V)
    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class OptionalOf:  # optional(T)
    value: Type


@dataclass(frozen=True, slots=True)
class Record:  # core.Pod
    """A type with named fields: a Kubernetes type, or one that a `type` declaration makes."""

    name: str


Type: TypeAlias = Scalar | ListOf | MapOf | OptionalOf | Record

BOOL = Scalar("bool")
INT = Scalar("int")
UINT = Scalar("uint")
DOUBLE = Scalar("double")
STRING = Scalar("string")
BYTES = Scalar("bytes")
NULL = Scalar("null_type")
TIMESTAMP = Scalar("timestamp")
DURATION = Scalar("duration")
QUANTITY = Scalar("quantity")
TYPE = Scalar("type")
DYN = Scalar("dyn")
IP = Scalar("ip")
CIDR = Scalar("cidr")
URL = Scalar("url")
SEMVER = Scalar("semver")

SCALARS: Mapping[str, Scalar] = {
    s.name: s
    for s in (
        BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION, QUANTITY, TYPE, DYN,
        IP, CIDR, URL, SEMVER,
    )
}  # fmt: skip


def show(type_: Type) -> str:
    """The type as the language spells it."""
    match type_:
        case Scalar(name) | Record(name):
            return name
        case ListOf(element):
            return f"list({show(element)})"
        case MapOf(key, value):
            return f"map({show(key)}, {show(value)})"
        case OptionalOf(value):
            return f"optional({show(value)})"


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of a record.

    `required`: the schema demands it; `list_type` atomic, set or map with `list_keys`; `merge_keys` of a
    strategic merge patch; `enum`: the values that the schema lists; `default`: the schema's own default, if
    any.
    """

    name: str
    type: Type
    required: bool = False
    description: str = ""
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    merge_keys: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    format: str = ""
    default: object = None


@dataclass(frozen=True, slots=True)
class RecordDef:
    """A record type. `open`: unknown fields are kept as they are (`x-kubernetes-preserve-unknown-fields`)."""

    name: str
    fields: Mapping[str, FieldDef]
    description: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource kind of the API: `Deployment` of `apps/v1`, its record type, and how the API serves it."""

    group: str  # "" is the core group
    version: str
    kind: str
    record: str  # name of the record type: apps.Deployment
    plural: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class TypeTable:
    """All records and kinds that are known: the built-in ones, CRDs, and `type` declarations."""

    records: Mapping[str, RecordDef] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ()

    def record(self, name: str) -> RecordDef | None:
        return self.records.get(name)

    def fields_of(self, type_: Type) -> Mapping[str, FieldDef]:
        if isinstance(type_, Record):
            found = self.records.get(type_.name)
            return found.fields if found else {}
        return {}

    def kind_of_record(self, name: str) -> Kind | None:
        return next((k for k in self.kinds if k.record == name), None)

    def find_kind(self, api_version: str, kind: str) -> Kind | None:
        return next((k for k in self.kinds if k.kind == kind and k.api_version == api_version), None)

    def __iter__(self) -> Iterator[RecordDef]:
        return iter(self.records.values())
