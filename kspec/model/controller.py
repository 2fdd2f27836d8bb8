"""Knows how a `controller` rule is driven: what it is shown, and how what it wants becomes requests.

A sync is: read the view, claim what is owned, ask the rule `(observed, now) -> writes`, make the requests. It
does not act on a key before its view has reached the controller's own last writes for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kspec.model.api import Api
from kspec.model.clock import SECOND_NANOS, Clock
from kspec.model.doing import Claim, Doing
from kspec.model.objects import (
    Key,
    Object,
    controller_of,
    is_deleting,
    key_of,
    metadata,
    name_of,
    namespace_of,
    owner_references,
    uid_of,
    with_metadata,
)
from kspec.model.queue import WorkQueue
from kspec.model.rules import RuleFailed, call, call_clause, call_function, clauses_of, has_param, subject
from kspec.model.store import Event
from kspec.model.view import View, ViewOf
from kspec.runtime.rulebook import Clause, CompiledRule

EXPECTATION_NANOS_MAX = 300 * SECOND_NANOS
"""How long a controller waits for its view to reach its own writes: ExpectationsTimeout of client-go."""


class Controller:
    """Drives one controller rule over all objects of its type."""

    def __init__(self, rule: CompiledRule, view_of: ViewOf, api: Api, clock: Clock) -> None:
        self.rule = rule
        self.name = rule.name
        self.problems: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self._api = api
        self._clock = clock
        self._record = subject(rule)
        self._owns = clauses_of(rule, "owns")
        self._reads = clauses_of(rule, "reads")
        self.records = tuple(sorted({self._record, *(c.type for c in (*self._owns, *self._reads))}))
        self.view: View = view_of(self.records)
        self._owned_records = frozenset(c.type for c in self._owns)
        self._read_records = {c.type for c in self._reads}
        self._queue: WorkQueue[Key] = WorkQueue()
        self._expected: dict[Key, tuple[dict[str, int], int]] = {}
        self._touched: dict[str | None, None] = {}

    # ------------------------------------------------------------ events

    def observe(self, event: Event) -> None:
        record = event.key.record
        if record == self._record:
            self._queue.add(event.key)
        if record in self._owned_records:
            self._notice_owner(event.object)
            if event.old is not None and controller_of(event.old) != controller_of(event.object):
                self._notice_owner(event.old)
        if record in self._read_records:
            shared = self._api.kinds.is_namespaced(record) and self._api.kinds.is_namespaced(self._record)
            self._touched[event.key.namespace if shared else None] = None

    def restart(self) -> None:
        self._queue.clear()
        self._expected.clear()
        self._touched = {None: None}

    def _notice_owner(self, obj: Object) -> None:
        """Whoever controls the object should look; if nobody does, all that may want it."""
        reference = controller_of(obj)
        namespace = namespace_of(obj)
        if reference is not None:
            if reference.get("kind") == self._api.kinds.kind_name(self._record):
                self._queue.add(Key(self._record, namespace, str(reference.get("name", ""))))
            return
        for owner in self.view.shelf(self._record).in_namespace(namespace):
            if any(self._wants(c, owner, obj) for c in self._owns):
                self._queue.add(key_of(self._record, owner))

    def _spread(self) -> None:
        """What was read has changed: all objects that may read it should be looked at, each once."""
        if not self._touched:
            return
        shelf = self.view.shelf(self._record)
        for namespace in self._touched:
            for obj in shelf.all() if namespace is None else shelf.in_namespace(namespace):
                self._queue.add(key_of(self._record, obj))
        self._touched = {}

    # ------------------------------------------------------------ scheduling

    def has_ready(self, now: int) -> bool:
        if self._expected:
            return bool(self.ready(now))
        return self._queue.has_ready(now) or self._touches_any()

    def _touches_any(self) -> bool:
        """Is there an object that may read what has changed? Quicker than to queue them all."""
        shelf = self.view.shelf(self._record)
        return any(shelf.has_any(namespace) for namespace in self._touched)

    def ready(self, now: int) -> Sequence[Key]:
        self._spread()
        keys = self._queue.ready(now)
        return [k for k in keys if self._may_act(k, now)] if self._expected else keys

    def next_time(self) -> int | None:
        waiting = set(self._queue.ready(self._clock.nanos))
        times = [deadline for key, (_, deadline) in self._expected.items() if key in waiting]
        later = self._queue.next_time()
        return min([*times, later] if later is not None else times, default=None)

    def state(self, now: int) -> object:
        expected = tuple(sorted((k, tuple(sorted(seen))) for k, (seen, _) in self._expected.items()))
        return (self._queue.state(now), expected, tuple(map(str, self._touched)))

    def _may_act(self, key: Key, now: int) -> bool:
        """Has the view reached the controller's own writes for this key, or has it waited long enough?"""
        expected = self._expected.get(key)
        if expected is None:
            return True
        seen, deadline = expected
        if now < deadline and not all(self.view.has_seen(r, revision) for r, revision in seen.items()):
            return False
        del self._expected[key]
        return True

    # ------------------------------------------------------------ one sync

    def run(self, key: object) -> str:
        assert isinstance(key, Key)
        self._queue.take(key)
        obj = self.view.get(key)
        if obj is None:
            self.failures.pop(str(key), None)
            self._queue.forget(key)
            return f"{key}: gone"
        try:
            claims, writes = self.decide(obj)
        except RuleFailed as failed:
            self.problems[str(key)] = str(failed)
            return f"{key}: {failed}"
        self.problems.pop(str(key), None)
        done = Doing(self._api, self._clock, self._record, obj, self._owned_records, self.reference_to(obj))
        for claim in claims:
            done.claim(claim)
        for write in writes:
            done.write(write)
        self._expect(key, done.revisions)
        if done.again is not None:
            self._queue.add_at(key, done.again)
        if done.failed:
            self.failures[str(key)] = done.failed
            self._queue.retry(key, self._clock.nanos)
        else:
            self.failures.pop(str(key), None)
            self._queue.forget(key)
        return f"{key}: {', '.join(done.said) or 'nothing to do'}"

    def decide(self, obj: Object) -> tuple[list[Claim], list[Object]]:
        """What the controller would do about this object, from what it has observed. Changes nothing."""
        values: dict[str, object] = {self.rule.params[0].name: obj, "now": self._clock.now}
        claims: list[Claim] = []
        for clause in self._owns:
            values[clause.name] = self._claimed(clause, obj, claims)
        for clause in self._reads:
            values[clause.name] = self._read(clause, obj)
        if has_param(self.rule, "cluster"):
            values["cluster"] = self._api.cluster.of(self.rule)
        writes: Any = call(self.rule, values)
        return claims, list(writes)

    def _claimed(self, clause: Clause, obj: Object, claims: list[Claim]) -> list[Object]:
        """What the controller owns of a type, after adopting what it selects and releasing what not."""
        shelf, uid = self.view.shelf(clause.type), uid_of(obj)
        owned = []
        for found in shelf.owned_by(uid):
            reference = controller_of(found)
            if reference is None or reference.get("uid") != uid:
                continue
            if clause.fn is None or self._wants(clause, obj, found):
                owned.append(found)
            elif not is_deleting(obj):
                claims.append(_release(clause.type, found, uid))
        if clause.fn is None or is_deleting(obj):
            return owned
        for found in shelf.orphans(namespace_of(obj)):
            if not is_deleting(found) and self._wants(clause, obj, found):
                claim = _adopt(clause.type, found, self.reference_to(obj))
                claims.append(claim)
                owned.append(with_metadata(found, ownerReferences=claim.references))
        return sorted(owned, key=name_of)

    def _wants(self, clause: Clause, obj: Object, candidate: Object) -> bool:
        """Does the clause's selector select the candidate? A selector without terms owns nothing."""
        if clause.fn is None or namespace_of(candidate) != namespace_of(obj):
            return False
        selector = call_clause(self.rule, clause, {self.rule.params[0].name: obj})
        if not isinstance(selector, dict) or not (
            selector.get("matchLabels") or selector.get("matchExpressions")
        ):
            return False
        labels = metadata(candidate).get("labels") or {}
        return bool(call_function(self._api.rules.function("types/selects"), selector, labels))

    def _read(self, clause: Clause, obj: Object) -> list[Object]:
        """All objects of a type; of a namespaced one, for a namespaced subject, those of its namespace."""
        shelf = self.view.shelf(clause.type)
        if self._api.kinds.is_namespaced(clause.type) and self._api.kinds.is_namespaced(self._record):
            return shelf.in_namespace(namespace_of(obj))
        return shelf.all()

    def _expect(self, key: Key, revisions: dict[str, int]) -> None:
        """The next sync of this key waits until the view has reached these writes, type by type."""
        unseen = {r: n for r, n in revisions.items() if not self.view.has_seen(r, n)}
        if unseen:
            self._expected[key] = (unseen, self._clock.nanos + EXPECTATION_NANOS_MAX)

    def reference_to(self, obj: Object) -> Object:
        """The owner reference that makes this object the controller of another."""
        kind = self._api.kinds.of_record(self._record)
        return {
            "apiVersion": kind.api_version if kind else str(obj.get("apiVersion", "")),
            "kind": self._api.kinds.kind_name(self._record),
            "name": name_of(obj),
            "uid": uid_of(obj),
            "controller": True,
            "blockOwnerDeletion": True,
        }


def _adopt(record: str, obj: Object, reference: Object) -> Claim:
    others = [r for r in owner_references(obj) if r.get("uid") != reference["uid"]]
    return Claim(
        key_of(record, obj), metadata(obj).get("resourceVersion", ""), [*others, reference], adopts=True
    )


def _release(record: str, obj: Object, uid: str) -> Claim:
    others = [r for r in owner_references(obj) if r.get("uid") != uid]
    return Claim(key_of(record, obj), metadata(obj).get("resourceVersion", ""), others, adopts=False)
