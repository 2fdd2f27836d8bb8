"""Knows how a placement is replayed: pod after pod, each judged by all filters on the state as it is then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kspec.model.objects import Object, metadata, name_of
from kspec.model.placement import Judge, Verdict, rejection
from kspec.verify.placement.board import Step
from kspec.verify.placement.problem import Problem, shown_pod


@dataclass(frozen=True, slots=True)
class Put:
    """A pod that the filters let onto a node."""

    pod: str
    node: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A pod that the filters kept off the node that a placement wants for it."""

    pod: str
    verdict: Verdict


Judges = Callable[[Object], Judge]
"""The judge of the profile that a pod asks for."""


def replayed(problem: Problem, judges: Judges, steps: Sequence[Step]) -> list[Put] | Refused:
    """Every pod with its node; or the first that is refused."""
    infos: list[Object] = [{"node": node, "pods": ()} for node in problem.nodes]
    pinned = {shown_pod(pod) for pod, _ in problem.pinned}
    for pod, n in problem.staying:
        if shown_pod(pod) not in pinned:
            infos[n] = {**infos[n], "pods": (*infos[n]["pods"], pod)}
    waiting = [list(c.pods) for c in problem.classes]
    found = []
    for pod, n in [*problem.pinned, *((waiting[c].pop(0), n) for c, n in steps)]:
        node = problem.nodes[n]
        verdict = judged(judges(pod), pod, infos, n)
        if not verdict.fits:
            return Refused(shown_pod(pod), verdict)
        found.append(Put(shown_pod(pod), name_of(node)))
        infos[n] = {"node": node, "pods": (*infos[n]["pods"], bound(pod, name_of(node)))}
    return found


def judged(judge: Judge, pod: Object, infos: list[Object], n: int) -> Verdict:
    """What all filters say of one node, and of the pod as a whole before that."""
    given = judge.given(pod, infos)
    name = name_of(infos[n]["node"])
    for plugin in judge.profile.filters:
        if plugin.before and (not plugin.when or given.ask(judge.rules.function(plugin.when))):
            said = given.ask(judge.rules.function(plugin.before))
            if said.get("findings"):
                return rejection(name, plugin.plugin, said["findings"])
            if said.get("restricted") and name not in (said.get("nodes") or ()):
                return Verdict(name, plugin.plugin, "", ("it is not among the nodes that the pod names",))
    return judge.verdict_on(infos[n]["node"], infos[n]["pods"], given)


def bound(pod: Object, node: str) -> Object:
    return {**pod, "spec": {**(pod.get("spec") or {}), "nodeName": node}}


def unbound(pod: Object) -> Object:
    """The pod before anyone gave it a node."""
    spec = {k: v for k, v in (pod.get("spec") or {}).items() if k != "nodeName"}
    status = {k: v for k, v in (pod.get("status") or {}).items() if k == "phase" and v == "Pending"}
    meta = {k: v for k, v in metadata(pod).items() if k != "deletionTimestamp"}
    return {**pod, "metadata": meta, "spec": spec, "status": status}
