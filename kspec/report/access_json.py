"""Knows how answers about access look as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kspec.report.diagnostics import place_to_json
from kspec.source import Span
from kspec.verify.access.acting import Acting
from kspec.verify.access.decision import ALLOWED, Answer, Miss, joined
from kspec.verify.access.holders import Holder, Holders
from kspec.verify.access.policy import Binding, Grant, Role
from kspec.verify.access.rights import Right, Rights

Json = dict[str, Any]
REQUEST = ("verb", "apiGroup", "resource", "subresource", "namespace", "name", "path")


def can_to_json(
    answer: Answer, assumed: Sequence[str], who: Mapping[str, Any], acting: Acting | None = None
) -> Json:
    asker: Json = {"user": who["user"], "groups": list(who["groups"])}
    if acting is not None:
        then = acting.who or {"user": acting.user, "groups": []}
        asker["actingAs"] = {**then, "verdict": acting.verdict, "mode": acting.mode or None}
        asker["actingAs"]["lacks"] = list(acting.needed)
    verdict = joined(answer, acting.verdict if acting else ALLOWED)
    return {**asker, "verdict": verdict, **_answer(answer), "assumed": list(assumed)}


def _answer(answer: Answer) -> Json:
    return {
        "request": {name: answer.request[name] for name in REQUEST if answer.request.get(name)},
        "decision": answer.verdict,
        "by": answer.by or None,
        "reason": answer.reason,
        "grants": [grant_to_json(g) for g in answer.grants],
        "nearest": [_miss(m) for m in answer.misses],
        "further": [_answer(f) for f in answer.further],
        **_webhooks(answer),
    }


def _webhooks(answer: Answer) -> Json:
    """When it is allowed, where that hangs on webhooks."""
    whatever = answer.whatever
    return {} if whatever is None else {"allowed": {"when": whatever.when, "by": list(whatever.webhooks)}}


def _miss(miss: Miss) -> Json:
    differs = [{"field": field, "rule": list(said)} for field, said in miss.differs]
    return {**grant_to_json(miss.grant), "differs": differs}


def grant_to_json(grant: Grant) -> Json:
    """A binding, its role, and the rule there."""
    origin = grant.origin
    rule: Json = {"role": origin.name or grant.role.name, "index": origin.index, **grant.rule}
    return {
        "binding": binding_to_json(grant.binding),
        "role": _object(grant.role, grant.role.span),
        "rule": {**rule, "place": _place(origin.span)},
    }


def binding_to_json(binding: Binding) -> Json:
    return _object(binding, binding.span)


def _object(thing: Role | Binding, span: Span) -> Json:
    made: Json = {"kind": thing.kind, "name": thing.name}
    if thing.namespace:
        made["namespace"] = thing.namespace
    return {**made, "place": _place(span)}


def _place(span: Span | None) -> Json | None:
    return None if span is None else place_to_json(span)


def holders_to_json(found: Holders, assumed: Sequence[str]) -> Json:
    asked = found.asked
    request = {
        "verb": found.verb,
        "apiGroup": asked.api_group,
        "resource": asked.resource,
        "subresource": asked.subresource,
        "namespace": found.namespace,
        "name": found.name,
        "path": asked.path,
    }
    return {
        "request": {k: v for k, v in request.items() if v},
        "holders": [_holder(h) for h in found.holders],
        "unknown": list(found.unknown),
        "assumed": list(assumed),
    }


def _holder(holder: Holder) -> Json:
    made: Json = {"kind": holder.kind, "name": holder.name}
    if holder.namespace:
        made["namespace"] = holder.namespace
    if holder.means:
        made["means"] = holder.means
    limits: Json = {}
    if holder.limit_names:
        limits["names"] = list(holder.limit_names)
    if holder.limit_namespace:
        limits["namespace"] = holder.limit_namespace
    by: Json = {"why": holder.why} if holder.grant is None else {"grant": grant_to_json(holder.grant)}
    unless: Json = {"unless": list(holder.unless)} if holder.unless else {}
    return {**made, "limits": limits, **by, **unless}


def rights_to_json(rights: Rights, assumed: Sequence[str]) -> Json:
    return {
        "user": rights.user,
        "groups": list(rights.groups),
        "scopes": [
            {"namespace": s.namespace, "rights": [_right(r) for r in s.rights]} for s in rights.scopes
        ],
        "beside": list(rights.beside),
        "unknown": list(rights.unknown),
        "assumed": list(assumed),
    }


def _right(right: Right) -> Json:
    made: Json = {"verbs": list(right.verbs)}
    for name, said in (("resources", right.resources), ("names", right.names), ("paths", right.paths)):
        if said:
            made[name] = list(said)
    return {**made, "grants": [grant_to_json(g) for g in right.grants]}
