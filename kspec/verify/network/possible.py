"""Knows how to ask what one set of policies lets through and another does not, for ends that could exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.ir.types import INT, Record
from kspec.runtime.ip import CIDR, is_cidr, parse_cidr
from kspec.runtime.rulebook import load_rulebook
from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import OpenRecord, Shape
from kspec.runtime.symbolic.values import SymRecord
from kspec.solve.decide import decide
from kspec.solve.query import Questions, Reading
from kspec.solve.shapes import record_fields, shape_of
from kspec.solve.verdict import Unknown, Unsupported, Violated, Witness
from kspec.source import InternalError
from kspec.verify.cluster import manifest
from kspec.verify.network.both import Both, BothRead, differ_in_policies_alone, with_namespaces
from kspec.verify.network.columns import texts_in
from kspec.verify.network.parts import Parts
from kspec.verify.network.ports import PORT_MAX, PROTOCOLS
from kspec.verify.network.responsible import Left
from kspec.verify.network.touched import Touched, cases, is_touched, touched
from kspec.verify.setting import Setting
from kspec.verify.switches import Path as Place

REACHES, PODS, TOGETHER = "network/reaches", "network/pods", "network/podsTogether"
ENDPOINT = "network.Endpoint"
KINDS = (("pod", "pod"), ("outside", "pod"), ("pod", "outside"))
"""Which two ends are asked about: the origin and the destination."""
WITNESSES_MAX = 8
"""So many connections are looked for between two sorts of ends."""

Cluster = Mapping[str, Any]
End = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Possible:
    """A connection that only one of two clusters lets through; `objects` make its ends exist."""

    origin: End
    destination: End
    port: int
    protocol: str
    objects: tuple[Mapping[str, Any], ...]
    minimal: bool = True


@dataclass(frozen=True, slots=True)
class More:
    """There are more such connections than were asked for."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A cluster that is asked, without what is gone of it; `wanted`: is the connection to pass there?"""

    cluster: Cluster
    wanted: bool
    other: bool
    gone: frozenset[Place] = frozenset()


def only_in(one: Cluster, other: Cluster, kinds: tuple[str, str], setting: Setting) -> Possible | str | None:
    """The simplest connection that `one` lets through and `other` does not; a reason why that is not known;
    or None: there is none, for any ends that could exist.
    """
    parts = Parts(load_rulebook(), setting.table)
    left = Left(parts, one, other)
    found = [each.ask(left) for each in betweens(parts, one, other, kinds, setting)]
    possible = [each for each in found if isinstance(each, Possible)]
    return min(possible, key=_size, default=None) or next((each for each in found if each), None)


def all_only_in(
    asked: Sequence[Between], left: Left, ports: Collection[int]
) -> Iterator[Possible | str | More]:
    """One connection for each part that is responsible for any, the simplest first: after each, what is
    responsible for it is left out and asked again. Preferred are addresses in no block that the policies
    name, and `ports`.
    """
    possible: list[Possible] = []
    unknown: list[str] = []
    more = False
    for between in asked:
        while isinstance(found := between.ask(left, ports), Possible):
            if len(possible) == WITNESSES_MAX:
                more = True
                break
            possible.append(found)
            if not left.excludes(found.origin, found.destination, found.port, found.protocol):
                more = more or isinstance(between.ask(left), Possible)
                break
        if isinstance(found, str):
            unknown.append(found)
    yield from sorted(possible, key=_size) if len(asked) > 1 else possible
    yield from unknown
    if more:
        yield More()


def _size(found: Possible) -> int:
    """The number of labels that it takes."""
    ends = found.origin, found.destination
    return sum(len(end.get(labels) or {}) for end in ends for labels in ("labels", "namespaceLabels"))


def betweens(
    parts: Parts, one: Cluster, other: Cluster, kinds: tuple[str, str], setting: Setting
) -> list[Between]:
    """The questions that together are about all such connections."""
    if not differ_in_policies_alone(one, other, parts):
        return [Between(parts, one, other, kinds, setting)]
    return [Between(parts, one, other, kinds, setting, group) for group in cases(touched(one, other, parts))]


class Between:
    """Questions about the connections between two sorts of ends that one of two clusters lets through and the
    other does not. Where the clusters differ in their policies alone, they are read as one.
    """

    def __init__(
        self,
        parts: Parts,
        one: Cluster,
        other: Cluster,
        kinds: tuple[str, str],
        setting: Setting,
        group: Sequence[Touched] | None = None,
    ) -> None:
        """`group`: the policies by which the clusters differ, and that such a connection is about; None:
        they differ in other things too.
        """
        self.parts, self.one, self.other, self.kinds, self.setting = parts, one, other, kinds, setting
        self.group = group
        self.known = with_namespaces(one, other)
        self.names = {"pod": ("p", "q"), "outside": ("from", "to")}
        self.ends = [self.names[kind][place] for place, kind in enumerate(kinds)]
        self.questions = self._questions()
        self.both: BothRead | None = None

    @property
    def read_once(self) -> bool:
        return self.group is not None

    def _questions(self) -> Questions:
        functions = self.setting.functions
        shapes = {
            name: shape_of(Record(ENDPOINT)) if kind == "pod" else Shape("ip")
            for name, kind in zip(self.ends, self.kinds, strict=True)
        }
        shapes |= {"port": shape_of(INT, 1, PORT_MAX), "protocol": Shape("string", enum=PROTOCOLS)}
        assumed: list[tuple[str, Reading]] = [
            (f"`{name}` is a pod that could exist", _reading(functions[PODS], name, self.known))
            for name, kind in zip(self.ends, self.kinds, strict=True)
            if kind == "pod"
        ]
        assumed.append(
            ("there is a protocol", lambda **v: ops.call("!_", ops.call("_==_", v["protocol"], "")))
        )
        if self.kinds == ("pod", "pod"):
            together = functions[TOGETHER]
            assumed.append(("they are two pods", lambda **v: together(v["p"], v["q"])))
        else:
            assumed.append(("what is outside has no pod's address", self._two_addresses))
        if self.group is not None:
            assumed.append(("a policy that differs is about an end", self._is_touched))
        return Questions(shapes, assumed, record_fields(self.setting.table))

    def _is_touched(self, **values: object) -> object:
        a, b = (_end(values[name], kind) for name, kind in zip(self.ends, self.kinds, strict=True))
        return is_touched(self.group or (), (a, b), self.known, self.setting.functions)

    # ---------------------------------------------------------------- one question

    def ask(self, left: Left, ports: Collection[int] = ()) -> Possible | str | None:
        """The simplest connection that the one lets through and the other does not, and that is so too of
        what is left of them; one that people would think of, if there is one.
        """
        sides = self._sides(left)

        def goal(**values: object) -> object:
            said = self._let_through(sides, values)
            unlike = [ops.call("!_", s) if side.wanted else s for s, side in zip(said, sides, strict=True)]
            return ops.or_(unlike[0], *(_thunk(each) for each in unlike[1:]))

        goal_of = ("nothing is let through here alone", goal)
        query = self.questions.query(goal_of, preferred=self._preferred(ports))
        verdict = decide(query, partial(self.replay, sides), self.setting.timeout)
        if isinstance(verdict, (Unknown, Unsupported)):
            return verdict.reason
        if not isinstance(verdict, Violated):
            return None
        assert verdict.witness is not None
        return self.found(verdict.witness)

    def _sides(self, left: Left) -> list[_Side]:
        """Both clusters as they are, then those of which something is gone."""
        two = ((left.one, True), (left.other, False))
        whole = [_Side(cluster, wanted, cluster is self.other) for cluster, wanted in two]
        less = [
            _Side(cluster, side.wanted, side.other, frozenset(gone))
            for side, cluster, gone in zip(whole, left.clusters, left.places, strict=True)
            if cluster is not None
        ]
        return whole + less

    def _let_through(self, sides: Sequence[_Side], values: Mapping[str, object]) -> list[object]:
        """What each side says of the connection."""
        if not self.read_once:
            return [self._reaches(side.cluster, values) for side in sides]
        pod = next(values[name] for name, kind in zip(self.ends, self.kinds, strict=True) if kind == "pod")
        assert isinstance(pod, OpenRecord)
        gone = [(side.other, side.gone) for side in sides]
        if self.both is None or self.both.inputs is not pod.inputs or self.both.lacking(gone):
            apart = self.both.lacking(gone) | self.both.apart if self.both else set()
            both = Both(self.one, self.other, self.parts, apart)
            self.both = BothRead(both, pod.inputs, self._reaches(both.value, values))
        if self.both.lacking(gone):
            return self._let_through(sides, values)
        return [self.both.says(*each) for each in gone]

    def _reaches(self, cluster: object, values: Mapping[str, object]) -> object:
        ends = [_end(values[name], kind) for name, kind in zip(self.ends, self.kinds, strict=True)]
        return self.setting.functions[REACHES](*ends, values["port"], values["protocol"], cluster)

    def _preferred(self, ports: Collection[int]) -> list[tuple[str, Reading]]:
        """No address is in a block that the policies name, and the port is one of these."""
        off = ("no address is in a block", self._off_blocks)
        on = ("the port is a declared one", partial(_on_port, sorted(ports)))
        return [*([off] if self._blocks else ()), *([on] if ports else ())]

    @cached_property
    def _blocks(self) -> list[CIDR]:
        texts = texts_in([c.get(name) for c in (self.one, self.other) for name in self.parts.read])
        return [parse_cidr(text) for text in sorted(texts) if is_cidr(text)]

    def _off_blocks(self, **values: object) -> object:
        addresses = [
            ops.field(values[name], "address", None) if kind == "pod" else values[name]
            for name, kind in zip(self.ends, self.kinds, strict=True)
        ]
        named = (ops.exists(self._blocks, _holding(each)) for each in addresses)
        return ops.call("!_", ops.or_(False, *(_thunk(each) for each in named)))

    # ---------------------------------------------------------------- what was found

    def _two_addresses(self, **values: object) -> object:
        one, other = (
            ops.field(values[name], "address", None) if kind == "pod" else values[name]
            for name, kind in zip(self.ends, self.kinds, strict=True)
        )
        return ops.call("!_", ops.call("_==_", one, other))

    def concrete(self, values: Mapping[str, object]) -> tuple[End, End]:
        made = [
            dict(values[name]) if kind == "pod" else {"outside": True, "address": values[name]}  # type: ignore[call-overload]
            for name, kind in zip(self.ends, self.kinds, strict=True)
        ]
        return made[0], made[1]

    def replay(self, sides: Sequence[_Side], values: Mapping[str, object]) -> Witness:
        """The reference evaluator says the same of all sides, and the objects that make the ends."""
        origin, destination = self.concrete(values)
        for side in sides:
            args = (origin, destination, values["port"], values["protocol"], side.cluster)
            if self.evaluated(REACHES, args) is not side.wanted:
                raise InternalError(f"the solver and the evaluator disagree about {values!r}")
        objects: list[object] = []
        for name, kind in zip(self.ends, self.kinds, strict=True):
            if kind == "pod":
                objects += [o for o in self.objects(values[name]) if o not in objects]
        return Witness(values, "", tuple(objects))

    def evaluated(self, rule_id: str, args: tuple[object, ...]) -> object:
        rule = self.setting.rules[rule_id]
        env = {p.name: a for p, a in zip(rule.params, args, strict=True)}
        return evaluate(rule.body, env, self.setting.rules)

    def objects(self, end: object) -> list[object]:
        """What makes the pod exist, by the domain of pods."""
        found = self.evaluated(PODS, (end, self.known))
        if not isinstance(found, dict) or found.get("valid") is not True:
            raise InternalError(f"the solver took {end!r} for a pod that could exist, which it is not")
        return [manifest(w["type"], w["object"], self.setting.table) for w in found.get("witness", [])]

    def found(self, witness: Witness) -> Possible:
        origin, destination = self.concrete(witness.values)
        port, protocol = witness.values["port"], witness.values["protocol"]
        assert isinstance(port, int) and isinstance(protocol, str)
        objects = tuple(o for o in witness.objects if isinstance(o, dict))
        return Possible(origin, destination, port, protocol, objects, witness.minimal)


def _on_port(ports: Sequence[int], **values: object) -> object:
    return ops.exists(ports, lambda port: ops.call("_==_", values["port"], port))


def _holding(address: object) -> Callable[[object], object]:
    return lambda block: ops.call("containsIP", block, address)


def _thunk(value: object) -> Callable[[], object]:
    return lambda: value


def _reading(function: Callable[..., object], name: str, cluster: Cluster) -> Reading:
    return lambda **values: function(values[name], cluster)


def _end(value: object, kind: str) -> object:
    if kind == "pod":
        return value
    return SymRecord({"outside": (t.TRUE, True), "address": (t.TRUE, value)})
