"""`kspec analyze` sees the tiers of ClusterNetworkPolicy: what an earlier policy makes superfluous."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.command_line import Ran

POLICY = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: %s}
spec:
  tier: Admin
  priority: %d
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: %d}}}]}]
---"""


def test_a_policy_that_comes_too_late(kspec: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(POLICY % ("first", 1, 80) + POLICY % ("second", 2, 80))
    late = kspec("analyze", path, "--only", "network")
    assert late.code == 1
    assert "KS3101" in late.out and "ClusterNetworkPolicy second is superfluous" in late.out
    path.write_text(POLICY % ("first", 1, 80) + POLICY % ("second", 2, 81))
    assert kspec("analyze", path, "--only", "network").code == 0


OLDER = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: %s
metadata: {name: %s}
spec:
  %ssubject: {namespaces: {}}
  ingress: [{action: %s, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, port: 80}}]}]
---"""


def test_policies_of_two_kinds_and_one_priority_must_not_differ(
    kspec: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    admin = OLDER % ("AdminNetworkPolicy", "old", "priority: 7\n  ", "Allow")
    path.write_text(admin + POLICY % ("new", 7, 80))
    ran = kspec("analyze", path, "--only", "network")
    assert ran.code == 1
    said = "AdminNetworkPolicy old and ClusterNetworkPolicy new have one priority and say different things"
    assert f"error[KS3120]: {said}" in ran.out
    path.write_text(admin + POLICY % ("new", 7, 81))
    assert "KS3120" not in kspec("analyze", path, "--only", "network").out
    path.write_text(admin + POLICY % ("new", 8, 80))
    assert "KS3120" not in kspec("analyze", path, "--only", "network").out
    path.write_text(admin + (POLICY % ("new", 7, 80)).replace("tier: Admin", "tier: Baseline"))
    assert "KS3120" not in kspec("analyze", path, "--only", "network").out


def test_the_two_kinds_of_the_baseline_have_no_order(kspec: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    baseline = OLDER % ("BaselineAdminNetworkPolicy", "default", "", "Allow")
    path.write_text(baseline + (POLICY % ("new", 7, 80)).replace("tier: Admin", "tier: Baseline"))
    ran = kspec("analyze", path, "--only", "network")
    assert "BaselineAdminNetworkPolicy default and ClusterNetworkPolicy new have no order" in ran.out
