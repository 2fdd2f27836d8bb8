"""How long `kspec connect` takes for all pairs, with ports and addresses, reading YAML included (CPU time).

Run: PYTHONPATH=. python tests/bench/bench_connect.py [repeats]. Each workload has a policy of its own for
both directions: two peers by labels, one of them in another namespace, blocks of addresses with exceptions,
numbers, a range and a name for ports. Pods have addresses, so that blocks meet them; `both`: of both
families, with blocks of both. `admin`: with thirty policies of administrators before and after them.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app{i}, namespace: ns{n}}}
spec:
  selector: {{matchLabels: {{app: app{i}}}}}
  template:
    metadata: {{labels: {{app: app{i}, tier: {tier}, part: p{part}}}}}
    spec:
      containers:
      - {{name: c, image: x, ports: [{{name: web, containerPort: {port}}}]}}
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: app{i}-{r}
  namespace: ns{n}
  labels: {{app: app{i}, tier: {tier}, part: p{part}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: app{i}-1, uid: u{i}, controller: true}}]
spec:
  containers:
  - {{name: c, image: x, ports: [{{name: web, containerPort: {port}}}]}}
status: {{phase: Running, podIP: 10.{a}.{b}.{r}{second}}}
"""
SECOND = ", podIPs: [{{ip: 10.{a}.{b}.{r}}}, {{ip: 'fd00:{a}:{b}::{r}'}}]"
BLOCK_OF_6 = """\
    - ipBlock: {{cidr: 'fd00:{a}::/32', except: ['fd00:{a}:3::/48']}}
"""

ADMIN = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {{name: {name}}}
spec:
  tier: {tier}
  priority: {priority}
  subject: {{namespaces: {{matchLabels: {{team: t{team}}}}}}}
  ingress:
  - action: {action}
    from: [{{pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{part: p{part}}}}}}}}}]
    protocols: [{{tcp: {{destinationPort: {{number: {port}}}}}}}]
  egress:
  - action: Deny
    to: [{{networks: [10.{part}.0.0/16, 'fd00:{part}::/32']}}]
    protocols: [{{tcp: {{destinationPort: {{range: {{start: 8000, end: 8010}}}}}}}}]
"""

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: np{i}, namespace: ns{n}}}
spec:
  podSelector: {{matchLabels: {{app: app{i}}}}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: ns{m}}}}}
      podSelector: {{matchLabels: {{app: app{j}}}}}
    - podSelector: {{matchLabels: {{tier: front}}}}
    ports: [{{port: {port}}}, {{port: web}}]
  - from:
    - ipBlock: {{cidr: 10.{a}.0.0/16, except: [10.{a}.3.0/24]}}
{of_6}    ports: [{{port: 443}}]
  egress:
  - to:
    - namespaceSelector: {{matchLabels: {{team: t{team}}}}}
    ports: [{{port: 8000, endPort: 8100}}]
  - to:
    - ipBlock: {{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}
  - ports: [{{port: 53, protocol: UDP}}]
"""


def admin(number: int) -> str:
    """One of the policies of administrators; two of a priority have one action."""
    tier, action = ("Admin", "Accept" if number % 4 else "Pass") if number % 3 else ("Baseline", "Deny")
    return ADMIN.format(
        name=f"c{number}",
        tier=tier,
        action=action,
        priority=number,
        team=number % 7,
        part=number % 40,
        port=8000 + number,
    )


def network(workloads: int, namespaces: int, replicas: int, more: str = "") -> str:
    """The manifests; without replicas workloads, else that many pods of each."""
    both = "both" in more
    parts = [
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: ns{n}, labels: {{team: t{n % 7}}}}}\n"
        for n in range(namespaces)
    ]
    for i in range(workloads):
        j = (i * 7919 + 13) % workloads
        values = {
            "i": i,
            "j": j,
            "n": i % namespaces,
            "m": j % namespaces,
            "tier": ("front", "back", "db")[i % 3],
            "part": i % 40,
            "port": 8000 + i % 20,
            "a": i % 200,
            "b": i // 200,
            "team": i % 7,
        }
        for r in range(replicas):
            second = SECOND.format(r=r + 1, **values) if both else ""
            parts.append(POD.format(r=r + 1, second=second, **values))
        if not replicas:
            parts.append(WORKLOAD.format(**values))
        parts.append(POLICY.format(of_6=BLOCK_OF_6.format(**values) if both else "", **values))
    parts += [admin(number) for number in range(30 if "admin" in more else 0)]
    return "---\n".join(parts)


def connect(path: Path, by: str) -> tuple[float, float, str]:
    """Seconds in all, of them for reading; the totals."""
    from kspec.cli.connecting import Network
    from kspec.cli.inputs import ClusterOptions, load_accepted
    from kspec.cli.session import Session
    from kspec.report.connect import headline

    gc.collect()
    began = time.process_time()
    inputs = load_accepted(Session(), [str(path)], ClusterOptions())
    read = time.process_time() - began
    view = Network(inputs, by).view()
    text = " ".join(headline(view))
    return time.process_time() - began, read, text


CASES = (
    (100, 20, 1, "workload", ""),
    (300, 20, 1, "workload", ""),
    (1000, 20, 1, "workload", ""),
    (1000, 1, 1, "workload", ""),
    (1000, 1000, 1, "workload", ""),
    (1000, 20, 1, "workload", "both"),
    (1000, 20, 1, "workload", "admin"),
    (1000, 20, 1, "workload", "both, admin"),
    (1000, 20, 0, "workload", ""),
    (3000, 60, 1, "workload", ""),
    (1000, 20, 10, "pod", ""),
    (1000, 20, 10, "pod", "both"),
)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    head = f"{'workloads':>9} {'policies':>8} {'namespaces':>10} {'pods':>6}  {'reading':>8}  {'in all':>8}"
    print(head)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        for workloads, namespaces, replicas, by, more in CASES:
            path.write_text(network(workloads, namespaces, replicas, more))
            runs = [connect(path, by) for _ in range(repeats)]
            total, read, text = min(runs)
            pods = workloads * replicas
            policies = workloads + (30 if "admin" in more else 0)
            line = f"{workloads:9,} {policies:8,} {namespaces:10,} {pods:6,}  {read:6.2f} s  {total:6.2f} s"
            print(f"{line}  {more}")
            print(f"          {text}")


if __name__ == "__main__":
    main()
