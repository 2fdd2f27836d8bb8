"""Knows how all that is open becomes few blocks: origins and destinations with one answer.

A set of ends is one of classes here (see `families`): a pod with two addresses is one, and where its families
differ there is a block for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from kspec.verify.network.columns import bits_of, digits, first_member, members
from kspec.verify.network.families import VERSIONS
from kspec.verify.network.ports import Intervals, intersection
from kspec.verify.network.treatment import SHUT, Answer, Side, Treatment

if TYPE_CHECKING:
    from kspec.verify.network.connectivity import Connectivity

Row = dict[int, int]
"""By the number of an answer, who gets it."""
BOTH = 0
"""The family of a row that is about every one in which two ends meet; else a row is about one version."""


@dataclass(frozen=True, slots=True)
class Block:
    """Every one of these origins may talk to every one of these destinations on these ports (open ones, and
    undetermined ones). `free`: only because no policy is about either end; `family`: over this one alone, of
    two in which they meet.
    """

    origins: int
    destinations: int
    answer: Answer
    free: bool
    family: int | None = None


class Blocks:
    """All that is open or undetermined of these ports."""

    def __init__(self, found: Connectivity, ports: Intervals) -> None:
        self.found, self.families, self.ports = found, found.families, ports
        self.answers: list[Answer] = [SHUT]
        self._numbers: dict[Answer, int] = {SHUT: 0}
        self._joined: dict[tuple[int, int], int] = {}
        self._numbered: dict[int, list[tuple[int, int]]] = {}
        self.into, self.to_all = self._entering()

    def made(self) -> list[Block]:
        """As few blocks: origins with equal rows stand together; of the outside, destinations that the same
        addresses reach.
        """
        free_in, free_out = self.found.free(self.found.ingress), self.found.free(self.found.egress)
        free_in |= self.families.everywhere
        rows: dict[tuple[bool, frozenset[tuple[tuple[int, int], int]]], list[int]] = {}
        for origin in range(self.families.count):
            key = bool(free_out >> origin & 1), frozenset(self.row(origin).items())
            rows.setdefault(key, []).append(origin)
        found = []
        for (free, items), its in rows.items():
            origins = bits_of(its)
            found += [(origins, to, answer, free, family) for (family, answer), to in items]
        found += [(origins, own, answer, True, BOTH) for origins, own, answer in self._from_outside()]
        blocks = []
        for origins, destinations, answer, free, family in found:
            marked = destinations & free_in if free else 0
            for part, is_free in ((marked, True), (destinations & ~marked, False)):
                if part:
                    blocks.append(Block(origins, part, self.answers[answer], is_free, family or None))
        return sorted(
            blocks,
            key=lambda b: (first_member(b.origins), first_member(b.destinations), b.answer, b.family or 0),
        )

    # ---------------------------------------------------------------- rows

    def row(self, origin: int) -> dict[tuple[int, int], int]:
        """Of one class as an origin: who gets an answer, by family and the number of the answer."""
        families = self.families
        leaving = self.numbered(self.found.egress.treatment(origin))
        if not families.doubles:
            both = ~self.found.strangers[origin]
            row = self._joining(leaving, origin, both)
            return self._with_everywhere({(BOTH, answer): to for answer, to in row.items()}, origin)
        by_version: list[Row] = []
        for version in VERSIONS:
            end = families.end(origin, version)
            its = [(leave, families.of_classes(reached, version)) for leave, reached in leaving]
            by_version.append({} if end is None else self._joining(its, end, -1))
        return self._with_everywhere(self._merged(origin, *by_version), origin)

    def _joining(self, leaving: list[tuple[int, int]], end: int, meant: int) -> Row:
        row: Row = {}
        into, to_all, join = self.into[end], self.to_all, self.join
        for leave, reached in leaving:
            reached &= meant
            for entering in (into, to_all):
                for enter, entered in entering.items():
                    both = reached & entered
                    if both:
                        answer = join(leave, enter)
                        if answer:
                            row[answer] = row.get(answer, 0) | both
        return row

    def _merged(self, origin: int, first: Row, second: Row) -> dict[tuple[int, int], int]:
        """Where two meet in both families and these get one answer, that is one row."""
        meets = [self.families.classes[v] if self.families.classes[v] >> origin & 1 else 0 for v in VERSIONS]
        twice = meets[0] & meets[1]
        merged: dict[tuple[int, int], int] = {}
        for answer in first.keys() | second.keys():
            one, other = first.get(answer, 0), second.get(answer, 0)
            alike = (one & other) | (one & ~twice) | (other & ~twice)
            if alike:
                merged[BOTH, answer] = alike
            for version, apart in zip(VERSIONS, (one & ~alike, other & ~alike), strict=True):
                if apart:
                    merged[version, answer] = apart
        return merged

    def _with_everywhere(self, row: dict[tuple[int, int], int], origin: int) -> dict[tuple[int, int], int]:
        """All addresses that it could meet are `everywhere`, so that those are alike that have different
        ones.
        """
        meets = self.families.meets_outside(origin)
        for key, to in row.items():
            if meets and to & self.found.all_outside == meets:
                row[key] = to & ~meets | self.families.everywhere
        return row

    def _entering(self) -> tuple[list[Row], Row]:
        """By origin at hand: the classes and the outside that let it in, by answer; and those that let
        everyone in alike.
        """
        found = self.found
        firsts = (1 << self.families.count) - 1 | found.all_outside
        merged: dict[tuple[int, int], int] = {}
        for treatment, own in alike(found.ingress, firsts):
            for answer, origins in self.numbered(treatment):
                key = (answer, origins & found.all_inside)
                merged[key] = merged.get(key, 0) | own
        into: list[Row] = [{} for _ in range(found.inside)]
        to_all: Row = {}
        for (answer, origins), own in merged.items():
            if origins == found.all_inside:
                to_all[answer] = to_all.get(answer, 0) | own
                continue
            for its in compress(into, digits(origins)):
                its[answer] = its.get(answer, 0) | own
        return into, to_all

    # ---------------------------------------------------------------- answers by number

    def numbered(self, treatment: Treatment) -> list[tuple[int, int]]:
        known = self._numbered.get(id(treatment))
        if known is None:
            known = [(self.number(answer), ends) for answer, ends in treatment.answers.items()]
            self._numbered[id(treatment)] = known
        return known

    def number(self, answer: Answer) -> int:
        known = self._numbers.get(answer)
        if known is None:
            known = self._numbers[answer] = len(self.answers)
            self.answers.append(answer)
        return known

    def join(self, leave: int, enter: int) -> int:
        """What both sides come to, of the ports that are asked about; 0: shut."""
        key = (leave, enter)
        known = self._joined.get(key)
        if known is None:
            open_, unclear = self.found.join(self.answers[leave], self.answers[enter])
            seen = intersection(open_, self.ports), intersection(unclear, self.ports)
            known = self._joined[key] = self.number(seen)
        return known

    # ---------------------------------------------------------------- the outside

    def _from_outside(self) -> Iterator[tuple[int, int, int]]:
        """Addresses, the classes at hand that they reach, the answer. No policy is about the outside."""
        families = self.families
        firsts = (1 << families.count) - 1
        leaving = alike(self.found.egress, self.found.all_outside)
        first, second = (families.classes[v] & firsts for v in VERSIONS)
        sorts = ((first & ~second, VERSIONS[:1]), (second & ~first, VERSIONS[1:]), (first & second, VERSIONS))
        found: dict[tuple[int, int], int] = {}
        for entering, own in alike(self.found.ingress, firsts):
            for sort, versions in sorts:
                if own & sort:
                    for (answer, part), addresses in self._reached(entering, leaving, own & sort, versions):
                        found[addresses, answer] = found.get((addresses, answer), 0) | part
        for (addresses, answer), classes in found.items():
            yield addresses, classes, answer

    def _reached(
        self, entering: Treatment, leaving: list[tuple[Treatment, int]], own: int, versions: tuple[int, ...]
    ) -> Iterator[tuple[tuple[int, int], int]]:
        """By answer and classes at hand that meet the same families: the addresses that get it."""
        reached: dict[tuple[int, int], int] = {}
        for enter, origins in self.numbered(entering):
            for treatment, its in leaving:
                for leave, destinations in self.numbered(treatment):
                    answer = self.join(leave, enter)
                    for version in versions if answer else ():
                        addresses = origins & its & self.families.outside[version]
                        part = own & self.families.of_classes(destinations, version)
                        if addresses and part:
                            reached[answer, part] = reached.get((answer, part), 0) | addresses
        for (answer, part), addresses in reached.items():
            meets = self.families.meets_outside(first_member(part))
            yield (answer, part), self.families.everywhere if addresses == meets else addresses


def alike(side: Side, ends: int) -> list[tuple[Treatment, int]]:
    """The treatments of these ends in a direction, each with those that get it."""
    found: dict[int, tuple[Treatment, list[int]]] = {}
    for index in members(ends):
        treatment = side.treatment(index)
        found.setdefault(id(treatment), (treatment, []))[1].append(index)
    return [(treatment, bits_of(indices)) for treatment, indices in found.values()]
