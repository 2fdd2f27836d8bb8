"""Knows how a placement is replayed: pod after pod, each judged by all filters on the state as it is then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kspec.model.engine.engine import Engine
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


ENGINE_PODS_MIN = 100
"""From so many pods on, most are judged by the engine."""
EVERY = 20
"""Of these, one in so many is judged by all filters from the beginning all the same."""

Judges = Callable[[Object], Judge]
"""The judge of the profile that a pod asks for."""


def replayed(problem: Problem, judges: Judges, steps: Sequence[Step]) -> list[Put] | Refused:
    """Every pod with its node; or the first that is refused."""
    run = _Run(problem, judges)
    waiting = [list(c.pods) for c in problem.classes]
    found = []
    for pod, n in [*problem.pinned, *((waiting[c].pop(0), n) for c, n in steps)]:
        verdict = run.verdict(pod, n)
        if not verdict.fits:
            return Refused(shown_pod(pod), verdict)
        run.put(pod, n)
        found.append(Put(shown_pod(pod), name_of(problem.nodes[n])))
    return found


class _Run:
    """The nodes with their pods as a placement comes about. Of many pods only some are judged by all filters
    from the beginning; the others by what the engine keeps, which must come to the same.
    """

    def __init__(self, problem: Problem, judges: Judges) -> None:
        self.problem = problem
        self.judges = judges
        self.infos: list[Object] = [{"node": node, "pods": ()} for node in problem.nodes]
        self.engines: dict[int, Engine] = {}
        self.count = 0
        pinned = {shown_pod(pod) for pod, _ in problem.pinned}
        for pod, n in problem.staying:
            if shown_pod(pod) not in pinned:
                self._add(pod, n)

    def verdict(self, pod: Object, n: int) -> Verdict:
        judge = self.judges(pod)
        self.count += 1
        if self.problem.pods < ENGINE_PODS_MIN or self.count % EVERY == 0:
            return judged(judge, pod, self.infos, n)
        if self._engine(judge).rank(pod).fits(name_of(self.problem.nodes[n])):
            return Verdict(name_of(self.problem.nodes[n]))
        return judged(judge, pod, self.infos, n)

    def put(self, pod: Object, n: int) -> None:
        there = bound(pod, name_of(self.problem.nodes[n]))
        self._add(there, n)
        for engine in self.engines.values():
            engine.put(name_of(self.problem.nodes[n]), there)

    def _add(self, pod: Object, n: int) -> None:
        self.infos[n] = {**self.infos[n], "pods": (*self.infos[n]["pods"], pod)}

    def _engine(self, judge: Judge) -> Engine:
        if id(judge) not in self.engines:
            pods = {name_of(info["node"]): info["pods"] for info in self.infos}
            engine = self.engines[id(judge)] = Engine(judge)
            engine.with_nodes(self.problem.nodes, lambda name: pods[name])
        return self.engines[id(judge)]


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
