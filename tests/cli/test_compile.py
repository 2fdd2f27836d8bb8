"""`kspec compile`: the folder is whole, the model runs, and its tests pass under plain pytest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran, quiet_environment
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

APP = """
cluster tiny { pool worker { nodes: 2  cpu: 2  memory: 4Gi  pods: 10 } }
namespace shop {
  Deployment db {
    spec: { replicas: 2  selector.matchLabels: { app: "db" } }
    spec.template { metadata.labels: { app: "db" }  spec.containers[db]: { image: "postgres:17" } }
  }
  NetworkPolicy closed {
    spec: { podSelector: {}  ingress: [{ from: [{ podSelector.matchLabels: { role: "client" } }] }] }
  }
}
function isClient(p: network.Endpoint): bool {
  return p.namespace == "shop" && "role" in p.labels && p.labels["role"] == "client"
}
prove "only clients": forall p in pods, port in 1..65535:
  reaches(p, deployment/shop/db, port) implies isClient(p)
prove "nobody": forall p in pods: !reaches(p, deployment/shop/db, 5432)
prove "each by each": forall d in cluster.deployments, p in pods:
  reaches(p, d, 80) implies isClient(p)
prove "someone": exists p in pods: reaches(p, deployment/shop/db, 5432)
assert "two": cluster.deployments.all(d, d.spec.replicas == 2)
prove "later": eventually size(cluster.pods) > 0
"""
OUTSIDE = """
import model
world = model.world()
assert world.run_until_quiet().quiet
assert len(list(world.store.objects("core.Pod"))) == 2
assert model.PROPERTIES["two"](model.cluster) is True
print(sorted(model.PROPERTIES))
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, compiled once."""
    from kspec.cli.main import run

    folder = tmp_path_factory.mktemp("compiled")
    (folder / "app.kspec").write_text(APP)
    assert run(["compile", str(folder / "app.kspec"), "-o", str(folder / "out")]) == 0
    return folder / "out"


def python(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        cwd=folder,
        env=quiet_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_every_part_is_there(compiled: Path) -> None:
    assert sorted(p.relative_to(compiled).as_posix() for p in compiled.rglob("*") if p.is_file()) == [
        "README.md",
        "model.py",
        "nodes.yaml",
        "objects.yaml",
        "plan.json",
        "plan.txt",
        "smt/each_by_each.smt2",
        "smt/nobody.smt2",
        "smt/only_clients.smt2",
        "smt/someone.smt2",
        "test_model.py",
    ]


def test_the_plan_is_a_plan(compiled: Path) -> None:
    assert_valid("plan", json.loads((compiled / "plan.json").read_text()))


def test_the_model_can_be_imported_and_run(compiled: Path) -> None:
    done = python(compiled, "-c", OUTSIDE)
    assert done.returncode == 0, done.stderr
    assert "only clients" in done.stdout


@pytest.mark.slow
def test_its_tests_pass_under_plain_pytest(compiled: Path) -> None:
    done = python(compiled, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_model.py")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "7 passed, 1 skipped" in done.stdout


@pytest.mark.slow
def test_a_wrong_model_fails_its_tests(compiled: Path, tmp_path: Path) -> None:
    """The tests can fail: a property that no longer asks who the client is."""
    for path in compiled.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    model = tmp_path / "model.py"
    text = model.read_text()
    assert text.count('== "client"') == 1
    model.write_text(text.replace('== "client"', '== "stranger"'))
    done = python(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_model.py", "-k", "only_clients"
    )
    assert done.returncode == 1


def test_without_properties(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "app.kspec").write_text('namespace n { ConfigMap c { data.a: "b" } }')
    ran = kspec("compile", tmp_path / "app.kspec", "-o", tmp_path / "out", "--format", "json")
    assert ran.code == 0, ran.err
    assert_valid("compile", ran.json)
    assert "test_model.py" in ran.json["files"]


def test_a_mistake_leaves_nothing(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "app.kspec").write_text("namespace n {")
    assert kspec("compile", tmp_path / "app.kspec", "-o", tmp_path / "out").code == 2
    assert not (tmp_path / "out").exists()
