"""Measures proofs about the network at many policies: `python tests/bench/bench_network_proofs.py
[namespaces]`.

CPU seconds of one property each, without reading the manifests; there are ten policies and ten workloads in a
namespace.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

from policies import manifests

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
"""


def main(namespaces: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "k8s.yaml").write_text(manifests(namespaces))
        Path(folder, "checks.kspec").write_text(PROPERTIES)
        began = process_time()
        inputs = load(Session(), [folder], ClusterOptions())
        verification = Verification(inputs, 60.0)
        print(f"{namespaces * 10:,} policies, read in {process_time() - began:.2f} s")
    for prop in inputs.workspace.properties:
        began = process_time()
        verdict = verify_property(prop, verification.cluster, verification.setting)
        print(f"{process_time() - began:6.2f} s  {type(verdict).__name__:8}  {prop.title}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
