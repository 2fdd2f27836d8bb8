"""Knows how a world is prepared: its nodes put in place, objects just applied; nothing has run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kspec.ir.types import TypeTable
from kspec.model.chooser import Chooser
from kspec.model.objects import Object, key_of, uid_of
from kspec.model.rules import call_function
from kspec.model.scheduler import NODE, POD
from kspec.model.world import World
from kspec.plan.build import OPTIONS, Rules
from kspec.plan.snapshot import restore
from kspec.resources.objects import KubeObject


def prepared_world(
    rules: Rules,
    table: TypeTable,
    objects: Iterable[KubeObject],
    nodes: Sequence[Object],
    chooser: Chooser | None = None,
    refused: list[str] | None = None,
    options: Mapping[str, object] | None = None,
) -> World:
    """The world, without what the API server refuses, of which a line each is added to `refused`. Nodes among
    the objects are left out for `nodes`; what comes from a cluster is put back as it was there. `options`:
    what is said of the cluster, by area.
    """
    world = World(rules.rules, table, rules.profiles, chooser)
    world.cluster.said = {OPTIONS: options or {}}
    for node in nodes:
        world.store.restore(NODE, world.api.kinds.identified(NODE, node))
    known = [(o.kind.record, o.decoded) for o in objects if o.kind is not None and o.decoded is not None]
    known = [(record, obj) for record, obj in known if record != NODE]
    restore(world, [(record, obj) for record, obj in known if was_there(rules, record, obj)])
    for record, obj in sorted(known, key=lambda k: world.api.kinds.is_namespaced(k[0])):
        if not was_there(rules, record, obj):
            reply = world.api.create(record, obj)
            if not reply.ok and refused is not None:
                refused.append(f"{key_of(record, obj)}: {reply.reason}: {reply.message}")
    return world


def was_there(rules: Rules, record: str, obj: Object) -> bool:
    """Does the object come from a cluster? So do what has a uid, and a pod that ran to its end on a node: to
    create that would be to run it again.
    """
    if uid_of(obj):
        return True
    bound = record == POD and (obj.get("spec") or {}).get("nodeName")
    return bool(bound) and not call_function(rules.rules.function("scheduling/holdsNode"), obj)
