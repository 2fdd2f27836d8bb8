"""Knows objects of kinds that no rule has a type for, as values that rules can say something of: what is
theirs to say is whether such an object is anything to the network, and what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kspec.ir.types import TypeTable
from kspec.model.program import cluster_fields
from kspec.resources.objects import group_of
from kspec.runtime.rulebook import load_rulebook

Object = Mapping[str, Any]
SEEN_AS = {
    "network/foreignPolicies": "network.ForeignPolicy",
    "network/foreignRoutes": "network.ForeignRoute",
}
"""What rules make of such an object, and of which type it then is."""
POLICIES = "foreignPolicies"
"""The field of a cluster with those that may have a say in what reaches what."""
HEAD = ("apiVersion", "kind", "metadata", "status")
DEPTH_MAX = 40
NAMED_MAX = 6


def foreign(objects: Iterable[Object], table: TypeTable) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the rules see of raw objects whose kinds they have no types for, each with its record type."""
    book = load_rulebook()
    modelled = set(cluster_fields(table).values())
    known = {(kind.group, kind.kind) for kind in table.kinds if kind.record in modelled}
    for raw in objects:
        group, kind = group_of(str(raw.get("apiVersion", ""))), str(raw.get("kind", ""))
        if (group, kind) in known:
            continue
        for rule_id, record in SEEN_AS.items():
            rule = book.get(rule_id)
            made: Any = () if rule is None else rule.fn(_seen(raw, group, kind))
            yield from ((record, each) for each in made)


def _seen(raw: Object, group: str, kind: str) -> dict[str, Any]:
    metadata = raw.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    own = {name: str(names[name]) for name in ("name", "namespace") if names.get(name)}
    said = {name: value for name, value in raw.items() if name not in HEAD}
    return {"group": group, "kind": kind, "metadata": own, "leaves": dict(leaves(said))}


def leaves(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every scalar in a value as text, by the fields and indices that lead to it; "" for what is empty."""
    if isinstance(value, Mapping):
        inner = [(str(name), each) for name, each in value.items()]
    elif isinstance(value, (list, tuple)):
        inner = [(str(index), each) for index, each in enumerate(value)]
    else:
        yield path, "" if value is None else str(value)
        return
    if not inner or depth == DEPTH_MAX:
        yield path, ""
    for name, each in inner if depth < DEPTH_MAX else ():
        yield from leaves(each, f"{path}.{name}" if path else name, depth + 1)


def without(cluster: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """The cluster without those of these policies, by how `named` calls them."""
    kept = [each for each in cluster.get(POLICIES) or () if named(each) not in left_out]
    others = {name: its for name, its in cluster.items() if name != POLICIES}
    return {**others, POLICIES: kept} if kept else others


def named(policy: Object) -> str:
    """`CiliumNetworkPolicy shop/db`."""
    names = policy["metadata"]
    place = "/".join(names[each] for each in ("namespace", "name") if names.get(each))
    return f"{policy['kind']} {place}"


def left_out(names: Sequence[str]) -> str:
    """The line that says so."""
    shown = ", ".join(names[:NAMED_MAX]) + (
        f" and {len(names) - NAMED_MAX} more" if names[NAMED_MAX:] else ""
    )
    return f"what these policies say is not modelled, and they are left out: {shown}"
