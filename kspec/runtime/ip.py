"""Knows IP addresses and CIDR ranges, as Kubernetes' CEL library for them does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kspec.runtime.registry import function, value_type
from kspec.runtime.values import EvalError

_BITS = {4: 32, 6: 128}
_MAPPED = 0xFFFF << 32
TEXTS_MAX = 1 << 16
"""So many texts are remembered: policies name the same blocks again and again."""


@value_type("ip", "net.IP")
@dataclass(frozen=True, slots=True)
class IP:
    """An address: `version` is 4 or 6."""

    version: int
    number: int

    def __str__(self) -> str:
        from ipaddress import IPv4Address, IPv6Address

        return str(IPv4Address(self.number) if self.version == 4 else IPv6Address(self.number))


@value_type("cidr", "net.CIDR")
@dataclass(frozen=True, slots=True)
class CIDR:
    """A range as it was written: the address may have bits beyond the prefix."""

    address: IP
    bits: int

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"

    @property
    def first(self) -> int:
        shift = _BITS[self.address.version] - self.bits
        return self.address.number >> shift << shift

    @property
    def last(self) -> int:
        return self.first | ((1 << (_BITS[self.address.version] - self.bits)) - 1)


@lru_cache(TEXTS_MAX)
def _parse(text: str) -> IP | None:
    """An address without a zone. IPv4 mapped into IPv6 is refused in its dotted form, else taken for IPv4."""
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    try:
        if ":" not in text:
            return IP(4, int(IPv4Address(text)))
        number = int(IPv6Address(text)) if "%" not in text else None
    except (AddressValueError, ValueError):
        return None
    if number is None or (number >> 32 != 0xFFFF):
        return None if number is None else IP(6, number)
    return None if "." in text else IP(4, number - _MAPPED)


@function("ip", "string")
def parse_ip(text: str) -> IP:
    found = _parse(text)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not an IP address")
    return found


@function("isIP", "string")
def is_ip(text: str) -> bool:
    return _parse(text) is not None


@function("ip.isCanonical", "string")
def is_canonical(text: str) -> bool:
    """Is the address written in the one form that its text has?"""
    return str(parse_ip(text)) == text


@function("string", "ip")
@function("string", "cidr")
def show(value: IP | CIDR) -> str:
    return str(value)


@function("family", "ip")
def family(value: IP) -> int:
    return value.version


def _in(value: IP, version: int, prefix: int, bits: int) -> bool:
    return value.version == version and value.number >> (_BITS[version] - bits) == prefix


@function("isUnspecified", "ip")
def is_unspecified(value: IP) -> bool:
    return value.number == 0


@function("isLoopback", "ip")
def is_loopback(value: IP) -> bool:
    return _in(value, 4, 127, 8) or value == IP(6, 1)


@function("isLinkLocalMulticast", "ip")
def is_link_local_multicast(value: IP) -> bool:
    if value.version == 4:
        return _in(value, 4, 224 << 16, 24)
    return (value.number >> 112) & 0xFF0F == 0xFF02


@function("isLinkLocalUnicast", "ip")
def is_link_local_unicast(value: IP) -> bool:
    return _in(value, 4, 169 << 8 | 254, 16) or _in(value, 6, 0xFE80 >> 6, 10)


def is_multicast(value: IP) -> bool:
    return _in(value, 4, 0xE, 4) or _in(value, 6, 0xFF, 8)


@function("isGlobalUnicast", "ip")
def is_global_unicast(value: IP) -> bool:
    """As Go has it: private ranges count; only the special ranges and the broadcast address do not."""
    special = (
        is_unspecified(value) or is_loopback(value) or is_multicast(value) or is_link_local_unicast(value)
    )
    return not special and value != IP(4, 2**32 - 1)


# ---------------------------------------------------------------- ranges


@lru_cache(TEXTS_MAX)
def _parse_cidr(text: str) -> CIDR | None:
    address_text, slash, bits_text = text.rpartition("/")
    if not slash or not re.fullmatch(r"0|[1-9]\d{0,2}", bits_text, re.ASCII):
        return None
    address = _parse(address_text)
    if address is None or (":" in address_text) != (address.version == 6):
        return None
    return CIDR(address, int(bits_text)) if int(bits_text) <= _BITS[address.version] else None


@function("cidr", "string")
def parse_cidr(text: str) -> CIDR:
    found = _parse_cidr(text)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not a CIDR range")
    return found


@function("isCIDR", "string")
def is_cidr(text: str) -> bool:
    return _parse_cidr(text) is not None


@function("containsIP", "cidr", "ip")
def contains_ip(outer: CIDR, address: IP) -> bool:
    return outer.address.version == address.version and outer.first <= address.number <= outer.last


@function("containsIP", "cidr", "string")
def contains_ip_text(outer: CIDR, text: str) -> bool:
    return contains_ip(outer, parse_ip(text))


@function("containsCIDR", "cidr", "cidr")
def contains_cidr(outer: CIDR, inner: CIDR) -> bool:
    return outer.bits <= inner.bits and contains_ip(outer, inner.address)


@function("containsCIDR", "cidr", "string")
def contains_cidr_text(outer: CIDR, text: str) -> bool:
    return contains_cidr(outer, parse_cidr(text))


@function("ip", "cidr")
def cidr_address(value: CIDR) -> IP:
    return value.address


@function("masked", "cidr")
def masked(value: CIDR) -> CIDR:
    return CIDR(IP(value.address.version, value.first), value.bits)


@function("prefixLength", "cidr")
def prefix_length(value: CIDR) -> int:
    return value.bits


_LIKELY = (IP(4, 0xCB007101), IP(4, 0x08080808), IP(6, 0x20010DB8 << 96 | 1), IP(6, 0x2A << 120 | 1))
"""What stands for the rest of the world, if a block allows: 203.0.113.1, 8.8.8.8, 2001:db8::1, 2a00::1."""


@function("ip.representatives", "list")
def representatives(texts: list[str]) -> list[IP]:
    """Of both families, one address for each way in which these blocks hold an address or do not."""
    blocks = [parse_cidr(text) for text in texts]
    return [address for version in (4, 6) for address in _apart(version, blocks)]


def _apart(version: int, blocks: list[CIDR]) -> list[IP]:
    """The first address of each way, unless a likelier one is in it; special addresses only if there are no
    others.
    """
    own = [block for block in blocks if block.address.version == version]
    starts = {0, *(n for block in own for n in (block.first, block.last + 1))}
    tried = [each for each in _LIKELY if each.version == version]
    tried += [IP(version, n + k) for n in sorted(starts) for k in (1, 0)]
    found: dict[frozenset[CIDR], IP] = {}
    for address in sorted(tried, key=lambda each: not is_global_unicast(each)):
        if address.number < 1 << _BITS[version]:
            found.setdefault(frozenset(b for b in own if contains_ip(b, address)), address)
    return sorted(found.values(), key=lambda each: each.number)
