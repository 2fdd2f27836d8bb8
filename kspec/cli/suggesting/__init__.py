"""Knows the topics of `kspec suggest`: each is a module here with a click command called `suggest`."""

from __future__ import annotations

from pkgutil import iter_modules


def topics() -> tuple[str, ...]:
    """The names of all topics, which is what follows `kspec suggest`."""
    return tuple(sorted(m.name for m in iter_modules(__path__)))
