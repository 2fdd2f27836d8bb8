"""Knows who may talk to whom: all pairs of ends at hand, and the outside, by classes that all policies treat
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

from kspec.verify.network.addresses import AddressCells
from kspec.verify.network.columns import Columns, End, bits_of, digits, first_member, members, texts_in
from kspec.verify.network.parts import CONTEXT, Object, Parts, Policy, addresses_of_nodes
from kspec.verify.network.ports import NONE, difference, intersection, union
from kspec.verify.network.treatment import SHUT, Answer, Side, Treatment

OTHER = object()
"""Stands for every text that no policy mentions."""


@dataclass(frozen=True, slots=True)
class Block:
    """Every one of these origins may talk to every one of these destinations on these ports (open ones, and
    undetermined ones). `free`: only because no policy is about either end.
    """

    origins: int
    destinations: int
    answer: Answer
    free: bool


class Connectivity:
    """The answers for some ends and the outside. Numbers of ends: first classes of those given, then cells of
    addresses outside.
    """

    def __init__(
        self,
        ends: Sequence[End],
        cluster: Object,
        parts: Parts,
        more_texts: Iterable[str] = (),
        like: Connectivity | None = None,
    ) -> None:
        """`more_texts` cut the ends and the outside further than the policies do. `like`: another one, of
        which what was found out is used where the ends and all but the policies are the same.
        """
        self.cluster = cluster
        self.policies: list[Policy] = parts.policies(cluster)
        texts = texts_in([policy.object for policy in self.policies]) | set(more_texts)
        of_nodes = addresses_of_nodes(cluster)
        self.cells = AddressCells(texts | of_nodes)
        manifests = {
            n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in cluster.get("namespaces") or ()
        }
        by_node = any(parts.speaks_from_node(end, cluster) for end in ends)
        self.classes = classes(ends, texts, self.cells, manifests, by_node)
        self.inside = len(self.classes)
        self.outside: list[int] = []  # of each end outside, its cell
        made: list[End] = [ends[its[0]] for its in self.classes]
        for cell in range(self.cells.count):
            address = self.cells.address_in(cell)
            if address is not None:
                self.outside.append(cell)
                made.append({"outside": True, "address": address})
        self.context = {k: v for k, v in cluster.items() if k in CONTEXT}
        if like is not None and not (like.columns.ends == made and like.context == self.context):
            like = None
        self.columns: Columns = Columns(made, self.cells, manifests) if like is None else like.columns
        self.all_inside = (1 << self.inside) - 1
        self.all_outside = self.columns.all ^ self.all_inside
        before = (like.egress, like.ingress) if like is not None else (None, None)
        self.egress: Side = Side("Egress", parts, self.policies, self.columns, cluster, False, before[0])
        self.ingress: Side = Side("Ingress", parts, self.policies, self.columns, cluster, by_node, before[1])
        self.strangers = self._strangers(parts)
        self._joined: dict[tuple[Answer, Answer], Answer] = {}

    @property
    def ends(self) -> Sequence[End]:
        return self.columns.ends

    def _strangers(self, parts: Parts) -> list[int]:
        """For each end those that no connection leads to, since their addresses are of different families."""
        families: dict[int | None, int] = {}
        for index, end in enumerate(self.ends):
            version = None if end.get("address") is None else end["address"].version
            families[version] = families.get(version, 0) | 1 << index
        self.families = list(families.values())
        relation = parts.is_one_family
        if relation is None:
            return [0] * len(self.ends)
        apart: dict[int | None, int] = {}
        for version, its in families.items():
            end = self.ends[first_member(its)]
            others = [o for o in families.values() if not relation(end, self.ends[first_member(o)])]
            apart[version] = sum(others)
        versions = [None if end.get("address") is None else end["address"].version for end in self.ends]
        return [apart[version] for version in versions]

    def answer(self, origin: int, destination: int) -> Answer:
        """What may pass from one end to another, by their numbers."""
        if self.strangers[origin] >> destination & 1:
            return SHUT
        return self.join(
            _of(self.egress.treatment(origin), destination), _of(self.ingress.treatment(destination), origin)
        )

    def join(self, leave: Answer, enter: Answer) -> Answer:
        """Open is what both sides leave open; undetermined what neither refuses, but one leaves so."""
        key = (leave, enter)
        known = self._joined.get(key)
        if known is None:
            open_ = intersection(leave[0], enter[0])
            perhaps = NONE
            if leave[1] or enter[1]:
                perhaps = difference(intersection(union(*leave), union(*enter)), open_)
            known = self._joined[key] = (open_, perhaps)
        return known

    def rows(self) -> Iterator[tuple[int, dict[Answer, int]]]:
        """For each end at hand as an origin: the destinations that get one answer; those that are shut left
        out.
        """
        into, to_all = self._entering()
        for origin in range(self.inside):
            row: dict[Answer, int] = {}
            strangers = self.strangers[origin]
            for leave, reached in self.egress.treatment(origin).answers.items():
                for enter, entered in (*into[origin].items(), *to_all.items()):
                    both = reached & entered & ~strangers
                    if both:
                        answer = self.join(leave, enter)
                        if answer != SHUT:
                            row[answer] = row.get(answer, 0) | both
            yield origin, row

    def _entering(self) -> tuple[list[dict[Answer, int]], dict[Answer, int]]:
        """By origin at hand: the destinations that let it in, by answer; and those that let everyone in
        alike.
        """
        merged: dict[tuple[Answer, int], int] = {}
        for treatment, own in alike(self.ingress, self.columns.all):
            for answer, origins in treatment.answers.items():
                key = (answer, origins & self.all_inside)
                merged[key] = merged.get(key, 0) | own
        into: list[dict[Answer, int]] = [{} for _ in range(self.inside)]
        to_all: dict[Answer, int] = {}
        for (answer, origins), own in merged.items():
            if origins == self.all_inside:
                to_all[answer] = to_all.get(answer, 0) | own
                continue
            for its in compress(into, digits(origins)):
                its[answer] = its.get(answer, 0) | own
        return into, to_all

    @cached_property
    def blocks(self) -> list[Block]:
        """All that is open or undetermined, as few blocks: origins with equal rows stand together; of the
        outside, destinations that the same addresses reach.
        """
        free_in = self.free(self.ingress)
        free_out = self.free(self.egress)
        rows: dict[tuple[bool, frozenset[tuple[Answer, int]]], int] = {}
        for origin, row in self.rows():
            key = (bool(free_out >> origin & 1), frozenset(row.items()))
            rows[key] = rows.get(key, 0) | 1 << origin
        found = [
            (origins, destinations, answer, free)
            for (free, row_items), origins in rows.items()
            for answer, destinations in row_items
        ]
        found += [(origins, own, answer, True) for origins, own, answer in self._from_outside()]
        blocks = []
        for origins, destinations, answer, free in found:
            marked = destinations & free_in if free else 0
            for part, is_free in ((marked, True), (destinations & ~marked, False)):
                if part:
                    blocks.append(Block(origins, part, answer, is_free))
        return sorted(blocks, key=lambda b: (first_member(b.origins), first_member(b.destinations), b.answer))

    def _from_outside(self) -> Iterator[tuple[int, int, Answer]]:
        """Addresses, the ends at hand that they reach, the answer. No policy is about the outside."""
        found: dict[tuple[int, Answer], int] = {}
        leaving = alike(self.egress, self.all_outside)
        for entering, own in alike(self.ingress, self.all_inside):
            reached: dict[tuple[Answer, int], int] = {}
            for enter, origins in entering.answers.items():
                for treatment, its in leaving:
                    for leave, destinations in treatment.answers.items():
                        answer = self.join(leave, enter)
                        for family in self.families if answer != SHUT else ():
                            both = origins & its & family
                            part = both and own & destinations & ~self.strangers[first_member(both)]
                            if part:
                                reached[answer, part] = reached.get((answer, part), 0) | both
            for (answer, part), addresses in reached.items():
                found[addresses, answer] = found.get((addresses, answer), 0) | part
        for (addresses, answer), ends in found.items():
            yield addresses, ends, answer

    def about_both(self, origin: int, destination: int) -> dict[str, Any]:
        """The cluster with only the policies that are about one of these ends."""
        kept: dict[str, list[Object]] = {policy.kind.field: [] for policy in self.policies}
        numbers = {*self.egress.about[origin], *self.ingress.about[destination]}
        for number in sorted({max(n, ~n) for n in numbers}):
            kept[self.policies[number].kind.field].append(self.policies[number].object)
        return {**self.cluster, **kept}

    def free(self, side: Side) -> int:
        """The ends that no policy is about in a direction."""
        return sum(1 << index for index, about in enumerate(side.about) if not about)


def placed(
    ends: Sequence[End], cluster: Object, parts: Parts, blocks: Sequence[tuple[int, int]]
) -> list[End]:
    """The ends, pods without an address given one where that is exact: where no policy tells any two
    addresses of these blocks apart. What is in the network of its node has an address of that.
    """
    texts = texts_in([policy.object for policy in parts.policies(cluster)])
    cells = AddressCells(texts | addresses_of_nodes(cluster))
    within = {cells.cell_at(place) for block in blocks for place in block}
    if len(within) != 1:
        return list(ends)
    address = cells.address_in(next(iter(within)))
    return [
        {**end, "address": address} if end.get("address") is None and parts.is_governed(end) else end
        for end in ends
    ]


def alike(side: Side, ends: int) -> list[tuple[Treatment, int]]:
    """The treatments of these ends in a direction, each with those that get it."""
    found: dict[int, tuple[Treatment, list[int]]] = {}
    for index in members(ends):
        treatment = side.treatment(index)
        found.setdefault(id(treatment), (treatment, []))[1].append(index)
    return [(treatment, bits_of(indices)) for treatment, indices in found.values()]


def classes(
    ends: Sequence[End],
    texts: set[str],
    cells: AddressCells,
    manifests: Mapping[str, Mapping[str, str]],
    by_node: bool = False,
) -> list[list[int]]:
    """The ends that no policy with these texts can tell apart, by number; in order of the first of each.
    `by_node`: it matters on which node an end is.
    """
    found: dict[object, list[int]] = {}
    seen: dict[str, tuple[object, ...]] = {}

    def mentioned(labels: Mapping[str, str] | None) -> frozenset[tuple[str, object]] | None:
        if labels is None:
            return None
        return frozenset((k, v if v in texts else OTHER) for k, v in labels.items() if k in texts)

    for index, end in enumerate(ends):
        namespace = end.get("namespace") or ""
        if namespace not in seen:
            seen[namespace] = (
                namespace if namespace in texts else OTHER,
                mentioned(manifests.get(namespace)),
            )
        address = end.get("address")
        key = (
            seen[namespace],
            tuple(sorted(name for name, value in end.items() if value is True)),
            mentioned(end.get("labels")),
            mentioned(end.get("namespaceLabels")),
            None if address is None else cells.cell_of(address),
            _mentioned_ports(end, texts),
            end.get("node") if by_node else None,
        )
        found.setdefault(key, []).append(index)
    return list(found.values())


def _mentioned_ports(end: End, texts: set[str]) -> tuple[object, ...]:
    ports: Iterable[Mapping[str, object]] = end.get("ports") or ()
    return tuple(
        (p.get("name"), p.get("containerPort"), p.get("protocol")) for p in ports if p.get("name") in texts
    )


def _of(treatment: Treatment, other: int) -> Answer:
    """The answer that one other end gets."""
    bit = 1 << other
    return next((answer for answer, ends in treatment.answers.items() if ends & bit), SHUT)
