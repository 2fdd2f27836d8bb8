"""Knows how `scheduler.sequence` is answered: pods placed one after another, each seen by the next."""

from __future__ import annotations

from typing import Any

from kspec.conform.compare import first_difference
from kspec.conform.protocol import UnsupportedCase
from kspec.conform.scheduler_input import Snapshot, pod_name, rules, snapshot
from kspec.model.objects import Object
from kspec.model.rules import call_function

AREA = "scheduler.sequence"


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"mode", "placements": pod -> node or "", "steps": […], "warnings": []}`."""
    found = snapshot(case)
    pods = [pod for pod in found.pending if isinstance(pod, dict)]
    if len(pods) < len(found.pending):
        raise UnsupportedCase("a pod that is refused among those to be placed")
    rank = rules().function("scheduling/queueRank")
    pods.sort(key=lambda pod: call_function(rank, pod))
    steps = [_step(pod, found) for pod in pods]
    placements = {step["pod"]: step.get("node", "") for step in steps}
    return {"mode": case["mode"], "placements": placements, "steps": steps, "warnings": []}


def _step(pod: Object, found: Snapshot) -> dict[str, Any]:
    placement = found.judge.judge(pod, found.nodes, found.placed)
    made: dict[str, Any] = {"round": 1, "pod": pod_name(pod)}
    best = sorted(placement.best())
    if not best:
        attempt = found.preemption.attempt(pod, placement, found.nodes, found.placed, found.now)
        return {**made, "message": found.preemption.message(placement, attempt)}
    found.place(pod, best[0])
    made = {**made, "node": best[0], "total": placement.totals()[best[0]]}
    return {**made, "ties": best} if len(best) > 1 else made


def compare(expected: Any, actual: Any) -> str | None:
    return first_difference(expected, actual)
