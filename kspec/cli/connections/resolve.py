"""Knows which sides the ends of stated connections are, by the workloads at hand."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kspec.cli.connections.lines import ANY, Port, Stated
from kspec.source import Diagnostic, DiagnosticError
from kspec.verify.network.wanted import say, side_of

NO_WORKLOAD, NO_LABELS = "KS3203", "KS3204"
DNS_PORT = 53
Value = Mapping[str, Any]


class Resolver:
    """The workloads and Services at hand, by which ends are named."""

    def __init__(self, cluster: Mapping[str, Any]) -> None:
        self.workloads: list[Value] = say("workloads", cluster)
        self.ends = [each["end"] for each in self.workloads]
        self.services: Sequence[Value] = cluster.get("services", ())
        self.governed = told_apart([w for w in self.workloads if say("isGoverned", w["end"])])
        self.namespaces = sorted({w["namespace"] for w in self.governed})

    def wanted(self, stated: Iterable[Stated]) -> list[Value]:
        """The connections that are meant, each once. DiagnosticError with all that cannot be told."""
        found: list[Value] = []
        mistakes: list[Diagnostic] = []
        for each in stated:
            try:
                found += [w for w in self.meant(each) if w not in found]
            except DiagnosticError as error:
                mistakes += error.diagnostics
        if mistakes:
            raise DiagnosticError(mistakes)
        return found

    def meant(self, stated: Stated) -> list[Value]:
        origin = self.side(stated.origin, stated, ())
        if stated.destination.startswith("service/"):
            return [{"from": origin, **way} for way in self.through(stated)]
        destination = self.side(stated.destination, stated, stated.ports)
        if not {origin.get("namespace"), destination.get("namespace")} & set(self.namespaces):
            message = f"`{stated.text}` neither begins nor ends in a namespace with workloads at hand"
            raise DiagnosticError([Diagnostic(NO_WORKLOAD, message, stated.span)])
        return [{"from": origin, "to": destination, "ports": [p._asdict() for p in stated.ports]}]

    def side(self, name: str, stated: Stated, ports: Sequence[Port]) -> Value:
        """The side that a name means; `ports` on which it is asked, if it is asked."""
        if name == ANY:
            return {}
        if _is_block(name):
            return {"cidr": name}
        namespace, _, own = name.partition("/")
        if own == "*":
            return {"namespace": namespace}
        workload = self.workload(namespace, own)
        if workload is None and namespace not in self.namespaces:
            dns: Value = say("dnsSide")
            if dns["namespace"] == namespace and ports and all(p.first == p.last == DNS_PORT for p in ports):
                return dns
        if workload is None:
            raise self.unknown(name, stated)
        return self.selected(workload, stated)

    def workload(self, namespace: str, name: str) -> Value | None:
        """The workload of this name, or the one whose pod has this name: that with the longest name."""
        mine = [w for w in self.workloads if w["namespace"] == namespace]
        exact = [w for w in mine if w["name"] == name]
        begun = sorted((w for w in mine if name.startswith(w["name"] + "-")), key=lambda w: -len(w["name"]))
        return next(iter([*exact, *begun]), None)

    def selected(self, workload: Value, stated: Stated) -> Value:
        name = f"{workload['namespace']}/{workload['name']}"
        if not say("isGoverned", workload["end"]):
            message = f"`{name}` is in the network of its node: policies neither govern nor select it"
            help_ = "name the addresses of its nodes as a block, such as 10.0.0.0/24"
            raise DiagnosticError([Diagnostic(NO_LABELS, message, stated.span, help=help_)])
        selector = workload["selector"]
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            message = f"`{name}` has no labels by which a policy could select it"
            help_ = "give its pod template a label, such as app"
            raise DiagnosticError([Diagnostic(NO_LABELS, message, stated.span, help=help_)])
        return side_of(workload)

    def through(self, stated: Stated) -> list[Value]:
        """What a connection to a Service is to the pods behind it, on their own ports."""
        _, namespace, name = stated.destination.split("/")
        service = next(
            (
                s
                for s in self.services
                if (s["metadata"].get("namespace"), s["metadata"]["name"]) == (namespace, name)
            ),
            None,
        )
        if service is None:
            raise self.unknown(stated.destination, stated)
        kept = [p for p in service["spec"].get("ports", ()) if _asked(p, stated.ports)]
        asked = {**service, "spec": {**service["spec"], "ports": kept}}
        ways = say("ways", asked, self.ends)
        if not ways:
            message = f"`{stated.destination}` leads to no workload at hand on the port that is asked"
            raise DiagnosticError([Diagnostic(NO_WORKLOAD, message, stated.span)])
        found: list[Value] = []
        for way in ways:
            workload = next(w for w in self.workloads if w["end"] is way["to"] or w["end"] == way["to"])
            port = {"protocol": way["protocol"], "first": way["port"], "last": way["port"]}
            found.append({"to": self.selected(workload, stated), "ports": [port]})
        return found

    def unknown(self, name: str, stated: Stated) -> DiagnosticError:
        from difflib import get_close_matches

        known = sorted({f"{w['namespace']}/{w['name']}" for w in self.workloads})
        near = get_close_matches(name, known, n=3, cutoff=0.5) or known[:3]
        help_ = (
            f"there are {', '.join(near)}; all pods of a namespace are {name.partition('/')[0]}/*"
            if near
            else ""
        )
        return DiagnosticError(
            [Diagnostic(NO_WORKLOAD, f"no workload is called `{name}`", stated.span, help=help_)]
        )

    def alike(self, wanted: Sequence[Value]) -> list[tuple[str, str]]:
        """Workloads that a policy cannot tell apart: (one that is named, one that its selector selects
        too).
        """
        named = [w for w in self.governed if any(side_of(w) in (each["from"], each["to"]) for each in wanted)]
        return [
            (f"{one['namespace']}/{one['name']}", f"{other['namespace']}/{other['name']}")
            for one in named
            for other in self.governed
            if other is not one and say("isOnSide", side_of(one), other["end"])
        ]


def told_apart(workloads: Sequence[Value]) -> list[Value]:
    """The workloads, of which those that share a name in a namespace bear their kind in it: as policies are
    named.
    """
    names = [(w["namespace"], w["name"]) for w in workloads]
    return [
        {**w, "name": f"{w['name']}-{w['kind'].lower()}"} if names.count(name) > 1 else w
        for w, name in zip(workloads, names, strict=True)
    ]


def _is_block(name: str) -> bool:
    try:
        ipaddress.ip_network(name)
    except ValueError:
        return False
    return True


def _asked(port: Value, ports: Sequence[Port]) -> bool:
    protocol = port.get("protocol") or "TCP"
    return not ports or any(
        p.protocol == protocol and (not p.first or p.first <= port["port"] <= p.last) for p in ports
    )
