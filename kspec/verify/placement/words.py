"""Knows how demands that contradict each other read to a person: what is wanted, what stands in the way,
where
in the manifests it is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kspec.model.objects import Object, name_of
from kspec.verify.placement.encode import Demand, Encoding
from kspec.verify.placement.possible import Impossible

NAMES_MAX = 4
"""So many names are listed; of more only the first ones and their number."""
PLACES = "pods"


@dataclass(frozen=True, slots=True)
class Reason:
    """One of several things that cannot all be; `place` is `file:line`, or empty."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """`place`: where a pod's manifest says what a filter heeds ("" for the manifest itself). `amount`: an
    amount of a resource as a person writes it.
    """

    place: Callable[[Object, str], str]
    amount: Callable[[str, int], str]


def reasons(found: Impossible, naming: Naming) -> tuple[Reason, ...]:
    """The contradiction, a line for each thing that is part of it."""
    return tuple(_Words(found.encoding, found.core, naming).lines())


class _Words:
    def __init__(self, encoding: Encoding, core: Sequence[Demand], naming: Naming) -> None:
        self.encoding = encoding
        self.problem = encoding.problem
        self.core = core
        self.naming = naming

    def of(self, kind: str) -> list[Demand]:
        return [d for d in self.core if d.kind == kind]

    def lines(self) -> Iterable[Reason]:
        yield from self._wanted()
        yield from self._refused()
        yield from self._room()
        yield from self._apart()
        yield from self._near()
        yield from self._even()

    def name(self, c: int) -> str:
        return self.problem.classes[c].name

    def place(self, c: int, plugin: str = "") -> str:
        return self.naming.place(self.problem.classes[c].sample, plugin)

    def nodes_of(self, cells: Iterable[int]) -> list[str]:
        at = sorted(n for k in cells for n in self.encoding.cells[k].nodes)
        return [name_of(self.problem.nodes[n]) for n in at]

    # ------------------------------------------------------------ what is wanted

    def _wanted(self) -> Iterable[Reason]:
        short = list(dict.fromkeys(d.what for d in self.of("amount")))
        for demand in self.of("count"):
            c = demand.classes[0]
            its, count = self.problem.classes[c], len(self.problem.classes[c].pods)
            asked = [self.naming.amount(r, its.amounts[r]) for r in short if r in its.amounts and r != PLACES]
            if asked:
                each = " each" if count > 1 else ""
                verb = "asks" if count == 1 else "ask"
                text = f"{_pods(count)} of {self.name(c)} {verb} for {' and '.join(asked)}{each}"
                yield Reason(text, self.place(c, "NodeResourcesFit"))
            else:
                yield Reason(f"{_pods(count)} of {self.name(c)} {_be(count)} wanted", self.place(c))

    # ------------------------------------------------------------ what nodes say

    def _refused(self) -> Iterable[Reason]:
        total = len(self.problem.nodes)
        for demand in self.of("refused"):
            c = demand.classes[0]
            names = self.nodes_of(demand.cells)
            where = f"all {_nodes(total)}" if len(names) == total > 1 else listed(names)
            part = "" if len(names) == total else f", {len(names)} of {_nodes(total)}"
            yield Reason(
                f"{demand.plugin} keeps {self.name(c)} off {where}{part}", self.place(c, demand.plugin)
            )

    def _room(self) -> Iterable[Reason]:
        for resource in dict.fromkeys(d.what for d in self.of("amount")):
            groups: dict[tuple[int, int, int], list[int]] = {}
            for demand in (d for d in self.of("amount") if d.what == resource):
                n = self.encoding.cells[demand.cells[0]].first
                room = self.problem.room[n][resource]
                beside = sum(where == n for _, where in self.problem.staying)
                usable = self.encoding.usable(demand.classes, resource, room)
                groups.setdefault((room, usable, bool(beside)), []).extend(demand.cells)
            for (room, usable, beside), cells in groups.items():
                yield Reason(self._has(resource, room, usable, bool(beside), self.nodes_of(cells)))
            yield from self._sum(resource)

    def _has(self, resource: str, room: int, usable: int, beside: bool, names: list[str]) -> str:
        who = f"{listed(names)} {'each have' if len(names) > 1 else 'has'}"
        left = " left beside what stays" if beside else ""
        if resource == PLACES:
            return f"{who} places for {_pods(max(0, room))}{left}"
        text = f"{who} {self.naming.amount(resource, max(0, room))}{left}"
        if usable in (room, 0):
            return text
        return f"{text}, of which such pods can fill {self.naming.amount(resource, usable)}"

    def _sum(self, resource: str) -> Iterable[Reason]:
        """The sums, where they alone show it."""
        if resource == PLACES or {d.kind for d in self.core} - {"count", "amount", "refused"}:
            return
        counted = [d.classes[0] for d in self.of("count")]
        asked = sum(
            self.problem.classes[c].amounts.get(resource, 0) * len(self.problem.classes[c].pods)
            for c in counted
        )
        here = [d for d in self.of("amount") if d.what == resource]
        there = sum(
            self.encoding.usable(
                d.classes, resource, self.problem.room[self.encoding.cells[k].first][resource]
            )
            * self.encoding.cells[k].size
            for d in here
            for k in d.cells
        )
        if asked > there:
            asks, has = self.naming.amount(resource, asked), self.naming.amount(resource, there)
            yield Reason(f"which is {asks} asked for, where {has} can be filled")

    # ------------------------------------------------------------ what pods say of each other

    def _apart(self) -> Iterable[Reason]:
        for demand in self.of("apart"):
            names = [self.name(c) for c in demand.classes]
            where = self._where(demand.what)
            if len(names) == 1:
                text = f"no two pods of {names[0]} may be {where}"
            else:
                text = f"pods of {_and(names)} may not be {where} together"
            yield Reason(text + self._domains(demand), self.place(demand.classes[0], demand.plugin))

    def _where(self, key: str) -> str:
        return "on one node" if not key or self.problem.is_per_node(key) else f"in one {key}"

    def _domains(self, demand: Demand) -> str:
        """How many domains there are, and in how many of them there is a node that takes such pods at all."""
        key = demand.what
        if not key or self.problem.is_per_node(key):
            usable = [k for k in range(len(self.encoding.cells)) if self._takes(demand.classes, k)]
            return f"; {_nodes(len(self.nodes_of(usable)))} can take one"
        domains = self.encoding.by_domain(key)
        usable_in = [v for v, cells in domains.items() if any(self._takes(demand.classes, k) for k in cells)]
        if len(usable_in) == len(domains):
            return f"; there {_be(len(domains))} {len(domains)}: {listed(sorted(domains))}"
        shown = f": {listed(sorted(usable_in))}" if usable_in else ""
        return f"; {len(usable_in)} of {len(domains)} have a node that can take one{shown}"

    def _takes(self, classes: Iterable[int], k: int) -> bool:
        first = self.encoding.cells[k].first
        return any(not self.problem.refused[c][first] and self.encoding.caps[c][k] > 0 for c in classes)

    def _near(self) -> Iterable[Reason]:
        for demand in self.of("near"):
            c = demand.classes[0]
            others = [self.name(d) for d in sorted(self.problem.near[c])]
            whom = _and(others) if others else "a pod of which there is none"
            where = self._where(demand.what).replace("one ", "the same ")
            text = f"a pod of {self.name(c)} must be {where} as one of {whom}"
            yield Reason(text, self.place(c, demand.plugin))

    def _even(self) -> Iterable[Reason]:
        for demand in self.of("even"):
            even = next(
                e
                for e in self.problem.evenness
                if e.spreading.key == demand.what and e.members == demand.classes
            )
            names = _and([self.name(c) for c in demand.classes])
            text = (
                f"of {names} no {demand.what} may have more than {even.spreading.most} above the fewest"
                + self._domains(demand)
            )
            yield Reason(text, self.place(demand.classes[0], demand.plugin))


# ---------------------------------------------------------------- names


def listed(names: Sequence[str]) -> str:
    """`worker-0 to worker-5`, `a, b and 3 more`."""
    runs = _runs(names)
    if len(runs) <= NAMES_MAX:
        return _and(runs)
    return f"{', '.join(runs[: NAMES_MAX - 1])} and {len(runs) - NAMES_MAX + 1} more"


def _runs(names: Sequence[str]) -> list[str]:
    """Names that count up by one are taken together."""
    runs: list[list[str]] = []
    for name in sorted(names, key=_natural):
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    return [part for run in runs for part in (run if len(run) < 3 else [f"{run[0]} to {run[-1]}"])]


def _natural(name: str) -> tuple[str, int, str]:
    stem, number = _numbered(name)
    return stem, number, name


def _numbered(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)([0-9]{1,9})", name)
    return (found[1], int(found[2])) if found else (name, -1)


def _follows(earlier: str, later: str) -> bool:
    (stem, number), (other, next_) = _numbered(earlier), _numbered(later)
    return stem == other and number >= 0 and next_ == number + 1


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count:,} pods"


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count:,} nodes"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
