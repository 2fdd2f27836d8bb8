"""Knows what a component has observed: the store as it is, or as it was when the last event reached it.

Each type has its own stream, as in the real thing: a component may have seen a pod before the ReplicaSet that
made it. Which event arrives next is for the chooser, by way of the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from kspec.model.objects import Key, Object, canonical, with_metadata
from kspec.model.shelf import Shelf
from kspec.model.store import Action, Event, Store, TooOld


class View(Protocol):
    def shelf(self, record: str) -> Shelf:
        """What has been observed of a type."""
        ...

    def get(self, key: Key) -> Object | None: ...

    def has_seen(self, record: str, revision: int) -> bool:
        """Has every event of this type up to the revision been observed?"""
        ...


ViewOf = Callable[[Sequence[str]], View]
"""Makes the view of a component that watches these types."""


class LiveView:
    """Sees everything at once: a quiet day."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def shelf(self, record: str) -> Shelf:
        return self._store.shelf(record)

    def get(self, key: Key) -> Object | None:
        return self._store.get(key)

    def has_seen(self, record: str, revision: int) -> bool:
        return True


class LaggingView:
    """An informer's cache: it knows what was delivered to it, type by type, in order."""

    def __init__(self, store: Store, records: Iterable[str]) -> None:
        self._store = store
        self.records = tuple(sorted(records))
        self._shelves: dict[str, Shelf] = {}
        self._position: dict[str, int] = {}
        self.relist()

    def shelf(self, record: str) -> Shelf:
        return self._shelves[record]

    def get(self, key: Key) -> Object | None:
        return self._shelves[key.record].get(key)

    def has_seen(self, record: str, revision: int) -> bool:
        return self._position[record] >= revision or not self.is_behind(record)

    def is_behind(self, record: str) -> bool:
        """Is an event of this type still under way?"""
        return self._position[record] < self._store.last_revision(record)

    def deliver(self, record: str) -> list[Event]:
        """Observes the next event of a type; after a watch that broke (`TooOld`), all changes at once."""
        try:
            behind = self._store.events_since(record, self._position[record])
        except TooOld:
            return self._relist(record)
        if not behind:
            return []
        event = behind[0]
        if event.action is Action.DELETED:
            self._shelves[record].drop(event.key)
        else:
            self._shelves[record].put(event.object)
        self._position[record] = event.revision
        return [event]

    def relist(self) -> None:
        """Forgets everything and reads the present state: a component that starts."""
        for record in self.records:
            self._shelves[record] = self._store.shelf(record).copy()
            self._position[record] = self._store.revision

    def lag(self) -> tuple[object, ...]:
        """What is under way, for the digest of a state: the changes that will still arrive, in order."""
        return tuple(
            (e.action.value, e.key, canonical(_bare(e.object)), canonical(_bare(e.old or {})))
            for record in self.records
            if self.is_behind(record)
            for e in self._store.events_since(record, self._position[record])
        )

    def _relist(self, record: str) -> list[Event]:
        """The differences between what was seen and what is, as if they had been watched."""
        seen, present = self._shelves[record], self._store.shelf(record).copy()
        events = []
        for key in seen.ordered():
            if key not in present:
                old = seen.get(key) or {}
                events.append(Event(self._store.revision, Action.DELETED, key, old, old))
        for key in present.ordered():
            old_or_none, new = seen.get(key), present.get(key) or {}
            if old_or_none != new:
                action = Action.ADDED if old_or_none is None else Action.MODIFIED
                events.append(Event(self._store.revision, action, key, new, old_or_none))
        self._shelves[record] = present
        self._position[record] = self._store.revision
        return events


def _bare(obj: Object) -> Object:
    return with_metadata(obj, resourceVersion=None) if obj else obj
