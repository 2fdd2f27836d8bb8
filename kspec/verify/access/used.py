"""Knows which rights of the roles at hand a log shows to be used, and which role is just what is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.verify.access.edges import call
from kspec.verify.access.inclusion import includes
from kspec.verify.access.least import Role as LeastRole
from kspec.verify.access.policy import Binding, Policy, Role
from kspec.verify.access.words import show_resource

Request = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """How many of the single rights that a binding gives were used, and the others in words."""

    binding: Binding
    rights: int
    spare: tuple[str, ...]

    @property
    def used(self) -> int:
        return self.rights - len(self.spare)


def uses(policy: Policy, user: str, groups: Sequence[str], requests: Sequence[Request]) -> Iterator[Use]:
    """Of each binding at hand that means this identity, but for the default ones."""
    allows = policy.rule("access/ruleAllows")
    for binding in policy.held_by(user, groups):
        if binding.role is None or policy.is_default(binding):
            continue
        asked = [r for r in requests if binding.namespace in ("", r.get("namespace") or "")]
        atoms = [a for rule in binding.role.rules for a in call("atoms")(rule)]
        spare = tuple(show_right(a) for a in atoms if not any(allows(a, r) for r in asked))
        yield Use(binding, len(atoms), spare)


def show_right(atom: Mapping[str, Any]) -> str:
    """A single right: `delete pods`, `get secrets named db`, `get /metrics`."""
    verb, thing = _parts(atom)
    return f"{verb} {thing}"


def show_rights(atoms: Sequence[Mapping[str, Any]]) -> str:
    """Single rights together: `get, list secrets, configmaps; delete pods`."""
    verbs_of: dict[str, list[str]] = {}
    for verb, thing in map(_parts, atoms):
        verbs_of.setdefault(thing, []).append(verb)
    things_of: dict[tuple[str, ...], list[str]] = {}
    for thing, verbs in verbs_of.items():
        things_of.setdefault(tuple(dict.fromkeys(verbs)), []).append(thing)
    return "; ".join(f"{', '.join(verbs)} {', '.join(things)}" for verbs, things in things_of.items())


def _parts(atom: Mapping[str, Any]) -> tuple[str, str]:
    """The verb of a single right, and what it is for."""
    verb = "".join(atom.get("verbs") or ())
    paths = atom.get("nonResourceURLs")
    if paths:
        return verb, str(paths[0])
    resource, _, part = "".join(atom.get("resources") or ()).partition("/")
    shown = show_resource("".join(atom.get("apiGroups") or ()), resource, part)
    names = atom.get("resourceNames")
    return verb, shown + (f" named {names[0]}" if names else "")


Atom = tuple[str, str, str, str]
"""A verb, an API group, a resource, and a name, "" for any; of a path but the verb and the path."""


def just_right(policy: Policy, needed: LeastRole) -> Role | None:
    """A role that allows the very same as the rules that are needed: none less, and none more."""
    paths = not needed.namespaces
    wanted = single_rights(needed.rules, paths)
    for role in policy.roles:
        fits = not role.namespace or needed.namespaces == (role.namespace,)
        if fits and single_rights(role.rules, paths) == wanted:
            wide, narrow = (role.rules, needed.rules), (needed.rules, role.rules)
            if includes(*wide, paths) and includes(*narrow, paths):
                return role
    return None


def single_rights(rules: Sequence[Mapping[str, Any]], paths: bool) -> frozenset[Atom]:
    """The rights of rules without wildcards, each once: what is allowed for every name is not for one."""
    found: set[Atom] = set()
    for rule in rules:
        names = rule.get("resourceNames") or ("",)
        found |= {
            (verb, group, resource, name)
            for verb in rule.get("verbs") or ()
            for group in rule.get("apiGroups") or ()
            for resource in rule.get("resources") or ()
            for name in names
        }
        if paths:
            found |= {
                (v, "", u, "") for v in rule.get("verbs") or () for u in rule.get("nonResourceURLs") or ()
            }
    return frozenset(a for a in found if not a[3] or (*a[:3], "") not in found)
