"""Knows values in which elements of lists can be switched off, so that one reading serves every question
about what could be taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import SymList, SymRecord, is_open

Path: TypeAlias = tuple[str | int, ...]
"""Fields and indices from the root to an element."""


def elements(root: object, fields: Iterable[str]) -> list[Path]:
    """The paths of all elements of the lists that these fields lead to, through the lists on the way."""
    found: list[tuple[Path, object]] = [((), root)]
    for field in fields:
        found = [((*path, field), value[field]) for path, value in _members(found) if _has(value, field)]
    return [(*path, n) for path, value in found if isinstance(value, list) for n in range(len(value))]


def _members(found: Iterable[tuple[Path, object]]) -> list[tuple[Path, Mapping[str, object]]]:
    """The records themselves, or the members of lists of records."""
    made: list[tuple[Path, Mapping[str, object]]] = []
    for path, value in found:
        if isinstance(value, list):
            made += [((*path, n), each) for n, each in enumerate(value) if isinstance(each, dict)]
        elif isinstance(value, dict):
            made.append((path, value))
    return made


def _has(value: Mapping[str, object], field: str) -> bool:
    return value.get(field) is not None


def switched(root: object, switches: Mapping[Path, Term]) -> object:
    """The value in which the element at each path is there just when its switch is on."""
    tree: dict[str | int, object] = {}
    for path in switches:
        at = tree
        for part in path:
            at = at.setdefault(part, {})  # type: ignore[assignment]
    return _switched(root, tree, (), switches)


def _switched(
    value: object, tree: Mapping[str | int, object], path: Path, switches: Mapping[Path, Term]
) -> object:
    if not tree:
        return value
    below: dict[str | int, object] = {}
    for part, inner in tree.items():
        assert isinstance(inner, dict)
        child = value[part]  # type: ignore[index]
        below[part] = _switched(child, inner, (*path, part), switches)
    if isinstance(value, dict):
        return SymRecord({str(name): (t.TRUE, each) for name, each in below.items()}, value)
    assert isinstance(value, list)
    items = [(switches.get((*path, n), t.TRUE), below.get(n, each)) for n, each in enumerate(value)]
    if any(guard is not t.TRUE or is_open(each) for guard, each in items):
        return SymList(items)
    return value


def without(root: object, paths: Iterable[Path]) -> object:
    """The value without the elements at these paths, as an ordinary value."""
    tree: dict[str | int, object] = {}
    gone = set(paths)
    for path in gone:
        at = tree
        for part in path:
            at = at.setdefault(part, {})  # type: ignore[assignment]
    return _without(root, tree, (), gone)


def _without(value: object, tree: Mapping[str | int, object], path: Path, gone: set[Path]) -> object:
    if not tree:
        return value
    if isinstance(value, dict):
        changed = {str(k): _without(value[k], inner, (*path, k), gone) for k, inner in _inner(tree)}
        return {**value, **changed}
    assert isinstance(value, list)
    inner = dict(_inner(tree))
    return [
        _without(each, inner.get(n, {}), (*path, n), gone)
        for n, each in enumerate(value)
        if (*path, n) not in gone
    ]


def _inner(tree: Mapping[str | int, object]) -> list[tuple[str | int, Mapping[str | int, object]]]:
    return [(part, inner) for part, inner in tree.items() if isinstance(inner, dict)]


def siblings(root: object, path: Path) -> int:
    """How many elements the list of the element at a path has."""
    for part in path[:-1]:
        root = root[part]  # type: ignore[index]
    assert isinstance(root, list)
    return len(root)
