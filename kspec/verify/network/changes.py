"""Knows what differs between two connectivities of the same ends: per pair the ports that open and shut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.ports import Intervals, difference, union


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
    """Every pair whose answer differs."""
    for a, origin in enumerate(ends):
        for b, destination in enumerate(ends):
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
