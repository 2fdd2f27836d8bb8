"""Knows, of the rules of a profile, which look at one node alone, and which at what many nodes add up to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kspec.ir.reads import EACH
from kspec.model.cluster import PARAM
from kspec.model.engine.classes import tree_of
from kspec.model.given import TallyRules, tally_rules
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet
from kspec.runtime.rulebook import CompiledRule, Paths

ONE_NODE = frozenset(("pod", "node", "placed", PARAM))
MANY = frozenset(("nodes", "fitting"))


@dataclass(frozen=True, slots=True)
class FilterRole:
    plugin: str
    rule: CompiledRule
    local: bool
    when: str
    before: str


@dataclass(frozen=True, slots=True)
class ScoreRole:
    """`plain` scores count as they are; others are normalised over all nodes that fit."""

    plugin: str
    rule: CompiledRule
    local: bool
    plain: bool
    when: str
    among: CompiledRule | None
    normalize: str
    weight: int


class Roles:
    """The rules of a profile by what they are for."""

    def __init__(self, profile: Profile, rules: RuleSet) -> None:
        self.rules = rules
        self.settings = profile.settings
        self.prepared = {name: rules.function(rule_id) for name, rule_id in profile.prepared.items()}
        self.tallies: dict[str, TallyRules] = tally_rules(profile, rules)
        self._many = self._of_many()
        self.filters = tuple(
            FilterRole(f.plugin, rule, self._is_local(rule), f.when, f.before)
            for f in profile.filters
            if (rule := _named(rules, "filter", f.plugin))
        )
        self.scores = tuple(
            ScoreRole(
                s.plugin,
                rule,
                self._is_local(rule) and not s.among,
                s.normalize == "none" and not s.among,
                s.when,
                rules.function(s.among) if s.among else None,
                s.normalize,
                s.weight,
            )
            for s in profile.scores
            if (rule := _named(rules, "score", s.plugin))
        )

        self.node_tree = tree_of(set().union(*self.node_reads()))
        self.cluster_rules = tuple({r.id: r for r in self.with_cluster()}.values())

    def _of_many(self) -> frozenset[str]:
        """What is prepared by looking at many nodes, or at something that is."""
        found = {n for n, r in self.prepared.items() if n in self.tallies or _takes(r, MANY)}
        while True:
            more = {n for n, r in self.prepared.items() if n not in found and _takes(r, found)}
            if not more:
                return frozenset(found)
            found |= more

    def _is_local(self, rule: CompiledRule) -> bool:
        return all(p.name not in self._many and p.name not in MANY for p in rule.params)

    # ------------------------------------------------------------ what is read of pods

    def asked_reads(self) -> Iterator[Paths]:
        """What may be read of the pod that wants a node."""
        for rule in self._all():
            yield _read(rule, "pod")

    def placed_reads(self) -> Iterator[Paths]:
        """What may be read of a pod that has one."""
        for rule in self._all():
            yield _read(rule, "other")
            yield _below(_read(rule, "placed"), (EACH,))
            yield _below(_read(rule, "nodes"), (EACH, "pods", EACH))

    def node_reads(self) -> Iterator[Paths]:
        """What may be read of a node."""
        for rule in self._all():
            yield _read(rule, "node")
            yield _below(_read(rule, "nodes"), (EACH, "node"))

    def with_cluster(self) -> list[CompiledRule]:
        return [r for r in self._all() if any(p.name == PARAM for p in r.params)]

    def _all(self) -> Iterator[CompiledRule]:
        yield from (f.rule for f in self.filters)
        yield from (s.rule for s in self.scores)
        yield from (s.among for s in self.scores if s.among is not None)
        yield from self.prepared.values()
        for tally in self.tallies.values():
            yield from (r for r in (tally.node, tally.pod, tally.fitting) if r is not None)
        names: Iterable[str] = [n for f in self.filters for n in (f.when, f.before)]
        names = [*names, *(s.when for s in self.scores)]
        names = [*names, *(s.normalize for s in self.scores if "/" in s.normalize)]
        yield from (self.rules.function(n) for n in names if n)


def _takes(rule: CompiledRule, names: Iterable[str]) -> bool:
    wanted = set(names)
    return any(p.name in wanted for p in rule.params)


def _read(rule: CompiledRule, param: str) -> Paths:
    """What a rule reads of a parameter; all of it, where nothing is known."""
    if not any(p.name == param for p in rule.params):
        return frozenset()
    return rule.reads.get(param, frozenset()) if rule.reads else frozenset({()})


def _below(paths: Paths, prefix: tuple[str, ...]) -> Paths:
    """What is read below a prefix; all of it, where something above is read as a whole."""
    found = set()
    for path in paths:
        if path[: len(prefix)] == prefix:
            found.add(path[len(prefix) :])
        elif prefix[: len(path)] == path:
            found.add(())
    return frozenset(found)


def _named(rules: RuleSet, kind: str, name: str) -> CompiledRule:
    found = rules.named(kind, name)
    if found is None:
        raise LookupError(f"the profile names the {kind} `{name}`, of which there is no rule")
    return found
