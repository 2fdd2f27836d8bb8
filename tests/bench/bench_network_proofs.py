"""Measures proofs about the network at many policies: `python tests/bench/bench_network_proofs.py
[namespaces [tiers]]`.

CPU seconds of one property each, without reading the manifests; there are ten policies and ten workloads in a
namespace, a Service each in the first ten of them, and so many ClusterNetworkPolicies of both tiers.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

from policies import manifests
from tier_policies import tier_manifests

from kspec.cli.inputs import ClusterOptions, load
from kspec.cli.session import Session
from kspec.cli.verifying import Verification
from kspec.verify.properties import verify_property

PROPERTIES = """
prove "only the own namespace and one team reach the database":
  forall p in pods, port in 1..65535:
    reaches(p, deployment/ns3/db, port) implies p.namespace == "ns3" || "team" in p.namespaceLabels
prove "nobody else reaches the database (fails)":
  forall p in pods, port in 1..65535: reaches(p, deployment/ns3/db, port) implies p.namespace == "ns3"
prove "the database reaches DNS alone outside of its blocks":
  forall q in pods, port in 1..65535 where !cidr("10.0.0.0/8").containsIP(q.address) && q.address.family() ==
  4: reaches(network.endpointOf("ns3", "db", deployment/ns3/db.spec.template), q, port)
      implies q.namespace == "kube-system" && port == 53
prove "a namespace is isolated from namespaces without a team":
  forall p in pods, q in pods, port in 1..65535 where q.namespace == "ns3" && p.namespace != "ns3":
    reaches(p, q, port) implies "team" in p.namespaceLabels
prove "no connection on port 22, between any two":
  forall p in pods, q in pods: !(reaches(p, q, 22) && p.namespace == "ns1" && q.namespace == "ns2")
forbid "any pod reaches any other over SCTP in the namespaces at hand":
  exists p in pods, q in pods, port in 1..65535
    where cluster.namespaces.exists(n, n.metadata.name == q.namespace): reaches(p, q, port, "SCTP")
prove "every pod of the namespaces at hand is isolated":
  forall p in pods where cluster.namespaces.exists(n, n.metadata.name == p.namespace): isolated(p)
prove "only labelled namespaces reach the Service":
  forall p in pods: reaches(p, service/ns3/db, 80) implies "team" in p.namespaceLabels || p.namespace == "ns3"
prove "the Service is served to somebody": exists p in pods: reaches(p, service/ns3/db, 80)
prove "any two that talk on port 8080 are in labelled namespaces (fails)":
  forall p in pods, q in pods: reaches(p, q, 8080) implies "team" in q.namespaceLabels
"""
SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: ns{n}}}
spec: {{selector: {{app: db}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


def main(namespaces: int, tiers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        services = "".join(SERVICE.format(n=n) for n in range(min(10, namespaces)))
        Path(folder, "k8s.yaml").write_text(manifests(namespaces) + services)
        Path(folder, "tiers.yaml").write_text(tier_manifests(tiers))
        Path(folder, "checks.kspec").write_text(PROPERTIES)
        began = process_time()
        inputs = load(Session(), [folder], ClusterOptions())
        verification = Verification(inputs, 60.0)
        print(f"{namespaces * 10:,} policies and {tiers} tiers, read in {process_time() - began:.2f} s")
    for prop in inputs.workspace.properties:
        began = process_time()
        verdict = verify_property(prop, verification.cluster, verification.setting)
        print(f"{process_time() - began:6.2f} s  {type(verdict).__name__:8}  {prop.title}", flush=True)


if __name__ == "__main__":
    main(*(int(a) for a in (*sys.argv[1:], *("100", "0")[len(sys.argv) - 1 :])))
