"""Custom resources: their definitions extend the types, and their objects are checked like all others."""

from __future__ import annotations

from pathlib import Path

from kspec.ir.types import DYN, INT, STRING, TIMESTAMP, ListOf, MapOf, Record, show
from kspec.resources.crd import with_crds
from kspec.resources.load import load_workspace
from kspec.resources.types import load_types

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.ops.example.com}
spec:
  group: ops.example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups, singular: backup, shortNames: [bk]}
  versions:
  - name: v1beta1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object}}
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A backup. Made nightly.
        required: [spec]
        properties:
          spec:
            type: object
            required: [schedule, keep]
            properties:
              schedule: {type: string, enum: [daily, weekly]}
              keep: {type: integer, format: int32, default: 7}
              port: {x-kubernetes-int-or-string: true}
              since: {type: string, format: date-time}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              half:
                type: object
                x-kubernetes-preserve-unknown-fields: true
                properties: {a: {type: string}}
              tags: {type: object, additionalProperties: {type: array, items: {type: string}}}
              any: {}
              template:
                type: object
                x-kubernetes-embedded-resource: true
                x-kubernetes-preserve-unknown-fields: true
              targets:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, weight: {type: number}}
          status: {type: object, properties: {ready: {type: boolean}}}
"""

BACKUP = """\
---
apiVersion: ops.example.com/v1
kind: Backup
metadata: {name: a}
spec:
  schedule: %s
  port: http
  since: 2026-01-02T03:04:05Z
  free: {x: [1]}
  half: {a: b, c: 1}
  template: {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: 3}
  targets: [{name: t, weight: 1}]
"""


def raw(text: str, tmp_path: Path) -> dict[str, object]:
    (tmp_path / "crd.yaml").write_text(text)
    return load_workspace([str(tmp_path / "crd.yaml")]).objects[0].value


def test_kinds_and_records(tmp_path: Path) -> None:
    table = with_crds(load_types(), [raw(CRD, tmp_path)])
    kind = table.find_kind("ops.example.com/v1", "Backup")
    assert kind is not None
    assert (kind.record, kind.plural, kind.namespaced, kind.short_names) == (
        "ops.Backup",
        "backups",
        True,
        ("bk",),
    )
    older = table.find_kind("ops.example.com/v1beta1", "Backup")
    assert older is not None and older.record == "ops.v1beta1.Backup" and table.records[older.record].open
    assert table.find_kind("ops.example.com/v1alpha1", "Backup") is None
    assert table.records["ops.Backup"].description == "A backup"
    fields = table.records["ops.Backup.spec"].fields
    assert {name: show(f.type) for name, f in fields.items()} == {
        "schedule": "string", "keep": "int", "port": "dyn", "since": "timestamp", "free": "dyn", "any": "dyn",
        "half": "ops.Backup.spec.half", "tags": "map(string, list(string))",
        "template": "ops.Backup.spec.template", "targets": "list(ops.Backup.spec.targets)",
    }  # fmt: skip
    assert fields["schedule"].enum == ("daily", "weekly") and fields["schedule"].required
    assert fields["keep"].default == 7 and not fields["keep"].required and fields["keep"].format == "int32"
    assert fields["targets"].list_keys == ("name",) and fields["port"].format == "int-or-string"
    assert table.records["ops.Backup.spec.half"].open
    assert table.records["core.Pod"] is not None
    assert (fields["port"].type, fields["keep"].type, fields["since"].type) == (DYN, INT, TIMESTAMP)
    assert fields["tags"].type == MapOf(STRING, ListOf(STRING))
    assert table.records["ops.Backup"].fields["metadata"].type == Record("meta.ObjectMeta")


def test_objects_of_the_kind_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BACKUP.removeprefix("---\n") % "daily" + "---\n" + CRD)
    loaded = load_workspace([str(tmp_path)])
    assert loaded.ok and not loaded.unmodelled
    assert loaded.objects[0].kind is not None and loaded.objects[0].key.namespace == "default"
    decoded = loaded.objects[0].decoded
    assert decoded is not None and decoded["spec"]["half"] == {"a": "b", "c": 1}
    assert decoded["spec"]["targets"] == [{"name": "t", "weight": 1.0}]


def test_mistakes_in_objects_of_the_kind(tmp_path: Path) -> None:
    text = CRD + BACKUP % "hourly" + "  nope: 1\nstatus: {ready: 1}\n"
    (tmp_path / "a.yaml").write_text(text)
    told = [(d.code, d.path) for d in load_workspace([str(tmp_path)]).diagnostics]
    assert told == [
        ("KS2505", ("spec", "schedule")),
        ("KS2501", ("spec", "nope")),
        ("KS2502", ("status", "ready")),
    ]


def test_a_group_whose_short_name_is_taken(tmp_path: Path) -> None:
    crd = raw(CRD.replace("ops.example.com", "apps.example.com"), tmp_path)
    kind = with_crds(load_types(), [crd]).find_kind("apps.example.com/v1", "Backup")
    assert kind is not None and kind.record == "apps.example.com.Backup"


def test_broken_definitions_add_nothing_and_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"
        "spec: {group: 3, names: [], versions: [1, {name: 2}, {name: v1, schema: 3}], scope: Cluster}\n"
    )
    loaded = load_workspace([str(tmp_path)])
    assert not loaded.ok and len(loaded.diagnostics) >= 4


def test_what_the_rules_declare_goes_before_a_definition(tmp_path: Path) -> None:
    """Else its objects would be records that no rule asks for."""
    crd = CRD.replace("ops.example.com", "policy.networking.k8s.io").replace("v1beta1", "v1alpha1", 1)
    crd = crd.replace("kind: Backup", "kind: AdminNetworkPolicy").replace(
        "plural: backups", "plural: adminnetworkpolicies"
    )
    policy = (
        "apiVersion: policy.networking.k8s.io/v1alpha1\n"
        "kind: AdminNetworkPolicy\n"
        "metadata: {name: a}\n"
        "spec: {priority: 1, subject: {namespaces: {}}}\n"
    )
    for text in (policy, f"{crd}\n---\n{policy}"):
        file = tmp_path / "all.yaml"
        file.write_text(text)
        workspace = load_workspace([str(file)])
        assert workspace.ok, workspace.diagnostics
        assert [o.kind.record for o in workspace.objects if o.kind and o.key.name == "a"] == [
            "network.AdminNetworkPolicy"
        ]
        assert len({(k.api_version, k.kind) for k in workspace.table.kinds}) == len(workspace.table.kinds)
    file.write_text(policy.replace("priority", "prority"))
    assert any("no field `prority`" in d.message for d in load_workspace([str(file)]).diagnostics)
