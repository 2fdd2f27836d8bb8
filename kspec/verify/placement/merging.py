"""Knows which classes of pods are one: those between which no fact tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kspec.model.objects import canonical
from kspec.verify.placement.problem import Problem, priority_of


def merged(raw: Problem) -> Problem:
    """Classes between which no fact tells, and that one owner made, become one."""
    apart: dict[int, set[tuple[int, str]]] = {c: set() for c in range(len(raw.classes))}
    for a, b, key, _ in raw.apart:
        apart[a].add((b, key))
        apart[b].add((a, key))
    kinds: list[object] = [
        (k.name, canonical(k.amounts), k.company, k.goes, raw.refused[c], priority_of(k.sample))
        for c, k in enumerate(raw.classes)
    ]
    number = _numbered(kinds)
    while True:
        # What a class means to each kind of class: by what it keeps apart, who is company, who counts whom.
        finer = [
            (
                number[c],
                _sorted_kinds((key, number[b], c == b) for b, key in apart[c]),
                _sorted_kinds((number[d], c == d) for d in raw.near[c]),
                _sorted_kinds((number[d], c == d) for d, its in enumerate(raw.near) if c in its),
                _sorted_kinds((at, c in e.members, c in e.counted) for at, e in enumerate(raw.evenness)),
                tuple(sorted(raw.near_staying[c])),
            )
            for c in range(len(raw.classes))
        ]
        again = _numbered(finer)
        if len(set(again)) == len(set(number)):
            return _joined(raw, again)
        number = again


def _sorted_kinds(found: Any) -> tuple[object, ...]:
    return tuple(sorted(found, key=repr))


def _numbered(kinds: Sequence[object]) -> list[int]:
    seen: dict[object, int] = {}
    return [seen.setdefault(k, len(seen)) for k in kinds]


def _joined(raw: Problem, number: Sequence[int]) -> Problem:
    """One class for each number: only if being alike to one another is the same as being alike to itself."""
    first: dict[int, int] = {}
    for c, n in enumerate(number):
        first.setdefault(n, c)
    firsts = list(first.values())
    pairs = {(a, b, key) for a, b, key, _ in raw.apart} | {(b, a, key) for a, b, key, _ in raw.apart}
    keys = {key for _, _, key in pairs}
    whole = {n: [c for c, m in enumerate(number) if m == n] for n in first}
    for its in whole.values():
        if len(its) > 1 and not _uniform(its, pairs, keys, raw.near):
            return raw
    place = {n: at for at, n in enumerate(first)}

    def renumber(found: Any) -> tuple[int, ...]:
        return tuple(dict.fromkeys(place[number[c]] for c in found))

    apart = {}
    for a, b, key, plugin in raw.apart:
        low, high = sorted((place[number[a]], place[number[b]]))
        apart[low, high, key] = plugin
    return replace(
        raw,
        classes=tuple(
            replace(raw.classes[c], pods=tuple(p for d in whole[number[c]] for p in raw.classes[d].pods))
            for c in firsts
        ),
        refused=tuple(raw.refused[c] for c in firsts),
        apart=tuple((a, b, key, plugin) for (a, b, key), plugin in sorted(apart.items())),
        near=tuple(frozenset(renumber(raw.near[c])) for c in firsts),
        near_staying=tuple(raw.near_staying[c] for c in firsts),
        evenness=tuple(
            replace(e, members=renumber(e.members), counted=renumber(e.counted)) for e in raw.evenness
        ),
    )


def _uniform(
    its: Sequence[int],
    pairs: set[tuple[int, int, str]],
    keys: set[str],
    near: Sequence[frozenset[int]],
) -> bool:
    """Does each of these mean to each other what it means to itself?"""
    for key in keys:
        if len({(a, b, key) in pairs for a in its for b in its}) > 1:
            return False
    return len({b in near[a] for a in its for b in its}) <= 1
