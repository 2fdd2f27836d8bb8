"""Knows how a profile's filter and score rules judge nodes for a pod, and recomputes no more than it must.

A filter that rejects a node gives its reasons, and no later one is asked. Nodes that fit are scored; raw
scores are normalised over the nodes that fit, weighted and added. What rules found that look at nothing but
the pod, one node and its pods is kept for every pod that agrees on the fields that they read, while the
node and its pods are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kspec.ir.reads import COUNT, EACH
from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.given import Given, tally_rules
from kspec.model.objects import Object, name_of
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.model.signature import signature_of
from kspec.runtime.rulebook import CompiledRule, Paths

CLASSES_KEPT_MAX = 1_000
"""How many different pods' verdicts are kept at once."""

LOCAL = frozenset(("pod", "node", "placed", "settings"))
"""What a rule may take for its answer to be kept."""


@dataclass(frozen=True, slots=True)
class Score:
    plugin: str
    raw: int
    normalized: int
    weight: int

    @property
    def weighted(self) -> int:
        return self.normalized * self.weight


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a node: the first filter that rejects it with its reasons, or its raw scores."""

    node: str
    plugin: str = ""
    code: str = ""
    reasons: tuple[str, ...] = ()
    raw: tuple[int, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.plugin


@dataclass(frozen=True, slots=True)
class Before:
    """What was said of the pod before any node was asked: why it can go nowhere, or to which nodes alone."""

    plugin: str = ""
    code: str = ""
    reasons: tuple[str, ...] = ()
    nodes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Every node's verdict, in order; of those that fit, the scores (none where there is but one)."""

    verdicts: tuple[Verdict, ...]
    scores: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)
    before: Before = Before()

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
        return counts_of(reason for verdict in self.verdicts for reason in verdict.reasons)


def counts_of(reasons: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts


@dataclass(slots=True)
class NodePods:
    """The pods on one node. `version` grows with each change."""

    pods: tuple[Object, ...] = ()
    version: int = 0


NO_PODS = NodePods()


@dataclass(slots=True)
class _Known:
    """What the local rules say of a node: the index of the first filter that rejects it, or scores."""

    node: Object
    version: int
    failed: int
    findings: Sequence[Mapping[str, object]] = ()
    raw: Mapping[int, int] = field(default_factory=dict)


class Judge:
    """Asks the rules of a profile."""

    def __init__(self, profile: Profile, rules: RuleSet, cluster: ClusterSource) -> None:
        self.profile = profile
        self.rules = rules
        self.score_one = False
        """Whether a node that alone fits is scored all the same; the scheduler takes it unseen."""
        self.cluster = cluster
        self.filters = [_named(rules, "filter", f.plugin) for f in profile.filters]
        self.scores = [_named(rules, "score", s.plugin) for s in profile.scores]
        self._makers = {name: rules.function(rule_id) for name, rule_id in profile.prepared.items()}
        self._tallies = tally_rules(profile, rules)
        everything = [*self.filters, *self.scores]
        local = [r for r in everything if _is_local(r)]
        self._wide = [i for i, r in enumerate(self.filters) if not _is_local(r)]
        """The filters that look further than one node, by index."""
        self.reads_cluster = len(local) < len(everything)
        """Can a change on one node matter to the verdict on another?"""
        self._signature = signature_of(_read_of(r, "pod") for r in local)
        self.placed_signature = signature_of(_of_element(_read_of(r, "placed")) for r in local)
        """What of a pod that is placed on a node can matter to what is kept."""
        self._known: dict[object, dict[str, _Known]] = {}
        self.records = self._records_read()
        """The types of all objects that rules look for in the cluster."""

    def judge(
        self,
        pod: Object,
        nodes: Sequence[Object],
        placed: Mapping[str, NodePods],
        refused: Mapping[str, Verdict] | None = None,
    ) -> Placement:
        """The verdict on each node for this pod; of some it may be given, as far as they would fit."""
        here = [placed.get(name_of(node), NO_PODS) for node in nodes]
        given = self.given(pod, [_info(node, its.pods) for node, its in zip(nodes, here, strict=True)])
        active = [i for i, f in enumerate(self.profile.filters) if self._applies(f.when, given)]
        before = self._before(given, active)
        if before.plugin:
            everywhere = (Verdict(name_of(n), before.plugin, before.code, before.reasons) for n in nodes)
            return Placement(tuple(everywhere), before=before)
        scoring = [i for i, s in enumerate(self.profile.scores) if _is_local(self.scores[i])]
        known = self._known_for(pod)
        kept: dict[str, _Known] = {}
        verdicts = []
        for node, its in zip(nodes, here, strict=True):
            name = name_of(node)
            if before.nodes is not None and name not in before.nodes:
                verdicts.append(self._outside(name, active))
                continue
            given.at(node, its.pods)
            found = known.get(name)
            if found is None or found.node is not node or found.version != its.version:
                found = known[name] = self._ask(given, node, its.version, scoring)
            kept[name] = found
            verdict = self._verdict(name, given, found, active)
            verdicts.append(refused.get(name, verdict) if refused and verdict.fits else verdict)
        return self._scored(tuple(verdicts), before, nodes, given, kept)

    def given(self, pod: Object, infos: list[Object]) -> Given:
        """What rules may take by name, for one pod and these nodes with their pods."""
        fixed = {"pod": pod, "nodes": infos, "settings": self.profile.settings}
        return Given(self._makers, self.cluster, fixed, self._tallies)

    def verdict_on(self, node: Object, pods: tuple[Object, ...], given: Given) -> Verdict:
        """Whether one node fits, by all filters; nothing is kept."""
        given.at(node, pods)
        for plugin, rule in zip(self.profile.filters, self.filters, strict=True):
            if self._applies(plugin.when, given):
                findings = given.ask(rule)
                if findings:
                    return rejection(name_of(node), rule.name, findings)
        return Verdict(name_of(node))

    def is_local(self, rule: CompiledRule) -> bool:
        """Does the rule look at nothing but the pod, one node and its pods?"""
        return _is_local(rule)

    def message(self, placement: Placement) -> str:
        """What a pod is told that fits nowhere."""
        nodes = len(placement.verdicts)
        if placement.before.plugin:
            refused = self.rules.function("scheduling/refusedMessage")
            return str(call_function(refused, nodes, list(placement.before.reasons)))
        return self.count_message(nodes, placement.reason_counts())

    def count_message(self, nodes: int, counts: Mapping[str, int]) -> str:
        return str(call_function(self.rules.function("scheduling/failureMessage"), nodes, counts))

    def _records_read(self) -> tuple[str, ...]:
        named = [n for f in self.profile.filters for n in (f.before, f.when) if n]
        named += [n for s in self.profile.scores for n in (s.when,) if n]
        asked = [*self.filters, *self.scores, *self._makers.values(), *map(self.rules.function, named)]
        fields = {path[0] for rule in asked if rule.reads for path in rule.reads.get(PARAM, ()) if path}
        return tuple(sorted(r for f, r in self.rules.cluster_fields.items() if f in fields))

    # ------------------------------------------------------------ filters

    def _applies(self, when: str, given: Given) -> bool:
        return not when or bool(given.ask(self.rules.function(when)))

    def _before(self, given: Given, active: Sequence[int]) -> Before:
        allowed: tuple[str, ...] | None = None
        for i in active:
            plugin = self.profile.filters[i]
            if not plugin.before:
                continue
            said = given.ask(self.rules.function(plugin.before))
            if said.get("findings"):
                no = rejection("", plugin.plugin, said["findings"])
                return Before(no.plugin, no.code, no.reasons)
            if said.get("restricted"):
                names = tuple(said.get("nodes") or ())
                allowed = names if allowed is None else tuple(n for n in allowed if n in names)
        return Before(nodes=allowed)

    def _outside(self, node: str, active: Sequence[int]) -> Verdict:
        restricting = [self.filters[i].name for i in active if self.profile.filters[i].before][:1]
        findings = call_function(self.rules.function("scheduling/outsideReason"), restricting)
        return rejection(node, "PreFilter", findings)

    def _ask(self, given: Given, node: Object, version: int, scoring: Sequence[int]) -> _Known:
        for i, rule in enumerate(self.filters):
            if _is_local(rule):
                findings = given.ask(rule)
                if findings:
                    return _Known(node, version, i, findings)
        raw = {i: int(given.ask(self.scores[i])) for i in scoring}
        return _Known(node, version, len(self.filters), raw=raw)

    def _verdict(self, name: str, given: Given, known: _Known, active: Sequence[int]) -> Verdict:
        for i in self._wide:
            if i < known.failed and i in active:
                findings = given.ask(self.filters[i])
                if findings:
                    return rejection(name, self.filters[i].name, findings)
        if known.failed < len(self.filters):
            return rejection(name, self.filters[known.failed].name, known.findings)
        return Verdict(name)

    # ------------------------------------------------------------ scores

    def _scored(
        self,
        verdicts: tuple[Verdict, ...],
        before: Before,
        nodes: Sequence[Object],
        given: Given,
        known: Mapping[str, _Known],
    ) -> Placement:
        fits = {v.node for v in verdicts if v.fits}
        if len(fits) < 2 and not (self.score_one and fits):
            return Placement(verdicts, before=before)
        infos = [info for info in given["nodes"] if name_of(info["node"]) in fits]
        given.add("fitting", [info["node"] for info in infos])
        scores: dict[str, list[Score]] = {name_of(info["node"]): [] for info in infos}
        for i, plugin in enumerate(self.profile.scores):
            if not self._applies(plugin.when, given):
                continue
            raw = [self._raw(i, info, given, known) for info in infos]
            ranked = [self._ranked(plugin.among, info, given) for info in infos]
            normalized = self._normalized(plugin.normalize, raw, ranked, given)
            for its, one, other in zip(scores.values(), raw, normalized, strict=True):
                its.append(Score(plugin.plugin, one, other, plugin.weight))
        rows = {name: tuple(its) for name, its in scores.items()}
        return Placement(tuple(_with_raw(v, rows) for v in verdicts), rows, before)

    def _raw(self, i: int, info: Object, given: Given, known: Mapping[str, _Known]) -> int:
        found = known[name_of(info["node"])].raw.get(i)
        if found is not None:
            return found
        given.at(info["node"], info["pods"])
        return int(given.ask(self.scores[i]))

    def _ranked(self, among: str, info: Object, given: Given) -> bool:
        given.at(info["node"], info["pods"])
        return not among or bool(given.ask(self.rules.function(among)))

    def _normalized(self, how: str, raw: list[int], ranked: list[bool], given: Given) -> list[int]:
        among = [r for r, its in zip(raw, ranked, strict=True) if its]
        least, most = min(among, default=0), max(among, default=0)
        made = {r: normalized(self.rules, how, r, least, most, given) for r in dict.fromkeys(among)}
        return [made[r] if its else 0 for r, its in zip(raw, ranked, strict=True)]

    def _known_for(self, pod: Object) -> dict[str, _Known]:
        signature = self._signature(pod)
        known = self._known.get(signature)
        if known is None:
            if len(self._known) >= CLASSES_KEPT_MAX:
                self._known.pop(next(iter(self._known)))
            known = self._known[signature] = {}
        return known


class Asking(Protocol):
    """Asks rules; `Given`, for one."""

    def add(self, name: str, value: object) -> None: ...

    def ask(self, rule: CompiledRule) -> Any: ...


def normalized(rules: RuleSet, how: str, raw: int, least: int, most: int, given: Asking) -> int:
    """A raw score as 0 to 100. Ways other than these three are functions of the rules."""
    if how == "none":
        return raw
    if how == "max":
        return 100 * raw // most if most else raw
    if how == "reversed":
        return 100 - 100 * raw // most if most else 100
    given.add("raw", raw)
    given.add("least", least)
    given.add("most", most)
    return int(given.ask(rules.function(how)))


def _info(node: Object, pods: tuple[Object, ...]) -> Object:
    return {"node": node, "pods": pods}


def rejection(node: str, plugin: str, findings: Sequence[Mapping[str, Any]]) -> Verdict:
    """A node that a plug-in rejects; the first finding gives the code."""
    reasons = tuple(str(f.get("reason", "")) for f in findings)
    return Verdict(node, plugin, str(findings[0].get("code", "")), reasons)


def _with_raw(verdict: Verdict, scores: Mapping[str, tuple[Score, ...]]) -> Verdict:
    its = scores.get(verdict.node)
    return verdict if its is None else Verdict(verdict.node, raw=tuple(s.raw for s in its))


def _is_local(rule: CompiledRule) -> bool:
    return all(p.name in LOCAL for p in rule.params)


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
