"""Knows which nodes a plan runs on: those given, those declared, those of the state it starts from, or a
default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.model.objects import name_of
from kspec.model.rules import RuleSet, call_function

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of a cluster declaration: its name and its decoded fields, `nodes` a number or a pair of
    bounds.
    """

    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared cluster."""

    name: str
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Node objects, in a few words where they come from, and what had to be assumed to have them."""

    objects: tuple[Object, ...]
    source: str
    assumptions: tuple[str, ...] = ()


def choose_nodes(
    rules: RuleSet, given: Sequence[Object] | None, declared: Sequence[Declared], found: Sequence[Object]
) -> Nodes:
    """The first of: nodes given for this plan, a declared cluster, Node objects among the input, the
    default.
    """
    if given is not None:
        return Nodes(tuple(given), f"{len(given)} given nodes")
    if declared:
        return _of_cluster(rules, declared)
    if found:
        return Nodes(tuple(found), f"{len(found)} nodes of the input")
    return _default(rules)


def _of_cluster(rules: RuleSet, declared: Sequence[Declared]) -> Nodes:
    cluster = declared[0]
    nodes: list[Object] = []
    assumed = []
    if len(declared) > 1:
        others = ", ".join(c.name for c in declared[1:])
        assumed.append(f"cluster {cluster.name} is meant; {others} also declared")
    for pool in cluster.pools:
        count = pool.fields.get("nodes", 1)
        if isinstance(count, (list, tuple)):
            low, high = count
            assumed.append(f"pool {pool.name} has {high} nodes, the most of {low}..{high}")
            count = high
        nodes += _nodes(rules, {**pool.fields, "name": pool.name, "nodes": count})
    return Nodes(tuple(nodes), f"{cluster.name}, as declared: {len(nodes)} nodes", tuple(assumed))


def _default(rules: RuleSet) -> Nodes:
    pools: Any = call_function(rules.function("nodes/defaultCluster"))
    nodes = [node for pool in pools for node in _nodes(rules, pool)]
    text = "; ".join(_describe(pool) for pool in pools)
    names = f"{name_of(nodes[0])} to {name_of(nodes[-1])}" if len(nodes) > 1 else name_of(nodes[0])
    assumed = "the cluster, since none is declared; `--nodes` or a `cluster` declaration says otherwise"
    return Nodes(tuple(nodes), f"assumed, {text} ({names})", (assumed,))


def _describe(pool: Mapping[str, Any]) -> str:
    from kspec.resources.objects import encode

    size = f"{encode(pool.get('cpu'))} CPU, {encode(pool.get('memory'))} memory, {pool.get('pods')} pods each"
    zones = ", ".join(pool.get("zones") or ())
    return f"{pool['nodes']} nodes with {size}" + (f", in {zones}" if zones else "")


def _nodes(rules: RuleSet, pool: Mapping[str, Any]) -> list[Object]:
    made: Any = call_function(rules.function("nodes/nodesOf"), dict(pool))
    return list(made)
