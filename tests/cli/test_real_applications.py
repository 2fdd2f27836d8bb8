"""Five real applications: every pod is placed, properties are decided, custom resources are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

Kspec = Callable[..., Ran]
CHECKS = ROOT / "tests" / "conformance" / "properties"

PODS = {"online-boutique": 12, "guestbook": 6, "cassandra": 3, "argo-cd": 7, "kube-prometheus": 9}
VERDICTS = {
    "online-boutique": {
        "only cartservice reaches redis-cart": "holds",
        "cartservice does reach redis-cart": "holds",
    },
    "guestbook": {
        "only the frontend reaches the redis master": "violated",
        "every service finds a pod to serve": "holds",
    },
    "cassandra": {"strangers do not reach the database": "violated", "three replicas": "holds"},
    "argo-cd": {
        "only argo's own servers reach its redis": "holds",
        "the dex server reads secrets outside its namespace": "holds",
    },
    "kube-prometheus": {
        "only prometheus reaches grafana": "holds",
        "only prometheus reaches node-exporter": "violated",
    },
}


@pytest.mark.parametrize("name", sorted(PODS))
def test_every_pod_has_a_node(kspec: Kspec, shared: Path, name: str) -> None:
    plan = kspec("plan", shared / "corpus" / name, "--format", "json").json
    assert len(plan["pods"]) == PODS[name]
    assert all(pod["node"] for pod in plan["pods"])


@pytest.mark.parametrize("name", sorted(VERDICTS))
def test_properties_are_decided(kspec: Kspec, shared: Path, name: str) -> None:
    ran = kspec("verify", shared / "corpus" / name, CHECKS / f"{name}.kspec", "--format", "json")
    assert {r["title"]: r["verdict"] for r in ran.json["results"]} == VERDICTS[name]
    assert ran.code == (1 if "violated" in VERDICTS[name].values() else 0)


def test_custom_resources_are_named(kspec: Kspec, shared: Path) -> None:
    ran = kspec("plan", shared / "corpus" / "kube-prometheus")
    for kind in ("Alertmanager", "Prometheus", "ServiceMonitor"):
        assert f"custom resource {kind}.monitoring.coreos.com" in ran.out
