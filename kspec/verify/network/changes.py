"""Knows what differs between two connectivities of the same ends: per pair the ports that open and shut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.ports import Intervals, difference, union
from kspec.verify.network.treatment import Answer, Treatment


@dataclass(frozen=True, slots=True)
class Both:
    """Ends that are alike on both sides: their number on each, and how many there are."""

    old: int
    new: int
    count: int
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Differs:
    """What differs from some ends to others: by their place in the lists of `Both`. `opened` and `shut`
    are ports that surely changed, `unclear` those of which that is undetermined.
    """

    origin: int
    destination: int
    opened: Intervals
    shut: Intervals
    unclear: Intervals


def outside_of(old: Connectivity, new: Connectivity) -> list[Both]:
    """The addresses outside, cut alike on both sides."""
    assert old.outside == new.outside
    return [Both(old.inside + i, new.inside + i, 1, True) for i in range(len(old.outside))]


def differing(old: Connectivity, new: Connectivity, ends: Sequence[Both]) -> Iterator[Differs]:
    """Every pair whose answer differs. Asked are only those pairs of which one end is treated otherwise than
    before.
    """
    alike = _Alike(old, new, ends)
    origins = {n for n, each in enumerate(ends) if not alike.leaving(each)}
    destinations = [n for n, each in enumerate(ends) if not alike.entering(each)]
    for a, origin in enumerate(ends):
        for b in range(len(ends)) if a in origins else destinations:
            destination = ends[b]
            if (origin.outside and destination.outside) or (a == b and origin.count == 1):
                continue
            before = old.answer(origin.old, destination.old)
            after = new.answer(origin.new, destination.new)
            if before == after:
                continue
            opened = difference(after[0], union(*before))
            shut = difference(before[0], union(*after))
            perhaps = union(difference(before[1], after[1]), difference(after[1], before[1]))
            yield Differs(a, b, opened, shut, perhaps)


class _Alike:
    """Which ends are treated alike on both sides, as far as the ends go that are on both."""

    def __init__(self, old: Connectivity, new: Connectivity, ends: Sequence[Both]) -> None:
        self.old, self.new = old, new
        ordered = sorted(ends, key=lambda each: (each.old, each.new))
        self.runs = {
            "old": _runs([each.old for each in ordered]),
            "new": _runs([each.new for each in ordered]),
        }
        self.known: dict[tuple[int, int], bool] = {}

    def leaving(self, end: Both) -> bool:
        """Is the same open to it?"""
        strangers = (
            self._place("old", self.old.strangers[end.old]),
            self._place("new", self.new.strangers[end.new]),
        )
        return strangers[0] == strangers[1] and self._same(
            self.old.egress.treatment(end.old), self.new.egress.treatment(end.new)
        )

    def entering(self, end: Both) -> bool:
        """Is it open to the same?"""
        return self._same(self.old.ingress.treatment(end.old), self.new.ingress.treatment(end.new))

    def _same(self, before: Treatment, after: Treatment) -> bool:
        key = id(before), id(after)
        if key not in self.known:
            self.known[key] = self._placed("old", before) == self._placed("new", after)
        return self.known[key]

    def _placed(self, side: str, treatment: Treatment) -> dict[Answer, int]:
        placed = {answer: self._place(side, bits) for answer, bits in treatment.answers.items()}
        return {answer: bits for answer, bits in placed.items() if bits}

    def _place(self, side: str, bits: int) -> int:
        """A set of ends of one side, by their places among those that are on both."""
        found = 0
        for first, place, mask in self.runs[side]:
            found |= (bits >> first & mask) << place
        return found


def _runs(numbers: Sequence[int]) -> list[tuple[int, int, int]]:
    """Numbers that follow one another, together: (the first, its place, a bit for each)."""
    found: list[tuple[int, int, int]] = []
    for place, number in enumerate(numbers):
        if found and number == found[-1][0] + place - found[-1][1]:
            first, start, mask = found[-1]
            found[-1] = first, start, mask << 1 | 1
        else:
            found.append((number, place, 1))
    return found
