"""Each right that lets someone gain more, and what it lets them gain; and rights beside it that do not."""

from __future__ import annotations

from typing import Any

import pytest

from kspec.verify.access.certificate import Certifier, Invariant
from kspec.verify.access.closure import Reach
from kspec.verify.access.edges import call

CORE, RBAC, ADMISSION, CSR = (
    "",
    "rbac.authorization.k8s.io",
    "admissionregistration.k8s.io",
    "certificates.k8s.io",
)
ROBOT = "system:serviceaccount:shop:robot"


def rule(verbs: str, resources: str, group: str = CORE, *names: str) -> dict[str, Any]:
    made: dict[str, Any] = {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}
    return {**made, "resourceNames": list(names)} if names else made


def cluster(*rules: dict[str, Any], namespace: str = "", **more: Any) -> dict[str, Any]:
    """Jane holds these rules, everywhere or in a namespace; a robot of namespace shop may delete nodes."""
    subject = [{"kind": "User", "name": "jane"}]
    ref = {"kind": "ClusterRole", "name": "hers"}
    binding = {"metadata": {"name": "b", "namespace": namespace}, "roleRef": ref, "subjects": subject}
    robot = {
        "metadata": {"name": "robot"},
        "roleRef": {"kind": "ClusterRole", "name": "robot"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}],
    }
    return {
        "clusterRoles": [
            {"metadata": {"name": "hers"}, "rules": list(rules)},
            {"metadata": {"name": "robot"}, "rules": [rule("delete", "nodes")]},
        ],
        "clusterRoleBindings": [robot, *([] if namespace else [binding])],
        "roleBindings": [binding] if namespace else [],
        "serviceAccounts": [{"metadata": {"name": "robot", "namespace": "shop"}}],
        **more,
    }


def gained(objects: dict[str, Any], level: str = "privileged") -> set[str]:
    """The titles of all that Jane comes to have, beyond herself."""
    reach = Reach(objects, {"podSecurity": level})
    start = reach.identity("jane", ["system:authenticated"])
    ways = reach.closure(start, whole=True).ways
    title = call("title")
    return {title(reach.power(n).value()) for n, way in ways.items() if way.edge is not None}


def is_robot(titles: set[str]) -> bool:
    return f"identity {ROBOT}" in titles


AS_ROBOT = {
    "create pods": rule("create", "pods"),
    "create deployments": rule("create", "deployments", "apps"),
    "patch statefulsets": rule("patch", "statefulsets", "apps"),
    "update cronjobs": rule("update", "cronjobs", "batch"),
    "create jobs": rule("create", "jobs", "batch"),
    "create replicationcontrollers": rule("create", "replicationcontrollers"),
    "patch a daemonset by name": rule("patch", "daemonsets", "apps", "agent"),
    "exec": rule("create", "pods/exec"),
    "exec into one pod": rule("create", "pods/exec", CORE, "web-0"),
    "attach": rule("create", "pods/attach"),
    "ephemeral containers": rule("patch", "pods/ephemeralcontainers"),
    "another image": rule("update", "pods"),
    "a token": rule("create", "serviceaccounts/token"),
    "a token by name": rule("create", "serviceaccounts/token", CORE, "robot"),
    "impersonation": rule("impersonate", "serviceaccounts"),
    "a token secret": rule("create get", "secrets"),
    "a token secret of a known name": [rule("create", "secrets"), rule("get", "secrets", CORE, "mine")],
    "all subresources": rule("create", "*/exec"),
}
NOT_ROBOT = {
    "get pods": rule("get list watch", "pods"),
    "get pods/exec": rule("get", "pods/exec"),
    "delete pods": rule("delete", "pods"),
    "create configmaps": rule("create", "configmaps"),
    "create pods of another group": rule("create", "pods", "metrics.k8s.io"),
    "create deployments of extensions": rule("create", "deployments", "extensions"),
    "a token of another": rule("create", "serviceaccounts/token", CORE, "web"),
    "create secrets": rule("create", "secrets"),
    "read secrets": rule("get", "secrets"),
    "create pods by name": rule("create", "pods", CORE, "web-0"),
    "pod logs": rule("get", "pods/log"),
    "portforward": rule("create", "pods/portforward"),
    "pods/* is no wildcard": rule("create", "pods/*"),
}


@pytest.mark.parametrize("rights", AS_ROBOT.values(), ids=AS_ROBOT)
def test_a_right_in_a_namespace_makes_one_its_service_account(rights: Any) -> None:
    rules = rights if isinstance(rights, list) else [rights]
    assert is_robot(gained(cluster(*rules, namespace="shop")))
    assert not is_robot(gained(cluster(*rules, namespace="other"), level="restricted"))


@pytest.mark.parametrize("rights", NOT_ROBOT.values(), ids=NOT_ROBOT)
def test_a_right_beside_it_does_not(rights: dict[str, Any]) -> None:
    assert not is_robot(gained(cluster(rights, namespace="shop")))


WIDE = {
    "cluster-admin": {
        "any verb on anything": [rule("*", "*", "*")],
        "bind": [rule("create", "clusterrolebindings", RBAC), rule("bind", "clusterroles", RBAC)],
        "bind, applied": [
            rule("create patch", "clusterrolebindings", RBAC, "x"),
            rule("bind", "clusterroles", RBAC),
        ],
        "escalate one's own role": [rule("escalate patch", "clusterroles", RBAC)],
        "escalate that role by name": [rule("escalate update", "clusterroles", RBAC, "hers")],
        "impersonate any group": [rule("impersonate", "users groups")],
        "impersonate one group": [rule("impersonate", "users groups", CORE, "al", "system:masters")],
    },
    "any user and any groups but system:masters": {
        "approve certificates": [
            rule("create", "certificatesigningrequests", CSR),
            rule("update", "certificatesigningrequests/approval", CSR),
            rule("approve", "signers", CSR, "kubernetes.io/kube-apiserver-client"),
        ],
    },
    "root on a node": {
        "create pods": [rule("create", "pods")],
        "exec in kube-system": [rule("create", "pods/exec")],
    },
    "the identity of a node": {
        "approve certificates of kubelets": [
            rule("create", "certificatesigningrequests", CSR),
            rule("patch", "certificatesigningrequests/approval", CSR),
            rule("approve", "signers", CSR, "kubernetes.io/kube-apiserver-client-kubelet"),
        ],
        "certificates that are approved by themselves": [
            rule("create", "certificatesigningrequests", CSR),
            rule("create", "certificatesigningrequests/nodeclient", CSR),
        ],
        "impersonate nodes for all they may do": [
            rule("impersonate:arbitrary-node", "nodes", "authentication.k8s.io"),
            rule("impersonate-on:arbitrary-node:<any>", "*", "*"),
        ],
    },
    "custom resources, read and changed as they are converted": {
        "a conversion webhook": [rule("patch", "customresourcedefinitions", "apiextensions.k8s.io")],
    },
    "what is written by others, changed on its way": {
        "a webhook": [rule("create", "mutatingwebhookconfigurations", ADMISSION)],
        "a webhook by name": [rule("patch", "mutatingwebhookconfigurations", ADMISSION, "injector")],
        "a policy and its binding": [
            rule("create", "mutatingadmissionpolicies mutatingadmissionpolicybindings", ADMISSION)
        ],
    },
    "what is written by others, read or refused on its way": {
        "a webhook": [rule("create", "validatingwebhookconfigurations", ADMISSION)],
        "a policy taken away": [rule("delete", "validatingadmissionpolicies", ADMISSION)],
    },
    "an API group answered by a server of one's own": {
        "an APIService": [rule("update", "apiservices", "apiregistration.k8s.io")],
    },
    "the kubelet API of the nodes": {"nodes/proxy": [rule("get", "nodes/proxy")]},
    "all secrets of the cluster": {"list": [rule("list", "secrets")]},
    "identity system:bootstrap:abcdef": {"a bootstrap token": [rule("create", "secrets")]},
}
CASES = [(title, how, rules) for title, ways in WIDE.items() for how, rules in ways.items()]


@pytest.mark.parametrize(("title", "how", "rules"), CASES, ids=[f"{t}: {h}" for t, h, _ in CASES])
def test_a_right_everywhere(title: str, how: str, rules: list[dict[str, Any]]) -> None:
    assert title in gained(cluster(*rules))


@pytest.mark.parametrize(("title", "how", "rules"), CASES, ids=[f"{t}: {h}" for t, h, _ in CASES])
def test_no_right_of_those_is_too_many(title: str, how: str, rules: list[dict[str, Any]]) -> None:
    """Where several rules are needed, none of them can be left out."""
    for left_out in range(len(rules)) if len(rules) > 1 else ():
        assert title not in gained(cluster(*rules[:left_out], *rules[left_out + 1 :]))


ALONE = {
    "create bindings": rule("create patch update", "clusterrolebindings rolebindings", RBAC),
    "bind": rule("bind", "clusterroles roles", RBAC),
    "escalate": rule("escalate", "clusterroles roles", RBAC),
    "write roles": rule("create patch update", "clusterroles roles", RBAC),
    "impersonate groups without a user": rule("impersonate", "groups"),
    "impersonate uids": rule("impersonate", "uids userextras/x", "authentication.k8s.io"),
    "create CSRs": rule("create", "certificatesigningrequests", CSR),
    "token reviews": rule("create", "tokenreviews", "authentication.k8s.io"),
    "priority classes": rule("*", "priorityclasses", "scheduling.k8s.io"),
    "volumes without pods": rule("create", "persistentvolumes"),
}


@pytest.mark.parametrize("rights", ALONE.values(), ids=ALONE)
def test_half_of_what_it_takes_gains_nothing(rights: dict[str, Any]) -> None:
    """RBAC lets nobody hand out what they do not hold."""
    rank = call("rank")
    reach = Reach(cluster(rights), {"podSecurity": "privileged"})
    ways = reach.closure(reach.identity("jane", ["system:authenticated"])).ways
    assert not [
        reach.power(n) for n, w in ways.items() if w.edge is not None and rank(reach.power(n).value())
    ]


def namespace(level: str) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": level}}}


def test_pod_security_takes_the_node_away() -> None:
    strict = cluster(rule("create", "pods"), namespace="shop", namespaces=[namespace("baseline")])
    assert "root on a node" not in gained(strict)
    assert is_robot(gained(strict))


def test_who_may_relabel_the_namespace_gets_it_back() -> None:
    """Rights in the namespace are enough: the Namespace is in itself."""
    rights = rule("create", "pods"), rule("patch", "namespaces")
    assert "root on a node" in gained(
        cluster(*rights, namespace="shop", namespaces=[namespace("restricted")])
    )


def test_a_host_path_volume_is_not_seen_by_pod_security() -> None:
    """The claim is made for the pod, if it has it as an ephemeral volume."""
    rights = rule("create", "pods persistentvolumes")
    assert "root on a node" in gained(cluster(rights), level="restricted")
    assert "root on a node" not in gained(cluster(rule("create", "pods")), level="restricted")


def running(**spec: Any) -> dict[str, Any]:
    """A pod of the robot in namespace shop."""
    made = {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "x"}], **spec}
    return {"pods": [{"metadata": {"name": "web-0", "namespace": "shop"}, "spec": made}]}


@pytest.mark.parametrize(
    ("spec", "root"),
    [
        ({}, False),
        ({"containers": [{"name": "c", "securityContext": {"privileged": True}}]}, True),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, True),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/var/lib/kubelet/"}}]}, True),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/etc/localtime"}}]}, False),
        ({"hostNetwork": True}, False),
    ],
)
def test_code_in_a_pod_that_is_root_on_its_node(spec: dict[str, Any], root: bool) -> None:
    for rights in (rule("create", "pods/exec"), rule("create", "pods/exec", CORE, "web-0")):
        titles = gained(cluster(rights, namespace="shop", **running(**spec)), level="restricted")
        assert ("root on a node" in titles) == root
        assert is_robot(titles)


@pytest.mark.parametrize(
    ("pod", "account", "there"),
    [
        ({}, {}, True),
        ({"automountServiceAccountToken": False}, {}, False),
        ({}, {"automountServiceAccountToken": False}, False),
        ({"automountServiceAccountToken": True}, {"automountServiceAccountToken": False}, True),
        (
            {
                "automountServiceAccountToken": False,
                "volumes": [
                    {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
                ],
            },
            {},
            True,
        ),
    ],
)
def test_a_pod_without_a_token_makes_nobody_its_service_account(
    pod: dict[str, Any], account: dict[str, Any], there: bool
) -> None:
    robot = {"metadata": {"name": "robot", "namespace": "shop"}, **account}
    for rights in (rule("create", "pods/exec"), rule("create", "pods/exec", CORE, "web-0")):
        objects = cluster(rights, namespace="shop", **running(**pod))
        assert is_robot(gained({**objects, "serviceAccounts": [robot]})) == there
    own = cluster(rule("create", "pods"), namespace="shop", **running(**pod))
    assert is_robot(gained({**own, "serviceAccounts": [robot]}))


def test_a_node_of_the_control_plane_holds_the_keys() -> None:
    node = {"metadata": {"name": "cp", "labels": {"node-role.kubernetes.io/control-plane": ""}}}
    assert "cluster-admin" in gained(cluster(rule("create", "pods"), nodes=[node]))
    assert "cluster-admin" not in gained(cluster(rule("create", "pods")))


def test_a_role_that_is_bound_but_missing_is_filled_by_who_may_escalate() -> None:
    objects = cluster(rule("create escalate", "clusterroles", RBAC))
    assert "cluster-admin" not in gained(objects)
    lost = {
        "metadata": {"name": "lost"},
        "roleRef": {"kind": "ClusterRole", "name": "lost"},
        "subjects": [{"kind": "User", "name": "jane"}],
    }
    objects["clusterRoleBindings"].append(lost)
    assert "cluster-admin" in gained(objects)


BINDS = rule("bind", "clusterroles", RBAC)


def with_robot(*rules: dict[str, Any], of_robot: dict[str, Any]) -> set[str]:
    """What Jane gains, who may become the robot that holds this rule."""
    objects = cluster(*rules, rule("create", "serviceaccounts/token"))
    objects["clusterRoles"][1]["rules"] = [of_robot]
    found = gained(objects)
    assert is_robot(found)
    return found


def test_two_identities_do_not_make_one_request_together() -> None:
    """To approve a certificate takes `approve` as well, by whoever approves."""
    others = [
        rule("create", "certificatesigningrequests", CSR),
        rule("update", "certificatesigningrequests/approval", CSR),
    ]
    approve = rule("approve", "signers", CSR)
    anyone = "any user and any groups but system:masters"
    assert anyone not in with_robot(*others, of_robot=approve)
    assert anyone in with_robot(*others, approve, of_robot=approve)


def test_who_binds_what_they_hold_makes_one_identity_of_two() -> None:
    """Jane binds her role to the robot, without `bind`, as she holds it; the robot then has both rights."""
    assert "cluster-admin" in with_robot(rule("create", "clusterrolebindings", RBAC), of_robot=BINDS)
    assert "cluster-admin" not in with_robot(rule("create", "rolebindings", RBAC), of_robot=BINDS)
    assert "cluster-admin" not in with_robot(rule("get", "clusterrolebindings", RBAC), of_robot=BINDS)


def test_who_may_do_everything_in_a_namespace_relabels_it_and_is_root_on_a_node() -> None:
    assert "root on a node" in gained(cluster(rule("*", "*", "*"), namespace="other"), level="restricted")


def test_a_closure_with_a_hole_is_found_out() -> None:
    """The check is of its own: it reads the rules, not the index that the closure was made with."""
    reach = Reach(cluster(rule("create", "pods"), namespace="shop"), {"podSecurity": "restricted"})
    closure = reach.closure(reach.identity("jane", ["system:authenticated"]))
    certifier, whole = Certifier(reach), Invariant.of([closure])
    assert certifier.certify(whole, 30).holds
    for number in closure.ways:
        less = Invariant(whole.starts, whole.powers - {number})
        assert not certifier.certify(less, 30).holds
