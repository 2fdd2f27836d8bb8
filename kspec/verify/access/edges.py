"""Knows which ways to gain more the rules state for a cluster: every function of theirs that yields edges,
asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kspec.resources.load import paused_collector
from kspec.runtime.rulebook import CompiledRule, Rulebook, load_rulebook

EDGES = "list(access.Edge)"
"""The result by which a function of the rules is known to state edges."""
FOLDER = "access/"
GIVEN = ("cluster", "admission", "known")
"""The parameters that such a function may have, by name."""
REQUEST_FIELDS = ("verb", "apiGroup", "resource", "subresource", "namespace", "name")

Value = Mapping[str, Any]
Cluster = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Power:
    """Something that one may come to have, as the rules name it."""

    what: str
    namespace: str = ""
    name: str = ""
    groups: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        made = {
            "what": self.what,
            "namespace": self.namespace,
            "name": self.name,
            "groups": list(self.groups),
        }
        return {key: each for key, each in made.items() if each}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that an edge needs, by whomever."""

    verb: str
    api_group: str
    resource: str
    subresource: str
    namespace: str
    name: str

    def by(self, user: str, groups: Sequence[str]) -> dict[str, Any]:
        """The request as someone makes it, as the authorizers take it."""
        return {**self.value(), "user": user, "groups": list(groups)}

    def value(self) -> dict[str, Any]:
        named = zip(
            REQUEST_FIELDS,
            (self.verb, self.api_group, self.resource, self.subresource, self.namespace, self.name),
            strict=True,
        )
        return {"resourceRequest": True, **{key: each for key, each in named if each}}


@dataclass(frozen=True, slots=True)
class Edge:
    """Who has all of `having` and may make all of `requests`, as one identity, gains `gains`; by number."""

    rule: str
    having: tuple[int, ...]
    requests: tuple[int, ...]
    gains: int
    how: str
    assumes: str


@dataclass(slots=True)
class Edges:
    """All edges of a cluster, with their powers and requests numbered."""

    powers: list[Power] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    _power: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _request: dict[tuple[str, ...], int] = field(default_factory=dict)

    def power(self, value: Value) -> int:
        """The number of a power."""
        get = value.get
        groups = tuple(get("groups") or ())
        key = (get("what") or "", get("namespace") or "", get("name") or "", groups)
        found = self._power.get(key)
        if found is None:
            found = self._power[key] = len(self.powers)
            self.powers.append(Power(*key))
        return found

    def request(self, value: Value) -> int:
        """The number of a request."""
        key = tuple([value.get(name) or "" for name in REQUEST_FIELDS])
        found = self._request.get(key)
        if found is None:
            found = self._request[key] = len(self.requests)
            self.requests.append(Asked(*key))
        return found

    def add(self, rule: str, value: Value) -> None:
        having = tuple([self.power(p) for p in value.get("having") or ()])
        requests = tuple([self.request(r) for r in value.get("requests") or ()])
        gains = self.power(value["gains"])
        self.edges.append(
            Edge(rule, having, requests, gains, value.get("how") or "", value.get("assumes") or "")
        )


@paused_collector()
def read_edges(
    cluster: Cluster, admission: Value, also: Sequence[tuple[str, Value]] = (), book: Rulebook | None = None
) -> Edges:
    """The edges that the rules state for a cluster, and others that a question adds."""
    given: dict[str, object] = {"cluster": cluster, "admission": admission, "known": call("knownOf")(cluster)}
    found = Edges()
    seen: set[tuple[Any, ...]] = set()
    for rule in edge_rules(book or load_rulebook()):
        values = rule(*(given[p.name] for p in rule.params))
        assert isinstance(values, list)
        for value in values:
            found.add(rule.id, value)
    for name, value in also:
        found.add(name, value)
    kept = []
    for edge in found.edges:
        key = (edge.having, edge.requests, edge.gains)
        if key not in seen:
            seen.add(key)
            kept.append(edge)
    found.edges = kept
    return found


def edge_rules(book: Rulebook) -> list[CompiledRule]:
    """The functions of the rules that state edges."""
    ids = [e.id for e in book.entries if e.kind == "function" and e.id.startswith(FOLDER)]
    rules = [book.get(rule_id) for rule_id in ids]
    return [rule for rule in rules if rule is not None and rule.result == EDGES and not _helper(rule)]


def _helper(rule: CompiledRule) -> bool:
    """One that takes more than what is at hand only helps another."""
    return any(p.name not in GIVEN for p in rule.params)


@cache
def call(rule_id: str) -> Callable[..., Any]:
    """A function of the rules of access, by its id."""
    found = load_rulebook().get(FOLDER + rule_id)
    assert found is not None, rule_id
    return found.fn
