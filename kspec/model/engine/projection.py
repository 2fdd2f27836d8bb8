"""Knows in which respects nodes matter to some rules, and which nodes agree in all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kspec.model.engine.fleet import Fleet, Row
from kspec.model.engine.seen import OF_PODS, SIZE, TOTAL, Probe


class Projection:
    """The probes that rules have made so far, and their answers for each node, in short."""

    __slots__ = ("_fixed", "_fleet", "_of_node", "_of_pods")

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._of_node: dict[Probe, None] = {}
        self._of_pods: dict[Probe, None] = {}
        self._fixed: Sequence[int] | None = None

    def grow(self, probes: Iterable[Probe]) -> bool:
        """Takes in what a rule has looked at; true if some of it is new."""
        fresh = [p for p in probes if p not in self._of_node and p not in self._of_pods]
        for probe in fresh:
            if probe[0] in OF_PODS:
                self._of_pods[probe] = None
            else:
                self._of_node[probe] = None
                self._fixed = None
        return bool(fresh)

    def numbers(self) -> Sequence[int]:
        """What each node answers, its pods aside, as a number."""
        if self._fixed is None:
            self._fixed = self._fleet.numbered(frozenset(self._of_node))
        return self._fixed

    def fixed(self, row: Row) -> int:
        """The number of one node."""
        return self.numbers()[row.index]

    def key(self, row: Row) -> object:
        """What the node and its pods answer."""
        if not self._of_pods:
            return self.fixed(row)
        made: list[object] = [self.fixed(row)]
        for kind, which in self._of_pods:
            if kind == TOTAL:
                made.append(row.total(which))  # type: ignore[arg-type]
            elif kind == SIZE:
                made.append(len(row.pods))
            else:
                made.append(tuple(row.sequence()))
        return tuple(made)
