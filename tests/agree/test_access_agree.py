"""Laws: the index, the evaluator, generated Python and the solver answer questions about access alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.policies import few, policies, requests, setting

from kspec.ir.evaluate import evaluate_rule
from kspec.ir.properties import Property
from kspec.resources.load import load_workspace
from kspec.solve.verdict import Holds, Unknown, Violated
from kspec.verify.access.decision import answer, nearest
from kspec.verify.access.holders import Holder, who_can
from kspec.verify.access.policy import Policy
from kspec.verify.access.words import Asked
from kspec.verify.properties import verify_property

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


@cache
def properties() -> dict[str, Property]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "properties.kspec")
        path.write_text(PROPERTIES)
        return {p.title: p for p in load_workspace([str(path)]).properties}


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
