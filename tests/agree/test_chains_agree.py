"""Laws: what the solver proves of a chain with webhooks holds for every answer of theirs that can be tried,
and what it refutes some of them refute.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.policies import GROUPS, USERS, few, policies, requests, setting

from kspec.ir.properties import Property
from kspec.resources.load import load_workspace
from kspec.runtime.rulebook import load_rulebook
from kspec.solve.verdict import Holds, Unknown, Violated
from kspec.verify.access.chains import Chains
from kspec.verify.access.policy import Policy
from kspec.verify.access.webhooks import ALWAYS, NEVER, ONLY_IF, UNLESS, whatever
from kspec.verify.properties import verify_property

LINE = {"user": "bob", "namespace": "*", "resource": "secrets", "apiGroup": "*"}
AUTHORIZERS: tuple[dict[str, Any], ...] = (
    {"type": "RBAC"},
    {"type": "Webhook", "name": "one"},
    {"type": "Webhook", "name": "two"},
    {"type": "ABAC", "policies": [LINE]},
    {"type": "AlwaysDeny"},
    {"type": "AlwaysAllow"},
)
chains = st.lists(few(AUTHORIZERS[:4]), min_size=1, max_size=3, unique_by=str) | st.lists(
    few(AUTHORIZERS), min_size=1, max_size=4, unique_by=str
)
ASKED = {
    "get": ("get", "secrets", "shop", "", "one"),
    "create": ("create", "pods", "dev", "", ""),
}
PROPERTIES = """
prove "nobody": forall s in subjects: !can(s, "get", "secrets", "shop", "", "one")
prove "implies": forall s in subjects:
  can(s, "get", "secrets", "shop", "", "one") implies can(s, "create", "pods", "dev")
prove "everyone": forall s in subjects: can(s, "get", "secrets", "shop", "", "one")
prove "itself": forall s in subjects:
  can(s, "create", "pods", "dev") implies ["create"].all(v, can(s, v, "pods", "dev"))
prove "again": forall s in subjects, t in subjects where s.user == t.user && s.groups == t.groups:
  can(s, "create", "pods", "dev") implies can(t, "create", "pods", "dev")
"""


@cache
def properties() -> dict[str, Property]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "properties.kspec")
        path.write_text(PROPERTIES)
        return {p.title: p for p in load_workspace([str(path)]).properties}


def identities() -> Iterator[dict[str, Any]]:
    accounts = (f"system:serviceaccount:{s}:{n}" for s in ("shop", "dev") for n in ("web", "db"))
    for user in (*USERS, "zed", *accounts):
        for held in product((False, True), repeat=len(GROUPS)):
            yield {"user": user, "groups": [g for g, has in zip(GROUPS, held, strict=True) if has]}


def outcomes(policy: Policy, chain: list[dict[str, Any]], who: dict[str, Any], asked: str) -> set[bool]:
    """Whether it is allowed, for every answer of the webhooks."""
    verb, resource, namespace, group, name = ASKED[asked]
    request = {**who, "resourceRequest": True, "verb": verb, "resource": resource, "namespace": namespace}
    request |= {"apiGroup": group, "name": name}
    authorize, webhooks = policy.rule("access/authorize"), [a for a in chain if a["type"] == "Webhook"]
    found = set()
    for said in product(("allow", "deny", "noopinion"), repeat=len(webhooks)):
        answers = iter(said)
        told = [{**a, "answer": next(answers)} if a["type"] == "Webhook" else a for a in chain]
        found.add(authorize(request, told, policy.cluster)["decision"] == "allow")
    return found


BROKEN = {
    "nobody": lambda get, create: True in get,
    "implies": lambda get, create: True in get and False in create,
    "everyone": lambda get, create: False in get,
    "itself": lambda get, create: False,
    "again": lambda get, create: False,
}


@settings(max_examples=40, deadline=None)
@given(policies(), chains, few(sorted(BROKEN)))
def test_a_proof_is_for_every_answer(policy: Policy, chain: list[dict[str, Any]], title: str) -> None:
    """proved == no identity and no answers break it."""
    asked = Chains(chain, policy.cluster, setting(), load_rulebook()).rewritten(properties()[title])
    verdict = verify_property(asked.prop, policy.cluster, setting())
    broken = any(
        BROKEN[title](outcomes(policy, chain, who, "get"), outcomes(policy, chain, who, "create"))
        for who in identities()
    )
    if isinstance(verdict, Unknown):
        assert policy.dangling  # a role that is not at hand could grant it
    else:
        assert isinstance(verdict, Violated if broken else Holds)


@settings(max_examples=60, deadline=None)
@given(policies(), chains, requests())
def test_whatever_they_say(policy: Policy, chain: list[dict[str, Any]], request: dict[str, Any]) -> None:
    """always, unless, only if, never == what becomes of the request for all answers, and for none."""
    policy.chain, policy.conditions = tuple(chain), [[] for _ in chain]
    authorize, webhooks = policy.rule("access/authorize"), [a for a in chain if a["type"] == "Webhook"]

    def allowed(said: tuple[str, ...]) -> bool:
        answers = iter(said)
        told = [{**a, "answer": next(answers)} if a["type"] == "Webhook" else a for a in chain]
        return bool(authorize(request, told, policy.cluster)["decision"] == "allow")

    all_ = {allowed(said) for said in product(("allow", "deny", "noopinion"), repeat=len(webhooks))}
    silent = allowed(("noopinion",) * len(webhooks))
    found = whatever(policy, request)
    assert found is not None
    expected = {(True,): ALWAYS, (False,): NEVER}.get(tuple(all_), UNLESS if silent else ONLY_IF)
    assert found.when == expected
    assert bool(found.webhooks) == (len(all_) == 2)
