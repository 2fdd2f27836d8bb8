"""Laws: inclusion by cells is inclusion by requests, whether some are tried or the solver is asked about all;
and no less than RBAC's own check.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir.properties import Property
from kspec.resources.load import load_library, load_workspace
from kspec.resources.types import load_types
from kspec.solve.verdict import Holds, Violated
from kspec.verify.access.edges import call
from kspec.verify.access.inclusion import beyond, compare, includes
from kspec.verify.properties import verify_property
from kspec.verify.setting import Setting, standard_setting

few = st.sampled_from
VERBS, GROUPS = ("get", "create", "*"), ("", "apps", "*")
RESOURCES = ("pods", "pods/log", "*/log", "*", "scales/scale", "pods/*")
NAMES, PATHS = ("a", "b", ""), ("/api", "/api/*", "/api*", "*", "/healthz", "/*", "/api/v1")
OTHER = "zz"


def some(words: tuple[str, ...], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(few(words), min_size=1, max_size=most, unique=True)


@st.composite
def rule(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 4)) == 0:
        return {"verbs": draw(some(VERBS)), "nonResourceURLs": draw(some(PATHS))}
    made = {"verbs": draw(some(VERBS)), "apiGroups": draw(some(GROUPS)), "resources": draw(some(RESOURCES))}
    names = draw(st.lists(few(NAMES), max_size=2, unique=True))
    return {**made, "resourceNames": names} if names else made


rules = st.lists(rule(), min_size=1, max_size=4)
ASKED = [
    {"resourceRequest": True, "verb": v, "apiGroup": g, "resource": r, "subresource": s, "name": n}
    for v, g, r, s, n in product(
        ("get", "create", OTHER),
        ("", "apps", OTHER),
        ("pods", "scales", OTHER),
        ("", "log", "scale", "*", OTHER),
        ("a", "b", "", OTHER),
    )
    if not (v == "create" and s == "" and n)  # to create in a collection is to name nothing
] + [
    {"resourceRequest": False, "verb": v, "path": p}
    for v, p in product(
        ("get", "create", OTHER),
        ("/api", "/apis", "/api/", "/api/v1", "/api/v1x", "/healthz", "/healthzx", "/", "x", "/api/x"),
    )
]


@settings(max_examples=50, deadline=None)
@given(rules, rules)
def test_inclusion_by_cells_is_inclusion_by_requests(owner: list[Any], servant: list[Any]) -> None:
    """includes(a, b) == no request of a large enough sample is allowed by b and not by a."""
    allows = call("ruleAllows")
    found = [r for r in ASKED if any(allows(s, r) for s in servant) and not any(allows(o, r) for o in owner)]
    assert (beyond(owner, servant) is not None) == bool(found)


INCLUDED = """
prove "included": forall q in requests
  where grants(cluster.clusterRoles[1].rules, q): grants(cluster.clusterRoles[0].rules, q)
"""


@cache
def asked_of_the_solver() -> tuple[Property, Setting]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "included.kspec")
        path.write_text(INCLUDED)
        found = load_workspace([str(path)], library=load_library())
    assert found.ok, found.diagnostics
    return found.properties[0], standard_setting(load_library().types(load_types()), found.rules)


def said_of_paths(some: list[Any]) -> set[str]:
    return {u for each in some for u in each.get("nonResourceURLs") or ()}


@settings(max_examples=12, deadline=None)
@given(rules, rules)
def test_inclusion_by_cells_is_inclusion_by_the_solver(owner: list[Any], servant: list[Any]) -> None:
    """includes(a, b) == the solver proves that a grants every request that b grants."""
    if "*" in said_of_paths([*owner, *servant]):
        return  # by cells a path may also begin with something else than a slash, which no request's does
    prop, setting = asked_of_the_solver()
    roles = [{"metadata": {"name": n}, "rules": r} for n, r in (("a", owner), ("b", servant))]
    verdict = verify_property(prop, {"clusterRoles": roles}, setting)
    assert isinstance(verdict, Holds if includes(owner, servant) else Violated), verdict
    if isinstance(verdict, Violated):
        assert verdict.witness is not None
        request = verdict.witness.values["q"]
        allows = call("ruleAllows")
        assert any(allows(s, request) for s in servant) and not any(allows(o, request) for o in owner)


@given(rule(), few(ASKED))
def test_grants_is_what_the_rules_allow(one: dict[str, Any], asked: dict[str, Any]) -> None:
    """grants(rules, r) == some rule allows r, for requests whose words have no slash."""
    assert call("grants")([one], asked) == call("ruleAllows")(one, asked)


@settings(max_examples=50, deadline=None)
@given(rules, rules)
def test_what_rbac_lets_one_hand_out_is_no_more_than_one_has(owner: list[Any], servant: list[Any]) -> None:
    """covers(a, b) implies includes(a, b)."""
    verdicts = compare(owner, servant)
    assert verdicts.uncovered or verdicts.beyond is None


@settings(max_examples=40, deadline=None)
@given(rules, rules, rules)
def test_inclusion_is_an_order(a: list[Any], b: list[Any], c: list[Any]) -> None:
    """a includes a; and it is transitive; and a union includes its parts."""
    assert includes(a, a)
    assert includes([*a, *b], a)
    assert includes([*a, *b], b)
    if includes(a, b) and includes(b, c):
        assert includes(a, c)


@given(rule(), few(ASKED))
def test_a_rule_is_a_box(one: dict[str, Any], asked: dict[str, Any]) -> None:
    """ruleAllows == verb and group and resource and name, each by itself."""
    if asked["resourceRequest"]:
        each = (
            call("verbMatches")(one, asked["verb"])
            and call("groupMatches")(one, asked["apiGroup"])
            and call("resourceMatches")(one, asked["resource"], asked["subresource"])
            and call("nameMatches")(one, asked["name"])
        )
    else:
        each = call("verbMatches")(one, asked["verb"]) and call("pathMatches")(one, asked["path"])
    assert call("ruleAllows")(one, asked) == each


def test_meaning_and_writing_differ() -> None:
    """All that two rules allow together, RBAC's check does not see, which looks at one rule at a time."""
    owner = [
        {"verbs": ["get"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "apiGroups": [""], "resources": ["pods"]},
    ]
    servant = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods/*"]}]
    assert not compare(owner, servant).differ
    split = [
        {"verbs": ["get"], "apiGroups": [""], "resources": ["*"], "resourceNames": ["a"]},
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]},
    ]
    assert includes(split, [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}])
