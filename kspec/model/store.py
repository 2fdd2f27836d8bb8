"""Knows what the API server keeps: objects, one global resourceVersion, and a bounded history of events.

Mechanism only. Writers say which resourceVersion they have read; a stale one is a `Conflict`. Readers follow
the history from a revision; one that is no longer kept is `TooOld`, and they must list again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from kspec.model.clock import Clock
from kspec.model.objects import (
    Key,
    Object,
    finalizers,
    generated_name,
    generated_uid,
    is_deleting,
    key_of,
    metadata,
    revision_of,
    uid_of,
    with_metadata,
    without,
)
from kspec.model.shelf import Shelf

HISTORY_EVENTS_MAX = 100_000
"""Events kept of each type."""


class Action(Enum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of an object: `object` is its new state (of a deletion: its last), `old` the one before."""

    revision: int
    action: Action
    key: Key
    object: Object
    old: Object | None


class StoreError(Exception):
    """The store refuses a write or a read. `reason` is the API's word for it."""

    reason = "InternalError"


class NotFound(StoreError):
    reason = "NotFound"


class AlreadyExists(StoreError):
    reason = "AlreadyExists"


class Conflict(StoreError):
    reason = "Conflict"


class TooOld(StoreError):
    reason = "Expired"


class _History:
    """The newest events of one type, at most `longest` of them: the API server's watch cache."""

    __slots__ = ("dropped", "events", "longest")

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.events: list[Event] = []
        self.dropped = 0

    def append(self, event: Event) -> None:
        self.events.append(event)
        if len(self.events) > 2 * self.longest:
            self._forget(len(self.events) - self.longest)

    def since(self, revision: int) -> list[Event]:
        if len(self.events) > self.longest:
            self._forget(len(self.events) - self.longest)
        if revision < self.dropped:
            raise TooOld(f"resourceVersion {revision} is too old: events up to {self.dropped} are forgotten")
        return self.events[bisect_right(self.events, revision, key=lambda e: e.revision) :]

    def _forget(self, count: int) -> None:
        self.dropped = self.events[count - 1].revision
        del self.events[:count]


class Store:
    """Every object of the cluster. `on_event` is told of each change after it has happened."""

    def __init__(self, clock: Clock, history_max: int = HISTORY_EVENTS_MAX) -> None:
        self.clock = clock
        self.revision = 0
        self.on_event: Callable[[Event], None] | None = None
        self._shelves: dict[str, Shelf] = {}
        self._history: dict[str, _History] = {}
        self._history_max = history_max
        self._names_made: dict[tuple[str, str, str], int] = {}
        self._incarnations: dict[Key, int] = {}

    # ------------------------------------------------------------ reading

    def shelf(self, record: str) -> Shelf:
        """The shelf of a record type; an empty one if there is none yet."""
        found = self._shelves.get(record)
        if found is None:
            found = self._shelves[record] = Shelf(record)
        return found

    def records(self) -> list[str]:
        """The record types of which there are objects, in order of name."""
        return sorted(r for r, shelf in self._shelves.items() if len(shelf))

    def get(self, key: Key) -> Object | None:
        return self.shelf(key.record).get(key)

    def objects(self, record: str, namespace: str | None = None) -> list[Object]:
        """All objects of a type, or those of one namespace, in order of namespace and name."""
        shelf = self.shelf(record)
        return shelf.all() if namespace is None else shelf.in_namespace(namespace)

    def events_since(self, record: str, revision: int) -> list[Event]:
        """The events of a type after a revision, in order. `TooOld` when some of them are no longer kept."""
        history = self._history.get(record)
        return history.since(revision) if history else []

    def last_revision(self, record: str) -> int:
        """The revision of the newest event of a type; 0 if there never was one."""
        history = self._history.get(record)
        return history.events[-1].revision if history else 0

    # ------------------------------------------------------------ writing

    def prepared(self, record: str, obj: Object) -> Object:
        """A new object as the server would name it: name, uid and time. Nothing is stored."""
        meta = metadata(obj)
        namespace, name = meta.get("namespace", ""), meta.get("name", "")
        if not name:
            name = self._generated(record, namespace, meta.get("generateName", ""))[0]
        key = Key(record, namespace, name)
        return with_metadata(
            obj,
            name=name,
            uid=generated_uid(key, self._incarnations.get(key, 0)),
            creationTimestamp=self.clock.now,
            generation=1 if "spec" in obj else None,
            deletionTimestamp=None,
            deletionGracePeriodSeconds=None,
        )

    def create(self, record: str, obj: Object) -> Object:
        """Adds a new object and gives it what the server gives: name, uid, time, generation, version."""
        new = self.prepared(record, obj)
        key = key_of(record, new)
        if self.get(key) is not None:
            raise AlreadyExists(f"{key} already exists")
        self._incarnations[key] = self._incarnations.get(key, 0) + 1
        base = metadata(obj).get("generateName", "")
        if base:
            self._names_made[record, key.namespace, base] = self._generated(record, key.namespace, base)[1]
        return self._commit(Action.ADDED, key, new, None)

    def restore(self, record: str, obj: Object) -> Object:
        """Puts an object back as it was, with its uid, times and status: of a snapshot, or a new node."""
        key = key_of(record, obj)
        if self.get(key) is not None:
            raise AlreadyExists(f"{key} already exists")
        incarnation = self._incarnations.get(key, 0)
        self._incarnations[key] = incarnation + 1
        meta = metadata(obj)
        new = with_metadata(
            obj,
            uid=meta.get("uid") or generated_uid(key, incarnation),
            creationTimestamp=meta.get("creationTimestamp") or self.clock.now,
            generation=meta.get("generation") or (1 if "spec" in obj else None),
        )
        return self._commit(Action.ADDED, key, new, None)

    def update(self, record: str, obj: Object) -> Object:
        """Replaces an object. Its resourceVersion, if it has one, must be the present one: else `Conflict`.

        What the server keeps (uid, creation and deletion times) cannot be changed so; a change that changes
        nothing makes no event; an object that is being deleted and waits for nothing more is removed.
        """
        key = key_of(record, obj)
        old = self.get(key)
        if old is None:
            raise NotFound(f"{key} not found")
        if metadata(obj).get("resourceVersion") not in (None, metadata(old)["resourceVersion"]):
            raise Conflict(f"{key} has been modified: read it again and repeat the change")
        if uid_of(obj) not in ("", uid_of(old)):
            raise Conflict(f"{key} is another object now: its uid differs")
        kept = metadata(old)
        new = with_metadata(
            obj,
            uid=kept["uid"],
            resourceVersion=kept["resourceVersion"],
            creationTimestamp=kept.get("creationTimestamp"),
            deletionTimestamp=kept.get("deletionTimestamp"),
            generation=kept.get("generation"),
        )
        if new == old:
            return old
        return self._settle(key, _next_generation(old, new), old)

    def delete(self, key: Key, grace_seconds: int = 0, add_finalizers: tuple[str, ...] = ()) -> Object | None:
        """Asks for an object to go. It goes at once if nothing holds it; else it is marked, and returned.

        A second request can only shorten the grace.
        """
        old = self.get(key)
        if old is None:
            raise NotFound(f"{key} not found")
        meta = metadata(old)
        before = meta.get("deletionGracePeriodSeconds")
        grace = grace_seconds if before is None else min(before, grace_seconds)
        wanted = finalizers(old) + [f for f in add_finalizers if f not in finalizers(old)]
        new = with_metadata(
            old,
            deletionTimestamp=meta.get("deletionTimestamp") or self.clock.now,
            deletionGracePeriodSeconds=grace,
            finalizers=wanted or None,
        )
        if new == old:
            return old
        new = self._settle(key, _bump(new) if not is_deleting(old) else new, old)
        return new if self.get(key) is not None else None

    # ------------------------------------------------------------ inside

    def _generated(self, record: str, namespace: str, base: str) -> tuple[str, int]:
        """The next free name for `generateName`, and the number of the one after it."""
        shelf = self.shelf(record)
        number = self._names_made.get((record, namespace, base), 0)
        return generated_name(base, number, lambda n: Key(record, namespace, n) in shelf)

    def _settle(self, key: Key, new: Object, old: Object) -> Object:
        held = finalizers(new) or metadata(new).get("deletionGracePeriodSeconds")
        if is_deleting(new) and not held:
            return self._commit(Action.DELETED, key, new, old)
        return self._commit(Action.MODIFIED, key, new, old)

    def _commit(self, action: Action, key: Key, new: Object, old: Object | None) -> Object:
        self.revision += 1
        new = with_metadata(new, resourceVersion=str(self.revision))
        assert old is None or revision_of(old) < self.revision
        if action is Action.DELETED:
            self.shelf(key.record).drop(key)
        else:
            self.shelf(key.record).put(new)
        event = Event(self.revision, action, key, new, old)
        self._history.setdefault(key.record, _History(self._history_max)).append(event)
        if self.on_event is not None:
            self.on_event(event)
        return new


def _next_generation(old: Mapping[str, object], new: Object) -> Object:
    """`generation` counts the changes of what is wanted: of anything but metadata and status."""
    same = without(dict(old), "metadata", "status") == without(new, "metadata", "status")
    return new if same else _bump(new)


def _bump(obj: Object) -> Object:
    generation = metadata(obj).get("generation")
    return obj if generation is None else with_metadata(obj, generation=generation + 1)
