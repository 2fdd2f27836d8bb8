"""Knows what is to be said of Services, Ingresses and workloads: what is cut off, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kspec.cli.reviewing.manifests import Cluster, Reviewed
from kspec.source import Severity

if TYPE_CHECKING:
    from kspec.report.analysis import Finding

IDLE, NO_DNS, NOBODY = "KS3106", "KS3110", "KS3111"
NOTHING_BEHIND, NO_TARGET, NO_BACKEND = "KS3112", "KS3113", "KS3114"
NAMES_MAX = 5


def remarks(reviewed: Reviewed) -> Iterator[Finding]:
    """What the objects at hand say by themselves."""
    return _Services(reviewed).remarks()


def names(reviewed: Reviewed) -> Iterator[Finding]:
    """Workloads that policies keep from asking for names."""
    return _Services(reviewed).names()


def services(reviewed: Reviewed) -> Iterator[Finding]:
    """Services on none of whose ports anyone who could exist may enter a pod behind them."""
    return _Services(reviewed).services()


class _Services:
    """The Services, Ingresses and workloads under review."""

    def __init__(self, reviewed: Reviewed) -> None:
        self.of = reviewed

    # ---------------------------------------------------------------- what the objects say by themselves

    def remarks(self) -> Iterator[Finding]:
        from kspec.report.analysis import SHOWN, Finding

        for function in ("idlePolicies", "serviceRemarks", "ingressRemarks"):
            for remark in self.of.call(function, self.of.cluster):
                code, severity, text, help_ = REMARKS[remark["about"]]
                obj = {"metadata": {"namespace": remark["namespace"], "name": remark["name"]}}
                path = [int(p) if p.isdigit() else p for p in remark.get("path", ())]
                subject = self.of.name(remark["objects"], obj)
                named = list(dict.fromkeys(remark.get("names", ())))
                message = text.format(subject, *named, all=", ".join(named[:NAMES_MAX]))
                if remark["about"] in SELECTING and self.of.custom:
                    severity, help_ = Severity.NOTE, self.unseen()
                span = self.of.span(remark["objects"], obj, path)
                yield Finding(code, severity, message, span, SHOWN, "", subject, help_)

    def unseen(self) -> str:
        """Pods may come from custom resources in the input."""
        kinds = self.of.custom
        more = f" and {len(kinds) - NAMES_MAX} more kinds" if len(kinds) > NAMES_MAX else ""
        shown = ", ".join(kinds[:NAMES_MAX]) + more
        return f"pods that controllers make for custom resources are not seen; in the input are {shown}"

    # ---------------------------------------------------------------- DNS

    def names(self) -> Iterator[Finding]:
        """Workloads that policies keep from asking for names."""
        servers = self.of.call("dnsServers", self.of.cluster)
        cut: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
        for end in self.of.ends:
            cluster = self.of.around(end["namespace"])
            if not self.of.call("isRestricted", end, cluster):
                continue
            policies = tuple(self.of.call("governingEgress", end, cluster))
            for protocol in ("UDP", "TCP"):
                said = self.asks(end, servers, protocol, cluster)
                if said != "yes":
                    cut.setdefault((end["namespace"], protocol, said, policies), []).append(end["name"])
                    break
        for (namespace, protocol, said, policies), names in cut.items():
            yield self.no_names(namespace, protocol, said, policies, names)

    def asks(self, end: object, servers: object, protocol: str, cluster: Cluster) -> str:
        """`yes`, `no`, or why that is not known."""
        from kspec.runtime.values import EvalError

        try:
            return "yes" if self.of.call("asksForNames", end, servers, protocol, cluster) else "no"
        except EvalError as error:
            return error.message

    def no_names(
        self, namespace: str, protocol: str, said: str, policies: Sequence[str], names: Sequence[str]
    ) -> Finding:
        from kspec.report.analysis import SHOWN, UNDECIDED, Finding

        more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
        shown = ", ".join(names[:NAMES_MAX]) + more
        message = f"{shown} in {namespace} cannot ask for names over {protocol}"
        governing = [{"metadata": {"namespace": namespace, "name": each}} for each in policies]
        spans = [self.of.span("networkPolicies", each) for each in governing]
        notes = tuple((span, "governs what leaves it too") for span in spans[1:NAMES_MAX])
        first = spans[0] if spans else self.of.anywhere()
        severity = Severity.WARNING if protocol == "UDP" else Severity.NOTE
        subject = self.of.name("networkPolicies", governing[0]) if governing else f"Namespace {namespace}"
        verdict, reason = (SHOWN, NO_DNS_WHY) if said == "no" else (UNDECIDED, said)
        help_ = "allow egress to kube-system, label k8s-app: kube-dns, port 53 over UDP and TCP"
        return Finding(NO_DNS, severity, message, first, verdict, reason, subject, help_, notes)

    # ---------------------------------------------------------------- Services that nobody gets to

    def services(self) -> Iterator[Finding]:
        """Services on none of whose ports anyone who could exist may enter a pod behind them."""
        from kspec.report.analysis import PROVED, UNDECIDED, Finding

        for service in self.of.cluster.get("services", ()):
            ways = self.of.call("ways", service, self.of.ends)
            said = self.nobody(ways, self.of.around(service["metadata"].get("namespace", ""))) if ways else ""
            if said:
                subject = self.of.name("services", service)
                message = f"policies let nobody that could exist reach {subject} on any of its ports"
                verdict, reason = (PROVED, NOBODY_WHY) if said == "nobody" else (UNDECIDED, said)
                span = self.of.span("services", service, ("spec", "ports"))
                yield Finding(NOBODY, Severity.WARNING, message, span, verdict, reason, subject)

    def nobody(self, ways: Sequence[Mapping[str, Any]], cluster: Cluster) -> str:
        """`nobody`, "" if someone may enter, or why that is not known."""
        from kspec.solve.verdict import Holds, Unknown, Unsupported
        from kspec.verify.network.asking import someone_enters

        if any(self.enters_at_hand(way, cluster) for way in ways):
            return ""
        reason = "nobody"
        for way in ways:
            verdict = someone_enters(way["to"], way["port"], way["protocol"], cluster, self.of.setting)
            if isinstance(verdict, Holds):
                return ""
            if isinstance(verdict, (Unknown, Unsupported)):
                reason = verdict.reason
        return reason

    def enters_at_hand(self, way: Mapping[str, Any], cluster: Cluster) -> bool:
        """May some end at hand enter? Most Services need no other question."""
        from kspec.runtime.values import EvalError

        for origin in self.of.ends:
            try:
                if self.of.call("policiesAdmit", origin, way["to"], way["port"], way["protocol"], cluster):
                    return True
            except EvalError:
                continue
        return False


NO_DNS_WHY = "no egress rule lets it reach the cluster's DNS"
NOBODY_WHY = (
    "by policy no pod in any namespace and no address may enter any pod behind it on its target ports; what "
    "speaks with the address of its node may, whatever policies say"
)

SELECTING = ("idle policy", "selects nothing")
REMARKS: dict[str, tuple[str, Severity, str, str]] = {
    "idle policy": (
        IDLE,
        Severity.NOTE,
        "{0} selects no pod or workload at hand",
        "it may be meant for pods to come, or its labels are misspelt",
    ),
    "policy of the node's network": (
        IDLE,
        Severity.NOTE,
        "{0} selects only pods in the network of their node (hostNetwork): {all}",
        "Kubernetes leaves such pods to the plug-in, and most apply no NetworkPolicy to them",
    ),
    "selects nothing": (
        NOTHING_BEHIND,
        Severity.WARNING,
        "{0} selects no pod or workload at hand",
        "its selector must match the labels of a pod template in its namespace",
    ),
    "unknown target": (
        NO_TARGET,
        Severity.WARNING,
        "no pod behind {0} declares the port `{1}`, to which its port {2} leads",
        "name a port of the containers, or give a number",
    ),
    "undeclared target": (
        NO_TARGET,
        Severity.NOTE,
        "no pod behind {0} declares the port {1}, to which its port {2} leads",
        "a container may listen on a port that it does not declare; more often the number is wrong",
    ),
    "no such service": (
        NO_BACKEND,
        Severity.WARNING,
        "{0} leads to the Service `{1}`, which is not at hand",
        "the Service must be in the namespace of the Ingress",
    ),
    "no such port": (
        NO_BACKEND,
        Severity.WARNING,
        "{0} leads to port `{2}` of the Service `{1}`, which has no such port",
        "name a port of the Service, or give its number",
    ),
}
