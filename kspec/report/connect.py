"""Knows what there is to say of who may talk to whom: named units, blocks of them with one answer, totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress, groupby
from typing import Any

from kspec.report.style import plural
from kspec.verify.network.addresses import show_range
from kspec.verify.network.blocks import Block
from kspec.verify.network.columns import bits_of, digits, first_member, members
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.ports import ALL, NONE, Intervals, show
from kspec.verify.network.treatment import Answer

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
    id: str = field(init=False)

    def __post_init__(self) -> None:
        named = f" ({', '.join(self.pods)})" if self.pods else ""
        object.__setattr__(self, "id", f"{self.namespace}/{self.name}{named}")


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the whole is asked for."""

    origins: Callable[[Unit | None], bool] = field(default=lambda unit: True)
    destinations: Callable[[Unit | None], bool] = field(default=lambda unit: True)
    ports: Intervals = ALL
    namespace: str | None = None  # one of the two ends is in it


@dataclass(frozen=True, slots=True)
class Group:
    """All of these may talk to all of those on these ports. The outside is given as ranges of addresses.
    `family`: over IPv4 or IPv6 alone, of two in which they meet.
    """

    origins: tuple[Unit, ...]
    origin_ranges: tuple[str, ...]
    destinations: tuple[Unit, ...]
    destination_ranges: tuple[str, ...]
    answer: Answer
    free: bool
    sample: tuple[int, int] = (0, 0)  # the numbers of an origin and a destination
    pairs: int = 0  # how many pairs of two different units
    family: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of pairs of two units, one talking to the other; and of units that meet the outside. `unlike`:
    of how many pairs IPv4 and IPv6 differ.
    """

    units: int
    policies: int
    pairs: int
    open_all: int
    open_some: int
    undetermined: int
    free: int
    from_outside: int
    to_outside: int
    unlike: int

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
        unlike: Sequence[str] = (),
    ) -> None:
        self.unseen = unseen  # kinds of objects that no rule knows
        self.options: Sequence[str] = ()  # what was assumed where implementations differ
        self.unlike = unlike  # pods with more addresses than one of each family
        self.found, self.units, self.by, self.filters = found, units, by, filters or Filters()
        self._reason = reason
        self.sorted = sorted(units, key=lambda unit: unit.id)
        self._of_class = [0] * len(found.classes)
        for index, unit in enumerate(self.sorted):
            self._of_class[unit.number] |= 1 << index
        self._origins = bits_of(i for i, u in enumerate(self.sorted) if self.filters.origins(u))
        self._destinations = bits_of(i for i, u in enumerate(self.sorted) if self.filters.destinations(u))
        near = self.filters.namespace
        self._near = bits_of(i for i, u in enumerate(self.sorted) if near in (None, u.namespace))
        self._named: dict[int, int] = {}
        self._reasons: dict[object, str] = {}
        self._ranged: dict[int, tuple[str, ...]] = {}
        self._apart: dict[int, tuple[int, int]] = {}  # by origin: open in a family, or perhaps

    @cached_property
    def groups(self) -> list[Group]:
        """The blocks with names, in order of the names; what the filters leave out is gone."""
        found: list[tuple[Any, Group]] = []
        for block in self.found.blocks_of(self.filters.ports):
            found += self._groups(block)
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

    def _groups(self, block: Block) -> Iterator[tuple[tuple[object, ...], Group]]:
        """A block as groups: one, or several where one end must be in a namespace."""
        origins = self._units(block.origins) & self._origins
        destinations = self._units(block.destinations) & self._destinations
        near, near_too = origins & self._near, destinations & self._near
        sample = self._sample(block)
        to_outside = self._ranges(block.destinations, self.filters.destinations)
        from_outside = self._ranges(block.origins, self.filters.origins)
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
                family = block.family
                order = (not some, [*members(some)], not others, first_member(others), block.answer)
                if family:
                    self._add_apart(some, others, block.answer)
                yield (
                    (*order, block.free, family or 0),
                    Group(*made, block.answer, block.free, sample, pairs, family),
                )

    def _sample(self, block: Block) -> tuple[int, int]:
        """An origin and a destination of a block, by the numbers of ends with addresses that meet."""
        families = self.found.families
        origin, destination = (first_member(each) for each in (block.origins, block.destinations))
        if 1 << origin == families.everywhere:
            origin = first_member(families.meets_outside(destination))
        elif 1 << destination == families.everywhere:
            destination = first_member(families.meets_outside(origin))
        return next((a, b) for f, a, b in families.ways(origin, destination) if block.family in (None, f))

    def _add_apart(self, origins: int, destinations: int, answer: Answer) -> None:
        """Pairs of which one family gets this answer, and the other perhaps another."""
        for origin in members(origins):
            opened, any_ = self._apart.get(origin, (0, 0))
            others = destinations & ~(1 << origin)
            self._apart[origin] = opened | (others if answer[0] else 0), any_ | others

    def _units(self, bits: int) -> int:
        """The units that ends at hand stand for, as a set of their places in order."""
        inside = bits & self.found.all_inside
        known = self._named.get(inside)
        if known is None:
            known = 0
            for units in compress(self._of_class, digits(inside)):
                known |= units
            self._named[inside] = known
        return known

    def _unit_list(self, indices: int) -> tuple[Unit, ...]:
        return tuple(compress(self.sorted, digits(indices)))

    def _ranges(self, bits: int, wanted: Callable[[Unit | None], bool]) -> tuple[str, ...]:
        """The addresses in a set; `outside` if they are all that these other ends could meet at all."""
        if not wanted(None):
            return ()
        if bits & self.found.families.everywhere:
            return (OUTSIDE,)
        outside = bits & self.found.all_outside
        if not outside:
            return ()
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
        alike = [g for g in groups if not g.family]
        opened = sum(o.bit_count() for o, _ in self._apart.values())
        apart = sum(a.bit_count() for _, a in self._apart.values())
        return Totals(
            units=len(self.units),
            policies=len(self.found.policies),
            pairs=pairs,
            open_all=sum(g.pairs for g in alike if g.answer == (every, NONE)),
            open_some=sum(g.pairs for g in alike if g.answer[0] and g.answer != (every, NONE)) + opened,
            undetermined=sum(g.pairs for g in alike if not g.answer[0]) + apart - opened,
            free=sum(g.pairs for g in alike if g.free),
            from_outside=len({u for g in groups if g.origin_ranges and g.answer[0] for u in g.destinations}),
            to_outside=len({u for g in groups if g.destination_ranges and g.answer[0] for u in g.origins}),
            unlike=apart,
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


def group_text(group: Group) -> str:
    """`8080/TCP over IPv4`."""
    return ports_text(group.answer) + (f" over IPv{group.family}" if group.family else "")


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
        unlike = f"; {t.unlike:,} not alike over IPv4 and IPv6" if t.unlike else ""
        yield f"{plural(t.pairs, 'pair')}: {said}{free}{unlike}."
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
    blocks = view.found.cells.count > 2  # one of each family, if there are none
    if unknown and blocks and any(group.answer[1] for group in view.groups):
        yield "The addresses of pods are not known: --pod-cidr 10.244.0.0/16, say, would decide about blocks."
    if view.unlike:
        verb = "has" if len(view.unlike) == 1 else "have"
        who = ", ".join(_first(view.unlike, NAMED_MAX))
        yield f"{who} {verb} more than one address of a family: the first of each counts."
    if view.unseen:
        yield f"Not among them: pods of custom resources ({', '.join(_first(view.unseen, NAMED_MAX))})."
    yield from (f"{text[0].upper()}{text[1:]}." for text in view.options)


def pairs(view: View) -> Iterator[tuple[Group, list[tuple[str, str]], list[tuple[str, str]]]]:
    """Of each group, in their order, the origins and destinations: names with kinds. A pair of two that are
    not one stands for itself.
    """
    for group in view.groups:
        yield (
            group,
            _ids(group.origins, group.origin_ranges),
            _ids(group.destinations, group.destination_ranges),
        )


def _ids(units: Iterable[Unit], ranges: Iterable[str]) -> list[tuple[str, str]]:
    return [(u.id, u.kind) for u in units] + [(r, OUTSIDE) for r in ranges]
