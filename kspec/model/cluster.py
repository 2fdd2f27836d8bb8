"""Knows the `Cluster` value that rules take to look at more than one object, and makes no more of it than
they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from kspec.model.rules import has_param
from kspec.model.store import Store
from kspec.runtime.rulebook import CompiledRule

PARAM = "cluster"

Stamp = tuple[int, ...]


class ClusterSource(Protocol):
    """Gives rules the `Cluster` value that they take."""

    def of(self, rule: CompiledRule) -> object: ...


class FixedCluster:
    """A cluster that does not change."""

    def __init__(self, value: Mapping[str, object]) -> None:
        self._value = dict(value)

    def of(self, rule: CompiledRule) -> object:
        return self._value


class ClusterValues:
    """Makes the value for a rule from the store as it is. `fields`: which record type each field lists."""

    def __init__(self, store: Store, fields: Mapping[str, str]) -> None:
        self._store = store
        self._fields = dict(sorted(fields.items()))
        self._read: dict[str, tuple[tuple[str, str], ...]] = {}
        self._made: dict[str, tuple[Stamp, object]] = {}
        self.said: Mapping[str, object] = {}
        """What is said of the cluster beside its objects, by field; it stays once rules were asked."""

    def of(self, rule: CompiledRule) -> object:
        """The value with the fields that the rule reads. It is made anew only when one of them has
        changed.
        """
        stamp = self.stamp(rule)
        made = self._made.get(rule.id)
        if made is None or made[0] != stamp:
            value: dict[str, object] = {
                name: self._store.shelf(record).all() for name, record in self._fields_of(rule)
            }
            value |= self.said
            made = self._made[rule.id] = (stamp, value)
        return made[1]

    def stamp(self, rule: CompiledRule) -> Stamp:
        """Differs whenever the rule's value does; empty for a rule that takes no cluster."""
        return tuple(self._store.shelf(record).version for _, record in self._fields_of(rule))

    def versions(self, records: Iterable[str]) -> Stamp:
        """Differs whenever an object of one of these types does."""
        return tuple([self._store.shelf(record).version for record in records])

    def _fields_of(self, rule: CompiledRule) -> tuple[tuple[str, str], ...]:
        found = self._read.get(rule.id)
        if found is None:
            found = self._read[rule.id] = tuple(self._fields_read(rule).items())
        return found

    def _fields_read(self, rule: CompiledRule) -> Mapping[str, str]:
        if not has_param(rule, PARAM):
            return {}
        paths = rule.reads.get(PARAM, frozenset()) if rule.reads else frozenset({()})
        if () in paths:
            return self._fields
        names = {path[0] for path in paths}
        return {name: record for name, record in self._fields.items() if name in names}
