"""Knows what is prepared for one class of pods, and keeps it: a change of a count reaches who has read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.engine.classes import PodClass
from kspec.model.engine.fleet import Fleet, PodsHere, Row
from kspec.model.engine.projection import Projection
from kspec.model.engine.roles import Roles
from kspec.model.engine.seen import NotKept, Probe, Read, Trace, seen
from kspec.model.engine.tally import Counts, Tally, counts_of
from kspec.model.placement import normalized
from kspec.model.rules import call_function
from kspec.runtime.rulebook import CompiledRule


class Reader(Protocol):
    """Whoever must be asked anew when something that it has read changes."""

    def stale(self) -> None: ...


class _Nodes(list[Any]):
    """All nodes, of which a rule may ask no more than how many they are."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return self._count > 0

    def __iter__(self) -> Iterator[Any]:
        raise NotKept("a rule goes through all nodes")

    def __getitem__(self, index: Any) -> Any:
        raise NotKept("a rule goes through all nodes")

    def __contains__(self, value: object) -> bool:
        raise NotKept("a rule goes through all nodes")

    def __add__(self, other: Any) -> Any:
        raise NotKept("a rule goes through all nodes")

    __radd__ = __add__
    __hash__ = None


class _Value:
    """A value that a function of the rules makes, as long as nothing that it has read changes."""

    __slots__ = ("dirty", "made", "name", "queue", "rule", "stamp", "value")

    def __init__(self, name: str, rule: CompiledRule, queue: list[_Value]) -> None:
        self.name = name
        self.rule = rule
        self.queue = queue
        self.dirty = True
        self.made = False
        self.value: Any = None
        self.stamp: object = ()

    def stale(self) -> None:
        if not self.dirty:
            self.dirty = True
            self.queue.append(self)


class Values:
    """All that rules take by name, for one class of pods."""

    def __init__(self, roles: Roles, fleet: Fleet, cluster: ClusterSource, pod: PodClass) -> None:
        self.roles = roles
        self.fleet = fleet
        self.cluster = cluster
        self.pod = pod
        self.trace = Trace()
        self.extra: dict[str, Any] = {}
        self._nodes = _Nodes(len(fleet.rows))
        self._stale: list[_Value] = []
        self._readers: dict[Read, dict[Reader, None]] = {}
        self._values: dict[str, _Value] = {}
        self._counted: dict[str, _Counted] = {name: _Counted(self, name) for name in roles.tallies}
        self._stamps = {r.id: self.stamp(r) for r in roles.cluster_rules}

    # ------------------------------------------------------------ asking

    def ask(self, rule: CompiledRule, row: Row | None = None, other: PodClass | None = None) -> Any:
        """What the rule says; what it looks at goes into the trace of the moment."""
        return call_function(rule, *[self._given(p.name, rule, row, other) for p in rule.params])

    def _given(self, name: str, rule: CompiledRule, row: Row | None, other: PodClass | None) -> Any:
        if name == "pod":
            return self.pod.pod
        if name == PARAM:
            return self.cluster.of(rule)
        if row is not None:
            if name == "node":
                return seen(row.node, (), self.trace)
            if name == "placed":
                return PodsHere(row, self.trace, self.fleet.site)
        if name == "other" and other is not None:
            return other.pod
        if name == "nodes":
            return self._nodes
        if name == "settings":
            return self.roles.settings
        if name in self.extra:
            return self.extra[name]
        if name in self._counted:
            return self._counted[name].tally.map
        return self.value(name)

    def value(self, name: str) -> Any:
        """A prepared value, or what a function of the profile says of the pod."""
        found = self._values.get(name)
        if found is None:
            rule = self.roles.prepared.get(name)
            if rule is None:
                if "/" not in name:
                    raise NotKept(f"`{name}` is not known")
                rule = self.roles.rules.function(name)
            found = self._values[name] = _Value(name, rule, self._stale)
        if found.dirty:
            self._make(found)
        self.trace.reads["value", name] = None
        return found.value

    def _make(self, its: _Value) -> None:
        with self.tracing() as trace:
            value = self.ask(its.rule)
        its.dirty = False
        its.stamp = self.stamp(its.rule)
        self.reads(its, trace)
        if not its.made or its.value != value:
            its.value = value
            if its.made:
                self.changed(("value", its.name))
            its.made = True

    @contextmanager
    def tracing(self) -> Iterator[Trace]:
        before, self.trace = self.trace, Trace()
        try:
            yield self.trace
        finally:
            self.trace = before

    # ------------------------------------------------------------ changes

    def reads(self, reader: Reader, trace: Trace) -> None:
        """Whoever has read this is to be told of changes."""
        for read in trace.reads:
            self._readers.setdefault(read, {})[reader] = None

    def changed(self, read: Read) -> None:
        for reader in self._readers.pop(read, ()):
            reader.stale()

    def settle(self) -> None:
        """Makes anew what is stale, and tells who has read it if it is another."""
        while self._stale:
            its = self._stale.pop(0)
            if its.dirty:
                self._make(its)

    def stamp(self, rule: CompiledRule) -> object:
        of = getattr(self.cluster, "stamp", None)
        return of(rule) if of is not None else ()

    def cluster_changed(self) -> bool:
        """Looks at what rules read of the cluster. True if more than prepared values hang on it."""
        prepared = {its.rule.id: its for its in self._values.values()}
        for rule in self.roles.cluster_rules:
            now = self.stamp(rule)
            its = prepared.get(rule.id)
            if its is not None:
                if its.stamp != now:
                    its.stale()
            elif self._stamps[rule.id] != now and rule.id not in {r.id for r in self.roles.prepared.values()}:
                return True
        return False

    # ------------------------------------------------------------ tallies

    def tally(self, name: str) -> _Counted:
        return self._counted[name]

    def pods_changed(self, row: Row, its: PodClass, by: int) -> None:
        for counted in self._counted.values():
            counted.pods_changed(row, its, by)

    def normalized(self, how: str, raw: int, least: int, most: int) -> int:
        self.extra.update(raw=raw, least=least, most=most)
        return normalized(self.roles.rules, how, raw, least, most, _Asking(self))


class _Asking:
    """What `normalized` takes: asks rules of the pod alone."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def add(self, name: str, value: object) -> None:
        self._values.extra[name] = value

    def ask(self, rule: CompiledRule) -> Any:
        return self._values.ask(rule)


class _Counted:
    """A tally with what each node and each of its pods counts."""

    def __init__(self, values: Values, name: str) -> None:
        self._values = values
        self.rules = values.roles.tallies[name]
        self.tally = Tally(name, lambda: values.trace, values.changed, self._fill)
        self._where = Projection(values.fleet)
        self._memo: dict[object, Counts] = {}
        self._idle: dict[PodClass, None] = {}
        """Pods that count for nothing, wherever they are."""

    def pods_changed(self, row: Row, its: PodClass, by: int) -> None:
        if self.tally.ready and self.rules.pod is not None and its not in self._idle:
            counts = self._of(self.rules.pod, row, its)
            if counts:
                self.tally.add(counts, by)

    def _fill(self) -> None:
        fleet = self._values.fleet
        if not fleet.rows:
            return
        if self.rules.node is not None:
            self._fill_from_nodes(self.rules.node, fleet.rows)
        if self.rules.pod is not None:
            for its, where in fleet.where.items():
                if where and its not in self._idle:
                    self._of(self.rules.pod, next(iter(where)), its)
                for row, times in where.items() if its not in self._idle else ():
                    counts = self._of(self.rules.pod, row, its)
                    if counts:
                        self.tally.add(counts, times)

    def _fill_from_nodes(self, rule: CompiledRule, rows: list[Row]) -> None:
        """Nodes that are alike count alike."""
        made: list[tuple[Counts, int]] | None = None
        while made is None:
            alike: dict[int, list[int]] = {}
            for index, number in enumerate(self._where.numbers()):
                alike.setdefault(number, []).append(index)
            known = self._where.numbers()
            made = [(self._of(rule, rows[its[0]], None), len(its)) for its in alike.values()]
            if self._where.numbers() is not known:
                made = None  # the rule has looked at something new
        for counts, times in made:
            if counts:
                self.tally.add(counts, times)

    def _of(self, rule: CompiledRule, row: Row, its: PodClass | None) -> Counts:
        found = self._memo.get((its, self._where.fixed(row)))
        if found is None:
            with self._values.tracing() as trace:
                found = counts_of(self._values.ask(rule, row, its))
            if any(read[0] != "value" for read in trace.reads):
                raise NotKept("a count hangs on a count")
            self._values.reads(BROKEN, trace)
            if self._where.grow(trace.probes):
                self._memo.clear()
            if its is not None and not found and not trace.probes:
                self._idle[its] = None
            self._memo[its, self._where.fixed(row)] = found
        return found


class _Broken:
    """Told when something changes that all counts hang on: they have to be counted anew."""

    def stale(self) -> None:
        raise Recount


class Recount(Exception):
    """All has to be counted anew."""


BROKEN = _Broken()
__all__ = ["Probe", "Reader", "Recount", "Values"]
