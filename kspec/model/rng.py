"""Knows how to draw numbers from a seed: SplitMix64, the same on every platform and Python."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


class Rng:
    """A stream of whole numbers that depends on the seed and on nothing else."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next64(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + _STEP) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        """A number from 0 to n-1, each equally likely; draws again where 64 bits do not divide evenly."""
        assert n > 0
        limit = (1 << 64) - (1 << 64) % n
        while True:
            drawn = self.next64()
            if drawn < limit:
                return drawn % n
