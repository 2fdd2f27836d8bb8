"""Knows how an audit log of the API server is replayed: each recorded decision against that of the rules."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kspec.source import Diagnostic, DiagnosticError, InternalError, SourceFile, Span
from kspec.verify.access.acting import mode_for
from kspec.verify.access.policy import Policy, Request

BAD_EVENT = "KS4005"
GROUP = "audit.k8s.io"
DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"
BOUND_NODE = "authentication.kubernetes.io/node-name"
RECORDED = {"allow": "allow", "forbid": "forbid"}
DECIDED = {"allow": "allow", "deny": "forbid", "noopinion": "forbid"}

BINDING = re.compile(r'\b(ClusterRoleBinding|RoleBinding) "([^"]+)"')
"""In a reason of RBAC: a RoleBinding as name/namespace."""

PREFIX = re.compile(rb"^[^\[{\"][^{\"]*(?=\{\"kind\": ?\"Event)")
"""What the logs of containers, and journals, have before an event: a time, a stream, a unit."""

CONFIRMED_MAX = 200
"""So many differences are decided again by the rules alone, which read every binding each time."""

NO_DECISION = "no decision was recorded (another stage, or refused before)"
AGAIN = "a further stage of a request that was judged"
UNKNOWN = "a webhook decides, of which nothing is known"
OF_PODS = "what the Node authorizer allows depends on the pods that were on the node then"
INCOMPLETE = "a role that is bound is not in the input"
UNREADABLE = "what was asked cannot be read from the event"


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that the rules do not make. `what`: `authorization`, or `impersonation` of another user."""

    what: str
    request: Mapping[str, Any]
    recorded: str
    decided: str
    reason: str
    count: int
    line: int
    audit_id: str


@dataclass(slots=True)
class Replay:
    """What came of a log. `judged` decisions were compared; of the other events it says why not."""

    events: int = 0
    judged: int = 0
    differences: list[Difference] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)

    @property
    def differing(self) -> int:
        return sum(d.count for d in self.differences)


OnEvent = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Event:
    line: int
    value: Mapping[str, Any]


def replay(
    policy: Policy, events: Iterable[Event], on_event: Callable[[int], None] = lambda n: None
) -> Replay:
    """Judge every event once."""
    found = Replay()
    seen: set[str] = set()
    different: dict[tuple[object, ...], Difference] = {}
    for event in events:
        found.events += 1
        on_event(found.events)
        for difference in _judge(policy, event, found, seen):
            key = (difference.what, difference.recorded, difference.reason, *_key(difference.request))
            first = different.get(key)
            if first is None and len(different) < CONFIRMED_MAX:
                _confirm(policy, difference)
            count = first.count + 1 if first else 1
            line, audit_id = (first.line, first.audit_id) if first else (event.line, difference.audit_id)
            different[key] = Difference(
                difference.what,
                difference.request,
                difference.recorded,
                difference.decided,
                difference.reason,
                count,
                line,
                audit_id,
            )
    found.differences = sorted(different.values(), key=lambda d: (-d.count, d.line))
    return found


def _confirm(policy: Policy, difference: Difference) -> None:
    """The rules themselves say so, whatever the index was used for."""
    if difference.what == "authorization":
        said = DECIDED[policy.decide(dict(difference.request))["decision"]]
        if said != difference.decided:
            raise InternalError("the rules decide otherwise than the index")


def _judge(policy: Policy, event: Event, found: Replay, seen: set[str]) -> Iterator[Difference]:
    value = event.value
    notes = _notes(value)
    recorded = RECORDED.get(str(notes.get(DECISION)))
    audit_id = str(value.get("auditID") or "")
    if recorded is None:
        found.skipped[NO_DECISION] += 1
        return
    if audit_id and audit_id in seen:
        found.skipped[AGAIN] += 1
        return
    seen.add(audit_id)
    user = _identity(value.get("impersonatedUser") or value.get("user"))
    request = None if user is None else request_of(policy, value, user)
    if request is None:
        found.undecided[UNREADABLE] += 1
        return
    decision = policy.decide_quickly(request)
    decided = DECIDED.get(decision)
    if decided is None:
        found.undecided[UNKNOWN] += 1
        return
    if decision == "noopinion" and policy.missing(request):
        found.undecided[INCOMPLETE] += 1
        return
    if decided != recorded and policy.has_node and policy.rule("access/needsGraph")(request):
        found.undecided[OF_PODS] += 1
        return
    found.judged += 1
    if decided != recorded:
        reason = str(notes.get(REASON) or "") + _not_there(policy, str(notes.get(REASON) or ""))
        yield Difference("authorization", request, recorded, decided, reason, 1, event.line, audit_id)
    if value.get("impersonatedUser"):
        yield from _impersonation(policy, event, request, audit_id)


def _not_there(policy: Policy, reason: str) -> str:
    """RBAC's reason names the binding; if there is none of that name, that explains the difference."""
    said = BINDING.search(reason)
    if said is None:
        return ""
    kind, name = said[1], said[2]
    own, _, namespace = name.partition("/")
    there = any((b.kind, b.name, b.namespace) == (kind, own, namespace) for b in policy.bindings)
    return "" if there else f" (there is no {kind} {name} in the input)"


def _impersonation(policy: Policy, event: Event, request: Request, audit_id: str) -> Iterator[Difference]:
    """The request got as far as being authorized as someone else, so its user may be them."""
    original, target = event.value.get("user") or {}, event.value["impersonatedUser"]
    who = _identity(original)
    if who is None:
        return
    asking = {**request, **who}
    wanted = _wanted(policy, target)
    bound = _extra(original).get(BOUND_NODE) or [""]
    if not mode_for(policy, asking, wanted, str(bound[0])):
        decided = f"{who['user']} may not act as {wanted['user']}"
        yield Difference("impersonation", asking, "allow", "forbid", decided, 1, event.line, audit_id)


def _wanted(policy: Policy, target: Mapping[str, Any]) -> dict[str, Any]:
    """Whom the headers named: the log adds the groups that follow from the name."""
    user = str(target.get("username") or "")
    implied = policy.rule("access/knownAs")(user, [])["groups"]
    groups = [g for g in target.get("groups") or () if g not in implied]
    uid = str(target.get("uid") or "")
    return {"user": user, "uid": uid, "groups": groups, "extra": _extra(target)}


def _notes(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The annotations of an event."""
    said = event.get("annotations")
    return said if isinstance(said, dict) else {}


def _extra(user: Mapping[str, Any]) -> dict[str, list[str]]:
    """The further fields of a user, as far as they can be read."""
    said = user.get("extra")
    pairs = said.items() if isinstance(said, dict) else ()
    return {str(k): [str(x) for x in v] for k, v in pairs if isinstance(v, list)}


def _identity(raw: object) -> dict[str, Any] | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("username"), str):
        return None
    groups = raw.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(g, str) for g in groups):
        return None
    more = {"uid": str(raw.get("uid") or ""), "extra": _extra(raw)}
    return {"user": raw["username"], "groups": groups, **more}


def request_of(policy: Policy, event: Mapping[str, Any], who: Mapping[str, Any]) -> Request | None:
    """What was authorized: by the URL, as the API server reads it; else by the object that is referred to.

    The reference may say more than was asked: of an object that is created it has the name that it got.
    """
    verb, reference = event.get("verb"), event.get("objectRef")
    if not isinstance(verb, str):
        return None
    found = _by_url(policy, event.get("requestURI"), verb, who)
    version = str(reference.get("apiVersion") or "") if isinstance(reference, dict) else ""
    if found and found["verb"] == verb and found["resourceRequest"] == isinstance(reference, dict):
        return {**found, "version": version}
    if not isinstance(reference, dict):
        return None
    names = ("apiGroup", "resource", "subresource", "namespace", "name")
    said = {name: str(reference.get(name) or "") for name in names}
    return {**who, "resourceRequest": True, "verb": verb, "version": version, **said}


def _by_url(policy: Policy, uri: object, verb: str, who: Mapping[str, Any]) -> Request | None:
    if not isinstance(uri, str) or not uri.startswith("/"):
        return None
    try:
        parts = urlsplit("//host" + uri)
    except ValueError:
        return None
    query = parse_qs(parts.query)
    watch = query.get("watch", [""])[0].lower() in ("true", "1")
    selector = query.get("fieldSelector", [""])[0]
    method = policy.rule("access/methodOf")(verb)
    found = policy.rule("access/attributesOf")(who, method, unquote(parts.path), watch, selector)
    labels = query.get("labelSelector", [""])[0]
    made = {**found, **who, "labelSelector": labels}
    return made if found["resourceRequest"] else {**made, "verb": verb}


def _key(request: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(str(request.get(k)) for k in sorted(request))


def read_events(path: str, lines: Iterable[bytes]) -> Iterator[Event]:
    """The events of a log: a JSON object a line, or one value over all lines: an Event, an EventList, a list.
    What the logs of containers have before the object of a line is passed over.

    Raises the first that is none.
    """
    rest = iter(lines)
    for number, raw in enumerate(rest, 1):
        if not raw.strip():
            continue
        value, why = _parsed(raw)
        if why and number == 1:
            value, whole = _parsed(raw + b"".join(rest))
            why = why if whole else ""
        if why:
            raise DiagnosticError([_mistake(path, number, raw, f"line {number} is not JSON: {why}")])
        listed = isinstance(value, dict) and value.get("kind") == "EventList"
        events = value.get("items") if listed else value if isinstance(value, list) else [value]
        for event in events if isinstance(events, list) else [None]:
            if not isinstance(event, dict) or not _is_event(event):
                raise DiagnosticError([_mistake(path, number, raw, f"line {number} is no audit event")])
            yield Event(number, event)


def _parsed(raw: bytes) -> tuple[Any, str]:
    """The value of a JSON text, or why it is none."""
    try:
        return json.loads(PREFIX.sub(b"", raw, count=1)), ""
    except (ValueError, RecursionError) as error:
        return None, str(error) or "nested too deeply"


def _is_event(value: Mapping[str, Any]) -> bool:
    """An item of a list need not say what it is."""
    version = str(value.get("apiVersion", f"{GROUP}/v1"))
    return version.partition("/")[0] == GROUP and value.get("kind", "Event") == "Event" and "verb" in value


def _mistake(path: str, number: int, raw: bytes, message: str) -> Diagnostic:
    text = raw.decode("utf-8", "replace").rstrip("\n")
    file = SourceFile(path, "\n" * (number - 1) + text)
    start = number - 1
    return Diagnostic(
        BAD_EVENT,
        message,
        Span(file, start, start + min(len(text), 200)),
        help="a log has one JSON object a line: an Event or EventList of audit.k8s.io/v1",
    )


def allowed_requests(policy: Policy, events: Iterable[Event]) -> Iterator[Request | None]:
    """The requests that the log says were allowed, by whomever they were made in the end; None for one that
    cannot be read. Of several stages of a request the first counts.
    """
    seen: set[str] = set()
    for event in events:
        value = event.value
        audit_id = str(value.get("auditID") or "")
        if _notes(value).get(DECISION) != "allow" or (audit_id and audit_id in seen):
            continue
        seen.add(audit_id)
        user = _identity(value.get("impersonatedUser") or value.get("user"))
        yield None if user is None else request_of(policy, value, user)
