"""Knows how `access.node` is answered: what kubelets may do, by what the pods on their nodes need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kspec.conform.cluster import cluster, decoded, rule

AREA = "access.node"
REQUEST = "access.Request"
LISTS = {"pods": ("v1", "Pod"), "pvs": ("v1", "PersistentVolume")}
TIES = {
    "volumeAttachments": ("storage.k8s.io/v1", "VolumeAttachment"),
    "resourceSlices": ("resource.k8s.io/v1", "ResourceSlice"),
}
"""Of these a case says the name and the node only."""


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"decisions": [{"expect": "allow" | "noopinion", "reason"?: text}]}`."""
    at_hand = cluster(_objects(case), whole=False)
    authorize = rule("access/Node")
    found = [authorize(decoded(r, REQUEST), at_hand) for r in case.get("requests") or ()]
    return {"decisions": [{"expect": d["decision"], **_reason(d)} for d in found]}


def _reason(decision: dict[str, str]) -> dict[str, str]:
    """A decision without a reason is recorded without one."""
    return {"reason": decision["reason"]} if decision["reason"] else {}


def _objects(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, (api_version, kind) in LISTS.items():
        for raw in case.get(name) or ():
            yield {"apiVersion": api_version, "kind": kind, **raw}
    for name, (api_version, kind) in TIES.items():
        for tie in case.get(name) or ():
            spec = {"nodeName": tie["Node"]}
            yield {
                "apiVersion": api_version,
                "kind": kind,
                "metadata": {"name": tie["Name"]},
                "spec": spec,
            }
