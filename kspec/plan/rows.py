"""Knows how to read the outcome off a world that has come to rest: pods with their nodes, workloads, how
full nodes are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from kspec.model.objects import Key, Object, controller_of, key_of, name_of, namespace_of, uid_of
from kspec.model.rules import call_function, clauses_of, subject
from kspec.model.scheduler import NODE, POD
from kspec.model.world import World
from kspec.plan.compare import ref_of
from kspec.plan.value import NodeRow, PodRow, Ref, Workload
from kspec.resources.objects import encode
from kspec.runtime.values import Quantity

SHOWN_RESOURCES = ("cpu", "memory")


def pod_rows(world: World, before: Mapping[str, Object]) -> tuple[PodRow, ...]:
    """Every pod that exists, in order, then those of `before` (by uid) that are gone."""
    present = world.store.objects(POD)
    uids = {uid_of(p) for p in present}
    rows = [_pod_row(world, p, "kept" if uid_of(p) in before else "new") for p in present]
    rows += [_pod_row(world, p, "gone") for uid, p in before.items() if uid not in uids]
    return tuple(rows)


def _pod_row(world: World, pod: Object, fate: str) -> PodRow:
    status = pod.get("status") or {}
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ()
    )
    owner = owner_of(world, pod)
    top = owner
    while top is not None and (above := owner_of(world, top)) is not None:
        top = above
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    reference = controller_of(pod)
    return PodRow(
        ref_of(pod),
        ref_of(owner) if owner else _reference(pod, reference) if reference else None,
        ref_of(top) if top else None,
        node,
        str(status.get("phase", "")),
        ready,
        fate,
        "" if ready or fate == "gone" else _why(world, pod, node),
    )


def _reference(pod: Object, reference: Object) -> Ref:
    """An owner that is no longer there, as the pod names it."""
    return Ref(
        reference.get("apiVersion", ""),
        reference.get("kind", ""),
        namespace_of(pod),
        reference.get("name", ""),
    )


def _why(world: World, pod: Object, node: str) -> str:
    """What keeps the pod from running, in the words of whoever decided."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "False" and condition.get("message"):
            return str(condition["message"])
    if not node:
        held = str(call_function(world.api.rules.function("scheduling/whyNotQueued"), pod, world.schedulers))
        return held or "no scheduler has looked at it"
    return f"bound to {node}, which has not started it"


def owner_of(world: World, obj: Object) -> Object | None:
    """The object that controls this one, if it exists."""
    reference = controller_of(obj)
    kind = world.api.kinds.of_object(reference) if reference else None
    if reference is None or kind is None:
        return None
    namespace = namespace_of(obj) if kind.namespaced else ""
    found = world.store.get(Key(kind.record, namespace, str(reference.get("name", ""))))
    return found if found is not None and uid_of(found) == reference.get("uid") else None


def workloads(world: World) -> tuple[Workload, ...]:
    """Whatever a controller rule lets own objects and nobody else owns, with what comes of it."""
    makers = {subject(r) for r in world.api.rules.of_kind("controller") if clauses_of(r, "owns")}
    found = [
        _workload(world, makers, record, obj)
        for record in world.store.records()
        if record in makers
        for obj in world.store.objects(record)
        if owner_of(world, obj) is None
    ]
    return tuple(sorted(found, key=lambda w: (w.object.namespace, w.object.kind, w.object.name)))


def _workload(world: World, makers: Set[str], record: str, obj: Object) -> Workload:
    pods, ready, owned = 0, 0, []
    for other in world.store.records():
        for dependent in world.store.shelf(other).owned_by(uid_of(obj)):
            if other == POD:
                pods += 1
                ready += _is_ready(dependent)
            elif other in makers:
                inner = _workload(world, makers, other, dependent)
                owned.append(inner)
                pods, ready = pods + inner.pods, ready + inner.ready
    return Workload(ref_of(obj), _wanted(world, record, obj), pods, ready, tuple(owned))


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _wanted(world: World, record: str, obj: Object) -> int | None:
    rule = world.api.rules.function_about("wantedPods", record)
    return None if rule is None else int(str(call_function(rule, obj)))


def node_rows(world: World) -> tuple[NodeRow, ...]:
    """Each node with what the pods on it request of what it has."""
    rows = []
    used, available = (world.api.rules.function(f"scheduling/{n}") for n in ("used", "allocatable"))
    for node in world.store.objects(NODE):
        name = name_of(node)
        pods = list(world.scheduler.pods_on(name)) if world.scheduler else []
        usage = []
        for resource in SHOWN_RESOURCES:
            asked: Any = call_function(used, pods, resource)
            there: Any = call_function(available, node, resource)
            usage.append((resource, _text(asked), _text(there), _percent(asked, there)))
        rows.append(NodeRow(name, len(pods), tuple(usage)))
    return tuple(rows)


def _text(quantity: Quantity) -> str:
    return str(encode(quantity))


def _percent(part: Quantity, whole: Quantity) -> int:
    return 100 * part.nanos // whole.nanos if whole.nanos else 0


def made_besides(
    world: World, before: Set[Key], given: Set[Key], shown: Iterable[Workload]
) -> tuple[Ref, ...]:
    """Objects that came to exist and are neither given, nor pods, nor shown among the workloads."""
    known = set(_refs(shown))
    return tuple(
        ref_of(obj)
        for record in world.store.records()
        if record not in (POD, NODE)
        for obj in world.store.objects(record)
        if key_of(record, obj) not in before | given and ref_of(obj) not in known
    )


def _refs(shown: Iterable[Workload]) -> Iterator[Ref]:
    for workload in shown:
        yield workload.object
        yield from _refs(workload.owned)


def overlooked(world: World, pods: Iterable[PodRow]) -> tuple[tuple[str, tuple[Ref, ...]], ...]:
    """What pods ask for that no rule looks at, and whose pods do: of a workload it is enough to ask one."""
    rule = world.api.rules.function("scheduling/unmodelled")
    found: dict[str, dict[Ref, None]] = {}
    asked: set[Ref] = set()
    for row in pods:
        whose = row.workload or row.object
        if row.fate != "gone" and (row.owner or row.object) not in asked:
            asked.add(row.owner or row.object)
            pod = world.store.get(Key(POD, row.object.namespace, row.object.name))
            for aspect in call_function(rule, pod, world.cluster.of(rule)):
                found.setdefault(str(aspect), {})[whose] = None
    return tuple((aspect, tuple(sorted(refs))) for aspect, refs in sorted(found.items()))


def inert_kinds(world: World) -> tuple[tuple[str, int], ...]:
    """Kinds of which there are objects that no controller and no scheduler of the model looks at."""
    looked_at = {POD, NODE}
    for rule in world.api.rules.of_kind("controller"):
        looked_at |= {subject(rule), *(c.type for c in rule.clauses if c.type)}
    return tuple(
        (world.api.kinds.kind_name(record), len(world.store.objects(record)))
        for record in world.store.records()
        if record not in looked_at
    )
