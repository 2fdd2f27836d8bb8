"""`kspec can`, `who-can`, `access` and `conform --audit`, as a user runs them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

POLICY = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
- {apiGroups: [""], resources: [secrets], resourceNames: [db], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
- {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
- {kind: Group, name: "system:serviceaccounts:ci", apiGroup: rbac.authorization.k8s.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics}
rules: [{nonResourceURLs: ["/metrics/*"], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scrape}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics}
subjects: [{kind: ServiceAccount, name: prom, namespace: ops}]
"""

LOST = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lost}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: lou, apiGroup: rbac.authorization.k8s.io}]
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "rbac.yaml"
    path.write_text(POLICY)
    return path


class TestCan:
    def test_by_which_binding_role_and_rule(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("can", "jane", "get", "pods/log", "web-1", "-n", "shop", policy)
        assert ran.code == 0
        assert "allowed  jane: get pods/log web-1 in shop" in ran.out
        assert f"RoleBinding shop/readers  {policy}:8" in ran.out
        assert f"ClusterRole reader, rule 1  {policy}:5" in ran.out

    def test_denied_with_what_comes_nearest(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("can", "jane", "get", "secrets", "web", "-n", "shop", policy)
        assert ran.code == 1
        assert "DENIED" in ran.out
        assert "only to objects named db" in ran.out
        assert f"{policy}:6" in ran.out
        elsewhere = kspec("can", "jane", "list", "po", "-n", "dev", policy)
        assert "only in namespace shop" in elsewhere.out
        other = kspec("can", "bob", "list", "pods", "-n", "shop", policy)
        assert "only to User jane" in other.out

    def test_a_role_that_is_not_in_the_input_is_named(self, kspec: Kspec, policy: Path) -> None:
        policy.write_text(POLICY + "---\n" + LOST)
        assert kspec("who-can", "list", "services", policy).code == 3
        ran = kspec("can", "lou", "list", "services", policy)
        assert ran.code == 3
        assert "ClusterRole view, which ClusterRoleBinding lost binds" in ran.out
        assert "--bootstrap" in ran.out
        assert kspec("can", "bob", "list", "services", policy).code == 1
        assert kspec("can", "lou", "list", "services", policy, "--bootstrap").code == 0

    def test_service_accounts_and_groups(self, kspec: Kspec, policy: Path) -> None:
        for user in ("sa:ci/bot", "system:serviceaccount:ci:bot", "group:system:serviceaccounts:ci"):
            assert kspec("can", user, "list", "pods", "-n", "shop", "-f", policy).code == 0
        assert kspec("can", "sa:dev/bot", "list", "pods", "-n", "shop", "-f", policy).code == 1
        assert kspec("can", "x", "delete", "ns", "-f", policy, "--as-group", "system:masters").code == 0

    def test_paths_of_the_server(self, kspec: Kspec, policy: Path) -> None:
        assert kspec("can", "sa:ops/prom", "get", "/metrics/slis", policy).code == 0
        assert kspec("can", "sa:ops/prom", "get", "/metrics", policy).code == 1

    def test_a_stream_needs_create_too(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("can", "jane", "get", "pods/exec", "web", "-n", "shop", policy, "--format", "json")
        assert_valid("can", ran.json)
        assert [f["request"]["verb"] for f in ran.json["further"]] == ["create"]

    def test_json_names_places(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("can", "jane", "get", "secrets", "db", "-n", "shop", policy, "--format", "json")
        assert_valid("can", ran.json)
        (grant,) = ran.json["grants"]
        assert ran.json["verdict"] == "allowed"
        assert (grant["binding"]["name"], grant["rule"]["index"]) == ("readers", 1)
        assert grant["rule"]["place"]["line"] == 6

    def test_a_webhook_is_not_known(self, kspec: Kspec, policy: Path) -> None:
        ask = ("can", "jane", "list", "pods", "-n", "shop", policy, "--authorization-mode")
        assert kspec(*ask, "Webhook,RBAC").code == 3
        assert kspec(*ask, "RBAC,Webhook").code == 0
        assert kspec(*ask, "AlwaysDeny").code == 1

    def test_a_kind_that_nobody_knows(self, kspec: Kspec, policy: Path) -> None:
        assert "did you mean `secrets`?" in kspec("can", "jane", "get", "secrts", policy).out
        assert "did you mean `list`?" in kspec("can", "jane", "lists", "pods", policy).out


class TestConfiguration:
    TEXT = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- type: Webhook
  name: guard
  webhook:
    failurePolicy: Deny
    matchConditions:
    - expression: has(request.resourceAttributes)
    - expression: request.resourceAttributes.namespace == 'shop'
- {type: Node, name: node}
- {type: RBAC, name: rbac}
"""

    def test_match_conditions_say_when_a_webhook_is_asked(
        self, kspec: Kspec, policy: Path, tmp_path: Path
    ) -> None:
        config = tmp_path / "authz.yaml"
        config.write_text(self.TEXT)
        ask = ("-f", policy, "--authorization-config", config)
        ran = kspec("can", "jane", "list", "pods", "-n", "shop", *ask)
        assert ran.code == 3
        assert "guard" in ran.out
        assert kspec("can", "jane", "list", "pods", "-n", "dev", *ask).code == 1
        assert kspec("can", "sa:ops/prom", "get", "/metrics/slis", *ask).code == 0

    SELECTING = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- type: Webhook
  name: guard
  webhook:
    failurePolicy: Deny
    matchConditions:
    - expression: "request.resourceAttributes.version == 'v1'"
    - expression: "request.resourceAttributes.?SELECTOR.hasValue()"
    - expression: >-
        request.resourceAttributes.SELECTOR.requirements.exists(r, r.key == 'tier' && r.values == ['db'])
"""

    @pytest.mark.parametrize(
        ("field", "option", "text", "code"),
        [
            ("labelSelector", "-l", "tier in (db)", 3),
            ("labelSelector", "-l", "tier==db,app", 3),
            ("labelSelector", "-l", "tier in (db,web)", 1),
            ("fieldSelector", "--field-selector", "tier=db", 3),
            ("fieldSelector", "--field-selector", "tier", 1),
        ],
    )
    def test_conditions_read_selectors(
        self, kspec: Kspec, tmp_path: Path, field: str, option: str, text: str, code: int
    ) -> None:
        (tmp_path / "authz.yaml").write_text(self.SELECTING.replace("SELECTOR", field))
        ask = ("--bootstrap", "--authorization-config", tmp_path / "authz.yaml", option, text)
        assert kspec("can", "jane", "list", "pods", *ask).code == code
        assert kspec("can", "jane", "get", "pods", *ask).code == 1  # selects nothing

    def test_a_condition_that_is_no_expression(self, kspec: Kspec, tmp_path: Path) -> None:
        (tmp_path / "authz.yaml").write_text(self.SELECTING.replace("SELECTOR", "selector"))
        ran = kspec(
            "who-can", "get", "pods", "--bootstrap", "--authorization-config", tmp_path / "authz.yaml"
        )
        assert ran.code == 2
        assert "KS4002" in ran.err
        assert "has no field `selector`" in ran.err

    def test_whom_a_webhook_may_stop(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        conditions = """\
    - expression: has(request.resourceAttributes) && request.resourceAttributes.resource == 'secrets'
    - expression: "!request.user.startsWith('system:serviceaccount:')"
"""
        head, _, tail = self.TEXT.partition("    - expression")
        (tmp_path / "authz.yaml").write_text(f"{head}{conditions}{tail[tail.index('- {type') :]}")
        ask = ("-f", policy, "--authorization-config", tmp_path / "authz.yaml", "--format", "json")
        ran = kspec("who-can", "get", "secrets", *ask)
        assert_valid("who-can", ran.json)
        assert ran.code == 3
        unless = {h["name"]: h.get("unless") for h in ran.json["holders"]}
        assert unless == {
            "system:masters": None,
            "jane": ["webhook guard"],
            "system:serviceaccounts:ci": ["webhook guard"],
        }
        known = "'system:serviceaccounts:ci' in request.groups"
        (tmp_path / "authz.yaml").write_text(
            f'{head}    - expression: "!({known})"\n{tail[tail.index("- {t") :]}'
        )
        ran = kspec("who-can", "get", "secrets", *ask)
        assert {h["name"] for h in ran.json["holders"] if "unless" in h} == {"jane"}
        (tmp_path / "authz.yaml").write_text(f"{head}{conditions}{tail[tail.index('- {type') :]}")
        ran = kspec("who-can", "list", "pods", *ask)
        assert ran.code == 0
        assert not any("unless" in h for h in ran.json["holders"])

    def test_an_abac_file(self, kspec: Kspec, tmp_path: Path) -> None:
        file = tmp_path / "abac.jsonl"
        version = '"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy"'
        spec = '{"user": "ann", "namespace": "shop", "resource": "pods", "readonly": true}'
        file.write_text(f'# readers\n{{{version}, "spec": {spec}}}\n')
        mode = ("--bootstrap", "--authorization-mode", "ABAC", "--authorization-policy-file", file)
        assert kspec("can", "ann", "get", "pods", "-n", "shop", *mode).code == 0
        assert kspec("can", "ann", "delete", "pods", "-n", "shop", *mode).code == 1
        assert "User ann" in kspec("who-can", "get", "pods", *mode).out


class TestWhoCan:
    def test_everyone_with_what_limits_them(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("who-can", "get", "secrets", policy, "--format", "json")
        assert_valid("who-can", ran.json)
        found = {h["name"]: h["limits"] for h in ran.json["holders"]}
        limits = {"names": ["db"], "namespace": "shop"}
        assert found == {"system:masters": {}, "jane": limits, "system:serviceaccounts:ci": limits}

    def test_text(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("who-can", "get", "secrets", "db", policy)
        assert ran.code == 0
        assert ran.out.startswith("get secrets db: 2 groups, 1 user\n")
        assert "(every service account of namespace ci)" in ran.out
        assert f"{policy}:6" in ran.out

    def test_what_is_in_no_namespace(self, kspec: Kspec, policy: Path) -> None:
        role = '{kind: ClusterRole, name: all, apiGroup: "rbac.authorization.k8s.io"}'
        more = policy.parent / "more.yaml"
        more.write_text(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n"
            'rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]\n---\n'
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
            f"metadata: {{name: all, namespace: shop}}\nroleRef: {role}\n"
            "subjects: [{kind: User, name: eve, apiGroup: rbac.authorization.k8s.io}]\n"
        )
        assert "User eve" not in kspec("who-can", "get", "nodes", more).out
        assert "User eve\n  in shop by" in kspec("who-can", "get", "namespaces", more).out
        assert "User eve" in kspec("who-can", "get", "namespaces", "shop", more).out
        assert "User eve" not in kspec("who-can", "get", "namespaces", "dev", more).out
        assert "User eve" in kspec("who-can", "impersonate", "serviceaccounts", "-n", "shop", more).out


class TestAccess:
    def test_rights_by_scope(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("access", "jane", policy)
        assert ran.code == 0
        assert "in namespace shop\n  get list  pods, pods/log  [a]" in ran.out
        assert f"a  RoleBinding shop/readers  {policy}:8" in ran.out

    def test_json(self, kspec: Kspec, policy: Path) -> None:
        ran = kspec("access", "sa:ops/prom", policy, "--bootstrap", "--format", "json")
        assert_valid("access", ran.json)
        paths = [p for s in ran.json["scopes"] for r in s["rights"] for p in r.get("paths", [])]
        assert "/metrics/*" in paths

    def test_graphs(self, kspec: Kspec, policy: Path) -> None:
        dot = kspec("access", policy, "--format", "dot").out
        assert dot.startswith("digraph access {")
        assert '"RoleBinding shop/readers"' in dot
        html = kspec("access", "jane", policy, "--format", "html").out
        parser = HTMLParser()
        parser.feed(html)
        assert "RoleBinding shop/readers" in html
        assert "scrape" not in html
        assert "http" not in html.replace("http-equiv", "")


def event(audit_id: str, decision: str, uri: str, verb: str, user: str = "jane", **more: Any) -> str:
    found = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Event",
        "auditID": audit_id,
        "stage": "ResponseComplete",
        "requestURI": uri,
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "annotations": {"authorization.k8s.io/decision": decision} if decision else {},
    }
    return json.dumps(found | more)


class TestAudit:
    SHOP = "/api/v1/namespaces/shop"
    PODS, SECRETS = {"resource": "pods", "namespace": "shop"}, {"resource": "secrets", "namespace": "shop"}

    def log(self, folder: Path, *lines: str) -> Path:
        path = folder / "audit.log"
        path.write_text("\n".join(lines) + "\n")
        return path

    def test_what_agrees_differs_and_is_not_judged(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        secret = event("3", "allow", f"{self.SHOP}/secrets/web", "get", objectRef=self.SECRETS)
        log = self.log(
            tmp_path,
            event("1", "", f"{self.SHOP}/pods", "list", objectRef=self.PODS),
            event("1", "allow", f"{self.SHOP}/pods?limit=5", "list", objectRef=self.PODS),
            event("1", "allow", f"{self.SHOP}/pods", "list", objectRef=self.PODS),
            event("2", "forbid", f"{self.SHOP}/secrets", "list", objectRef=self.SECRETS),
            secret,
            secret.replace('"3"', '"4"'),
            event("5", "allow", "/metrics/a", "get", "system:serviceaccount:ops:prom"),
        )
        ran = kspec("conform", "--audit", log, policy, "--format", "json")
        assert_valid("audit", ran.json)
        assert ran.code == 1
        assert [ran.json[k] for k in ("events", "judged", "differing")] == [7, 5, 2]
        assert sum(ran.json["notJudged"].values()) == 2
        (difference,) = ran.json["differences"]
        assert (difference["line"], difference["count"], difference["recorded"]) == (5, 2, "allow")
        text = kspec("conform", "--audit", log, policy).out
        assert text.startswith("7 events: 5 judged, 3 agree, 2 differ")
        assert "jane: get secrets web in shop  2 times  (line 5)" in text

    def test_a_list_of_one_by_its_field_selector(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        uri = f"{self.SHOP}/secrets/db"
        listed = {"apiVersion": "audit.k8s.io/v1", "kind": "EventList"}
        items = [json.loads(event("1", "allow", uri, "get", objectRef={**self.SECRETS, "name": "db"}))]
        log = self.log(tmp_path, json.dumps({**listed, "items": items}, indent=2))
        assert kspec("conform", "--audit", log, policy).code == 0

    def test_impersonation_is_judged_too(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        jane = {"username": "jane", "groups": ["system:authenticated"]}
        more = {"impersonatedUser": jane, "objectRef": self.PODS}
        log = self.log(tmp_path, event("1", "allow", f"{self.SHOP}/pods", "list", "bob", **more))
        ran = kspec("conform", "--audit", log, policy, "--format", "json")
        assert ran.code == 1
        assert [d["what"] for d in ran.json["differences"]] == ["impersonation"]

    @pytest.mark.parametrize(
        "wrapped",
        [
            "[{}]",
            "2026-01-01T00:00:00.1Z stdout F {}",
            "Jan 01 00:00:00 cp kube-apiserver[12]: {}",
            '{{"apiVersion": "audit.k8s.io/v1", "kind": "EventList", "items": [{}]}}',
        ],
    )
    def test_what_an_event_is_wrapped_in(
        self, kspec: Kspec, policy: Path, tmp_path: Path, wrapped: str
    ) -> None:
        said = event("1", "allow", f"{self.SHOP}/pods", "list", objectRef=self.PODS)
        said = json.dumps({"kind": "Event", **json.loads(said)})
        log = self.log(tmp_path, wrapped.format(said), wrapped.format(said.replace('"1"', '"2"')))
        if wrapped != "[{}]":
            assert kspec("conform", "--audit", log, policy, "--format", "json").json["judged"] == 2
        log.write_text(wrapped.format(said))
        assert kspec("conform", "--audit", log, policy, "--format", "json").json["judged"] == 1

    @pytest.mark.parametrize("field", ["annotations", "user", "impersonatedUser", "objectRef", "requestURI"])
    @pytest.mark.parametrize("value", ["x", ["x"], 3, {"username": "jane", "extra": ["x"], "groups": None}])
    def test_an_event_of_any_shape_is_counted(
        self, kspec: Kspec, policy: Path, tmp_path: Path, field: str, value: Any
    ) -> None:
        said = json.loads(event("1", "allow", f"{self.SHOP}/pods", "list", objectRef=self.PODS))
        line = json.dumps({**said, field: value})
        ran = kspec("conform", "--audit", self.log(tmp_path, line), policy, "--format", "json")
        assert ran.code in (0, 1, 3), ran.err
        assert ran.json["events"] == 1

    def test_what_pods_a_node_had_is_not_known(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        secret = {**self.SECRETS, "name": "db"}
        line = event("1", "allow", f"{self.SHOP}/secrets/db", "get", "system:node:w1", objectRef=secret)
        line = line.replace('["system:a', '["system:nodes", "system:a')
        ran = kspec("conform", "--audit", self.log(tmp_path, line), policy, "--format", "json")
        assert ran.code == 3
        assert list(ran.json["undecided"].values()) == [1]
        assert "the pods that were on the node" in str(ran.json["undecided"])

    def test_a_webhook_leaves_it_open(self, kspec: Kspec, policy: Path, tmp_path: Path) -> None:
        log = self.log(tmp_path, event("1", "allow", f"{self.SHOP}/pods", "list", objectRef=self.PODS))
        ran = kspec("conform", "--audit", log, policy, "--authorization-mode", "Webhook,RBAC")
        assert ran.code == 3
        assert "1 undecided: a webhook decides" in ran.out


class TestMistakes:
    def test_nothing_to_read(self, kspec: Kspec) -> None:
        ran = kspec("can", "jane", "get", "pods")
        assert ran.code == 2
        assert "KS4004" in ran.err

    def test_half_a_service_account(self, kspec: Kspec) -> None:
        for user in ("sa:web", "sa:/web", "sa:shop/"):
            assert kspec("can", user, "get", "pods", "--bootstrap").code == 2
        assert "sa:NAMESPACE/NAME" in kspec("access", "sa:web", "--bootstrap").err

    def test_a_folder_without_a_slash(self, kspec: Kspec) -> None:
        ran = kspec("can", "jane", "get", "pods", "k8s")
        assert ran.code == 2
        assert "./k8s" in ran.err

    @pytest.mark.parametrize(
        "text", ["[]", "nonsense: [", "kind: x", "apiVersion: apiserver.config.k8s.io/v1"]
    )
    def test_a_broken_configuration(self, kspec: Kspec, tmp_path: Path, text: str) -> None:
        path = tmp_path / "authz.yaml"
        path.write_text(text)
        ran = kspec("can", "jane", "get", "pods", "--bootstrap", "--authorization-config", path)
        assert ran.code == 2
        assert "error[KS" in ran.err

    @pytest.mark.parametrize("text", ["{", "3", '{"kind": "Event"}', '{"kind": "EventList", "items": 3}'])
    def test_a_broken_log(self, kspec: Kspec, tmp_path: Path, text: str) -> None:
        path = tmp_path / "audit.log"
        path.write_text(text)
        ran = kspec("conform", "--audit", path, "--bootstrap")
        assert ran.code == 2
        assert "KS4005" in ran.err


def test_real_manifests(kspec: Kspec, shared: Path) -> None:
    paths = (shared / "corpus" / "argo-cd", shared / "corpus" / "kube-prometheus")
    ran = kspec("who-can", "get", "secrets", *paths, "--bootstrap", "--format", "json")
    assert_valid("who-can", ran.json)
    assert all(h["grant"]["rule"]["place"]["line"] for h in ran.json["holders"] if "grant" in h)
    names = {h["name"] for h in ran.json["holders"]}
    assert {"argocd-server", "prometheus-operator", "generic-garbage-collector"} <= names
    assert "prometheus-k8s" not in names


class TestProofs:
    """What `kspec verify` makes of roles that others fill, or that are not at hand."""

    PROPERTY = """\
prove "not bob": forall s in subjects where s.user == "bob": !can(s, "get", "secrets", "shop")
"""
    BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE}
subjects: [{kind: User, name: bob, apiGroup: rbac.authorization.k8s.io}]
"""

    def verify(self, kspec: Kspec, folder: Path, manifests: str, *options: str) -> Ran:
        (folder / "a.yaml").write_text(manifests)
        (folder / "p.kspec").write_text(self.PROPERTY)
        return kspec("verify", folder / "a.yaml", folder / "p.kspec", *options)

    def test_a_role_that_is_not_at_hand_is_not_known(self, kspec: Kspec, tmp_path: Path) -> None:
        manifests = self.BINDING.replace("ROLE", "edit")
        ran = self.verify(kspec, tmp_path, manifests)
        assert ran.code == 3
        assert "ClusterRole edit is not in the input" in ran.out
        assert self.verify(kspec, tmp_path, manifests, "--bootstrap").code == 1
        assert self.verify(kspec, tmp_path, self.BINDING.replace("ROLE", "view"), "--bootstrap").code == 0

    def test_an_aggregated_role_has_what_it_gathers(self, kspec: Kspec, tmp_path: Path) -> None:
        roles = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: all}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {to: all}}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
"""
        assert self.verify(kspec, tmp_path, self.BINDING.replace("ROLE", "all") + roles).code == 1


class TestActingAs:
    ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: imp}
rules:
- apiGroups: [authentication.k8s.io]
  resources: [users]
  resourceNames: [jane]
  verbs: ["impersonate:user-info"]
- {apiGroups: [""], resources: [pods], verbs: ["impersonate-on:user-info:list"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: imp}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: imp}
subjects: [{kind: ServiceAccount, name: bot, namespace: ci}]
"""

    def test_only_for_what_may_be_done_as_them(self, kspec: Kspec, policy: Path) -> None:
        policy.write_text(f"{POLICY}---\n{self.ROLE}")
        ask = ("pods", "-n", "shop", "--acting-as", "jane", policy)
        ran = kspec("can", "sa:ci/bot", "list", *ask)
        assert ran.code == 0
        assert "by the mode user-info" in ran.out
        assert "allowed  jane: list pods in shop" in ran.out
        refused = kspec("can", "sa:ci/bot", "get", *ask)
        assert refused.code == 1
        assert "it lacks: impersonate users jane" in refused.out
        more = kspec("can", "sa:ci/bot", "list", *ask, "--acting-as-group", "dev", "--format", "json")
        assert_valid("can", more.json)
        assert more.json["verdict"] == "denied"

    @pytest.mark.parametrize(
        ("condition", "code"),
        [
            ("request.resourceAttributes.verb == 'list'", 3),  # the request as jane is asked about
            ("request.resourceAttributes.verb.startsWith('impersonate')", 3),
            ("request.resourceAttributes.resource == 'users' && request.user != 'jane'", 3),
            ("request.resourceAttributes.resource == 'secrets'", 0),
        ],
    )
    def test_webhooks_are_asked_about_each_right(
        self, kspec: Kspec, policy: Path, tmp_path: Path, condition: str, code: int
    ) -> None:
        policy.write_text(f"{POLICY}---\n{self.ROLE}")
        head, _, tail = TestConfiguration.TEXT.partition("    - expression")
        config = f'{head}    - expression: "{condition}"\n{tail[tail.index("- {type") :]}'
        (tmp_path / "authz.yaml").write_text(config)
        ask = ("pods", "-n", "shop", "--acting-as", "jane", policy)
        ran = kspec("can", "sa:ci/bot", "list", *ask, "--authorization-config", tmp_path / "authz.yaml")
        assert ran.code == code, ran.out

    def test_a_list_of_one_object(self, kspec: Kspec, policy: Path) -> None:
        policy.write_text(
            POLICY.replace("resourceNames: [db], verbs: [get]", "resourceNames: [db], verbs: [list]")
        )
        ask = ("can", "jane", "list", "secrets", "-n", "shop", policy)
        assert kspec(*ask).code == 1
        assert kspec(*ask, "--field-selector", "metadata.name=db").code == 0


class TestAuthentication:
    CONFIG = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: "https://id.example.com", audiences: [kubernetes]}
  claimValidationRules:
  - {claim: tenant, requiredValue: shop}
  - {expression: "claims.level > 1", message: the level is too low}
  claimMappings:
    username: {claim: sub, prefix: "id:"}
    groups: {expression: "claims.teams.map(t, 'team-' + t)"}
    uid: {claim: id}
    extra:
    - {key: example.com/tenant, valueExpression: "[claims.tenant, '']"}
  userValidationRules:
  - {expression: "!user.username.startsWith('system:')", message: names of the system are reserved}
  - {expression: "user.groups.all(g, !g.startsWith('system:'))", message: groups of the system are reserved}
  - {expression: "user.uid == '7' && user.extra['example.com/tenant'] == ['shop']"}
anonymous:
  enabled: true
  conditions: [{path: /livez}]
"""
    CLAIMS: ClassVar[dict[str, Any]] = {
        "iss": "https://id.example.com",
        "aud": ["kubernetes"],
        "sub": "jane",
        "tenant": "shop",
        "level": 2,
        "teams": ["web"],
        "id": "7",
    }

    def ask(self, kspec: Kspec, folder: Path, claims: dict[str, Any]) -> Ran:
        (folder / "authn.yaml").write_text(self.CONFIG)
        (folder / "claims.json").write_text(json.dumps(claims))
        options = ("--claims", folder / "claims.json", "--authentication-config", folder / "authn.yaml")
        return kspec("can", "-", "get", "/healthz", "--bootstrap", *options, "--format", "json")

    def test_whom_claims_mean(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = self.ask(kspec, tmp_path, self.CLAIMS)
        assert_valid("can", ran.json)
        assert ran.code == 0
        assert (ran.json["user"], ran.json["groups"]) == ("id:jane", ["team-web", "system:authenticated"])

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"iss": "https://other"}, "no issuer"),
            ({"aud": "other"}, "is not taken for the audiences"),
            ({"tenant": "x"}, "the claim `tenant`"),
            ({"level": 1}, "the level is too low"),
            ({"level": "a"}, "cannot be evaluated"),
            ({"sub": 3}, "for the username is no text"),
            ({"teams": None}, "cannot be evaluated"),
            ({"id": "8"}, "user.uid == '7'"),
        ],
    )
    def test_tokens_that_are_not_taken(
        self, kspec: Kspec, tmp_path: Path, changed: dict[str, Any], reason: str
    ) -> None:
        ran = self.ask(kspec, tmp_path, self.CLAIMS | changed)
        assert_valid("can", ran.json)
        assert (ran.code, ran.json["by"]) == (1, "authentication")
        assert reason in ran.json["reason"]

    def test_what_is_open_to_everyone(self, kspec: Kspec, tmp_path: Path) -> None:
        (tmp_path / "authn.yaml").write_text(self.CONFIG)
        options = ("--bootstrap", "--authentication-config", tmp_path / "authn.yaml")
        assert kspec("can", "system:anonymous", "get", "/livez", *options).code == 0
        assert kspec("can", "system:anonymous", "get", "/healthz", *options).code == 1
        assert kspec("can", "jane", "get", "/healthz", *options).code == 0

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ('"https://id', '"http://id', "begins with https://"),
            (", audiences: [kubernetes]", "", "needs `audiences`"),
            ("[kubernetes]", "[kubernetes, other]", "is MatchAny"),
            (', prefix: "id:"', "", "needs `prefix`"),
            ("{claim: sub,", "{claim: sub, expression: claims.sub,", "cannot both be set"),
            ("claims.level > 1", "claims.level >", "does not compile"),
            ('claim: sub, prefix: "id:"', "expression: claims.email", "claims.email_verified"),
            ("example.com/tenant, v", "kubernetes.io/tenant, v", "in a domain of one's own"),
            ("enabled: true", "enabled: false", "need `enabled: true`"),
        ],
    )
    def test_what_the_server_would_not_start_with(
        self, kspec: Kspec, tmp_path: Path, old: str, new: str, message: str
    ) -> None:
        assert old in self.CONFIG
        (tmp_path / "authn.yaml").write_text(self.CONFIG.replace(old, new))
        options = ("--bootstrap", "--authentication-config", tmp_path / "authn.yaml")
        ran = kspec("can", "jane", "get", "/healthz", *options)
        assert ran.code == 2
        assert "KS4002" in ran.err
        assert message in ran.err

    def test_a_service_account_s_token_speaks_for_itself(self, kspec: Kspec, tmp_path: Path) -> None:
        bound = {"namespace": "shop", "node": {"name": "w1", "uid": "u"}, "serviceaccount": {"name": "web"}}
        claims = {"iss": "https://cluster", "sub": "system:serviceaccount:shop:web", "kubernetes.io": bound}
        (tmp_path / "claims.json").write_text(json.dumps(claims))
        options = ("--claims", tmp_path / "claims.json", "--format", "json")
        ran = kspec("can", "-", "get", "/healthz", "--bootstrap", *options)
        assert ran.json["user"] == "system:serviceaccount:shop:web"
        assert "system:serviceaccounts:shop" in ran.json["groups"]

    POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --oidc-issuer-url=https://id.example.com, --oidc-client-id, kubernetes, FLAGS]
"""

    @pytest.mark.parametrize(
        ("flags", "user", "groups"),
        [
            ("--a", "https://id.example.com#jane", []),
            ("--oidc-username-prefix=-", "jane", []),
            ("--oidc-username-claim=email", "j@x", []),
            (
                "--oidc-groups-claim=teams, '--oidc-groups-prefix=id:'",
                "https://id.example.com#jane",
                ["id:web"],
            ),
            ("--oidc-required-claim=tenant=other", "", None),
        ],
    )
    def test_the_flags_of_the_server(
        self, kspec: Kspec, tmp_path: Path, flags: str, user: str, groups: list[str] | None
    ) -> None:
        (tmp_path / "server.yaml").write_text(self.POD.replace("FLAGS", flags))
        (tmp_path / "claims.json").write_text(json.dumps({**self.CLAIMS, "email": "j@x"}))
        options = ("--apiserver", tmp_path / "server.yaml", "--claims", tmp_path / "claims.json")
        ran = kspec("can", "-", "get", "/healthz", "--bootstrap", *options, "--format", "json")
        assert ran.json["user"] == user
        assert ran.json["groups"] == ([] if groups is None else [*groups, "system:authenticated"])
        assert ran.json["by"] == ("authentication" if groups is None else "AlwaysAllow")

    def test_a_bootstrap_token(self, kspec: Kspec, tmp_path: Path) -> None:
        used = base64.b64encode(b"true").decode()
        (tmp_path / "token.yaml").write_text(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: bootstrap-token-abcdef, namespace: kube-system}\n"
            "type: bootstrap.kubernetes.io/token\n"
            f"data: {{usage-bootstrap-authentication: {used}}}\n"
            'stringData: {auth-extra-groups: "system:bootstrappers:kubeadm,system:masters"}\n'
        )
        ask = ("get", "/healthz", tmp_path / "token.yaml", "--bootstrap", "--format", "json")
        ran = kspec("can", "bootstrap:abcdef", *ask)
        assert ran.json["user"] == "system:bootstrap:abcdef"
        groups = ["system:bootstrappers", "system:bootstrappers:kubeadm", "system:authenticated"]
        assert ran.json["groups"] == groups
        assert "KS4011" in kspec("can", "bootstrap:other", *ask).err
        assert "KS4011" in kspec("can", "cert:O=dev", *ask).err

    def test_a_file_of_tokens(self, kspec: Kspec, tmp_path: Path) -> None:
        (tmp_path / "tokens.csv").write_text('t1,jane,7,"dev,ops"\nt2,bob,8\n,eve,9,"system:masters"\n')
        ask = ("get", "/healthz", "--bootstrap", "--format", "json", "--token-auth-file")
        for user, groups in (("jane", ["dev", "ops"]), ("bob", []), ("eve", [])):
            ran = kspec("can", user, *ask, tmp_path / "tokens.csv")
            assert ran.json["groups"] == [*groups, "system:authenticated"]

    def test_a_certificate(self, kspec: Kspec) -> None:
        assert kspec("can", "cert:CN=root,O=system:masters", "delete", "nodes", "--bootstrap").code == 0
        assert kspec("can", "cert:CN=root,O=dev", "delete", "nodes", "--bootstrap").code == 1


NAMED = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
- {apiGroups: [""], resources: [configmaps, serviceaccounts/token], resourceNames: [cm], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: named}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
"""


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (("create", "configmaps", "cm"), 1),
        (("deletecollection", "configmaps", "--field-selector", "metadata.name=cm"), 1),
        (("get", "configmaps", "--field-selector", "metadata.name=cm"), 1),
        (("list", "configmaps", "--field-selector", "metadata.name=cm"), 0),
        (("create", "serviceaccounts/token", "cm"), 0),
        (("delete", "configmaps", "cm"), 0),
    ],
)
def test_a_request_without_a_name_is_not_given_by_resource_names(
    kspec: Kspec, tmp_path: Path, request_: tuple[str, ...], code: int
) -> None:
    (tmp_path / "roles.yaml").write_text(NAMED)
    assert kspec("can", "jane", *request_, "-n", "shop", "-f", tmp_path).code == code
    if request_[-1] == "cm":
        assert ("jane" in kspec("who-can", *request_, "-n", "shop", "-f", tmp_path).out) == (code == 0)


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("who-can", "get", "secrets", "k8s"), "NAME"),
        (("can", "jane", "get", "secrets", "k8s"), "NAME"),
        (("access", "k8s"), "USER"),
        (("escalate", "k8s"), "USER"),
    ],
)
def test_a_folder_is_not_taken_for_a_name(
    kspec: Kspec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], what: str
) -> None:
    (tmp_path / "k8s").mkdir()
    monkeypatch.chdir(tmp_path)
    ran = kspec(*args, "--bootstrap")
    assert ran.code == 2
    assert f"'k8s' was read as the {what}. As a path it is ./k8s, or -f k8s." in ran.err


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (
            "kind: Role\nmetadata: {name: r, namespace: a}\nrules: [{verbs: [get], resources: [pods]}]",
            "apiGroups",
        ),
        (
            "kind: Role\nmetadata: {name: r, namespace: a}\nrules: [{verbs: [get], nonResourceURLs: [/a]}]",
            "non-resource URLs",
        ),
        (
            "kind: RoleBinding\nmetadata: {name: b, namespace: a}\n"
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\n"
            "subjects: [{kind: user, name: jane}]",
            "supported values: ",
        ),
        (
            "kind: ClusterRoleBinding\nmetadata: {name: b}\n"
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: []",
            "supported values: ",
        ),
    ],
)
def test_what_the_api_server_refuses_grants_nothing(
    kspec: Kspec, tmp_path: Path, manifest: str, reason: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"apiVersion: rbac.authorization.k8s.io/v1\n{manifest}\n")
    ran = kspec("who-can", "get", "pods", path)
    assert ran.code == 2
    assert "error[KS2617]: the API server refuses this" in ran.err and reason in ran.err


def test_what_does_not_grant_access_may_be_refused(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
        "spec: {podSelector: {}, policyTypes: [ingress]}\n"
    )
    assert kspec("who-can", "get", "pods", tmp_path / "a.yaml").code == 0
    assert kspec("connect", tmp_path / "a.yaml").code == 2


@pytest.mark.parametrize(
    ("resource", "note"),
    [
        ("pods/logs", "`pods` has no part `logs`, so that no request is this one; did you mean `pods/log`?"),
        ("pod/web-1", "`pods` has no part `web-1`, so that no request is this one; a NAME stands apart"),
        ("deployments.apps/scal", "did you mean `deployments/scale`?"),
    ],
)
def test_a_part_that_a_resource_does_not_have_is_told(kspec: Kspec, resource: str, note: str) -> None:
    assert note in kspec("can", "jane", "get", resource, "-n", "shop", "--bootstrap").out
    assert "has no part" not in kspec("can", "jane", "get", "pods/log", "--bootstrap").out
