"""A user's objects: what they hold, where their fields stand, and what parameters and templates make of
them.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.rules import library, parsed, shown, table, user_of

from kspec.elaborate.manifests import Manifest
from kspec.elaborate.user import User, elaborate_user
from kspec.runtime.values import Quantity
from kspec.syntax import ast


def user(text: str, **params: object) -> User:
    made = user_of(text, **params)
    assert not made.diagnostics, shown(made.diagnostics)
    return made


def value(text: str, **params: object) -> dict[str, Any]:
    (manifest,) = user(text, **params).objects
    return manifest.value


def at(manifest: Manifest, *path: str | int) -> str:
    return manifest.positions[path].text


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("250m", "250m"),
        ("0.25", "250m"),
        ("2", "2"),
        ("1024Mi", "1Gi"),
        ('"1500m"', "1500m"),
        ("1000k", "1M"),
        ("n", "1Gi"),
    ],
)
def test_quantities_are_written_canonically(written: str, canonical: str) -> None:
    text = (
        f"param n: quantity = 1024Mi\nPod p {{ spec.containers[a].resources.limits: {{ cpu: {written} }} }}"
    )
    assert value(text)["spec"]["containers"][0]["resources"] == {"limits": {"cpu": canonical}}


@pytest.mark.parametrize(("written", "kept"), [("3", 3), ('"25%"', "25%"), ("n", 5), ("n > 2 ? 1 : 2", 1)])
def test_a_number_or_a_text_stays_what_it_is(written: str, kept: object) -> None:
    made = value(f"param n: int = 5\nDeployment d {{ spec.strategy.rollingUpdate.maxSurge: {written} }}")
    assert made["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == kept


def test_labels_and_annotations_are_texts() -> None:
    made = value(
        """param on: bool = true
        Pod p { metadata.labels: { a: 1  b: false  c: 1.50  d: 5m  e: on  f: 1 + 1 } }"""
    )
    assert made["metadata"]["labels"] == {
        "a": "1",
        "b": "false",
        "c": "1.50",
        "d": "5m",
        "e": "true",
        "f": "2",
    }


def test_elements_by_name_are_merged() -> None:
    made = value(
        """Pod p {
          spec.containers[a].image: "x"
          spec.containers[b]: { image: "y" }
          spec.containers[a].env[K].value: "v"
          spec { containers[b] { tty: true } }
        }"""
    )
    assert made["spec"]["containers"] == [
        {"name": "a", "image": "x", "env": [{"name": "K", "value": "v"}]},
        {"name": "b", "image": "y", "tty": True},
    ]


def test_null_leaves_a_field_out() -> None:
    assert value("param n: int = 1\nPod p { spec.nodeName: null  spec.priority: n > 1 ? n : null }") == {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {},
    }  # fmt: skip


def test_a_file_may_call_its_own_functions() -> None:
    text = """function twice(n: int): int { return n * 2 }
    function four(n: int): int { return twice(twice(n)) }
    Deployment d { spec.replicas: four(2) }"""
    assert value(text)["spec"]["replicas"] == 8


# ---------------------------------------------------------------- kinds and namespaces


@pytest.mark.parametrize(
    ("written", "api_version"),
    [
        ("Deployment", "apps/v1"),
        ("apps.Deployment", "apps/v1"),
        ("HorizontalPodAutoscaler", "autoscaling/v2"),
        ("autoscaling.v1.HorizontalPodAutoscaler", "autoscaling/v1"),
        ("events.Event", "events.k8s.io/v1"),
    ],
)
def test_kinds_by_name(written: str, api_version: str) -> None:
    made = value(f"{written} x {{ }}")
    assert (made["apiVersion"], made["kind"]) == (api_version, written.rpartition(".")[2])


def test_a_version_that_is_given_is_taken() -> None:
    assert (
        value('HorizontalPodAutoscaler x { apiVersion: "autoscaling/v1" }')["apiVersion"] == "autoscaling/v1"
    )
    custom = value('Backup b { apiVersion: "example.org/v1"  spec: { anything: [1, { goes: 250m }] } }')
    assert custom == {
        "apiVersion": "example.org/v1", "kind": "Backup", "metadata": {"name": "b"},
        "spec": {"anything": [1, {"goes": "250m"}]},
    }  # fmt: skip


def test_a_kind_of_ones_own() -> None:
    text = """type Backup { spec: BackupSpec }
    type BackupSpec { keep: int }
    resource Backup { group: "example.org"  version: "v1"  scope: "Cluster" }
    namespace n { Backup b { spec.keep: 3 } }"""
    made = user(text)
    assert made.objects[1].value == {
        "apiVersion": "example.org/v1", "kind": "Backup", "metadata": {"name": "b"}, "spec": {"keep": 3},
    }  # fmt: skip
    assert made.types.find_kind("example.org/v1", "Backup") is not None
    assert [d.code for d in user_of(text.replace("spec.keep", "spec.kept")).diagnostics] == ["KS2212"]


def test_namespaces_are_made_once_and_filled_in() -> None:
    made = user(
        """namespace a { Pod p { }  ClusterRole r { } }
        namespace b { labels: { x: "y" } }
        namespace a { annotations: { k: "v" } }
        namespace c { }
        Namespace d { metadata.labels: { own: "1" } }
        namespace d { Pod q { } }"""
    )
    found = {(m.value["kind"], m.value["metadata"]["name"]): m for m in made.objects}
    assert len(found) == len(made.objects)
    assert found["Pod", "p"].value["metadata"]["namespace"] == "a"
    assert "namespace" not in found["ClusterRole", "r"].value["metadata"]
    assert found["Namespace", "a"].value["metadata"] == {"name": "a", "annotations": {"k": "v"}}
    assert found["Namespace", "d"].value["metadata"] == {"name": "d", "labels": {"own": "1"}}
    implied = {name for (kind, name), m in found.items() if kind == "Namespace" and m.implied}
    assert implied == {"c"}, "only a block without fields gives way to a manifest from elsewhere"


# ---------------------------------------------------------------- places


def test_every_field_has_its_place() -> None:
    (made,) = user(
        """Deployment web {
          spec.replicas: 1 + 2
          spec.template.spec.containers[app]: { image: "x"  ports: [{ containerPort: 80 }] }
        }"""
    ).objects
    assert at(made, "spec", "replicas") == "1 + 2"
    assert at(made, "spec", "template") == "template"
    assert at(made, "spec", "template", "spec", "containers", 0) == "[app]"
    assert at(made, "spec", "template", "spec", "containers", 0, "image") == '"x"'
    assert at(made, "spec", "template", "spec", "containers", 0, "ports", 0, "containerPort") == "80"
    assert at(made, "metadata", "name") == "web"
    assert made.span.text.startswith("Deployment web {")


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    match value:
        case dict():
            return [leaf for k, v in value.items() for leaf in leaves(v, (*path, k))]
        case list():
            return [leaf for i, v in enumerate(value) for leaf in leaves(v, (*path, i))]
        case _:
            return [path]


def test_no_leaf_is_without_a_place() -> None:
    text = """template t(name: string) {
      Service (name) { spec.ports: [{ port: 80 }]  metadata.labels[a]: 1 }
    }
    namespace n {
      labels: { x: "y" }
      use t(name: "s")
      Pod p { spec: { containers[c].env[E].value: "1" } }
    }"""
    for made in user(text).objects:
        filled_in = {("metadata", "namespace")} if made.value["kind"] != "Namespace" else set()
        missing = [p for p in leaves(made.value) if p not in made.positions and p not in filled_in]
        assert not missing, made.value["kind"]


# ---------------------------------------------------------------- templates and parameters

NESTED = """param n: int = 1
template inner(name: string, count: int = n + 1, half: int = count / 2) {
  Deployment (name) { spec.replicas: count  spec.minReadySeconds: half }
}
template outer(name: string) { use inner(name: name + "-a", count: 10)  use inner(name: name + "-b") }
namespace x { use outer(name: "o") }
"""


def test_templates_use_templates() -> None:
    _, a, b = user(NESTED).objects
    assert a.value["spec"] == {"replicas": 10, "minReadySeconds": 5}
    assert b.value["spec"] == {"replicas": 2, "minReadySeconds": 1}
    assert [span.text for span in a.chain] == [
        'use outer(name: "o")',
        'use inner(name: name + "-a", count: 10)',
    ]
    assert b.value["metadata"] == {"name": "o-b", "namespace": "x"}


@pytest.mark.parametrize("given", [5, "5"])
def test_parameters_come_from_outside(given: object) -> None:
    assert user(NESTED, n=given).objects[2].value["spec"]["replicas"] == 6


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("string", "5", "5"), ("bool", "true", True), ("double", "2", 2.0), ("double", 1, 1.0),
        ("quantity", "1Gi", Quantity(2**30 * 10**9)), ("list(quantity)", ["1"], [Quantity(10**9)]),
        ("list(string)", '["a"]', ["a"]), ("list(string)", ["a"], ["a"]),
        ("map(string, int)", '{"a": 1}', {"a": 1}), ("dyn", "x", "x"),
    ],
)  # fmt: skip
def test_values_from_outside_are_typed(type_: str, given: object, expected: object) -> None:
    assert user(f"param p: {type_}", p=given).params["p"] == expected


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        ("int", "five"),
        ("int", True),
        ("int", 2**63),
        ("bool", "yes"),
        ("quantity", "1GB"),
        ("string", 5),
        ("list(int)", "1"),
    ],
)
def test_values_from_outside_of_another_type_are_mistakes(type_: str, given: object) -> None:
    (mistake,) = user_of(f"param p: {type_}", p=given).diagnostics
    assert mistake.code == "KS2235"


def test_a_mistake_in_a_template_is_told_once_and_one_in_its_use_with_the_way() -> None:
    text = """template t(n: int) { Deployment d { spec.replica: 1  spec.replicas: 6 / n } }
    template u(n: int) { use t(n: n) }
    use t(n: 1)
    use u(n: 0)
    use u(n: 3)"""
    field, division = user_of(text).diagnostics
    assert (field.code, field.notes) == ("KS2212", ())
    assert division.code == "KS2221"
    assert [span.text for span, _ in division.notes] == ["use t(n: n)", "use u(n: 0)"]


def test_declarations_of_an_imported_file_are_joined_by_the_reader() -> None:
    theirs = parsed(
        "param n: int = 4\ntemplate t(name: string) { Deployment (name) { spec.replicas: n } }", "a.kspec"
    )
    ours = parsed('use t(name: "x")', "b.kspec")
    made = elaborate_user(ast.Module((*theirs.declarations, *ours.declarations)), library(), table())
    assert not made.diagnostics
    assert made.objects[0].value["spec"]["replicas"] == 4
    assert made.objects[0].positions["spec", "replicas"].file.path == "a.kspec"


# ---------------------------------------------------------------- clusters


def test_pools_are_data() -> None:
    (cluster,) = user(
        """param most: int = 4
        cluster c {
          region: "eu"
          pool a { nodes: 2  cpu: 4  memory: 16Gi  labels: { disk: 1 }  taints: [{ key: "k"  effect:
          "NoSchedule" }] } pool b { nodes: 0..most }
        }"""
    ).clusters
    a, b = cluster.pools
    assert (a.nodes, b.nodes) == (2, (0, 4))
    assert a.fields["cpu"] == Quantity(4 * 10**9)
    assert a.fields["labels"] == {"disk": "1"}
    assert a.spans["memory"].text == "16Gi"
    assert cluster.fields == {"region": "eu"}
