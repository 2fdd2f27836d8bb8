"""Knows whether all pods can have a node at once: a placement that the filters accept, or why there is none.

First inequalities over kinds of nodes are tried, which settle most of what is impossible; then placements
that
a few simple orders construct; then every node by itself. What is impossible rests on demands that the filters
imply; what is possible has been replayed on the filters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.solve.core import Contradiction, Labelled, contradiction, solve
from kspec.solve.solver import Undecided
from kspec.verify.placement.board import Board, constructed, in_order
from kspec.verify.placement.encode import Demand, Encoding, assigned, like_nodes, single_nodes
from kspec.verify.placement.fill import packed
from kspec.verify.placement.problem import Problem
from kspec.verify.placement.replay import Judges, Put, Refused, replayed

REFINEMENTS_MAX = 20
"""So many placements that the filters refuse are excluded one after another."""

OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Possible:
    """A placement, in an order in which the filters accept it. `how` says how it was found."""

    placement: tuple[Put, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """Demands that contradict each other, over these cells; `minimal`: none of them can be left out."""

    encoding: Encoding
    core: tuple[Demand, ...]
    minimal: bool
    how: str


@dataclass(frozen=True, slots=True)
class Open:
    """It could not be decided, or not with what the proof sees."""

    reason: str
    supported: bool = True


Outcome = Possible | Impossible | Open


def quiet(step: str) -> None:
    """Nobody watches."""


def possible(problem: Problem, judges: Judges, timeout: float, on_step: OnStep = quiet) -> Outcome:
    """Can all pods be placed? `timeout` in seconds, for everything."""
    return _Search(problem, judges, time.monotonic() + timeout, on_step).outcome()


def questions(problem: Problem) -> dict[str, list[Labelled]]:
    """What the solver is asked, at most: over kinds of nodes, and over single nodes."""
    cells = like_nodes(problem)
    kinds, nodes = Encoding(problem, cells), Encoding(problem, single_nodes(cells))
    return {
        "kinds": labelled(kinds, kinds.demands()),
        "nodes": [*labelled(nodes, nodes.demands()), *_order(nodes)],
    }


def labelled(encoding: Encoding, demands: Sequence[Demand]) -> list[Labelled]:
    """Each demand with a comment that says what it is."""
    names = [c.name for c in encoding.problem.classes]
    return [(_comment(d, encoding, names), d.term) for d in demands]


def _comment(demand: Demand, encoding: Encoding, names: Sequence[str]) -> str:
    about = ", ".join(names[c] for c in demand.classes)
    where = ", ".join(encoding.cell_name(encoding.cells[k]) for k in demand.cells)
    return " ".join(
        part for part in (demand.kind, demand.what, f"of {about}", where and f"on {where}") if part
    )


def _order(encoding: Encoding) -> list[Labelled]:
    return [("like nodes are interchangeable", term) for term in encoding.ordered()]


class _Search:
    def __init__(self, problem: Problem, judges: Judges, deadline: float, on_step: OnStep) -> None:
        self.problem = problem
        self.judges = judges
        self.deadline = deadline
        self.on_step = on_step
        self.refusals: list[Refused] = []

    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def outcome(self) -> Outcome:
        if not self.problem.pods:
            return Possible((), "there is no pod to place")
        cells = like_nodes(self.problem)
        self.on_step("kinds of nodes")
        kinds = Encoding(self.problem, cells)
        found = solve(labelled(kinds, kinds.demands()), self.left())
        if found is None:
            return self._explained(kinds, "by kinds of nodes")
        self.on_step("simple orders")
        for board in self._constructed():
            placed = self._replayed(board, "by a simple order")
            if placed is not None:
                return placed
        self.on_step("a full cluster")
        full = packed(self.problem, cells, self.left)
        placed = None if full is None else self._replayed(full, "by numbers for each kind of node")
        if placed is not None:
            return placed
        self.on_step("every node by itself")
        return self._exact(Encoding(self.problem, single_nodes(cells)))

    def _constructed(self) -> Iterator[Board]:
        for board in constructed(self.problem):
            yield board
            if not self.left() or len(self.refusals) >= REFINEMENTS_MAX:
                return

    def _replayed(self, board: Board, how: str) -> Outcome | None:
        """The placement if the filters accept it."""
        self.on_step("replay")
        placed = replayed(self.problem, self.judges, board.steps)
        if isinstance(placed, Refused):
            self.refusals.append(placed)
            return None
        unsupported = [f"{what} of {pod}" for pod, what in self.problem.unseen]
        if unsupported:
            return Open(f"no filter here looks at {'; '.join(unsupported[:3])}", supported=False)
        return Possible(tuple(placed), how)

    def _exact(self, nodes: Encoding) -> Outcome:
        demands, blocked = nodes.demands(), list[Term]()
        base = [*labelled(nodes, demands), *_order(nodes)]
        for _ in range(REFINEMENTS_MAX):
            found = solve([*base, *(("refused when replayed", b) for b in blocked)], self.left())
            if isinstance(found, Undecided):
                return Open(self._reason(found.reason))
            if found is None:
                return self._explained(nodes, "node by node") if not blocked else Open(self._refused())
            wanted = assigned(nodes, found)
            board = in_order(self.problem, _by_node(nodes, wanted))
            if board is not None:
                placed = self._replayed(board, "node by node")
                if placed is not None:
                    return placed
            blocked.append(_another(nodes, wanted))
        return Open(self._refused())

    def _explained(self, encoding: Encoding, how: str) -> Outcome:
        """Why there is none: as few demands as contradict each other."""
        self.on_step("what contradicts")
        demands = encoding.demands()
        core = contradiction(labelled(encoding, demands), max(1.0, self.left()))
        if isinstance(core, Contradiction):
            return Impossible(encoding, tuple(demands[at] for at in core.indices), core.minimal, how)
        return Impossible(encoding, tuple(demands), False, how)

    def _reason(self, reason: str) -> str:
        return "the time was not enough" if reason == "timeout" else reason

    def _refused(self) -> str:
        if not self.refusals:
            return "no order was found in which the pods of a placement may come"
        last = self.refusals[-1]
        why = "; ".join(last.verdict.reasons)
        return (
            f"every placement that the proof allows and that was tried is refused by {last.verdict.plugin}, "
            f"which the proof does not see whole: {last.pod} on {last.verdict.node}: {why}"
        )


def _by_node(encoding: Encoding, wanted: Sequence[Sequence[int]]) -> list[list[int]]:
    """The counts of single nodes in the order of the problem's nodes."""
    rows = [[0] * len(encoding.problem.nodes) for _ in wanted]
    for row, counts in zip(rows, wanted, strict=True):
        for cell, count in zip(encoding.cells, counts, strict=True):
            row[cell.first] = count
    return rows


def _another(encoding: Encoding, wanted: Sequence[Sequence[int]]) -> Term:
    """Some count differs from these."""
    return t.any_of(
        t.not_(t.eq(var, t.number(count)))
        for row, counts in zip(encoding.x, wanted, strict=True)
        for var, count in zip(row, counts, strict=True)
    )
