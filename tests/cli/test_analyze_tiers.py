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
