"""`kspec plan`, as a user meets it; what plans contain is tested in tests/unit/plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran, quiet_environment
from support.schemas import assert_valid

Kspec = Callable[..., Ran]


def deployment(replicas: int, cpu: str = "100m") -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        f"spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: "
        "{labels: {app: web}}, spec: {containers: [{name: web, image: shop/web, "
        f"resources: {{requests: {{cpu: {cpu}}}}}}}]}}}}}}\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "two.yaml").write_text(deployment(2))
    (tmp_path / "three.yaml").write_text(deployment(3))
    (tmp_path / "huge.yaml").write_text(deployment(1, cpu="900"))
    (tmp_path / "wrong.yaml").write_text("kind: Pod\n")
    return tmp_path


def test_totals_come_first(kspec: Kspec, folder: Path) -> None:
    ran = kspec("plan", folder / "two.yaml")
    assert ran.code == 0
    assert ran.out.startswith(
        "Plan: 1 to create, 0 to change, 0 to replace, 0 to delete.\nPods: 2 of 2 running"
    )
    assert "+ Deployment default/web" in ran.out


def test_the_assumed_cluster_is_named(kspec: Kspec, folder: Path) -> None:
    assert "Cluster: assumed, 3 nodes with 4 CPU, 16Gi memory" in kspec("plan", folder / "two.yaml").out


def test_a_change(kspec: Kspec, folder: Path) -> None:
    ran = kspec("plan", folder / "three.yaml", "--from", folder / "two.yaml")
    assert "~ spec.replicas: 2 -> 3" in ran.out
    assert "1 new" in ran.out


def test_a_pod_that_fits_nowhere_says_why(kspec: Kspec, folder: Path) -> None:
    ran = kspec("plan", folder / "huge.yaml")
    assert ran.code == 0
    assert "Insufficient cpu" in ran.out


class TestExitCodes:
    def test_bad_input(self, kspec: Kspec, folder: Path) -> None:
        assert kspec("plan", folder / "wrong.yaml").code == 2

    def test_no_paths(self, kspec: Kspec) -> None:
        assert kspec("plan").code == 2

    @pytest.mark.parametrize(
        ("new", "old", "code"),
        [("two", "two", 0), ("three", "two", 2), ("wrong", "two", 1), ("none", "two", 1)],
    )
    def test_detailed(self, kspec: Kspec, folder: Path, new: str, old: str, code: int) -> None:
        """As terraform has them: 0 nothing to do, 1 error, 2 changes."""
        args = (folder / f"{new}.yaml", "--from", folder / f"{old}.yaml", "--detailed-exitcode")
        assert kspec("plan", *args).code == code

    def test_detailed_with_bad_usage_is_an_error_and_not_changes(self, kspec: Kspec, folder: Path) -> None:
        assert kspec("plan", folder / "two.yaml", "--detailed-exitcode", "--nonsense").code == 1

    def test_the_format_does_not_matter(self, kspec: Kspec, folder: Path) -> None:
        args = (folder / "three.yaml", "--from", folder / "two.yaml", "--detailed-exitcode")
        assert kspec("plan", *args, "--format", "json").code == 2


class TestJson:
    def test_it_has_a_schema(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("plan", folder / "three.yaml", "--from", folder / "two.yaml", "--format", "json")
        assert_valid("plan", ran.json)
        assert ran.json["totals"]["change"] == 1

    def test_mistakes_are_a_document_too(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("plan", folder / "wrong.yaml", "--format", "json")
        assert_valid("diagnostics", ran.json)
        assert {d["code"] for d in ran.json["diagnostics"]} == {"KS2602"}
        assert "error[KS2602]" in ran.err

    def test_a_saved_plan_is_the_printed_one(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("plan", folder / "two.yaml", "-o", folder / "plan.json", "--format", "json")
        assert json.loads((folder / "plan.json").read_text()) == ran.json

    def test_a_failed_run_leaves_an_old_file_as_it_was(self, kspec: Kspec, folder: Path) -> None:
        saved = folder / "plan.json"
        saved.write_text("old")
        assert kspec("plan", folder / "wrong.yaml", "-o", saved).code == 2
        assert saved.read_text() == "old"

    def test_it_is_the_same_under_every_hash_seed(self, process: Callable[..., Ran], folder: Path) -> None:
        args = ("plan", ROOT / "examples" / "shop" / "shop.kspec", "--format", "json")
        outs = {process(*args, PYTHONHASHSEED=seed).out for seed in ("0", "1", "7")}
        assert len(outs) == 1


class TestNodes:
    def test_nodes_from_a_file(self, kspec: Kspec, folder: Path) -> None:
        nodes = folder / "nodes.yaml"
        nodes.write_text(
            "apiVersion: v1\nkind: NodeList\nitems:\n- metadata: {name: big}\n"
            "  status: {allocatable: {cpu: '1000', memory: 64Gi, pods: '10'}}\n"
        )
        ran = kspec("plan", folder / "huge.yaml", "--nodes", nodes, "--format", "json")
        assert [p["node"] for p in ran.json["pods"]] == ["big"]

    def test_a_file_without_nodes(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("plan", folder / "two.yaml", "--nodes", folder / "two.yaml")
        assert (ran.code, "error[KS1906]" in ran.err) == (2, True)


class TestParams:
    SHOP = "param size: int = 2\nDeployment web {\n" + (
        '  spec: { replicas: size  selector.matchLabels: { app: "web" }  template {\n'
        '    metadata.labels: { app: "web" }  spec.containers[web].image: "web" } }\n}\n'
    )

    def test_a_param(self, kspec: Kspec, tmp_path: Path) -> None:
        path = tmp_path / "web.kspec"
        path.write_text(self.SHOP)
        assert kspec("plan", path, "--param", "size=5", "--format", "json").json["totals"]["pods"] == 5

    def test_a_misspelt_param(self, kspec: Kspec, tmp_path: Path) -> None:
        path = tmp_path / "web.kspec"
        path.write_text(self.SHOP)
        ran = kspec("plan", path, "--param", "sizes=5")
        assert ran.code == 2
        assert "did you mean `size`?" in ran.err


class TestColour:
    def colours(self, kspec: Kspec, folder: Path, *args: str) -> bool:
        return "\x1b[" in kspec("plan", folder / "two.yaml", *args).out

    def test_none_where_there_is_no_terminal(self, kspec: Kspec, folder: Path) -> None:
        assert not self.colours(kspec, folder)

    def test_always_and_never(self, kspec: Kspec, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.colours(kspec, folder, "--color", "always")
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert self.colours(kspec, folder)
        assert not self.colours(kspec, folder, "--color", "never")
        monkeypatch.setenv("NO_COLOR", "1")
        assert not self.colours(kspec, folder)
        assert self.colours(kspec, folder, "--color", "always")


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
@pytest.mark.parametrize(("term", "coloured"), [("xterm", True), ("dumb", False)])
def test_on_a_terminal(folder: Path, term: str, coloured: bool) -> None:
    import pty

    main, side = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "kspec", "plan", str(folder / "two.yaml")],
        stdout=side,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=quiet_environment(TERM=term),
    )
    done.wait(60)
    os.close(side)
    assert (b"\x1b[" in os.read(main, 65536)) is coloured
    os.close(main)


FULL = """
cluster small {
  options.nodes: { clusterCIDR: "10.9.0.0/27"  nodeCIDRMaskSizeIPv4: 29 }
  options.nodes.serviceClusterIPRange: "10.8.0.0/24"
  pool w { nodes: 1  cpu: 8  memory: 16Gi }
}
namespace a {
  Deployment web {
    spec.replicas: 6
    spec.selector.matchLabels: { app: "web" }
    spec.template.metadata.labels: { app: "web" }
    spec.template.spec.containers[web]: { image: "i" }
  }
  Service six {
    spec: { ipFamilyPolicy: "RequireDualStack"  selector: { app: "web" }  ports: [{ port: 80 }] }
  }
}
"""


def test_ranges_that_are_said_run_out_and_refuse(kspec: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.kspec").write_text(FULL)
    ran = kspec("plan", tmp_path)
    assert ran.code == 1 and "this cluster is not configured for dual-stack services" in ran.out, ran.out
    assert "6 of 6 running on 1 nodes, 1 of them without an address" in ran.out
    assert (
        "stays in ContainerCreating (FailedCreatePodSandBox): no address is left for pods of w-0" in ran.out
    )
    both = "nodes.serviceClusterIPRange=10.8.0.0/24,fd00::/112"
    ran = kspec("plan", tmp_path, "--option", both, "--format", "json")
    given = {r["object"]["name"]: r for r in json.loads(ran.out)["addresses"]["given"]}
    assert given["six"]["given"] == {"clusterIP": "10.8.0.17", "clusterIPs[1]": "fd00::101"}
    assert sum("so" in row for row in given.values()) == 1
    ran = kspec("plan", tmp_path, "--option", "nodes.clusterCIDR=10.0.0.0/33")
    assert ran.code == 2 and "KS1930" in ran.err and "such as 10.0.0.0/16" in ran.err


def node_port(name: str, port: int, address: str = "") -> str:
    asked = f"clusterIP: {address}, " if address else ""
    return (
        f"---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{type: NodePort, {asked}"
        f"selector: {{app: web}}, ports: [{{port: 80, nodePort: {port}}}]}}}}\n"
    )


def test_numbers_that_another_service_has_are_refused(kspec: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(node_port("a", 30080, "10.96.3.3") + node_port("b", 30080))
    ran = kspec("plan", tmp_path)
    assert ran.code == 1 and "1 refused" in ran.out, ran.out
    assert (
        "Service default/b  would be refused: Invalid: spec.ports: Invalid: provided port is already"
        in ran.out
    )
    (tmp_path / "a.yaml").write_text(node_port("a", 30080, "10.96.3.3") + node_port("c", 30081, "10.96.3.3"))
    assert "provided IP is already allocated" in kspec("plan", tmp_path).out
    (tmp_path / "a.yaml").write_text(node_port("c", 80))
    assert kspec("plan", tmp_path).code == 0
    ran = kspec("plan", tmp_path, "--option", "nodes.serviceNodePortRange=30000-30100")
    assert ran.code == 1 and "The range of valid ports is 30000-30100" in ran.out, ran.out
