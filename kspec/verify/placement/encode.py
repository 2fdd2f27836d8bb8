"""Knows a placement as numbers: how many pods of each class are on each cell of like nodes, and which
inequalities every placement obeys that the filters let come about.

With cells of several nodes the inequalities are necessary; with cells of one node they say all that the facts
say, but for the order in which pods come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.verify.placement.problem import Evenness, Problem

UNITS_MAX = 1_000_000
"""Up to so many units of a node's room, the sums that pods can reach are all looked at."""
CUTS_MAX = 8
"""Up to so many large pods on a node are counted apart from the sum of what they ask."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Nodes, by index, that no fact tells apart."""

    nodes: tuple[int, ...]
    kind: int

    @property
    def size(self) -> int:
        return len(self.nodes)

    @property
    def first(self) -> int:
        return self.nodes[0]


@dataclass(frozen=True, slots=True)
class Demand:
    """What must hold, and of what it speaks: `count`, `refused`, `amount`, `apart`, `near` or `even`;
    classes,
    cells and a filter, label or resource, for its words.
    """

    kind: str
    term: Term
    classes: tuple[int, ...] = ()
    cells: tuple[int, ...] = ()
    what: str = ""
    plugin: str = ""


def like_nodes(problem: Problem, also: Sequence[str] = ()) -> list[Cell]:
    """The nodes by kind: as few cells as the facts allow, in order of their first node. `also`: labels that
    matter besides.
    """
    keys = [key for key in dict.fromkeys((*problem.labels(), *also)) if key]
    shared = [key for key in keys if not problem.is_per_node(key)]
    own = [key for key in keys if problem.is_per_node(key)]
    domains = {key: problem.domains(key) for key in keys}
    groups: dict[object, list[int]] = {}
    for n in range(len(problem.nodes)):
        stay = [at for at, (_, where) in enumerate(problem.staying) if where == n]
        look = (
            tuple(row[n] for row in problem.refused),
            tuple(sorted(problem.room[n].items())),
            tuple(domains[key][n] for key in shared),
            tuple(domains[key][n] is None for key in own),
            tuple(
                (n in e.covered, sum(s in e.staying for s in stay) if stay else 0) for e in problem.evenness
            ),
            tuple(n in near for near in problem.near_staying),
        )
        groups.setdefault(look, []).append(n)
    return [Cell(tuple(its), kind) for kind, its in enumerate(groups.values())]


@lru_cache(maxsize=4096)
def most_used(room: int, amounts: tuple[tuple[int, int], ...]) -> int:
    """The greatest sum of these amounts (each with how often it may be taken) that is no more than the
    room.
    """
    unit = gcd(*(amount for amount, _ in amounts)) if amounts else 1
    top = room // unit
    if top > UNITS_MAX:
        return top * unit
    reached, mask = 1, (1 << (top + 1)) - 1
    for amount, count in amounts:
        step, left, part = amount // unit, min(count, room // amount), 1
        while left > 0:
            taken = min(part, left)
            reached |= (reached << (step * taken)) & mask
            left, part = left - taken, part * 2
    return (reached.bit_length() - 1) * unit


def single_nodes(cells: Iterable[Cell]) -> list[Cell]:
    """The same nodes, each a cell of its own."""
    return [Cell((n,), cell.kind) for cell in cells for n in cell.nodes]


class Encoding:
    """The demands on a placement over cells. `least`: all pods must be placed; otherwise some may wait."""

    def __init__(
        self, problem: Problem, cells: Sequence[Cell], least: bool = True, leaves: bool = False
    ) -> None:
        """`leaves`: pods may leave again, so that only what holds of every part of a placement is said."""
        self.problem = problem
        self.cells = list(cells)
        self.least = least
        self.leaves = leaves
        self.x = [
            [t.int_var(f"{c.name}@{self.cell_name(cell)}", 0, len(c.pods)) for cell in self.cells]
            for c in problem.classes
        ]
        self.caps = [[self._cap(c, cell) for cell in self.cells] for c in range(len(problem.classes))]

    def cell_name(self, cell: Cell) -> str:
        name = str(self.problem.nodes[cell.first]["metadata"]["name"])
        return name if cell.size == 1 else f"{name}+{cell.size - 1}"

    def demands(self) -> list[Demand]:
        found = [*self._counts(), *self._refusals(), *self._amounts(), *self._separations()]
        if not self.leaves:
            found += [*self._company(), *self._evenness()]
        return [d for d in found if d.term is not t.TRUE]

    def on(self, c: int, cells: Iterable[int]) -> Term:
        """How many pods of a class are on these cells."""
        return t.add(*(self.x[c][k] for k in cells))

    def total(self, classes: Iterable[int], cells: Sequence[int]) -> Term:
        return t.add(*(self.x[c][k] for c in classes for k in cells))

    def _cap(self, c: int, cell: Cell) -> int:
        """How many pods of a class a single node of the cell can hold."""
        room, its = self.problem.room[cell.first], self.problem.classes[c]
        most = min([len(its.pods), *(max(0, room[r]) // a for r, a in its.amounts.items())])
        alone = any(a == b == c and self.is_each_node(key) for a, b, key, _ in self.problem.apart)
        return min(most, 1) if alone else most

    def is_each_node(self, key: str) -> bool:
        return not key or self.problem.is_per_node(key)

    # ------------------------------------------------------------ one pod and one node

    def _counts(self) -> Iterable[Demand]:
        everywhere = range(len(self.cells))
        for c, its in enumerate(self.problem.classes):
            here, count = self.on(c, everywhere), t.number(len(its.pods))
            term = t.eq(here, count) if self.least else t.le(here, count)
            yield Demand("count", term, (c,))

    def _refusals(self) -> Iterable[Demand]:
        for c, row in enumerate(self.problem.refused):
            plugins = dict.fromkeys(row[cell.first] for cell in self.cells)
            for plugin in plugins:
                its = tuple(k for k, cell in enumerate(self.cells) if row[cell.first] == plugin)
                if plugin:
                    none = t.all_of(t.eq(self.x[c][k], t.number(0)) for k in its)
                    yield Demand("refused", none, (c,), its, plugin, plugin)

    # ------------------------------------------------------------ amounts

    def _amounts(self) -> Iterable[Demand]:
        resources = dict.fromkeys(r for c in self.problem.classes for r in c.amounts)
        for resource in resources:
            asking = tuple(c for c, its in enumerate(self.problem.classes) if its.amounts.get(resource))
            for k, cell in enumerate(self.cells):
                room = self.problem.room[cell.first][resource]
                terms = [self._sum(asking, k, resource, room), *self._cuts(asking, k, resource, room)]
                yield Demand("amount", t.all_of(terms), asking, (k,), resource)

    def _sum(self, asking: Sequence[int], k: int, resource: str, room: int) -> Term:
        amounts = [t.mul(self.problem.classes[c].amounts[resource], self.x[c][k]) for c in asking]
        usable = self.usable(asking, resource, room)
        return t.le(t.add(*amounts), t.number(usable * self.cells[k].size))

    def usable(self, asking: Sequence[int], resource: str, room: int) -> int:
        """How much of a node's room some combination of these pods can use at most."""
        classes = [self.problem.classes[c] for c in asking]
        return most_used(max(0, room), tuple(sorted((c.amounts[resource], len(c.pods)) for c in classes)))

    def _cuts(self, asking: Sequence[int], k: int, resource: str, room: int) -> Iterable[Term]:
        """Of pods that ask for more than a part of a node, no more fit than there are such parts."""
        size = self.cells[k].size
        amounts = {c: self.problem.classes[c].amounts[resource] for c in asking}
        parts = sorted({max(0, room) // a for a in amounts.values()})[:CUTS_MAX]
        for part in parts:
            large = [c for c, a in amounts.items() if max(0, room) // a <= part]
            if size > 1 or part == 0:
                yield t.le(self.total(large, [k]), t.number(part * size))

    # ------------------------------------------------------------ apart

    def _separations(self) -> Iterable[Demand]:
        for a, b, key, plugin in self.problem.apart:
            if self.is_each_node(key):
                yield from self._apart_on_nodes(a, b, key, plugin)
            else:
                terms = [self._apart_in(a, b, cells) for cells in self.by_domain(key).values()]
                its = (a,) if a == b else (a, b)
                yield Demand("apart", t.all_of(terms), its, (), key, plugin)
        yield from self._cliques()

    def _apart_in(self, a: int, b: int, cells: Sequence[int]) -> Term:
        if a == b:
            return t.le(self.on(a, cells), t.number(1))
        none = t.number(0)
        return t.or_(t.le(self.on(a, cells), none), t.le(self.on(b, cells), none))

    def _apart_on_nodes(self, a: int, b: int, key: str, plugin: str) -> Iterable[Demand]:
        labelled = [k for k, cell in enumerate(self.cells) if self._has(cell, key)]
        if a == b:
            terms = [t.le(self.x[a][k], t.number(self.cells[k].size)) for k in labelled]
            yield Demand("apart", t.all_of(terms), (a,), (), key, plugin)
            return
        single = [k for k in labelled if self.cells[k].size == 1]
        if single:
            yield Demand(
                "apart", t.all_of(self._apart_in(a, b, [k]) for k in single), (a, b), (), key, plugin
            )

    def _cliques(self) -> Iterable[Demand]:
        """Classes that all keep apart on nodes: the nodes that they use are no more than there are."""
        for key, plugin, clique in self._found_cliques():
            terms = []
            for k, cell in enumerate(self.cells):
                if cell.size > 1 and self._has(cell, key):
                    terms.append(self._used_nodes(clique, k))
            yield Demand("apart", t.all_of(terms), clique, (), key, plugin)

    def _used_nodes(self, clique: Sequence[int], k: int) -> Term:
        cell, parts, used = self.cells[k], [], []
        for c in clique:
            cap = self.caps[c][k]
            if cap <= 1:
                used.append(self.x[c][k])
                continue
            nodes = t.int_var(f"nodes.{self.problem.classes[c].name}@{self.cell_name(cell)}", 0, cell.size)
            parts.append(t.le(self.x[c][k], t.mul(cap, nodes)))
            used.append(nodes)
        return t.all_of([*parts, t.le(t.add(*used), t.number(cell.size))])

    def _found_cliques(self) -> Iterable[tuple[str, str, tuple[int, ...]]]:
        for key, plugin in dict.fromkeys((k, p) for a, b, k, p in self.problem.apart if a != b):
            if not self.is_each_node(key):
                continue
            pairs = {(a, b) for a, b, k, _ in self.problem.apart if k == key}
            left = sorted((a, b) for a, b in pairs if a != b)
            while left:
                clique = list(left[0])
                for c in range(len(self.problem.classes)):
                    if c not in clique and all((min(c, d), max(c, d)) in pairs for d in clique):
                        clique.append(c)
                left = [(a, b) for a, b in left if a not in clique or b not in clique]
                yield key, plugin, tuple(sorted(clique))

    # ------------------------------------------------------------ domains

    def _has(self, cell: Cell, key: str) -> bool:
        return not key or self.problem.domains(key)[cell.first] is not None

    def by_domain(self, key: str) -> dict[str, list[int]]:
        """The cells of each domain of a label; of one node each, if each node is its own."""
        domains = self.problem.domains(key)
        found: dict[str, list[int]] = {}
        for k, cell in enumerate(self.cells):
            value = domains[cell.first]
            if value is not None:
                found.setdefault(value, []).append(k)
        return found

    def _says_too_little(self, key: str) -> bool:
        """Are there cells of several nodes each of which is a domain of its own?"""
        return self.is_each_node(key) and any(c.size > 1 for c in self.cells)

    # ------------------------------------------------------------ company

    def _company(self) -> Iterable[Demand]:
        """Where a pod is that wants company, company is; but for the domain of a first one."""
        for c, its in enumerate(self.problem.classes):
            for key in its.company:
                if self._says_too_little(key):
                    yield from self._company_on_nodes(c, key)
                else:
                    yield Demand("near", self._near(c, key), (c,), (), key, "InterPodAffinity")

    def _near(self, c: int, key: str) -> Term:
        problem, none = self.problem, t.number(0)
        others = [d for d in problem.near[c] if d != c]
        alone = c in problem.near[c] and not problem.near_staying[c]
        name = problem.classes[c].name
        firsts, terms = [], []
        for value, cells in self.by_domain(key).items():
            if any(problem.domains(key)[n] == value for n in problem.near_staying[c]):
                continue
            company = [t.lt(none, self.total(others, cells))] if others else []
            if alone:
                first = t.bool_var(f"first.{name}.{key}={value}")
                company.append(first)
                firsts.append(first)
            terms.append(t.or_(t.le(self.on(c, cells), none), *company))
        if firsts:
            terms.append(t.le(t.add(*(t.ite(f, t.number(1), none) for f in firsts)), t.number(1)))
        return t.all_of(terms)

    def _company_on_nodes(self, c: int, key: str) -> Iterable[Demand]:
        """On cells of several nodes: if none but pods of its own are company, all are on one node."""
        problem = self.problem
        if problem.near[c] != frozenset((c,)) or problem.near_staying[c]:
            return
        most = max([self.caps[c][k] for k, cell in enumerate(self.cells) if self._has(cell, key)], default=0)
        here = self.on(c, range(len(self.cells)))
        yield Demand("near", t.le(here, t.number(most)), (c,), (), key, "InterPodAffinity")

    # ------------------------------------------------------------ evenness

    def _evenness(self) -> Iterable[Demand]:
        for at, even in enumerate(self.problem.evenness):
            key = even.spreading.key
            least = t.int_var(f"least.{key}.{at}", 0, self.problem.pods + len(even.staying))
            if self._says_too_little(key):
                term = self._even_on_nodes(even, least)
            else:
                term = self._even(even, least)
            yield Demand("even", term, even.members, (), key, "PodTopologySpread")

    def _covered(self, even: Evenness) -> list[int]:
        return [k for k, cell in enumerate(self.cells) if cell.first in even.covered]

    def _staying(self, even: Evenness, nodes: Iterable[int]) -> int:
        here = set(nodes)
        return sum(self.problem.staying[s][1] in here for s in even.staying)

    def _even(self, even: Evenness, least: Term) -> Term:
        covered, terms = set(self._covered(even)), []
        domains = {
            v: [k for k in its if k in covered] for v, its in self.by_domain(even.spreading.key).items()
        }
        domains = {v: its for v, its in domains.items() if its}
        if len(domains) < even.spreading.domains:
            terms.append(t.eq(least, t.number(0)))
        own = [c for c in even.members if c in even.counted]
        for cells in domains.values():
            stay = t.number(self._staying(even, (n for k in cells for n in self.cells[k].nodes)))
            terms.append(t.le(least, t.add(self.total(even.counted, cells), stay)))
            here = self.total(own, cells)
            ahead = t.le(t.add(here, stay), t.add(least, t.number(even.spreading.most)))
            terms.append(t.or_(t.le(here, t.number(0)), ahead))
        return t.all_of(terms)

    def _even_on_nodes(self, even: Evenness, least: Term) -> Term:
        """Each node is a domain: a cell holds at least and at most so many times its size."""
        terms = []
        own = [c for c in even.members if c in even.counted]
        if len(even.covered) < even.spreading.domains:
            terms.append(t.eq(least, t.number(0)))
        for k in self._covered(even):
            cell = self.cells[k]
            stay = t.number(self._staying(even, cell.nodes))
            terms.append(t.le(t.mul(cell.size, least), t.add(self.total(even.counted, [k]), stay)))
            most = t.add(least, t.number(even.spreading.most))
            terms.append(t.le(self.total(own, [k]), t.mul(cell.size, most)))
        return t.all_of(terms)

    # ------------------------------------------------------------ symmetry

    def ordered(self) -> list[Term]:
        """Of like nodes that are cells of their own, the earlier one has no fewer pods of the first class."""
        found = []
        last: dict[int, int] = {}
        for k, cell in enumerate(self.cells):
            if cell.kind in last and self.problem.classes:
                found.append((last[cell.kind], k))
            last[cell.kind] = k
        lead = self._lead()
        return [t.le(self.x[lead][b], self.x[lead][a]) for a, b in found]

    def _lead(self) -> int:
        """The class by which like nodes are put in order: the one of most pods."""
        return max(range(len(self.problem.classes)), key=lambda c: len(self.problem.classes[c].pods))


def assigned(encoding: Encoding, values: Mapping[Term, object]) -> list[list[int]]:
    """How many pods of each class are on each cell."""
    return [[_int(values.get(var, 0)) for var in row] for row in encoding.x]


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
