"""Manifests with many policies, for the benches: namespaces of ten workloads and as many policies each."""

from __future__ import annotations

from random import Random

APPS = ("web", "api", "db", "cache", "queue", "worker", "auth", "cron", "proxy", "log")
KUBE_SYSTEM = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}"


def manifests(namespaces: int, policies: int = 10, seed: int = 1) -> str:
    """YAML of so many namespaces with ten Deployments and so many NetworkPolicies each."""
    draw = Random(seed)
    parts: list[str] = []
    for number in range(namespaces):
        name = f"ns{number}"
        labels = f"{{team: t{number % 7}, env: {('dev', 'prod')[number % 2]}}}"
        head = "apiVersion: v1\nkind: Namespace\n"
        parts.append(f"{head}metadata: {{name: {name}, labels: {labels}}}\n")
        parts += [_deployment(name, app) for app in APPS]
        parts.append(_policy(name, "deny", "podSelector: {}\n  policyTypes: [Ingress, Egress]\n"))
        parts += [_policy(name, f"p{n}", _spec(draw, number, APPS[n % 10])) for n in range(1, policies)]
    return "---\n".join(parts)


def _deployment(namespace: str, app: str) -> str:
    labels = f"{{app: {app}, tier: {('front', 'back')[APPS.index(app) % 2]}}}"
    ports = "[{name: http, containerPort: 8080}]"
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {app}, namespace: {namespace}}}\n"
        f"spec:\n  selector: {{matchLabels: {{app: {app}}}}}\n"
        f"  template:\n    metadata: {{labels: {labels}}}\n"
        f"    spec: {{containers: [{{name: c, image: x, ports: {ports}}}]}}\n"
    )


def _policy(namespace: str, name: str, spec: str) -> str:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    return f"{head}metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  {spec}"


def _spec(draw: Random, number: int, app: str) -> str:
    block = number % 250
    return f"""podSelector: {{matchLabels: {{app: {app}}}}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {{matchLabels: {{app: {draw.choice(APPS)}}}}}
    - namespaceSelector: {{matchLabels: {{team: t{draw.randrange(7)}}}}}
      podSelector: {{matchExpressions: [{{key: tier, operator: In, values: [front]}}]}}
    ports: [{{port: {draw.choice((80, 8080, 5432))}}}, {{port: 9000, endPort: 9010}}]
  egress:
  - to:
    - ipBlock: {{cidr: 10.{block}.0.0/16, except: [10.{block}.1.0/24]}}
    - ipBlock: {{cidr: "fd00:{block:x}::/32"}}
  - to: [{{{KUBE_SYSTEM}}}]
    ports: [{{port: 53, protocol: UDP}}, {{port: 53}}]
"""
