"""`kspec import` and `kspec export`: there and back is the identity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

MANIFEST = """\
# What customers see.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {open: "yes"}}
spec:
  replicas: 2   # one is not enough
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: shop/web, resources: {requests: {cpu: 0.5}}}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_text(MANIFEST)
    return path


def test_import_keeps_comments_and_shortens(kspec: Kspec, manifest: Path) -> None:
    ran = kspec("import", manifest)
    assert ran.code == 0
    assert "// What customers see." in ran.out
    assert "// one is not enough" in ran.out
    assert "containers[web]" in ran.out
    assert "What customers see" not in kspec("import", manifest, "--no-comments").out


def test_what_was_imported_exports_as_the_original(kspec: Kspec, manifest: Path, tmp_path: Path) -> None:
    kspec("import", manifest, "-o", tmp_path / "web.kspec")
    assert kspec("export", tmp_path / "web.kspec").out == kspec("export", manifest).out


@pytest.mark.parametrize("name", ["argo-cd", "cassandra", "guestbook", "kube-prometheus", "online-boutique"])
def test_real_manifests_there_and_back(kspec: Kspec, shared: Path, tmp_path: Path, name: str) -> None:
    folder, made = shared / "corpus" / name, tmp_path / f"{name}.kspec"
    assert kspec("import", folder, "-o", made).code == 0
    assert kspec("fmt", "--check", made).code == 0
    assert kspec("export", made).out == kspec("export", folder).out


def test_export_is_canonical(kspec: Kspec, manifest: Path) -> None:
    ran = kspec("export", manifest)
    assert ran.out.startswith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n")
    assert "cpu: 500m" in ran.out
    assert 'open: "yes"' in ran.out
    again = manifest.with_name("again.yaml")
    again.write_text(ran.out)
    assert kspec("export", again).out == ran.out


def test_the_example_in_both_languages_is_the_same(kspec: Kspec) -> None:
    shop = ROOT / "examples" / "shop"
    written = kspec("export", shop / "shop.kspec").out
    assert written == kspec("export", shop / "yaml").out
    assert written.count("\n---\n") > 3


@pytest.mark.parametrize("name", ["export", "import"])
def test_as_json(kspec: Kspec, manifest: Path, name: str) -> None:
    assert_valid(name, kspec(name, manifest, "--format", "json").json)


def test_from_standard_input(process: Callable[..., Ran]) -> None:
    ran = process("import", "-", stdin=MANIFEST)
    assert ran.out.startswith("// What customers see.\nDeployment web {")


def test_a_mistake_leaves_no_file(kspec: Kspec, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("kind: Pod\nmetadata: {name: a}\n")
    assert kspec("export", wrong, "-o", tmp_path / "out.yaml").code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["wrong.yaml"]
