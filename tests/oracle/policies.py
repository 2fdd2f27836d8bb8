"""Random roles and bindings, as raw manifests: few names, verbs and resources, so that they meet often."""

from __future__ import annotations

from random import Random
from typing import Any, TypeAlias

from oracle.access import Asked, Who, account

Raw: TypeAlias = dict[str, Any]
API = "rbac.authorization.k8s.io/v1"
SPACES = ("shop", "dev")
VERBS = ("get", "list", "create", "deletecollection", "*")
GROUPS = ("", "apps", "*")
RESOURCES = (
    "pods",
    "pods/log",
    "secrets",
    "deployments",
    "deployments/scale",
    "*",
    "*/scale",
    "*/log",
    "pods/*",
)
NAMES = ("one", "two", "*", "")
URLS = ("/healthz", "/healthz/*", "/api*", "/a**", "*", "/metrics", "/apis/*/x")
USERS = ("alice", "bob", "*", "system:serviceaccount:shop:web", "system:anonymous")
TEAMS = (
    "ops",
    "system:authenticated",
    "system:serviceaccounts",
    "system:serviceaccounts:shop",
    "system:masters",
)
ACCOUNTS = ("web", "db")

ASKED = tuple(
    Asked(verb, resource, group, sub, space, name)
    for verb in ("get", "list", "create", "deletecollection", "watch")
    for resource, group, sub in (
        ("pods", "", ""), ("pods", "", "log"), ("secrets", "", ""), ("deployments", "apps", ""),
        ("deployments", "apps", "scale"), ("statefulsets", "apps", "scale"), ("nodes", "", ""),
    )
    for space in (("",) if resource == "nodes" else ("", *SPACES, "else"))
    for name in ("", "one", "two", "three")
)  # fmt: skip
PATHS = tuple(
    Asked(verb, path=path)
    for verb in ("get", "post")
    for path in ("/healthz", "/healthz/x", "/api", "/apis", "/apis/b/x", "/a", "/metrics", "/", "/apis/*/x")
)
PEOPLE = (
    Who("alice", ("system:authenticated",)),
    Who("bob", ("ops", "system:authenticated")),
    Who("carol", ("system:authenticated",)),
    Who("system:anonymous", ("system:unauthenticated",)),
    *(account(space, name) for space in SPACES for name in ACCOUNTS),
)


class Policies:
    """Draws manifests."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw

    def objects(self) -> list[Raw]:
        made = [self.cluster_role(n) for n in range(self.draw.randint(1, 4))]
        made += [self.role(n) for n in range(self.draw.randint(0, 3))]
        made += [self.binding(n, made) for n in range(self.draw.randint(1, 5))]
        return [
            *{(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in made}.values()
        ]

    def some(self, values: tuple[str, ...], most: int = 2) -> list[str]:
        return self.draw.sample(values, self.draw.randint(1, most))

    def rule(self, cluster: bool = False) -> Raw:
        if cluster and self.draw.random() < 0.25:
            return {"verbs": self.some((*VERBS, "post")), "nonResourceURLs": self.some(URLS)}
        rule: Raw = {
            "verbs": self.some(VERBS),
            "apiGroups": self.some(GROUPS),
            "resources": self.some(RESOURCES),
        }
        if self.draw.random() < 0.3:
            rule["resourceNames"] = self.some(NAMES)
        return rule

    def cluster_role(self, number: int) -> Raw:
        meta: Raw = {"name": f"c{number}"}
        if self.draw.random() < 0.6:
            meta["labels"] = {"to": self.draw.choice(("view", "edit"))}
        made: Raw = {"apiVersion": API, "kind": "ClusterRole", "metadata": meta}
        made["rules"] = [self.rule(cluster=True) for _ in range(self.draw.randint(0, 2))]
        if self.draw.random() < 0.3:
            selector: Raw = {"matchLabels": {"to": self.draw.choice(("view", "edit"))}}
            if self.draw.random() < 0.3:
                selector = {"matchExpressions": [{"key": "to", "operator": "Exists"}]}
            made["aggregationRule"] = {"clusterRoleSelectors": [selector]}
        return made

    def role(self, number: int) -> Raw:
        meta = {"name": f"r{number}", "namespace": self.draw.choice(SPACES)}
        rules = [self.rule() for _ in range(self.draw.randint(0, 2))]
        return {"apiVersion": API, "kind": "Role", "metadata": meta, "rules": rules}

    def subject(self, cluster: bool) -> Raw:
        kind = self.draw.choice(("User", "Group", "ServiceAccount"))
        if kind == "ServiceAccount":
            made: Raw = {"kind": kind, "name": self.draw.choice(ACCOUNTS)}
            if cluster or self.draw.random() < 0.8:
                made["namespace"] = self.draw.choice(SPACES)
            return made
        name = self.draw.choice(USERS if kind == "User" else TEAMS)
        return {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}

    def binding(self, number: int, roles: list[Raw]) -> Raw:
        role = self.draw.choice([r for r in roles if r["kind"] in ("Role", "ClusterRole")])
        ref = {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        }
        cluster = role["kind"] == "ClusterRole" and self.draw.random() < 0.5
        meta: Raw = {"name": f"b{number}"}
        if not cluster:
            meta["namespace"] = role["metadata"].get("namespace") or self.draw.choice(SPACES)
        return {
            "apiVersion": API,
            "kind": "ClusterRoleBinding" if cluster else "RoleBinding",
            "metadata": meta,
            "roleRef": ref,
            "subjects": [self.subject(cluster) for _ in range(self.draw.randint(0, 3))],
        }
