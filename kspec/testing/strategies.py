"""Knows how to draw the objects that most tests want: pods, nodes, policies, roles. Made of `values.py`.

Everything that draws is found here, expressions (`expressions.py`) included.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from kspec.testing.expressions import typed_expressions
from kspec.testing.values import (
    LABEL_KEYS,
    LABEL_VALUES,
    NAMES,
    NAMESPACES,
    RESOURCES,
    Object,
    Overrides,
    labels,
    names,
    namespace_names,
    objects_of,
    quantities,
    requirement,
    selectors,
    sizes,
    values_of,
)  # fmt: skip

__all__ = [
    "LABEL_KEYS", "LABEL_VALUES", "NAMES", "NAMESPACES", "RESOURCES", "containers", "deployments",
    "labels", "names", "namespace_names", "namespaces", "network_policies", "nodes", "objects_of", "pods",
    "policy_rules", "quantities", "requirement", "resource_lists", "role_bindings", "roles", "selectors",
    "services", "sizes", "subjects", "taints", "tolerations", "typed_expressions", "values_of",
]  # fmt: skip


def _metadata(**fields: SearchStrategy[Any]) -> SearchStrategy[Object]:
    return st.fixed_dictionaries({"name": names(), "labels": labels(), **fields})


def namespaces() -> SearchStrategy[Object]:
    return objects_of(
        "core.Namespace", overrides={"metadata": _metadata(name=namespace_names()), "spec": st.just({})}
    )


def taints() -> SearchStrategy[Object]:
    return objects_of(
        "core.Taint", overrides={"key": st.sampled_from(LABEL_KEYS), "value": st.sampled_from(LABEL_VALUES)}
    )


def tolerations() -> SearchStrategy[Object]:
    return objects_of(
        "core.Toleration",
        overrides={
            "key": st.sampled_from(("", *LABEL_KEYS)),
            "operator": st.sampled_from(("Equal", "Exists", "")),
            "value": st.sampled_from(LABEL_VALUES),
        },
    )


def containers() -> SearchStrategy[Object]:
    return objects_of("core.Container", overrides={"resources.requests": resource_lists()}, depth=1)


def resource_lists() -> SearchStrategy[Object]:
    return st.dictionaries(st.sampled_from(RESOURCES), sizes(), max_size=3)


def pods() -> SearchStrategy[Object]:
    return objects_of(
        "core.Pod",
        overrides={
            "metadata": _metadata(namespace=namespace_names()),
            "spec.containers": st.lists(containers(), min_size=1, max_size=2, unique_by=lambda c: c["name"]),
            "spec.tolerations": st.lists(tolerations(), max_size=2),
            "spec.nodeSelector": labels(2),
        },
        depth=2,
    )


@st.composite
def deployments(draw: DrawFn) -> Object:
    """Deployments whose selector selects their own pods, as the API demands."""
    labels_ = draw(
        st.dictionaries(st.sampled_from(LABEL_KEYS), st.sampled_from(LABEL_VALUES), min_size=1, max_size=2)
    )
    made: Object = draw(
        objects_of(
            "apps.Deployment",
            overrides={
                "metadata": _metadata(namespace=namespace_names()),
                "spec.replicas": st.integers(0, 5),
                "spec.selector": st.just({"matchLabels": labels_}),
                "spec.template": st.fixed_dictionaries(
                    {
                        "metadata": st.just({"labels": labels_}),
                        "spec": st.fixed_dictionaries(
                            {"containers": st.lists(containers(), min_size=1, max_size=1)}
                        ),
                    }
                ),
            },
            depth=1,
        )
    )
    return made


def services() -> SearchStrategy[Object]:
    return objects_of(
        "core.Service",
        overrides={"metadata": _metadata(namespace=namespace_names()), "spec.selector": labels(2)},
        depth=2,
    )


def nodes() -> SearchStrategy[Object]:
    return objects_of(
        "core.Node",
        overrides={
            "metadata": _metadata(),
            "spec.taints": st.lists(taints(), max_size=2),
            "status.allocatable": resource_lists(),
        },
        depth=1,
    )


def network_policies() -> SearchStrategy[Object]:
    overrides: Overrides = {
        "metadata": _metadata(namespace=namespace_names()),
        "spec": objects_of("networking.NetworkPolicySpec", depth=4),
    }
    return objects_of("networking.NetworkPolicy", overrides=overrides, depth=1)


VERBS = ("get", "list", "watch", "create", "delete", "escalate", "bind", "*")


def policy_rules() -> SearchStrategy[Object]:
    return objects_of(
        "rbac.PolicyRule",
        overrides={
            "verbs": st.lists(st.sampled_from(VERBS), min_size=1, max_size=3, unique=True),
            "apiGroups": st.lists(st.sampled_from(("", "apps", "*")), min_size=1, max_size=2, unique=True),
            "resources": st.lists(
                st.sampled_from(("pods", "secrets", "pods/log", "*")), min_size=1, max_size=2, unique=True
            ),
        },
    )


def roles(cluster: bool = False) -> SearchStrategy[Object]:
    """Roles, or with `cluster` ClusterRoles."""
    metadata = _metadata() if cluster else _metadata(namespace=namespace_names())
    overrides: Overrides = {"metadata": metadata, "rules": st.lists(policy_rules(), max_size=3)}
    return objects_of("rbac.ClusterRole" if cluster else "rbac.Role", overrides=overrides)


ACCOUNTS = ("ServiceAccount",)
"""Subjects that live in a namespace."""


def subjects() -> SearchStrategy[Object]:
    kinds = st.sampled_from((*ACCOUNTS, "User", "Group"))
    return st.builds(_subject, kinds, names(), namespace_names())


def _subject(kind: str, name: str, namespace: str) -> Object:
    if kind in ACCOUNTS:
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def role_bindings(cluster: bool = False) -> SearchStrategy[Object]:
    """RoleBindings, or with `cluster` ClusterRoleBindings, of roles that `roles` draws."""
    metadata = _metadata() if cluster else _metadata(namespace=namespace_names())
    reference = st.builds(
        lambda kind, name: {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        st.just("ClusterRole") if cluster else st.sampled_from(("Role", "ClusterRole")),
        names(),
    )
    overrides: Overrides = {
        "metadata": metadata,
        "roleRef": reference,
        "subjects": st.lists(subjects(), min_size=1, max_size=3),
    }
    return objects_of("rbac.ClusterRoleBinding" if cluster else "rbac.RoleBinding", overrides=overrides)
