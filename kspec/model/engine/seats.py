"""Knows where each node stands for one class of pods: what the local rules say of it, beside whom it is
judged, and which nodes have the most points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.model.engine.cells import PASSES, Cell, Cells, Outcome
from kspec.model.engine.fleet import Row
from kspec.model.engine.projection import Projection
from kspec.model.engine.values import BROKEN, Values


@dataclass(frozen=True, slots=True)
class Local:
    """What the local rules say of a node. `points`: of the plain scores, weighted; `raws`: of the others."""

    failed: int
    findings: Sequence[Mapping[str, Any]] = ()
    every: tuple[int, ...] = ()
    points: int = 0
    raws: tuple[int, ...] = ()


REFUSED = Local(-2)


class Group:
    """Nodes that fit alike, by the points that they have of their own."""

    __slots__ = ("by_points", "count", "holder", "raws", "top")

    def __init__(self, holder: Cell | Outcome, raws: tuple[int, ...]) -> None:
        self.holder = holder
        self.raws = raws
        self.by_points: dict[int, list[int]] = {}
        self.count = 0
        self.top: int | None = None

    @property
    def outcome(self) -> Outcome:
        found = self.holder.outcome if isinstance(self.holder, Cell) else self.holder
        assert found is not None
        return found

    def enter(self, index: int, points: int) -> None:
        there = self.by_points.get(points)
        if there is None:
            self.by_points[points] = [index]
            if self.top is not None and points > self.top:
                self.top = points
        else:
            insort(there, index)
        self.count += 1

    def leave(self, index: int, points: int) -> None:
        there = self.by_points[points]
        if len(there) == 1:
            del self.by_points[points]
            if points == self.top:
                self.top = None
        else:
            del there[bisect_left(there, index)]
        self.count -= 1

    def most(self) -> int:
        if self.top is None:
            self.top = max(self.by_points)
        return self.top


class Seats:
    """Every node with its place."""

    def __init__(self, values: Values) -> None:
        self.values = values
        roles = values.roles
        self.filters = [i for i, f in enumerate(roles.filters) if not f.when or values.value(f.when)]
        self.scores = [i for i, s in enumerate(roles.scores) if not s.when or values.value(s.when)]
        self._local_filters = [i for i in self.filters if roles.filters[i].local]
        self.local_scores = [i for i in self.scores if roles.scores[i].local]
        self.local_raws = [i for i in self.local_scores if not roles.scores[i].plain]
        self.wide_scores = [i for i in self.scores if not roles.scores[i].local]
        wide = [i for i in self.filters if not roles.filters[i].local]
        self.cells = Cells(values, wide, self.wide_scores)
        self.groups: dict[object, Group] = {}
        self._local = Projection(values.fleet)
        self._said: dict[object, Local] = {}
        rows = values.fleet.rows
        self.locals: list[Local] = [self._ask(row) for row in rows]
        self.cell_of: list[Cell] = []
        self._group_of: list[Group | None] = [None] * len(rows)
        if rows:
            self.cells.warm(rows[0])
        self.regroup()

    # ------------------------------------------------------------ local rules

    def _ask(self, row: Row) -> Local:
        key = self._local.key(row)
        found = self._said.get(key)
        if found is None:
            with self.values.tracing() as trace:
                found = self._asked(row)
            self.values.reads(BROKEN, trace)
            if self._local.grow(trace.probes):
                self._said.clear()
            self._said[self._local.key(row)] = found
        return found

    def _asked(self, row: Row) -> Local:
        roles, ask = self.values.roles, self.values.ask
        for i in self._local_filters:
            findings = ask(roles.filters[i].rule, row)
            if findings:
                return Local(i, findings)
        every = tuple([int(ask(roles.scores[i].rule, row)) for i in self.local_scores])
        raw = dict(zip(self.local_scores, every, strict=True))
        points = sum([r * roles.scores[i].weight for i, r in raw.items() if roles.scores[i].plain])
        return Local(PASSES, (), every, points, tuple([raw[i] for i in self.local_raws]))

    # ------------------------------------------------------------ places

    def regroup(self) -> None:
        """Finds anew which nodes are alike."""
        self.cells.regroup()
        self.groups.clear()
        rows = self.values.fleet.rows
        self._group_of = [None] * len(rows)
        self.cell_of = [self.cells.of(row) for row in rows]
        for row, cell in zip(rows, self.cell_of, strict=True):
            self.cells.enter(cell, row, self.locals[row.index].failed == PASSES)
        for cell in self.cells:
            cell.home = cell if cell.large else None
            for row in cell.rows if cell.large else ():
                self._sit(row)

    def changed(self, row: Row) -> None:
        """The pods on the node are others: the local rules, and beside whom it stands, are looked at anew."""
        before, old = self.locals[row.index], self.cell_of[row.index]
        local = self._ask(row)
        cell = self.cells.of(row)
        if local is before and cell is old:
            return
        self._rise(row)
        self.locals[row.index] = local
        if cell is old:
            if (local.failed == PASSES) != (before.failed == PASSES):
                cell.fits += 1 if local.failed == PASSES else -1
                self.cells.touched[cell] = None
        else:
            self.cells.leave(old, row, before.failed == PASSES)
            self.cell_of[row.index] = cell
            if self.cells.enter(cell, row, local.failed == PASSES):
                self._grow_up(cell)
                return
        self._sit(row)

    def _grow_up(self, cell: Cell) -> None:
        """A cell has become a large one: its nodes stand by themselves."""
        for row in cell.rows:
            self._rise(row)
        cell.home = cell
        for row in cell.rows:
            self._sit(row)

    def rehome(self) -> None:
        """The nodes of small cells go where those of the same outcome are."""
        for cell in self.cells.touched:
            if cell.large or not cell.rows or cell.outcome is None:
                continue
            if cell.home is None or _mark(cell.home) != _mark(cell.outcome):
                for row in cell.rows:
                    self._rise(row)
                cell.home = cell.outcome
                for row in cell.rows:
                    self._sit(row)
        self.cells.touched.clear()

    def refuse(self, row: Row) -> Local:
        """The node does not count, whatever the rules say, until its place is restored."""
        before = self.locals[row.index]
        self._rise(row)
        self.locals[row.index] = REFUSED
        cell = self.cell_of[row.index]
        cell.fits -= before.failed == PASSES
        self.cells.touched[cell] = None
        return before

    def restore(self, row: Row, local: Local) -> None:
        self.locals[row.index] = local
        cell = self.cell_of[row.index]
        cell.fits += local.failed == PASSES
        self.cells.touched[cell] = None
        self._sit(row)

    def _sit(self, row: Row) -> None:
        local, cell = self.locals[row.index], self.cell_of[row.index]
        home = cell.home
        if local.failed != PASSES or home is None:
            return
        key = (_mark(home), local.raws)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(home, local.raws)
        group.enter(row.index, local.points)
        self._group_of[row.index] = group

    def _rise(self, row: Row) -> None:
        group = self._group_of[row.index]
        if group is not None:
            group.leave(row.index, self.locals[row.index].points)
            self._group_of[row.index] = None
            if not group.count:
                self.groups.pop((_mark(group.holder), group.raws), None)


def _mark(holder: Cell | Outcome) -> object:
    """Equal for outcomes that are alike; findings do not matter to nodes that are turned away."""
    return holder if isinstance(holder, Cell) else (holder.failed, holder.raws, holder.among)


def nth(lists: Sequence[Sequence[int]], n: int) -> int:
    """The n-th smallest of all numbers in some ordered lists without repetition."""
    if len(lists) == 1:
        return lists[0][n]
    low, high = min(one[0] for one in lists), max(one[-1] for one in lists)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(one, middle) for one in lists) > n:
            high = middle
        else:
            low = middle + 1
    return low
