"""Knows whether someone may make a request as someone else, by which mode, and who they then are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.verify.access.decision import ALLOWED, DENIED, UNDETERMINED
from kspec.verify.access.policy import Policy, Request, by_same
from kspec.verify.access.words import show_request


@dataclass(frozen=True, slots=True)
class Acting:
    """`verdict` on the impersonation alone; `mode` is the one that lets it, and `who` they then are. If none
    does, `needed` says what the last mode, which fits everyone, lacks.
    """

    user: str
    verdict: str
    mode: str = ""
    who: dict[str, Any] | None = None
    needed: tuple[str, ...] = ()


def act_as(
    policy: Policy, request: Request, user: str, groups: Sequence[str] = (), bound_node: str = ""
) -> Acting:
    """May the one who asks make this request as this user, with these groups?"""
    target = {"user": user, "uid": "", "groups": list(groups), "extra": {}}
    mode = mode_for(policy, request, target, bound_node)
    if mode:
        who = policy.rule("access/impersonated")(target, mode)
        return Acting(user, ALLOWED, mode, who)
    last = policy.rule("access/impersonationModes")()[-1]
    probes = [by_same(request, p) for p in policy.rule("access/impersonationProbes")(last, request, target)]
    open_ = [p for p in probes if policy.decide(p)["decision"] not in ("allow", "deny", "noopinion")]
    lacking = [p for p in probes if policy.decide(p)["decision"] != "allow"]
    unknown = bool(open_) or any(policy.missing(p) for p in lacking)
    return Acting(user, UNDETERMINED if unknown else DENIED, needed=tuple(map(show_request, lacking)))


def mode_for(policy: Policy, request: Request, target: Mapping[str, Any], bound_node: str) -> str:
    """The mode that lets this request be made as the target; "" if none does.

    Match conditions look at each right that is asked for, which is another request than the one that is made.
    """
    if not any(policy.conditions):
        chain, cluster = policy.chain_for(request), policy.cluster
        return str(policy.rule("access/impersonationBy")(request, target, bound_node, chain, cluster))
    for mode in policy.rule("access/impersonationModes")():
        for way in policy.rule("access/modeNeeds")(mode, request, target, bound_node):
            if all(policy.decide(by_same(request, right))["decision"] == "allow" for right in way):
                return str(mode)
    return ""
