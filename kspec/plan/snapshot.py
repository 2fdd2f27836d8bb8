"""Knows how what comes from a running cluster is put back into a model: defaulted, as reading it from the
API server would do, and what depends on Kubernetes' own hashes in the model's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kspec.model.objects import Object, merge_patch, metadata, uid_of
from kspec.model.rules import call_function
from kspec.model.world import World

AS_HERE = "asHere"
"""Of an owner and what it owns: what of the latter is otherwise in the model."""


def restore(world: World, live: Iterable[tuple[str, Object]]) -> None:
    """Puts live objects back, each with its record type."""
    defaulted = [(record, world.api.defaulted(record, obj)) for record, obj in live]
    by_uid = {uid_of(obj): (record, obj) for record, obj in defaulted}
    for record, obj in defaulted:
        world.store.restore(record, _as_here(world, obj, by_uid))


def _as_here(world: World, obj: Object, by_uid: dict[str, tuple[str, Object]]) -> Object:
    for reference in metadata(obj).get("ownerReferences") or ():
        found = by_uid.get(str(reference.get("uid"))) if reference.get("controller") else None
        rule = world.api.rules.function_about(AS_HERE, found[0]) if found else None
        if found and rule is not None:
            made: Any = call_function(rule, found[1], obj)
            return dict(merge_patch(obj, made))
    return obj
