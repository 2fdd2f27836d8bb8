"""Knows how a world is prepared: its nodes put in place, objects just applied; nothing has run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kspec.ir.types import TypeTable
from kspec.model.chooser import Chooser
from kspec.model.objects import Object
from kspec.model.scheduler import NODE
from kspec.model.world import World
from kspec.plan.build import Rules
from kspec.resources.objects import KubeObject


def prepared_world(
    rules: Rules,
    table: TypeTable,
    objects: Iterable[KubeObject],
    nodes: Sequence[Object],
    chooser: Chooser | None = None,
) -> World:
    """The world, without what the API server refuses. Nodes among the objects are left out for `nodes`."""
    world = World(rules.rules, table, rules.profiles, chooser)
    for node in nodes:
        world.store.restore(NODE, world.api.kinds.identified(NODE, node))
    known = [(o.kind.record, o.decoded) for o in objects if o.kind is not None and o.decoded is not None]
    for record, obj in sorted(known, key=lambda k: world.api.kinds.is_namespaced(k[0])):
        if record != NODE:
            world.api.create(record, obj)
    return world
