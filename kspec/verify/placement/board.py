"""Knows a placement as it comes about, pod by pod, by the facts alone: which class may go to which node now.

It is quick and it proposes; what it proposes is judged by the filters before anyone believes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kspec.verify.placement.problem import Evenness, Problem

Step = tuple[int, int]
"""A pod of this class goes to this node."""


class Board:
    """Counts of pods by class and node, and what follows from them for the next pod."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.steps: list[Step] = []
        self.on = [[0] * len(problem.classes) for _ in problem.nodes]
        self.room = [dict(r) for r in problem.room]
        self._domains = {key: problem.domains(key) for key in problem.labels()}
        self._domains[""] = [str(n) for n in range(len(problem.nodes))]
        self._in: dict[tuple[str, str], list[int]] = {}
        self._apart: dict[int, list[tuple[str, int]]] = {}
        for a, b, key, _ in problem.apart:
            self._apart.setdefault(a, []).append((key, b))
            if a != b:
                self._apart.setdefault(b, []).append((key, a))
        self._even = [_Even(problem, e) for e in problem.evenness]
        self._evens = {c: [e for e in self._even if c in e.even.members] for c in range(len(problem.classes))}

    def allows(self, c: int, n: int) -> bool:
        """May one more pod of this class go to this node?"""
        its = self.problem.classes[c]
        if self.problem.refused[c][n]:
            return False
        room = self.room[n]
        if any(room[r] < a for r, a in its.amounts.items()):
            return False
        for key, other in self._apart.get(c, ()):
            value = self._domains[key][n]
            if value is not None and self._count(key, value, other):
                return False
        return (not its.company or self._near(c, n)) and all(e.allows(n) for e in self._evens[c])

    def put(self, c: int, n: int) -> None:
        self.steps.append((c, n))
        self.on[n][c] += 1
        for resource, amount in self.problem.classes[c].amounts.items():
            self.room[n][resource] -= amount
        for key, domains in self._domains.items():
            value = domains[n]
            if value is not None:
                its = self._in.setdefault((key, value), [0] * len(self.problem.classes))
                its[c] += 1
        for even in self._even:
            even.put(c, n)

    def _count(self, key: str, value: str, c: int) -> int:
        its = self._in.get((key, value))
        return its[c] if its else 0

    def _near(self, c: int, n: int) -> bool:
        problem = self.problem
        if not problem.near_staying[c] and not any(
            row[d]
            for m, row in enumerate(self.on)
            for d in problem.near[c]
            if any(self._domains[key][m] is not None for key in problem.classes[c].company)
        ):
            return c in problem.near[c]
        for key in problem.classes[c].company:
            value = self._domains[key][n]
            stays = any(self._domains[key][m] == value for m in problem.near_staying[c])
            if not stays and not any(self._count(key, str(value), d) for d in problem.near[c]):
                return False
        return True


class _Even:
    """How many pods one constraint counts in each domain."""

    def __init__(self, problem: Problem, even: Evenness) -> None:
        self.even = even
        self._counted = frozenset(even.counted)
        self._domain = problem.domains(even.spreading.key)
        self._counts = {self._domain[n]: 0 for n in sorted(even.covered)}
        for s in even.staying:
            self.add(problem.staying[s][1])

    def add(self, n: int) -> None:
        if n in self.even.covered:
            self._counts[self._domain[n]] += 1

    def put(self, c: int, n: int) -> None:
        if c in self._counted:
            self.add(n)

    def allows(self, n: int) -> bool:
        few = len(self._counts) < self.even.spreading.domains
        least = 0 if few or not self._counts else min(self._counts.values())
        return self._counts.get(self._domain[n], 0) + 1 - least <= self.even.spreading.most


Preference = Callable[[Board, int, int], tuple[Any, ...]]
"""Of the nodes that a pod may go to, the one for which this is least is taken."""


def fullest(board: Board, c: int, n: int) -> tuple[Any, ...]:
    return tuple(sorted(board.room[n][r] for r in board.problem.classes[c].amounts if r != "pods")), n


def emptiest(board: Board, c: int, n: int) -> tuple[Any, ...]:
    return -min((board.room[n][r] for r in board.problem.classes[c].amounts if r != "pods"), default=0), n


def fewest_choices(board: Board, c: int, n: int) -> tuple[Any, ...]:
    """Nodes that fewer other classes could use, first."""
    open_to = sum(not row[n] for row in board.problem.refused)
    return open_to, fullest(board, c, n)


def constructed(problem: Problem) -> Iterable[Board]:
    """Placements of all pods, as far as a few simple orders and preferences find any."""
    for order in _orders(problem):
        for prefer in (fewest_choices, fullest, emptiest):
            board = _filled(problem, order, prefer)
            if board is not None:
                yield board


def _orders(problem: Problem) -> list[list[int]]:
    classes = range(len(problem.classes))
    most = {r: max([1, *(room[r] for room in problem.room)]) for c in problem.classes for r in c.amounts}
    size = {c: max([a / most[r] for r, a in problem.classes[c].amounts.items()]) for c in classes}
    choice = {c: sum(not why for why in problem.refused[c]) for c in classes}
    led = {c: bool(problem.classes[c].company) and problem.near[c] != frozenset((c,)) for c in classes}
    by_choice = sorted(classes, key=lambda c: (led[c], choice[c], -size[c], c))
    by_size = sorted(classes, key=lambda c: (led[c], -size[c], choice[c], c))
    return [by_choice, by_size] if by_choice != by_size else [by_choice]


def _filled(problem: Problem, order: Sequence[int], prefer: Preference) -> Board | None:
    board = Board(problem)
    for c in order:
        for _ in problem.classes[c].pods:
            fitting = [n for n in range(len(problem.nodes)) if board.allows(c, n)]
            if not fitting:
                return None
            board.put(c, min(fitting, key=lambda n: prefer(board, c, n)))
    return board


def in_order(problem: Problem, wanted: Sequence[Sequence[int]]) -> Board | None:
    """An order in which pods come to be where they are wanted: `wanted[c][n]` of class c on node n."""
    board = Board(problem)
    left = {(c, n): count for c, row in enumerate(wanted) for n, count in enumerate(row) if count}
    while left:
        possible = [step for step in left if board.allows(*step)]
        if not possible:
            return None
        for c, n in possible:
            if board.allows(c, n):
                board.put(c, n)
                left[c, n] -= 1
                if not left[c, n]:
                    del left[c, n]
    return board
