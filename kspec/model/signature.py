"""Knows when two objects are alike to a rule: when they agree on every path that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kspec.ir.reads import COUNT, EACH, PRESENT
from kspec.model.objects import Object, canonical, without
from kspec.runtime.rulebook import Paths


def signature_of(reads: Iterable[Paths]) -> Callable[[Object], object]:
    """A hashable value that is equal for objects between which no reader of these paths can tell."""
    paths = sorted(set().union(*reads))
    if () in paths:
        return lambda obj: canonical(without(obj, "status"))
    return lambda obj: tuple(canonical(_at(obj, path)) for path in paths)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path; for its last segments see `kspec.ir.reads`."""
    for at, step in enumerate(path):
        if step == PRESENT:
            return value is not None
        if step == COUNT:
            return sorted(value) if isinstance(value, dict) else len(value or ())
        if step == EACH:
            rest = path[at + 1 :]
            if isinstance(value, dict):
                return {k: _at(v, rest) for k, v in value.items()}
            return [_at(v, rest) for v in value or ()]
        if not isinstance(value, dict):
            return value
        value = value.get(step)
    return value
