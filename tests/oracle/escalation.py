"""What someone comes to by the simplest ways to gain more, as a fixpoint over identities: another opinion.

Plain Python over raw manifests; nothing of kspec is used. The ways are those of the RBAC good practices: a
pod runs as any service account of its namespace, tokens, impersonation of users, service accounts and groups,
and bindings, by `bind` or by holding what is bound. Sources: the documentation of RBAC, and
pkg/registry/rbac/validation for what the API server lets bind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from oracle.access import MASTERS, Access, Asked, Raw, Who, account, is_subject

RBAC = "rbac.authorization.k8s.io"
API = f"{RBAC}/v1"
SPACES, USERS, TEAM = ("shop", "dev"), ("alice", "bob"), "ops"
ACCOUNTS = (("shop", "web"), ("shop", "db"), ("dev", "web"))
GOAL = Asked("delete", "nodes")
ADMIN = "cluster-admin"


@dataclass
class Ways:
    """Where someone stands: the identities that they can act as, and the bindings that they have made."""

    objects: Sequence[Raw]
    reached: set[Who]
    made: list[Raw] = field(default_factory=list)

    def comes_to(self, goal: Asked) -> bool:
        while True:
            access = Access([*self.objects, *self.made])
            if any(MASTERS in w.groups or access.allows(w, goal) for w in self.reached):
                return True
            found = {n for w in self.reached for n in _identities(access, w)} - self.reached
            names = sorted({w.user for w in self.reached | found})
            bound = {b for w in self.reached for b in _bindable(access, w)}
            more = [b for each in sorted(bound) for u in names if (b := _binding(*each, u)) not in self.made]
            if not found and not more:
                return False
            self.reached |= found
            self.made += more


def _identities(access: Access, who: Who) -> Iterator[Who]:
    """Whom they can act as next."""
    may = lambda *words: access.allows(who, Asked(*words))  # noqa: E731
    acting = [u for u in (*USERS, "nobody") if may("impersonate", "users", "", "", "", u)]
    yield from (Who(u, ("system:authenticated",)) for u in acting)
    for space, name in ACCOUNTS:
        as_it = may("impersonate", "serviceaccounts", "", "", space, name)
        acting += [account(space, name).user] if as_it else []
        token = may("create", "serviceaccounts", "", "token", space, name)
        if as_it or token or may("create", "pods", "", "", space):
            yield account(space, name)
    for group in (TEAM, MASTERS):
        if may("impersonate", "groups", "", "", "", group):
            yield from (Who(u, (group, "system:authenticated")) for u in acting)


def _bindable(access: Access, who: Who) -> Iterator[tuple[str, str, str]]:
    """The scope, kind and name of each role that they may bind to anyone."""
    roles = [("", "ClusterRole", n, rules) for n, rules in access.cluster_roles.items()]
    roles += [(home, "Role", n, rules) for (home, n), rules in access.roles.items()]
    for scope in ("", *SPACES):
        what = "rolebindings" if scope else "clusterrolebindings"
        if not access.allows(who, Asked("create", what, RBAC, "", scope)):
            continue
        own = list(_held(access, who, scope))
        for home, kind, name, rules in roles:
            bind = Asked("bind", f"{kind.lower()}s", RBAC, "", scope, name)
            if home in ("", scope) and (access.allows(who, bind) or _covers(own, rules)):
                yield scope, kind, name


def _held(access: Access, who: Who, scope: str) -> Iterator[Raw]:
    for home, binding in access.bindings:
        if home in ("", scope) and any(is_subject(s, who, home) for s in binding.get("subjects") or ()):
            yield from access.rules_of(binding["roleRef"], home)


def _covers(own: Sequence[Raw], rules: Sequence[Raw]) -> bool:
    """Has each single right of the rules one rule of one's own that gives it?"""
    rights = [
        (verb, group, resource, name)
        for rule in rules
        for verb in rule["verbs"]
        for group in rule.get("apiGroups") or ("",)
        for resource in rule.get("resources") or ("*",)
        for name in rule.get("resourceNames") or (None,)
    ]
    return all(
        any(
            {"*", verb} & set(o["verbs"])
            and {"*", group} & set(o.get("apiGroups") or ())
            and {"*", resource} & set(o.get("resources") or ())
            and (not o.get("resourceNames") or name in o["resourceNames"])
            for o in own
        )
        for verb, group, resource, name in rights
    )


def _binding(scope: str, kind: str, name: str, user: str) -> Raw:
    meta = {"name": f"made-{kind}-{name}-{user}", **({"namespace": scope} if scope else {})}
    return {
        "kind": "RoleBinding" if scope else "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"kind": kind, "name": name},
        "subjects": [{"kind": "User", "name": user}],
    }


# ---- random clusters in which some of this is possible


def clusters(draw: Random) -> list[dict[str, Any]]:
    """Namespaces, service accounts, and roles of a few dangerous rules, bound at random."""
    made: list[dict[str, Any]] = [
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in SPACES),
        *(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": n, "namespace": s}}
            for s, n in ACCOUNTS
        ),
    ]
    everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    goal = {"verbs": [GOAL.verb], "apiGroups": [""], "resources": [GOAL.resource]}
    roles = [_role("goal", "", [goal])]
    roles += [_role(f"c{n}", "", _rules(draw, True)) for n in range(draw.randint(1, 3))]
    roles += [_role(f"r{n}", draw.choice(SPACES), _rules(draw, False)) for n in range(draw.randint(0, 2))]
    bindings = [_bound(draw, number, draw.choice(roles)) for number in range(draw.randint(2, 6))]
    return [*made, _role(ADMIN, "", everything), *roles, *bindings]


def _role(name: str, space: str, rules: list[Any]) -> dict[str, Any]:
    meta = {"name": name, **({"namespace": space} if space else {})}
    return {"apiVersion": API, "kind": "Role" if space else "ClusterRole", "metadata": meta, "rules": rules}


def _rules(draw: Random, everywhere: bool) -> list[Any]:
    return [_rule(draw, everywhere) for _ in range(draw.randint(1, 2))]


def _rule(draw: Random, everywhere: bool) -> dict[str, Any]:
    sorts = [
        ("create", "", "pods", ()),
        ("create", "", "serviceaccounts/token", ("web", "db")),
        ("impersonate", "", "serviceaccounts", ("web", "db")),
        ("bind", RBAC, "clusterroles", ("goal", "c0")),
        ("create", RBAC, "rolebindings", ()),
    ]
    if everywhere:
        sorts += [
            ("impersonate", "", "users", USERS),
            ("impersonate", "", "groups", (TEAM, MASTERS)),
            ("create", RBAC, "clusterrolebindings", ()),
        ]
    verb, group, resource, names = draw.choice(sorts)
    made: dict[str, Any] = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
    if names and draw.random() < 0.35:
        made["resourceNames"] = [draw.choice(names)]
    return made


def _bound(draw: Random, number: int, role: dict[str, Any]) -> dict[str, Any]:
    space, name = draw.choice(ACCOUNTS)
    subjects = [
        {"kind": "ServiceAccount", "name": name, "namespace": space},
        {"kind": "User", "apiGroup": RBAC, "name": draw.choice(USERS)},
        {"kind": "Group", "apiGroup": RBAC, "name": TEAM},
    ]
    goal = role["metadata"]["name"] == "goal"
    everywhere = role["kind"] == "ClusterRole" and draw.random() < 0.6
    meta = {"name": f"b{number}"}
    if not everywhere:
        meta["namespace"] = role["metadata"].get("namespace") or draw.choice(SPACES)
    return {
        "apiVersion": API,
        "kind": "ClusterRoleBinding" if everywhere else "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": RBAC, "kind": role["kind"], "name": role["metadata"]["name"]},
        "subjects": [subjects[0] if goal else draw.choice(subjects)],
    }
