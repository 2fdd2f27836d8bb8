"""Laws: the index, the evaluator, generated Python and the solver answer questions about access alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir.evaluate import evaluate_rule
from kspec.ir.properties import Property
from kspec.ir.types import TypeTable
from kspec.resources.load import load_library, load_workspace
from kspec.resources.objects import KubeObject, ObjectReader
from kspec.runtime.rulebook import load_rulebook
from kspec.solve.verdict import Holds, Unknown, Violated
from kspec.source import NOWHERE, Span
from kspec.verify.access.decision import answer, nearest
from kspec.verify.access.holders import Holder, who_can
from kspec.verify.access.policy import Policy
from kspec.verify.access.words import Asked
from kspec.verify.cluster import cluster_of
from kspec.verify.properties import verify_property
from kspec.verify.setting import Setting, standard_setting

GROUP = "rbac.authorization.k8s.io"
few = st.sampled_from
SPACES, USERS, GROUPS = ("shop", "dev"), ("alice", "bob", "*"), ("ops", "system:authenticated")
VERBS, NAMES = ("get", "list", "create", "deletecollection"), ("", "one", "two")
RESOURCES = (("pods", ""), ("pods", "log"), ("secrets", ""), ("scales", "scale"))
PATHS = ("/healthz", "/healthz/a", "/metrics", "/")
MODES: tuple[dict[str, Any], ...] = ({"type": "AlwaysDeny"}, {"type": "Node"}, {"type": "RBAC"})

PROPERTIES = """
prove "get": forall s in subjects: !can(s, "get", "secrets", "shop", "", "one")
prove "create": forall s in subjects: !can(s, "create", "pods", "dev")
prove "log": forall s in subjects: !can(s, "get", "pods", "", "", "two", "log")
"""
ASKED = {
    "get": ("get", Asked("", "", "secrets"), "shop", "one"),
    "create": ("create", Asked("", "", "pods"), "dev", ""),
    "log": ("get", Asked("", "", "pods", "log"), "everywhere", "two"),
}


class Nowhere:
    def locate(self, path: object) -> Span:
        return NOWHERE

    def locate_key(self, path: object) -> Span:
        return NOWHERE


@cache
def table() -> TypeTable:
    with TemporaryDirectory() as folder:
        return load_library().types(load_workspace([_empty(folder)]).table)


def _empty(folder: str) -> str:
    path = Path(folder, "a.yaml")
    path.write_text("{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n")
    return str(path)


@cache
def setting() -> Setting:
    return standard_setting(table())


@cache
def properties() -> dict[str, Property]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "properties.kspec")
        path.write_text(PROPERTIES)
        return {p.title: p for p in load_workspace([str(path)]).properties}


# ---------------------------------------------------------------- policies

resource_rules = st.fixed_dictionaries(
    {
        "verbs": few((["get"], ["*"], ["list", "create"], ["get", "deletecollection"])),
        "apiGroups": few(([""], ["*"], ["apps"], ["", "apps"])),
        "resources": few((["pods"], ["secrets"], ["*"], ["pods/log"], ["*/log"], ["pods/*"], ["*/scale"])),
    },
    optional={"resourceNames": few(([], ["one"], ["two", "one"], ["*"], [""]))},
)
path_rules = st.fixed_dictionaries(
    {
        "verbs": few((["get"], ["*"])),
        "nonResourceURLs": few((["*"], ["/healthz"], ["/healthz/*"], ["/h**"], ["/met*rics"])),
    }
)
rules = st.lists(st.one_of(resource_rules, resource_rules, path_rules), max_size=3)
subjects = st.one_of(
    st.builds(lambda n: {"kind": "User", "apiGroup": GROUP, "name": n}, few(USERS)),
    st.builds(lambda n: {"kind": "Group", "apiGroup": GROUP, "name": n}, few(GROUPS)),
    st.builds(
        lambda n, s: {"kind": "ServiceAccount", "name": n} | ({"namespace": s} if s else {}),
        few(("web", "db")),
        few(("", *SPACES)),
    ),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    made = []
    for n in range(draw(st.integers(1, 4))):
        kind = draw(few(("Role", "ClusterRole", "ClusterRole")))
        body: dict[str, Any] = {"rules": draw(rules)}
        if kind == "ClusterRole" and draw(st.booleans()):
            selector = {"matchLabels": {"to": draw(few(("r0", "r1")))}}
            body["aggregationRule"] = {"clusterRoleSelectors": [selector]}
        labels = {"to": draw(few(("r0", "r1", "none")))}
        made.append(_object(kind, f"r{n}", draw(few(SPACES)) if kind == "Role" else "", body, labels))
    for n in range(draw(st.integers(1, 4))):
        kind = draw(few(("RoleBinding", "ClusterRoleBinding")))
        of = "ClusterRole" if kind == "ClusterRoleBinding" else draw(few(("Role", "ClusterRole")))
        ref = {"apiGroup": GROUP, "kind": of, "name": f"r{draw(st.integers(0, 3))}"}
        body = {"roleRef": ref, "subjects": draw(st.lists(subjects, max_size=3))}
        space = "" if kind == "ClusterRoleBinding" else draw(few(SPACES))
        made.append(_object(kind, f"b{n}", space, body, {}))
    return policy_of(made)


def _object(
    kind: str, name: str, namespace: str, body: dict[str, Any], labels: dict[str, str]
) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, **body}


def policy_of(raw: list[dict[str, Any]]) -> Policy:
    reader = ObjectReader(table())
    objects: dict[object, KubeObject] = {}
    for value in raw:
        made, mistakes = reader.read(value, Nowhere())
        assert made is not None, mistakes
        assert not mistakes, mistakes
        objects[made.key] = made
    known = list(objects.values())
    cluster = cluster_of(((o.kind.record, o.decoded) for o in known if o.kind and o.decoded), table())
    return Policy(known, cluster, MODES, load_rulebook())


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    account = f"system:serviceaccount:{draw(few(SPACES))}:{draw(few(('web', 'db')))}"
    user = draw(few((*USERS, account)))
    groups = draw(st.lists(few(GROUPS), unique=True, max_size=2))
    base: dict[str, Any] = {"user": user, "groups": groups, "verb": draw(few(VERBS))}
    if draw(st.integers(0, 4)) == 0:
        return base | {"resourceRequest": False, "path": draw(few(PATHS))}
    resource, subresource = draw(few(RESOURCES))
    named = base["verb"] == "get" or (base["verb"] == "create" and subresource)
    return base | {
        "resourceRequest": True,
        "apiGroup": draw(few(("", "apps"))),
        "resource": resource,
        "subresource": subresource,
        "namespace": draw(few(("", *SPACES))),
        "name": draw(few(NAMES)) if named or base["verb"] == "list" else "",
    }


# ---------------------------------------------------------------- laws


@settings(max_examples=80)
@given(policies(), st.lists(requests(), min_size=1, max_size=8))
def test_the_index_decides_as_the_rule(policy: Policy, asked: list[dict[str, Any]]) -> None:
    """A binding grants a request exactly if the RBAC rule allows it: evaluated, and as generated Python."""
    by_id = setting().rules
    for request in asked:
        evaluated = evaluate_rule(by_id["access/RBAC"], (request, policy.cluster), by_id)
        assert isinstance(evaluated, dict)
        assert bool(list(policy.grants(request))) == (evaluated["decision"] == "allow")
        assert policy.rule("access/RBAC")(request, policy.cluster) == evaluated
        assert policy.decide_quickly(request) == policy.decide(request)["decision"]
        answer(policy, request)  # asserts the same inside


@settings(max_examples=80)
@given(policies(), st.lists(requests(), min_size=1, max_size=8))
def test_who_can_lists_everyone_who_may(policy: Policy, asked: list[dict[str, Any]]) -> None:
    """Whoever the rule lets is among the holders, with limits that admit the request; and each holder may."""
    for request in asked:
        what = Asked(request.get("path") or "", *(request.get(k) or "" for k in FIELDS))
        found = who_can(policy, request["verb"], what)
        allowed = policy.rule("access/RBAC")(request, policy.cluster)["decision"] == "allow"
        assert allowed == any(_admits(policy, h, request) for h in found.holders if h.grant)
        for holder in found.holders:
            if holder.grant:
                assert policy.decide(_as_held(policy, holder, request))["decision"] == "allow"


FIELDS = ("apiGroup", "resource", "subresource")


def _admits(policy: Policy, holder: Holder, request: dict[str, Any]) -> bool:
    assert holder.grant is not None
    subject = holder.grant.binding.subjects[holder.subject]
    meant = policy.rule("access/appliesTo")(subject, request, holder.grant.binding.namespace)
    inside = holder.limit_namespace in ("", request.get("namespace"))
    named = not holder.limit_names or request.get("name") in holder.limit_names
    return bool(meant and inside and named)


def _as_held(policy: Policy, holder: Holder, request: dict[str, Any]) -> dict[str, Any]:
    """The request as this holder could make it, at the border of its limits."""
    user, groups = holder.name, []
    if holder.kind == "Group":
        user, groups = "someone-else", [holder.name]
    elif holder.kind == "ServiceAccount":
        user = f"system:serviceaccount:{holder.namespace}:{holder.name}"
    changed = {**request, "user": user, "groups": groups}
    if request["resourceRequest"]:
        changed["namespace"] = holder.limit_namespace or request["namespace"]
        named = policy.rule("access/hasName")(request["verb"], request["subresource"])
        changed["name"] = holder.limit_names[-1] if holder.limit_names else "never-seen" if named else ""
    return changed


@settings(max_examples=60)
@given(policies(), requests())
def test_what_comes_nearest_would_grant_it(policy: Policy, request: dict[str, Any]) -> None:
    """A near miss grants the request once it says what the miss says, or the subject is the binding's."""
    allows = policy.rule("access/ruleAllows")
    for miss in nearest(policy, request):
        changed = dict(request)
        for word, said in miss.differs:
            if word in ("verb", "apiGroup", "name", "path"):
                changed[word] = said[0]
            elif word == "resource":
                kin = next(r for r in said if r.partition("/")[0] == request["resource"])
                changed["resource"], _, changed["subresource"] = kin.partition("/")
        assert allows(miss.grant.rule, changed)
        assert list(policy.grants(request)) == [] or "subject" not in miss.words


@settings(max_examples=20)
@given(policies(), few(sorted(ASKED)))
def test_the_solver_finds_someone_exactly_if_someone_is_listed(policy: Policy, title: str) -> None:
    """`nobody may` is proved if nobody is listed; else it is violated by someone who is."""
    verb, asked, namespace, name = ASKED[title]
    found = who_can(policy, verb, asked, "" if namespace == "everywhere" else namespace, name)
    listed = [h for h in found.holders if h.grant]
    if namespace == "everywhere":  # a request without a namespace: what is granted in one is no help
        listed = [h for h in listed if not h.limit_namespace]
    verdict = verify_property(properties()[title], policy.cluster, setting())
    if any(b.subjects and b.namespace in ("", namespace) for b in policy.dangling):
        assert isinstance(verdict, Unknown | Violated)  # a role that is not at hand could grant it
    elif not listed:
        assert isinstance(verdict, Holds)
    else:
        assert isinstance(verdict, Violated)
    if not isinstance(verdict, Violated):
        return
    who = verdict.witness.values["s"]
    assert isinstance(who, dict)
    meant = policy.rule("access/appliesTo")
    assert any(
        meant(h.grant.binding.subjects[h.subject], who, h.grant.binding.namespace) for h in listed if h.grant
    )
