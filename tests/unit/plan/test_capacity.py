"""How many more pods fit: node by node where nothing else matters, else one after another."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.conform.scheduler_input import rules, snapshot
from kspec.model.place import Place
from kspec.plan.capacity import Capacity, _node_by_node, _one_by_one, _unplaced, capacity

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def node(name: str, cpu: int, pods: int = 10, zone: str = "a", **spec: Any) -> dict[str, Any]:
    there = {"cpu": str(cpu), "memory": "8Gi", "pods": str(pods)}
    labels = {HOST: name, ZONE: zone}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"allocatable": there}}


def pod(name: str, on: str = "", cpu: str = "1", memory: str = "1Gi", **spec: Any) -> dict[str, Any]:
    asked = {"requests": {"cpu": cpu, "memory": memory}}
    where = {"nodeName": on} if on else {}
    return {
        "metadata": {"name": name, "namespace": "n", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "i:1", "resources": asked}], **where, **spec},
        "status": {"phase": "Running"} if on else {},
    }


def case(nodes: list[Any], pods: list[Any], wanted: Any) -> tuple[Place, dict[str, Any]]:
    given = {"nodes": nodes, "pods": pods, "pending": [wanted], "namespaces": [{"metadata": {"name": "n"}}]}
    found = snapshot(given)
    (one,) = found.pending
    assert isinstance(one, dict)
    return Place(found.judge.profile, rules(), found.judge.cluster, found.nodes, found.placed), one


def rooms(found: Capacity) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {r.node: (r.more, r.reasons) for p in found.pools for r in p.nodes}


def test_what_runs_out_differs_from_node_to_node() -> None:
    nodes = [node("n1", 4), node("n2", 16), node("n3", 16, pods=3), node("n4", 0)]
    found = capacity(*case(nodes, [pod("p", "n1", "500m")], pod("q")))
    assert rooms(found) == {
        "n1": (3, ("Insufficient cpu",)),
        "n2": (8, ("Insufficient memory",)),
        "n3": (3, ("Too many pods",)),
        "n4": (0, ("Insufficient cpu",)),
    }
    assert found.more == 14 and found.exact and found.minding == ()
    assert found.first()[0] == (("Insufficient cpu",), 1)
    assert found.pools[0].used == {"cpu": 87, "memory": 50}


def test_one_on_each_node() -> None:
    alone = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": HOST}
    must = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [alone]}}
    found = capacity(*case([node(f"n{i}", 4) for i in range(3)], [], pod("q", affinity=must)))
    assert (found.more, found.minding, found.exact) == (3, ("InterPodAffinity",), False)


def test_a_skew_ends_where_the_smallest_zone_does() -> None:
    even = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    nodes = [node("n1", 2), node("n2", 8, zone="b")]
    found = capacity(*case(nodes, [], pod("q", topologySpreadConstraints=[even])))
    assert {n: more for n, (more, _) in rooms(found).items()} == {"n1": 2, "n2": 3}


def test_the_count_ends_at_the_limit() -> None:
    found = capacity(*case([node("n1", 100, pods=50)], [], pod("q", cpu="1m", memory="1Mi")), limit=7)
    assert (found.more, found.cut, found.exact) == (7, 7, False)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2)), min_size=1, max_size=4),
    st.sampled_from(["250m", "1", "1500m"]),
    st.sampled_from(["512Mi", "1Gi", "3Gi"]),
)
def test_in_whatever_order_they_come(drawn: list[tuple[int, int, int]], cpu: str, memory: str) -> None:
    """Law: for pods that mind no others, filling node by node and placing one by one come to the same."""
    nodes = [node(f"n{i}", size, most) for i, (size, most, _) in enumerate(drawn)]
    pods = [pod(f"p{i}-{j}", f"n{i}", "300m") for i, (_, _, many) in enumerate(drawn) for j in range(many)]
    place, wanted = case(nodes, pods, pod("q", cpu=cpu, memory=memory))
    one = _unplaced(wanted)
    filled = [
        fill(place.judge(), place, one, 1_000, lambda: False)[0] for fill in (_node_by_node, _one_by_one)
    ]
    assert filled[0] == filled[1]
