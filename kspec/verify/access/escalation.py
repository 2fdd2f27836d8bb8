"""Knows how a closure becomes an answer: what someone gains, by which requests, each replayed and traced to
the rule that allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kspec.solve.decide import TIMEOUT_SECONDS
from kspec.source import InternalError
from kspec.verify.access.certificate import Certificate, Certifier, Invariant, checked
from kspec.verify.access.closure import Closure, Reach
from kspec.verify.access.edges import Asked, Edge, Power, call
from kspec.verify.access.everyone import Everyone
from kspec.verify.access.index import GRANTED, IDENTITY, RULES, SHARED
from kspec.verify.access.policy import Grant, Policy
from kspec.verify.access.words import SOMEONE

CLUSTER_ADMIN = Power("cluster-admin")
GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Made:
    """A request of a path, and the rules that allow it: none where rules gained on the way do."""

    asked: Asked
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path, as the identity that makes its requests."""

    rule: str
    actor: Power | None
    requests: tuple[Made, ...]
    gains: Power
    title: str
    how: str
    assumes: str


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a power: its steps, in order. `requests` counts what has to be asked of the API server."""

    gains: Power
    title: str
    rank: int
    steps: tuple[Step, ...]

    @property
    def requests(self) -> int:
        return sum(len(s.requests) for s in self.steps if s.how)

    @property
    def shown(self) -> tuple[Step, ...]:
        """The steps at which something is done."""
        return tuple(s for s in self.steps if s.how)

    @property
    def assumed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.assumes for s in self.steps if s.assumes))


@dataclass(frozen=True, slots=True)
class Gains:
    """All that someone can gain, nearest first."""

    user: str
    groups: tuple[str, ...]
    already: tuple[Path, ...]
    paths: tuple[Path, ...]
    certificate: Certificate | None = None
    """Where there is no way: what the solver says of the closure."""

    @property
    def strongest(self) -> Path | None:
        return max(self.paths, key=lambda p: (p.rank, -p.requests), default=None)


@dataclass(frozen=True, slots=True)
class Climber:
    """A subject of the bindings who comes to the target. `path` is None where it was not asked for."""

    kind: str
    name: str
    user: str
    groups: tuple[str, ...]
    built_in: bool
    """Named only by bindings that every cluster is born with."""
    path: Path | None


@dataclass(frozen=True, slots=True)
class Climbers:
    target: str
    subjects: int
    already: tuple[Climber, ...]
    climbers: tuple[Climber, ...]
    certificate: Certificate | None = None
    """Where nobody does: what the solver says of their closures."""


class Escalation:
    """Questions about escalation in one policy. `goal`: a request that someone wants to be allowed;
    `timeout`: seconds for the solver to check that a closure is one.
    """

    def __init__(
        self,
        policy: Policy,
        pod_security: str,
        goal: Mapping[str, Any] | None = None,
        how: str = "",
        timeout: float = TIMEOUT_SECONDS,
    ):
        also = []
        if goal is not None:
            gains = {"what": GOAL, "name": how}
            also.append((GOAL, {"requests": [goal], "gains": gains, "how": how}))
        self.policy, self.timeout = policy, timeout
        self.reach = Reach(policy.cluster, {"podSecurity": pod_security}, also)
        self._title, self._rank = call("title"), call("rank")
        self._authorize, self._after = call("RBAC"), call("afterGrant")

    # ---------------------------------------------------------------- one user

    def gains(self, who: Mapping[str, Any], target: Power | None = None) -> Gains:
        """What someone can gain; or only the way to one power, if there is one."""
        reach = self.reach
        start = reach.identity(who["user"], who["groups"])
        stop = None if target is None else reach.edges.power(target.value())
        closure = reach.closure(start, stop)
        wanted = (
            self._wanted(closure)
            if stop is None
            else [n for n in (stop, reach.admin) if n in closure.ways][:1]
        )
        found = [self.path(closure, number) for number in wanted]
        already = tuple(p for p in found if not p.requests)
        paths = tuple(sorted((p for p in found if p.requests), key=lambda p: (p.requests, -p.rank, p.title)))
        certificate = None if found else self.certificate(closure)
        return Gains(who["user"], tuple(who["groups"]), already, paths, certificate)

    def certificate_of_all(self, starts: Sequence[int], everyone: Everyone) -> Certificate:
        """The same for many: of all that they have together, or of what each has."""
        powers = frozenset(p for p, who in everyone.who.items() if who)
        found = self.certifier.certify(Invariant(frozenset(starts), powers), self.timeout)
        if found.holds or found.undecided:
            return found
        return checked(
            self.certifier.certify_each([self.reach.closure(s) for s in starts], None, self.timeout)
        )

    def certificate(self, closure: Closure) -> Certificate:
        """That nothing leads out of a closure, checked by the solver."""
        return checked(self.certifier.certify(Invariant.of([closure]), self.timeout))

    @cached_property
    def certifier(self) -> Certifier:
        return Certifier(self.reach)

    def _wanted(self, closure: Closure) -> Iterator[int]:
        """The powers that are worth telling: no mere steps, no identity that may do nothing more, and
        nothing in a namespace that is had everywhere.
        """
        reach = self.reach
        wide = {reach.power(n) for n in closure.ways if not reach.power(n).namespace}
        own = set(reach.held(closure.start).rules)
        for number, way in closure.ways.items():
            power = reach.power(number)
            if way.edge is None or not self._rank(power.value()):
                continue
            if power.namespace and Power(power.what, "", power.name) in wide:
                continue
            if power.what == IDENTITY:
                more = [r for r in reach.held(number).rules if r not in own and self.says_something(r)]
                if not more:
                    continue
            if power.what == GRANTED and (self.rules(power) in own or not self.says_something(number)):
                continue
            yield number

    def rules(self, granted: Power) -> int:
        """The same rules as one holds them by a binding."""
        return self.reach.edges.power({**granted.value(), "what": RULES})

    def says_something(self, rules: int) -> bool:
        return bool(self.reach.contents(rules))

    # ---------------------------------------------------------------- everyone

    def climbers(self, target: Power, paths_max: int, told_built_in: bool = True) -> Climbers:
        """The subjects of the bindings who come to a power; with the way, for so many of them."""
        reach, people = self.reach, self.subjects()
        starts = [reach.identity(who["user"], who["groups"]) for _, _, who in people]
        number = reach.edges.power(target.value())
        everyone = Everyone(reach, starts)
        mask = everyone.who[number] | everyone.who[reach.admin]
        already: list[Climber] = []
        climbers: list[Climber] = []
        born = self.born()
        for place, (kind, name, who) in sorted(enumerate(people), key=lambda p: p[1][:2] in born):
            if not mask >> place & 1:
                continue
            built_in, path = (kind, name) in born, None
            free = self.has(starts[place], number) or self.has(starts[place], reach.admin)
            if not free and len(climbers) < paths_max and (told_built_in or not built_in):
                closure = reach.closure(starts[place], number)
                found = number if number in closure.ways else reach.admin
                if found not in closure.ways:
                    raise InternalError(f"two closures disagree about {kind} {name}")
                path = self.path(closure, found)
            climber = Climber(kind, name, who["user"], tuple(who["groups"]), built_in, path)
            (already if free else climbers).append(climber)
        certificate = None if already or climbers else self.certificate_of_all(starts, everyone)
        return Climbers(
            self._title(target.value()), len(people), tuple(already), tuple(climbers), certificate
        )

    def born(self) -> set[tuple[str, str]]:
        """The subjects that only bindings of the bootstrap policy name."""
        named: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
        for grant in call("bindingsKnown")(self.policy.cluster):
            for subject in grant.get("subjects") or ():
                meant = call("holderOf")(subject, grant.get("namespace") or "")
                named[bool(grant.get("builtIn"))].add((str(subject.get("kind")), meant.get("name") or ""))
        return named[True] - named[False]

    def has(self, start: int, power: int) -> bool:
        """Does an identity have a power without doing anything?"""
        reach = self.reach
        held = reach.held(start)
        edges = [e for r in held.rules for e in reach.singles(r)]
        edges += [
            e for p in (*held.keys, *held.rules) for e in reach.waiting.get(p, ()) if len(e.having) == 1
        ]
        return power == start or any(e.gains == power and not e.how for e in edges)

    def subjects(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Everyone whom a binding names: kind, name, and who that is."""
        known_as, holder = self.policy.rule("access/knownAs"), call("holderOf")
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for binding in self.policy.bindings:
            for subject in binding.subjects:
                meant = holder(subject, binding.namespace)
                name = meant.get("name") or ""
                if meant["what"] == "user":
                    found.setdefault((str(subject.get("kind")), name), known_as(name, []))
                elif meant["what"] == "group":
                    found.setdefault(("Group", name), known_as(SOMEONE, [name]))
        return [(kind, name, who) for (kind, name), who in sorted(found.items())]

    # ---------------------------------------------------------------- paths

    def path(self, closure: Closure, target: int) -> Path:
        """The way to a power, replayed: the RBAC rule allows every request to whoever makes it."""
        edges: dict[Edge, tuple[int | None, tuple[int, ...]]] = {}
        self._collect(closure, target, edges)
        power = self.reach.power(target)
        value = power.value()
        steps = tuple(self._replayed(closure, edges))
        return Path(power, self._title(value), self._rank(value), steps)

    def _collect(
        self, closure: Closure, power: int, edges: dict[Edge, tuple[int | None, tuple[int, ...]]]
    ) -> None:
        """The edges that lead to a power, each after those that it needs."""
        way = closure.way(power)
        if way.edge is None:
            if power != closure.start and power in closure.holder:
                self._collect(closure, closure.holder[power], edges)
            return
        if way.edge in edges:
            return
        before = [*way.edge.having, *way.granted, *([] if way.actor is None else [way.actor])]
        for each in before:
            self._collect(closure, each, edges)
        edges[way.edge] = (way.actor, way.granted)

    def _replayed(
        self, closure: Closure, edges: Mapping[Edge, tuple[int | None, tuple[int, ...]]]
    ) -> Iterator[Step]:
        reach, cluster = self.reach, self.policy.cluster
        numbers = {closure.start, *(actor for actor, _ in edges.values() if actor is not None)}
        users = sorted({reach.power(n).name for n in numbers})
        for edge, (number, _) in edges.items():
            actor = None if number is None else reach.power(number)
            made = []
            for request in edge.requests:
                assert actor is not None
                made.append(self._made(reach.edges.requests[request], actor, cluster))
            gains = reach.power(edge.gains)
            if gains.what == GRANTED:
                cluster = self._after(cluster, gains.value(), users)
            elif gains.what == SHARED and actor is not None:
                shared = {**gains.value(), "name": actor.name, "groups": list(actor.groups)}
                cluster = self._after(cluster, shared, users)
            title = self._title(gains.value())
            yield Step(edge.rule, actor, tuple(made), gains, title, edge.how, edge.assumes)

    def _made(self, asked: Asked, actor: Power, cluster: Mapping[str, Any]) -> Made:
        request = asked.by(actor.name, actor.groups)
        if self._authorize(request, cluster)["decision"] != "allow":
            raise InternalError(f"the RBAC rule does not allow {request!r}, a step of a path")
        return Made(asked, tuple(self.policy.grants(request)))


def assumptions(policy: Policy, pod_security: str) -> tuple[str, ...]:
    """What an answer rests on, and what it leaves out."""
    level = f"namespaces without a label for it enforce the {pod_security} level of Pod Security"
    left = "; ".join(policy.rule("access/notModelled")(policy.cluster))
    return (level, "no other admission policy is in the way", f"not modelled: {left}")


def sources(steps: Sequence[Step], policy: Policy) -> dict[str, str]:
    """By edge: the authority for it, as the rules cite it."""
    found = {}
    for step in steps:
        rule = policy.book.get(step.rule)
        found[step.rule] = rule.source if rule else ""
    return found
