"""Knows what there is to say of who may talk to whom: named units, blocks of them with one answer, totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from kspec.report.style import plural
from kspec.verify.network.addresses import show_range
from kspec.verify.network.columns import first_member, members
from kspec.verify.network.connectivity import Block, Connectivity
from kspec.verify.network.ports import ALL, NONE, Intervals, by_protocol, intersection, show
from kspec.verify.network.treatment import SHUT, Answer

OUTSIDE = "outside"
NAMED_MAX = 6
"""So many names stand in a cell of a table; then their number."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Someone who talks. `number` is the end that stands for it; `pods` are named where a workload's pods are
    not treated alike; `ungoverned`: policies do not see it as a pod.
    """

    kind: str
    namespace: str
    name: str
    number: int
    pods: tuple[str, ...] = ()
    ungoverned: bool = False

    @property
    def id(self) -> str:
        named = f" ({', '.join(self.pods)})" if self.pods else ""
        return f"{self.namespace}/{self.name}{named}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the whole is asked for."""

    origins: Callable[[Unit | None], bool] = field(default=lambda unit: True)
    destinations: Callable[[Unit | None], bool] = field(default=lambda unit: True)
    ports: Intervals = ALL
    either: Callable[[Unit], bool] = field(default=lambda unit: True)


@dataclass(frozen=True, slots=True)
class Group:
    """All of these may talk to all of those on these ports. The outside is given as ranges of addresses."""

    origins: tuple[Unit, ...]
    origin_ranges: tuple[str, ...]
    destinations: tuple[Unit, ...]
    destination_ranges: tuple[str, ...]
    answer: Answer
    free: bool
    reason: str = ""

    @property
    def pairs(self) -> int:
        """How many pairs of two different units."""
        return len(self.origins) * len(self.destinations) - len(set(self.origins) & set(self.destinations))


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of pairs of two units, one talking to the other; and of units that meet the outside."""

    units: int
    policies: int
    pairs: int
    open_all: int
    open_some: int
    undetermined: int
    free: int
    from_outside: int
    to_outside: int

    @property
    def shut(self) -> int:
        return self.pairs - self.open_all - self.open_some - self.undetermined


class View:
    """What is shown of a connectivity, after filters."""

    def __init__(
        self,
        found: Connectivity,
        units: Sequence[Unit],
        by: str,
        filters: Filters | None = None,
        reason: Callable[[int, int, Answer], str] = lambda origin, destination, answer: "",
        unseen: Sequence[str] = (),
    ) -> None:
        self.unseen = unseen  # kinds of objects that no rule knows
        self.found, self.units, self.by, self.filters = found, units, by, filters or Filters()
        self._reason = reason
        self.of_number: dict[int, list[Unit]] = {}
        for unit in units:
            self.of_number.setdefault(unit.number, []).append(unit)
        self.cell_of = {found.inside + i: cell for i, cell in enumerate(found.outside)}

    @cached_property
    def groups(self) -> list[Group]:
        """The blocks with names, in order of the names; what the filters leave out is gone."""
        merged: dict[object, Group] = {}
        for block in self.found.blocks:
            answer = self._seen(block.answer)
            if answer != SHUT:
                for group in self._named(block, answer):
                    merged[len(merged)] = group
        return sorted(merged.values(), key=_order)

    def _seen(self, answer: Answer) -> Answer:
        ports = self.filters.ports
        return intersection(answer[0], ports), intersection(answer[1], ports)

    def _named(self, block: Block, answer: Answer) -> Iterator[Group]:
        """A block as groups: one, or apart by namespace filters."""
        origins = self._units(block.origins, self.filters.origins)
        destinations = self._units(block.destinations, self.filters.destinations)
        from_outside = self._ranges(block.origins, block.destinations) if self.filters.origins(None) else ()
        to_outside = (
            self._ranges(block.destinations, block.origins) if self.filters.destinations(None) else ()
        )
        for some, all_ in ((origins, True), (from_outside, False)):
            if not some:
                continue
            a, b = (origins, ()) if all_ else ((), from_outside)
            for c, d in self._reached(a, destinations, to_outside):
                others = [u for u in d[0] if [u] != list(c)]  # not from one to itself
                if others or d[1]:
                    made = Group(tuple(c), tuple(b), tuple(others), tuple(d[1]), answer, block.free)
                    yield self._explained(made)

    def _reached(
        self, origins: Sequence[Unit], destinations: Sequence[Unit], ranges: Sequence[str]
    ) -> Iterator[tuple[Sequence[Unit], tuple[Sequence[Unit], Sequence[str]]]]:
        """Where one end must be in a namespace: the pairs of which one is."""
        either = self.filters.either
        own, others = [u for u in origins if either(u)], [u for u in origins if not either(u)]
        near = [u for u in destinations if either(u)]
        if own or not origins:
            kept = destinations if origins else near
            if kept or (ranges and origins):
                yield own, (kept, ranges if origins else ())
        if others and near:
            yield others, (near, ())

    def _explained(self, group: Group) -> Group:
        if not group.answer[1]:
            return group
        origin = group.origins[0].number if group.origins else self.found.inside
        destination = group.destinations[0].number if group.destinations else self.found.inside
        text = self._reason(origin, destination, group.answer)
        return replace(group, reason=text)

    def _units(self, bits: int, wanted: Callable[[Unit | None], bool]) -> list[Unit]:
        numbers = members(bits & self.found.all_inside)
        found = [unit for number in numbers for unit in self.of_number.get(number, ()) if wanted(unit)]
        return sorted(found, key=lambda unit: unit.id)

    def _ranges(self, bits: int, others: int) -> tuple[str, ...]:
        """The addresses in a set; `outside` if they are all that these other ends could meet at all."""
        outside = bits & self.found.all_outside
        if outside and outside == self.found.all_outside & ~self.found.strangers[first_member(others)]:
            return (OUTSIDE,)
        return tuple(address_ranges(self.found, [self.cell_of[number] for number in members(outside)]))

    # ---------------------------------------------------------------- totals

    @cached_property
    def totals(self) -> Totals:
        origins = [u for u in self.units if self.filters.origins(u)]
        destinations = [u for u in self.units if self.filters.destinations(u)]
        either = self.filters.either
        near, near_too = sum(map(either, origins)), sum(map(either, destinations))
        pairs = len(origins) * len(destinations) - (len(origins) - near) * (len(destinations) - near_too)
        pairs -= sum(1 for u in set(origins) & set(destinations) if either(u))
        every = self.filters.ports
        groups = self.groups
        return Totals(
            units=len(self.units),
            policies=len(self.found.policies),
            pairs=pairs,
            open_all=sum(g.pairs for g in groups if g.answer == (every, NONE)),
            open_some=sum(g.pairs for g in groups if g.answer[0] and g.answer != (every, NONE)),
            undetermined=sum(g.pairs for g in groups if not g.answer[0]),
            free=sum(g.pairs for g in groups if g.free),
            from_outside=len({u for g in groups if g.origin_ranges and g.answer[0] for u in g.destinations}),
            to_outside=len({u for g in groups if g.destination_ranges and g.answer[0] for u in g.origins}),
        )


def address_ranges(found: Connectivity, cells: Sequence[int]) -> list[str]:
    """Cells as the fewest ranges."""
    shown: list[str] = []
    for _, group in groupby(enumerate(cells), key=lambda each: each[1] - each[0]):
        its = [cell for _, cell in group]
        for low, high in _families(found, its):
            shown += show_range(low, high)
    return shown


def _families(found: Connectivity, cells: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring cells as ranges; IPv4 and IPv6 never in one."""
    from kspec.verify.network.addresses import V6_BASE

    for version in (4, 6):
        its = [
            found.cells.bounds(c) for c in cells if (found.cells.bounds(c)[0] >= V6_BASE) == (version == 6)
        ]
        if its:
            yield its[0][0], its[-1][1]


def _order(group: Group) -> tuple[object, ...]:
    first = [u.id for u in group.origins], [u.id for u in group.destinations[:1]]
    return not group.origins, *first, not group.destinations, group.answer, group.free


def ports_text(answer: Answer) -> str:
    """`8080/TCP`, with `perhaps` before what is undetermined."""
    open_, unclear = answer
    parts = [show(open_)] if open_ else []
    if unclear:
        parts.append(f"perhaps {show(unclear)}")
    return ", ".join(parts) or "none"


def names(units: Sequence[Unit], ranges: Sequence[str], all_units: int, limit: int = NAMED_MAX) -> str:
    """Who is in a group, in a cell of a table."""
    parts: list[str] = []
    if units and len(units) == all_units and all_units > limit:
        parts.append(f"all {all_units:,}")
    else:
        parts += _first([unit.id for unit in units], limit)
    if list(ranges) == [OUTSIDE]:
        return ", ".join([*parts, OUTSIDE])
    return ", ".join([*parts, *([f"{OUTSIDE} {', '.join(_first(ranges, limit))}"] if ranges else [])])


def _first(texts: Sequence[str], limit: int) -> list[str]:
    """The texts, if they are not many more than the limit; else so many, and how many there are besides."""
    if len(texts) <= limit + 1:
        return list(texts)
    return [*texts[:limit], f"{len(texts) - limit:,} more"]


def headline(view: View) -> Iterator[str]:
    """The totals, in sentences."""
    t = view.totals
    what = "pod" if view.by == "pod" else "workload"
    yield f"{plural(t.units, what)}, {plural(t.policies, 'policy', 'policies')}."
    parts = [(t.open_all, "open"), (t.open_some, "open on some ports"), (t.shut, "shut")]
    if t.undetermined:
        parts.append((t.undetermined, "undetermined"))
    said = ", ".join(f"{count:,} {word}" for count, word in parts)
    free = f"; {t.free:,} only because no policy selects either end" if t.free else ""
    if t.pairs:
        yield f"{plural(t.pairs, 'pair')}: {said}{free}."
    outside = []
    if view.filters.origins(None):
        outside.append(f"the outside reaches {plural(t.from_outside, what)}")
    if view.filters.destinations(None):
        outside.append(f"{plural(t.to_outside, what)} may reach the outside")
    if outside:
        text = "; ".join(outside)
        yield f"{text[0].upper()}{text[1:]}."


def notes(view: View) -> Iterator[str]:
    """What a reader might take for a mistake."""
    ungoverned = [u.id for u in view.units if u.ungoverned]
    if ungoverned:
        verb = "is" if len(ungoverned) == 1 else "are"
        who = ", ".join(_first(ungoverned, NAMED_MAX))
        yield f"{who} {verb} in the network of the node: policies neither govern nor select such pods."
    unknown = any(view.found.ends[u.number].get("address") is None for u in view.units)
    if unknown and any(group.answer[1] for group in view.groups):
        yield "The addresses of pods are not known: --pod-cidr 10.244.0.0/16, say, would decide about blocks."
    if view.unseen:
        yield f"Not among them: pods of custom resources ({', '.join(_first(view.unseen, NAMED_MAX))})."


def to_json(view: View, place: Callable[[Unit], str]) -> dict[str, object]:
    """The body of the document `kspec/connect/1`; `place` says where the object of a unit stands."""
    t = view.totals
    return {
        "by": view.by,
        "totals": {
            "units": t.units,
            "policies": t.policies,
            "pairs": t.pairs,
            "open": t.open_all,
            "openOnSomePorts": t.open_some,
            "shut": t.shut,
            "undetermined": t.undetermined,
            "openForWantOfPolicy": t.free,
            "fromOutside": t.from_outside,
            "toOutside": t.to_outside,
        },
        "units": [_unit_to_json(u, place(u)) for u in view.units],
        "groups": [_group_to_json(g) for g in view.groups],
        "notes": list(notes(view)),
    }


def _unit_to_json(unit: Unit, place: str) -> dict[str, object]:
    made: dict[str, object] = {
        "id": unit.id,
        "kind": unit.kind,
        "namespace": unit.namespace,
        "name": unit.name,
    }
    if unit.pods:
        made["pods"] = list(unit.pods)
    return {**made, "place": place} if place else made


def _group_to_json(group: Group) -> dict[str, object]:
    made: dict[str, object] = {
        "from": [u.id for u in group.origins],
        "fromOutside": list(group.origin_ranges),
        "to": [u.id for u in group.destinations],
        "toOutside": list(group.destination_ranges),
        "open": by_protocol(group.answer[0]),
        "undetermined": by_protocol(group.answer[1]),
        "forWantOfPolicy": group.free,
    }
    return {**made, "reason": group.reason} if group.reason else made


def pairs(view: View) -> Iterator[tuple[str, str, str, str, Group]]:
    """Every single pair that is not shut, in order of the groups: names, and the groups they are in."""
    for group in view.groups:
        for origin in _ids(group.origins, group.origin_ranges):
            for destination in _ids(group.destinations, group.destination_ranges):
                if origin != destination:
                    yield origin[0], destination[0], origin[1], destination[1], group


def _ids(units: Iterable[Unit], ranges: Iterable[str]) -> list[tuple[str, str]]:
    return [(u.id, u.kind) for u in units] + [(r, OUTSIDE) for r in ranges]
