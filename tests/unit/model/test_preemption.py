"""How pods that matter more push out others: who goes, who stays, and that it comes to rest."""

from __future__ import annotations

from typing import Any

import pytest
from support.standard import table, world_of

from kspec.ir.types import Record
from kspec.model.objects import Key, metadata, name_of
from kspec.model.world import World
from kspec.resources.decode import decode

CLUSTER = """
---
apiVersion: v1
kind: Node
metadata: {name: n0, labels: {kubernetes.io/hostname: n0}}
status: {allocatable: {cpu: "2", memory: 4Gi, pods: "10"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: gentle}
value: 1000
preemptionPolicy: Never
"""


def pod(name: str, cpu: str, priority: str = "", **more: Any) -> dict[str, Any]:
    raw = {
        "metadata": {"name": name, "namespace": "shop", "labels": more.get("labels", {"app": name})},
        "spec": {
            "priorityClassName": priority,
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}],
        },
    }
    value, diagnostics = decode(raw, Record("core.Pod"), table())
    assert not diagnostics
    return value  # type: ignore[no-any-return]


def run(world: World, *pods: dict[str, Any]) -> None:
    for each in pods:
        reply = world.api.create("core.Pod", each)
        assert reply.ok, reply
        assert world.run_until_quiet().quiet


def places(world: World) -> dict[str, str]:
    return {name_of(p): p["spec"].get("nodeName", "") for p in world.store.objects("core.Pod")}


def test_a_pod_that_matters_more_takes_the_place_of_one_that_is_in_the_way() -> None:
    """The smaller of the two would not make room, so the larger goes; the smaller is put back."""
    world = world_of(CLUSTER)
    run(world, pod("large", "1500m"), pod("small", "300m"), pod("urgent", "1", "high"))
    assert places(world) == {"small": "n0", "urgent": "n0"}


def test_equals_do_not_push_one_another_out() -> None:
    world = world_of(CLUSTER)
    run(world, pod("first", "2", "high"), pod("second", "2", "high"))
    assert places(world) == {"first": "n0", "second": ""}
    told = world.store.get(Key("core.Pod", "shop", "second"))
    assert told is not None
    (condition,) = (c for c in told["status"]["conditions"] if c["type"] == "PodScheduled")
    assert condition["message"] == (
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 No preemption victims found for incoming pod."
    )


def test_a_class_may_forbid_it() -> None:
    world = world_of(CLUSTER)
    run(world, pod("first", "2"), pod("second", "2", "gentle"))
    assert places(world) == {"first": "n0", "second": ""}


def test_what_is_pushed_out_and_made_anew_does_not_take_the_place_back() -> None:
    world = world_of(CLUSTER)
    run(world, pod("low", "2"))
    for each in (pod("urgent", "2", "high"), pod("again", "2")):
        assert world.api.create("core.Pod", each).ok
    assert world.run_until_quiet().quiet
    assert places(world) == {"urgent": "n0", "again": ""}


@pytest.mark.parametrize(("allowed", "gone"), [(1, "a"), (0, "b")])
def test_a_budget_decides_who_of_equals_goes(allowed: int, gone: str) -> None:
    """Without a budget in the way the one that has run shorter goes; one that a budget protects stays."""
    budget = f"""
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: b, namespace: shop}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{app: a}}}}}}
status: {{disruptionsAllowed: {allowed}, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1}}
"""
    world = world_of(CLUSTER)
    run(world, pod("b", "1"))
    world.clock.advance_to(world.clock.nanos + 10**10)
    run(world, pod("a", "1"))
    from support.standard import workspace

    (found,) = workspace(budget).objects
    assert found.decoded is not None
    world.store.restore("policy.PodDisruptionBudget", found.decoded)
    run(world, pod("urgent", "1", "high"))
    assert gone not in places(world) and places(world)["urgent"] == "n0"
    assert metadata(found.decoded)["name"] == "b"
