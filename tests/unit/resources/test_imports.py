"""`.kspec` files among the inputs: what they declare, what they import, and what they say of the version."""

from __future__ import annotations

from pathlib import Path

import pytest

from kspec.data import root
from kspec.resources.load import Workspace, load_workspace

pytestmark = pytest.mark.skipif(
    not (root() / "generated" / "library.json").exists(), reason="`kspec generate` has not been run"
)

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def keys(workspace: Workspace) -> list[str]:
    return [str(o.key) for o in workspace.objects]


def test_imports_are_read_once_and_from_the_folder_of_the_file(folder: Path) -> None:
    write(
        "env/main.kspec",
        'import yaml "../k8s/**/*.yaml" as live\nimport kspec "more.kspec"\nConfigMap own {}\n',
    )
    write("env/more.kspec", 'import kspec "main.kspec"\nConfigMap other {}\n')
    write("k8s/deep/a.yaml", CONFIG % "a")
    loaded = load_workspace(["env/main.kspec", "k8s"])
    assert loaded.ok, loaded.diagnostics
    assert keys(loaded) == ["ConfigMap default/a", "ConfigMap default/own", "ConfigMap default/other"]
    assert loaded.files == ("env/main.kspec", "k8s/deep/a.yaml", "env/more.kspec")


def test_an_import_of_nothing_is_told_where_it_stands(folder: Path) -> None:
    write("main.kspec", 'ConfigMap own {}\nimport yaml "nope/*.yaml"\nimport kspec "gone.kspec"\n')
    told = [(d.code, str(d.span)) for d in load_workspace(["main.kspec"]).diagnostics]
    assert told == [("KS2609", "main.kspec:2:1"), ("KS2608", "main.kspec:3:1")]


def test_imported_definitions_extend_the_types(folder: Path) -> None:
    write(
        "crds/b.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: bs.x.example}\n"
        "spec:\n  group: x.example\n  scope: Namespaced\n  names: {kind: B, plural: bs}\n  versions:\n"
        "  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n"
        "        type: object\n"
        "        properties: {spec: {type: object, properties: {size: {type: integer}}}}\n",
    )
    write("main.kspec", 'import crds "crds"\nB mine { spec.size: 3 }\nB wrong { spec.m: 3 }\n')
    loaded = load_workspace(["main.kspec"])
    assert [d.message for d in loaded.diagnostics] == ["`x.B.spec` has no field `m`"]
    assert [o.key.name for o in loaded.objects] == ["bs.x.example", "mine", "wrong"]
    assert loaded.objects[1].value["spec"] == {"size": 3}


def test_the_version_that_a_file_declares(folder: Path) -> None:
    write("main.kspec", 'kubernetes "1.34"\nConfigMap a {}\n')
    assert load_workspace(["main.kspec"]).version == "1.34"
    assert load_workspace(["main.kspec"], version="1.35").version == "1.35"
    write("main.kspec", 'kubernetes "1.3"\nConfigMap a {}\n')
    assert [(d.code, str(d.span)) for d in load_workspace(["main.kspec"]).diagnostics] == [
        ("KS2614", "main.kspec:1:1")
    ]


def test_a_namespace_block_gives_way_to_the_object(folder: Path) -> None:
    write("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}}\n")
    write("main.kspec", "namespace shop { ConfigMap a {} }\n")
    loaded = load_workspace(["main.kspec", "ns.yaml"])
    assert loaded.ok and sorted(keys(loaded)) == ["ConfigMap shop/a", "Namespace shop"]
    namespace = next(o for o in loaded.objects if o.key.kind == "Namespace")
    assert namespace.value["metadata"]["labels"] == {"a": "b"}


def test_one_object_in_two_languages_is_a_mistake_with_both_places(folder: Path) -> None:
    write("a.yaml", CONFIG % "a")
    write("main.kspec", "ConfigMap a {}\n")
    mistakes = load_workspace(["main.kspec", "a.yaml"]).diagnostics
    assert [d.code for d in mistakes] == ["KS2615"]
    assert {str(mistakes[0].span), str(mistakes[0].notes[0][0])} == {"a.yaml:3:18", "main.kspec:1:11"}


def test_parameters_come_from_outside(folder: Path) -> None:
    write(
        "main.kspec",
        "param n: int = 3\nDeployment d { spec.replicas: n  spec.selector: {}  spec.template: {} }\n",
    )
    assert load_workspace(["main.kspec"]).objects[0].value["spec"]["replicas"] == 3
    loaded = load_workspace(["main.kspec"], params={"n": 5})
    assert loaded.objects[0].value["spec"]["replicas"] == 5 and loaded.params == {"n": 5}


def test_mistakes_of_the_language_and_of_yaml_in_one_run(folder: Path) -> None:
    write("a.kspec", "ConfigMap a { data: 3 }\nConfgMap b {}\n")
    write("b.yaml", CONFIG % "b" + "dta: {}\n")
    told = [(d.code[:3], str(d.span).partition(":")[0]) for d in load_workspace(["."]).diagnostics]
    assert told == [("KS2", "a.kspec"), ("KS2", "a.kspec"), ("KS2", "b.yaml")]
