"""Knows which keys wait to be worked on: equal keys are merged, failing ones come back later and later."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from kspec.model.clock import SECOND_NANOS

K = TypeVar("K")

BACKOFF_BASE_NANOS = 5_000_000
BACKOFF_MAX_NANOS = 1000 * SECOND_NANOS
"""client-go's default rate limiter for controllers: 5 ms, doubling, at most 1,000 s (item exponential)."""


class Waiting(Sequence[K]):
    """The keys of a map in order, as they are now. Only one other than the first has to be looked for."""

    def __init__(self, keys: OrderedDict[K, None]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __getitem__(self, index: Any) -> Any:
        return next(iter(self._keys)) if index == 0 and self._keys else [*self._keys][index]

    def __eq__(self, other: object) -> bool:
        return [*self] == other

    __hash__ = None  # type: ignore[assignment]


class WorkQueue(Generic[K]):
    """Keys in the order of their arrival. A key is in it once, however often it was added."""

    def __init__(self, base: int = BACKOFF_BASE_NANOS, longest: int = BACKOFF_MAX_NANOS) -> None:
        self._base = base
        self._longest = longest
        self._waiting: OrderedDict[K, None] = OrderedDict()
        self._later: dict[K, int] = {}
        self._failures: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: K) -> None:
        self._waiting[key] = None

    def add_at(self, key: K, nanos: int) -> None:
        """The key comes in at a time; of several times the earliest counts."""
        self._later[key] = min(nanos, self._later.get(key, nanos))

    def retry(self, key: K, now: int) -> None:
        """The key failed: it comes back after a wait that doubles with each failure in a row."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_at(key, now + min(self._base << min(failures, 60), self._longest))

    def forget(self, key: K) -> None:
        """The key succeeded: its failures are forgotten."""
        self._failures.pop(key, None)

    def failures(self, key: K) -> int:
        return self._failures.get(key, 0)

    def ready(self, now: int) -> Sequence[K]:
        """The keys that may be worked on now, in order of arrival."""
        if self._later:
            due = sorted((t, i, k) for i, (k, t) in enumerate(self._later.items()) if t <= now)
            for _, _, key in due:
                del self._later[key]
                self.add(key)
        return Waiting(self._waiting)

    def has_ready(self, now: int) -> bool:
        return bool(self._waiting) or any(t <= now for t in self._later.values())

    def take(self, key: K) -> None:
        """The key is being worked on now."""
        del self._waiting[key]

    def next_time(self) -> int | None:
        """When the next key comes in by itself."""
        return min(self._later.values(), default=None)

    def clear(self) -> None:
        self._waiting.clear()
        self._later.clear()
        self._failures.clear()

    def state(self, now: int) -> tuple[object, ...]:
        """What future behaviour depends on, with times relative to now."""
        later = tuple(sorted((str(k), max(0, t - now)) for k, t in self._later.items()))
        return (
            tuple(map(str, self._waiting)),
            later,
            tuple(sorted((str(k), n) for k, n in self._failures.items())),
        )
