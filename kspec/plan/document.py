"""Knows a plan as JSON: the body of the document `kspec/plan/1`, whose schema is report/schemas/plan.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kspec.plan.value import Addresses, FieldChange, ObjectChange, Plan, PodRow, Ref, Workload

Json = dict[str, Any]


def plan_to_json(plan: Plan) -> Json:
    """Everything in the plan but its trace, as plain data in a fixed order."""
    totals = {_camel(k): v for k, v in asdict(plan.totals).items()}
    addresses = {} if plan.addresses is None else {"addresses": _addresses(plan.addresses)}
    return {
        "kubernetes": plan.kubernetes,
        "cluster": plan.cluster,
        "totals": totals,
        "changes": [_change(c) for c in plan.changes],
        "workloads": [_workload(w) for w in plan.workloads],
        "pods": [_pod(p) for p in plan.pods],
        "made": [_ref(r) for r in plan.made],
        "nodes": [
            {
                "name": n.name,
                "pods": n.pods,
                "usage": {r: {"requested": u, "allocatable": a, "percent": p} for r, u, a, p in n.usage},
            }
            for n in plan.nodes
        ],
        "notModelled": {
            "customResources": {kind: [_ref(r) for r in refs] for kind, refs in plan.custom},
            "podFeatures": {aspect: [_ref(r) for r in refs] for aspect, refs in plan.overlooked},
            "inertKinds": dict(plan.inert),
        },
        **addresses,
        "assumptions": list(plan.assumptions),
        "problems": list(plan.problems),
    }


def _addresses(addresses: Addresses) -> Json:
    rows = []
    for row in addresses.rows:
        made: Json = {"object": _ref(row.object), "given": dict(row.given)}
        rows.append({**made, "noneLeft": list(row.short), "so": row.shortage} if row.short else made)
    return {"given": rows, "assumptions": list(addresses.assumptions)}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _ref(ref: Ref) -> Json:
    made = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name}
    return {**made, "namespace": ref.namespace} if ref.namespace else made


def _change(change: ObjectChange) -> Json:
    made: Json = {"action": change.verb.value, "object": _ref(change.object)}
    if change.fields:
        made["fields"] = [_field(f) for f in change.fields]
    if change.refusal:
        made["refusal"] = change.refusal
    if change.where:
        made["where"] = change.where
    return made


def _field(field: FieldChange) -> Json:
    made: Json = {"path": field.path, "before": field.old, "after": field.new}
    if field.sensitive:
        made["sensitive"] = True
    if field.forces:
        made["forcesReplacement"] = field.forces
    return made


def _workload(workload: Workload) -> Json:
    return {
        "object": _ref(workload.object),
        "wanted": workload.wanted,
        "pods": workload.pods,
        "ready": workload.ready,
        "owned": [_workload(w) for w in workload.owned],
    }


def _pod(pod: PodRow) -> Json:
    return {
        "object": _ref(pod.object),
        "owner": _ref(pod.owner) if pod.owner else None,
        "workload": _ref(pod.workload) if pod.workload else None,
        "node": pod.node or None,
        "phase": pod.phase,
        "ready": pod.ready,
        "fate": pod.fate,
        "why": pod.why,
    }
