"""Knows the least roles that allow what somebody was seen to do, that they suffice, and that nothing of them
can be left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.source import InternalError
from kspec.verify.access.edges import call

Request = Mapping[str, Any]
Rule = dict[str, Any]
Topic = tuple[str, str, str]
"""Verb, API group, and resource with its subresource."""


@dataclass(frozen=True, slots=True)
class Role:
    """Rules that some namespaces need; everywhere where there is none."""

    namespaces: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Least:
    """The roles of one identity. `rights` counts single rights: a verb on a resource, a name or a path."""

    user: str
    groups: tuple[str, ...]
    roles: tuple[Role, ...]
    requests: int
    rights: int
    unnamed: tuple[str, ...]
    """What is allowed for all names, because so many were used."""


def least(user: str, groups: Sequence[str], requests: Sequence[Request], names_max: int) -> Least:
    """The least roles for some requests of one identity; equal rules of several namespaces are one role."""
    by_scope: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        by_scope[request.get("namespace") or ""].append(request)
    rules: dict[str, tuple[Rule, ...]] = {}
    unnamed: dict[str, None] = {}
    for scope, asked in sorted(by_scope.items()):
        rules[scope] = (*_resource_rules(asked, names_max, unnamed), *_path_rules(asked))
    same: dict[str, list[str]] = defaultdict(list)
    for scope, its in rules.items():
        same[repr(its) if scope else ""].append(scope)
    roles = tuple(Role(tuple(s for s in scopes if s), rules[scopes[0]]) for scopes in same.values())
    rights = sum(_check(rules[scope], asked) for scope, asked in by_scope.items())
    return Least(user, tuple(groups), roles, len(requests), rights, tuple(unnamed))


def _resource_rules(asked: Iterable[Request], names_max: int, unnamed: dict[str, None]) -> list[Rule]:
    """Verbs that go with the same names on a resource together, then resources with the same verbs."""
    names: dict[Topic, set[str]] = defaultdict(set)
    for request in asked:
        if request.get("resourceRequest"):
            resource, sub = request.get("resource") or "", request.get("subresource")
            topic = (request["verb"], request.get("apiGroup") or "", f"{resource}/{sub}" if sub else resource)
            names[topic].add(request.get("name") or "")
    verbs_of: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (verb, group, resource), its in sorted(names.items()):
        if len(its) > names_max:
            unnamed[f"{verb} {resource}"] = None
        listed = () if "" in its or len(its) > names_max else tuple(sorted(its))
        verbs_of[(group, resource, listed)].append(verb)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource, listed), its_verbs in verbs_of.items():
        resources[(group, listed, tuple(its_verbs))].append(resource)
    made = []
    for (group, listed, shared), its_resources in resources.items():
        rule: Rule = {"apiGroups": [group], "resources": its_resources, "verbs": list(shared)}
        made.append({**rule, "resourceNames": list(listed)} if listed else rule)
    return made


def _path_rules(asked: Iterable[Request]) -> list[Rule]:
    by_path: dict[str, set[str]] = defaultdict(set)
    for request in asked:
        if not request.get("resourceRequest"):
            by_path[request["path"]].add(request["verb"])
    by_verbs: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, verbs in sorted(by_path.items()):
        by_verbs[tuple(sorted(verbs))].append(path)
    return [{"nonResourceURLs": paths, "verbs": list(verbs)} for verbs, paths in by_verbs.items()]


def _check(rules: Sequence[Rule], asked: Sequence[Request]) -> int:
    """How many single rights there are. Every request is allowed, and every right is needed for one."""
    allows, atoms = call("ruleAllows"), [a for r in rules for a in call("atoms")(r)]
    needed: set[int] = set()
    for request in asked:
        by = [n for n, atom in enumerate(atoms) if allows(atom, request)]
        if not by:
            raise InternalError(f"the suggested rules do not allow {request!r}")
        if len(by) == 1:
            needed.add(by[0])
    if len(needed) < len(atoms):
        raise InternalError("a suggested right is not needed")
    return len(atoms)
