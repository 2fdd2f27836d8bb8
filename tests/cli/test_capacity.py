"""`kspec capacity`, and schedulers' configurations, as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      schedulerName: packer
      containers:
      - {name: c, image: i, resources: {requests: {cpu: 500m, memory: 256Mi}}}
"""
SCHEDULER = """\
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: packer
  plugins:
    score:
      enabled: [{name: NodeResourcesFit, weight: 10}]
      disabled: [{name: PodTopologySpread}, {name: NodeResourcesBalancedAllocation}]
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    app, scheduler = tmp_path / "app.yaml", tmp_path / "scheduler.yaml"
    app.write_text(APP)
    scheduler.write_text(SCHEDULER)
    return app, scheduler


def test_totals_come_first(kspec: Kspec, files: tuple[Path, Path]) -> None:
    ran = kspec("capacity", *files)
    assert ran.code == 0
    assert ran.out.startswith("Deployment shop/web: 20 more fit\n")
    assert "what keeps the next out, on 3 of 3 nodes: Insufficient cpu" in ran.out


def test_when_time_is_up_nothing_is_decided(kspec: Kspec, files: tuple[Path, Path]) -> None:
    ran = kspec("capacity", *files, "--timeout", "0")
    assert ran.code == 3
    assert ran.out.startswith("Deployment shop/web: not decided: at least 0 more fit, and then time was up")
    found = kspec("capacity", *files, "--timeout", "0", "--format", "json").json
    assert_valid("capacity", found)
    assert (found["workloads"][0]["timedOut"], found["workloads"][0]["exact"]) == (True, False)


def test_as_json(kspec: Kspec, files: tuple[Path, Path]) -> None:
    ran = kspec("capacity", *files, "--pod", "shop/we", "--format", "json")
    assert_valid("capacity", ran.json)
    (one,) = ran.json["workloads"]
    assert (one["more"], one["exact"], one["runsOut"][0]["reasons"]) == (20, True, ["Insufficient cpu"])


def test_none_of_that_name(kspec: Kspec, files: tuple[Path, Path]) -> None:
    ran = kspec("capacity", *files, "--pod", "shop/db")
    assert (ran.code, "error[KS1910]" in ran.err) == (2, True)


def test_a_profile_packs_its_pods_on_one_node(kspec: Kspec, files: tuple[Path, Path]) -> None:
    packed = kspec("plan", *files, "--format", "json").json
    assert {p["node"] for p in packed["pods"]} == {"node-0"}


def test_a_pod_whose_scheduler_is_not_there_waits(kspec: Kspec, files: tuple[Path, Path]) -> None:
    ran = kspec("plan", files[0])
    assert "waiting for the scheduler packer, which is not among those at hand: default-scheduler" in ran.out


def test_another_configuration_is_left_alone(kspec: Kspec, files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "kubelet.yaml"
    other.write_text("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 50\n")
    ran = kspec("plan", files[0], other)
    assert (ran.code, "Deployment shop/web" in ran.out) == (0, True)


LIVE = """\
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: "2", memory: 4Gi, pods: "10"}}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: x}
spec: {nodeName: n1, containers: [{name: c, image: i, resources: {requests: {cpu: "2"}}}]}
status: {phase: Succeeded}
---
apiVersion: v1
kind: Pod
metadata: {name: big, namespace: x}
spec: {containers: [{name: c, image: i, resources: {requests: {cpu: "1"}}}]}
"""


def test_a_pod_that_ended_takes_no_room(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "live.yaml").write_text(LIVE)
    assert "Pod x/big: 1 more fit" in kspec("capacity", tmp_path, "--pod", "x/big").out
    assert kspec("place", tmp_path).code == 0
    assert "on n1, Running" in kspec("explain", "pod", "x/big", tmp_path).out
