"""`kspec suggest policies`, as a user meets it: just what is wanted, from statements and from flow logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]


def workload(namespace: str, name: str, labels: str, port: int = 8080, kind: str = "Deployment") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}, spec: "
        f"{{containers: [{{name: c, image: x, ports: [{{name: http, containerPort: {port}}}]}}]}}}}}}\n"
    )


SHOP = "---\n".join(
    [
        workload("shop", "web", "{app: web}"),
        workload("shop", "db", "{app: db}", 5432),
        workload('"n"', "api", "{app: api}"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
        "spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n",
    ]
)
CHECKS = """
prove "web alone reaches the database, on its port":
  forall p in pods, port in 1..65535:
    reaches(p, deployment/shop/db, port)
      == (p.namespace == "shop" && "app" in p.labels && p.labels["app"] == "web" && port == 5432)
prove "web answers those that are asked for, and no others":
  forall p in pods, port in 1..65535 where p.namespace != "shop" && p.namespace != "n":
    !reaches(p, deployment/shop/web, port) || port == 8080
"""


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return tmp_path / "shop.yaml"


def allowing(*connections: str) -> list[str]:
    return [part for each in connections for part in ("--allow", each)]


def test_what_is_suggested_lets_through_just_what_is_wanted(kspec: Kspec, manifests: Path) -> None:
    """The properties of a user's own hold of it; and none of its parts is superfluous."""
    ran = kspec(
        "suggest", "policies", manifests, *allowing("shop/web -> shop/db:5432", "any -> service/shop/web:80")
    )
    assert ran.code == 0, ran.err
    assert ran.out.startswith(
        "# Proved: of what may leave or enter the pods of n, shop, these let through just\n"
    )
    assert "# `any` opens the other end alone: pods of n, shop also need" in ran.out
    policies = manifests.with_name("policies.yaml")
    policies.write_text(ran.out)
    checks = manifests.with_name("checks.kspec")
    checks.write_text(CHECKS)
    assert kspec("verify", manifests, policies, checks).code == 0
    found = kspec("analyze", manifests, policies, "--format", "json").json["sections"]
    codes = {f["code"] for s in found for f in s["findings"]}
    assert codes <= {"KS3110"}, codes


def test_it_is_the_same_each_time_and_in_whatever_order(kspec: Kspec, manifests: Path) -> None:
    wanted = [
        "shop/web -> shop/db:5432",
        '"n"/api -> shop/web:8080'.replace('"', ""),
        "n/api -> shop/web:9090-9099",
    ]
    one = kspec("suggest", "policies", manifests, *allowing(*wanted), "--format", "json").json
    other = kspec("suggest", "policies", manifests, *allowing(*reversed(wanted)), "--format", "json").json
    assert_valid("policies", one)
    assert one["policies"] == other["policies"]
    assert [p["metadata"]["name"] for p in one["policies"]] == [
        "default-deny",
        "api",
        "default-deny",
        "db",
        "web",
    ]


def test_names_that_yaml_would_misread_are_quoted(kspec: Kspec, manifests: Path) -> None:
    ran = kspec("suggest", "policies", manifests, *allowing("n/api -> shop/db:5432"))
    assert 'kubernetes.io/metadata.name: "n"' in ran.out
    assert 'namespace: "n"' in ran.out


def test_both_families_of_addresses(kspec: Kspec, manifests: Path) -> None:
    wanted = allowing("shop/web -> 10.0.0.0/8:443", "shop/web -> [fd00::/8]:443,8443/UDP", "any -> shop/db")
    ran = kspec("suggest", "policies", manifests, *wanted, "--dns", "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json["verdict"] == "proved"
    peers = str(ran.json["policies"])
    assert "10.0.0.0/8" in peers and "fd00::/8" in peers and "kube-dns" in peers


def test_workloads_that_labels_do_not_tell_apart_are_told(kspec: Kspec, manifests: Path) -> None:
    canary = manifests.with_name("canary.yaml")
    canary.write_text(workload("shop", "canary", "{app: web, track: canary}"))
    ran = kspec("suggest", "policies", manifests, canary, *allowing("shop/web -> shop/db:5432"))
    assert ran.code == 1
    assert "shop/canary has all labels by which shop/web is selected" in ran.err


HUBBLE: list[dict[str, Any]] = [
    {
        "flow": {
            "verdict": "FORWARDED",
            "IP": {"source": "10.0.0.1", "destination": "10.0.0.2"},
            "l4": {"TCP": {"source_port": 40000, "destination_port": 5432}},
            "source": {"namespace": "shop", "pod_name": "web-6d4cf56db6-x", "workloads": [{"name": "web"}]},
            "destination": {"namespace": "shop", "pod_name": "db-7b-y"},
            "is_reply": reply,
            "traffic_direction": "EGRESS",
        }
    }
    for reply in (False, True)
]
CALICO = {
    "action": "allow", "proto": "tcp", "dest_port": 5432, "reporter": "src",
    "source_type": "wep", "source_namespace": "shop", "source_name_aggr": "web-6d4cf56db6-*",
    "dest_type": "wep", "dest_namespace": "shop", "dest_name_aggr": "db-7b-*",
}  # fmt: skip
LOGS = {
    "hubble.json": "\n".join(map(json.dumps, HUBBLE)),
    "calico.log": json.dumps(CALICO) + "\n" + json.dumps({**CALICO, "action": "deny", "dest_port": 22}),
    "flows.csv": "src,dst,port,protocol\nshop/web,shop/db,5432,TCP\n",
    "flows.yaml": "- from: shop/web\n  to: shop/db\n  port: 5432\n",
    "flows.txt": "# what there is\nshop/web -> shop/db:5432\n",
}


@pytest.mark.parametrize("name", LOGS)
def test_a_flow_log_is_the_same_as_what_it_shows(kspec: Kspec, manifests: Path, name: str) -> None:
    log = manifests.with_name(name)
    log.write_text(LOGS[name])
    stated = kspec(
        "suggest", "policies", manifests, *allowing("shop/web -> shop/db:5432"), "--format", "json"
    )
    shown = kspec("suggest", "policies", manifests, "--flows", log, "--format", "json")
    assert shown.code == 0, shown.err
    assert shown.json["policies"] == stated.json["policies"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("shop/web", "KS3201"),
        ("shop/web -> shop/db:0", "KS3201"),
        ("shop/web -> shop/db:90-80", "KS3201"),
        ("shop/web -> shop/db:80/ICMP", "KS3201"),
        ("shop/web -> 10.0.0.0/40", "KS3201"),
        ("shop/web -> shop/dbs:5432", "KS3203"),
        ("any -> 10.0.0.0/8", "KS3203"),
        ("any -> service/shop/web:81", "KS3203"),
    ],
)
def test_what_is_no_connection_is_told(kspec: Kspec, manifests: Path, wanted: str, code: str) -> None:
    ran = kspec("suggest", "policies", manifests, *allowing(wanted))
    assert (ran.code, ran.out) == (2, "")
    assert f"error[{code}]" in ran.err


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', "- [", "- a", "src,dst\n,\n", "\x00", "x"])
def test_what_is_no_flow_log_is_told(kspec: Kspec, manifests: Path, text: str) -> None:
    log = manifests.with_name("log")
    log.write_text(text)
    ran = kspec("suggest", "policies", manifests, "--flows", log)
    assert ran.code == 2, ran.out
    assert "error[KS320" in ran.err


def test_something_must_be_wanted(kspec: Kspec, manifests: Path) -> None:
    assert kspec("suggest", "policies", manifests).code == 2
