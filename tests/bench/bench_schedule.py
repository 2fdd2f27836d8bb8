"""How many pods a second find their node, one by one: `python tests/bench/bench_schedule.py`.

CPU time of one core: the pod's class is found, all nodes are scored, the pod is put on the best. With
`--large`, 150,000 pods on 5,000 nodes, and how much memory that takes.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from kspec.conform.cluster import decoded, table
from kspec.conform.scheduler_input import profile, rules
from kspec.model.engine.engine import Engine
from kspec.model.world import World

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
GREEN = {"labelSelector": {"matchLabels": {"color": "green"}}}
AIMS = {"plain": 5000, "zone spread": 2000, "required anti-affinity": 2000, "required affinity": 1000}


def node(index: int) -> dict[str, Any]:
    name = f"node-{index:05d}"
    has = {"cpu": "32", "memory": "128Gi", "pods": "110"}
    labels = {HOST: name, ZONE: f"zone-{index % 3}"}
    return decoded(
        {"metadata": {"name": name, "labels": labels}, "status": {"allocatable": has}}, "core.Node"
    )


def affinity(kind: str, key: str) -> dict[str, Any]:
    return {
        "affinity": {
            kind: {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key, **GREEN}]}
        }
    }


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "zone spread": {
        "topologySpreadConstraints": [
            {"maxSkew": 5, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", **GREEN}
        ]
    },
    "preferred zone spread": {
        "topologySpreadConstraints": [
            {"maxSkew": 5, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway", **GREEN}
        ]
    },
    "required anti-affinity": affinity("podAntiAffinity", HOST),
    "required affinity": affinity("podAffinity", ZONE),
}


def pod(kind: str, colour: str) -> dict[str, Any]:
    """A pod as the API server admits it."""
    requests = {"cpu": "100m", "memory": "500Mi"}
    container = {"name": "pause", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": requests}}
    spec = {"containers": [container], **KINDS[kind]}
    raw = {"metadata": {"name": "p", "namespace": "default", "labels": {"color": colour}}, "spec": spec}
    world = World(rules(), table(), profile())
    world.api.create("core.Namespace", decoded({"metadata": {"name": "default"}}, "core.Namespace"))
    reply = world.api.create("core.Pod", decoded(raw, "core.Pod"), dry_run=True)
    assert reply.ok, reply.message
    made: dict[str, Any] = reply.object
    return made


def place(kind: str, nodes: int, pods: int) -> float:
    """CPU seconds for so many pods; each must find a node."""
    world = World(rules(), table(), profile())
    assert world.scheduler is not None
    engine = Engine(world.scheduler.judge)
    engine.with_nodes([node(i) for i in range(nodes)], lambda name: ())
    one = pod(kind, "green")
    start = process_time()
    for number in range(pods):
        meta = {**one["metadata"], "name": f"pod-{number}"}
        wanting = {**one, "metadata": meta, "spec": {**one["spec"]}}
        ranked = engine.rank(wanting)
        assert ranked.ties, f"{kind}: pod {number} fits nowhere"
        engine.put(ranked.nth(0), {**wanting, "spec": {**one["spec"], "nodeName": ranked.nth(0)}})
    assert engine.asked_anew == 0
    return process_time() - start


def best(action: Callable[[], float], runs: int = 2) -> float:
    return min(action() for _ in range(runs))


def rows(sizes: tuple[int, ...]) -> None:
    print("| pods, one by one | nodes | pods | pods a second | aim |\n|---|---|---|---|---|")
    for kind in KINDS:
        for nodes in sizes:
            pods = min(10_000, nodes * (1 if "anti" in kind else 20))
            rate = pods / best(lambda kind=kind, nodes=nodes, pods=pods: place(kind, nodes, pods))  # type: ignore[misc]
            aim = f"{AIMS[kind]:,}" if nodes == 5000 and kind in AIMS else ""
            print(f"| {kind} | {nodes:,} | {pods:,} | {rate:,.0f} | {aim} |", flush=True)


def large() -> None:
    seconds = place("plain", 5000, 150_000)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"150,000 pods on 5,000 nodes: {seconds:.1f} s, {memory:.2f} GiB (aim: 90 s, 4 GiB)")


if __name__ == "__main__":
    large() if "--large" in sys.argv[1:] else rows((100, 1000, 5000))
