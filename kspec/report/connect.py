"""Knows what there is to say of who may talk to whom: named units, blocks of them with one answer, totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from kspec.report.style import plural
from kspec.verify.network.addresses import show_range
from kspec.verify.network.columns import bits_of, first_member, members
from kspec.verify.network.connectivity import Block, Connectivity
from kspec.verify.network.ports import ALL, NONE, Intervals, by_protocol, intersection, show
from kspec.verify.network.treatment import SHUT, Answer

OUTSIDE = "outside"
REASONS_MAX = 500
"""Of so many groups it is said why something is undetermined."""
NAMED_MAX = 6
"""So many names stand in a cell of a table; then their number."""


@dataclass(frozen=True, slots=True, eq=False)
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
    namespace: str | None = None  # one of the two ends is in it


@dataclass(frozen=True, slots=True)
class Group:
    """All of these may talk to all of those on these ports. The outside is given as ranges of addresses."""

    origins: tuple[Unit, ...]
    origin_ranges: tuple[str, ...]
    destinations: tuple[Unit, ...]
    destination_ranges: tuple[str, ...]
    answer: Answer
    free: bool
    sample: tuple[int, int] = (0, 0)  # the numbers of an origin and a destination
    pairs: int = 0  # how many pairs of two different units


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
        of_two_families: Sequence[str] = (),
    ) -> None:
        self.unseen = unseen  # kinds of objects that no rule knows
        self.options: Sequence[str] = ()  # what was assumed where implementations differ
        self.of_two_families = of_two_families  # pods with more addresses than the first
        self.found, self.units, self.by, self.filters = found, units, by, filters or Filters()
        self._reason = reason
        self.sorted = sorted(units, key=lambda unit: unit.id)
        self._of_class: dict[int, list[int]] = {}
        for index, unit in enumerate(self.sorted):
            self._of_class.setdefault(unit.number, []).append(index)
        self._origins = bits_of(i for i, u in enumerate(self.sorted) if self.filters.origins(u))
        self._destinations = bits_of(i for i, u in enumerate(self.sorted) if self.filters.destinations(u))
        near = self.filters.namespace
        self._near = bits_of(i for i, u in enumerate(self.sorted) if near in (None, u.namespace))
        self._named: dict[int, int] = {}
        self._reasons: dict[object, str] = {}
        self._ranged: dict[int, tuple[str, ...]] = {}

    @cached_property
    def groups(self) -> list[Group]:
        """The blocks with names, in order of the names; what the filters leave out is gone."""
        found: list[tuple[Any, Group]] = []
        for block in self.found.blocks:
            answer = self._seen(block.answer)
            if answer != SHUT:
                found += self._groups(block, answer)
        found.sort(key=lambda each: each[0])
        return [group for _, group in found]

    def reason(self, group: Group) -> str:
        """Why something of the group is undetermined; not for all of very many groups."""
        if not group.answer[1]:
            return ""
        key = (group.sample, group.answer)
        if key not in self._reasons and len(self._reasons) < REASONS_MAX:
            self._reasons[key] = self._reason(*group.sample, group.answer)
        return self._reasons.get(key, "")

    def _seen(self, answer: Answer) -> Answer:
        ports = self.filters.ports
        return intersection(answer[0], ports), intersection(answer[1], ports)

    def _groups(self, block: Block, answer: Answer) -> Iterator[tuple[tuple[object, ...], Group]]:
        """A block as groups: one, or several where one end must be in a namespace."""
        origins = self._units(block.origins) & self._origins
        destinations = self._units(block.destinations) & self._destinations
        near, near_too = origins & self._near, destinations & self._near
        sample = first_member(block.origins), first_member(block.destinations)
        to_outside = self._ranges(block.destinations, block.origins, self.filters.destinations)
        from_outside = self._ranges(block.origins, block.destinations, self.filters.origins)
        for some, ranges, others, other_ranges in (
            (near, (), destinations, to_outside),
            (origins & ~near, (), near_too, ()),
            (0, from_outside, near_too, ()),
        ):
            alone = some.bit_count() == 1
            others &= ~some if alone else -1  # not from one to itself
            if (some or ranges) and (others or other_ranges):
                pairs = some.bit_count() * others.bit_count() - (some & others).bit_count()
                made = self._unit_list(some), ranges, self._unit_list(others), other_ranges
                order = not some, [*members(some)], not others, first_member(others), answer, block.free
                yield order, Group(*made, answer, block.free, sample, pairs)

    def _units(self, bits: int) -> int:
        """The units that ends at hand stand for, as a set of their places in order."""
        inside = bits & self.found.all_inside
        known = self._named.get(inside)
        if known is None:
            indices = [i for number in members(inside) for i in self._of_class.get(number, ())]
            known = self._named[inside] = bits_of(indices)
        return known

    def _unit_list(self, indices: int) -> tuple[Unit, ...]:
        return tuple(self.sorted[i] for i in members(indices))

    def _ranges(self, bits: int, others: int, wanted: Callable[[Unit | None], bool]) -> tuple[str, ...]:
        """The addresses in a set; `outside` if they are all that these other ends could meet at all."""
        outside = bits & self.found.all_outside
        if not outside or not wanted(None):
            return ()
        if outside == self.found.all_outside & ~self.found.strangers[first_member(others)]:
            return (OUTSIDE,)
        known = self._ranged.get(outside)
        if known is None:
            cells = [self.found.outside[number - self.found.inside] for number in members(outside)]
            known = self._ranged[outside] = tuple(address_ranges(self.found, cells))
        return known

    # ---------------------------------------------------------------- totals

    @cached_property
    def totals(self) -> Totals:
        origins, destinations, near = self._origins, self._destinations, self._near
        count, count_too = origins.bit_count(), destinations.bit_count()
        far, far_too = (origins & ~near).bit_count(), (destinations & ~near).bit_count()
        pairs = count * count_too - far * far_too - (origins & destinations & near).bit_count()
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
    blocks = view.found.cells.count > len(view.found.families)
    if unknown and blocks and any(group.answer[1] for group in view.groups):
        yield "The addresses of pods are not known: --pod-cidr 10.244.0.0/16, say, would decide about blocks."
    if view.of_two_families:
        verb = "has" if len(view.of_two_families) == 1 else "have"
        who = ", ".join(_first(view.of_two_families, NAMED_MAX))
        yield f"{who} {verb} more than one address: this is about the first; of the others nothing is said."
    if view.unseen:
        yield f"Not among them: pods of custom resources ({', '.join(_first(view.unseen, NAMED_MAX))})."
    yield from (f"{text[0].upper()}{text[1:]}." for text in view.options)


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
        "groups": [_group_to_json(g, view.reason(g)) for g in view.groups],
        "notes": list(notes(view)),
        "assumptions": list(view.options),
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


def _group_to_json(group: Group, reason: str) -> dict[str, object]:
    made: dict[str, object] = {
        "from": [u.id for u in group.origins],
        "fromOutside": list(group.origin_ranges),
        "to": [u.id for u in group.destinations],
        "toOutside": list(group.destination_ranges),
        "open": by_protocol(group.answer[0]),
        "undetermined": by_protocol(group.answer[1]),
        "forWantOfPolicy": group.free,
    }
    return {**made, "reason": reason} if reason else made


def pairs(view: View) -> Iterator[tuple[str, str, str, str, Group]]:
    """Every single pair that is not shut, in order of the groups: names, and the groups they are in."""
    for group in view.groups:
        for origin in _ids(group.origins, group.origin_ranges):
            for destination in _ids(group.destinations, group.destination_ranges):
                if origin != destination:
                    yield origin[0], destination[0], origin[1], destination[1], group


def _ids(units: Iterable[Unit], ranges: Iterable[str]) -> list[tuple[str, str]]:
    return [(u.id, u.kind) for u in units] + [(r, OUTSIDE) for r in ranges]
