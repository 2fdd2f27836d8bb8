"""Knows how policies come apart: whom each is about, the peers and the port entries of each of its rules.

What a policy is, and what its parts mean, is said by the rules `isAbout`, `meansEnd` and `meansPort`, one of
each for every type; which fields hold rules, peers and port entries follows from those types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kspec.ir.types import ListOf, Record, TypeTable
from kspec.model.program import cluster_fields
from kspec.runtime.rulebook import CompiledRule, Rulebook
from kspec.source import InternalError
from kspec.verify.network.columns import End, answered, texts_in

DIRECTIONS = {"Egress": "network/mayLeave", "Ingress": "network/mayEnter"}
CONTEXT = ("namespaces", "nodes", "options")
"""What the rules of the network read of a cluster beside policies."""
KNOWN_OF_ENDS = {
    "address", "hostNetwork", "labels", "name", "namespace", "namespaceLabels", "node", "outside", "ports"
}  # fmt: skip
"""The fields of an end by which classes of ends are made; of its name nothing hangs but a message."""

Object = Mapping[str, Any]
Function = Callable[..., object]


class NotModelled(InternalError):
    """The rules read what classes of ends do not know: `rules/network/parts.kspec` lacks a function."""


@dataclass(frozen=True, slots=True)
class RuleFields:
    """Where the rules of a direction stand in a policy, and where a rule has its peers and ports; the
    functions that say what one of them means. `of_nodes`: a peer may mean addresses of nodes.
    """

    rules: str
    peers: str
    ports: str
    means_end: Function
    means_port: Function
    of_nodes: bool = False


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """A kind of policy: its field of `Cluster`, whom it is about, and its rules by direction; none where
    of a kind no more is known than whom it can be about.
    """

    field: str
    record: str
    is_about: Function
    fields: Mapping[str, RuleFields]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of the cluster."""

    kind: PolicyKind
    object: Object

    @property
    def namespace(self) -> str:
        return str((self.object.get("metadata") or {}).get("namespace") or "")

    @property
    def name(self) -> str:
        return str((self.object.get("metadata") or {}).get("name") or "")

    def rules(self, direction: str) -> list[Object]:
        spec, fields = self.object.get("spec") or {}, self.kind.fields.get(direction)
        return [] if fields is None else spec.get(fields.rules) or []

    @property
    def subject(self) -> str:
        """What `isAbout` may look at: all but the rules, of which it sees whether there are any."""
        spec = self.object.get("spec") or {}
        skipped = {f.rules: direction for direction, f in self.kind.fields.items()}
        return repr({k: bool(v) if k in skipped else v for k, v in spec.items()})

    def texts(self) -> set[str]:
        """What `isAbout` may compare an end with."""
        spec = self.object.get("spec") or {}
        skipped = {f.rules for f in self.kind.fields.values()}
        return {self.namespace} | texts_in([v for k, v in spec.items() if k not in skipped])


class Parts:
    """The kinds of policies that the rules know, found in a rulebook by type."""

    def __init__(self, book: Rulebook, table: TypeTable) -> None:
        self.may = {direction: _function(book, rule_id).fn for direction, rule_id in DIRECTIONS.items()}
        self._book = book
        self.comes_from_node = _optional(book, "network/comesFromNode")
        self.is_one_family = _optional(book, "network/isOneFamily")
        self.is_governed = _function(book, "network/isGoverned").fn
        of_cluster = cluster_fields(table)
        about = _by_type(book, "isAbout")
        means_end, means_port = _by_type(book, "meansEnd"), _by_type(book, "meansPort")
        self.kinds = [
            PolicyKind(field, record, about[record].fn, _rule_fields(table, record, means_end, means_port))
            for field, record in of_cluster.items()
            if record in about
        ]
        self.read = self._lists_read(book)

    # What not every question needs is loaded when it is asked for.

    @cached_property
    def endpoints(self) -> Callable[[Object], list[End]]:
        return _function(self._book, "network/endpoints").fn  # type: ignore[return-value]

    @cached_property
    def talkers(self) -> Callable[[Object], list[Object]]:
        return _function(self._book, "network/talkers").fn  # type: ignore[return-value]

    @cached_property
    def reaches(self) -> Function:
        return _function(self._book, "network/reaches").fn

    @cached_property
    def reaches_service(self) -> Function:
        """The same of a Service as the destination."""
        found = self._book.find("function", "network.reaches")
        return next(rule.fn for rule in found if rule.params[1].type == "core.Service")

    @cached_property
    def end_at(self) -> Callable[[str, Object], End]:
        return _function(self._book, "network/endAt").fn  # type: ignore[return-value]

    @cached_property
    def backends(self) -> Callable[[Object, Object, Object], list[Object]]:
        return _function(self._book, "network/backends").fn  # type: ignore[return-value]

    @cached_property
    def services_at(self) -> Callable[[str, Object], list[Object]]:
        return _function(self._book, "network/servicesAt").fn  # type: ignore[return-value]

    @cached_property
    def is_open_to_outside(self) -> Function:
        return _function(self._book, "network/isOpenToOutside").fn

    def _lists_read(self, book: Rulebook) -> set[str]:
        """The lists of the cluster that decide; that they and the ends are read no further is checked."""
        lists: set[str] = set()
        for rule_id in DIRECTIONS.values():
            for name, paths in _function(book, rule_id).reads.items():
                first = {path[0] for path in paths if path}
                if name == "cluster":
                    lists |= first
                elif name in ("from", "to") and first - KNOWN_OF_ENDS:
                    raise NotModelled(f"{rule_id} reads {sorted(first - KNOWN_OF_ENDS)} of an end")
        return lists

    def speaks_from_node(self, end: Object, cluster: Object) -> bool:
        """May policies let it in for the node that it is on? Then it matters on which nodes ends are."""
        if self.comes_from_node is None:
            return False
        others: list[End] = [{}, {"node": end.get("node")}] if end.get("node") is not None else [{}]
        relation = self.comes_from_node
        return any(answered(lambda other: relation(end, other, cluster), o) is not False for o in others)

    def policies(self, cluster: Object) -> list[Policy]:
        """All policies of the cluster."""
        known = {kind.field for kind in self.kinds} | set(CONTEXT)
        for name in sorted(self.read - known):
            if cluster.get(name):
                raise NotModelled(f"policies in `{name}` have no classes of ends yet")
        return [Policy(kind, p) for kind in self.kinds for p in cluster.get(kind.field) or ()]


def addresses_of_nodes(cluster: Object) -> set[str]:
    """What a peer that means nodes compares addresses with."""
    return texts_in([(node.get("status") or {}).get("addresses") for node in cluster.get("nodes") or ()])


def _function(book: Rulebook, rule_id: str) -> CompiledRule:
    found = book.get(rule_id)
    assert found is not None, rule_id
    return found


def _optional(book: Rulebook, rule_id: str) -> Function | None:
    """A relation of two ends that not every set of rules has."""
    found = book.get(rule_id)
    return None if found is None else found.fn


def _by_type(book: Rulebook, name: str) -> dict[str, CompiledRule]:
    """The overloads of a function by the type of what they are about."""
    return {rule.params[0].type: rule for rule in book.find("function", f"network.{name}")}


def _rule_fields(
    table: TypeTable,
    record: str,
    means_end: Mapping[str, CompiledRule],
    means_port: Mapping[str, CompiledRule],
) -> dict[str, RuleFields]:
    """By direction: the list `ingress` or `egress` of the specification, and the fields of its elements."""
    spec = table.fields_of(Record(record))["spec"].type
    assert isinstance(spec, Record)
    lists = _lists(table, spec.name)
    found = {}
    for direction in DIRECTIONS:
        rules = direction.lower()
        if rules not in lists:
            continue
        inner = _lists(table, lists[rules])
        peers = next(name for name, element in inner.items() if element in means_end)
        ports = next(name for name, element in inner.items() if element in means_port)
        means = means_end[inner[peers]]
        of_nodes = any(path[:1] == ("nodes",) for path in means.reads.get("cluster", ()))
        found[direction] = RuleFields(rules, peers, ports, means.fn, means_port[inner[ports]].fn, of_nodes)
    return found


def _lists(table: TypeTable, record: str) -> dict[str, str]:
    """The fields of a record type that are lists of records, with the element's type."""
    return {
        name: field.type.element.name
        for name, field in table.fields_of(Record(record)).items()
        if isinstance(field.type, ListOf) and isinstance(field.type.element, Record)
    }
