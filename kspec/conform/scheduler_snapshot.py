"""Knows how `scheduler.snapshot` is answered: each pod judged on its own against one cluster, with
what could be pushed out for it.
"""

from __future__ import annotations

from typing import Any

from kspec.conform.compare import first_difference
from kspec.conform.scheduler_input import Snapshot, pod_name, snapshot
from kspec.model.objects import Object
from kspec.model.placement import Placement, Verdict
from kspec.model.preemption import Attempt

AREA = "scheduler.snapshot"
FREE = ("upstreamChoice",)
"""What upstream leaves to the order of a map."""


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"mode", "results": […], "warnings": []}`, one result for each pending pod."""
    found = snapshot(case)
    return {
        "mode": case["mode"],
        "results": [
            _result(pod, found)
            if isinstance(pod, dict)
            else {"pod": _name_of_raw(raw), "admissionError": pod}
            for raw, pod in zip(case["pending"], found.pending, strict=True)
        ],
        "warnings": [],
    }


def _name_of_raw(raw: dict[str, Any]) -> str:
    return f"{raw['metadata'].get('namespace', '')}/{raw['metadata']['name']}"


def _result(pod: Object, found: Snapshot) -> dict[str, Any]:
    placement = found.judge.judge(pod, found.nodes, found.placed)
    best = sorted(placement.best())
    made: dict[str, Any] = {
        "pod": pod_name(pod),
        "priority": pod["spec"].get("priority", 0),
        "preemptionPolicy": pod["spec"].get("preemptionPolicy", ""),
        "preFilter": _before(placement),
        "nodes": {v.node: _node(v, placement) for v in placement.verdicts},
        "feasible": sorted(placement.fitting),
        "best": best,
    }
    if best:
        return {**made, "selected": best[0]}
    attempt = found.preemption.attempt(pod, placement, found.nodes, found.placed, found.now)
    return {
        **made,
        "message": found.preemption.message(placement, attempt),
        "postFilter": _post_filter(attempt),
    }


def _before(placement: Placement) -> dict[str, Any]:
    before = placement.before
    if before.plugin:
        return {"code": before.code, "plugin": before.plugin, "reasons": list(before.reasons)}
    return {"code": "Success"} if before.nodes is None else {"code": "Success", "nodes": sorted(before.nodes)}


def _node(verdict: Verdict, placement: Placement) -> dict[str, Any]:
    if not verdict.fits:
        return {"feasible": False, **_refusal(verdict)}
    made: dict[str, Any] = {"feasible": True, "code": "Success"}
    if placement.scores:
        made["scores"] = {
            s.plugin: {"raw": s.raw, "normalized": s.normalized, "weight": s.weight, "weighted": s.weighted}
            for s in placement.scores[verdict.node]
        }
        made["total"] = placement.totals()[verdict.node]
    return made


def _refusal(verdict: Verdict) -> dict[str, Any]:
    plugin = {"plugin": verdict.plugin} if verdict.plugin else {}
    return {"code": verdict.code, **plugin, "reasons": list(verdict.reasons)}


def _post_filter(attempt: Attempt) -> dict[str, Any]:
    made: dict[str, Any] = {"eligible": attempt.eligible}
    if attempt.why:
        made["reason"] = attempt.why
    made["potentialNodes"] = sorted(attempt.potential)
    made["candidates"] = [
        {"node": c.node, "victims": [pod_name(v) for v in c.victims], "numPDBViolations": c.violations}
        for c in attempt.candidates
    ]
    if attempt.rejected:
        made["rejected"] = {node: _refusal(v) for node, v in attempt.rejected.items()}
    if attempt.best:
        first = min(attempt.best, key=lambda c: c.node)
        made["best"] = sorted(c.node for c in attempt.best)
        made["selected"] = first.node
        made["victims"] = [pod_name(v) for v in first.victims]
    return made


def compare(expected: Any, actual: Any) -> str | None:
    one, other = _ordered(expected), _ordered(actual)
    for theirs, ours in zip(one.get("results", ()), other["results"], strict=False):
        if len(theirs.get("feasible", ())) == 1:
            _without_scores_unless_recorded(theirs, ours)
    return first_difference(one, other)


def _without_scores_unless_recorded(theirs: Any, ours: Any) -> None:
    """The scheduler does not score a node that alone fits; a suite may hold its scores nevertheless."""
    for node, its in ours["nodes"].items():
        for key in ("scores", "total"):
            if key not in theirs["nodes"].get(node, {}):
                its.pop(key, None)


def _ordered(answer: Any) -> Any:
    """Without what upstream leaves open: the order of a node's reasons, and which of equal nodes it took."""
    if isinstance(answer, dict):
        return {k: sorted(v) if k == "reasons" else _ordered(v) for k, v in answer.items() if k not in FREE}
    return [_ordered(v) for v in answer] if isinstance(answer, list) else answer
