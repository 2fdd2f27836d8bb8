"""Manifests of administrators' policies, for the benches: ClusterNetworkPolicies of both tiers."""

from __future__ import annotations

from random import Random

HEAD = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"


def tier_manifests(count: int, seed: int = 2) -> str:
    """YAML of so many ClusterNetworkPolicies, nine in ten of tier Admin, each with a priority of its own."""
    draw = Random(seed)
    return "---\n".join(_policy(draw, number) for number in range(count))


def _policy(draw: Random, number: int) -> str:
    tier = "Baseline" if number % 10 == 9 else "Admin"
    action = ("Deny", "Accept", "Pass" if tier == "Admin" else "Deny")[number % 3]
    block = draw.randrange(250)
    return f"""{HEAD}metadata: {{name: tier{number}}}
spec:
  tier: {tier}
  priority: {number}
  subject: {{namespaces: {{matchLabels: {{team: t{draw.randrange(7)}}}}}}}
  ingress:
  - name: in
    action: {action}
    from:
    - namespaces: {{matchLabels: {{env: {draw.choice(("dev", "prod"))}}}}}
    - pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{tier: front}}}}}}
    protocols: [{{tcp: {{destinationPort: {{number: {draw.choice((80, 8080, 5432))}}}}}}}]
  egress:
  - name: out
    action: {action}
    to:
    - networks: [10.{block}.0.0/16]
    protocols: [{{tcp: {{destinationPort: {{range: {{start: 9000, end: 9010}}}}}}}}]
"""
