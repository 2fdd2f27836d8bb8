"""Knows how `network.connectivity` is answered: what each pair of pods, and each pod and the outside, may
say.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

from kspec.conform.cluster import cluster, rulebook, table
from kspec.conform.compare import first_difference
from kspec.conform.protocol import UnsupportedCase
from kspec.verify.network.addresses import V6_BASE, address_at
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.parts import Parts
from kspec.verify.network.ports import by_protocol
from kspec.verify.network.treatment import Answer

AREA = "network.connectivity"
Connection = dict[str, list[list[int]]]


@cache
def parts() -> Parts:
    return Parts(rulebook(), table())


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"pods": [{"src", "dst", "conn"}], "external": [{"pod", "direction", "range", "conn"}]}`."""
    at_hand = cluster(case["objects"])
    ends = parts().endpoints(at_hand)
    found = Connectivity(ends, at_hand, parts())
    pods = []
    external = []
    for a, its in enumerate(found.classes):
        for b, others in enumerate(found.classes):
            conn = _connection(found.answer(a, b))
            if conn:
                pairs = [(ends[x], ends[y]) for x in its for y in others if x != y]
                pods += [{"src": _name(x), "dst": _name(y), "conn": conn} for x, y in pairs]
        outside = range(found.inside, len(found.ends))
        for direction, answers in (
            ("from", [found.answer(o, a) for o in outside]),
            ("to", [found.answer(a, o) for o in outside]),
        ):
            for text, conn in _ranges(found, answers):
                said = {"direction": direction, "range": text, "conn": conn}
                external += [{"pod": _name(ends[x]), **said} for x in its]
    return {"pods": pods, "external": external}


def _connection(answer: Answer) -> Connection:
    if answer[1]:
        raise UnsupportedCase("a connection is undetermined")
    return by_protocol(answer[0])


def _ranges(found: Connectivity, answers: list[Answer]) -> list[tuple[str, Connection]]:
    """Neighbouring cells of IPv4 with one answer become one range; ranges without any connection are left
    out.
    """
    cells = [
        (found.cells.bounds(cell), answer)
        for cell, answer in zip(found.outside, answers, strict=True)
        if found.cells.bounds(cell)[0] < V6_BASE
    ]
    ranges = []
    for answer, group in groupby(cells, key=lambda each: each[1]):
        its = [bounds for bounds, _ in group]
        if conn := _connection(answer):
            ranges.append((f"{address_at(its[0][0])}-{address_at(its[-1][1])}", conn))
    return ranges


def _name(end: dict[str, Any]) -> str:
    return f"{end['namespace']}/{end['name']}"


def compare(expected: Any, actual: Any) -> str | None:
    """The entries have no order."""
    return first_difference(_sorted(expected), _sorted(actual))


def _sorted(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "pods": sorted(answer["pods"], key=lambda e: (e["src"], e["dst"])),
        "external": sorted(answer["external"], key=lambda e: (e["pod"], e["direction"], e["range"])),
    }
