"""Knows a value by which object it is, not by what it holds: a key for what was computed from just that one.

The key keeps the object alive, so that no other takes its place; and no order hangs on it.
"""

from __future__ import annotations


class Same:
    """Equal to what stands for the same object."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)
