"""What would let a pod in: each suggestion helps, and nothing smaller of its kind does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.conform.scheduler_input import Snapshot, rules, snapshot
from kspec.model.place import Place, kinds_of_nodes
from kspec.verify.fitting.change import Made, changed
from kspec.verify.fitting.search import Suggestion, suggest

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


def node(name: str, cpu: str = "4", zone: str = "a", **spec: Any) -> dict[str, Any]:
    there = {"cpu": cpu, "memory": "8Gi", "pods": "10"}
    labels = {HOST: name, ZONE: zone, "disk": "hdd"}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"allocatable": there}}


def pod(name: str, on: str = "", cpu: str = "1", **spec: Any) -> dict[str, Any]:
    asked = {"requests": {"cpu": cpu, "memory": "1Gi"}}
    where = {"nodeName": on} if on else {}
    return {
        "metadata": {"name": name, "namespace": "n", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "i:1", "resources": asked}], **where, **spec},
        "status": {"phase": "Running"} if on else {},
    }


def case(nodes: list[Any], pods: list[Any], wanted: Any) -> tuple[Place, dict[str, Any]]:
    given = {"nodes": nodes, "pods": pods, "pending": [wanted], "namespaces": [{"metadata": {"name": "n"}}]}
    found: Snapshot = snapshot(given)
    (one,) = found.pending
    assert isinstance(one, dict)
    judge = found.judge
    return Place(judge.profile, rules(), judge.cluster, found.nodes, found.placed), one


def suggested(nodes: list[Any], pods: list[Any], wanted: Any) -> dict[str, Suggestion]:
    found = suggest(*case(nodes, pods, wanted), 20)
    assert found.open == ()
    return {("more" if s.more else s.about): s for s in found.found}


def texts(s: Suggestion) -> list[str]:
    return [m.change.text for m in s.made]


def test_a_request_as_large_as_fits() -> None:
    found = suggested([node("n1"), node("n2", "2")], [pod("p", "n1", "500m")], pod("q", cpu="5"))
    (made,) = found["requests"].made
    assert (made.amount, found["requests"].fits) == (1500, ("n1",))


def test_a_toleration_or_the_taint() -> None:
    found = suggested([node("n1", taints=[TAINT])], [], pod("q"))
    assert found["tolerations"].made[0].change.added == {
        "key": "gpu",
        "operator": "Equal",
        "value": "yes",
        "effect": "NoSchedule",
    }
    assert texts(found["taints"]) == ["take the taint gpu:NoSchedule away"]


def test_a_cordoned_node() -> None:
    found = suggested([node("n1", unschedulable=True)], [], pod("q"))
    assert texts(found["cordon"]) == ["uncordon it"] and "more" in found


def test_only_the_part_of_a_selector_that_is_in_the_way() -> None:
    found = suggested([node("n1")], [], pod("q", nodeSelector={"disk": "ssd", ZONE: "a"}))
    assert texts(found["nodes"]) == ["without the node selector disk=ssd"]


def test_one_requirement_of_node_affinity() -> None:
    wanted = [{"key": "disk", "operator": "In", "values": ["ssd"]}, {"key": ZONE, "operator": "Exists"}]
    terms = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    must = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    found = suggested([node("n1")], [], pod("q", affinity=must))
    assert texts(found["nodes"]) == ["without the requirement of node affinity disk In ssd"]


def test_a_greater_skew() -> None:
    even = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    nodes = [node("n1"), node("n2", "500m", "b")]
    found = suggested(nodes, [pod("p", "n1"), pod("r", "n1")], pod("q", topologySpreadConstraints=[even]))
    (made,) = found["spread"].made
    assert (made.change.action, made.amount) == ("raise", 2)


def test_without_pods_that_it_must_be_near_to() -> None:
    near = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": ZONE}
    must = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [near]}}
    found = suggested([node("n1")], [pod("p", "n1")], pod("q", affinity=must))
    assert texts(found["pods"]) == [f"without required pod affinity over {ZONE}, or with a preferred one"]


def test_several_changes_where_one_is_not_enough() -> None:
    found = suggested([node("n1", taints=[TAINT])], [], pod("q", cpu="5", nodeSelector={"disk": "ssd"}))
    assert {m.change.about for m in found["several"].made} == {"requests", "nodes", "tolerations"}


TAINTS = st.lists(st.sampled_from([TAINT, {"key": "old", "effect": "NoExecute"}]), max_size=2, unique_by=str)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(1, 6), TAINTS, st.integers(0, 3)), min_size=1, max_size=3),
    st.integers(1, 12),
    st.sampled_from([{}, {"disk": "ssd"}, {"disk": "hdd", ZONE: "b"}]),
)
def test_each_helps_and_one_step_less_does_not(
    drawn: list[tuple[int, list[Any], int]], cpu: int, selector: dict[str, str]
) -> None:
    """Law: the pod so changed fits the node, and with one change, or one step, less it does not."""
    nodes = [node(f"n{i}", str(size), taints=taints) for i, (size, taints, _) in enumerate(drawn)]
    pods = [pod(f"p{i}-{j}", f"n{i}", "500m") for i, (_, _, many) in enumerate(drawn) for j in range(many)]
    place, wanted = case(nodes, pods, pod("q", cpu=str(cpu), nodeSelector=selector))
    if place.judge().judge(wanted, place.nodes, place.placed).fitting:
        return
    found = suggest(place, wanted, 20)
    assert found.found and found.open == ()
    for each in found.found:
        assert each.fits
        for i, made in enumerate(each.made):
            rest = [*each.made[:i], *each.made[i + 1 :]]
            assert not takes(place, wanted, each, rest)
            if made.change.action == "lower" and made.amount > 1:
                assert not takes(place, wanted, each, [*rest, replace(made, amount=made.amount - 1)])


def takes(place: Place, wanted: dict[str, Any], each: Suggestion, made: list[Made]) -> bool:
    """Does the node of a suggestion take the pod with just these changes?"""
    name = each.node
    (old,) = (n for n in place.nodes if n["metadata"]["name"] == name)
    new = changed(old, [m for m in made if m.change.of == "node"])
    nodes = [new if n is old else n for n in place.nodes]
    one = changed(wanted, [m for m in made if m.change.of == "pod"])
    return name in place.judge().judge(one, nodes, place.placed).fitting


@pytest.mark.parametrize("many", [200])
def test_nodes_that_are_alike_are_asked_once(many: int) -> None:

    place, _ = case([node(f"n{i}") for i in range(many)], [pod("p", "n7")], pod("q"))
    assert sorted(len(k) for k in kinds_of_nodes(place)) == [1, many - 1]
