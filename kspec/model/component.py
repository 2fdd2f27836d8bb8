"""Knows what the world asks of whatever runs in it: controllers, the scheduler, the garbage collector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kspec.model.store import Event
from kspec.model.view import View


class Component(Protocol):
    """A part of the control plane: it observes events, has keys to work on, and works on one at a time."""

    name: str
    records: tuple[str, ...]
    view: View
    problems: dict[str, str]
    """By key, what a rule could not answer."""
    failures: dict[str, str]
    """By key, what the API server refused at the last attempt."""

    def observe(self, event: Event) -> None:
        """An event has reached the component's view."""
        ...

    def has_ready(self, now: int) -> bool: ...

    def ready(self, now: int) -> Sequence[object]:
        """What may be worked on now; the first is what a quiet day would take."""
        ...

    def run(self, key: object) -> str:
        """Works on one key: reads the view, writes through the API. Says in a few words what it did."""
        ...

    def next_time(self) -> int | None:
        """When there will be something to do if nothing else happens."""
        ...

    def restart(self) -> None:
        """Loses everything that is only in memory, and starts from what the view holds."""
        ...

    def state(self, now: int) -> object:
        """What future behaviour depends on beyond view and store, hashable, with times relative to now."""
        ...
