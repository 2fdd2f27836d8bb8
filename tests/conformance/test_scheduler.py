"""The default profile on small clusters: why a node is refused, and what it scores."""

from __future__ import annotations

from typing import Any

import pytest

from kspec.conform.protocol import UnsupportedCase, find_areas

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def node(name: str, zone: str = "a", **more: Any) -> dict[str, Any]:
    labels = {HOST: name, **({ZONE: zone} if zone else {})}
    there = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    return {"metadata": {"name": name, "labels": labels}, "status": {"allocatable": there, **more}}


def pod(name: str, on: str = "", app: str = "web", cpu: str = "500m", **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "img:1", "resources": {"requests": {"cpu": cpu, "memory": "512Mi"}}}
    return {
        "metadata": {"name": name, "namespace": "n", "labels": {"app": app}},
        "spec": {"containers": [container], **({"nodeName": on} if on else {}), **spec},
        "status": {"phase": "Running"} if on else {},
    }


def judged(nodes: list[Any], placed: list[Any], wanted: Any, **more: Any) -> dict[str, Any]:
    """The answer for one pending pod."""
    case = {"mode": "snapshot", "nodes": nodes, "pods": placed, "pending": [wanted], **more}
    case.setdefault("namespaces", [{"metadata": {"name": "n"}}])
    (result,) = find_areas()["scheduler.snapshot"].run_case(case)["results"]
    return result  # type: ignore[no-any-return]


def refusals(result: dict[str, Any]) -> dict[str, tuple[str, str, list[str]]]:
    nodes = result["nodes"].items()
    return {n: (v["plugin"], v["code"], v["reasons"]) for n, v in nodes if not v["feasible"]}


TWO = [node("n1"), node("n2", "b")]
SAME = {"labelSelector": {"matchLabels": {"app": "web"}}}


def test_a_pod_that_must_be_alone() -> None:
    alone = {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{**SAME, "topologyKey": HOST}]}
    }
    code = "Unschedulable"
    own = judged(TWO, [pod("p", "n1")], pod("q", affinity=alone))
    assert refusals(own) == {
        "n1": ("InterPodAffinity", code, ["node(s) didn't match pod anti-affinity rules"])
    }
    theirs = judged(TWO, [pod("p", "n1", affinity=alone)], pod("q"))
    assert refusals(theirs) == {
        "n1": ("InterPodAffinity", code, ["node(s) didn't satisfy existing pods anti-affinity rules"])
    }


def test_the_first_of_those_that_must_be_together_may_go_anywhere() -> None:
    near = {
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{**SAME, "topologyKey": ZONE}]}
    }
    assert judged(TWO, [], pod("q", affinity=near))["feasible"] == ["n1", "n2"]
    assert judged(TWO, [pod("p", "n2")], pod("q", affinity=near))["feasible"] == ["n2"]
    assert judged(TWO, [], pod("q", app="db", affinity=near))["feasible"] == []


def test_a_zone_may_have_one_more_and_a_node_without_a_zone_takes_no_part() -> None:
    even = {**SAME, "topologyKey": ZONE, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
    result = judged([*TWO, node("n3", "")], [pod("p", "n1")], pod("q", topologySpreadConstraints=[even]))
    text = "node(s) didn't match pod topology spread constraints"
    assert refusals(result) == {
        "n1": ("PodTopologySpread", "Unschedulable", [text]),
        "n3": ("PodTopologySpread", "UnschedulableAndUnresolvable", [text + " (missing required label)"]),
    }


def test_a_port_of_a_node_is_had_once() -> None:
    def with_port(name: str, on: str, address: str, protocol: str = "TCP") -> dict[str, Any]:
        made = pod(name, on)
        port = {"containerPort": 80, "hostPort": 80, "hostIP": address, "protocol": protocol}
        made["spec"]["containers"][0]["ports"] = [port]
        return made

    placed = [with_port("p", "n1", "10.0.0.1")]
    assert judged(TWO, placed, with_port("q", "", ""))["feasible"] == ["n2"]
    assert judged(TWO, placed, with_port("q", "", "10.0.0.2"))["feasible"] == ["n1", "n2"]
    assert judged(TWO, placed, with_port("q", "", "", "UDP"))["feasible"] == ["n1", "n2"]


def test_scores_as_the_scheduler_gave_them() -> None:
    """Three nodes and a pod of a Service, judged by kube-scheduler 1.36.2."""
    small = {"status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}}}
    taint = {"spec": {"taints": [{"key": "k", "effect": "PreferNoSchedule"}]}}
    nodes = [
        node("n1", images=[{"names": ["img:1"], "sizeBytes": 500_000_000}]),
        {**node("n2", "b"), **small, **taint},
        {**node("n3", "c"), "spec": {"unschedulable": True}},
        node("n4", ""),
    ]
    placed = [pod("p", "n1", cpu="1"), pod("r", "n4", cpu="3500m")]
    for each in placed:
        each["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1Gi"
    service = {"metadata": {"name": "s", "namespace": "n"}, "spec": {"selector": {"app": "web"}}}
    result = judged(nodes, placed, pod("q"), services=[service])
    scored = result["nodes"]["n1"]["scores"]
    assert (scored["PodTopologySpread"]["raw"], scored["PodTopologySpread"]["weighted"]) == (9, 88)
    assert {n: v["total"] for n, v in result["nodes"].items() if v["feasible"]} == {
        "n1": 541,
        "n2": 306,
        "n4": 613,
    }


def test_what_is_not_modelled_is_said() -> None:
    claims = [{"name": "gpu", "resourceClaimName": "gpu"}]
    with pytest.raises(UnsupportedCase, match="resource claims"):
        judged(TWO, [], pod("q", resourceClaims=claims))


def test_pods_are_placed_one_after_another() -> None:
    area = find_areas()["scheduler.sequence"]
    case = {"mode": "sequence", "nodes": [node("n1")], "pending": [pod("p", cpu="3"), pod("q", cpu="3")]}
    answer = area.run_case(case)
    assert answer["placements"] == {"n/p": "n1", "n/q": ""}
    assert answer["steps"][1]["message"].startswith("0/1 nodes are available: 1 Insufficient cpu.")
    wrong = {**answer, "placements": {"n/p": "", "n/q": "n1"}}
    assert area.compare(answer, answer) is None and area.compare(wrong, answer) == "/placements/n~1p"
