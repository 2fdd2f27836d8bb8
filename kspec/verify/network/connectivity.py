"""Knows who may talk to whom: all pairs of ends at hand, and the outside, by classes that all policies treat
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from kspec.runtime.ip import IP
from kspec.verify.network.addresses import AddressCells
from kspec.verify.network.blocks import Block, Blocks
from kspec.verify.network.columns import Columns, End, texts_in
from kspec.verify.network.families import Families
from kspec.verify.network.parts import CONTEXT, Object, Parts, Policy, addresses_of_nodes
from kspec.verify.network.ports import ALL, NONE, Intervals, difference, intersection, union
from kspec.verify.network.treatment import SHUT, Answer, Side, Treatment

OTHER = object()
"""Stands for every text that no policy mentions."""


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
        seconds: Mapping[int, IP] | None = None,
        like: Connectivity | None = None,
    ) -> None:
        """`more_texts` cut the ends and the outside further than the policies do; `seconds` are the IPv6
        addresses of ends that have an IPv4 address as well, by number. `like`: another one, of which what was
        found out is used where the ends and all but the policies are the same.
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
        seconds = seconds or {}
        self.classes = classes(ends, texts, self.cells, manifests, by_node, seconds)
        doubled = [its[0] for its in self.classes if its[0] in seconds]
        self.outside: list[int] = []  # of each end outside, its cell
        made: list[End] = [ends[its[0]] for its in self.classes]
        made += [{**ends[first], "address": seconds[first]} for first in doubled]
        self.inside = len(made)
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
        self.families = Families(made, len(self.classes), len(doubled), parts.is_one_family)
        self.strangers = self.families.strangers
        self._joined: dict[tuple[Answer, Answer], Answer] = {}

    @property
    def ends(self) -> Sequence[End]:
        return self.columns.ends

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

    @cached_property
    def blocks(self) -> list[Block]:
        """All that is open or undetermined, on any port."""
        return self.blocks_of(ALL)

    def blocks_of(self, ports: Intervals) -> list[Block]:
        """What of these ports is open or undetermined, as few blocks."""
        return Blocks(self, ports).made()

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
) -> tuple[list[End], dict[int, IP]]:
    """The ends, pods without an address given one where that is exact: where no policy tells any two
    addresses of these blocks apart, in either family; with blocks of both, a pod has two, of which the second
    is given by number. What is in the network of its node has an address of that.
    """
    texts = texts_in([policy.object for policy in parts.policies(cluster)])
    cells = AddressCells(texts | addresses_of_nodes(cluster))
    within = sorted({cells.cell_at(place) for block in blocks for place in block})
    found = [address for cell in within if (address := cells.address_in(cell)) is not None]
    if not found or len({address.version for address in found}) != len(within):
        return list(ends), {}
    made, seconds = list(ends), {}
    for number, end in enumerate(ends):
        if end.get("address") is None and parts.is_governed(end):
            made[number] = {**end, "address": found[0]}
            if len(found) > 1:
                seconds[number] = found[1]
    return made, seconds


def classes(
    ends: Sequence[End],
    texts: set[str],
    cells: AddressCells,
    manifests: Mapping[str, Mapping[str, str]],
    by_node: bool,
    seconds: Mapping[int, IP],
) -> list[list[int]]:
    """The ends that no policy with these texts can tell apart, by number: those with a second address first,
    then in order of the first of each. `by_node`: it matters on which node an end is.
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
            None if index not in seconds else cells.cell_of(seconds[index]),
            _mentioned_ports(end, texts),
            end.get("node") if by_node else None,
        )
        found.setdefault(key, []).append(index)
    return sorted(found.values(), key=lambda its: its[0] not in seconds)


def _mentioned_ports(end: End, texts: set[str]) -> tuple[object, ...]:
    ports: Iterable[Mapping[str, object]] = end.get("ports") or ()
    return tuple(
        (p.get("name"), p.get("containerPort"), p.get("protocol")) for p in ports if p.get("name") in texts
    )


def _of(treatment: Treatment, other: int) -> Answer:
    """The answer that one other end gets."""
    bit = 1 << other
    return next((answer for answer, ends in treatment.answers.items() if ends & bit), SHUT)
