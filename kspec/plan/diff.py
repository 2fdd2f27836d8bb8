"""Knows which fields of two objects of one type differ, and how their paths are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kspec.ir.types import ListOf, MapOf, Record, Type, TypeTable
from kspec.plan.merge import element_key, keys_of
from kspec.plan.value import FieldChange
from kspec.resources.objects import encode

Object = dict[str, Any]

SERVER_FIELDS = frozenset(
    (
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "managedFields",
        "selfLink",
        "ownerReferences",
    )
)
"""Metadata that the server keeps and no manifest sets."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def wanted_part(obj: Object) -> Object:
    """The object without status and without what the server keeps: what a manifest could say."""
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in SERVER_FIELDS}
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k != LAST_APPLIED}
    meta = (
        {**meta, "annotations": annotations}
        if annotations
        else {k: v for k, v in meta.items() if k != "annotations"}
    )
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta}


def field_changes(table: TypeTable, record: str, old: Object, new: Object) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the type's fields. Equal quantities in other notation are
    equal.
    """
    return tuple(_record(table, Record(record), "", old, new))


def _record(table: TypeTable, type_: Type, path: str, old: Object, new: Object) -> Iterator[FieldChange]:
    fields = table.fields_of(type_)
    known = [n for n in fields if n in old or n in new]
    for name in known + sorted({*old, *new} - set(known)):
        field = fields.get(name)
        at = f"{path}.{name}" if path else name
        yield from _value(
            table,
            field.type if field else None,
            keys_of(field) if field else (),
            at,
            old.get(name),
            new.get(name),
        )


def _value(
    table: TypeTable, type_: Type | None, keys: tuple[str, ...], path: str, old: Any, new: Any
) -> Iterator[FieldChange]:
    if old == new and type(old) is type(new):
        return
    match type_:
        case Record() if isinstance(old, dict) and isinstance(new, dict):
            yield from _record(table, type_, path, old, new)
        case ListOf(element) if keys and isinstance(old, list) and isinstance(new, list):
            yield from _keyed(table, element, keys, path, old, new)
        case ListOf(Record() as element) if (
            isinstance(old, list) and isinstance(new, list) and len(old) == len(new)
        ):
            for at, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _value(table, element, (), f"{path}[{at}]", before, after)
        case MapOf(_, value) if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted({*old, *new}, key=str):
                yield from _value(table, value, (), f'{path}["{key}"]', old.get(key), new.get(key))
        case _:
            if encode(old) != encode(new):
                yield FieldChange(path, encode(old), encode(new))


def _keyed(
    table: TypeTable, element: Type, keys: tuple[str, ...], path: str, old: list[Any], new: list[Any]
) -> Iterator[FieldChange]:
    before = {element_key(keys, e): e for e in old}
    after = {element_key(keys, e): e for e in new}
    for key in [*before, *(k for k in after if k not in before)]:
        label = "/".join("" if part is None else str(part) for part in key)
        yield from _value(table, element, (), f"{path}[{label}]", before.get(key), after.get(key))
