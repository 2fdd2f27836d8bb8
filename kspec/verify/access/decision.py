"""Knows whether one request is allowed, by which rule and binding, or what comes nearest to allowing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from kspec.source import InternalError
from kspec.verify.access.policy import Binding, Grant, Policy, Request, Role, by_same
from kspec.verify.access.webhooks import ONLY_IF, Whatever, whatever

ALLOWED, DENIED, UNDETERMINED = "allowed", "denied", "undetermined"
VERDICTS = {"allow": ALLOWED, "deny": DENIED, "noopinion": DENIED, "unknown": UNDETERMINED}
PRIVILEGED = "system:masters"
DIFFER_MAX = 3


@dataclass(frozen=True, slots=True)
class Miss:
    """A rule that would grant the request if it asked otherwise. `differs` says in which words, and what the
    rule has there: `verb`, `apiGroup`, `resource`, `name`, `path`, the binding's `namespace` and `subject`.
    """

    grant: Grant
    differs: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word, _ in self.differs)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a request. `by` is the authorizer that decided, "" if none did."""

    request: Request
    verdict: str
    by: str
    reason: str
    grants: tuple[Grant, ...] = ()
    misses: tuple[Miss, ...] = ()
    further: tuple[Answer, ...] = ()  # requests that have to be allowed as well
    whatever: Whatever | None = None  # where webhooks decide: what their answers make of it

    @property
    def whole(self) -> str:
        """The verdict on the request and on what else it needs."""
        verdicts = [self.verdict, *(f.whole for f in self.further)]
        return next((v for v in (DENIED, UNDETERMINED) if v in verdicts), ALLOWED)


def refused(request: Request, reason: str) -> Answer:
    """The answer to a request whose credentials are not taken."""
    return Answer(request, DENIED, "authentication", reason)


def joined(answer: Answer, first: str) -> str:
    """The verdict on a request that takes something else to be allowed first."""
    verdicts = (first, answer.whole)
    return next((v for v in (DENIED, UNDETERMINED) if v in verdicts), ALLOWED)


def answer(policy: Policy, request: Request, *, misses: bool = True) -> Answer:
    """Decide a request, and say why. The verdict is that of the rules; the grants must agree with it."""
    decided = policy.decide(request)
    reason = decided["reason"] or "; ".join(passing(policy, request))
    verdict = VERDICTS[decided["decision"]]
    by = decider(policy, request)
    grants = tuple(policy.grants(request))
    if by == "RBAC" and not grants:
        raise InternalError("the RBAC rule allows what no binding grants")
    if by == "" and grants and policy.has_rbac:
        raise InternalError("a binding grants what the RBAC rule does not allow")
    more = policy.rule("access/connectRequests")(request)
    further = tuple(answer(policy, by_same(request, r)) for r in more)
    open_ = whatever(policy, request) if decided["decision"] == "unknown" else None
    hangs = open_ is not None and open_.when == ONLY_IF
    missing = policy.missing(request) if hangs or (verdict == DENIED and not by) else []
    if open_ is not None or missing:
        known = [] if open_ is None else [str(open_)]
        verdict, reason = UNDETERMINED, "; ".join([*known, *map(not_at_hand, missing)])
    near = nearest(policy, request) if (verdict == DENIED or hangs) and misses else ()
    shown = grants if by == "RBAC" or (open_ is not None and not hangs) else ()
    return Answer(request, verdict, by, reason, shown, near, further, open_)


def not_at_hand(binding: Binding) -> str:
    """What keeps it open whether a binding grants anything."""
    role = f"{binding.ref.get('kind')} {binding.ref.get('name')}"
    return f"{role}, which {binding} binds ({binding.place}), is not in the input"


def decider(policy: Policy, request: Request) -> str:
    """The first authorizer that has an opinion; a webhook goes by its name. "" if all pass."""
    if policy.rule("access/isPrivileged")(request):
        return PRIVILEGED
    says = policy.rule("access/authorizerSays")
    for authorizer in policy.chain_for(request):
        if says(authorizer, request, policy.cluster)["decision"] != "noopinion":
            name = authorizer.get("name") or ""
            return str(authorizer["type"]) if authorizer["type"] != "Webhook" else f"Webhook {name}".strip()
    return ""


def passing(policy: Policy, request: Request) -> list[str]:
    """What the authorizers that have no opinion say of it, up to the first that has one."""
    says = policy.rule("access/authorizerSays")
    found = []
    for authorizer in policy.chain_for(request):
        said = says(authorizer, request, policy.cluster)
        if said["decision"] != "noopinion":
            break
        if said["reason"]:
            found.append(f"{authorizer['type']}: {said['reason']}")
    return found


def nearest(policy: Policy, request: Request) -> tuple[Miss, ...]:
    """What comes nearest to granting a request: of the rules that the asker holds, and of the others."""
    if not policy.has_rbac:
        return ()
    held = set(policy.held_by(request.get("user") or "", request.get("groups") or ()))
    own = best(policy, _misses(policy, request, [b for b in policy.bindings if b in held]))
    others = best(policy, _misses(policy, request, [b for b in policy.bindings if b not in held]))
    return tuple(m for m in (own, others) if m is not None)


def best(policy: Policy, found: Iterator[Miss]) -> Miss | None:
    return min(found, key=lambda miss: _rank(policy, miss), default=None)


# Which of two misses of equally many words is nearer: what differs in the first of these.
PREFERENCE = ("name", "namespace", "verb", "path", "resource", "apiGroup", "subject")


def _rank(policy: Policy, miss: Miss) -> tuple[object, ...]:
    """The fewest words first; of equals those that somebody here wrote, and those that give less."""
    words = miss.words
    weight = sum(PREFERENCE.index(w) + 10 for w in words)
    wide = sum("*" in (miss.grant.rule.get(key) or ()) for key in ("verbs", "apiGroups", "resources"))
    default = policy.is_default(miss.grant.binding)
    return (weight, default, wide, str(miss.grant.binding), miss.grant.index)


def _misses(policy: Policy, request: Request, bindings: Sequence[Binding]) -> Iterator[Miss]:
    near: dict[Role, list[tuple[int, tuple[tuple[str, tuple[str, ...]], ...]]]] = {}
    who = {"user": request.get("user"), "groups": request.get("groups")}
    namespace = request.get("namespace") or ""
    for binding in bindings:
        role = binding.role
        if role is None or not binding.subjects:
            continue
        if role not in near:
            near[role] = list(_near_rules(policy, request, role))
        for index, differs in near[role]:
            if binding.namespace and binding.namespace != namespace:
                if not request.get("resourceRequest"):
                    continue  # no binding in a namespace grants a path
                differs = (*differs, ("namespace", (binding.namespace,)))
            if policy.why_meant(binding, who) is None:
                differs = (*differs, ("subject", tuple(show_subject(s) for s in binding.subjects)))
            if differs:
                yield Miss(Grant(binding, role, index), differs)


def _near_rules(
    policy: Policy, request: Request, role: Role
) -> Iterator[tuple[int, tuple[tuple[str, tuple[str, ...]], ...]]]:
    """Of each rule of a role the fewest words that a request would have to change for it to allow it."""
    allows = policy.rule("access/ruleAllows")
    for index, rule in enumerate(role.rules):
        others = _others(rule, request)
        for count in range(min(len(others), DIFFER_MAX) + 1):
            fitting = next(
                (
                    chosen
                    for chosen in combinations(others, count)
                    if allows(
                        rule, {**request, **{k: v for _, change, _ in chosen for k, v in change.items()}}
                    )
                ),
                None,
            )
            if fitting is not None:
                yield index, tuple((word, said) for word, _, said in fitting)
                break


def _others(rule: Mapping[str, Any], request: Request) -> list[tuple[str, dict[str, str], tuple[str, ...]]]:
    """What a request could say otherwise to please a rule: word, what it would say, what the rule lists."""
    verbs = tuple(rule.get("verbs") or ())
    found = [("verb", {"verb": verbs[0]}, verbs)] if verbs else []
    if not request.get("resourceRequest"):
        urls = tuple(rule.get("nonResourceURLs") or ())
        return [*found, *([("path", {"path": urls[0]}, urls)] if urls else [])]
    groups, names = tuple(rule.get("apiGroups") or ()), tuple(rule.get("resourceNames") or ())
    resources = tuple(rule.get("resources") or ())
    if groups:
        found.append(("apiGroup", {"apiGroup": groups[0]}, groups))
    kin = [r for r in resources if r.partition("/")[0] == request.get("resource")]
    if kin:  # another part of the same resource; something else altogether is not near
        resource, _, subresource = kin[0].partition("/")
        found.append(("resource", {"resource": resource, "subresource": subresource}, resources))
    if names:
        found.append(("name", {"name": names[0]}, names))
    return found


def show_subject(subject: Mapping[str, Any]) -> str:
    """`User jane`, `ServiceAccount shop/web`."""
    name, namespace = subject.get("name") or "", subject.get("namespace") or ""
    shown = f"{namespace}/{name}" if namespace and subject.get("kind") == "ServiceAccount" else name
    return f"{subject.get('kind')} {shown}"
