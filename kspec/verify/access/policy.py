"""Knows a cluster's access policy as one value: bindings joined to their roles, the authorizers in order, and
where each of them is written.

Roles are resolved once. Whether a rule allows a request, and whether a subject is meant, is asked of the
rules in `rules/access`; their answers are remembered for as long as the policy is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kspec.ir.nodes import Expr
from kspec.resources.objects import KubeObject, ObjectKey
from kspec.runtime.rulebook import Rulebook
from kspec.source import Span
from kspec.verify.access.aggregation import aggregate, is_aggregated, writers

Object = Mapping[str, Any]
Request = dict[str, Any]
ObjectId = tuple[str, str, str]
"""Record type, namespace, name."""

CLUSTER_ROLE, ROLE = "rbac.ClusterRole", "rbac.Role"
CLUSTER_BINDING, BINDING = "rbac.ClusterRoleBinding", "rbac.RoleBinding"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one rule of a role is written: the object, and its index there; None if nobody wrote it."""

    written: KubeObject | None
    index: int

    @property
    def span(self) -> Span | None:
        return None if self.written is None else self.written.locate(("rules", self.index))

    @property
    def place(self) -> str:
        return place(self.span)

    @property
    def name(self) -> str:
        return "" if self.written is None else self.written.key.name


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A Role, or a ClusterRole with what it gathers of others."""

    kind: str
    namespace: str
    name: str
    rules: tuple[Object, ...]
    origins: tuple[Origin, ...]
    written: KubeObject
    matched: dict[tuple[object, ...], tuple[int, ...]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def span(self) -> Span:
        return self.written.span

    @property
    def place(self) -> str:
        return place(self.span)


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A RoleBinding or ClusterRoleBinding. `role` is None where it refers to one that is not there."""

    kind: str
    namespace: str  # "" for a ClusterRoleBinding
    name: str
    subjects: tuple[Object, ...]
    ref: Object
    role: Role | None
    written: KubeObject

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def span(self) -> Span:
        return self.written.span

    @property
    def place(self) -> str:
        return place(self.span)


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule of one role, handed out by one binding."""

    binding: Binding
    role: Role
    index: int

    @property
    def rule(self) -> Object:
        return self.role.rules[self.index]

    @property
    def origin(self) -> Origin:
        return self.role.origins[self.index]


def place(span: Span | None) -> str:
    """`rbac.yaml:12`, "" for what no file says."""
    return "" if span is None else f"{span.file.path}:{span.line}"


class Policy:
    """Everything that decides about access. `chain` holds the authorizers in their order, as
    `access.Authorizer` values, and `conditions` of each its match conditions; `cluster` the objects as rules
    see them.
    """

    def __init__(
        self,
        objects: Sequence[KubeObject],
        cluster: Mapping[str, Any],
        chain: Sequence[Object],
        book: Rulebook,
        defaults: Collection[ObjectKey] = (),
    ) -> None:
        self.book = book
        self._defaults = frozenset(defaults)
        self.people: Mapping[str, Sequence[str]] = {}  # of users whom a file of tokens lists, their groups
        self.chain = tuple({k: v for k, v in a.items() if k != "expressions"} for a in chain)
        self.conditions = [_compiled(a) for a in chain]
        own = {_key(o): o for o in objects if o.kind is not None and o.decoded is not None}
        cluster_roles = aggregate(cluster.get("clusterRoles") or [], book)
        self.cluster = {**cluster, "clusterRoles": cluster_roles}
        self.roles = self._roles(own, cluster_roles)
        self.bindings = self._bindings(own)
        self._held: dict[tuple[str, tuple[str, ...]], tuple[Binding, ...]] = {}
        self._allows = self.rule("access/ruleAllows")
        self._applies = self.rule("access/appliesTo")

    @property
    def has_rbac(self) -> bool:
        return any(a.get("type") == "RBAC" for a in self.chain)

    @property
    def has_node(self) -> bool:
        return any(a.get("type") == "Node" for a in self.chain)

    @cached_property
    def fresh_name(self) -> str:
        """A name that nothing in the policy mentions."""
        said = {n for r in self.roles for rule in r.rules for n in rule.get("resourceNames") or ()}
        said |= {str(s.get("name")) for b in self.bindings for s in b.subjects}
        said |= {str(p.get("user")) for a in self.chain for p in a.get("policies") or ()}
        name = "other"
        while name in said:
            name += "-one"
        return name

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The nodes at hand, and those that pods name."""
        pods = self.cluster.get("pods") or ()
        found = {str((p.get("spec") or {}).get("nodeName") or "") for p in pods}
        found |= {by_name_key(n) for n in self.cluster.get("nodes") or ()}
        return tuple(sorted(found - {""}))

    @cached_property
    def dangling(self) -> tuple[Binding, ...]:
        """The bindings to roles that are not there, but could be: until then they grant nothing."""
        could = self.rule("access/mayBeBound")
        return tuple(b for b in self.bindings if b.role is None and could(b.ref, b.namespace))

    def rule(self, rule_id: str) -> Any:
        """The function of a standard rule."""
        found = self.book.get(rule_id)
        assert found is not None, rule_id
        return found.fn

    def decide(self, request: Request) -> dict[str, str]:
        """What the whole chain says: the rule's own answer."""
        chain = self.chain_for(request)
        return self.rule("access/authorize")(request, chain, self.cluster)  # type: ignore[no-any-return]

    def decide_quickly(self, request: Request) -> str:
        """The same decision without a reason: what RBAC says is looked up among the grants."""
        if self.rule("access/isPrivileged")(request):
            return "allow"
        says = self.rule("access/authorizerSays")
        for authorizer in self.chain_for(request):
            if authorizer.get("type") == "RBAC":
                found = "noopinion" if next(self.grants(request), None) is None else "allow"
            else:
                found = says(authorizer, request, self.cluster)["decision"]
            if found != "noopinion":
                return str(found)
        return "noopinion"

    def chain_for(self, request: Request) -> list[Object]:
        """The authorizers, each with what its match conditions are for this request."""
        if not any(self.conditions):
            return list(self.chain)
        from kspec.verify.access.conditions import outcomes

        pairs = zip(self.chain, self.conditions, strict=True)
        return [{**a, "conditions": outcomes(c, request, self.book)} if c else a for a, c in pairs]

    def held_by(self, user: str, groups: Sequence[str]) -> tuple[Binding, ...]:
        """The bindings that mean this identity."""
        key = (user, tuple(groups))
        found = self._held.get(key)
        if found is None:
            by_user, by_group = self._meaning
            places = set(by_user.get(user, ()))
            for group in groups:
                places.update(by_group.get(group, ()))
            found = tuple(self.bindings[place] for place in sorted(places))
            self._held[key] = found
        return found

    @cached_property
    def _meaning(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """By user and by group, the places of the bindings that mean them."""
        meant = self.rule("access/meantBy")
        by_user: dict[str, list[int]] = {}
        by_group: dict[str, list[int]] = {}
        for place, binding in enumerate(self.bindings):
            for subject in binding.subjects:
                who = meant(subject, binding.namespace)
                for group in who["groups"]:
                    by_group.setdefault(group, []).append(place)
                if who["user"]:
                    by_user.setdefault(who["user"], []).append(place)
        return by_user, by_group

    def why_meant(self, binding: Binding, who: Mapping[str, Any]) -> int | None:
        """The index of the first subject of a binding that means this identity; None if none does."""
        applies, namespace = self._applies, binding.namespace
        return next((i for i, s in enumerate(binding.subjects) if applies(s, who, namespace)), None)

    def missing(self, request: Request) -> list[Binding]:
        """The bindings that may grant a request by roles that are not at hand."""
        if not self.has_rbac or not self.dangling:
            return []
        namespace = request.get("namespace") or ""
        held = self.held_by(request.get("user") or "", request.get("groups") or ())
        return [b for b in held if b in self.dangling and b.namespace in ("", namespace)]

    def is_default(self, thing: Role | Binding) -> bool:
        """Is it one of those that every cluster is born with?"""
        return thing.written.key in self._defaults

    def grants(self, request: Request) -> Iterator[Grant]:
        """Every rule that grants this request, binding by binding."""
        namespace = request.get("namespace") or ""
        for binding in self.held_by(request.get("user") or "", request.get("groups") or ()):
            if binding.role is None or (binding.namespace and binding.namespace != namespace):
                continue
            for index in self.matching(binding.role, request):
                yield Grant(binding, binding.role, index)

    def matching(self, role: Role, request: Request) -> tuple[int, ...]:
        """The indexes of the rules of a role that allow what is asked, whoever asks and wherever."""
        key = tuple(request.get(name) for name in ASKED)
        found = role.matched.get(key)
        if found is None:
            allows = self._allows
            found = tuple(i for i, rule in enumerate(role.rules) if allows(rule, request))
            role.matched[key] = found
        return found

    def _roles(self, own: Mapping[ObjectId, KubeObject], cluster_roles: Sequence[Object]) -> list[Role]:
        by_name = {str(r["metadata"]["name"]): r for r in cluster_roles}
        found = []
        for role in cluster_roles:
            obj = own[(CLUSTER_ROLE, "", by_name_key(role))]
            rules = tuple(role.get("rules") or ())
            if is_aggregated(role):
                origins = self._origins(
                    rules,
                    [own[(CLUSTER_ROLE, "", by_name_key(w))] for w in writers(role, by_name, self.book)],
                )
            else:
                origins = tuple(Origin(obj, i) for i in range(len(rules)))
            found.append(Role("ClusterRole", "", obj.key.name, rules, origins, obj))
        for role in self.cluster.get("roles") or ():
            obj = own[(ROLE, role["metadata"].get("namespace") or "", by_name_key(role))]
            rules = tuple(role.get("rules") or ())
            origins = tuple(Origin(obj, i) for i in range(len(rules)))
            found.append(Role("Role", obj.key.namespace, obj.key.name, rules, origins, obj))
        return found

    @staticmethod
    def _origins(rules: Sequence[Object], written: Sequence[KubeObject]) -> tuple[Origin, ...]:
        """Of each rule of an aggregated role the first of these objects that says it."""
        said = [(o, i, r) for o in written for i, r in enumerate((o.decoded or {}).get("rules") or ())]
        return tuple(next((Origin(o, i) for o, i, r in said if r == rule), Origin(None, 0)) for rule in rules)

    def _bindings(self, own: Mapping[ObjectId, KubeObject]) -> list[Binding]:
        roles = {(r.kind, r.namespace, r.name): r for r in self.roles}
        found = []
        for record, name in ((CLUSTER_BINDING, "clusterRoleBindings"), (BINDING, "roleBindings")):
            for binding in self.cluster.get(name) or ():
                namespace = binding["metadata"].get("namespace") or ""
                ref = binding.get("roleRef") or {}
                kind = str(ref.get("kind", ""))
                name_ = str(ref.get("name", ""))
                role = roles.get((kind, namespace, name_)) or roles.get((kind, "", name_))
                obj = own[(record, namespace, by_name_key(binding))]
                subjects = tuple(binding.get("subjects") or ())
                found.append(Binding(obj.key.kind, namespace, obj.key.name, subjects, ref, role, obj))
        return found


def by_same(request: Request, other: Request) -> Request:
    """Another request of the same one: with what of them is no part of it as rules see it."""
    return {**{k: request[k] for k in ("uid", "extra") if k in request}, **other}


ASKED = ("resourceRequest", "verb", "apiGroup", "resource", "subresource", "name", "path")
"""What of a request the rules of a role look at."""


def _compiled(authorizer: Object) -> list[Expr]:
    """The match conditions of a webhook, ready to be evaluated."""
    texts = authorizer.get("expressions") or ()
    if not texts:
        return []
    from kspec.verify.access.conditions import compile_condition

    return [compile_condition(t, f"<match condition of {authorizer.get('name')}>") for t in texts]


def by_name_key(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def _key(obj: KubeObject) -> ObjectId:
    assert obj.kind is not None
    return (obj.kind.record, obj.key.namespace, obj.key.name)
