"""Knows how `access.rbac` is answered: decisions on requests, and whether roles may be handed out."""

from __future__ import annotations

from typing import Any

from kspec.conform.cluster import cluster, decoded, rule

AREA = "access.rbac"
LISTS = {
    "roles": "Role",
    "clusterRoles": "ClusterRole",
    "roleBindings": "RoleBinding",
    "clusterRoleBindings": "ClusterRoleBinding",
}
API_VERSION = "rbac.authorization.k8s.io/v1"
REQUEST, RULE = "access.Request", "rbac.PolicyRule"


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"decisions": [{"expect": "allow" | "noopinion"}], "escalation": [bool]}`."""
    at_hand = cluster(
        {"apiVersion": API_VERSION, "kind": kind, **raw}
        for name, kind in LISTS.items()
        for raw in case.get(name) or ()
    )
    authorize, held, uncovered = rule("access/RBAC"), rule("access/heldRules"), rule("access/uncovered")
    decisions = [authorize(decoded(r, REQUEST), at_hand) for r in case.get("requests") or ()]
    escalation = [
        not uncovered(
            held(decoded({k: v for k, v in r.items() if k != "rules"}, REQUEST), at_hand),
            [decoded(x, RULE) for x in r.get("rules") or ()],
        )
        for r in case.get("escalation") or ()
    ]
    return {"decisions": [{"expect": d["decision"]} for d in decisions], "escalation": escalation}
