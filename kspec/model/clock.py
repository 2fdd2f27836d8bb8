"""Knows what time it is in the model: whole nanoseconds that only move when the world moves them."""

from __future__ import annotations

from kspec.runtime.values import Timestamp

SECOND_NANOS = 1_000_000_000
START_NANOS = 1_767_225_600 * SECOND_NANOS
"""2026-01-01T00:00:00Z: where a world begins unless it is told otherwise, so that runs can be compared."""


class Clock:
    """Virtual time. It never goes back."""

    __slots__ = ("nanos",)

    def __init__(self, nanos: int = START_NANOS) -> None:
        self.nanos = nanos

    @property
    def now(self) -> Timestamp:
        """The time as the API writes it and rules see it: in whole seconds."""
        return Timestamp(self.nanos // SECOND_NANOS * SECOND_NANOS)

    def advance_to(self, nanos: int) -> None:
        assert nanos >= self.nanos, "time does not go back"
        self.nanos = nanos
