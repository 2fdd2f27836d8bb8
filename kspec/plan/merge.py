"""Knows what applying a manifest makes of an object that exists: the three-way merge of `kubectl apply`.

What the manifest says is set, what an earlier manifest said and this one does not is removed, and what
others have set is left alone. Lists whose elements have keys are merged element by element; other lists
are replaced.
"""

from __future__ import annotations

from typing import Any

from kspec.ir.types import FieldDef, ListOf, MapOf, Record, Type, TypeTable

Object = dict[str, Any]


def three_way(table: TypeTable, record: str, last: Object, new: Object, live: Object) -> Object:
    """`live` once `new` is applied, where `last` was applied before. Decoded values of one record type."""
    return _record(table, Record(record), last, new, live)


def keys_of(field: FieldDef) -> tuple[str, ...]:
    """The fields that tell the elements of a list apart; empty for a list that is one value."""
    return field.list_keys or field.merge_keys


def element_key(keys: tuple[str, ...], element: Object) -> tuple[Any, ...]:
    return tuple(element.get(k) for k in keys)


def _record(table: TypeTable, type_: Type, last: Object, new: Object, live: Object) -> Object:
    fields = table.fields_of(type_)
    merged = {k: v for k, v in live.items() if k not in last or k in new}
    for name, value in new.items():
        field = fields.get(name)
        merged[name] = _value(
            table,
            field.type if field else None,
            keys_of(field) if field else (),
            last.get(name),
            value,
            live.get(name),
        )
    return merged


def _value(
    table: TypeTable, type_: Type | None, keys: tuple[str, ...], last: Any, new: Any, live: Any
) -> Any:
    match type_:
        case Record() if isinstance(new, dict) and isinstance(live, dict):
            return _record(table, type_, last if isinstance(last, dict) else {}, new, live)
        case MapOf() if isinstance(new, dict) and isinstance(live, dict):
            before = last if isinstance(last, dict) else {}
            return {**{k: v for k, v in live.items() if k not in before}, **new}
        case ListOf(element) if keys and isinstance(new, list) and isinstance(live, list):
            return _keyed(table, element, keys, last if isinstance(last, list) else [], new, live)
        case _:
            return new


def _keyed(
    table: TypeTable, element: Type, keys: tuple[str, ...], last: list[Any], new: list[Any], live: list[Any]
) -> list[Any]:
    """The manifest's elements in its order, then those that others have added."""
    before = {element_key(keys, e): e for e in last}
    present = {element_key(keys, e): e for e in live}
    wanted = {element_key(keys, e): e for e in new}
    merged = [
        _record(table, element, before.get(k, {}), e, present[k]) if k in present else e
        for k, e in wanted.items()
    ]
    return merged + [e for k, e in present.items() if k not in wanted and k not in before]
