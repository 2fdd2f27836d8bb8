"""Knows all that one identity may do: the rules that it holds, by scope, those that say the same together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.verify.access.decision import not_at_hand
from kspec.verify.access.holders import webhook
from kspec.verify.access.policy import Binding, Grant, Policy
from kspec.verify.access.used import show_rights
from kspec.verify.access.words import show_resource

Joined = tuple[list[str], dict[Grant, None]]
"""Topics, and the grants of them."""


@dataclass(frozen=True, slots=True)
class Right:
    """Some verbs on some resources, or on some paths, with the grants that give them."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[str, ...]
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds in a namespace; everywhere, where it is ""."""

    namespace: str
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    user: str
    groups: tuple[str, ...]
    bindings: tuple[Binding, ...]
    scopes: tuple[Scope, ...]
    beside: tuple[str, ...]  # what other authorizers than RBAC add, in words
    unknown: tuple[str, ...]  # what webhooks and roles that are not at hand add


def rights_of(policy: Policy, who: Mapping[str, Any]) -> Rights:
    """What the bindings that mean this identity give it."""
    bindings = policy.held_by(who["user"], who["groups"])
    used = bindings if policy.has_rbac else ()
    namespaces = sorted({b.namespace for b in used if b.role is not None})
    scopes = tuple(Scope(n, _rights(policy, [b for b in used if b.namespace == n], n)) for n in namespaces)
    unknown = tuple(f"what {webhook(a)} allows or denies" for a in policy.chain if a.get("type") == "Webhook")
    unknown += tuple(f"what this grants: {not_at_hand(b)}" for b in used if b in policy.dangling)
    full = tuple(s for s in scopes if s.rights)
    return Rights(who["user"], tuple(who["groups"]), used, full, _beside(policy, who), unknown)


def _rights(policy: Policy, bindings: Iterable[Binding], namespace: str) -> tuple[Right, ...]:
    """The rules of some bindings. Rules are first joined by what they are about, then by their verbs."""
    order = {verb: n for n, verb in enumerate(policy.rule("access/knownVerbs")())}
    about: dict[tuple[str, str, tuple[str, ...]], tuple[set[str], dict[Grant, None]]] = {}
    for binding in bindings:
        role = binding.role
        for index, rule in enumerate(role.rules if role else ()):
            assert role is not None
            for key in _topics(rule, namespace):
                verbs, grants = about.setdefault(key, (set(), {}))
                verbs.update(rule.get("verbs") or ())
                grants[Grant(binding, role, index)] = None
    joined: dict[tuple[str, tuple[str, ...], tuple[str, ...], tuple[Binding, ...]], Joined] = {}
    for (sort, topic, names), (verbs, grants) in about.items():
        shown = ("*",) if "*" in verbs else tuple(sorted(verbs, key=lambda v: (order.get(v, len(order)), v)))
        bound = tuple(dict.fromkeys(g.binding for g in grants))
        topics, all_grants = joined.setdefault((sort, shown, names, bound), ([], {}))
        topics.append(topic)
        all_grants.update(grants)
    made = []
    for (sort, shown, names, _), (topics, all_grants) in joined.items():
        said = tuple(sorted(topics))
        paths = said if sort == "path" else ()
        resources = said if sort == "resource" else ()
        made.append(Right(shown, resources, names, paths, tuple(all_grants)))
    return tuple(sorted(made, key=lambda r: (bool(r.paths), r.resources or r.paths, r.names, r.verbs)))


def _topics(rule: Mapping[str, Any], namespace: str) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """What a rule is about, one by one. A binding in a namespace grants no paths."""
    names = tuple(sorted(rule.get("resourceNames") or ()))
    for group in rule.get("apiGroups") or ():
        for entry in rule.get("resources") or ():
            resource, _, subresource = entry.partition("/")
            yield "resource", show_resource(group, resource, subresource), names
    if not namespace:
        for path in rule.get("nonResourceURLs") or ():
            yield "path", path, ()


def _beside(policy: Policy, who: Mapping[str, Any]) -> tuple[str, ...]:
    """What the authorizers other than RBAC give this identity, in words."""
    found = []
    if policy.rule("access/isPrivileged")(who):
        found.append("everything: this group is heard before the authorizers")
    for authorizer in policy.chain:
        match authorizer.get("type"):
            case "AlwaysAllow":
                found.append("everything: AlwaysAllow")
            case "Node" if policy.rule("access/isNode")(who):
                atoms = [a for r in policy.rule("access/nodeRules")() for a in policy.rule("access/atoms")(r)]
                needed = "what the pods of its node need, and what bears its name"
                found.append(f"{needed}; {show_rights(atoms)}: the Node authorizer")
            case "ABAC":
                subject = policy.rule("access/abacSubject")
                lines = [n for n, p in enumerate(authorizer.get("policies") or (), 1) if subject(p, who)]
                if lines:
                    numbers = ", ".join(map(str, lines))
                    found.append(f"policies {numbers} of the ABAC file")
    return tuple(found)
