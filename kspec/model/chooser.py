"""Knows every choice that the real system leaves open: all of them go through one `Chooser`.

Who runs next, how stale a cache is, whether a component restarts, which of equal nodes is taken. Choice 0 is
always the quiet one, so that `First` is a quiet day and a shrinker, which prefers small numbers, goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from kspec.model.rng import Rng


class Chooser(Protocol):
    def choose(self, label: str, n: int) -> int:
        """A number from 0 to n-1. `label` says what is being decided; it is for people only."""
        ...


class First:
    """A quiet day: always the first alternative."""

    def choose(self, label: str, n: int) -> int:
        return 0


class Seeded:
    """Random simulation: everything follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._rng = Rng(seed)

    def choose(self, label: str, n: int) -> int:
        return self._rng.below(n)


class Scripted:
    """Replays a list of choices, then goes on as `then` does."""

    def __init__(self, choices: Sequence[int], then: Chooser | None = None) -> None:
        self._choices = tuple(choices)
        self._at = 0
        self._then = then or First()

    @property
    def exhausted(self) -> bool:
        return self._at >= len(self._choices)

    def choose(self, label: str, n: int) -> int:
        if self.exhausted:
            return self._then.choose(label, n)
        choice = self._choices[self._at]
        if not 0 <= choice < n:
            raise BrokenReplay(f"choice {self._at} is {choice}, but `{label}` has {n} alternatives")
        self._at += 1
        return choice


class BrokenReplay(Exception):
    """The choices do not fit the world: it, or what went into it, is not what they were recorded on."""


class Choice(NamedTuple):
    """One decision that was taken: `chosen` of `alternatives`."""

    label: str
    alternatives: int
    chosen: int


class Recording:
    """Passes on what another chooser chooses and keeps the list, from which `Scripted` replays the run."""

    def __init__(self, inner: Chooser) -> None:
        self.inner = inner
        self.made: list[Choice] = []

    @property
    def choices(self) -> list[int]:
        return [c.chosen for c in self.made]

    def choose(self, label: str, n: int) -> int:
        chosen = self.inner.choose(label, n)
        self.made.append(Choice(label, n, chosen))
        return chosen


class Drawn:
    """Asks a function for a number between two bounds, both included: how Hypothesis drives a world.

    `Drawn(lambda low, high: data.draw(st.integers(low, high)))`; it shrinks towards the quiet day.
    """

    def __init__(self, draw: Callable[[int, int], int]) -> None:
        self._draw = draw

    def choose(self, label: str, n: int) -> int:
        return self._draw(0, n - 1)
