"""Knows when an object goes because its owners have gone: background, foreground and orphan deletion.

An owner is solid (it is there), waiting (it is being deleted in the foreground) or absent (no object of that
uid). A solid owner keeps its dependents; without one, a waiting owner has them deleted first, and absent ones
leave them to be deleted in the background.
"""

from __future__ import annotations

from collections.abc import Sequence

from kspec.model.api import BACKGROUND, FOREGROUND, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Api
from kspec.model.clock import Clock
from kspec.model.objects import (
    Key,
    Object,
    finalizers,
    is_deleting,
    key_of,
    namespace_of,
    owner_references,
    uid_of,
)
from kspec.model.queue import WorkQueue
from kspec.model.store import Action, Event, Store
from kspec.model.view import LiveView, View


class GarbageCollector:
    """Follows owner references over all types. It asks the server before it deletes, so it never lags."""

    name = "GarbageCollector"
    records: tuple[str, ...] = ()

    def __init__(self, store: Store, api: Api, clock: Clock) -> None:
        self.view: View = LiveView(store)
        self.problems: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self._store = store
        self._api = api
        self._clock = clock
        self._queue: WorkQueue[Key] = WorkQueue()

    def observe(self, event: Event) -> None:
        if event.action is Action.DELETED:
            for key, obj in self._dependents(uid_of(event.object)):
                self._queue.add(key)
                for reference in owner_references(obj):
                    self._queue_owner(obj, reference)
            for reference in owner_references(event.object):
                self._queue_owner(event.object, reference)
        elif owner_references(event.object) or is_deleting(event.object):
            self._queue.add(event.key)

    def restart(self) -> None:
        self._queue.clear()
        for record in self._store.records():
            for obj in self._store.objects(record):
                if owner_references(obj) or is_deleting(obj):
                    self._queue.add(key_of(record, obj))

    def has_ready(self, now: int) -> bool:
        return self._queue.has_ready(now)

    def ready(self, now: int) -> Sequence[Key]:
        return self._queue.ready(now)

    def next_time(self) -> int | None:
        return self._queue.next_time()

    def state(self, now: int) -> object:
        return self._queue.state(now)

    def run(self, key: object) -> str:
        assert isinstance(key, Key)
        self._queue.take(key)
        obj = self._store.get(key)
        if obj is None:
            return f"{key}: gone"
        if is_deleting(obj):
            return f"{key}: {self._help_to_go(key, obj)}"
        return f"{key}: {self._judge(key, obj)}"

    # ------------------------------------------------------------ an owner that is going

    def _help_to_go(self, key: Key, obj: Object) -> str:
        dependents = self._dependents(uid_of(obj))
        held = finalizers(obj)
        if ORPHAN_FINALIZER in held:
            for dependent, found in dependents:
                self._api.patch(dependent, {"metadata": {"ownerReferences": _others(found, {uid_of(obj)})}})
            return self._unhold(key, held, ORPHAN_FINALIZER)
        if FOREGROUND_FINALIZER in held:
            blocking = [(k, o) for k, o in dependents if _blocks(o, uid_of(obj))]
            if not blocking:
                return self._unhold(key, held, FOREGROUND_FINALIZER)
            for dependent, found in dependents:
                if not is_deleting(found):
                    self._queue.add(dependent)
            return f"waits for {len(blocking)} dependents"
        return "is going"

    def _unhold(self, key: Key, held: list[str], finalizer: str) -> str:
        left = [f for f in held if f != finalizer]
        self._api.patch(key, {"metadata": {"finalizers": left or None}})
        return f"finalizer {finalizer} removed"

    # ------------------------------------------------------------ a dependent

    def _judge(self, key: Key, obj: Object) -> str:
        references = owner_references(obj)
        if not references:
            return "has no owners"
        owners = [(r, self._owner(obj, r)) for r in references]
        absent = {str(r.get("uid")) for r, owner in owners if owner is None}
        waiting = {str(r.get("uid")) for r, owner in owners if owner is not None and _is_waiting(owner)}
        if len(absent) + len(waiting) < len(references):
            if not absent and not waiting:
                return "has an owner"
            gone = absent | waiting
            self._api.patch(key, {"metadata": {"ownerReferences": _others(obj, gone)}})
            return "dropped owners that are gone"
        propagation = FOREGROUND if waiting and self._dependents(uid_of(obj)) else BACKGROUND
        reply = self._api.delete(key, propagation, uid=uid_of(obj))
        if not reply.ok and reply.reason != "NotFound":
            self._queue.retry(key, self._clock.nanos)
            return f"delete refused, {reply.reason}: {reply.message}"
        return f"deleted, its owners are {'going' if waiting else 'gone'}"

    def _owner(self, obj: Object, reference: Object) -> Object | None:
        """The owner, if it exists: right name, right uid, and not in another namespace."""
        found = self._store.get(self._owner_key(obj, reference))
        return found if found is not None and uid_of(found) == reference.get("uid") else None

    def _owner_key(self, obj: Object, reference: Object) -> Key:
        kind = self._api.kinds.of_object(reference)
        record = kind.record if kind else str(reference.get("kind", ""))
        namespaced = kind.namespaced if kind else True
        return Key(record, namespace_of(obj) if namespaced else "", str(reference.get("name", "")))

    def _queue_owner(self, obj: Object, reference: Object) -> None:
        owner = self._owner(obj, reference)
        if owner is not None and is_deleting(owner):
            self._queue.add(self._owner_key(obj, reference))

    def _dependents(self, uid: str) -> list[tuple[Key, Object]]:
        return [
            (key_of(record, obj), obj)
            for record in self._store.records()
            for obj in self._store.shelf(record).owned_by(uid)
        ]


def _is_waiting(owner: Object) -> bool:
    return is_deleting(owner) and FOREGROUND_FINALIZER in finalizers(owner)


def _blocks(obj: Object, uid: str) -> bool:
    return any(r.get("uid") == uid and r.get("blockOwnerDeletion") for r in owner_references(obj))


def _others(obj: Object, uids: set[str]) -> list[Object] | None:
    return [r for r in owner_references(obj) if r.get("uid") not in uids] or None
