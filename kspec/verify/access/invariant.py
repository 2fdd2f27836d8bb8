"""Knows how a closure is checked to be an inductive invariant, by other means than those that made it.

It holds the start, and no edge leads out of it: of each edge whose powers it holds, the RBAC rule itself
refuses some request to every identity in it.
"""

from __future__ import annotations

from kspec.source import InternalError
from kspec.verify.access.closure import GRANTED, IDENTITY, Closure, Reach
from kspec.verify.access.edges import Edge, call

ASKED_MAX = 20_000
"""So many pairs of an identity and a request are asked about at most."""


def check_closed(reach: Reach, closure: Closure, asked_max: int = ASKED_MAX) -> int | None:
    """How many requests the RBAC rule refused; None where there are too many to ask. Raises if an edge leads
    out.
    """
    ways = closure.ways
    identities = [p for p in ways if reach.power(p).what == IDENTITY]
    leading = [e for e in reach.edges.edges if e.gains not in ways and all(p in ways for p in e.having)]
    if len(identities) * sum(len(e.requests) for e in leading) > asked_max:
        return None
    if closure.start not in ways:
        raise InternalError("a closure does not hold its start")
    rule = _Rule(reach, closure)
    for edge in leading:
        if any(rule.allows_all(identity, edge) for identity in identities):
            raise InternalError(f"an edge leads out of a closure: {edge!r}")
    return sum(not allowed for allowed in rule.answers.values())


class _Rule:
    """The RBAC rule on the cluster as it is once all rules that the closure gains are bound."""

    def __init__(self, reach: Reach, closure: Closure) -> None:
        self.reach, self.rbac, after = reach, call("RBAC"), call("afterGrant")
        powers = [(reach.power(p), way) for p, way in closure.ways.items()]
        users = [p.name for p, _ in powers if p.what == IDENTITY]
        self.cluster = reach.cluster
        for power, way in powers:
            if power.what == GRANTED:
                self.cluster = after(self.cluster, power.value(), users)
        self.answers: dict[tuple[int, int], bool] = {}

    def allows_all(self, identity: int, edge: Edge) -> bool:
        return all(self.allows(identity, request) for request in edge.requests)

    def allows(self, identity: int, request: int) -> bool:
        key = (identity, request)
        if key not in self.answers:
            who = self.reach.power(identity)
            asked = self.reach.edges.requests[request].by(who.name, who.groups)
            self.answers[key] = self.rbac(asked, self.cluster)["decision"] == "allow"
        return self.answers[key]
