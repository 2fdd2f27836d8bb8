"""Knows what becomes of a request for every behaviour of the webhooks in the chain: each may give any answer,
or fail, which counts as one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from kspec.verify.access.policy import Object, Policy, Request

ALWAYS, UNLESS, ONLY_IF, NEVER = "always", "unless-denied", "only-if-allowed", "never"
TRIED_MAX = 4
"""So many webhooks are asked about in one request; with more, all that is said is that they decide."""


@dataclass(frozen=True, slots=True)
class Whatever:
    """When a request is allowed, and the webhooks on which that hangs."""

    when: str
    webhooks: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = " or ".join(self.webhooks)
        if self.when == UNLESS:
            return f"allowed unless {names} denies it"
        return f"allowed only if {names} allows it" if self.when == ONLY_IF else f"{self.when} allowed"


def is_open(authorizer: Object) -> bool:
    """A webhook of which nothing is known."""
    return authorizer.get("type") == "Webhook" and not authorizer.get("answer")


def named(authorizer: Object) -> str:
    """A webhook by its name; by flags it has none."""
    name = authorizer.get("name") or ""
    return f"webhook {name}" if name else "the webhook"


def whatever(policy: Policy, request: Request) -> Whatever | None:
    """When the chain allows a request; None if there are too many webhooks to tell."""
    chain = policy.chain_for(request)
    places = [n for n, a in enumerate(chain) if is_open(a)]
    if len(places) > TRIED_MAX:
        return None
    answers: Sequence[str] = policy.rule("access/webhookAnswers")()
    outcomes = {
        said: _allowed(policy, request, chain, dict(zip(places, said, strict=True)))
        for said in product(answers, repeat=len(places))
    }
    silent = outcomes[("noopinion",) * len(places)]
    matter = [place for n, place in enumerate(places) if _matters(outcomes, n)]
    if not matter:
        return Whatever(ALWAYS if silent else NEVER)
    return Whatever(UNLESS if silent else ONLY_IF, tuple(named(chain[p]) for p in matter))


def _allowed(policy: Policy, request: Request, chain: Sequence[Object], said: Mapping[int, str]) -> bool:
    told = [{**a, "answer": said[n]} if n in said else a for n, a in enumerate(chain)]
    decided: Mapping[str, Any] = policy.rule("access/authorize")(request, told, policy.cluster)
    return bool(decided["decision"] == "allow")


def _matters(outcomes: Mapping[tuple[str, ...], bool], place: int) -> bool:
    """Does another answer of this webhook alone change what becomes of the request?"""
    same: dict[tuple[str, ...], bool] = {}
    for said, allowed in outcomes.items():
        others = (*said[:place], *said[place + 1 :])
        if same.setdefault(others, allowed) != allowed:
            return True
    return False
