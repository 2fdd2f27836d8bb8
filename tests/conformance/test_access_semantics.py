"""Authentication's outcome, the chain, impersonation, writes to RBAC, the default policy: our own cases, each
with what Kubernetes 1.36 does.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kspec.cli.policy import bootstrap_objects
from kspec.conform.cluster import table
from kspec.runtime.rulebook import load_rulebook
from kspec.verify.access.aggregation import aggregate
from kspec.verify.access.policy import Policy
from kspec.verify.access.words import request_for
from kspec.verify.cluster import cluster_of

SHARED = Path(__file__).parents[2].parent / "shared" / "conformance" / "access-bootstrap.json"
RBAC: list[dict[str, Any]] = [{"type": "RBAC"}]


def rule(name: str) -> Any:
    found = load_rulebook().get(f"access/{name}")
    assert found is not None, name
    return found.fn


def asks(verb: str, resource: str, user: str = "ann", **more: Any) -> dict[str, Any]:
    base = {"user": user, "groups": [], "resourceRequest": True, "verb": verb, "resource": resource}
    return {**base, "apiGroup": "", "namespace": "", "name": "", "subresource": "", **more}


def granting(*rules: dict[str, Any], user: str = "ann", **more: Any) -> dict[str, Any]:
    """A cluster in which one ClusterRoleBinding gives these rules to a user."""
    role = {"metadata": {"name": "r"}, "rules": list(rules)}
    ref = {"kind": "ClusterRole", "name": "r"}
    binding = {"metadata": {"name": "b"}, "subjects": [{"kind": "User", "name": user}], "roleRef": ref}
    return {"clusterRoles": [role], "clusterRoleBindings": [binding], **more}


def gives(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, Any]:
    made = {"verbs": verbs.split(","), "apiGroups": [group], "resources": resources.split(",")}
    return made | ({"resourceNames": names.split(",")} if names else {})


class TestIdentities:
    @pytest.mark.parametrize(
        ("user", "groups", "expected"),
        [
            ("ann", [], ["system:authenticated"]),
            ("ann", ["dev"], ["dev", "system:authenticated"]),
            ("system:anonymous", [], ["system:unauthenticated"]),
            ("ann", ["system:unauthenticated"], ["system:unauthenticated"]),
            ("system:node:w", [], ["system:nodes", "system:authenticated"]),
            (
                "system:serviceaccount:shop:web",
                [],
                ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
            ),
            ("system:serviceaccount:shop", [], ["system:authenticated"]),
        ],
    )
    def test_groups_that_a_name_implies(self, user: str, groups: list[str], expected: list[str]) -> None:
        assert rule("knownAs")(user, groups) == {"user": user, "groups": expected}

    def test_a_certificate(self) -> None:
        assert rule("certificateIdentity")("ann", ["system:masters"]) == {
            "user": "ann",
            "groups": ["system:masters", "system:authenticated"],
        }

    def test_a_bootstrap_token(self) -> None:
        found = rule("bootstrapTokenIdentity")("abcdef", ["system:bootstrappers:x"])
        assert found["user"] == "system:bootstrap:abcdef"
        assert found["groups"][:2] == ["system:bootstrappers", "system:bootstrappers:x"]


class TestTheChain:
    def decide(self, *chain: dict[str, Any], groups: tuple[str, ...] = ()) -> str:
        request = asks("get", "pods", groups=list(groups))
        found = rule("authorize")(request, list(chain), granting(gives("get", "pods")))
        return str(found["decision"])

    ALLOW, NEVER, HOOK = {"type": "AlwaysAllow"}, {"type": "AlwaysDeny"}, {"type": "Webhook", "name": "w"}

    def test_the_first_opinion_counts(self) -> None:
        assert self.decide(self.NEVER, *RBAC) == "allow"  # AlwaysDeny has none
        assert self.decide(self.NEVER) == "noopinion"
        assert self.decide({**self.HOOK, "answer": "deny"}, *RBAC) == "deny"
        assert self.decide(*RBAC, {**self.HOOK, "answer": "deny"}) == "allow"
        assert self.decide({**self.HOOK, "answer": "noopinion"}, self.ALLOW) == "allow"

    def test_what_a_webhook_says_is_not_known(self) -> None:
        assert self.decide(self.HOOK, *RBAC) == "unknown"
        assert self.decide(*RBAC, self.HOOK) == "allow"
        assert self.decide(self.NEVER, self.HOOK, self.ALLOW) == "unknown"

    def test_match_conditions(self) -> None:
        assert self.decide({**self.HOOK, "conditions": ["false", "error"]}, *RBAC) == "allow"
        failing = {**self.HOOK, "conditions": ["true", "error"]}
        assert self.decide({**failing, "failurePolicy": "Deny"}, *RBAC) == "deny"
        assert self.decide({**failing, "failurePolicy": "NoOpinion"}, *RBAC) == "allow"

    def test_masters_are_heard_before_all(self) -> None:
        assert self.decide({**self.HOOK, "answer": "deny"}, groups=("system:masters",)) == "allow"

    def test_streams_need_create_as_well(self) -> None:
        found = rule("connectRequests")(asks("get", "pods", subresource="exec", name="p", namespace="n"))
        assert [(r["verb"], r["resource"], r["subresource"], r["name"]) for r in found] == [
            ("create", "pods", "exec", "p")
        ]
        assert rule("connectRequests")(asks("create", "pods", subresource="exec")) == []
        assert rule("connectRequests")(asks("get", "pods", subresource="log")) == []


class TestAttributes:
    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/api/v1/namespaces/shop/pods/a/log", "get//pods/log:a in shop"),
            ("GET", "/api/v1/pods", "list//pods/:"),
            (
                "DELETE",
                "/apis/apps/v1/namespaces/shop/deployments",
                "deletecollection/apps/deployments/: in shop",
            ),
            ("GET", "/api/v1/namespaces/shop", "get//namespaces/:shop in shop"),
            ("PUT", "/api/v1/namespaces/shop/finalize", "update//namespaces/finalize:shop in shop"),
            ("POST", "/api/v1/namespaces/shop/pods/a/exec", "create//pods/exec:a in shop"),
            ("GET", "/api/v1/watch/namespaces/shop/pods", "watch//pods/: in shop"),
            ("GET", "/api/v1", "get /api/v1"),
            ("GET", "/apis/apps/v1", "get /apis/apps/v1"),
            ("POST", "/healthz", "post /healthz"),
            ("OPTIONS", "/api/v1/pods", "//pods/:"),
        ],
    )
    def test_of_a_request(self, method: str, path: str, expected: str) -> None:
        who = {"user": "ann", "groups": []}
        r = rule("attributesOf")(who, method, path, False, "")
        if not r["resourceRequest"]:
            assert f"{r['verb']} {r['path']}" == expected
            return
        text = f"{r['verb']}/{r['apiGroup']}/{r['resource']}/{r['subresource']}:{r['name']}"
        assert text + (f" in {r['namespace']}" if r["namespace"] else "") == expected

    def test_a_list_of_one_has_its_name(self) -> None:
        who = {"user": "ann", "groups": []}
        found = rule("attributesOf")(who, "GET", "/api/v1/namespaces/n/secrets", True, "metadata.name=db")
        assert (found["verb"], found["name"]) == ("watch", "db")
        many = rule("attributesOf")(who, "DELETE", "/api/v1/namespaces/n/secrets", False, "metadata.name=db")
        assert (many["verb"], many["name"]) == ("deletecollection", "")

    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/pods", ["pods", "proxy"]),
            ("POST", "/exec/ns/pod/c", ["proxy"]),
            ("GET", "/metrics/cadvisor", ["metrics"]),
            ("GET", "/logs/x", ["log"]),
        ],
    )
    def test_what_a_kubelet_asks(self, method: str, path: str, expected: list[str]) -> None:
        found = rule("kubeletRequests")({"user": "ann", "groups": []}, "w1", method, path)
        assert [r["subresource"] for r in found] == expected
        assert {(r["resource"], r["name"]) for r in found} == {("nodes", "w1")}


class TestImpersonation:
    AUTH = "authentication.k8s.io"

    def mode(self, target: dict[str, Any], *rules: dict[str, Any], user: str = "ann", node: str = "") -> str:
        whole = {"user": "", "uid": "", "groups": [], "extra": {}, **target}
        request = asks("list", "pods", user=user)
        return str(rule("impersonationBy")(request, whole, node, RBAC, granting(*rules, user=user)))

    def test_legacy_needs_a_right_on_each_part(self) -> None:
        bob = {"user": "bob", "groups": ["dev"]}
        assert self.mode(bob, gives("impersonate", "users")) == ""
        assert self.mode(bob, gives("impersonate", "users,groups")) == "legacy"
        assert self.mode({"user": "bob"}, gives("impersonate", "users", names="eve")) == ""

    def test_masters_only_by_the_legacy_mode(self) -> None:
        root = {"user": "bob", "groups": ["system:masters"]}
        both = gives("impersonate:user-info,impersonate-on:user-info:list", "users,groups,pods", "*")
        assert self.mode(root, both) == ""
        assert self.mode(root, gives("impersonate", "users,groups")) == "legacy"

    def test_constrained_needs_the_doing_as_well(self) -> None:
        being = gives("impersonate:user-info", "users", self.AUTH)
        doing = gives("impersonate-on:user-info:list", "pods")
        assert self.mode({"user": "bob"}, being) == ""
        assert self.mode({"user": "bob"}, being, doing) == "user-info"

    def test_a_service_account_has_a_mode_of_its_own(self) -> None:
        target = {"user": "system:serviceaccount:shop:web"}
        being = gives("impersonate:serviceaccount", "serviceaccounts", self.AUTH)
        doing = gives("impersonate-on:serviceaccount:list", "pods")
        assert self.mode(target, being, doing) == "serviceaccount"
        assert self.mode({**target, "groups": ["x"]}, being, doing) == ""

    def test_the_node_of_the_token(self) -> None:
        account = "system:serviceaccount:kube-system:agent"
        target = {"user": "system:node:w1"}
        being = gives("impersonate:associated-node", "nodes", self.AUTH, "*")
        doing = gives("impersonate-on:associated-node:list", "pods")
        assert self.mode(target, being, doing, user=account, node="w1") == "associated-node"
        assert self.mode(target, being, doing, user=account, node="w2") == ""
        assert self.mode(target, being, doing, node="w1") == ""  # no service account

    def test_four_groups_by_one_star(self) -> None:
        being = gives("impersonate:user-info", "users", self.AUTH)
        star = gives("impersonate:user-info", "groups", self.AUTH, "*")
        doing = gives("impersonate-on:user-info:list", "pods")
        assert self.mode({"user": "bob", "groups": list("abcd")}, being, star, doing) == "user-info"
        assert self.mode({"user": "bob", "groups": list("abc")}, being, star, doing) == ""

    def test_who_one_then_is(self) -> None:
        account = {"user": "system:serviceaccount:shop:web", "uid": "", "groups": [], "extra": {}}
        assert rule("impersonated")(account, "legacy")["groups"] == [
            "system:serviceaccounts",
            "system:serviceaccounts:shop",
            "system:authenticated",
        ]
        anonymous = {"user": "system:anonymous", "uid": "", "groups": [], "extra": {}}
        assert rule("impersonated")(anonymous, "legacy")["groups"] == ["system:unauthenticated"]


class TestWritingRbac:
    GROUP = "rbac.authorization.k8s.io"

    def writes(
        self, *held: dict[str, Any], wanted: dict[str, Any], name: str = "", agg: bool = False
    ) -> bool:
        request = asks("create", "roles", namespace="n", name=name)
        return bool(rule("mayWriteRole")(request, [wanted], agg, RBAC, granting(*held)))

    def test_only_what_is_held(self) -> None:
        held = gives("get,list", "pods")
        assert self.writes(held, wanted=gives("get", "pods"))
        assert not self.writes(held, wanted=gives("delete", "pods"))

    def test_escalate_by_name_helps_no_post(self) -> None:
        named = gives("escalate", "roles", self.GROUP, "x")
        assert not self.writes(named, wanted=gives("delete", "pods"))
        assert self.writes(named, wanted=gives("delete", "pods"), name="x")

    def test_an_aggregated_role_needs_everything(self) -> None:
        held, wanted = gives("get,list", "*", "*"), gives("get", "pods")
        assert self.writes(held, wanted=wanted)
        assert not self.writes(held, wanted=wanted, agg=True)
        assert self.writes(gives("escalate", "roles", self.GROUP), wanted=wanted, agg=True)

    def test_bind_is_a_right_on_the_role(self) -> None:
        big = {"metadata": {"name": "big"}, "rules": [gives("*", "*", "*")]}
        ref = {"kind": "ClusterRole", "name": "big"}
        request = asks("create", "rolebindings", namespace="n")

        def may(*held: dict[str, Any], to: dict[str, Any] = ref) -> bool:
            cluster = granting(*held)
            cluster["clusterRoles"].append(big)
            return bool(rule("mayBind")(request, to, RBAC, cluster))

        assert not may(gives("get", "pods"))
        assert may(gives("bind", "clusterroles", self.GROUP, "big"))
        assert not may(gives("bind", "roles", self.GROUP))
        missing = {"kind": "ClusterRole", "name": "none"}
        assert not may(gives("get,list", "*", "*"), to=missing)
        assert may(gives("bind", "clusterroles", self.GROUP), to=missing)

    def test_signers_by_domain(self) -> None:
        request, signer = asks("update", "certificatesigningrequests"), "example.com/web"
        group = "certificates.k8s.io"
        for names, expected in (("example.com/*", True), (signer, True), ("*", False)):
            cluster = granting(gives("approve", "signers", group, names))
            assert rule("mayActForSigner")(request, "approve", signer, RBAC, cluster) is expected


# ---------------------------------------------------------------- the default policy


@cache
def default_policy() -> Policy:
    objects = bootstrap_objects(table())
    cluster = cluster_of(((o.kind.record, o.decoded) for o in objects if o.kind and o.decoded), table())
    return Policy(objects, cluster, RBAC, load_rulebook())


def decides(user: str, verb: str, resource: str, **more: Any) -> str:
    policy = default_policy()
    who = rule("knownAs")(user, more.pop("groups", []))
    return str(policy.decide({**asks(verb, resource, **more), **who})["decision"])


def test_default_roles_decide() -> None:
    assert decides("ann", "create", "selfsubjectaccessreviews", apiGroup="authorization.k8s.io") == "allow"
    assert decides("ann", "list", "pods") == "noopinion"
    controller = "system:serviceaccount:kube-system:replicaset-controller"
    assert decides(controller, "create", "pods", namespace="any") == "allow"
    assert decides(controller, "list", "secrets") == "noopinion"
    assert decides("system:kube-scheduler", "create", "pods", subresource="binding") == "allow"


def test_view_edit_and_admin_gather_their_rules() -> None:
    """Each holds what the one before it holds, and more."""
    roles = {r.name: r for r in default_policy().roles}
    uncovered = rule("uncovered")
    view, edit, admin = (list(roles[n].rules) for n in ("view", "edit", "admin"))
    assert view
    assert len(view) < len(edit) < len(admin)
    assert uncovered(edit, view) == uncovered(admin, edit) == []
    assert uncovered(view, edit)
    assert {o.name for o in roles["view"].origins} == {"system:aggregate-to-view"}


def test_the_default_policy_is_that_of_upstream() -> None:
    if not SHARED.is_file():
        pytest.skip("no ../shared beside this checkout")
    recorded = json.loads(SHARED.read_text())
    own = {(o.key.kind, o.key.name): o.value for o in bootstrap_objects(table())}
    for role in recorded["clusterRoles"]:
        mine = own["ClusterRole", role["metadata"]["name"]]
        for field in ("aggregationRule", "rules"):
            assert (mine.get(field) or None) == (role.get(field) or None), role["metadata"]["name"]
        assert mine["metadata"]["labels"] == role["metadata"]["labels"]
    for binding in recorded["clusterRoleBindings"]:
        mine = own["ClusterRoleBinding", binding["metadata"]["name"]]
        assert mine["roleRef"] == binding["roleRef"]
        assert mine["subjects"] == (binding.get("subjects") or [])


class TestAggregation:
    def role(self, name: str, rules: list[Any], labels: dict[str, str], *selectors: str) -> dict[str, Any]:
        made = {"metadata": {"name": name, "labels": labels}, "rules": rules}
        if selectors:
            picks = [{"matchLabels": {s: "true"}} for s in selectors]
            made["aggregationRule"] = {"clusterRoleSelectors": picks}
        return made

    def test_chains_are_followed_and_own_rules_overwritten(self) -> None:
        get, lists = gives("get", "pods"), gives("list", "pods")
        roles = [
            self.role("a", [gives("delete", "pods")], {}, "x"),
            self.role("b", [], {"x": "true"}, "y"),
            self.role("c", [get, lists], {"y": "true"}),
        ]
        found = {r["metadata"]["name"]: r["rules"] for r in aggregate(roles, load_rulebook())}
        assert found["a"] == found["b"] == [get, lists]

    def test_a_rule_is_there_once_and_a_role_does_not_select_itself(self) -> None:
        get = gives("get", "pods")
        roles = [
            self.role("a", [gives("delete", "pods")], {"x": "true"}, "x"),
            self.role("b", [get], {"x": "true"}),
            self.role("c", [get], {"x": "true"}),
        ]
        found = {r["metadata"]["name"]: r["rules"] for r in aggregate(roles, load_rulebook())}
        assert found["a"] == [get]


def test_a_namespace_is_in_itself() -> None:
    from kspec.verify.access.words import asked_for

    policy = default_policy()
    who = {"user": "ann", "groups": []}
    asked = asked_for(policy, "ns", table())
    assert request_for(policy, who, "get", asked, name="shop")["namespace"] == "shop"
