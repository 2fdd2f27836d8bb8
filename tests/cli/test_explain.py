"""`kspec explain`: codes, rules, pods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{containers: "
    "[{{name: c, image: i, resources: {{requests: {{cpu: {cpu}}}}}}}]}}\n"
)


class TestCodes:
    def test_a_page(self, kspec: Kspec) -> None:
        ran = kspec("explain", "ks2501")
        assert ran.code == 0
        assert ran.out.startswith("KS2501: an unknown field of an object\n")
        assert "```" not in ran.out

    def test_as_json(self, kspec: Kspec) -> None:
        ran = kspec("explain", "KS2501", "--format", "json")
        assert_valid("explain", ran.json)
        assert ran.json["text"].startswith("# KS2501")

    def test_an_unknown_one_names_its_family(self, kspec: Kspec) -> None:
        ran = kspec("explain", "KS2599")
        assert ran.code == 2
        assert "KS2501" in ran.err


class TestRules:
    def test_by_name_and_by_id(self, kspec: Kspec) -> None:
        ran = kspec("explain", "rule", "scheduling/NodeName")
        assert ran.code == 0
        assert "filter NodeName(pod: core.Pod, node: core.Node) {" in ran.out
        assert "As in: " in ran.out
        assert kspec("explain", "rule", "NodeName").out == ran.out

    def test_overloads_come_together(self, kspec: Kspec) -> None:
        assert kspec("explain", "rule", "network/reaches").out.count("function reaches(") > 2

    def test_as_json(self, kspec: Kspec) -> None:
        assert_valid("explain", kspec("explain", "rule", "NodeName", "--format", "json").json)

    def test_an_unknown_one_names_the_near(self, kspec: Kspec) -> None:
        ran = kspec("explain", "rule", "TaintTolerations")
        assert ran.code == 2
        assert "TaintToleration" in ran.err


class TestPods:
    @pytest.fixture
    def manifest(self, tmp_path: Path) -> Path:
        path = tmp_path / "pods.yaml"
        path.write_text(POD.format(name="small", cpu="100m") + "---\n" + POD.format(name="huge", cpu="900"))
        return path

    def test_one_that_runs(self, kspec: Kspec, manifest: Path) -> None:
        ran = kspec("explain", "pod", "shop/small", manifest)
        assert ran.code == 0
        assert "Pod shop/small is on node-0" in ran.out
        assert "NodeResourcesFit" in ran.out

    def test_one_that_does_not(self, kspec: Kspec, manifest: Path) -> None:
        ran = kspec("explain", "pod", "shop/huge", manifest)
        assert "is on no node" in ran.out
        assert "Insufficient cpu (NodeResourcesFit)" in ran.out

    def test_the_beginning_of_a_name_is_enough(self, kspec: Kspec, manifest: Path) -> None:
        assert kspec("explain", "pod", "sm", manifest).out.count("Pod shop/") == 1
        assert kspec("explain", "pod", "shop/", manifest).out.count("Pod shop/") == 2

    def test_as_json(self, kspec: Kspec, manifest: Path) -> None:
        ran = kspec("explain", "pod", "shop/", manifest, "--format", "json")
        assert_valid("explain", ran.json)
        huge, small = ran.json["pods"]
        assert (huge["node"], small["node"]) == (None, "node-0")
        assert all(n["reasons"] == ["Insufficient cpu"] for n in huge["nodes"])
        assert all("total" in n for n in small["nodes"])

    def test_scores_are_told_plug_in_by_plug_in(self, kspec: Kspec, manifest: Path) -> None:
        out = kspec("explain", "pod", "shop/small", manifest).out
        assert "it fits on 3 nodes: node-0 is the first by name of 3 with the highest total" in out
        assert "    TaintToleration x3                         0  100   300" in out

    def test_what_would_let_it_in(self, kspec: Kspec, manifest: Path) -> None:
        out = kspec("explain", "pod", "shop/huge", manifest).out
        assert "- container c asks for less cpu: 3900m instead of 900: then it fits on node-0" in out
        assert f"--> {manifest}:9:" in out

    def test_when_time_is_up_it_is_not_decided_what_would_let_it_in(
        self, kspec: Kspec, manifest: Path
    ) -> None:
        ran = kspec("explain", "pod", "shop/huge", manifest, "--timeout", "0")
        assert (ran.code, "timeout" in ran.out) == (3, True)

    def test_what_would_let_it_in_as_json(self, kspec: Kspec, manifest: Path) -> None:
        ran = kspec("explain", "pod", "shop/huge", manifest, "--format", "json")
        assert_valid("explain", ran.json)
        (one,) = [s for s in ran.json["pods"][0]["suggestions"] if s["changes"]]
        (change,) = one["changes"]
        assert (change["from"], change["to"]) == ("900", "3900m")
        assert change["place"].startswith(f"{manifest}:9:")

    def test_none_of_that_name(self, kspec: Kspec, manifest: Path) -> None:
        ran = kspec("explain", "pod", "shop/tiny", manifest)
        assert (ran.code, "error[KS1910]" in ran.err) == (2, True)


@pytest.mark.parametrize("args", [("nonsense",), ("rule",), ("pod", "shop/web")])
def test_what_cannot_be_explained_says_how_to_ask(kspec: Kspec, args: tuple[str, ...]) -> None:
    ran = kspec("explain", *args)
    assert ran.code == 2
    assert "kspec explain" in ran.err or "give a code" in ran.err


SERVED = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.1.0.2}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, clusterIP: 10.96.0.9, selector: {app: web},
  ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}}
"""


def test_a_service_in_words(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SERVED)
    ran = kspec("explain", "service", "shop/web", tmp_path)
    assert ran.code == 0
    for part in (
        "NodePort  10.96.0.9",
        "web.shop.svc.cluster.local",
        "port http 80/TCP -> http, on nodes 30080",
        "shop/web-1  10.1.0.2:8080 on n1  ready  closed but for closed",
        "no end at hand and no address outside may enter any of them",
    ):
        assert part in ran.out
    assert "KUBE-SVC" not in ran.out


def test_a_service_as_kube_proxy_has_it(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SERVED)
    ran = kspec("explain", "service", "web", tmp_path, "--iptables", "--format", "json")
    [story] = ran.json["services"]
    assert story["ports"][0]["backends"][0]["policies"] == ["closed"]
    assert any(line.startswith("-A KUBE-NODEPORTS") and "--dport 30080" in line for line in story["nat"])
    assert any(line.endswith("-j DNAT --to-destination 10.1.0.2:8080") for line in story["nat"])


BARE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""


def test_without_addresses_kube_proxy_is_shown_with_planned_ones(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BARE)
    plain = kspec("explain", "service", "shop/web", tmp_path, "--format", "json").json["services"][0]
    ran = kspec("explain", "service", "shop/web", tmp_path, "--iptables", "--format", "json")
    assert_valid("explain", ran.json)
    [story] = ran.json["services"]
    assert {k: v for k, v in story.items() if k not in ("nat", "filter", "assumptions")} == plain
    assert sum("--to-destination 10.244." in line for line in story["nat"]) == 2
    assert any("-d 10.96.1.1 " in line for line in story["nat"])
    assert story["filter"] == []
    assert story["assumptions"]
    text = kspec("explain", "service", "shop/web", tmp_path, "--iptables").out
    assert "as a plan gives them" in text


def test_an_address_of_one_family_only_gives_rules_of_that_one(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SERVED)
    ran = kspec("explain", "service", "web", tmp_path, "--iptables", "--format", "json")
    [story] = ran.json["services"]
    assert story["filter"] == [] and "assumptions" not in story


def test_mistakes_about_services(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SERVED)
    ran = kspec("explain", "service", "shop/wbe", tmp_path)
    assert ran.code == 2
    assert "KS1931" in ran.err and "shop/web" in ran.err
    assert kspec("explain", "pod", "shop/web", tmp_path, "--iptables").code == 2
