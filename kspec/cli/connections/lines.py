"""Knows how a connection is written: `shop/web -> shop/db:5432`, `shop/web -> [fd00::/8]:443/TCP`, `any ->
shop/*`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import NamedTuple

from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span

NO_CONNECTION = "KS3201"
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_MAX = 65535
ANY = "any"
HELP = "write `namespace/workload -> namespace/workload:PORT`, such as `shop/web -> shop/db:5432/TCP`"
_PORTS = re.compile(r"(?P<end>.*?):(?P<ports>[0-9][0-9,-]*|\*)(?:/(?P<protocol>[A-Za-z]+))?")


class Port(NamedTuple):
    """Ports of one protocol from `first` to `last`; both 0: all of it."""

    protocol: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Stated:
    """A connection as it is stated: an end is `any`, `namespace/name`, `namespace/*`,
    `service/namespace/name`, or a block of addresses. No ports: all.
    """

    origin: str
    destination: str
    ports: tuple[Port, ...]
    span: Span

    @property
    def text(self) -> str:
        return f"{self.origin} -> {self.destination}{shown_ports(self.ports)}"


def shown_ports(ports: tuple[Port, ...]) -> str:
    """`:80,443/TCP`; nothing for all ports."""
    parts = []
    for protocol in dict.fromkeys(p.protocol for p in ports):
        its = [p for p in ports if p.protocol == protocol]
        texts = ["*" if not p.first else _range(p) for p in its]
        parts.append(f":{','.join(texts)}/{protocol}")
    return " ".join(parts)


def _range(port: Port) -> str:
    return str(port.first) if port.first == port.last else f"{port.first}-{port.last}"


def parse_line(span: Span) -> Stated:
    """The connection that stands in this span; DiagnosticError if there is none."""
    left, arrow, right = span.text.partition("->")
    if not arrow or not left.strip() or not right.strip():
        raise _mistake(span, f"`{span.text.strip()}` is no connection")
    target, ports = _with_ports(right.strip(), span)
    return Stated(end_of(left.strip(), span), end_of(target, span), ports, span)


def parse_lines(file: SourceFile) -> list[Stated]:
    """The connections of a text, one a line; `#` begins a comment."""
    found, at = [], 0
    for line in file.text.splitlines(keepends=True):
        text = line.partition("#")[0].strip()
        if text:
            start = at + line.index(text)
            found.append(parse_line(Span(file, start, start + len(text))))
        at += len(line)
    return found


def end_of(text: str, span: Span) -> str:
    """An end in its one spelling; DiagnosticError if it is none."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if bare in (ANY, "*"):
        return ANY
    if re.fullmatch(r"[0-9.]+(/[0-9]+)?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]+)?", bare):
        try:
            return str(ipaddress.ip_network(bare, strict=False))
        except ValueError:
            raise _mistake(span, f"`{bare}` is no address or block of addresses") from None
    parts = bare.split("/")
    if len(parts) == 1:
        parts = ["default", *parts]
    if len(parts) > 3 or (len(parts) == 3 and parts[0] != "service") or not all(map(_is_name, parts)):
        raise _mistake(span, f"`{text}` is no end of a connection")
    return "/".join(parts)


def _is_name(text: str) -> bool:
    return text == "*" or re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", text) is not None


def _with_ports(text: str, span: Span) -> tuple[str, tuple[Port, ...]]:
    """The end, and the ports behind it."""
    found = _PORTS.fullmatch(text)
    if found is None or (":" in found["end"] and not found["end"].endswith("]")):
        return text, ()
    protocol = (found["protocol"] or PROTOCOLS[0]).upper()
    if protocol not in PROTOCOLS:
        raise _mistake(span, f"`{protocol}` is no protocol of a port: TCP, UDP or SCTP")
    return found["end"], tuple(_port(part, protocol, span) for part in found["ports"].split(","))


def _port(text: str, protocol: str, span: Span) -> Port:
    if text == "*":
        return Port(protocol, 0, 0)
    first, dash, last = text.partition("-")
    numbers = (first, last if dash else first)
    if not all(n.isdecimal() and 1 <= int(n) <= PORT_MAX for n in numbers) or int(first) > int(numbers[1]):
        raise _mistake(span, f"`{text}` is no port or range of ports")
    return Port(protocol, int(first), int(numbers[1]))


def _mistake(span: Span, message: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(NO_CONNECTION, message, span, help=HELP)])
