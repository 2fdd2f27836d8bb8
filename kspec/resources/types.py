"""Knows the API's types in each Kubernetes version: loads the table that was generated from its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kspec.data import root
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
)
from kspec.source import InternalError

DEFAULT_VERSION = "1.36"
"""The Kubernetes version that the rules are written for."""


def versions() -> tuple[str, ...]:
    """The Kubernetes versions whose types are at hand, oldest first."""
    folder = root() / "generated" / "types"
    return tuple(sorted((f.stem for f in folder.glob("*.json")), key=_version_key))


@lru_cache(maxsize=8)
def load_types(version: str = DEFAULT_VERSION) -> TypeTable:
    """The types of one Kubernetes version, records decoded when first asked for; KeyError if unknown."""
    path = root() / "generated" / "types" / f"{version}.json"
    if version not in versions():
        raise KeyError(version)
    return table_from_json(json.loads(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def built_in_groups() -> frozenset[str]:
    """The groups whose kinds are Kubernetes' own: what they do not serve does not exist."""
    return frozenset(k.group for v in versions() for k in load_types(v).kinds)


def table_from_json(data: Mapping[str, object]) -> TypeTable:
    """The table that `openapi.table_to_json` wrote."""
    kinds, records = data["kinds"], data["records"]
    if not isinstance(kinds, list) or not isinstance(records, dict):
        raise InternalError("the table of types has another shape")
    return TypeTable(LazyRecords(records), tuple(_kind(row) for row in kinds))


def _kind(row: list[Any]) -> Kind:
    group, version, kind, record, plural, namespaced, singular, short_names = row
    return Kind(group, version, kind, record, plural, namespaced, singular, tuple(short_names))


class LazyRecords(Mapping[str, RecordDef]):
    """Records by name, each decoded from its compact form on first use."""

    __slots__ = ("_made", "_raw")

    def __init__(self, raw: Mapping[str, list[object]]) -> None:
        self._raw = raw
        self._made: dict[str, RecordDef] = {}

    def __getitem__(self, name: str) -> RecordDef:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _record(name, self._raw[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _record(name: str, raw: list[object]) -> RecordDef:
    description, fields = raw
    assert isinstance(description, str) and isinstance(fields, dict)
    return RecordDef(name, {key: _field(key, entry) for key, entry in fields.items()}, description)


def _field(name: str, raw: list[object]) -> FieldDef:
    """A field's compact form: type, description and, if there is anything more to say, a map of the rest."""
    more: object = raw[2] if len(raw) > 2 else {}
    assert isinstance(more, dict)
    return FieldDef(
        name,
        parse_type(str(raw[0])),
        required=more.get("required", False),
        description=str(raw[1]),
        list_type=more.get("list", ""),
        list_keys=tuple(more.get("keys", ())),
        merge_keys=tuple(more.get("merge", ())),
        enum=tuple(more.get("enum", ())),
        format=more.get("format", ""),
    )


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The type that `kspec.ir.types.show` printed as this text; a name that is no scalar's is a record's."""
    if text.endswith(")"):
        head, _, inside = text[:-1].partition("(")
        if head == "list":
            return ListOf(parse_type(inside))
        if head == "optional":
            return OptionalOf(parse_type(inside))
        if head == "map":
            key, _, value = inside.partition(", ")  # keys are scalars, so the first comma is ours
            return MapOf(parse_type(key), parse_type(value))
        raise InternalError(f"no type is spelt {text!r}")
    return SCALARS.get(text) or Record(text)


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
