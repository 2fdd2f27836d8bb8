"""Knows a tally as it is kept: what has been counted, by key and value, and who has read which count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kspec.model.engine.seen import Read, Trace

Counts = tuple[tuple[str, str, int], ...]
ANY = None
"""In a read: which keys, or values, there are."""


def counts_of(said: Sequence[Mapping[str, Any]]) -> Counts:
    """What a rule counts, in short."""
    return tuple([(c["key"], c.get("value") or "", c.get("count") or 0) for c in said])


class _Noting(dict[str, Any]):
    """A map that notes, in the trace of the moment, what is read of it. Its content is changed in place."""

    __slots__ = ("_tally", "at")

    def __init__(self, tally: Tally, at: Read) -> None:
        super().__init__()
        self._tally = tally
        self.at = at

    def _note(self, key: object) -> None:
        self._tally.noted((*self.at, key))

    def get(self, key: Any, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._note(ANY)
        return super().__iter__()

    def __len__(self) -> int:
        self._note(ANY)
        return super().__len__()

    def __bool__(self) -> bool:
        return len(self) > 0

    def keys(self) -> Any:
        return list(self)

    def values(self) -> Any:
        return [self[k] for k in self]

    def items(self) -> Any:
        return [(k, self[k]) for k in self]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = None


class Tally:
    """`fill` counts all that there is when the tally is first read."""

    def __init__(
        self, name: str, trace: Callable[[], Trace], changed: Callable[[Read], None], fill: Callable[[], None]
    ) -> None:
        self.name = name
        self.ready = False
        self.map = _Noting(self, (name,))
        self._trace = trace
        self._changed = changed
        self._fill = fill
        self._times: dict[tuple[str, str], int] = {}
        self._read: dict[Read, None] = {}

    def fill_with(self, fill: Callable[[], None]) -> None:
        self._fill = fill

    def noted(self, read: Read) -> None:
        if not self.ready:
            self.ready = True
            self._fill()
        self._read[read] = None
        self._trace().reads[read] = None

    def add(self, counts: Counts, times: int) -> None:
        """These counts come so many times more; or, if `times` is negative, less."""
        for key, value, count in counts:
            inner = dict.get(self.map, key)
            if inner is None:
                inner = _Noting(self, (self.name, key))
                dict.__setitem__(self.map, key, inner)
                self._changed((self.name, key))
                self._changed((self.name, ANY))
            before = self._times.get((key, value), 0)
            self._times[key, value] = before + times
            if not before:
                self._changed((self.name, key, ANY))
            if before + times:
                dict.__setitem__(inner, value, dict.get(inner, value, 0) + times * count)
                if count or not before:
                    self._changed((self.name, key, value))
            else:
                self._gone(inner, key, value)

    def _gone(self, inner: _Noting, key: str, value: str) -> None:
        del self._times[key, value]
        dict.__delitem__(inner, value)
        self._changed((self.name, key, value))
        self._changed((self.name, key, ANY))
        if not dict.__len__(inner):
            dict.__delitem__(self.map, key)
            self._changed((self.name, key))
            self._changed((self.name, ANY))

    def forget(self) -> None:
        """Nothing is counted any more; it is filled when next read."""
        dict.clear(self.map)
        self._times.clear()
        self.ready = False
        read, self._read = self._read, {}
        for one in read:
            self._changed(one)
