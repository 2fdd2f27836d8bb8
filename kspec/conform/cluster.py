"""Knows how a case's plain objects become the `Cluster` that rules take: decoded, defaulted, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from kspec.conform.protocol import UnsupportedCase
from kspec.ir.types import Record, TypeTable
from kspec.resources.decode import MISSING, decode
from kspec.resources.load import load_library
from kspec.resources.types import load_types
from kspec.runtime.rulebook import Rulebook, load_rulebook
from kspec.source import has_errors
from kspec.verify.cluster import cluster_of


@cache
def table() -> TypeTable:
    """All types, those that the rules declare included."""
    return load_library().types(load_types())


@cache
def rulebook() -> Rulebook:
    return load_rulebook()


def rule(rule_id: str) -> Any:
    """The Python reading of a standard rule, called with values."""
    found = rulebook().get(rule_id)
    assert found is not None, rule_id
    return found.fn


def decoded(raw: Mapping[str, Any], record: str, whole: bool = True) -> dict[str, Any]:
    """The value of a raw object of a known record type. Raises UnsupportedCase if it cannot be read; one that
    need not be `whole` may lack what its schema demands.
    """
    value, diagnostics = decode(raw, Record(record), table())
    if not whole:
        diagnostics = [d for d in diagnostics if d.code != MISSING]
    if has_errors(diagnostics):
        raise UnsupportedCase(f"an object cannot be read: {diagnostics[0].message}")
    return value  # type: ignore[no-any-return]


def cluster(objects: Iterable[Mapping[str, Any]], whole: bool = True) -> dict[str, Any]:
    """The cluster of raw objects with apiVersion and kind. A kind without a type is not modelled."""
    found = []
    for raw in objects:
        kind = table().find_kind(str(raw.get("apiVersion")), str(raw.get("kind")))
        if kind is None:
            raise UnsupportedCase(f"{raw.get('kind')} is not modelled yet")
        found.append((kind.record, decoded(raw, kind.record, whole)))
    return cluster_of(found, table())
