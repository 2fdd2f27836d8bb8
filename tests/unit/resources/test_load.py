"""Workspaces out of files, folders, patterns and standard input: what is read, skipped, and wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kspec.data import root
from kspec.resources.load import Workspace, load_workspace
from kspec.source import Diagnostic, Severity

CORPUS = root().parent / "shared" / "corpus"


def pod(name: str, extra: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{extra}}}\nspec: {{containers: [{{name: c}}]}}\n"
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def names(workspace: Workspace) -> list[str]:
    return [o.key.name for o in workspace.objects]


def codes(workspace: Workspace) -> list[str]:
    return [d.code for d in workspace.diagnostics]


def only(workspace: Workspace) -> Diagnostic:
    assert len(workspace.diagnostics) == 1, workspace.diagnostics
    return workspace.diagnostics[0]


def test_files_folders_patterns_and_stdin_in_order(folder: Path) -> None:
    write("k8s/b.yaml", pod("b"))
    write("k8s/a.yml", pod("a"))
    write("k8s/deep/c.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}')
    write("k8s/note.txt", "not: read")
    write("d.yaml", pod("d"))
    write("more/x/e.yaml", pod("e"))
    loaded = load_workspace(["k8s", "d.yaml", "more/**/*.yaml", "-"], stdin=lambda: pod("f").encode())
    assert loaded.ok and not loaded.diagnostics
    assert names(loaded) == ["a", "b", "c", "d", "e", "f"]
    assert loaded.files == ("k8s/a.yml", "k8s/b.yaml", "k8s/deep/c.json", "d.yaml", "more/x/e.yaml", "-")
    assert str(loaded.objects[0].locate(("metadata", "name"))) == "k8s/a.yml:3:18"


def test_a_file_reached_twice_is_read_once(folder: Path) -> None:
    write("k8s/a.yaml", pod("a"))
    os.symlink("k8s/a.yaml", "link.yaml")
    loaded = load_workspace(["k8s", "k8s/a.yaml", "./k8s/../k8s", "link.yaml", "k8s/*.yaml"])
    assert names(loaded) == ["a"] and not loaded.diagnostics


def test_hidden_and_ignored_files_are_left_out(folder: Path) -> None:
    os.mkdir(".git")
    write(".gitignore", "build/\n*.gen.yaml\n!keep.gen.yaml\n/k8s/top.yaml\n# note\n")
    write("k8s/.gitignore", "local-?.yaml\ndeep/**/x.yaml\n")
    for name in (
        ".hidden.yaml",
        ".dir/a.yaml",
        "build/a.yaml",
        "a.gen.yaml",
        "top.yaml",
        "local-1.yaml",
        "deep/b/x.yaml",
    ):
        write(f"k8s/{name}", pod("never"))
    for name in ("keep.gen.yaml", "local-10.yaml", "sub/top.yaml", "deep/b/y.yaml"):
        write(f"k8s/{name}", pod(name.replace("/", "-").replace(".", "-")))
    assert names(load_workspace(["k8s"])) == [
        "deep-b-y-yaml",
        "keep-gen-yaml",
        "local-10-yaml",
        "sub-top-yaml",
    ]
    assert names(load_workspace(["k8s/local-1.yaml"])) == ["never"], "what is named is read"


def test_nothing_to_read_is_a_mistake(folder: Path) -> None:
    os.mkdir("empty")
    assert codes(load_workspace([])) == ["KS2613"]
    assert codes(load_workspace(["nope.yaml"])) == ["KS2608"]
    assert codes(load_workspace(["empty"])) == ["KS2609"]
    assert codes(load_workspace(["x/*.yaml"])) == ["KS2609"]
    assert not load_workspace(["nope.yaml"]).ok


def test_folder_loops_are_told_and_end(folder: Path) -> None:
    write("a/b/p.yaml", pod("p"))
    os.symlink("..", "a/b/up")
    loaded = load_workspace(["a"])
    assert names(loaded) == ["p"]
    assert only(loaded).code == "KS2611" and only(loaded).severity is Severity.WARNING


def test_unreadable_files_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, mode: str) -> object:
        raise PermissionError(13, "Permission denied")

    write("a/p.yaml", pod("p"))
    monkeypatch.setattr("kspec.resources.files.open", refuse, raising=False)
    mistake = only(load_workspace(["a"]))
    assert (mistake.code, mistake.message) == ("KS2610", "`a/p.yaml` cannot be read: permission denied")


def test_links_that_lead_nowhere_are_told(folder: Path) -> None:
    os.mkdir("a")
    os.symlink("gone.yaml", "a/p.yaml")
    assert codes(load_workspace(["a"])) == ["KS2610"]
    assert codes(load_workspace(["a/p.yaml"])) == ["KS2610"]


def test_unreadable_stdin_is_told() -> None:
    def broken() -> bytes:
        raise OSError(5, "Input/output error")

    assert codes(load_workspace(["-"], stdin=broken)) == ["KS2610"]


def test_kustomize_and_helm_are_skipped_with_a_note(folder: Path) -> None:
    write("k/kustomization.yaml", "resources: [p.yaml]\n")
    write("k/p.yaml", pod("p"))
    write("chart/Chart.yaml", "apiVersion: v2\nname: x\n")
    write("chart/templates/d.yaml", "{{ if .Values.x }}\n")
    write("chart/crds/c.yaml", pod("crd"))
    write("other.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
    loaded = load_workspace(["."])
    assert names(loaded) == ["crd", "p"]
    assert codes(loaded) == ["KS2612"] * 3 and loaded.ok


def test_files_of_other_tools_are_skipped_in_folders_only(folder: Path) -> None:
    write("a/mkdocs.yml", "site_name: x\n")
    write("a/p.yaml", pod("p"))
    assert codes(load_workspace(["a"])) == ["KS2612"]
    assert codes(load_workspace(["a/mkdocs.yml"])) == ["KS2602", "KS2602"]


def test_lists_are_flattened_with_places(folder: Path) -> None:
    write(
        "l.yaml",
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}\n"
        "- apiVersion: v1\n  kind: PodList\n  items:\n"
        "  - metadata: {name: b}\n    spec: {containers: [], nope: 1}\n",
    )
    loaded = load_workspace(["l.yaml"])
    assert names(loaded) == ["a", "b"]
    assert loaded.objects[1].kind is not None and loaded.objects[1].kind.kind == "Pod"
    mistake = only(loaded)
    assert (
        mistake.code == "KS2501" and str(mistake.span) == "l.yaml:9:28" and mistake.path == ("spec", "nope")
    )
    write("m.yaml", "apiVersion: v1\nkind: List\nitems: {a: 1}\n---\nkind: List\n")
    assert codes(load_workspace(["m.yaml"])) == ["KS2606"]


def test_two_objects_of_one_identity(folder: Path) -> None:
    write(
        "a.yaml", pod("a") + "---\n" + pod("a", ", namespace: default") + "---\n" + pod("a", ", namespace: b")
    )
    loaded = load_workspace(["a.yaml"])
    mistake = only(loaded)
    assert (mistake.code, mistake.message) == ("KS2615", "there are two objects Pod default/a")
    assert str(mistake.span) == "a.yaml:8:18" and [str(s) for s, _ in mistake.notes] == ["a.yaml:3:18"]
    assert [str(o.key) for o in loaded.objects] == ["Pod default/a", "Pod b/a"]


def test_two_versions_of_one_object_are_one_identity(folder: Path) -> None:
    head = "kind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    head += "spec: {maxReplicas: 1, scaleTargetRef: {kind: D, name: d}}\n"
    write("a.yaml", f"apiVersion: autoscaling/v1\n{head}---\napiVersion: autoscaling/v2\n{head}")
    assert codes(load_workspace(["a.yaml"])) == ["KS2615"]


def test_generated_names_are_no_identity(folder: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n"
    write("a.yaml", f"{text}---\n{text}")
    loaded = load_workspace(["a.yaml"])
    assert loaded.ok and len(loaded.objects) == 2


def test_namespaces_are_filled_in_and_taken_away(folder: Path) -> None:
    write("a.yaml", pod("a") + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, namespace: x}\n")
    loaded = load_workspace(["a.yaml"], namespace="shop")
    assert [str(o.key) for o in loaded.objects] == ["Pod shop/a", "Namespace ns"]
    assert loaded.objects[0].value["metadata"]["namespace"] == "shop"
    assert loaded.objects[0].decoded is not None
    assert loaded.objects[0].decoded["metadata"]["namespace"] == "shop"
    assert only(loaded).code == "KS2605" and loaded.ok


def test_unknown_kinds_are_kept_and_named(folder: Path) -> None:
    write("a.yaml", "apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: t}\nspec: {a: 1}\n")
    loaded = load_workspace(["a.yaml"])
    assert loaded.ok and loaded.unmodelled == {("x.example/v1", "Thing"): 1}
    assert loaded.objects[0].decoded is None and loaded.objects[0].value["spec"] == {"a": 1}


def test_built_in_kinds_of_a_version_that_is_not_served(folder: Path) -> None:
    write("a.yaml", "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: t}\n")
    mistake = only(load_workspace(["a.yaml"]))
    assert mistake.code == "KS2604" and mistake.help == "write `apiVersion: apps/v1`"


@pytest.mark.parametrize(
    ("api_version", "kind", "help_"),
    [
        ("apps/v1", "Deploymnet", "did you mean `Deployment`?"),
        ("v1", "deployment", "did you mean `Deployment`?"),
        ("v1", "Deployment", "Deployment is served in `apps/v1`"),
        ("apps/v7", "Sandbox", ""),
    ],
)
def test_misspelt_built_in_kinds(folder: Path, api_version: str, kind: str, help_: str) -> None:
    write("a.yaml", f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: t}}\n")
    mistake = only(load_workspace(["a.yaml"]))
    assert (mistake.code, mistake.help) == ("KS2604", help_)


def test_kubernetes_versions(folder: Path) -> None:
    head = "apiVersion: networking.k8s.io/v1beta1\nkind: IPAddress\nmetadata: {name: t}\n"
    write("a.yaml", head + "spec: {parentRef: {name: a, resource: b}}\n")
    assert load_workspace(["a.yaml"], version="1.32").ok
    assert codes(load_workspace(["a.yaml"], version="1.37")) == ["KS2604"]
    assert codes(load_workspace(["a.yaml"], version="1.99")) == ["KS2614"]


def test_not_strict_makes_unknown_fields_warnings(folder: Path) -> None:
    write("a.yaml", pod("a") + "extra: 1\n")
    assert not load_workspace(["a.yaml"]).ok
    loaded = load_workspace(["a.yaml"], strict=False)
    assert loaded.ok and only(loaded).severity is Severity.WARNING


def test_all_mistakes_of_all_files_in_order(folder: Path) -> None:
    write("b.yaml", "a: [\n---\nkind: Pod\n---\n" + pod("b") + "status: 3\n")
    write("a.yaml", "- 1\n---\n" + pod("b").replace("name: b", "name: 7"))
    loaded = load_workspace(["b.yaml", "a.yaml"])
    assert codes(loaded) == ["KS2401", "KS2602", "KS2502", "KS2601", "KS2603"]
    assert all(d.span is not None for d in loaded.diagnostics)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not at hand")
@pytest.mark.parametrize(
    "application", ["argo-cd", "cassandra", "guestbook", "kube-prometheus", "online-boutique"]
)
def test_real_applications_load_without_a_mistake(application: str) -> None:
    loaded = load_workspace([str(CORPUS / application)])
    assert loaded.ok
    assert {d.severity for d in loaded.diagnostics} <= {Severity.NOTE}
    assert loaded.objects and all(o.decoded is not None for o in loaded.objects if o.kind)
    assert (application == "kube-prometheus") == bool(loaded.unmodelled)
