"""Knows how `network.truthtable` is answered: for each pair of pods and each port, what either side
allows."""

from __future__ import annotations

from typing import Any

from kspec.conform.cluster import cluster, rule
from kspec.conform.compare import first_difference

AREA = "network.truthtable"
POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
"""What an object of a case is that does not say it: the generator leaves it out of its policies."""


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"ns/pod>ns/pod": {"TCP/80": {"ingress": bool, "egress": bool}}}` over all ordered pairs and all
    declared ports."""
    at_hand = cluster(POLICY | o for o in case["objects"])
    endpoint, ingress, egress = (
        rule("network/endpoint"),
        rule("network/ingressAllowed"),
        rule("network/egressAllowed"),
    )
    ends = [endpoint(pod) for pod in at_hand.get("pods", ())]
    ports = sorted({(p["protocol"], p["containerPort"]) for e in ends for p in e.get("ports") or ()})
    return {
        f"{_name(a)}>{_name(b)}": {
            f"{protocol}/{port}": {
                "ingress": ingress(a, b, port, protocol, at_hand),
                "egress": egress(a, b, port, protocol, at_hand),
            }
            for protocol, port in ports
        }
        for a in ends
        for b in ends
        if a is not b
    }


def compare(expected: Any, actual: Any) -> str | None:
    """A table may have been recorded for some of the ports only; what was recorded must agree."""
    asked = {
        pair: {port: verdict for port, verdict in actual.get(pair, {}).items() if port in verdicts}
        for pair, verdicts in expected.items()
    }
    return first_difference(expected, asked)


def _name(end: dict[str, Any]) -> str:
    return f"{end['namespace']}/{end['name']}"
