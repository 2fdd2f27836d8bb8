"""What becomes of pods that a namespace does not let in: `plan` and `place` say so, and fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Ran

Kspec = Callable[..., Ran]

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: baseline}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: shop}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {hostNetwork: HOST, containers: [{name: c, image: i}]}
"""


def deployment(name: str, host: str) -> str:
    return DEPLOYMENT.replace("NAME", name).replace("HOST", host)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = [NAMESPACE, deployment("web", "false"), deployment("agent", "true")]
    (tmp_path / "app.yaml").write_text("---".join(parts))
    return tmp_path


def test_plan_says_which_pods_are_refused(kspec: Kspec, folder: Path) -> None:
    done = kspec("plan", str(folder))
    assert done.code == 1
    assert 'violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)' in done.out
    assert "Deployment shop/web  1/1 ready" in done.out and "Deployment shop/agent  0/1 ready" in done.out


def test_place_does_not_pass_over_them(kspec: Kspec, folder: Path) -> None:
    done = kspec("place", str(folder))
    assert done.code == 1
    assert "1 yes, 1 request refused" in done.out
    assert "Refused by the API server, and so never there\n  ReplicaSet shop/agent-" in done.out


def test_place_says_why_there_is_no_pod(kspec: Kspec, folder: Path) -> None:
    (folder / "app.yaml").write_text(NAMESPACE + "---" + deployment("agent", "true"))
    done = kspec("place", str(folder))
    assert done.code == 2
    assert "there is no pod to place: the API server refuses ReplicaSet shop/agent-" in done.err
