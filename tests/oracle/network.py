"""Who may talk to whom, worked out from the API's own definitions: another opinion to hold kspec against.

Plain Python over raw manifests; nothing of kspec is used. Sources: the field documentation of
`networking.k8s.io/v1` NetworkPolicy, and of `policy.networking.k8s.io` v1alpha1 and v1alpha2. Manifests are
taken to be valid. Options are kspec's defaults: blocks match pods, named ports match no blocks, pods in the
network of their node are seen as that node, which reaches the pods on it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Raw: TypeAlias = Mapping[str, Any]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
PROTOCOLS = ("TCP", "UDP", "SCTP")
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod, or an address outside."""

    id: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: Address | None = None
    ports: tuple[tuple[str, int, str], ...] = ()  # name, number, protocol
    host_network: bool = False
    node: str = ""
    outside: bool = False

    @property
    def governed(self) -> bool:
        return not self.host_network and not self.outside


def outside(text: str) -> End:
    return End(text, address=ipaddress.ip_address(text), outside=True)


class Network:
    """A cluster at one moment, and what its policies let through."""

    def __init__(self, objects: Iterable[Raw]) -> None:
        by: dict[str, list[Raw]] = {}
        for each in objects:
            by.setdefault(each["kind"], []).append(each)
        self.namespaces = {
            n["metadata"]["name"]: {**(n["metadata"].get("labels") or {}), NAME_LABEL: n["metadata"]["name"]}
            for n in by.get("Namespace", ())
        }
        self.nodes = by.get("Node", [])
        self.pods = [e for p in by.get("Pod", ()) if (e := _pod(p)) is not None]
        self.policies = by.get("NetworkPolicy", [])
        self.admin = [(p, "v1alpha1", "Admin") for p in by.get("AdminNetworkPolicy", ())]
        self.admin += [(p, "v1alpha1", "Baseline") for p in by.get("BaselineAdminNetworkPolicy", ())]
        self.admin += [(p, "v1alpha2", p["spec"]["tier"]) for p in by.get("ClusterNetworkPolicy", ())]

    # ---- the question

    def verdicts(self, source: End, target: End, protocol: str, port: int) -> set[bool]:
        """May the connection be opened? Two answers where policies of one priority leave it open."""
        if source.address and target.address and source.address.version != target.address.version:
            return {False}
        leaves = self._side(source, target, source, target, "egress", protocol, port)
        if not target.governed or self._is_at_home(source, target):
            return leaves
        enters = self._side(target, source, source, target, "ingress", protocol, port)
        return {a and b for a in leaves for b in enters}

    def _is_at_home(self, source: End, target: End) -> bool:
        """Is the source the node that the target runs on?"""
        return source.host_network and bool(source.node) and source.node == target.node

    def _side(
        self, me: End, peer: End, source: End, target: End, way: str, protocol: str, port: int
    ) -> set[bool]:
        if not me.governed:
            return {True}
        traffic = (target, protocol, port)
        answers: set[bool] = set()
        for action in self._tier("Admin", me, peer, way, traffic):
            if action in ("Allow", "Deny"):
                answers.add(action == "Allow")
                continue
            isolating = [p for p in self.policies if _governs(p, way) and self._is_subject(p, me)]
            if isolating:
                answers.add(any(self._lets(p, peer, way, traffic) for p in isolating))
                continue
            for below in self._tier("Baseline", me, peer, way, traffic):
                answers.add(below != "Deny")
        return answers

    # ---- NetworkPolicy

    def _is_subject(self, policy: Raw, me: End) -> bool:
        return policy["metadata"]["namespace"] == me.namespace and selects(
            policy["spec"].get("podSelector") or {}, me.labels
        )

    def _lets(self, policy: Raw, peer: End, way: str, traffic: tuple[End, str, int]) -> bool:
        home = policy["metadata"]["namespace"]
        for rule in policy["spec"].get(way) or ():
            peers = rule.get("from" if way == "ingress" else "to") or ()
            ports = rule.get("ports") or ()
            if not peers and (not ports or any(_port_matches(p, *traffic) for p in ports)):
                return True
            for each in peers:
                if not self._peer_matches(each, home, peer):
                    continue
                # A named port is one of a pod; behind a block there are addresses only.
                usable = [p for p in ports if not (way == "egress" and "ipBlock" in each and _is_named(p))]
                if not ports or any(_port_matches(p, *traffic) for p in usable):
                    return True
        return False

    def _peer_matches(self, each: Raw, home: str, peer: End) -> bool:
        block = each.get("ipBlock")
        if block is not None:
            return in_block(block["cidr"], peer.address) and not any(
                in_block(x, peer.address) for x in block.get("except") or ()
            )
        if not peer.governed:
            return False
        spaces, pods = each.get("namespaceSelector"), each.get("podSelector")
        if spaces is None:
            if peer.namespace != home:
                return False
        elif not selects(spaces, self.namespaces[peer.namespace]):
            return False
        return pods is None or selects(pods, peer.labels)

    # ---- the administrator's tiers

    def _tier(self, tier: str, me: End, peer: End, way: str, traffic: tuple[End, str, int]) -> set[str]:
        """The actions that may decide; Pass where no rule of the tier matches."""
        said: dict[int, set[str]] = {}
        for policy, version, its in self.admin:
            spec = policy["spec"]
            if its != tier or not self._covers(spec["subject"], me):
                continue
            for rule in spec.get(way) or ():
                peers = rule["from" if way == "ingress" else "to"]
                ports = rule.get("ports" if version == "v1alpha1" else "protocols")
                if any(self._covers(p, peer) for p in peers) and (
                    not ports or any(_admin_port(p, *traffic) for p in ports)
                ):
                    action = "Allow" if rule["action"] == "Accept" else rule["action"]
                    said.setdefault(spec.get("priority", 0), set()).add(action)
                    break
        return said[min(said)] if said else {"Pass"}

    def _covers(self, peer: Raw, end: End) -> bool:
        """Is this end what a subject, or a peer of a rule, speaks of?"""
        if "namespaces" in peer:
            return end.governed and selects(peer["namespaces"], self.namespaces[end.namespace])
        if "pods" in peer:
            return (
                end.governed
                and selects(peer["pods"].get("namespaceSelector") or {}, self.namespaces[end.namespace])
                and selects(peer["pods"].get("podSelector") or {}, end.labels)
            )
        if "networks" in peer:
            return any(in_block(c, end.address) for c in peer["networks"])
        return not end.governed and any(
            selects(peer["nodes"], n["metadata"].get("labels") or {})
            and any(ipaddress.ip_address(a["address"]) == end.address for a in n["status"]["addresses"])
            for n in self.nodes
        )


def _pod(pod: Raw) -> End | None:
    """A pod that has ended has no address, and is no end."""
    status, spec, meta = pod.get("status") or {}, pod["spec"], pod["metadata"]
    if status.get("phase") in ("Succeeded", "Failed"):
        return None
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    ports = tuple(
        (p.get("name", ""), p["containerPort"], p.get("protocol", "TCP"))
        for c in [*spec["containers"], *sidecars]
        for p in c.get("ports") or ()
    )
    return End(
        f"{meta['namespace']}/{meta['name']}",
        meta["namespace"],
        meta.get("labels") or {},
        ipaddress.ip_address(status["podIP"]) if status.get("podIP") else None,
        ports,
        bool(spec.get("hostNetwork")),
        spec.get("nodeName") or "",
    )


def selects(selector: Raw, labels: Mapping[str, str]) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or ():
        value, among = labels.get(term["key"]), term.get("values") or ()
        if not {
            "In": value is not None and value in among,
            "NotIn": value is None or value not in among,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[term["operator"]]:
            return False
    return True


def in_block(text: str, address: Address | None) -> bool:
    """Blocks hold addresses of their own family only; bits beyond the prefix mean nothing."""
    assert address is not None
    block = ipaddress.ip_network(text, strict=False)
    return block.version == address.version and address in block


def _governs(policy: Raw, way: str) -> bool:
    types = policy["spec"].get("policyTypes") or ()
    if types:
        return ("Ingress" if way == "ingress" else "Egress") in types
    return way == "ingress" or bool(policy["spec"].get("egress"))


def _is_named(port: Raw) -> bool:
    return isinstance(port.get("port"), str)


def _declares(target: End, name: str, protocol: str, port: int) -> bool:
    return target.governed and (name, port, protocol) in target.ports


def _port_matches(entry: Raw, target: End, protocol: str, port: int) -> bool:
    if entry.get("protocol", "TCP") != protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return _declares(target, wanted, protocol, port)
    return bool(wanted <= port <= entry.get("endPort", wanted))


def _admin_port(entry: Raw, target: End, protocol: str, port: int) -> bool:
    name = entry.get("namedPort") or entry.get("destinationNamedPort")
    if name:
        return _declares(target, name, protocol, port)
    if "portNumber" in entry:
        its = entry["portNumber"]
        return bool(its.get("protocol", "TCP") == protocol and its["port"] == port)
    if "portRange" in entry:
        its = entry["portRange"]
        return bool(its.get("protocol", "TCP") == protocol and its["start"] <= port <= its["end"])
    its = entry.get(protocol.lower())
    if its is None:
        return False
    wanted = its.get("destinationPort") or {}
    if "number" in wanted:
        return bool(wanted["number"] == port)
    return "range" not in wanted or bool(wanted["range"]["start"] <= port <= wanted["range"]["end"])


# ---- where to look


def blocks_in(objects: Sequence[Raw]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Every block of addresses that they name."""
    found = set()
    for text in _texts(objects):
        with suppress(ValueError):
            found.add(ipaddress.ip_network(text, strict=False))
    return sorted(found, key=str)


def telling_addresses(objects: Sequence[Raw]) -> list[str]:
    """An address on each side of every edge of every block, and some of no block."""
    found = {"8.8.8.8", "2001:db8::1", "255.255.255.255", "::"}
    for block in blocks_in(objects):
        space = 2**block.max_prefixlen
        first, last = int(block.network_address), int(block.broadcast_address)
        for number in (first - 1, first, (first + last) // 2, last, last + 1):
            if 0 <= number < space:
                found.add(str(type(block.network_address)(number)))
    return sorted(found)


def telling_ports(objects: Sequence[Raw]) -> list[int]:
    """Every number that could be a port, and its neighbours."""
    found = {1, 65535}
    for number in _numbers(objects):
        found |= {n for n in (number - 1, number, number + 1) if 1 <= n <= 65535}
    return sorted(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "/" in value:
        yield value
    for inner in _inside(value):
        yield from _texts(inner)


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    for inner in _inside(value):
        yield from _numbers(inner)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()
