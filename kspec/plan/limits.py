"""Knows how large a cluster a plan can hold: a misspelt number is told at once, not after an hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kspec.plan.cluster import Declared, Pool
from kspec.resources.objects import KubeObject
from kspec.source import Diagnostic

PODS_MAX = 200_000
NODES_MAX = 20_000
COUNTS = ("replicas", "parallelism", "completions")
"""Fields of a spec that say how many pods are wanted, of whatever kind."""


def too_large(objects: Iterable[KubeObject], clusters: Sequence[Declared]) -> list[Diagnostic]:
    """What keeps a plan from being made, if anything does."""
    found = []
    wanted = 0
    for each in objects:
        spec = each.value.get("spec")
        counts = [(n, spec[n]) for n in COUNTS if type(spec.get(n)) is int] if type(spec) is dict else []
        name, count = max(counts, key=lambda c: c[1], default=("", 0))
        wanted += count
        if count and wanted > PODS_MAX:
            message = f"with {each.key} {wanted:,} pods are wanted; a plan holds {PODS_MAX:,}"
            place = each.locate(("spec", name))
            found.append(Diagnostic("KS5001", message, place, path=("spec", name), help="lower the number"))
            break
    nodes = sum(_most(p) for c in clusters[:1] for p in c.pools)
    if nodes > NODES_MAX:
        message = f"the cluster `{clusters[0].name}` has {nodes:,} nodes; a plan holds {NODES_MAX:,}"
        found.append(Diagnostic("KS5001", message, help="lower the numbers of its pools"))
    return found


def _most(pool: Pool) -> int:
    """How many nodes a pool has, of a range the most."""
    count = pool.fields.get("nodes", 1)
    return int(count[1] if isinstance(count, (list, tuple)) else count)
