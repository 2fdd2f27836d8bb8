"""Knows how the scheduler finds pods whose going would let another in: node by node, all that may go
are taken away, and those that need not go are put back.

Who may go, who matters more, what a budget forbids and which node is cheapest are functions of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.model.objects import Object, name_of
from kspec.model.placement import NO_PODS, Judge, NodePods, Placement, Verdict, counts_of, rejection
from kspec.model.rules import call_function
from kspec.runtime.values import Timestamp


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that would fit if these pods went, the most important first; some of them against a budget."""

    node: str
    victims: tuple[Object, ...]
    violations: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it. `why` says why nothing did; `best` are the cheapest candidates."""

    eligible: bool
    why: str = ""
    potential: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    rejected: Mapping[str, Verdict] = field(default_factory=dict)
    best: tuple[Candidate, ...] = ()


class Preemption:
    """Asks what would happen; it pushes out no one."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def attempt(
        self,
        pod: Object,
        placement: Placement,
        nodes: Sequence[Object],
        placed: Mapping[str, NodePods],
        now: Timestamp,
    ) -> Attempt:
        """For a pod that fits nowhere, as this placement says."""
        infos: list[Object] = [
            {"node": node, "pods": placed.get(name_of(node), NO_PODS).pods} for node in nodes
        ]
        why = self._call("whyNoPreemption", pod, infos)
        if why:
            return Attempt(False, why)
        helped = {v.node for v in placement.verdicts if self._call("mayBeHelped", v.code)}
        candidates: list[Candidate] = []
        rejected: dict[str, Verdict] = {}
        for at, node in enumerate(nodes):
            if name_of(node) in helped:
                found = self._dry_run(pod, infos, at, now)
                if isinstance(found, Candidate):
                    candidates.append(found)
                else:
                    rejected[name_of(node)] = found
        potential = tuple(name_of(n) for n in nodes if name_of(n) in helped)
        if not candidates:
            reasons = [r for v in rejected.values() for r in v.reasons]
            reasons += [self._call("notHelpful")] * (len(nodes) - len(potential))
            text = self._judge.count_message(len(nodes), counts_of(reasons))
            return Attempt(True, text, potential, (), rejected)
        return Attempt(True, "", potential, tuple(candidates), rejected, self._cheapest(candidates, now))

    def message(self, placement: Placement, attempt: Attempt) -> str:
        """What the pod is told: the reasons of the nodes, and why preemption did not help."""
        told = self._judge.message(placement)
        if not attempt.why:
            return told
        helpers = list(self._judge.profile.helpers)
        return told + str(self._call("preemptionMessage", not placement.before.plugin, attempt.why, helpers))

    def _dry_run(self, pod: Object, infos: list[Object], at: int, now: Timestamp) -> Candidate | Verdict:
        node, pods = infos[at]["node"], infos[at]["pods"]
        victims = [p for p in pods if self._call("isVictim", pod, p)]
        if not victims:
            return rejection(name_of(node), "", self._call("noVictims"))
        victims.sort(key=lambda p: self._call("importance", p, now))
        gone = victims
        verdict = self._without(pod, infos, at, gone)
        if not verdict.fits:
            return verdict
        forbidden = self._forbidden(victims)
        for violating in (True, False):
            for victim, its in zip(victims, forbidden, strict=True):
                if its is violating:
                    fewer = [p for p in gone if p is not victim]
                    if self._without(pod, infos, at, fewer).fits:
                        gone = fewer
        violations = sum(f for p, f in zip(victims, forbidden, strict=True) if any(p is g for g in gone))
        return Candidate(name_of(node), tuple(gone), violations)

    def _without(self, pod: Object, infos: list[Object], at: int, gone: list[Object]) -> Verdict:
        """The verdict on a node if these of its pods were not there."""
        info = infos[at]
        left = tuple(p for p in info["pods"] if not any(p is g for g in gone))
        changed: list[Object] = [*infos]
        changed[at] = {"node": info["node"], "pods": left, "removed": tuple(gone)}
        return self._judge.verdict_on(info["node"], left, self._judge.given(pod, changed))

    def _forbidden(self, victims: list[Object]) -> list[bool]:
        given = self._judge.given({}, [])
        given.add("victims", victims)
        return list(given.ask(self._judge.rules.function("scheduling/violations")))

    def _cheapest(self, candidates: list[Candidate], now: Timestamp) -> tuple[Candidate, ...]:
        costs = [
            self._call("cost", {"node": c.node, "victims": c.victims, "violations": c.violations}, now)
            for c in candidates
        ]
        return tuple(c for c, cost in zip(candidates, costs, strict=True) if cost == min(costs))

    def _call(self, name: str, *args: object) -> Any:
        return call_function(self._judge.rules.function(f"scheduling/{name}"), *args)
