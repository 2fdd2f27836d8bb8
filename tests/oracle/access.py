"""Who may do what by RBAC, worked out from the API's own definitions: another opinion to hold kspec against.

Plain Python over raw manifests; nothing of kspec is used. Sources: the documentation of
`rbac.authorization.k8s.io/v1` and the API server's RBAC authorizer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Raw: TypeAlias = Mapping[str, Any]
MASTERS = "system:masters"


@dataclass(frozen=True)
class Asked:
    """A request: for a resource, or for a path of the API server."""

    verb: str
    resource: str = ""
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True)
class Who:
    user: str
    groups: tuple[str, ...] = ()


def account(namespace: str, name: str) -> Who:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return Who(f"system:serviceaccount:{namespace}:{name}", groups)


class Access:
    """Roles and bindings at one moment."""

    def __init__(self, objects: Iterable[Raw]) -> None:
        by: dict[str, list[Raw]] = {}
        for each in objects:
            by.setdefault(each["kind"], []).append(each)
        self.roles = {
            (r["metadata"]["namespace"], r["metadata"]["name"]): list(r.get("rules") or ())
            for r in by.get("Role", ())
        }
        self.cluster_roles = _aggregated(by.get("ClusterRole", []))
        self.bindings = [("", b) for b in by.get("ClusterRoleBinding", ())]
        self.bindings += [(b["metadata"]["namespace"], b) for b in by.get("RoleBinding", ())]

    def allows(self, who: Who, asked: Asked) -> bool:
        if MASTERS in who.groups:
            return True
        return any(is_subject(s, who, home) for home, s in self.granting(asked))

    def granting(self, asked: Asked) -> Iterator[tuple[str, Raw]]:
        """Every subject that some binding gives this, with the namespace of the binding."""
        for home, binding in self.bindings:
            if home and home != asked.namespace:
                continue
            if any(rule_allows(rule, asked) for rule in self.rules_of(binding["roleRef"], home)):
                yield from ((home, s) for s in binding.get("subjects") or ())

    def rules_of(self, ref: Raw, home: str) -> list[Raw]:
        if ref["kind"] == "ClusterRole":
            return self.cluster_roles.get(ref["name"], [])
        return self.roles.get((home, ref["name"]), [])

    def is_whole(self) -> bool:
        """Is every role at hand that is bound?"""
        return all(
            b["roleRef"]["name"] in self.cluster_roles
            if b["roleRef"]["kind"] == "ClusterRole"
            else (home, b["roleRef"]["name"]) in self.roles
            for home, b in self.bindings
        )


def rule_allows(rule: Raw, asked: Asked) -> bool:
    verbs = rule.get("verbs") or ()
    if "*" not in verbs and asked.verb not in verbs:
        return False
    if asked.path:
        return any(_is_path(url, asked.path) for url in rule.get("nonResourceURLs") or ())
    groups, names = rule.get("apiGroups") or (), rule.get("resourceNames") or ()
    if "*" not in groups and asked.group not in groups:
        return False
    if names and asked.name not in names:
        return False
    whole = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    wanted = {"*", whole} | ({f"*/{asked.subresource}"} if asked.subresource else set())
    return bool(wanted & set(rule.get("resources") or ()))


def _is_path(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


def is_subject(subject: Raw, who: Who, home: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == who.user)
        case "Group":
            return subject["name"] in who.groups
    space = subject.get("namespace") or home
    return bool(space) and who.user == f"system:serviceaccount:{space}:{subject['name']}"


def _aggregated(roles: list[Raw]) -> dict[str, list[Raw]]:
    """The rules of each ClusterRole once the controller has come to rest."""
    rules = {r["metadata"]["name"]: list(r.get("rules") or ()) for r in roles}
    labels = {r["metadata"]["name"]: r["metadata"].get("labels") or {} for r in roles}
    while True:
        before = {name: list(its) for name, its in rules.items()}
        for role in roles:
            name = role["metadata"]["name"]
            selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
            if not selectors:
                continue
            made: list[Raw] = []
            for selector in selectors:
                for other in sorted(rules):
                    if other != name and _selects(selector, labels[other]):
                        made += [r for r in rules[other] if r not in made]
            rules[name] = made
        if rules == before:
            return rules


def _selects(selector: Raw, labels: Mapping[str, str]) -> bool:
    for term in selector.get("matchExpressions") or ():
        value = labels.get(term["key"])
        held = {
            "In": value is not None and value in (term.get("values") or ()),
            "NotIn": value is None or value not in (term.get("values") or ()),
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not held[term["operator"]]:
            return False
    return all(labels.get(k) == v for k, v in (selector.get("matchLabels") or {}).items())
