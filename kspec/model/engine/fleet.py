"""Knows the nodes with their pods as the engine holds them: pods by class, sums that are kept up to date,
and a log of what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kspec.model.engine.classes import ClassBook, PodClass, Tree, project
from kspec.model.engine.seen import ALL, SIZE, TOTAL, NotKept, Probe, SeenList, SeenMap, Trace, look
from kspec.model.objects import Object, name_of
from kspec.runtime.kept import Each, Kept
from kspec.runtime.same import Same

PodKey = tuple[str, str]
SITES_MAX = 20_000
"""How many sums may be kept, each of one function with one set of values; beyond, all are forgotten."""


class Site:
    """One function that is summed up, and its value for each class of pods."""

    __slots__ = ("_each", "_of")

    def __init__(self, each: Each) -> None:
        self._each = each
        self._of: dict[PodClass, int] = {}

    def of(self, its: PodClass) -> int:
        found = self._of.get(its)
        if found is None:
            found = self._of[its] = int(self._each(its.pod))
        return found


class Row:
    """A node with its pods."""

    __slots__ = ("counts", "history", "index", "name", "node", "number", "pods", "sums")

    def __init__(self, index: int, node: Object) -> None:
        self.index = index
        self.name = name_of(node)
        self.node = node
        self.pods: dict[PodKey, tuple[Object, PodClass]] = {}
        self.counts: dict[PodClass, int] = {}
        self.history: list[tuple[PodClass, int]] = []
        self.sums: dict[Site, list[int]] = {}

    def change(self, its: PodClass, by: int) -> None:
        left = self.counts.get(its, 0) + by
        if left:
            self.counts[its] = left
        else:
            del self.counts[its]
        self.history.append((its, by))

    def total(self, site: Site) -> int:
        """The sum over the pods, brought up to date by what has changed since it was last asked for."""
        known = self.sums.get(site)
        now = len(self.history)
        if known is None:
            value = sum([count * site.of(its) for its, count in self.counts.items()])
            self.sums[site] = [now, value]
            return value
        if known[0] != now:
            for its, by in self.history[known[0] :]:
                known[1] += by * site.of(its)
            known[0] = now
        return known[1]

    def sequence(self) -> list[PodClass]:
        return [its for _, its in self.pods.values()]


class PodsHere(Kept):
    """The pods on a node, as a rule sees them: all of a class are the same pod."""

    def __init__(self, row: Row, trace: Trace, site_of: Callable[..., Site]) -> None:
        super().__init__()
        self._row = row
        self._trace = trace
        self._site_of = site_of

    def total(self, site: str, free: tuple[object, ...], each: Each) -> int:
        if any(isinstance(f, (SeenMap, SeenList)) for f in free):
            return sum([int(each(pod)) for pod in self])
        found = self._site_of(site, free, each)
        self._trace.probes[TOTAL, found] = None
        return self._row.total(found)

    def __len__(self) -> int:
        self._trace.probes[SIZE, None] = None
        return len(self._row.pods)

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[object]:
        self._trace.probes[ALL, None] = None
        return iter([its.pod for its in self._row.sequence()])

    def __getitem__(self, index: Any) -> Any:
        return [*self][index]

    def __contains__(self, value: object) -> bool:
        return value in [*self]

    def __add__(self, other: Any) -> Any:
        return [*self, *other]

    def __radd__(self, other: Any) -> Any:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        raise NotKept("pods are compared")

    __hash__ = None  # type: ignore[assignment]


class Fleet:
    """All nodes, in order."""

    def __init__(self, book: ClassBook) -> None:
        self.book = book
        self.rows: list[Row] = []
        self.by_name: dict[str, Row] = {}
        self.log: list[tuple[Row, PodClass, int]] = []
        self.where: dict[PodClass, dict[Row, int]] = {}
        """On which nodes there are pods of a class, and how many."""
        self._sites: dict[object, Site] = {}
        self._answers: dict[Probe, list[object]] = {}
        self._numbers: dict[frozenset[Probe], list[int]] = {}

    def renew(self, nodes: Sequence[Object], pods: Callable[[str], Iterable[Object]]) -> None:
        """Begins anew, with these nodes and the pods on each."""
        self.book.forget()
        self.log.clear()
        self.where.clear()
        self._sites.clear()
        self._forget_answers()
        self.rows = [Row(i, node) for i, node in enumerate(nodes)]
        self.by_name = {row.name: row for row in self.rows}
        for row in self.rows:
            for pod in pods(row.name):
                self.put(row, pod)
        self.log.clear()

    def replace(self, nodes: Sequence[Object], read: Tree | None) -> bool:
        """The nodes are these now, of the same names; true if no rule can tell them from those before."""
        alike = True
        for row, node in zip(self.rows, nodes, strict=True):
            if row.node is not node:
                alike = alike and project(row.node, read) == project(node, read)
                row.node = node
        if not alike:
            self._forget_answers()
        return alike

    def numbered(self, probes: frozenset[Probe]) -> list[int]:
        """A number for each node; those that answer all of the probes alike have the same."""
        found = self._numbers.get(probes)
        if found is None:
            columns = [self._column(probe) for probe in sorted(probes, key=repr)]
            numbers: dict[object, int] = {}
            answers = zip(*columns, strict=True) if columns else [()] * len(self.rows)
            found = [numbers.setdefault(its, len(numbers)) for its in answers]
            self._numbers[probes] = found
        return found

    def _column(self, probe: Probe) -> list[object]:
        found = self._answers.get(probe)
        if found is None:
            found = self._answers[probe] = [look(row.node, probe) for row in self.rows]
        return found

    def _forget_answers(self) -> None:
        self._answers.clear()
        self._numbers.clear()

    def put(self, row: Row, pod: Object) -> None:
        """A pod is on the node, or is another there than it was."""
        key = _key(pod)
        its = self.book.of(pod)
        before = row.pods.get(key)
        row.pods[key] = (pod, its)
        if before is not None:
            if before[1] is its:
                return
            self._change(row, before[1], -1)
        self._change(row, its, 1)

    def drop(self, row: Row, key: PodKey) -> None:
        _, its = row.pods.pop(key)
        self._change(row, its, -1)

    def _change(self, row: Row, its: PodClass, by: int) -> None:
        row.change(its, by)
        its.added += by > 0
        there = self.where.setdefault(its, {})
        there[row] = there.get(row, 0) + by
        if not there[row]:
            del there[row]
        self.log.append((row, its, by))

    def site(self, site: str, free: tuple[object, ...], each: Each) -> Site:
        key = (site, *[_identity(f) for f in free])
        found = self._sites.get(key)
        if found is None:
            if len(self._sites) >= SITES_MAX:
                raise NotKept("too many sums")
            found = self._sites[key] = Site(each)
        return found

    def sites_full(self) -> bool:
        return len(self._sites) >= SITES_MAX


def _key(pod: Object) -> PodKey:
    meta = pod.get("metadata") or {}
    return (meta.get("namespace", ""), meta.get("name", ""))


def _identity(value: object) -> object:
    if isinstance(value, (dict, list, tuple)):
        return Same(value)
    return (True, value) if isinstance(value, bool) else value
