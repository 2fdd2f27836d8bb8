"""Knows the nodes that are alike to the rules that look beyond one node, and what those rules say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kspec.model.engine.fleet import Row
from kspec.model.engine.projection import Projection
from kspec.model.engine.tally import Counts, counts_of
from kspec.model.engine.values import BROKEN, Recount, Values
from kspec.model.rules import RuleFailed

LARGE = 8
"""A cell of more nodes has a place of its own; of smaller ones, all of one outcome share a place."""

PASSES = -1


class Regroup(Exception):
    """A rule has looked at something new: which nodes are alike is to be found anew."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say: the index of the filter that rejects, or raw scores with who of them counts."""

    failed: int = PASSES
    findings: Sequence[Mapping[str, Any]] = ()
    raws: tuple[int, ...] = ()
    among: tuple[bool, ...] = ()


class Cell:
    """Nodes that are alike. `fits`: how many of them the local rules admit."""

    __slots__ = (
        "counted", "filtered", "fits", "home", "key", "large", "outcome", "rows", "scored", "scorer", "times",
    )  # fmt: skip

    def __init__(self, key: object, to_filter: dict[Cell, None], to_score: dict[Cell, None]) -> None:
        self.key = key
        self.filtered = _Reader(self, to_filter)
        self.scorer = _Reader(self, to_score)
        self.rows: dict[Row, None] = {}
        self.fits = 0
        self.large = False
        self.outcome: Outcome | None = None
        self.scored = False
        self.home: Cell | Outcome | None = None
        self.counted: dict[str, Counts] = {}
        self.times = 0

    @property
    def passes(self) -> bool:
        return self.outcome is not None and self.outcome.failed == PASSES


class _Reader:
    """Told that the filters, or the scores, of a cell have to be asked anew."""

    __slots__ = ("cell", "queue")

    def __init__(self, cell: Cell, queue: dict[Cell, None]) -> None:
        self.cell = cell
        self.queue = queue

    def stale(self) -> None:
        self.queue[self.cell] = None


class Cells:
    """All cells for one class of pods. `filters` and `scores`: which wide rules are asked."""

    def __init__(self, values: Values, filters: Sequence[int], scores: Sequence[int]) -> None:
        self._values = values
        self._filters = filters
        self._scores = scores
        self._where = Projection(values.fleet)
        self._by_key: dict[object, Cell] = {}
        self.to_filter: dict[Cell, None] = {}
        self.to_score: dict[Cell, None] = {}
        self.touched: dict[Cell, None] = {}
        """Those in which something has changed since the tallies of what fits were made up to date."""
        self._fitting = [n for n, t in values.roles.tallies.items() if t.fitting is not None]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._by_key.values())

    # ------------------------------------------------------------ which node is where

    def warm(self, row: Row) -> None:
        """Learns from one node what the rules look at, before nodes are told apart."""
        with self._values.tracing() as trace, suppress(RuleFailed):
            if self._first_failing(row) is None:
                self._score(row)
        self._where.grow(trace.probes)

    def of(self, row: Row) -> Cell:
        key = self._where.key(row)
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = Cell(key, self.to_filter, self.to_score)
            self.to_filter[found] = None
        return found

    def enter(self, cell: Cell, row: Row, fits: bool) -> bool:
        """The node is in the cell; true if this makes the cell a large one."""
        cell.rows[row] = None
        if fits:
            cell.fits += 1
        self.touched[cell] = None
        if not cell.large and len(cell.rows) > LARGE:
            cell.large = True
            return True
        return False

    def leave(self, cell: Cell, row: Row, fits: bool) -> None:
        del cell.rows[row]
        if fits:
            cell.fits -= 1
        self.touched[cell] = None
        if not cell.rows:
            del self._by_key[cell.key]

    def regroup(self) -> None:
        """Forgets all cells; what the rules look at is remembered."""
        self._by_key.clear()
        self.to_filter.clear()
        self.to_score.clear()
        self.touched.clear()
        for name in self._fitting:
            self._values.tally(name).tally.forget()

    # ------------------------------------------------------------ what the rules say

    def settle(self) -> None:
        """Asks the rules wherever something that they have read is another now."""
        values = self._values
        values.settle()
        while self.to_filter:
            cell = next(iter(self.to_filter))
            del self.to_filter[cell]
            if cell.rows:
                self._ask_filters(cell)
        self._count_fitting()
        values.settle()
        if self.to_filter:
            raise Recount  # a filter hangs on which nodes fit: none does
        while self.to_score:
            cell = next(iter(self.to_score))
            del self.to_score[cell]
            if cell.passes and cell.rows:
                self._ask_scores(cell)
            cell.scored = cell.passes and bool(cell.rows)

    def _ask_filters(self, cell: Cell) -> None:
        row = next(iter(cell.rows))
        with self._values.tracing() as trace:
            failing = self._first_failing(row)
        if self._where.grow(trace.probes):
            raise Regroup
        self._values.reads(cell.filtered, trace)
        before = cell.outcome
        self.touched[cell] = None
        if failing is not None:
            cell.outcome = failing
            cell.scored = False
        elif before is None or before.failed != PASSES:
            cell.outcome = Outcome()
            self.to_score[cell] = None
        elif not cell.scored:
            self.to_score[cell] = None

    def _first_failing(self, row: Row) -> Outcome | None:
        for i in self._filters:
            findings = self._values.ask(self._values.roles.filters[i].rule, row)
            if findings:
                return Outcome(i, findings)
        return None

    def _ask_scores(self, cell: Cell) -> None:
        row = next(iter(cell.rows))
        with self._values.tracing() as trace:
            outcome = self._score(row)
        if self._where.grow(trace.probes):
            raise Regroup
        self._values.reads(cell.scorer, trace)
        cell.outcome = outcome
        self.touched[cell] = None

    def _score(self, row: Row) -> Outcome:
        values, raws, among = self._values, [], []
        for i in self._scores:
            role = values.roles.scores[i]
            among.append(role.among is None or bool(values.ask(role.among, row)))
            raws.append(int(values.ask(role.rule, row)))
        return Outcome(PASSES, (), tuple(raws), tuple(among))

    # ------------------------------------------------------------ tallies of what fits

    def _count_fitting(self) -> None:
        for name in self._fitting:
            counted = self._values.tally(name)
            if not counted.tally.ready:
                counted.tally.fill_with(lambda name=name: self._fill(name))  # type: ignore[misc]
        ready = [n for n in self._fitting if self._values.tally(n).tally.ready]
        for cell in self.touched:
            times = cell.fits if cell.passes else 0
            if times != cell.times:
                for name in ready:
                    self._add(cell, name, times - cell.times)
                cell.times = times

    def _fill(self, name: str) -> None:
        for cell in [*self]:
            if cell.times:
                self._add(cell, name, cell.times)

    def _add(self, cell: Cell, name: str, by: int) -> None:
        counts = cell.counted.get(name)
        if counts is None:
            counts = cell.counted[name] = self._counts_of(cell, name)
        if counts:
            self._values.tally(name).tally.add(counts, by)

    def _counts_of(self, cell: Cell, name: str) -> Counts:
        rule = self._values.tally(name).rules.fitting
        assert rule is not None
        with self._values.tracing() as trace:
            counts = counts_of(self._values.ask(rule, next(iter(cell.rows))))
        if self._where.grow(trace.probes):
            raise Regroup
        self._values.reads(BROKEN, trace)
        return counts
