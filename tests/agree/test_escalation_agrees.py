"""Laws: the shortest ways, the closure of everyone at once, and a plain fixpoint over the RBAC rule gain the
same; every way is allowed, request by request; and the solver, which reads the rules, finds each closure
closed and none with a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir.types import TypeTable
from kspec.resources.load import load_library
from kspec.resources.objects import KubeObject, ObjectReader
from kspec.resources.types import load_types
from kspec.runtime.rulebook import load_rulebook
from kspec.source import NOWHERE, Span
from kspec.verify.access.certificate import Certifier, Invariant
from kspec.verify.access.closure import Reach
from kspec.verify.access.comers import comers
from kspec.verify.access.edges import Edge, Power, call
from kspec.verify.access.escalation import CLUSTER_ADMIN, Escalation
from kspec.verify.access.everyone import Everyone
from kspec.verify.access.index import GRANTED, IDENTITY, RULES, SHARED
from kspec.verify.access.nobody import nobody_but, reaches
from kspec.verify.access.policy import Policy
from kspec.verify.cluster import cluster_of

few = st.sampled_from
RBAC_GROUP = "rbac.authorization.k8s.io"
RESOURCES = (
    ("", "pods"),
    ("", "pods/exec"),
    ("", "secrets"),
    ("", "serviceaccounts/token"),
    ("", "users"),
    ("", "groups"),
    ("apps", "deployments"),
    (RBAC_GROUP, "clusterroles"),
    (RBAC_GROUP, "roles"),
    (RBAC_GROUP, "rolebindings"),
    (RBAC_GROUP, "clusterrolebindings"),
    ("", "*"),
    ("*", "*"),
)
VERBS = ("get", "create", "patch", "update", "bind", "escalate", "impersonate", "*")
SUBJECTS = (
    {"kind": "User", "name": "ann"},
    {"kind": "User", "name": "ben"},
    {"kind": "Group", "name": "dev"},
    {"kind": "Group", "name": "system:authenticated"},
    {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
    {"kind": "ServiceAccount", "name": "job", "namespace": "ops"},
)
STARTS = (("ann", ["system:authenticated"]), ("cid", ["dev", "system:authenticated"]))


SHARING = (("", "serviceaccounts/token"), *(each for each in RESOURCES if each[0] == RBAC_GROUP))
"""Of what it takes to become another, and to give each other rights."""


@st.composite
def rules(draw: st.DrawFn, resources: Sequence[tuple[str, str]] = RESOURCES) -> dict[str, Any]:
    group, resource = draw(few(resources))
    made: dict[str, Any] = {
        "verbs": draw(st.lists(few(VERBS), min_size=1, max_size=3, unique=True)),
        "apiGroups": [group],
        "resources": [resource],
    }
    names = draw(st.lists(few(("web", "r0", "dev", "")), max_size=1))
    return {**made, "resourceNames": names} if names else made


@st.composite
def clusters(draw: st.DrawFn, resources: Sequence[tuple[str, str]] = RESOURCES) -> dict[str, Any]:
    count = draw(st.integers(1, 3))
    roles = [
        {"metadata": {"name": f"r{n}"}, "rules": draw(st.lists(rules(resources), min_size=1, max_size=3))}
        for n in range(count)
    ]
    narrow = [{"metadata": {"name": "r0", "namespace": "shop"}, "rules": [draw(rules(resources))]}]
    wide, local = [], []
    for number in range(draw(st.integers(1, 5))):
        kind = draw(few(("ClusterRole", "ClusterRole", "Role")))
        namespace = draw(few(("", "shop", "ops"))) if kind == "ClusterRole" else "shop"
        binding = {
            "metadata": {"name": f"b{number}", **({"namespace": namespace} if namespace else {})},
            "roleRef": {"kind": kind, "name": f"r{draw(st.integers(0, 3))}"},
            "subjects": [draw(few(SUBJECTS))],
        }
        (local if namespace else wide).append(binding)
    return {"clusterRoles": roles, "roles": narrow, "clusterRoleBindings": wide, "roleBindings": local}


class Plain:
    """The least fixpoint as one would define it: edge by edge, every request asked of the RBAC rule."""

    def __init__(self, reach: Reach, cluster: dict[str, Any], start: int) -> None:
        self.reach, self.cluster = reach, cluster
        self.rbac, self.after, self.keys = call("RBAC"), call("afterGrant"), call("keysOf")
        self.had: set[int] = set()
        self.granted: list[int] = []
        self.shared: list[str] = []
        self.memo: dict[tuple[int, int, int], bool] = {}
        self.take(start)
        changed = True
        while changed and reach.admin not in self.had:
            before = len(self.had)
            for edge in reach.edges.edges:
                if edge.gains not in self.had and self.holds(edge):
                    self.take(edge.gains)
            changed = len(self.had) > before

    def take(self, power: int) -> None:
        self.had.add(power)
        value = self.reach.power(power)
        if value.what == IDENTITY:
            self.had |= {self.reach.edges.power(k) for k in self.keys(value.value())}
        if value.what == GRANTED:
            self.granted.append(power)
        if value.what == SHARED:
            self.shared.append(value.namespace)

    def holds(self, edge: Edge) -> bool:
        if not set(edge.having) <= self.had:
            return False
        actors = [p for p in self.had if self.reach.power(p).what == IDENTITY]
        return not edge.requests or any(all(self.may(a, r, actors) for r in edge.requests) for a in actors)

    def may(self, actor: int, request: int, others: list[int]) -> bool:
        """Alone; or where rights are shared, as another may."""
        if self.alone(actor, request, self.cluster):
            return True
        where = self.reach.edges.requests[request].namespace
        narrow = (
            where != "" and where in self.shared and any(self.alone(o, request, self.cluster) for o in others)
        )
        wide = {**self.cluster, "roleBindings": []}
        return narrow or ("" in self.shared and any(self.alone(o, request, wide) for o in others))

    def alone(self, actor: int, request: int, cluster: dict[str, Any]) -> bool:
        key = (actor, request, len(self.granted), len(cluster["roleBindings"]))
        if key not in self.memo:
            who = self.reach.power(actor)
            for power in self.granted:
                cluster = self.after(cluster, self.reach.power(power).value(), [who.name])
            asked = self.reach.edges.requests[request].by(who.name, who.groups)
            self.memo[key] = self.rbac(asked, cluster)["decision"] == "allow"
        return self.memo[key]


@settings(max_examples=25, deadline=None)
@given(clusters() | clusters(SHARING))
def test_three_ways_to_compute_a_closure_agree(cluster: dict[str, Any]) -> None:
    """closure == everyone == the plain fixpoint; of cluster-admins only that they are."""
    reach = Reach(cluster, {"podSecurity": "restricted"})
    starts = [reach.identity(user, groups) for user, groups in STARTS]
    everyone = Everyone(reach, starts)
    for place, start in enumerate(starts):
        found = set(reach.closure(start).ways)
        together = {p for p, who in everyone.who.items() if who >> place & 1}
        plain = Plain(reach, cluster, start).had
        assert (reach.admin in found) == (reach.admin in together) == (reach.admin in plain)
        if reach.admin not in found:
            assert found == together == plain


@settings(max_examples=25, deadline=None)
@given(clusters() | clusters(SHARING), st.integers(0, 10**6))
def test_the_solver_finds_a_closure_closed_and_no_other(cluster: dict[str, Any], left_out: int) -> None:
    """certify(closure) holds, and certify(closure without any one of its powers) does not."""
    reach = Reach(cluster, {"podSecurity": "restricted"})
    certifier = Certifier(reach)
    for user, groups in STARTS:
        closure = reach.closure(reach.identity(user, groups), whole=True)
        whole = Invariant.of([closure])
        assert certifier.certify(whole, 60).holds
        number = sorted(whole.powers)[left_out % len(whole.powers)]
        holed = certifier.certify(Invariant(whole.starts, whole.powers - {number}), 60)
        assert not holed.holds
        assert not holed.undecided


@settings(max_examples=25, deadline=None)
@given(clusters())
def test_what_bindings_grant_is_what_rbac_allows(cluster: dict[str, Any]) -> None:
    """bindingGrants(holdings, who, r) == RBAC allows r, for the requests of all edges."""
    rbac, grants, holdings = call("RBAC"), call("bindingGrants"), call("holdings")(cluster)
    reach = Reach(cluster, {"podSecurity": "restricted"})
    for user, groups in (*STARTS, ("system:serviceaccount:shop:web", ["system:authenticated"])):
        for asked in reach.edges.requests[::7]:
            allowed = rbac(asked.by(user, groups), cluster)["decision"] == "allow"
            assert grants(holdings, {"user": user, "groups": groups}, asked.value()) == allowed


@settings(max_examples=40, deadline=None)
@given(clusters())
def test_costs_never_fall(cluster: dict[str, Any]) -> None:
    """The nearest comes first: ways are settled in order of cost."""
    reach = Reach(cluster, {"podSecurity": "privileged"})
    closure = reach.closure(reach.identity(*STARTS[1]), whole=True)
    costs = [way.cost for way in closure.ways.values()]
    assert all(one <= other for one, other in pairwise(costs))


@settings(max_examples=40, deadline=None)
@given(clusters(), rules())
def test_another_right_takes_nothing_away(cluster: dict[str, Any], more: dict[str, Any]) -> None:
    """Closures are monotone in the policy."""
    start = STARTS[0]
    before = Reach(cluster, {"podSecurity": "privileged"})
    first, *rest = cluster["clusterRoles"]
    wider = {**cluster, "clusterRoles": [{**first, "rules": [*first["rules"], more]}, *rest]}
    after = Reach(wider, {"podSecurity": "privileged"})
    had = {before.power(p) for p in before.closure(before.identity(*start), whole=True).ways}
    has = {after.power(p) for p in after.closure(after.identity(*start), whole=True).ways}
    assert {p for p in had if p.what not in (RULES, GRANTED)} <= has


class Nowhere:
    def locate(self, path: object) -> Span:
        return NOWHERE

    def locate_key(self, path: object) -> Span:
        return NOWHERE


@cache
def table() -> TypeTable:
    return load_library().types(load_types())


KINDS = {
    "clusterRoles": "ClusterRole",
    "roles": "Role",
    "clusterRoleBindings": "ClusterRoleBinding",
    "roleBindings": "RoleBinding",
}


def policy_of(cluster: dict[str, Any]) -> Policy:
    reader, objects = ObjectReader(table()), list[KubeObject]()
    for field, kind in KINDS.items():
        for raw in cluster[field]:
            ref = {"roleRef": {"apiGroup": RBAC_GROUP, **raw["roleRef"]}} if "roleRef" in raw else {}
            made, _ = reader.read({"apiVersion": f"{RBAC_GROUP}/v1", "kind": kind, **raw, **ref}, Nowhere())
            assert made is not None
            objects.append(made)
    decoded = ((o.kind.record, o.decoded) for o in objects if o.kind and o.decoded)
    return Policy(objects, cluster_of(decoded, table()), [{"type": "RBAC"}], load_rulebook())


@settings(max_examples=25, deadline=None)
@given(clusters() | clusters(SHARING), few(("group:dev", "ann", "system:serviceaccount:shop:web")))
def test_nobody_but_is_nobody_of_all_others(cluster: dict[str, Any], but: str) -> None:
    """proved == no user with no set of groups, but those excepted, comes to it; and witnesses do."""
    question = Escalation(policy_of(cluster), "restricted")
    verdict = nobody_but(question, CLUSTER_ADMIN, [but])
    known_as = call("knownAs")
    users = ("ann", "ben", "zed", "system:serviceaccount:shop:web", "system:serviceaccount:ops:job")
    others = [
        known_as(user, list(groups))
        for user in users
        for count in (0, 1, 2)
        for groups in combinations(("dev", "staff"), count)
        if user != but and f"group:{'dev' if 'dev' in groups else ''}" != but
    ]
    assert bool(verdict.paths) == any(reaches(question, who, CLUSTER_ADMIN) for who in others)
    for gains in verdict.paths:
        assert reaches(question, {"user": gains.user, "groups": list(gains.groups)}, CLUSTER_ADMIN)


@settings(max_examples=25, deadline=None)
@given(clusters(), few((("get", "", "secrets"), ("create", "apps", "deployments"), ("patch", "", "pods"))))
def test_the_least_sets_are_the_closure_of_every_identity(
    cluster: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    """some least set covers an identity == its closure holds the request; and none is larger than needed."""
    verb, group, resource = wanted
    goal = {"resourceRequest": True, "verb": verb, "apiGroup": group, "resource": resource}
    question = Escalation(policy_of(cluster), "restricted", goal, "goal")
    target = Power("goal", name="goal")
    found = comers(question, target, 60)
    named = ("dev", "system:authenticated", "staff")
    for user in ("ann", "ben", "zed", "system:serviceaccount:shop:web", "system:serviceaccount:ops:job"):
        for groups in (g for n in range(4) for g in combinations(named, n)):
            who = {"user": user, "groups": list(groups)}
            assert any(c.covers(who) for c in found) == reaches(question, who, target)
    for comer in found:
        for left_out in comer.groups:
            less = [g for g in comer.groups if g != left_out]
            assert not reaches(question, {"user": comer.user or "zed", "groups": less}, target)
