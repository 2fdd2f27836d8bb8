"""Knows what happens to objects that no type describes: they are applied as they are, and nothing acts on
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kspec.plan.diff import wanted_part
from kspec.plan.value import FieldChange, ObjectChange, Ref, Verb
from kspec.resources.objects import KubeObject, ObjectKey


def custom_changes(old: Iterable[KubeObject], new: Iterable[KubeObject]) -> list[ObjectChange]:
    """What becomes of the untyped objects. Those of a live state that the input does not name are left
    alone.
    """
    before = {o.key: o for o in old if o.kind is None}
    after = {o.key: o for o in new if o.kind is None}
    changes = [_change(before.get(key), o) for key, o in after.items()]
    gone = [
        o for key, o in before.items() if key not in after and not (o.value.get("metadata") or {}).get("uid")
    ]
    return changes + [ObjectChange(Verb.DELETE, ref_of(o)) for o in gone]


def custom_kinds(objects: Iterable[KubeObject]) -> tuple[tuple[str, tuple[Ref, ...]], ...]:
    """The untyped objects, by kind and group."""
    found: dict[str, list[Ref]] = {}
    for o in objects:
        if o.kind is None:
            found.setdefault(_kind_and_group(o.key), []).append(ref_of(o))
    return tuple((kind, tuple(sorted(refs))) for kind, refs in sorted(found.items()))


def ref_of(obj: KubeObject) -> Ref:
    return Ref(obj.api_version, obj.key.kind, obj.key.namespace, obj.key.name)


def _kind_and_group(key: ObjectKey) -> str:
    return f"{key.kind}.{key.group}" if key.group else key.kind


def _change(old: KubeObject | None, new: KubeObject) -> ObjectChange:
    where = str(new.span)
    if old is None:
        return ObjectChange(Verb.CREATE, ref_of(new), where=where)
    fields = tuple(_differences("", wanted_part(old.value), wanted_part(new.value)))
    return ObjectChange(Verb.CHANGE if fields else Verb.KEEP, ref_of(new), fields, where=where)


def _differences(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    """Maps are compared by key; without a type a list is one value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(n for n in new if n not in old)]:
            yield from _differences(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif old != new:
        yield FieldChange(path, old, new)
