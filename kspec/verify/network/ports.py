"""Knows sets of ports: intervals of each protocol, interned so that operations on them are remembered."""

from __future__ import annotations

from collections.abc import Iterable

PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_MAX = 65535
SPAN = PORT_MAX + 1
"""All protocols lie on one line: the n-th begins at n times this; port 0 is none."""

Intervals = tuple[tuple[int, int], ...]
"""Disjoint, ascending, not touching; both ends are inside."""

NONE: Intervals = ()
ALL: Intervals = tuple((i * SPAN + 1, i * SPAN + PORT_MAX) for i in range(len(PROTOCOLS)))


def point(port: int, protocol: str) -> int:
    return PROTOCOLS.index(protocol) * SPAN + port


def port_of(place: int) -> tuple[int, str]:
    """The port and protocol at a place of the line."""
    return place % SPAN, PROTOCOLS[place // SPAN]


def normal(parts: Iterable[tuple[int, int]]) -> Intervals:
    """Intervals in any order, overlapping or touching, as such."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(parts):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return tuple(found)


def union(a: Intervals, b: Intervals) -> Intervals:
    return a if not b or a == b else b if not a else normal((*a, *b))


def intersection(a: Intervals, b: Intervals) -> Intervals:
    if a == b or b == ALL:
        return a
    if a == ALL:
        return b
    found = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            found.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def difference(a: Intervals, b: Intervals) -> Intervals:
    """What is in the first and not in the second."""
    return intersection(a, complement(b)) if b else a


def complement(a: Intervals) -> Intervals:
    found = []
    for low, high in ALL:
        for first, last in intersection(a, ((low, high),)):
            if low < first:
                found.append((low, first - 1))
            low = last + 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def by_protocol(a: Intervals) -> dict[str, list[list[int]]]:
    """Protocol -> intervals of its ports; a protocol without any is left out."""
    found: dict[str, list[list[int]]] = {}
    for low, high in a:
        base = low // SPAN * SPAN
        found.setdefault(PROTOCOLS[low // SPAN], []).append([low - base, high - base])
    return found


def show(a: Intervals) -> str:
    """`all ports`, `none`, or `80-90/TCP, 53/UDP`."""
    if a == ALL:
        return "all ports"
    if not a:
        return "none"
    parts = []
    for protocol, intervals in by_protocol(a).items():
        if intervals == [[1, PORT_MAX]]:
            parts.append(f"all {protocol}")
        else:
            texts = [str(low) if low == high else f"{low}-{high}" for low, high in intervals]
            parts.append(f"{','.join(texts)}/{protocol}")
    return ", ".join(parts)
