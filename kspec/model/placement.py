"""Knows how a profile's filter and score rules judge nodes for a pod, and recomputes no more than it must.

A filter that rejects a node gives its reasons, and no later one is asked. Nodes that fit are scored; raw
scores are normalised over the nodes that fit, weighted and added. What was found for one pod is kept for
every pod that agrees with it on the fields that the rules read, while the node and its pods are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.ir.reads import COUNT, EACH
from kspec.model.cluster import PARAM, ClusterValues
from kspec.model.objects import Object, name_of
from kspec.model.rules import RuleSet, call, call_function, has_param
from kspec.model.signature import signature_of
from kspec.runtime.rulebook import CompiledRule, Paths

CLASSES_KEPT_MAX = 1_000
"""How many different pods' verdicts are kept at once."""


@dataclass(frozen=True, slots=True)
class ScorePlugin:
    plugin: str
    weight: int
    normalize: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Which filters are asked, in order, and what each score weighs."""

    name: str
    filters: tuple[str, ...]
    scores: tuple[ScorePlugin, ...]


@dataclass(frozen=True, slots=True)
class Score:
    plugin: str
    raw: int
    normalized: int
    weight: int

    @property
    def weighted(self) -> int:
        return self.normalized * self.weight


@dataclass(slots=True)
class Verdict:
    """What the rules say of a node: the first filter that rejects it with its reasons, or its raw scores."""

    node: str
    plugin: str = ""
    code: str = ""
    reasons: tuple[str, ...] = ()
    raw: tuple[int, ...] = ()
    stamp: tuple[object, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.plugin


@dataclass(frozen=True, slots=True)
class Placement:
    """Every node's verdict, in order of name; of those that fit, the scores (none where there is but one)."""

    verdicts: tuple[Verdict, ...]
    scores: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)

    @property
    def fitting(self) -> list[str]:
        return [v.node for v in self.verdicts if v.fits]

    def totals(self) -> dict[str, int]:
        return {node: sum(s.weighted for s in scores) for node, scores in self.scores.items()}

    def best(self) -> list[str]:
        """The nodes with the highest total, in order of name; of one node that fits, that one."""
        totals = self.totals()
        if not totals:
            return self.fitting
        highest = max(totals.values())
        return [node for node in self.fitting if totals[node] == highest]

    def reason_counts(self) -> dict[str, int]:
        """On how many nodes each reason stands in the way."""
        counts: dict[str, int] = {}
        for verdict in self.verdicts:
            for reason in verdict.reasons:
                counts[reason] = counts.get(reason, 0) + 1
        return counts


@dataclass(slots=True)
class NodePods:
    """The pods on one node. `version` grows with each change."""

    pods: tuple[Object, ...] = ()
    version: int = 0


NO_PODS = NodePods()


class Judge:
    """Asks the rules of a profile."""

    def __init__(self, profile: Profile, rules: RuleSet, cluster: ClusterValues) -> None:
        self.profile = profile
        self._rules = rules
        self._cluster = cluster
        self.filters = [_named(rules, "filter", name) for name in profile.filters]
        self.scores = [_named(rules, "score", s.plugin) for s in profile.scores]
        everything = [*self.filters, *self.scores]
        self._cluster_rules = [r for r in everything if has_param(r, PARAM)]
        self.reads_cluster = bool(self._cluster_rules)
        self._signature = signature_of(_read_of(r, "pod") for r in everything)
        self.placed_signature = signature_of(_of_element(_read_of(r, "placed")) for r in everything)
        """What of a pod that is placed on a node can matter to the verdict on another pod."""
        self._known: dict[object, dict[str, Verdict]] = {}

    def judge(self, pod: Object, nodes: Sequence[Object], placed: Mapping[str, NodePods]) -> Placement:
        """The verdict on each node for this pod."""
        stamp = tuple(self._cluster.stamp(r) for r in self._cluster_rules)
        known = self._known_for(pod)
        values: dict[str, object] = {"pod": pod}
        verdicts = []
        for node in nodes:
            name = name_of(node)
            here = placed.get(name, NO_PODS)
            verdict = known.get(name)
            if (
                verdict is None
                or verdict.stamp[0] is not node
                or verdict.stamp[1] != here.version
                or verdict.stamp[2] != stamp
            ):
                values["node"], values["placed"] = node, here.pods
                verdict = known[name] = self._ask(name, values)
                verdict.stamp = (node, here.version, stamp)
            verdicts.append(verdict)
        return self._scored(tuple(verdicts))

    def _ask(self, node: str, values: Mapping[str, object]) -> Verdict:
        for rule in self.filters:
            findings = self._call(rule, values)
            if findings:
                reasons = tuple(str(f.get("reason", "")) for f in findings)
                return Verdict(node, rule.name, str(findings[0].get("code", "")), reasons)
        raw = tuple(int(self._call(rule, values)) for rule in self.scores)
        return Verdict(node, raw=raw)

    def _call(self, rule: CompiledRule, values: Mapping[str, object]) -> Any:
        if any(rule is r for r in self._cluster_rules):
            values = {**values, PARAM: self._cluster.of(rule)}
        return call(rule, values)

    def _scored(self, verdicts: tuple[Verdict, ...]) -> Placement:
        fitting = [v for v in verdicts if v.fits]
        if len(fitting) < 2:
            return Placement(verdicts)
        columns = [
            self._normalized(plugin.normalize, [v.raw[i] for v in fitting])
            for i, plugin in enumerate(self.profile.scores)
        ]
        scores = {
            v.node: tuple(
                Score(p.plugin, v.raw[i], columns[i][at], p.weight) for i, p in enumerate(self.profile.scores)
            )
            for at, v in enumerate(fitting)
        }
        return Placement(verdicts, scores)

    def _normalized(self, how: str, raw: list[int]) -> list[int]:
        """Raw scores as 0 to 100. Ways other than these three are functions of the rules over list(int)."""
        highest = max(raw)
        if how == "none":
            return raw
        if how == "max":
            return [100 * r // highest for r in raw] if highest else raw
        if how == "reversed":
            return [100 - 100 * r // highest for r in raw] if highest else [100] * len(raw)
        result: Any = call_function(self._rules.function(how), raw)
        return list(result)

    def _known_for(self, pod: Object) -> dict[str, Verdict]:
        signature = self._signature(pod)
        known = self._known.get(signature)
        if known is None:
            if len(self._known) >= CLASSES_KEPT_MAX:
                self._known.pop(next(iter(self._known)))
            known = self._known[signature] = {}
        return known


def _named(rules: RuleSet, kind: str, name: str) -> CompiledRule:
    found = rules.named(kind, name)
    if found is None:
        raise LookupError(f"the profile names the {kind} `{name}`, of which there is no rule")
    return found


def _of_element(paths: Paths) -> Paths:
    """What is read of each element, of what is read of a list; how many there are is not part of any."""
    return frozenset(path[1:] if path[:1] == (EACH,) else () for path in paths if path[:1] != (COUNT,))


def _read_of(rule: CompiledRule, param: str) -> Paths:
    """Which paths of a parameter the rule reads; () stands for all of it, as where nothing is known."""
    return rule.reads.get(param, frozenset()) if rule.reads else frozenset({()})
