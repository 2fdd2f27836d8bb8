"""Knows how a nearly full cluster is packed: numbers for each kind of node from the solver, with the slack
shared out evenly, then node after node the combination of pods that leaves least of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kspec.solve.core import solve
from kspec.solve.solver import Undecided
from kspec.verify.placement.board import Board, in_order
from kspec.verify.placement.encode import Cell, Encoding, assigned
from kspec.verify.placement.problem import Problem

PARTS = 1_000
"""How finely the part of each node that may be used is chosen."""
COMBINATIONS_MAX = 4_000
"""So many combinations of pods are looked at for one node."""
NODE = ""


def packed(problem: Problem, cells: Sequence[Cell], left: Callable[[], float]) -> Board | None:
    """A placement of all pods, if this way finds one."""
    best = None
    low, high = 0, PARTS
    while low <= high and left():
        part = (low + high) // 2
        encoding = Encoding(_smaller(problem, part), cells)
        found = solve([("", d.term) for d in encoding.demands()], min(left(), 5.0))
        if found is None or isinstance(found, Undecided):
            low = part + 1
            continue
        best, high = assigned(encoding, found), part - max(1, (part - low) // 4)
        if part - low <= 2:
            break
    if best is None:
        return None
    wanted = [[0] * len(problem.nodes) for _ in problem.classes]
    for k, cell in enumerate(cells):
        nodes = _Nodes(problem, cell, [row[k] for row in best])
        if not nodes.filled():
            return None
        for n, combination in zip(cell.nodes, nodes.chosen, strict=True):
            for c, count in combination.items():
                wanted[c][n] += count
    return in_order(problem, wanted)


def _smaller(problem: Problem, part: int) -> Problem:
    """The same with so many thousandths of each node's room; places for pods are left as they are."""
    room = tuple(
        {r: amount if r == "pods" else amount * part // PARTS for r, amount in its.items()}
        for its in problem.room
    )
    return replace(problem, room=room)


class _Nodes:
    """Like nodes, filled one after another with pods of which there are so many."""

    def __init__(self, problem: Problem, cell: Cell, counts: Sequence[int]) -> None:
        self.cell = cell
        self.left = {c: count for c, count in enumerate(counts) if count}
        self.room = problem.room[cell.first]
        self.amounts = {c: problem.classes[c].amounts for c in self.left}
        each = {key for key in problem.labels() if problem.is_per_node(key)} | {NODE}
        self.apart = {(a, b) for a, b, key, _ in problem.apart if key in each}
        self.apart |= {(b, a) for a, b in self.apart}
        scarce = {r: sum(a.get(r, 0) * self.left[c] for c, a in self.amounts.items()) for r in self.room}
        self.scarcest = max(self.room, key=lambda r: (scarce[r] / max(1, self.room[r]), r), default="")
        self.chosen: list[dict[int, int]] = []

    def filled(self) -> bool:
        for at in range(self.cell.size):
            combination = self._combination(self.cell.size - at)
            for c, count in combination.items():
                self.left[c] -= count
            self.left = {c: count for c, count in self.left.items() if count}
            self.chosen.append(combination)
        return not self.left

    def _combination(self, nodes_left: int) -> dict[int, int]:
        """Pods for one node: as little of the scarcest resource left as possible, down to its fair share."""
        scarcest = self.scarcest
        order = sorted(self.left, key=lambda c: (-self.amounts[c].get(scarcest, 0), c))
        total = sum(self.amounts[c].get(scarcest, 0) * count for c, count in self.left.items())
        fair = max(0, self.room.get(scarcest, 0) - -(-total // max(1, nodes_left)))
        return _Best(self, order, fair).found()


class _Best:
    """Looks through combinations, large pods first, until one leaves no more than its fair share."""

    def __init__(self, nodes: _Nodes, order: Sequence[int], fair: int) -> None:
        self.nodes, self.order, self.fair = nodes, order, fair
        self.tried = 0
        self.best: dict[int, int] = {}
        self.slack: int | None = None

    def found(self) -> dict[int, int]:
        self._go(0, dict(self.nodes.room), {})
        return self.best

    def _go(self, at: int, room: dict[str, int], taken: dict[int, int]) -> bool:
        """True ends the search."""
        if at == len(self.order):
            self.tried += 1
            slack = room.get(self.nodes.scarcest, 0)
            if self.slack is None or slack < self.slack:
                self.slack, self.best = slack, {c: n for c, n in taken.items() if n}
            return self.slack <= self.fair or self.tried >= COMBINATIONS_MAX
        c = self.order[at]
        amounts = self.nodes.amounts[c]
        most = min([self.nodes.left[c], *(room[r] // a for r, a in amounts.items())])
        if any((c, d) in self.nodes.apart for d, n in taken.items() if n):
            most = 0
        elif (c, c) in self.nodes.apart:
            most = min(most, 1)
        for count in range(max(0, most), -1, -1):
            rest = {r: v - amounts.get(r, 0) * count for r, v in room.items()}
            if self._go(at + 1, rest, {**taken, c: count}):
                return True
        return False
