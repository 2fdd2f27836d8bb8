"""Knows how a request becomes a change of the store: who asks, defaults, admission, validation, persistence.

Mechanism only: what a default is, what is admitted and what is valid are rules of the object's type. A
refusal is a `Reply` with the API's reason, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kspec.model.cluster import ClusterSource
from kspec.model.defaults import Defaults
from kspec.model.kinds import Kinds
from kspec.model.objects import (
    Key,
    Object,
    is_deleting,
    key_of,
    merge_patch,
    metadata,
    name_of,
    uid_of,
    with_metadata,
)
from kspec.model.rules import RuleFailed, RuleSet, call, call_function, clauses_of, has_param
from kspec.model.store import Store, StoreError
from kspec.model.validation import Validations
from kspec.runtime.rulebook import CompiledRule

BACKGROUND, FOREGROUND, ORPHAN = "Background", "Foreground", "Orphan"
FOREGROUND_FINALIZER, ORPHAN_FINALIZER = "foregroundDeletion", "orphan"
_PROPAGATION_FINALIZERS = {BACKGROUND: (), FOREGROUND: (FOREGROUND_FINALIZER,), ORPHAN: (ORPHAN_FINALIZER,)}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, before it is decided: for the hooks that authenticate and authorise."""

    user: str
    verb: str
    key: Key
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason of a refusal, as a rule gave it."""

    rule: str
    code: str
    reason: str
    field: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The API's answer. `reason` is "" when it did as asked, else the API's word: NotFound, Conflict …"""

    reason: str = ""
    message: str = ""
    object: Object = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.reason


Hook = Callable[[Request], str | None]
"""Says why a request is refused, or None."""


def _open_door(request: Request) -> str | None:
    return None


@dataclass
class Api:
    """The API server. `cluster` makes the value that rules take as `cluster`."""

    store: Store
    rules: RuleSet
    kinds: Kinds
    cluster: ClusterSource
    authenticate: Hook = _open_door
    authorize: Hook = _open_door

    def __post_init__(self) -> None:
        self._defaults = Defaults(self.kinds.table, self.rules)
        self._validations = Validations(self.kinds.table, self.rules)

    # ------------------------------------------------------------ requests

    def create(self, record: str, obj: Object, user: str = "", dry_run: bool = False) -> Reply:
        """Makes an object of what was given, with an empty status."""
        obj = self.kinds.identified(record, {k: v for k, v in obj.items() if k != "status"})
        refused = self._refusal(Request(user, "create", key_of(record, obj)))
        if refused:
            return refused
        if not name_of(obj) and not metadata(obj).get("generateName"):
            return Reply("Invalid", "metadata.name: Required value: name or generateName is required")
        reply = self._checked(record, self.store.prepared(record, obj), None, "create")
        if not reply.ok or dry_run:
            return reply
        return self._commit(lambda: self.store.create(record, reply.object))

    def update(self, record: str, obj: Object, user: str = "", dry_run: bool = False) -> Reply:
        """Replaces an object but for its status. With a resourceVersion it must be the present one."""
        key = key_of(record, obj)
        refused = self._refusal(Request(user, "update", key))
        if refused:
            return refused
        old = self.store.get(key)
        if old is None:
            return self._not_found(key)
        new = {k: v for k, v in obj.items() if k != "status"}
        if "status" in old:
            new["status"] = old["status"]
        reply = self._checked(record, self.kinds.identified(record, new), old, "update")
        if not reply.ok or dry_run:
            return reply
        return self._commit(lambda: self.store.update(record, reply.object))

    def patch(self, key: Key, patch: Mapping[str, Any], seen: str | None = None, user: str = "") -> Reply:
        """A merge patch of all but the status; `seen` is the resourceVersion that the writer has read."""
        old = self.store.get(key)
        if old is None:
            return self._not_found(key)
        changed = merge_patch(old, dict(patch))
        return self.update(key.record, _as_seen(changed, seen), user)

    def patch_status(
        self, key: Key, patch: Mapping[str, Any], seen: str | None = None, user: str = ""
    ) -> Reply:
        """A merge patch of the status alone: the status subresource."""
        refused = self._refusal(Request(user, "update", key, "status"))
        if refused:
            return refused
        old = self.store.get(key)
        if old is None:
            return self._not_found(key)
        new = {**old, "status": merge_patch(old.get("status") or {}, dict(patch))}
        return self._commit(lambda: self.store.update(key.record, _as_seen(new, seen)))

    def bind(self, key: Key, node: str, user: str = "") -> Reply:
        """Gives a pod its node, once and for all: the binding subresource."""
        refused = self._refusal(Request(user, "create", key, "binding"))
        if refused:
            return refused
        old = self.store.get(key)
        if old is None:
            return self._not_found(key)
        spec = old.get("spec") or {}
        if spec.get("nodeName") or is_deleting(old):
            why = (
                "is being deleted" if is_deleting(old) else f"is already assigned to node {spec['nodeName']}"
            )
            return Reply("Conflict", f"{key} {why}")
        return self._commit(
            lambda: self.store.update(key.record, {**old, "spec": {**spec, "nodeName": node}})
        )

    def delete(
        self,
        key: Key,
        propagation: str = BACKGROUND,
        grace_seconds: int | None = None,
        uid: str = "",
        user: str = "",
    ) -> Reply:
        """Asks for an object to go, if that is its uid. Grace: as asked, else as its type has it."""
        refused = self._refusal(Request(user, "delete", key))
        if refused:
            return refused
        old = self.store.get(key)
        if old is None:
            return self._not_found(key)
        if uid and uid != uid_of(old):
            return Reply("Conflict", f"{key} is another object now: its uid differs")
        rule = self.rules.function_about("deletionGrace", key.record)
        if grace_seconds is None:
            grace_seconds = int(str(call_function(rule, old))) if rule else 0
        finalizers = _PROPAGATION_FINALIZERS[propagation]
        return self._commit(lambda: self.store.delete(key, grace_seconds, finalizers) or old)

    # ------------------------------------------------------------ the chain

    def _refusal(self, request: Request) -> Reply | None:
        why = self.authenticate(request)
        if why is not None:
            return Reply("Unauthorized", why)
        why = self.authorize(request)
        return None if why is None else Reply("Forbidden", why)

    def _checked(self, record: str, obj: Object, old: Object | None, verb: str) -> Reply:
        """Default, admit, validate. The reply's object is what would be stored."""
        try:
            return self._decided(record, obj, old, verb)
        except RuleFailed as failed:
            return Reply("InternalError", str(failed), obj)

    def _decided(self, record: str, obj: Object, old: Object | None, verb: str) -> Reply:
        values: dict[str, object] = {"old": old, "now": self.store.clock.now, "operation": verb}
        obj = self._defaulted(record, obj, values)
        problems: list[Problem] = []
        for rule in self.rules.about("admit", record):
            if _applies(rule, verb):
                admission = self._value(rule, obj, values)
                obj = admission["object"]
                problems += _problems(rule, admission.get("findings") or ())
        if problems:
            return Reply("Forbidden", "; ".join(p.reason for p in problems), obj, tuple(problems))
        problems += self._invalid(record, obj, values)
        if problems:
            return Reply("Invalid", "; ".join(_line(p) for p in problems), obj, tuple(problems))
        return Reply(object=obj)

    def _invalid(self, record: str, obj: Object, values: dict[str, object]) -> Iterator[Problem]:
        """What rules of validation find, in the object and in its parts."""
        known = {
            **values,
            "kind": self.kinds.kind_name(record),
            "namespaced": self.kinds.is_namespaced(record),
        }
        verb, compared = str(values["operation"]), values["old"] is not None
        found = self._validations.found(record, obj, verb, compared, lambda r, at: self._value(r, at, known))
        for rule, finding, field_ in found:
            yield Problem(rule.id, finding.get("code", ""), finding.get("reason", ""), field_)

    def invalid(self, record: str, obj: Object) -> list[Problem]:
        """What the API server would refuse of a new object for its form, defaults filled in before."""
        values: dict[str, object] = {"old": None, "now": self.store.clock.now, "operation": "create"}
        identified = self.kinds.identified(record, obj)
        return list(self._invalid(record, self._defaulted(record, identified, values), values))

    def defaulted(self, record: str, obj: Object) -> Object:
        """The object as the API would fill it in, before admission."""
        return self._defaulted(record, self.kinds.identified(record, obj), {"now": self.store.clock.now})

    def _defaulted(self, record: str, obj: Object, values: dict[str, object]) -> Object:
        return self._defaults.applied(record, obj, lambda rule, at: self._value(rule, at, values))

    def _value(self, rule: CompiledRule, obj: Object, values: dict[str, object]) -> Any:
        """The rule's value; its first parameter is the object, whatever the rule calls it."""
        given = {**values, rule.params[0].name: obj}
        if has_param(rule, "cluster"):
            given["cluster"] = self.cluster.of(rule)
        return call(rule, given)

    def _commit(self, write: Callable[[], Object]) -> Reply:
        try:
            return Reply(object=write())
        except StoreError as error:
            return Reply(error.reason, str(error))

    def _not_found(self, key: Key) -> Reply:
        return Reply("NotFound", f"{key} not found")


def _applies(rule: CompiledRule, verb: str) -> bool:
    """A rule without an `on` clause is asked at every write."""
    verbs = [c.constant or c.name for c in clauses_of(rule, "on")]
    return not verbs or verb in verbs


def _problems(rule: CompiledRule, findings: Any) -> list[Problem]:
    return [Problem(rule.id, f.get("code", ""), f.get("reason", ""), f.get("field", "")) for f in findings]


def _line(problem: Problem) -> str:
    return ": ".join(part for part in (problem.field, problem.code, problem.reason) if part)


def _as_seen(obj: Object, seen: str | None) -> Object:
    return obj if seen is None else with_metadata(obj, resourceVersion=seen)
