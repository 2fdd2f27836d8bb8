"""Knows how the scheduler's cases become a cluster to judge: objects by kind, pods as the API admits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kspec.conform.cluster import decoded, rulebook, table
from kspec.conform.protocol import UnsupportedCase
from kspec.model.objects import Object, name_of
from kspec.model.placement import Judge, NodePods
from kspec.model.preemption import Preemption
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.model.standard import standard_profile, standard_rules
from kspec.model.world import World
from kspec.resources.load import load_library

LISTS = {
    "namespaces": "core.Namespace",
    "services": "core.Service",
    "priorityClasses": "scheduling.PriorityClass",
    "pvcs": "core.PersistentVolumeClaim",
    "pvs": "core.PersistentVolume",
    "storageClasses": "storage.StorageClass",
    "csiNodes": "storage.CSINode",
    "csiDrivers": "storage.CSIDriver",
    "csiStorageCapacities": "storage.CSIStorageCapacity",
    "pdbs": "policy.PodDisruptionBudget",
}
KNOWN = {"mode", "nodes", "pods", "pending", *LISTS}
POD = "core.Pod"


@cache
def rules() -> RuleSet:
    return standard_rules(rulebook(), table())


@cache
def profile() -> Profile:
    return standard_profile({name: p.fields for name, p in load_library().profiles.items()})


@dataclass(slots=True)
class Snapshot:
    """A cluster at rest, a judge over it, and the pods that want a node (or why they are not let in)."""

    nodes: list[Object]
    placed: dict[str, NodePods]
    pending: list[Object | str]
    judge: Judge
    preemption: Preemption
    now: Any

    def place(self, pod: Object, node: str) -> None:
        here = self.placed.setdefault(node, NodePods())
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        here.pods, here.version = (*here.pods, bound), here.version + 1


def snapshot(case: Mapping[str, Any], chosen: Profile | None = None) -> Snapshot:
    """The cluster of a case's input, for the default profile if no other is chosen. A list that is not known
    here is not modelled.
    """
    for name in case:
        if name not in KNOWN:
            raise UnsupportedCase(f"`{name}` is not modelled")
    world = World(rules(), table(), chosen or profile())
    for name, record in LISTS.items():
        for raw in case.get(name) or ():
            world.store.restore(record, decoded(raw, record))
    assert world.scheduler is not None
    judge = world.scheduler.judge
    judge.score_one = True
    found = Snapshot([], {}, [], judge, Preemption(judge), world.clock.now)
    found.nodes = [decoded(raw, "core.Node") for raw in case["nodes"]]
    holds = rules().function("scheduling/holdsNode")
    for raw in case.get("pods") or ():
        pod = _admitted(raw, world)
        if isinstance(pod, dict) and call_function(holds, pod):
            found.place(pod, pod["spec"]["nodeName"])
    found.pending = [_admitted(raw, world) for raw in case["pending"]]
    unmodelled = rules().function("scheduling/unmodelled")
    for pod in found.pending:
        if isinstance(pod, dict):
            missing = call_function(unmodelled, pod, world.cluster.of(unmodelled))
            if missing:
                raise UnsupportedCase(", ".join(missing))
    return found


def _admitted(raw: Mapping[str, Any], world: World) -> Object | str:
    """The pod as the API server would make it, with its own metadata and status; or why it is refused."""
    pod = decoded(raw, POD)
    reply = world.api.create(POD, pod, dry_run=True)
    if not reply.ok:
        return reply.message
    return {**reply.object, "metadata": pod["metadata"], "status": pod.get("status", {})}


def pod_name(pod: Object) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{name_of(pod)}"
