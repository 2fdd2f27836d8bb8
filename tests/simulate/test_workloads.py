"""ReplicaSets and Deployments reach what they should be from any state, in any order of events, by the
standard rules.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.standard import NODES, deployment, world_of

from kspec.model.chooser import Chooser, Drawn, Seeded
from kspec.model.explore import explore
from kspec.model.objects import Key
from kspec.model.world import Options, World

WEB = Key("apps.Deployment", "shop", "web")


def pods(world: World) -> list[dict]:
    return [p for p in world.store.objects("core.Pod") if "deletionTimestamp" not in p["metadata"]]


def unsettled(world: World) -> str | None:
    """What is wrong with a Deployment at rest, or None."""
    web = world.store.get(WEB)
    wanted, status = web["spec"]["replicas"], web["status"]
    images = {p["spec"]["containers"][0]["image"] for p in pods(world)}
    if len(pods(world)) != wanted:
        return f"{len(pods(world))} pods, not {wanted}"
    if wanted and images != {web["spec"]["template"]["spec"]["containers"][0]["image"]}:
        return f"pods run {images}"
    for name in ("replicas", "updatedReplicas", "availableReplicas"):
        if status.get(name, 0) != wanted:
            return f"status.{name} is {status.get(name)}, not {wanted}"
    if sum(r["spec"]["replicas"] for r in world.store.objects("apps.ReplicaSet")) != wanted:
        return "the ReplicaSets want another number"
    return None


def available(world: World) -> int:
    return sum(
        any(c["type"] == "Ready" and c["status"] == "True" for c in p.get("status", {}).get("conditions", ()))
        for p in pods(world)
    )


def rescaled(world: World, replicas: int, image: str) -> None:
    container = {**world.store.get(WEB)["spec"]["template"]["spec"]["containers"][0], "image": image}
    patch = {"spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}}}
    assert world.api.patch(WEB, patch).ok


@settings(max_examples=25, deadline=None)
@given(st.data(), st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), max_size=3), st.booleans())
def test_a_deployment_settles_after_any_edits(data: st.DataObject, edits: list, lag: bool) -> None:
    chooser = Drawn(lambda low, high: data.draw(st.integers(low, high))) if lag else None
    world = world_of(NODES + deployment("web", 2), chooser=chooser, options=Options(lag=lag))
    for replicas, image in edits:
        for _ in range(data.draw(st.integers(0, 12))):
            world.step()
        rescaled(world, replicas, image)
    assert world.run_until_quiet().quiet
    assert unsettled(world) is None, world.trace[-30:]


@pytest.mark.parametrize("seed", range(8))
def test_a_rolling_update_never_has_too_few_nor_too_many(seed: int) -> None:
    """maxUnavailable 25% of 4 is 1, maxSurge 25% is 1: at least 3 ready, at most 5 wanted, whatever the
    order.
    """
    world = world_of(
        NODES + deployment("web", 4), chooser=Seeded(seed), options=Options(lag=True, restarts=1)
    )
    world.run_until_quiet()
    rescaled(world, 4, "shop/web:2")
    for _ in range(5_000):
        if not world.step() and not world.pass_time():
            break
        assert available(world) >= 3, f"seed {seed}\n" + "\n".join(world.trace[-30:])
        wanted = sum(r["spec"]["replicas"] for r in world.store.objects("apps.ReplicaSet"))
        assert wanted <= 5, f"seed {seed}\n" + "\n".join(world.trace[-30:])
    assert unsettled(world) is None, f"seed {seed}"


def test_pods_that_are_lost_are_replaced() -> None:
    world = world_of(NODES + deployment("web", 3))
    world.run_until_quiet()
    for pod in pods(world)[:2]:
        world.api.delete(Key("core.Pod", "shop", pod["metadata"]["name"]))
    assert world.run_until_quiet().quiet
    assert unsettled(world) is None


REPLICA_SET = """
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: one, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: one}}
  template:
    metadata: {labels: {app: one}}
    spec: {containers: [{name: c, image: "x:1"}]}
"""


def lone_replica_set(chooser: Chooser) -> World:
    """One ReplicaSet that is scaled before anyone looks, and its controller; nobody places pods."""
    world = world_of(REPLICA_SET, chooser=chooser, options=Options(lag=True, restarts=1))
    keep = {"ReplicaSet", "GarbageCollector"}
    world.components = [c for c in world.components if c.name in keep]
    assert world.api.patch(Key("apps.ReplicaSet", "shop", "one"), {"spec": {"replicas": 2}}).ok
    return world


@pytest.mark.slow
def test_every_schedule_of_a_replica_set_makes_two_pods_and_no_more() -> None:
    found = explore(
        lone_replica_set,
        30,
        lambda world: "too many" if len(pods(world)) > 2 else None,
        lambda world: None if len(pods(world)) == 2 else f"{len(pods(world))} pods at rest",
    )
    assert found.violation == "" and found.complete
    assert found.states > 20
