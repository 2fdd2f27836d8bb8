"""`kspec suggest roles`, as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import ROOT, Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]


def event(number: int, verb: str, uri: str, user: str = "jane", decision: str = "allow") -> dict[str, Any]:
    groups = ["system:authenticated"]
    if user.startswith("system:serviceaccount:"):
        groups += ["system:serviceaccounts", "system:serviceaccounts:" + user.split(":")[2]]
    made: dict[str, Any] = {}
    if "/namespaces/" in uri:
        head, _, tail = uri.partition("?")[0].partition("/namespaces/")
        namespace, resource, *name = tail.split("/")
        group = {"apiGroup": head.split("/")[2]} if head.startswith("/apis") else {}
        reference = {"resource": resource, "namespace": namespace, "apiVersion": "v1", **group}
        made["objectRef"] = {**reference, "name": name[0]} if name else reference
    return {
        **made,
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Event",
        "auditID": str(number),
        "stage": "ResponseComplete",
        "verb": verb,
        "requestURI": uri,
        "user": {"username": user, "groups": groups},
        "annotations": {"authorization.k8s.io/decision": decision},
    }


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    def write(*events: tuple[Any, ...]) -> Path:
        path = tmp_path / "audit.log"
        path.write_text("".join(json.dumps(event(n, *e)) + "\n" for n, e in enumerate(events)))
        return path

    return write


def rules(ran: Ran, place: int = 0) -> list[Any]:
    roles = [m for m in json.loads(ran.out)["identities"][place]["manifests"] if "rules" in m]
    return [rule for role in roles for rule in role["rules"]]


def test_what_was_done_is_allowed_and_what_was_refused_is_not(kspec: Kspec, log: Callable[..., Path]) -> None:
    path = log(
        ("get", "/api/v1/namespaces/shop/secrets/db"),
        ("list", "/api/v1/namespaces/shop/pods"),
        ("watch", "/api/v1/namespaces/shop/pods?watch=true"),
        ("delete", "/api/v1/namespaces/shop/pods/web", "jane", "forbid"),
    )
    ran = kspec("suggest", "roles", "--audit", path, "--format", "json")
    assert ran.code == 0
    assert_valid("suggest-roles", json.loads(ran.out))
    assert rules(ran) == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["db"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
    ]
    assert "jane: 3 requests need 3 rights; all are allowed, none is spare" in ran.err


def test_many_names_become_all(kspec: Kspec, log: Callable[..., Path]) -> None:
    path = log(*(("get", f"/api/v1/namespaces/shop/pods/p{n}") for n in range(7)))
    few = kspec("suggest", "roles", "--audit", path, "--names-max", "10", "--format", "json")
    many = kspec("suggest", "roles", "--audit", path, "--format", "json")
    assert rules(few)[0]["resourceNames"] == [f"p{n}" for n in range(7)]
    assert "resourceNames" not in rules(many)[0]
    assert "all names are allowed to get pods" in many.err


def test_a_service_account_in_two_namespaces_gets_one_role(kspec: Kspec, log: Callable[..., Path]) -> None:
    user = "system:serviceaccount:ci:robot"
    path = log(*(("list", f"/apis/apps/v1/namespaces/{n}/deployments", user) for n in ("a", "b")))
    made = json.loads(kspec("suggest", "roles", "--audit", path, "--format", "json").out)["identities"][0]
    kinds = [(m["kind"], m["metadata"].get("namespace")) for m in made["manifests"]]
    assert kinds == [("ClusterRole", None), ("RoleBinding", "a"), ("RoleBinding", "b")]
    assert made["manifests"][1]["subjects"] == [
        {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}
    ]


def test_what_the_default_roles_allow_is_left_out(kspec: Kspec, log: Callable[..., Path]) -> None:
    path = log(("get", "/healthz"), ("get", "/api"))
    ran = kspec("suggest", "roles", "--audit", path)
    assert (ran.code, ran.out) == (0, "")
    assert "nothing was allowed that the default roles do not allow" in ran.err


def test_stars_in_a_request_are_not_taken_for_wildcards(kspec: Kspec, log: Callable[..., Path]) -> None:
    ran = kspec("suggest", "roles", "--audit", log(("get", "/logs/*")))
    assert ran.code == 3
    assert "1 event could not be read" in ran.err


AT_HAND = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: looker, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [watch]}
- {apiGroups: [""], resources: [pods], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: wide, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: exact, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: looker}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
"""


def test_a_role_at_hand_that_is_just_right_is_bound(
    kspec: Kspec, log: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "rbac.yaml").write_text(AT_HAND)
    looking = [(verb, "/api/v1/namespaces/shop/pods") for verb in ("list", "watch")]
    path = log(*looking)
    ran = kspec("suggest", "roles", "--audit", path, tmp_path / "rbac.yaml", "--format", "json")
    assert_valid("suggest-roles", ran.json)
    (jane,) = ran.json["identities"]
    assert [m["kind"] for m in jane["manifests"]] == ["RoleBinding"]
    assert jane["manifests"][0]["roleRef"]["name"] == "looker"
    assert [(r["kind"], r["place"]["line"]) for r in jane["reused"]] == [("Role", 1)]
    more = log(*looking, ("get", "/api/v1/namespaces/shop/pods/a"))
    ran = kspec("suggest", "roles", "--audit", more, tmp_path / "rbac.yaml", "--format", "json")
    assert ran.json["identities"][0]["reused"] == []


def test_rights_that_nobody_was_seen_to_use(kspec: Kspec, log: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "rbac.yaml").write_text(AT_HAND)
    path = log(("list", "/api/v1/namespaces/shop/pods"), ("list", "/api/v1/namespaces/other/pods"))
    ran = kspec("suggest", "roles", "--audit", path, tmp_path / "rbac.yaml", "--format", "json")
    uses = {u["binding"]: u for u in ran.json["identities"][0]["uses"]}
    exact, wide = uses["RoleBinding shop/exact"], uses["RoleBinding shop/wide"]
    assert (exact["rights"], exact["used"], exact["spare"]) == (2, 1, ["watch pods"])
    assert wide["used"] == 1 and "get configmaps" in wide["spare"]
    assert len(wide["spare"]) == wide["rights"] - 1


def test_the_suggestion_stands_up_to_the_log(kspec: Kspec, tmp_path: Path) -> None:
    """What `suggest roles` writes, `conform --audit` accepts."""
    log = ROOT / "examples" / "access" / "audit.log"
    made = tmp_path / "roles.yaml"
    made.write_text(kspec("suggest", "roles", "--audit", log).out)
    ran = kspec("conform", "--audit", log, made, "--bootstrap")
    assert "the model says forbid" not in ran.out
