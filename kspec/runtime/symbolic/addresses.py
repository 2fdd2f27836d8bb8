"""Knows addresses as a family and a number, and address blocks as ranges of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kspec.runtime.ip import CIDR, IP
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import make_number
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import SymIP, make_bool

IPV4_MAX, IPV6_MAX = 2**32 - 1, 2**128 - 1
IPV4_IN_IPV6 = (0xFFFF << 32, (0xFFFF << 32) + IPV4_MAX)
"""IPv6 numbers that are IPv4 addresses in disguise; reading a text never yields one (`kspec.runtime.ip`)."""


def open_address(path: str) -> tuple[SymIP, Term]:
    """An address of which nothing is known, and what holds of every address."""
    v6, number = t.bool_var(f"{path} is IPv6"), t.int_var(path, 0, IPV6_MAX)
    low, high = map(t.number, IPV4_IN_IPV6)
    disguised = t.and_(t.le(low, number), t.le(number, high))
    return SymIP(v6, number), t.ite(v6, t.not_(disguised), t.le(number, t.number(IPV4_MAX)))


def is_address(value: object) -> bool:
    return isinstance(value, (SymIP, IP))


def _parts(value: object) -> tuple[Term, Term]:
    """(is it IPv6, its number)."""
    if isinstance(value, SymIP):
        return value.v6, value.number
    assert isinstance(value, IP)
    return t.truth(value.version == 6), t.number(value.number)


def equal_addresses(a: object, b: object) -> Term:
    (left_v6, left), (right_v6, right) = _parts(a), _parts(b)
    return t.and_(t.eq(left_v6, right_v6), t.eq(left, right))


def _within(address: SymIP, version: int, first: int, last: int) -> Term:
    """Is it of this family, from one number to another?"""
    family = address.v6 if version == 6 else t.not_(address.v6)
    return t.and_(family, t.le(t.number(first), address.number), t.le(address.number, t.number(last)))


def _block(address: SymIP, cidr: CIDR) -> Term:
    return _within(address, cidr.address.version, cidr.first, cidr.last)


def _contains_ip(cidr: object, address: object) -> object:
    if isinstance(cidr, CIDR) and isinstance(address, SymIP):
        return make_bool(_block(address, cidr))
    return NotImplemented


def _family(address: object) -> object:
    if isinstance(address, SymIP):
        return make_number("int", t.ite(address.v6, t.number(6), t.number(4)))
    return NotImplemented


def _cidr(version: int, prefix: int, bits: int) -> CIDR:
    """The block of all addresses that begin with these bits."""
    return CIDR(IP(version, prefix << ((32 if version == 4 else 128) - bits)), bits)


_UNSPECIFIED = (_cidr(4, 0, 32), _cidr(6, 0, 128))
_LOOPBACK = (_cidr(4, 127, 8), _cidr(6, 1, 128))
_LINK_LOCAL = (_cidr(4, 169 << 8 | 254, 16), _cidr(6, 0xFE80 >> 6, 10))
_MULTICAST = (_cidr(4, 0xE, 4), _cidr(6, 0xFF, 8))
_BROADCAST = (_cidr(4, IPV4_MAX, 32),)


def _in_any(*blocks: CIDR, but: bool = False) -> Callable[..., object]:
    """A predicate of an address: it is in one of the blocks (`but`: in none)."""

    def predicate(address: object) -> object:
        if not isinstance(address, SymIP):
            return NotImplemented
        inside = t.any_of(_block(address, block) for block in blocks)
        return make_bool(t.not_(inside) if but else inside)

    return predicate


ADDRESS_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "containsIP": _contains_ip,
    "family": _family,
    "isUnspecified": _in_any(*_UNSPECIFIED),
    "isLoopback": _in_any(*_LOOPBACK),
    "isLinkLocalUnicast": _in_any(*_LINK_LOCAL),
    "isGlobalUnicast": _in_any(*_UNSPECIFIED, *_LOOPBACK, *_MULTICAST, *_LINK_LOCAL, *_BROADCAST, but=True),
}
"""What may be asked of an open address; see `kspec.runtime.ip` for the meaning."""
