"""`kspec analyze`, as a user meets it: findings, places, verdicts, exit codes; and what others get wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]
Found = list[dict[str, Any]]


def policy(spec: str, name: str = "web", namespace: str = "shop") -> str:
    return (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def pod(name: str, app: str, more: str = "", status: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{app: {app}}}}}\n"
        f"spec: {{{more}containers: [{{name: c, image: x, ports: [{{name: http, containerPort: 8080}}]}}]}}\n"
    ) + status


SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
    "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n"
)


@pytest.fixture
def findings(kspec: Kspec, tmp_path: Path) -> Callable[..., Found]:
    """The findings about these manifests, of JSON that its schema allows."""

    def call(*manifests: str, options: Sequence[str] = ()) -> Found:
        path = tmp_path / "k8s.yaml"
        path.write_text("---\n".join(manifests))
        ran = kspec("analyze", path, "--only", "network", "--format", "json", *options)
        assert ran.code in (0, 1, 3), ran.err
        assert_valid("analyze", ran.json)
        found: Found = ran.json["sections"][0]["findings"]
        return found

    return call


def told(found: Found) -> list[tuple[str, str]]:
    return [(f["code"], f["verdict"]) for f in found]


COVERED = policy(
    "{podSelector: {matchLabels: {app: web}}, ingress: [\n"
    "  {from: [{ipBlock: {cidr: 10.0.0.0/8}}]},\n"
    "  {from: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [{port: http}]}]}"
)


def test_a_finding_has_a_place_a_proof_and_what_covers_it(kspec: Kspec, tmp_path: Path) -> None:
    path = tmp_path / "k8s.yaml"
    path.write_text(COVERED)
    ran = kspec("analyze", path)
    assert ran.code == 1
    assert ran.out.startswith("1 warning in ")
    assert "warning[KS3102]: a rule of NetworkPolicy shop/web is superfluous" in ran.out
    assert f"--> {path}:6:3" in ran.out
    assert f"--> {path}:5:3  this rule covers it" in ran.out
    assert "  proved: without all that is found so" in ran.out
    assert "of IPv4 and IPv6" in ran.out


def test_without_findings_all_is_well(kspec: Kspec, tmp_path: Path) -> None:
    path = tmp_path / "k8s.yaml"
    path.write_text(policy("{podSelector: {}}"))
    ran = kspec("analyze", path)
    assert ran.code == 0, ran.out
    assert "nothing found" in ran.out


def test_two_that_say_the_same_go_one_by_one(findings: Callable[..., Found]) -> None:
    """Only one of two like policies goes: what is found can go together."""
    spec = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"
    found = findings(policy(spec, "a"), policy(spec, "b"))
    assert [(f["code"], f["subject"]) for f in found] == [("KS3101", "NetworkPolicy shop/b")]


def test_a_block_of_one_family_covers_nothing_of_the_other(findings: Callable[..., Found]) -> None:
    """0.0.0.0/0 is all addresses of IPv4 and none of IPv6, not even in disguise."""
    peers = '{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "fd00::/8"}}, {ipBlock: {cidr: "fd00:1::/32"}}'
    found = findings(policy(f"{{podSelector: {{}}, ingress: [{{from: [{peers}]}}]}}"))
    assert told(found) == [("KS3103", "proved")]
    assert found[0]["place"]["column"] > 100
    everything = findings(policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}'))
    assert not everything


def test_both_families_together_are_everything(findings: Callable[..., Found]) -> None:
    """Blocks match pods too, by upstream's tests; so these two are all ends, and no selector adds any."""
    peers = '{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "::/0"}}, {podSelector: {}}'
    open_ = policy(f"{{podSelector: {{matchLabels: {{a: b}}}}, ingress: [{{from: [{peers}]}}]}}")
    assert told(findings(open_)) == [("KS3105", "proved")]  # nothing is closed but by itself
    assert told(findings(open_, policy("{podSelector: {}}", "deny"))) == [("KS3103", "proved")]


def egress(*rules: str) -> str:
    return policy(f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{', '.join(rules)}]}}")


def test_a_named_port_opens_nothing_towards_an_address(findings: Callable[..., Found]) -> None:
    """To an address a name stands for no port; whether a pod at the address may declare it is an option."""
    outside = "{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: http}]}"
    assert told(findings(egress(outside))) == [("KS3105", "proved")]
    assert not findings(egress(outside), options=("--option", "network.namedPortsMatchBlocks=true"))
    assert told(findings(egress(outside, "{ports: [{protocol: TCP}, {protocol: UDP}, {protocol: SCTP}]}")))


def test_pods_in_the_network_of_their_node_are_neither_governed_nor_cut_off(
    findings: Callable[..., Found],
) -> None:
    agent = pod("agent", "web", "hostNetwork: true, ")
    deny = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")
    found = findings(pod("db", "db"), agent, deny)
    assert [f["code"] for f in found] == ["KS3106"]
    assert "only pods in the network of their node (hostNetwork): agent" in found[0]["message"]


def test_pods_that_have_ended_are_not_there(findings: Callable[..., Found]) -> None:
    ended = pod("web", "web", status="status: {phase: Succeeded, podIP: 10.0.0.1}\n")
    assert ("KS3112", "shown") in told(findings(pod("db", "db"), ended, SERVICE))


def test_a_namespace_called_n_is_a_name(findings: Callable[..., Found]) -> None:
    peer = '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "n"}}}'
    spec = f"{{podSelector: {{}}, ingress: [{{from: [{peer}, {{podSelector: {{}}}}]}}]}}"
    found = findings(policy(spec, namespace='"n"'))
    assert [(f["code"], f["subject"]) for f in found] == [("KS3103", "NetworkPolicy n/web")]


def test_a_peer_that_matches_nothing_is_told_from_one_that_others_cover(
    findings: Callable[..., Found],
) -> None:
    never = "{podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: DoesNotExist}]}}"
    spec = (
        f"{{podSelector: {{}}, ingress: [{{from: [{never}, {{podSelector: {{matchLabels: {{a: c}}}}}}]}}]}}"
    )
    assert told(findings(policy(spec))) == [("KS3105", "proved")]


def test_egress_to_dns_by_its_pods_or_by_its_port_is_enough(findings: Callable[..., Found]) -> None:
    for rule, codes in (
        ("{to: [{podSelector: {}}]}", ["KS3110"]),
        ("{ports: [{port: 53, protocol: UDP}, {port: 53}]}", []),
        ("{ports: [{port: 53, protocol: UDP}]}", ["KS3110"]),
        ("{to: [{namespaceSelector: {}}]}", []),
    ):
        found = findings(pod("web", "web"), egress(rule))
        assert [f["code"] for f in found] == codes, rule


def test_whether_a_block_holds_dns_is_not_known(kspec: Kspec, tmp_path: Path) -> None:
    path = tmp_path / "k8s.yaml"
    rule = "{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"
    path.write_text(pod("web", "web") + "---\n" + egress(rule))
    ran = kspec("analyze", path)
    assert ran.code == 3, ran.out
    assert "cannot ask for names over UDP?" in ran.out
    assert "not decided: the address of kube-system/kube-dns is not known" in ran.out


def test_a_service_that_only_an_unborn_namespace_may_reach_is_reached(findings: Callable[..., Found]) -> None:
    peer = "{namespaceSelector: {matchLabels: {team: none-yet}}}"
    some = policy(f"{{podSelector: {{}}, ingress: [{{from: [{peer}], ports: [{{port: 8080}}]}}]}}")
    wrong = policy(f"{{podSelector: {{}}, ingress: [{{from: [{peer}], ports: [{{port: 80}}]}}]}}")
    assert told(findings(pod("web", "web"), SERVICE, some)) == []
    assert told(findings(pod("web", "web"), SERVICE, wrong)) == [("KS3111", "proved")]


def test_a_policy_about_one_pod_of_a_stateful_set_is_not_idle(findings: Callable[..., Found]) -> None:
    one = "{podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: %s}}}"
    assert told(findings(STATEFUL, policy(one % "db-1"))) == []
    assert told(findings(STATEFUL, policy(one % "db-2"))) == [("KS3106", "shown")]


STATEFUL = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
"""
