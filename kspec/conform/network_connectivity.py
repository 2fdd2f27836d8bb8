"""Knows how `network.connectivity` is answered: what each pair of pods, and each pod and the outside, may
say.

Ports and addresses are cut into cells by the numbers that the policies and pods mention: within a cell no
rule can tell two apart, so that one of each is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from kspec.conform.cluster import cluster, rule
from kspec.conform.compare import first_difference
from kspec.runtime.ip import IP, parse_cidr

AREA = "network.connectivity"
POLICIES = (
    "networkPolicies",
    "adminNetworkPolicies",
    "baselineAdminNetworkPolicies",
    "clusterNetworkPolicies",
)
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_MAX, ADDRESS_MAX = 65535, 2**32 - 1
Cells = list[tuple[int, int]]
Connection = dict[str, list[list[int]]]


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"pods": [{"src", "dst", "conn"}], "external": [{"pod", "direction", "range", "conn"}]}`."""
    at_hand = cluster(case["objects"])
    ends = [rule("network/endpoint")(p) for p in at_hand.get("pods", ()) if not rule("network/hasEnded")(p)]
    policies = [policy for name in POLICIES for policy in at_hand.get(name, ())]
    ports = cells(_port_cuts(policies, ends), 1, PORT_MAX)
    addresses = cells(_address_cuts(policies), 0, ADDRESS_MAX)

    def allowed(a: dict[str, Any], b: dict[str, Any]) -> Connection:
        return connection(
            lambda port, protocol: rule("network/reaches")(a, b, port, protocol, at_hand), ports
        )

    pairs = [(a, b, allowed(a, b)) for a in ends for b in ends if a is not b]
    outside = [{"outside": True, "address": IP(4, low)} for low, _ in addresses]
    external = []
    for end in ends:
        for direction, answers in (
            ("from", [allowed(o, end) for o in outside]),
            ("to", [allowed(end, o) for o in outside]),
        ):
            external += [
                {"pod": _name(end), "direction": direction, "range": text, "conn": conn}
                for text, conn in _ranges(addresses, answers)
            ]
    return {
        "pods": [{"src": _name(a), "dst": _name(b), "conn": conn} for a, b, conn in pairs if conn],
        "external": external,
    }


def connection(allowed: Callable[[int, str], bool], ports: Cells) -> Connection:
    """Protocol -> intervals of ports that are allowed; a protocol without any is left out."""
    found: Connection = {}
    for protocol in PROTOCOLS:
        intervals: list[list[int]] = []
        for low, high in ports:
            if allowed(low, protocol):
                if intervals and intervals[-1][1] == low - 1:
                    intervals[-1][1] = high
                else:
                    intervals.append([low, high])
        if intervals:
            found[protocol] = intervals
    return found


def cells(cuts: Iterable[int], low: int, high: int) -> Cells:
    """The intervals between cuts; a cut is the first number of a cell."""
    starts = sorted({low, *(c for c in cuts if low < c <= high)})
    return list(zip(starts, [*(s - 1 for s in starts[1:]), high], strict=True))


def _port_cuts(policies: list[dict[str, Any]], ends: list[dict[str, Any]]) -> Iterator[int]:
    for entry in _entries(policies, "ports"):
        first = entry.get("port")
        if isinstance(first, int):
            yield from (first, (entry.get("endPort") or first) + 1)
        single, range_ = entry.get("portNumber"), entry.get("portRange")
        if single:
            yield from (single["port"], single["port"] + 1)
        if range_:
            yield from (range_["start"], range_["end"] + 1)
    for entry in _entries(policies, "protocols"):
        for protocol in ("tcp", "udp", "sctp"):
            wanted = (entry.get(protocol) or {}).get("destinationPort") or {}
            limits = wanted.get("range") or {}
            first, last = limits.get("start", wanted.get("number")), limits.get("end", wanted.get("number"))
            if first is not None and last is not None:
                yield from (first, last + 1)
    for end in ends:
        for port in end.get("ports") or ():
            yield from (port["containerPort"], port["containerPort"] + 1)


def _address_cuts(policies: list[dict[str, Any]]) -> Iterator[int]:
    for side in ("from", "to"):
        for peer in _entries(policies, side):
            block = peer.get("ipBlock") or {}
            for text in [block.get("cidr"), *(block.get("except") or ()), *(peer.get("networks") or ())]:
                if text and ":" not in text:
                    value = parse_cidr(text)
                    yield from (value.first, value.first + 2 ** (32 - value.bits))


def _entries(policies: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for policy in policies:
        for direction in ("ingress", "egress"):
            for rule_ in policy["spec"].get(direction) or ():
                yield from rule_.get(name) or ()


def _ranges(addresses: Cells, answers: list[Connection]) -> Iterator[tuple[str, Connection]]:
    """Neighbouring cells with one answer become one range; ranges without any connection are left out."""
    for conn, group in groupby(zip(addresses, answers, strict=True), key=lambda pair: pair[1]):
        its = [cell for cell, _ in group]
        if conn:
            yield f"{_dotted(its[0][0])}-{_dotted(its[-1][1])}", conn


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


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
