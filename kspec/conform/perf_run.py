"""Knows how a workload of scheduler_perf is run on the model: objects are created through its API server, its
scheduler binds the pods, and the pods a second are told. No other component runs, as in the original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.conform.cluster import decoded, table
from kspec.conform.perf_workload import Operation, Workload
from kspec.conform.protocol import UnsupportedCase
from kspec.conform.scheduler_input import profile, rules
from kspec.model.clock import SECOND_NANOS
from kspec.model.objects import Key, is_deleting, key_of
from kspec.model.store import Event
from kspec.model.world import World

POD, NODE, SPACE = "core.Pod", "core.Node", "core.Namespace"
PATIENCE_NANOS = 120 * SECOND_NANOS
"""How long, by the model's clock, pods are waited for that fit nowhere."""
BASE_NODE: dict[str, Any] = {
    "metadata": {"generateName": "scheduler-perf-"},
    "status": {"capacity": {"pods": "110", "cpu": "4", "memory": "32Gi"}},
}
"""The node of upstream's benchmark where a file names no template."""
Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the pods that count were bound, in how many seconds; `waiting` found no node."""

    bound: int
    seconds: float
    waiting: int

    @property
    def a_second(self) -> float:
        return self.bound / self.seconds if self.seconds else 0.0


class Run:
    """One workload on a cluster of its own. `timer` is read around what is measured."""

    def __init__(self, workload: Workload, timer: Timer) -> None:
        self._templates = workload.templates
        self._operations = workload.operations
        self._timer = timer
        self._world = World(rules(), table(), profile())
        self._going: list[Key] = []
        self._tell = self._world.store.on_event
        self._world.store.on_event = self._observe
        self._numbers: dict[str, int] = {}
        self._bound, self._seconds, self._waiting = 0, 0.0, 0
        self._space("default")

    def run(self) -> Rate:
        for op in self._operations:
            self._do(op)
        return Rate(self._bound, self._seconds, self._waiting)

    def _do(self, op: Operation) -> None:
        match op.opcode:
            case "createNodes":
                self._nodes(op)
            case "createNamespaces":
                self._spaces(op)
            case "createPods":
                self._pods(op, str(op.fields.get("namespace", "default")))
            case "createPodSets":
                assert op.inner is not None
                for number in range(op.count):
                    self._pods(op.inner, f"{op.fields['namespacePrefix']}-{number}")
            case "createAny":
                for number in range(op.count):
                    raw = self._templates.read(str(op.fields["templatePath"]), number, op.count)
                    self._create(raw, str(op.fields.get("namespace", "")))
            case "churn":
                self._churn(op)
            case "barrier":
                self._schedule()
            case "sleep" | "startCollectingMetrics" | "stopCollectingMetrics":
                pass
            case other:
                raise UnsupportedCase(f"the opcode `{other}`")

    # ------------------------------------------------------------ objects

    def _nodes(self, op: Operation) -> None:
        if op.fields.get("nodeAllocatableStrategy"):
            raise UnsupportedCase("nodeAllocatableStrategy")
        template = str(op.fields.get("nodeTemplatePath", ""))
        strategy = op.fields.get("labelNodePrepareStrategy") or {}
        values = strategy.get("labelValues") or [strategy.get("labelValue", "")]
        unique = op.fields.get("uniqueNodeLabelStrategy") or {}
        for number in range(op.count):
            raw = self._templates.read(template, number, op.count) if template else BASE_NODE
            meta = dict(raw.get("metadata") or {})
            labels = dict(meta.get("labels") or {})
            if strategy:
                labels[str(strategy["labelKey"])] = str(values[number % len(values)])
            if unique:
                labels[str(unique["labelKey"])] = f"{number:05d}"
            self._create({**raw, "metadata": {**meta, "labels": labels}}, "", NODE)

    def _spaces(self, op: Operation) -> None:
        template = str(op.fields.get("namespaceTemplatePath", ""))
        for number in range(op.count):
            raw = self._templates.read(template, number, op.count) if template else {"metadata": {}}
            self._space(f"{op.fields['prefix']}-{number}", raw)

    def _space(self, name: str, raw: Mapping[str, Any] | None = None) -> None:
        meta = {k: v for k, v in ((raw or {}).get("metadata") or {}).items() if k != "generateName"}
        self._create({**(raw or {}), "metadata": {**meta, "name": name}}, "", SPACE)

    def _create(self, raw: Mapping[str, Any], namespace: str, record: str = "") -> Key:
        if not record:
            kind = table().find_kind(str(raw.get("apiVersion", "")), str(raw.get("kind", "")))
            if kind is None:
                raise UnsupportedCase(f"the kind {raw.get('kind')}")
            record = kind.record
        return self._admit(record, decoded(self._named(raw, namespace), record))

    def _named(self, raw: Mapping[str, Any], namespace: str) -> dict[str, Any]:
        meta = dict(raw.get("metadata") or {})
        if "name" not in meta:
            base = str(meta.pop("generateName", "object-"))
            number = self._numbers[base] = self._numbers.get(base, -1) + 1
            meta["name"] = f"{base}{number:05d}"
        return {**raw, "metadata": {**meta, "namespace": namespace} if namespace else meta}

    def _admit(self, record: str, obj: dict[str, Any]) -> Key:
        if record == NODE:  # whose status comes with it
            return key_of(record, self._world.store.restore(record, obj))
        reply = self._world.api.create(record, obj)
        if not reply.ok:
            raise UnsupportedCase(f"{key_of(record, obj)} is refused: {reply.message}")
        return key_of(record, reply.object)

    # ------------------------------------------------------------ pods

    def _pods(self, op: Operation, namespace: str) -> None:
        for word in ("persistentVolumeTemplatePath", "persistentVolumeClaimTemplatePath"):
            if op.fields.get(word):
                raise UnsupportedCase(word)
        template = str(op.fields.get("podTemplatePath") or self._templates.pod)
        if not template:
            raise UnsupportedCase("createPods without a template")
        keys: dict[Key, None] = {}
        same = decoded(self._templates.read(template), POD) if self._templates.is_same(template) else None
        for number in range(op.count):
            if same is None:
                keys[self._create(self._templates.read(template, number, op.count), namespace, POD)] = None
            else:
                keys[self._admit(POD, self._named(same, namespace))] = None
        if op.fields.get("skipWaitToCompletion"):
            return
        before = self._timer()
        left = self._schedule(keys)
        if op.fields.get("collectMetrics"):
            self._seconds += self._timer() - before
            self._bound += op.count - left
            self._waiting += left

    def _observe(self, event: Event) -> None:
        if event.key.record == POD and is_deleting(event.object):
            self._going.append(event.key)
        if self._tell is not None:
            self._tell(event)

    def _schedule(self, wanted: Mapping[Key, None] | None = None) -> int:
        """Runs the scheduler until these pods are bound, all that can be; how many are not."""
        world, scheduler = self._world, self._world.scheduler
        assert scheduler is not None
        waiting = dict(wanted or {})
        until = world.clock.nanos + PATIENCE_NANOS
        while waiting or wanted is None:
            ready = scheduler.ready(world.clock.nanos)
            if ready:
                key = ready[0]
                scheduler.run(key)
                if key in waiting and _is_bound(world.store.get(key)):
                    del waiting[key]
                while self._going:  # there is no kubelet that would let them go
                    world.api.delete(self._going.pop(), grace_seconds=0)
                continue
            at = scheduler.next_time()
            if at is None or at > until:
                break
            world.clock.advance_to(max(at, world.clock.nanos))
        return len(waiting)

    def _churn(self, op: Operation) -> None:
        """What comes and goes meanwhile upstream, by the clock, is there from here on."""
        number = int(op.fields.get("number", 1))
        for name in op.fields.get("templatePaths") or ():
            for each in range(number):
                raw = self._templates.read(str(name), each, number)
                spaced = table().find_kind(str(raw.get("apiVersion", "")), str(raw.get("kind", "")))
                self._create(raw, "default" if spaced is not None and spaced.namespaced else "")


def _is_bound(pod: Mapping[str, Any] | None) -> bool:
    return bool(pod and (pod.get("spec") or {}).get("nodeName"))
