"""Recorded decisions: a suite agrees as a whole; our own cases stand in where none is at hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kspec.conform.protocol import find_areas

SUITES = Path(__file__).parents[2].parent / "shared" / "conformance"
ROLE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
BINDING = {
    "metadata": {"name": "b"},
    "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "dev"}],
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
}


def request(verb: str, resource: str, **more: object) -> dict[str, object]:
    return {
        "user": "ann",
        "groups": ["dev"],
        "resourceRequest": True,
        "verb": verb,
        "resource": resource,
        "apiGroup": "",
        **more,
    }


def pod(name: str, labels: dict[str, str], ip: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "n", "labels": labels},
        "spec": {
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": port, "protocol": "TCP"}]}]
        },
        "status": {"phase": "Running", "podIP": ip},
    }


CLOSED = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "n"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]}],
    },
}
PODS = [pod("db", {"app": "db"}, "10.0.0.1", 80), pod("web", {"app": "web"}, "10.0.0.2", 80)]
ALL = {p: [[1, 65535]] for p in ("TCP", "UDP", "SCTP")}
EVERYWHERE = {"range": "0.0.0.0-255.255.255.255", "conn": ALL}

OURS: dict[str, tuple[dict[str, Any], Any]] = {
    "access.rbac": (
        {
            "clusterRoles": [{"metadata": {"name": "r"}, "rules": [ROLE]}],
            "clusterRoleBindings": [BINDING],
            "requests": [request("get", "pods"), request("get", "pods", subresource="log")],
            "escalation": [
                {"user": "ann", "groups": ["dev"], "namespace": "", "rules": [ROLE]},
                {"user": "bob", "groups": [], "namespace": "", "rules": [ROLE]},
            ],
        },
        {"decisions": [{"expect": "allow"}, {"expect": "noopinion"}], "escalation": [True, False]},
    ),
    "access.covers": (
        {"owner": [ROLE], "servant": [{**ROLE, "verbs": ["get", "list"]}]},
        {"covers": False, "uncovered": [{**ROLE, "verbs": ["list"]}]},
    ),
    "access.abac": (
        {
            "file": ["# everyone reads", '{"user": "*", "readonly": true}'],
            "requests": [
                request("get", "pods", groups=["system:authenticated"], namespace="n"),
                request("create", "pods", groups=["system:authenticated"], namespace="n"),
                request("get", "pods", namespace="n"),
            ],
        },
        {"decisions": [{"expect": "allow"}, {"expect": "noopinion"}, {"expect": "noopinion"}]},
    ),
    "network.truthtable": (
        {"objects": [CLOSED, *PODS]},
        {
            "n/db>n/web": {"TCP/80": {"ingress": True, "egress": True}},
            "n/web>n/db": {"TCP/80": {"ingress": True, "egress": True}},
        },
    ),
    "network.connectivity": (
        {"objects": [CLOSED, *PODS]},
        {
            "pods": [
                {"src": "n/db", "dst": "n/web", "conn": ALL},
                {"src": "n/web", "dst": "n/db", "conn": {"TCP": [[80, 80]]}},
            ],
            "external": [
                {"pod": "n/db", "direction": "to", **EVERYWHERE},
                {"pod": "n/web", "direction": "from", **EVERYWHERE},
                {"pod": "n/web", "direction": "to", **EVERYWHERE},
            ],
        },
    ),
}


@pytest.mark.parametrize("area", sorted(OURS))
def test_our_own_cases(area: str) -> None:
    case, expected = OURS[area]
    found = find_areas()[area]
    actual = found.run_case(case)
    assert found.compare(expected, actual) is None, actual


@pytest.mark.parametrize("area", sorted(OURS))
def test_a_wrong_answer_differs(area: str) -> None:
    case, expected = OURS[area]
    found = find_areas()[area]
    wrong = json.loads(json.dumps(expected).replace("true", "false").replace("65535", "65534"))
    wrong = json.loads(json.dumps(wrong).replace('"allow"', '"deny"').replace('"list"', '"watch"'))
    assert wrong != expected
    assert found.compare(wrong, found.run_case(case)) is not None


@pytest.mark.parametrize(
    "suite",
    [
        "access-abac",
        "access-covers",
        "network-truthtable",
        pytest.param("access-rbac", marks=pytest.mark.slow),
        pytest.param("network-connectivity", marks=pytest.mark.slow),
        pytest.param("scheduler-snapshot", marks=pytest.mark.slow),
        pytest.param("scheduler-preempt", marks=pytest.mark.slow),
        pytest.param("scheduler-sequence", marks=pytest.mark.slow),
    ],
)
def test_recorded_cases_agree(suite: str) -> None:
    path = SUITES / f"{suite}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the recorded suite {path.name} is not at hand")
    areas = find_areas()
    differing = []
    with gzip.open(path, "rt") as lines:
        for case in map(json.loads, lines):
            area = areas[case["area"]]
            if area.compare(case["expected"], area.run_case(case["input"])) is not None:
                differing.append(case["id"])
    assert differing == []
