"""What the profile models agrees with kube-scheduler's recorded verdicts, node by node and score by score."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from support.standard import rules, shared, table

from kspec.ir.types import Record
from kspec.model.objects import name_of
from kspec.model.placement import Judge, NodePods, Placement
from kspec.model.world import World
from kspec.resources.decode import decode

LIFETIME = 300
"""Seconds that admission lets pods stay on a node in trouble."""


def decoded(record: str, obj: dict[str, Any]) -> dict[str, Any]:
    return decode(obj, Record(record), table(), strict=False)[0]  # type: ignore[no-any-return]


def tolerant(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod with what DefaultTolerationSeconds adds."""
    added = [
        {
            "key": f"node.kubernetes.io/{k}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": LIFETIME,
        }
        for k in ("not-ready", "unreachable")
    ]
    return {**pod, "spec": {**pod["spec"], "tolerations": [*(pod["spec"].get("tolerations") or []), *added]}}


def verdicts() -> Iterator[tuple[str, dict[str, Any], Placement]]:
    """Each recorded verdict on a pod, with the model's."""
    world = World(rules().rules, table(), rules().profile)
    lines = gzip.decompress(shared("conformance", "scheduler-snapshot.jsonl.gz").read_bytes()).splitlines()
    for case in map(json.loads, lines):
        given = case["input"]
        nodes = sorted((decoded("core.Node", n) for n in given["nodes"]), key=name_of)
        placed: dict[str, NodePods] = {}
        for obj in given["pods"]:
            pod = world.api.defaulted("core.Pod", decoded("core.Pod", obj))
            if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
                placed.setdefault(pod["spec"].get("nodeName", ""), NodePods()).pods += (pod,)
        judge = Judge(rules().profile, rules().rules, world.cluster)
        for obj, expected in zip(given["pending"], case["expected"]["results"], strict=True):
            if not expected.get("admissionError") and expected["preFilter"]["code"] == "Success":
                pod = tolerant(world.api.defaulted("core.Pod", decoded("core.Pod", obj)))
                yield case["id"], expected["nodes"], judge.judge(pod, nodes, placed)


def test_rejections_and_scores_are_the_schedulers_own() -> None:
    """Nodes that a plug-in outside the profile rejects are left out, with the scores there."""
    modelled = set(rules().profile.filters)
    rejections = scores = 0
    for case, expected, placement in verdicts():
        found = {v.node: v for v in placement.verdicts}
        for node, told in expected.items():
            verdict = found[node]
            if told["feasible"]:
                assert verdict.fits, (case, node, verdict.plugin)
            elif told["plugin"] in modelled:
                rejections += 1
                assert (verdict.plugin, verdict.code) == (told["plugin"], told["code"]), (case, node)
                assert sorted(verdict.reasons) == sorted(told["reasons"]), (case, node)
        if all(told["feasible"] == found[node].fits for node, told in expected.items()):
            for node, made in placement.scores.items():
                for score in made:
                    told = expected[node]["scores"].get(score.plugin)
                    if told is not None:
                        scores += 1
                        assert (score.raw, score.normalized) == (told["raw"], told["normalized"]), (
                            case,
                            node,
                            score,
                        )
    assert rejections > 2500 and scores > 2500
