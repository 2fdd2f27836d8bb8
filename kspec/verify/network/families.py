"""Knows which ends meet at all: a pod with addresses of both families is two ends, and a connection is
between addresses of one.

The ends at hand stand in this order: one for each class of pods, those of two families first, and then, for
each of these, the end that it is with its IPv6 address. Behind them come the addresses outside. So a set of
ends becomes one of classes by a shift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from kspec.runtime.ip import IP
from kspec.verify.network.columns import End, first_member

VERSIONS = (4, 6)
Relation = Callable[..., object]


class Families:
    """The ends by family. `count` is the number of classes, of which the first `doubles` have two ends;
    `relation` says of two ends whether their addresses can meet.
    """

    def __init__(self, ends: Sequence[End], count: int, doubles: int, relation: Relation | None) -> None:
        self.count, self.doubles = count, doubles
        self.all = (1 << len(ends)) - 1
        inside = count + doubles
        self.everywhere = 1 << len(ends)
        """Stands, in a set of ends, for all addresses outside that the other end could meet."""
        by_version: dict[int | None, int] = {}
        for index, end in enumerate(ends):
            version = None if end.get("address") is None else end["address"].version
            by_version[version] = by_version.get(version, 0) | 1 << index
        self.strangers = _strangers(ends, by_version, relation)
        outside = self.all ^ ((1 << inside) - 1)
        unknown = by_version.get(None, 0)
        own = {v: by_version.get(v, 0) if relation else self.all for v in VERSIONS}
        self.outside = {v: own[v] & outside for v in VERSIONS}
        self._firsts, self._doubled = (1 << count) - 1, (1 << doubles) - 1
        single = self._firsts & ~self._doubled
        self._own = {v: (own[v] | unknown) & single | self.outside[v] for v in VERSIONS}
        self.classes = {v: self._own[v] | self._doubled for v in VERSIONS}
        """The classes with an end that can meet this family, and the addresses outside that are of it."""

    def end(self, number: int, version: int) -> int | None:
        """The end with which a class, or an address outside, meets this family."""
        if number < self.doubles:
            return number if version == VERSIONS[0] else self.count + number
        return number if self.classes[version] >> number & 1 else None

    def of_classes(self, ends: int, version: int) -> int:
        """The classes whose end of this family is in a set of ends, and the addresses outside of it."""
        first = ends if version == VERSIONS[0] else ends >> self.count
        return (first & self._doubled) | (ends & self._own[version])

    def ways(self, origin: int, destination: int) -> Iterator[tuple[int | None, int, int]]:
        """The ends at which two classes can meet, with the family; None where there is no other."""
        found = [
            (version, a, b)
            for version in VERSIONS
            if (a := self.end(origin, version)) is not None
            and (b := self.end(destination, version)) is not None
        ]
        if len(found) == len(VERSIONS) and found[0][1:] == found[1][1:]:
            del found[1]
        alone = len(found) == 1
        yield from ((None if alone else version, a, b) for version, a, b in found)

    def meets_outside(self, number: int) -> int:
        """The addresses outside that a class can meet."""
        return sum(self.outside[v] for v in VERSIONS if self.classes[v] >> number & 1)


def _strangers(
    ends: Sequence[End], by_version: Mapping[int | None, int], relation: Relation | None
) -> list[int]:
    """For each end those that no connection leads to, since their addresses are of different families."""
    if relation is None:
        return [0] * len(ends)
    apart: dict[int | None, int] = {}
    for version, its in by_version.items():
        end = ends[first_member(its)]
        apart[version] = sum(o for o in by_version.values() if not relation(end, ends[first_member(o)]))
    return [apart[None if e.get("address") is None else e["address"].version] for e in ends]


def of_two_families(addresses: Sequence[IP]) -> tuple[IP, IP] | None:
    """The first IPv4 and the first IPv6 address of a pod that has both."""
    first = {a.version: a for a in reversed(addresses)}
    return (first[4], first[6]) if len(first) == len(VERSIONS) else None
