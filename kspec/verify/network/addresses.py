"""Knows the line of all addresses, cut where policies cut it: within a cell no policy tells two apart."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, summarize_address_range

from kspec.runtime.ip import CIDR, IP, parse_cidr, parse_ip
from kspec.runtime.values import EvalError

V4_MAX, V6_MAX = 2**32 - 1, 2**128 - 1
V6_BASE = 2**32
"""IPv4 comes first on the line, IPv6 begins here."""
MAPPED = V6_BASE + (0xFFFF << 32)
"""IPv6 numbers from here on, 2^32 of them, are IPv4 addresses in disguise: no address has one."""
END = V6_BASE + V6_MAX


def place(address: IP) -> int:
    return address.number if address.version == 4 else V6_BASE + address.number


def address_at(position: int) -> IP:
    return IP(4, position) if position < V6_BASE else IP(6, position - V6_BASE)


def range_of(text: str) -> tuple[int, int] | None:
    """The places of a block (or of one address), if the text is one."""
    if "." not in text and ":" not in text:
        return None
    try:
        value: CIDR | IP = parse_cidr(text) if "/" in text else parse_ip(text)
    except EvalError:
        return None
    if isinstance(value, IP):
        return place(value), place(value)
    base = 0 if value.address.version == 4 else V6_BASE
    return base + value.first, base + value.last


class AddressCells:
    """The cells that the blocks in some texts cut the line into."""

    def __init__(self, texts: Iterable[str]) -> None:
        ranges = [found for text in texts if (found := range_of(text)) is not None]
        cuts = {first for first, _ in ranges} | {last + 1 for _, last in ranges}
        self.starts = sorted({0, V6_BASE, *(c for c in cuts if c <= END)})
        self.count = len(self.starts)

    def bounds(self, cell: int) -> tuple[int, int]:
        last = self.starts[cell + 1] - 1 if cell + 1 < self.count else END
        return self.starts[cell], last

    def cell_of(self, address: IP) -> int:
        return self.cell_at(place(address))

    def cell_at(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def address_in(self, cell: int) -> IP | None:
        """An address of the cell; None if it has but disguised ones."""
        first, last = self.bounds(cell)
        if MAPPED <= first < MAPPED + V6_BASE:
            first = MAPPED + V6_BASE
        return address_at(first) if first <= last else None

    def cells_in(self, first: int, last: int) -> tuple[int, int]:
        """The cells from the first to before the second lie between these places, both of which are cuts."""
        return bisect_left(self.starts, first), bisect_right(self.starts, last)


def show_range(first: int, last: int) -> list[str]:
    """A range of places as blocks if few say it, else as two addresses."""
    base, kind = (0, IPv4Address) if first < V6_BASE else (V6_BASE, IPv6Address)
    low, high = kind(first - base), kind(last - base)
    blocks = summarize_address_range(low, high)
    found = []
    for block in blocks:
        found.append(str(block))
        if len(found) > 1:
            return [f"{low}-{high}"]
    return found
