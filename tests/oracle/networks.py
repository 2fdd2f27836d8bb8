"""Random networks, as raw manifests: few names, labels, blocks and ports, so that they meet often."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeAlias

Raw: TypeAlias = dict[str, Any]
SPACES = ("a", "b", "n")
KEYS, VALUES = ("app", "tier"), ("x", "y", "")
BLOCKS = {
    "10.0.0.0/8": ["10.0.0.0/9", "10.1.0.0/16", "10.0.0.1/32"],
    "10.1.2.3/16": ["10.1.2.0/24"],
    "0.0.0.0/0": ["10.0.0.0/8", "128.0.0.0/1", "192.168.0.0/24"],
    "192.168.0.0/16": ["192.168.0.1/32"],
    "10.0.0.1/32": [],
    "::/0": ["fd00::/8", "::/1"],
    "fd00::/64": ["fd00::1/128", "fd00::/65"],
    "::a00:0/104": ["::a00:1/128"],
}
ADDRESSES = (
    "10.0.0.1",
    "10.0.0.2",
    "10.1.2.3",
    "10.200.0.1",
    "172.16.0.1",
    "fd00::1",
    "fd00:1::1",
    "::a00:1",
)
PORTS = (1, 53, 80, 81, 443, 8080, 65535)
NAMES = ("http", "dns")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
NODES = {"node-1": "192.168.0.1", "node-2": "192.168.0.2"}
POLICY_GROUP = "policy.networking.k8s.io"


class Networks:
    """Draws manifests. `tiers`: with the administrator's policies."""

    def __init__(self, draw: Random, tiers: bool = False) -> None:
        self.draw = draw
        self.tiers = tiers

    def objects(self) -> list[Raw]:
        made = [self.namespace(name) for name in SPACES]
        made += [self.node(name) for name in NODES]
        made += [self.pod(n) for n in range(self.draw.randint(2, 5))]
        made += [self.policy(n) for n in range(self.draw.randint(0, 3 if self.tiers else 4))]
        if self.tiers:
            new = self.draw.random() < 0.4
            made += [self.admin(n, new) for n in range(self.draw.randint(1, 3))]
            if not new and self.draw.random() < 0.6:
                made.append(self.baseline())
        return made

    def maybe(self, chance: float) -> bool:
        return self.draw.random() < chance

    # ---- objects

    def namespace(self, name: str) -> Raw:
        labels = {"env": self.draw.choice(VALUES)} if self.maybe(0.7) else {}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}

    def node(self, name: str) -> Raw:
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"disk": self.draw.choice(("ssd", "hdd"))}},
            "status": {"addresses": [{"type": "InternalIP", "address": NODES[name]}]},
        }

    def labels(self) -> dict[str, str]:
        return {k: self.draw.choice(VALUES) for k in KEYS if self.maybe(0.6)}

    def container(self, name: str) -> Raw:
        ports, seen = [], set()
        for _ in range(self.draw.randint(0, 2)):
            port: Raw = {"containerPort": self.draw.choice(PORTS)}
            if self.maybe(0.8):
                port["name"] = self.draw.choice(NAMES)
            if self.maybe(0.4):
                port["protocol"] = self.draw.choice(("TCP", "UDP", "SCTP"))
            if port.get("name") not in seen:
                ports.append(port)
            seen.add(port.get("name"))
        return {"name": name, "image": "i", **({"ports": ports} if ports else {})}

    def pod(self, number: int) -> Raw:
        spec: Raw = {"containers": [self.container("c")], "nodeName": self.draw.choice(list(NODES))}
        if self.maybe(0.2):
            spec["initContainers"] = [{**self.container("i"), "restartPolicy": "Always"}]
        elif self.maybe(0.2):
            spec["initContainers"] = [self.container("i")]
        address = ADDRESSES[number]
        if self.maybe(0.15):
            spec["hostNetwork"] = True
            address = NODES[spec["nodeName"]]
        elif self.maybe(0.3):
            address = self.draw.choice(ADDRESSES[5:])
        status = {"phase": "Succeeded" if self.maybe(0.1) else "Running", "podIP": address}
        meta = {"name": f"p{number}", "namespace": self.draw.choice(SPACES), "labels": self.labels()}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}

    # ---- selectors, peers, ports

    def selector(self, keys: Sequence[str] = KEYS, values: Sequence[str] = VALUES) -> Raw:
        made: Raw = {}
        if self.maybe(0.5):
            made["matchLabels"] = {self.draw.choice(keys): self.draw.choice(values)}
        if self.maybe(0.4):
            made["matchExpressions"] = [self.term(keys, values) for _ in range(self.draw.choice((1, 1, 2)))]
        return made

    def term(self, keys: Sequence[str], values: Sequence[str]) -> Raw:
        term: Raw = {"key": self.draw.choice(keys), "operator": self.draw.choice(OPERATORS)}
        if term["operator"] in ("In", "NotIn"):
            term["values"] = self.draw.sample(values, self.draw.randint(1, 2))
        return term

    def spaces(self) -> Raw:
        if self.maybe(0.3):
            return {"matchLabels": {"kubernetes.io/metadata.name": self.draw.choice(SPACES)}}
        return self.selector(("env", "kubernetes.io/metadata.name"), ("x", "y", "", "a"))

    def peer(self) -> Raw:
        if self.maybe(0.4):
            cidr = self.draw.choice(list(BLOCKS))
            block: Raw = {"cidr": cidr}
            if BLOCKS[cidr] and self.maybe(0.6):
                block["except"] = self.draw.sample(BLOCKS[cidr], self.draw.randint(1, len(BLOCKS[cidr])))
            return {"ipBlock": block}
        which = self.draw.choice(("podSelector", "namespaceSelector", "both"))
        made: Raw = {}
        if which != "podSelector":
            made["namespaceSelector"] = self.spaces()
        if which != "namespaceSelector":
            made["podSelector"] = self.selector()
        return made

    def port(self) -> Raw:
        made: Raw = {}
        if self.maybe(0.5):
            made["protocol"] = self.draw.choice(("TCP", "UDP", "SCTP"))
        if self.maybe(0.3):
            made["port"] = self.draw.choice(NAMES)
        elif self.maybe(0.85):
            made["port"] = self.draw.choice(PORTS)
            if self.maybe(0.35):
                made["endPort"] = self.draw.choice([p for p in PORTS if p >= made["port"]])
        return made

    def rule(self, peers: str) -> Raw:
        made: Raw = {}
        if self.maybe(0.75):
            made[peers] = [self.peer() for _ in range(self.draw.choice((0, 1, 1, 2)))]
        if self.maybe(0.6):
            made["ports"] = [self.port() for _ in range(self.draw.choice((0, 1, 1, 2)))]
        return made

    def policy(self, number: int) -> Raw:
        spec: Raw = {"podSelector": self.selector() if self.maybe(0.8) else {}}
        if self.maybe(0.7):
            spec["ingress"] = [self.rule("from") for _ in range(self.draw.choice((0, 1, 1, 2)))]
        if self.maybe(0.5):
            spec["egress"] = [self.rule("to") for _ in range(self.draw.choice((0, 1, 1, 2)))]
        types = self.draw.choice((None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"]))
        if types is not None:
            spec["policyTypes"] = types
        meta = {"name": f"np{number}", "namespace": self.draw.choice(SPACES)}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}

    # ---- the administrator's

    def ends(self) -> Raw:
        if self.maybe(0.5):
            return {"namespaces": self.spaces()}
        return {"pods": {"namespaceSelector": self.spaces(), "podSelector": self.selector()}}

    def admin_peer(self, way: str) -> Raw:
        if way == "egress" and self.maybe(0.4):
            if self.maybe(0.3):
                return {"nodes": self.selector(("disk",), ("ssd", "hdd"))}
            return {"networks": self.draw.sample([b for b in BLOCKS if b != "10.1.2.3/16"], 2)}
        return self.ends()

    def admin_rule(self, way: str, new: bool, actions: Sequence[str]) -> Raw:
        action = self.draw.choice(actions)
        rule: Raw = {"action": "Accept" if new and action == "Allow" else action}
        peers = [self.admin_peer(way) for _ in range(self.draw.choice((1, 1, 2)))]
        rule["from" if way == "ingress" else "to"] = peers
        if self.maybe(0.6):
            named = not any("networks" in p or "nodes" in p for p in peers)
            ports = [self.admin_port(new, named) for _ in range(self.draw.choice((1, 1, 2)))]
            rule["protocols" if new else "ports"] = ports
        return rule

    def admin_port(self, new: bool, named: bool) -> Raw:
        if named and self.maybe(0.25):
            return {"destinationNamedPort" if new else "namedPort": self.draw.choice(NAMES)}
        protocol = self.draw.choice(("TCP", "UDP", "SCTP"))
        start, end = sorted(self.draw.sample(PORTS, 2))
        if new:
            port = {"number": start} if self.maybe(0.5) else {"range": {"start": start, "end": end}}
            return {protocol.lower(): {"destinationPort": port}}
        if self.maybe(0.5):
            return {"portNumber": {"protocol": protocol, "port": start}}
        return {"portRange": {"protocol": protocol, "start": start, "end": end}}

    def rules(self, spec: Raw, new: bool, actions: Sequence[str]) -> Raw:
        for way in ("ingress", "egress"):
            if self.maybe(0.7):
                spec[way] = [self.admin_rule(way, new, actions) for _ in range(self.draw.randint(1, 3))]
        return spec

    def admin(self, number: int, new: bool) -> Raw:
        spec: Raw = {"priority": self.draw.choice((0, 1, 1, 5)), "subject": self.ends()}
        if new:
            spec["tier"] = self.draw.choice(("Admin", "Baseline"))
        return {
            "apiVersion": f"{POLICY_GROUP}/{'v1alpha2' if new else 'v1alpha1'}",
            "kind": "ClusterNetworkPolicy" if new else "AdminNetworkPolicy",
            "metadata": {"name": f"admin{number}"},
            "spec": self.rules(spec, new, ("Allow", "Deny", "Pass")),
        }

    def baseline(self) -> Raw:
        return {
            "apiVersion": f"{POLICY_GROUP}/v1alpha1",
            "kind": "BaselineAdminNetworkPolicy",
            "metadata": {"name": "default"},
            "spec": self.rules({"subject": self.ends()}, False, ("Allow", "Deny")),
        }
