"""`kspec analyze --only access`: roles and bindings that are refused, or that do not do what they seem to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

from kspec.cli.policy import bootstrap_objects
from kspec.cli.reviewing.mistakes import served
from kspec.conform.cluster import table
from kspec.verify.access.edges import call

Kspec = Callable[..., Ran]
RBAC = "rbac.authorization.k8s.io"


@cache
def serves() -> dict[str, Any]:
    return call("servesOf")(served(table()))  # type: ignore[no-any-return]


def rule(groups: str, resources: str, verbs: str, **more: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": groups.split(","),
        "resources": resources.split(","),
        "verbs": verbs.split(","),
        **more,
    }


@pytest.mark.parametrize(
    ("written", "namespace", "said"),
    [
        (rule("", "pods,pods/log,services/proxy", "get,list,watch"), "a", []),
        (rule("*", "*", "*"), "", []),
        (rule("", "deployments", "get"), "", ['`deployments` is of group "apps"']),
        (rule(",apps", "deployments", "get"), "", []),
        (rule("apps", "Deployment", "get"), "", ["no resource is called `Deployment`"]),
        (rule("apps", "deployment", "get"), "", ["there is no resource `deployment`"]),
        (rule("example.com", "deployment", "get"), "", []),  # a custom resource
        (rule("", "pods/*", "get"), "", ["`pods/*` is no pattern"]),
        (rule("", "pods/logs", "get"), "", ["`pods` has no part `logs`"]),
        (rule("", "*/scale", "get"), "", []),
        (rule("apps/v1", "deployments", "get"), "", ["no group is called `apps/v1`"]),
        (rule("core", "pods", "get"), "", ["no group is called `core`"]),
        (rule("", "pods", "GET,read"), "", ["the verb `GET`", "the verb `read`"]),
        (rule("", "users", "impersonate"), "", []),
        (rule(RBAC, "clusterroles", "bind,escalate"), "", []),
        (rule("", "nodes", "get"), "a", ["`nodes` is in no namespace"]),
        (rule("", "nodes", "get"), "", []),
        (rule("", "namespaces", "get"), "a", []),  # its own
        (rule("", "configmaps", "create", resourceNames=["x"]), "a", ["`create` with `resourceNames`"]),
        (rule("", "configmaps", "create,patch", resourceNames=["x"]), "a", []),  # applied
        (rule("", "serviceaccounts/token", "create", resourceNames=["x"]), "a", []),
        (rule("", "configmaps", "get", resourceNames=["x-*"]), "a", ["`x-*` is taken as it stands"]),
        (rule("certificates.k8s.io", "signers", "approve", resourceNames=["example.com/*"]), "", []),
        ({"nonResourceURLs": ["/a*", "*", "/healthz"], "verbs": ["get"]}, "", []),
        (
            {"nonResourceURLs": ["metrics", "/a/*/b"], "verbs": ["list"]},
            "",
            ["no path is `metrics`", "`/a/*/b` is only itself", "has the verb `list`"],
        ),
    ],
)
def test_what_a_rule_does_not_allow(written: dict[str, Any], namespace: str, said: list[str]) -> None:
    found = [m["message"] for m in call("doubtfulRule")(written, namespace, serves())]
    assert len(found) == len(said), found
    assert all(part in message for part, message in zip(said, found, strict=True)), found


@pytest.mark.parametrize(
    ("subject", "doubtful"),
    [
        ({"kind": "User", "name": "jane"}, False),
        ({"kind": "Group", "name": "system:serviceaccounts:shop"}, False),
        ({"kind": "User", "name": "system:serviceaccount:shop:web"}, False),
        ({"kind": "User", "name": "system:serviceaccount:shop/web"}, True),
        ({"kind": "User", "name": "system:masters"}, True),
        ({"kind": "Group", "name": "system:serviceaccount:shop:web"}, True),
        ({"kind": "User", "name": "*"}, True),
        ({"kind": "User", "name": "jane", "namespace": "shop"}, True),
        ({"kind": "ServiceAccount", "name": "web", "namespace": "shop"}, False),
    ],
)
def test_subjects(subject: dict[str, Any], doubtful: bool) -> None:
    assert bool(call("doubtfulSubject")(subject)) == doubtful


def test_the_default_roles_have_no_mistakes() -> None:
    for obj in bootstrap_objects(table()):
        value, namespace = obj.decoded or {}, obj.key.namespace
        for written in value.get("rules") or ():
            assert not call("doubtfulRule")(written, namespace, serves()), obj.key
        for subject in value.get("subjects") or ():
            assert not call("doubtfulSubject")(subject), obj.key


BINDINGS = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- {apiGroups: [""], resources: [pod], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticate"}
"""


def test_as_a_user_sees_it(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "rbac.yaml").write_text(BINDINGS)
    ran = kspec("analyze", tmp_path / "rbac.yaml", "--only", "access", "--format", "json")
    assert_valid("analyze", ran.json)
    assert ran.code == 1
    found = {(f["code"], f["place"]["line"]): f for s in ran.json["sections"] for f in s["findings"]}
    assert set(found) == {("KS4112", 5), ("KS4111", 12)}
    assert found["KS4112", 5]["help"] == "did you mean `pods`?"
    assert "`system:authenticated`" in found["KS4111", 12]["reason"]


def test_a_binding_that_is_refused_is_a_mistake(kspec: Kspec, tmp_path: Path) -> None:
    """A ClusterRoleBinding to a Role is never made, so that nothing can be said of it."""
    everywhere = BINDINGS.replace("RoleBinding", "ClusterRoleBinding").replace(
        "readers, namespace: shop", "readers"
    )
    (tmp_path / "rbac.yaml").write_text(everywhere)
    asked = ("jane", "get", "pods", "-n", "shop")
    for command in (("can", *asked), ("who-can", *asked[1:]), ("analyze",)):
        ran = kspec(*command, tmp_path / "rbac.yaml")
        assert ran.code == 2
        assert "KS2617" in ran.err and "rbac.yaml:10" in ran.err
