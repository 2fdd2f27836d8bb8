"""Knows what a rule looked at: values that note, as they are read, which of their parts were asked for.

Where two nodes agree on all that a rule looked at in one of them, it says the same of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from kspec.runtime.values import Quantity

Path: TypeAlias = tuple[object, ...]
Probe: TypeAlias = tuple[str, object]
"""A question about a node or its pods: what kind, and where."""
Read: TypeAlias = tuple[object, ...]
"""A prepared value, or a place in a tally."""

VALUE, HAS, KEYS, WHOLE = "value", "has", "keys", "whole"
SIZE, TOTAL, ALL = "size", "total", "all"
OF_PODS = frozenset((SIZE, TOTAL, ALL))
"""The probes that are about the pods of a node, not about the node."""


class NotKept(Exception):
    """A rule looks at something in a way that cannot be followed: it has to be asked anew each time."""


class Trace:
    """What was looked at since it was made, in order."""

    __slots__ = ("probes", "reads")

    def __init__(self) -> None:
        self.probes: dict[Probe, None] = {}
        self.reads: dict[Read, None] = {}


class SeenMap(dict[Any, Any]):
    """A map or record of a node."""

    __slots__ = ("_path", "_trace")

    def __init__(self, of: Mapping[Any, Any], path: Path, trace: Trace) -> None:
        super().__init__(of)
        self._path = path
        self._trace = trace

    def _at(self, key: object, value: object) -> Any:
        path = (*self._path, key)
        self._trace.probes[VALUE, path] = None
        return seen(value, path, self._trace)

    def _note(self, kind: str) -> None:
        self._trace.probes[kind, self._path] = None

    def get(self, key: Any, default: Any = None) -> Any:
        value = self._at(key, super().get(key))
        return default if value is None else value

    def __getitem__(self, key: Any) -> Any:
        value = self._at(key, super().get(key))
        if value is None and not super().__contains__(key):
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        self._trace.probes[HAS, (*self._path, key)] = None
        return super().__contains__(key)

    def __iter__(self) -> Iterator[Any]:
        self._note(KEYS)
        return super().__iter__()

    def __len__(self) -> int:
        self._note(KEYS)
        return super().__len__()

    def __bool__(self) -> bool:
        return super().__len__() > 0  # the value of the field says so much

    def keys(self) -> Any:
        return list(self)

    def values(self) -> Any:
        return [self[k] for k in self]

    def items(self) -> Any:
        return [(k, self[k]) for k in self]

    def copy(self) -> Any:
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return {**self.copy(), **other}

    def __eq__(self, other: object) -> bool:
        self._note(WHOLE)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


class SeenList(list[Any]):
    """A list of a node."""

    __slots__ = ("_path", "_trace")

    def __init__(self, of: Any, path: Path, trace: Trace) -> None:
        super().__init__(of)
        self._path = path
        self._trace = trace

    def _note(self, kind: str) -> None:
        self._trace.probes[kind, self._path] = None

    def _at(self, index: int, value: object) -> Any:
        path = (*self._path, index)
        self._trace.probes[VALUE, path] = None
        return seen(value, path, self._trace)

    def __iter__(self) -> Iterator[Any]:
        self._note(KEYS)
        return iter([self._at(i, v) for i, v in enumerate(super().__iter__())])

    def __reversed__(self) -> Iterator[Any]:
        return iter([*self][::-1])

    def __getitem__(self, index: Any) -> Any:
        return [*self][index]

    def __len__(self) -> int:
        self._note(KEYS)
        return super().__len__()

    def __bool__(self) -> bool:
        return super().__len__() > 0

    def __contains__(self, value: object) -> bool:
        return value in [*self]

    def __add__(self, other: Any) -> Any:
        return [*self, *other]

    def __radd__(self, other: Any) -> Any:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        self._note(WHOLE)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


def seen(value: object, path: Path, trace: Trace) -> Any:
    """The value; if it has parts, they note that they are looked at."""
    if isinstance(value, dict):
        return SeenMap(value, path, trace)
    if isinstance(value, (list, tuple)):
        return SeenList(value, path, trace)
    return value


def look(value: Any, probe: Probe) -> object:
    """The answer to a probe about a node, hashable."""
    kind, path = probe
    assert isinstance(path, tuple)
    for step in path[:-1] if kind == HAS else path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, (list, tuple)):
            value = value[step] if step < len(value) else None
        else:
            value = None
        if value is None:
            return None
    if kind == HAS:
        return isinstance(value, dict) and path[-1] in value
    if kind == WHOLE:
        return frozen(value)
    if isinstance(value, dict):
        return tuple(value) if kind == KEYS else ("map", bool(value))
    if isinstance(value, (list, tuple)):
        return len(value) if kind == KEYS else ("list", bool(value))
    return frozen(value)


def frozen(value: Any) -> object:
    """A hashable value that is equal only for values that no rule can tell apart, order of maps included."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is dict:
        return ("map", *[(k, v if type(v) is str else frozen(v)) for k, v in value.items()])
    if kind is list or kind is tuple:
        return ("list", *[v if type(v) is str else frozen(v) for v in value])
    if kind is Quantity:
        return ("quantity", value.nanos)  # hashed in one go
    if isinstance(value, dict):
        return frozen(dict(value))
    if isinstance(value, list):
        return frozen([*value])
    return (True, value) if kind is bool else value
