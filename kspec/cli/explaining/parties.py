"""Knows who is meant by an end of a connection that a user names: pods by the sorts that policies tell apart,
addresses, blocks of them, the outside, what stands behind a Service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kspec.cli.connecting import BAD_BLOCK, NO_SUCH, OUTSIDE, Network, is_meant, no_such
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.verify.network.columns import End

SERVICE = "service/"
NO_SERVICE_PORT = "KS1924"
NAMED_MAX = 5
EVERYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Sort:
    """Ends that policies treat alike, with the one that stands for them in each family; `label` tells them
    apart from others of one party, `cell` is the place of addresses outside, `port` the one asked on there.
    """

    ends: Mapping[int, End]
    label: str = ""
    cell: int | None = None
    port: int | None = None
    several: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """One who is meant: a workload, a pod, an address or a block. `service`: what stands behind one."""

    name: str
    sorts: tuple[Sort, ...]
    service: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())


def texts_of(*texts: str) -> list[str]:
    """The blocks among what is named, so that addresses are told apart where they begin and end."""
    return [text for text in texts if "/" in text and _is_block(text)]


def parties(network: Network, text: str, asked: tuple[int, str] | None = None) -> list[Party]:
    """Everyone who is meant. Of a destination `asked` is the port, and a Service can be meant."""
    if asked is not None and (text.startswith(SERVICE) or _services_at(network, text)):
        return _behind(network, text, *asked)
    if text == OUTSIDE:
        return [_addresses(network, OUTSIDE, EVERYWHERE)]
    if texts_of(text):
        return [_addresses(network, text, (text,))]
    if (address := _address(network, text)) is not None:
        return [address]
    found = _workloads(network, text)
    if not found:
        raise DiagnosticError([_unknown(network, text, asked is not None)])
    return found


def _is_block(text: str) -> bool:
    from kspec.verify.network.addresses import range_of

    head = text.partition("/")[0]
    if "." not in head and ":" not in head:  # a namespace has neither in its name
        return False
    if range_of(text) is None:
        message, help_ = f"`{text}` is no block of addresses", "such as 10.244.0.0/16 or fd00:10:244::/56"
        raise DiagnosticError([Diagnostic(BAD_BLOCK, message, help=help_)])
    return True


# ---------------------------------------------------------------- addresses


def _address(network: Network, text: str) -> Party | None:
    from kspec.runtime.ip import is_ip, parse_ip

    if not is_ip(text):
        return None
    at = network.parts.end_at(str(parse_ip(text)), network.cluster)
    name = f"{at['namespace']}/{at['name']}" if at.get("namespace") else text
    return Party(name, (Sort({parse_ip(text).version: at}),))


def _addresses(network: Network, name: str, blocks: Sequence[str]) -> Party:
    """The addresses outside in some blocks, cut where policies cut them."""
    from kspec.verify.network.addresses import range_of

    found, ranges = network.found, [r for text in blocks if (r := range_of(text)) is not None]
    sorts = []
    for number, cell in enumerate(found.outside, found.inside):
        first, last = found.cells.bounds(cell)
        if any(low <= first and last <= high for low, high in ranges):
            end = found.ends[number]
            sorts.append(Sort({end["address"].version: end}, cell=cell))
    named = f"{OUTSIDE} {name}" if name != OUTSIDE else name
    return Party(named, tuple(sorts), notes=() if name == OUTSIDE else _pods_within(network, name, ranges))


def _pods_within(network: Network, name: str, ranges: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Pods at hand have addresses in the block: they are not outside, and are asked for by name."""
    from kspec.verify.network.addresses import place

    addresses = [(e, e["address"]) for e in network.ends if e.get("address") is not None]
    addresses += [(network.ends[n], second) for n, second in network.seconds.items()]
    within = {
        f"{end['namespace']}/{end['name']}"
        for end, address in addresses
        if any(low <= place(address) <= high for low, high in ranges)
    }
    if not within:
        return ()
    its = _named(sorted(within))
    return (f"pods at hand have addresses in {name} ({its}): this is about all others; name them to ask",)


# ---------------------------------------------------------------- workloads and pods


def _workloads(network: Network, text: str) -> list[Party]:
    """By workload, then by pod: with the sorts that policies tell apart."""
    from kspec.report.connect import Unit
    from kspec.verify.network.talkers import talkers

    by_workload = talkers(network.parts.talkers(network.cluster), "workload").talkers
    for some in (by_workload, network.talkers):
        meant = [t for t in some if is_meant(Unit(t.kind, t.namespace, t.name, 0), text)]
        if meant:
            several = {t.short for t in meant if sum(o.short == t.short for o in meant) > 1}
            return [
                Party(str(t) if t.short in several else t.short, _sorts(network, t.ends, t.is_pod))
                for t in meant
            ]
    for talker in network.talkers:
        its = [e for e in talker.ends if network.ends[e]["name"] == text.rpartition("/")[2]]
        if its and is_meant(Unit("Pod", talker.namespace, str(network.ends[its[0]]["name"]), 0), text):
            return [Party(f"{talker.namespace}/{network.ends[its[0]]['name']}", _sorts(network, its, True))]
    return []


def _sorts(network: Network, ends: Sequence[int], is_pod: bool) -> tuple[Sort, ...]:
    """One of each class; several pods may be of one, as those of a template are."""
    from kspec.verify.network.families import VERSIONS

    found, by_class = network.found, dict[int, list[int]]()
    for end in ends:
        by_class.setdefault(network.number_of[end], []).append(end)
    sorts = []
    for number, its in by_class.items():
        at = {v: found.ends[e] for v in VERSIONS if (e := found.families.end(number, v)) is not None}
        label = _named([str(network.ends[e]["name"]) for e in its])
        named = {version: {**end, "name": network.ends[its[0]]["name"]} for version, end in at.items()}
        sorts.append(Sort(named, label, several=len(its) > 1 or not is_pod))
    return tuple(sorts)


# ---------------------------------------------------------------- Services


def _services_at(network: Network, text: str) -> list[Mapping[str, Any]]:
    from kspec.runtime.ip import is_ip

    return network.parts.services_at(text, network.cluster) if is_ip(text) else []


def _behind(network: Network, text: str, port: int, protocol: str) -> list[Party]:
    """Of each Service that is meant the ends behind its port."""
    services = _services_at(network, text)
    if not services:
        namespace, _, name = text.removeprefix(SERVICE).rpartition("/")
        services = [s for s in _services(network) if _service_name(s) in ((namespace, name), ("", name))]
        services += [s for s in _services(network) if not namespace and _service_name(s)[1] == name]
    if not services:
        known = {_shown(s) for s in _services(network)}
        raise DiagnosticError([no_such(f"Service `{text.removeprefix(SERVICE)}`", text, known)])
    made = [Party(f"{_shown(s)}", tuple(_backends(network, s, port, protocol)), s) for s in _unique(services)]
    if not any(party.sorts for party in made):
        message = f"`{text}` leads nowhere on {port}/{protocol}"
        raise DiagnosticError([Diagnostic(NO_SERVICE_PORT, message, help=_ports_of(made))])
    return [party for party in made if party.sorts]


def _backends(network: Network, service: Mapping[str, Any], port: int, protocol: str) -> list[Sort]:
    sorts = []
    for entry in (service.get("spec") or {}).get("ports") or ():
        if (
            port in (entry.get("port"), entry.get("nodePort"))
            and (entry.get("protocol") or "TCP") == protocol
        ):
            for backend in network.parts.backends(service, entry, network.cluster):
                end: End = backend["endpoint"]
                name = f"{end.get('namespace')}/{end.get('name')}" if end.get("namespace") else end["name"]
                label = name + ("" if backend.get("ready") else ", not ready")
                address = end.get("address")
                versions: tuple[int, ...] = (4, 6) if address is None else (address.version,)
                sorts.append(Sort(dict.fromkeys(versions, end), label, port=backend["port"]))
    return sorts


def _services(network: Network) -> Sequence[Mapping[str, Any]]:
    return network.cluster.get("services") or ()


def _unique(services: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({id(s): s for s in services}.values())


def _service_name(service: Mapping[str, Any]) -> tuple[str, str]:
    return service["metadata"].get("namespace") or "", service["metadata"]["name"]


def _shown(service: Mapping[str, Any]) -> str:
    return SERVICE + "/".join(part for part in _service_name(service) if part)


def _ports_of(made: Sequence[Party]) -> str:
    """What ports there are, or that nothing is behind the right one."""
    ports = [e for p in made if p.service for e in (p.service.get("spec") or {}).get("ports") or ()]
    shown = ", ".join(f"{e.get('port')}/{e.get('protocol') or 'TCP'}" for e in ports)
    return f"its ports are {shown}" if shown else "it has no ports"


# ---------------------------------------------------------------- names that are not there


def _unknown(network: Network, text: str, with_services: bool) -> Diagnostic:
    known = {t.short for t in network.talkers} | {OUTSIDE}
    if text.startswith(SERVICE):
        message = f"`{text}` opens no connections: a Service only leads to pods"
        return Diagnostic(NO_SUCH, message, help="name the workload or the pod that asks")
    if with_services:
        known |= {_shown(s) for s in _services(network)}
    return no_such(f"workload or pod `{text}`", text, known)


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
