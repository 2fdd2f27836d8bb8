"""Knows when a pod that may be changed fits a node that may be changed, as the filter rules say: rules that
read nothing that is open are asked as they are, the others in their symbolic reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kspec.ir.reads import COUNT, EACH, PRESENT
from kspec.model.cluster import PARAM
from kspec.model.given import Given
from kspec.model.objects import name_of
from kspec.model.placement import Judge
from kspec.runtime.rulebook import CompiledRule
from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.rulebook import SymbolicRules
from kspec.runtime.symbolic.values import SymList, SymMap, SymRecord, is_open
from kspec.solve.query import Condition, read
from kspec.verify.fitting.change import Hole, opened

Path = tuple[str, ...]
LARGE = 4_000
"""A symbolic reading over more pods on nodes than these is not tried."""


class TooLarge(Exception):
    """The question would take for ever."""


class Reading:
    """One pod and one node, with what could be changed in them; `given` is what rules take of them as they
    are.
    """

    def __init__(
        self,
        judge: Judge,
        symbolic: SymbolicRules,
        given: Given,
        holes: Sequence[Hole],
        size: int,
    ) -> None:
        self.judge, self.symbolic, self.given, self.size = judge, symbolic, given, size
        self.open: dict[str, object] = {}
        self.paths: dict[str, frozenset[Path]] = {}
        for of in ("pod", "node"):
            own = [h for h in holes if h.change.of == of]
            if own:
                self.open[of] = opened(given[of], own)
                self.paths[of] = frozenset(_general(h.path, given[of]) for h in own)

    def conditions(self) -> Iterator[Condition]:
        """What must hold for the pod to fit, plug-in by plug-in; those that nothing open can change first."""
        later = []
        for plugin, rule in zip(self.judge.profile.filters, self.judge.filters, strict=True):
            names = [n for n in (plugin.when, plugin.before) if n]
            asked = [rule, *(self.judge.rules.function(n) for n in names)]
            if any(self.touches(each) for each in asked):
                later.append((plugin, rule))
            else:
                yield self.condition(plugin.plugin, plugin.before, plugin.when, rule)
        for plugin, rule in later:
            yield self.condition(plugin.plugin, plugin.before, plugin.when, rule)

    def condition(self, title: str, before: str, when: str, rule: CompiledRule) -> Condition:
        """The plug-in has no say, or nothing against it."""
        quiet = ops.call("!_", self.ask(self.judge.rules.function(when))) if when else False
        clear = _is_empty(self.ask(rule))
        if before:
            said = self.ask(self.judge.rules.function(before))
            here = ops.or_(
                ops.call("!_", ops.field(said, "restricted", False)),
                lambda: ops.call("@in", name_of(self.given["node"]), ops.field(said, "nodes", [])),
            )
            silent = _is_empty(ops.field(said, "findings", []))
            clear = ops.and_(clear, lambda: ops.and_(silent, lambda: here))
        return read(title, ops.or_(quiet, lambda: clear))

    # ------------------------------------------------------------ values

    def ask(self, rule: CompiledRule) -> object:
        if not self.touches(rule):
            return self.given.ask(rule)
        if "nodes" in (p.name for p in rule.params) and self.size > LARGE:
            raise TooLarge(f"{self.size} pods on nodes")
        values = [self.judge.cluster.of(rule) if p.name == PARAM else self.value(p.name) for p in rule.params]
        return self.symbolic[rule.id](*values)

    def value(self, name: str) -> object:
        """What rules take by this name, open if anything in it is."""
        if name in self.open:
            return self.open[name]
        return self.open[name] if self.opens(name) else self.given[name]

    def opens(self, name: str) -> bool:
        """Is something open in what is taken by this name? What is prepared is made then, symbolically."""
        if name not in self.paths:
            maker = self.judge.profile.prepared.get(name)
            self.paths[name] = frozenset()
            if maker and self.touches(self.judge.rules.function(maker)):
                value = self.ask(self.judge.rules.function(maker))
                self.open[name] = value
                self.paths[name] = frozenset(_open_paths(value))
        return bool(self.paths[name])

    def touches(self, rule: CompiledRule) -> bool:
        """Does the rule read anything that is open?"""
        for parameter in rule.params:
            if self.opens(parameter.name):
                reads = rule.reads.get(parameter.name, frozenset()) if rule.reads else frozenset({()})
                if any(_meet(path, its) for path in reads for its in self.paths[parameter.name]):
                    return True
        return False


def _is_empty(findings: object) -> object:
    return ops.call("_==_", ops.call("size", findings), 0)


def _meet(read_path: Path, hole: Path) -> bool:
    """Is one of these at or below the other? How many elements there are hangs on each of them."""
    own = tuple(s for s in read_path if s not in (COUNT, PRESENT))
    return all(a == b or EACH in (a, b) for a, b in zip(own, hole, strict=False)) and (
        own == read_path or len(hole) <= len(own) + 1
    )


def _general(path: Path, value: Any) -> Path:
    """The path, with every element of a list or a map meant by `EACH`: as what is read is written down."""
    made: list[str] = []
    for step in path:
        made.append(EACH if isinstance(value, (list, tuple)) else step)
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, (list, tuple)):
            value = value[int(step)]
    return tuple(made)


def _open_paths(value: object, path: Path = ()) -> Iterator[Path]:
    """Where in a value something is open."""
    match value:
        case SymList():
            for guard, item in value.items:
                yield from [(*path, EACH)] if guard is not t.TRUE else _open_paths(item, (*path, EACH))
        case SymMap():
            for key, (guard, item) in value.entries.items():
                inner = (*path, str(key))
                yield from [inner] if guard is not t.TRUE else _open_paths(item, inner)
        case SymRecord():
            for name, (guard, item) in value.fields.items():
                inner = (*path, name)
                yield from [inner] if guard is not t.TRUE else _open_paths(item, inner)
            yield from _open_paths(value.base, path)
        case _:
            if is_open(value):
                yield path


def why_unsupported(conditions: Sequence[Condition]) -> str:
    """What of these conditions the symbolic reading cannot say; empty if nothing."""
    return next((str(why) for c in conditions for why, g in c.unsupported if g is not t.FALSE), "")
