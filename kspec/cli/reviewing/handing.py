"""Knows which of the roles and bindings at hand someone may not write: whether the API server refuses it by
what their rights say, and whether it would give more than they have in meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kspec.cli.reviewing.access import Reviewed
from kspec.report.access import show_rule
from kspec.report.analysis import PROVED, SHOWN, Finding
from kspec.report.escalate import show_user
from kspec.source import Severity
from kspec.verify.access.edges import call
from kspec.verify.access.inclusion import Verdicts, compare
from kspec.verify.access.policy import Binding, Role
from kspec.verify.access.words import identity, show_request

REFUSED_TO = "KS4107"
GROUP, SHOWN_MAX = "rbac.authorization.k8s.io", 3
WRITES = ("create", "patch")
"""To write an object for the first time, and again."""


def handing(reviewed: Reviewed, word: str) -> Iterator[Finding]:
    """What this user may not write. Their own rights are those that the objects at hand give them."""
    who = identity(reviewed.policy, word)
    for role in reviewed.roles:
        yield from _Writing(reviewed, who, role, role.rules).findings()
    for binding in reviewed.bindings:
        rules = binding.role.rules if binding.role else ()
        yield from _Writing(reviewed, who, binding, rules).findings()


class _Writing:
    """One object, as this user writes it."""

    def __init__(
        self,
        reviewed: Reviewed,
        who: Mapping[str, Any],
        thing: Role | Binding,
        rules: Sequence[Mapping[str, Any]],
    ) -> None:
        self.policy, self.thing, self.rules, self.who = reviewed.policy, thing, list(rules), who
        plural = next(k.plural for k in reviewed.table.kinds if (k.group, k.kind) == (GROUP, thing.kind))
        self.requests = [
            call("ask")(verb, GROUP, plural, thing.namespace, "" if verb == "create" else thing.name, "")
            | who
            for verb in WRITES
        ]

    def findings(self) -> Iterator[Finding]:
        name = show_user(str(self.who["user"]))
        writable = [r for r in self.requests if self.policy.decide(r)["decision"] == "allow"]
        if not writable:
            told = f"{name} may not write {self.thing}"
            reason = f"no authorizer allows {' or '.join(show_request(r) for r in self.requests)}"
            yield self.finding(told, reason, SHOWN, help_="")
        elif not any(self.may_hand_out(r) for r in writable):
            yield from self.refused(name, writable[0])

    def may_hand_out(self, request: dict[str, Any]) -> bool:
        """By the check of the API server, which goes by what is written."""
        policy, chain = self.policy, self.policy.chain_for(request)
        if isinstance(self.thing, Binding):
            return bool(call("mayBind")(request, self.thing.ref, chain, policy.cluster))
        aggregated = self.gathers
        return bool(call("mayWriteRole")(request, self.written, aggregated, chain, policy.cluster))

    @property
    def gathers(self) -> bool:
        decoded = self.thing.written.decoded or {}
        return bool((decoded.get("aggregationRule") or {}).get("clusterRoleSelectors"))

    @property
    def written(self) -> list[Mapping[str, Any]]:
        """The rules that stand in the object itself."""
        return list((self.thing.written.decoded or {}).get("rules") or ())

    def refused(self, name: str, request: dict[str, Any]) -> Iterator[Finding]:
        binds = isinstance(self.thing, Binding)
        told = f"{name} may write {self.thing}, but is refused to hand out what it gives"
        if isinstance(self.thing, Binding) and self.thing.role is None:
            ref = f"{self.thing.ref.get('kind')} {self.thing.ref.get('name')}"
            yield self.finding(told, f"{ref} is not there: to bind it takes `bind`", SHOWN, self.help)
            return
        held = call("heldRules")(request, self.policy.cluster)
        wanted = self.rules if binds else self.written
        if not binds and self.gathers:
            wanted = [*wanted, *call("allRights")()]
        verdicts = compare(held, wanted, paths=not self.thing.namespace)
        yield self.finding(told, self.why(verdicts), PROVED if verdicts.differ else SHOWN, self.help)

    def why(self, verdicts: Verdicts) -> str:
        """Both verdicts: by what is written, and by what it means."""
        rights = [show_rule(r) for r in verdicts.uncovered]
        more = f" and {len(rights) - SHOWN_MAX} more" if len(rights) > SHOWN_MAX else ""
        lacks = f"no rule that they hold says {', or '.join(rights[:SHOWN_MAX])}{more}"
        if verdicts.beyond is None:
            return f"{lacks}; yet it allows no request that they may not make already"
        return f"{lacks}; it would allow more, such as {show_request(verdicts.beyond)}"

    @property
    def help(self) -> str:
        binds = isinstance(self.thing, Binding)
        role = self.thing.ref.get("kind") if isinstance(self.thing, Binding) else self.thing.kind
        verb = "bind" if binds else "escalate"
        return f"let someone apply it who holds these rights; or give them `{verb}` on the {role}"

    def finding(self, told: str, reason: str, verdict: str, help_: str) -> Finding:
        span = self.thing.written.span
        return Finding(REFUSED_TO, Severity.WARNING, told, span, verdict, reason, str(self.thing), help_)
