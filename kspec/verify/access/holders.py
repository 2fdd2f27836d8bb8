"""Knows everyone who may do something: each subject with its binding, role and rule, and what limits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kspec.verify.access.decision import not_at_hand
from kspec.verify.access.policy import Binding, Grant, Policy, Request, Role
from kspec.verify.access.words import Asked

if TYPE_CHECKING:
    from kspec.verify.access.foresight import Paths


@dataclass(frozen=True, slots=True)
class Holder:
    """A subject that may. `limit_names` says to objects of which names only, `limit_namespace` in which
    namespace only; `grant` is None for what no RBAC rule grants, and `why` then says by what.
    """

    kind: str
    name: str
    namespace: str = ""  # of a service account
    means: str = ""
    grant: Grant | None = None
    subject: int = 0
    limit_names: tuple[str, ...] = ()
    limit_namespace: str = ""
    why: str = ""
    unless: tuple[str, ...] = ()  # the webhooks before it that may decide otherwise

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Holders:
    """Everyone who may, and what is not known of it."""

    asked: Asked
    verb: str
    namespace: str
    name: str
    holders: tuple[Holder, ...]
    unknown: tuple[str, ...] = ()  # what webhooks and roles that are not at hand decide


def who_can(policy: Policy, verb: str, asked: Asked, namespace: str = "", name: str = "") -> Holders:
    """Everyone who may do this: in this namespace, or in any; to the object of this name, or to any."""
    found = [*_privileged(policy)]
    unknown: list[str] = []
    hooks = Hooks(policy, verb, asked, namespace, name)
    for place, authorizer in enumerate(policy.chain):
        match authorizer.get("type"):
            case "RBAC":
                found += hooks.before(_rbac(policy, verb, asked, namespace, name))
            case "Webhook":
                unknown += [f"whom {webhook(authorizer)} allows or denies"] if hooks.meet(place) else []
            case _:
                found += hooks.before(_others(policy, authorizer, verb, asked, namespace, name))
    in_itself = bool(policy.rule("access/namespaceOf")(asked.api_group, asked.resource, name or "x", ""))
    if policy.has_rbac:
        space = (name or namespace) if in_itself else namespace
        open_ = [b for b in policy.dangling if b.subjects and _reaches(b.namespace, asked, space, in_itself)]
        unknown += [f"whether this grants it: {not_at_hand(b)}" for b in open_]
    return Holders(asked, verb, namespace, name, tuple(found), tuple(unknown))


class Hooks:
    """The webhooks of a chain, as far as one has come in it, and what they make of those who come behind."""

    def __init__(self, policy: Policy, verb: str, asked: Asked, namespace: str, name: str) -> None:
        self._policy, self._asked = policy, asked
        self._request = {**_request(policy, verb, asked, "", namespace), "version": asked.version}
        if not asked.path:
            self._request["name"] = name
        self._met: list[int] = []

    def meet(self, place: int) -> bool:
        """May this webhook, the next in the chain, be asked about anyone? Then others come behind it."""
        from kspec.verify.access import foresight

        somebody = {"user": "", "groups": []}
        open_ = self._does(place, somebody, foresight.WHO, "") != foresight.PASSES
        self._met += [place] if open_ else []
        return open_

    def before(self, found: Iterator[Holder]) -> Iterator[Holder]:
        """Those of them whom no webhook surely denies, each with the webhooks that may decide otherwise."""
        if not self._met:
            yield from found
            return
        from kspec.verify.access import foresight

        for holder in found:
            who, unknown = self._identity(holder)
            if self._policy.rule("access/isPrivileged")(who):
                yield holder
                continue
            done = [(p, self._does(p, who, unknown, holder.limit_namespace)) for p in self._met]
            if all(did != foresight.DENIES for _, did in done):
                asked = [webhook(self._policy.chain[p]) for p, did in done if did != foresight.PASSES]
                yield replace(holder, unless=tuple(asked))

    def _does(self, place: int, who: Mapping[str, Any], unknown: Paths, namespace: str) -> str:
        from kspec.verify.access import foresight

        policy = self._policy
        request = {**self._request, **who, "namespace": self._request.get("namespace") or namespace}
        parts = foresight.unknown_parts(request, unknown, self._asked.namespaced, policy.book)
        return foresight.does(policy.chain[place], policy.conditions[place], request, parts, policy.book)

    def _identity(self, holder: Holder) -> tuple[dict[str, Any], Paths]:
        """Who a holder is, and what of it is not known: all of a service account is, of a user the name."""
        from kspec.verify.access import foresight

        if holder.namespace:
            full = self._policy.rule("access/serviceAccountIdentity")(holder.namespace, holder.name)
            return full, foresight.WHO - {("user",), ("groups",)}
        who = self._policy.rule("access/meantBy")({"kind": holder.kind, "name": holder.name}, "")
        return who, foresight.WHO - ({("user",)} if who["user"] else set())


def webhook(authorizer: Mapping[str, Any]) -> str:
    """A webhook by its name; by flags it has none."""
    return f"webhook {authorizer.get('name') or ''}".strip()


def _privileged(policy: Policy) -> Iterator[Holder]:
    """Groups that are heard before the chain: of those that mean something, the ones that the rules say."""
    for group in policy.rule("access/specialGroups")():
        request = {"user": "", "groups": [group]}
        if policy.rule("access/isPrivileged")(request):
            means = policy.rule("access/groupMeans")(group)
            yield Holder("Group", group, means=means, why="heard before the authorizers")


def _rbac(policy: Policy, verb: str, asked: Asked, namespace: str, name: str) -> Iterator[Holder]:
    request = _request(policy, verb, asked, name)
    matched: dict[Role, list[tuple[int, tuple[str, ...]]]] = {}
    in_itself = bool(policy.rule("access/namespaceOf")(asked.api_group, asked.resource, name or "x", ""))
    space = (name or namespace) if in_itself else namespace
    for binding in policy.bindings:
        role = binding.role
        if role is None or not binding.subjects or not _reaches(binding.namespace, asked, space, in_itself):
            continue
        if role not in matched:
            matched[role] = list(_matching(policy, role, request, asked, name))
        people = [_meant(policy, binding, subject) for subject in binding.subjects] if matched[role] else []
        for index, names in matched[role]:
            grant = Grant(binding, role, index)
            for number, who in enumerate(people):
                if who is not None:
                    kind, name_, home, means = who
                    yield Holder(kind, name_, home, means, grant, number, names, binding.namespace)


def _meant(policy: Policy, binding: Binding, subject: Mapping[str, Any]) -> tuple[str, str, str, str] | None:
    """Kind, name, namespace and meaning of a subject; None for one that means nobody."""
    who = policy.rule("access/meantBy")(subject, binding.namespace)
    kind, name = str(subject.get("kind")), str(subject.get("name") or "")
    if who["groups"]:
        return kind, name, "", str(policy.rule("access/groupMeans")(name))
    if not who["user"]:
        return None
    home = (
        "" if who["user"] == name else str(policy.rule("access/serviceAccountOf")(who["user"])["namespace"])
    )
    return kind, name, home, ""


def _reaches(home: str, asked: Asked, namespace: str, in_itself: bool) -> bool:
    """Can a binding of this namespace ("": of all) grant what is asked? `in_itself`: what is asked for is in
    the namespace of its own name.
    """
    if not home:
        return True
    if asked.path or (asked.namespaced is False and not in_itself):
        return False
    return not namespace or namespace == home


def _matching(
    policy: Policy, role: Role, request: Request, asked: Asked, name: str
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rules of a role that allow the request, each with the names that it is limited to."""
    allowed = policy.matching(role, request)
    yield from ((i, ()) for i in allowed)
    if name or asked.path or not policy.rule("access/hasName")(request["verb"], asked.subresource):
        return
    for index, rule in enumerate(role.rules):
        named = tuple(rule.get("resourceNames") or ())
        if index not in allowed and named:
            fitting = tuple(n for n in named if index in policy.matching(role, {**request, "name": n}))
            if fitting:
                yield index, fitting


def _request(policy: Policy, verb: str, asked: Asked, name: str, namespace: str = "") -> Request:
    """What is asked, by nobody: roles look at nothing else. Without a name, one that no rule mentions."""
    if asked.path:
        return {"resourceRequest": False, "verb": verb, "path": asked.path}
    if not name and policy.rule("access/hasName")(verb, asked.subresource):
        name = policy.fresh_name
    return {
        "resourceRequest": True,
        "verb": verb,
        "apiGroup": asked.api_group,
        "resource": asked.resource,
        "subresource": asked.subresource,
        "name": name,
        "namespace": namespace,
    }


def _others(
    policy: Policy, authorizer: Mapping[str, Any], verb: str, asked: Asked, namespace: str, name: str
) -> Iterator[Holder]:
    """Whom an authorizer other than RBAC lets: the lines of an ABAC file, kubelets, or everyone."""
    says = policy.rule("access/authorizerSays")
    means = policy.rule("access/groupMeans")
    base = _request(policy, verb, asked, name, namespace)
    kind = str(authorizer["type"])
    for user, groups, shown, limit in _candidates(policy, authorizer):
        request = {**base, "user": user, "groups": groups}
        if limit is not None:
            request["namespace"] = namespace or limit
        if says(authorizer, request, policy.cluster)["decision"] == "allow":
            label, own = shown
            yield Holder(label, own, means=means(own), limit_namespace=limit or "", why=kind)


def _candidates(
    policy: Policy, authorizer: Mapping[str, Any]
) -> Iterator[tuple[str, list[str], tuple[str, str], str | None]]:
    """Identities that an authorizer may tell apart: user, groups, how they are shown, a namespace or None."""
    known = policy.rule("access/knownAs")
    if authorizer["type"] == "Node":
        for node in policy.nodes:
            who = policy.rule("access/nodeIdentity")(node)
            yield who["user"], who["groups"], ("User", who["user"]), None
    elif authorizer["type"] == "ABAC":
        for line in authorizer.get("policies") or ():
            user, group = str(line.get("user") or ""), str(line.get("group") or "")
            groups = [group] if group else []
            who = known(user, groups) if user else {"user": policy.fresh_name, "groups": groups}
            space = str(line.get("namespace") or "")
            limit = space if space not in ("", "*") else None
            yield who["user"], who["groups"], ("User", user) if user else ("Group", group), limit
    else:
        for who in (known(policy.fresh_name, []), policy.rule("access/anonymous")()):
            group = who["groups"][0]
            yield who["user"], who["groups"], ("Group", group), None
