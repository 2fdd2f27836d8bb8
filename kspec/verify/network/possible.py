"""Knows how to ask what one set of policies lets through and another does not, for ends that could exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.ir.types import INT, Record
from kspec.runtime.ip import is_cidr, parse_cidr
from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Shape
from kspec.runtime.symbolic.values import SymRecord
from kspec.solve.decide import decide
from kspec.solve.query import Reading, make_query
from kspec.solve.shapes import record_fields, shape_of
from kspec.solve.verdict import Unknown, Unsupported, Violated, Witness
from kspec.source import InternalError
from kspec.verify.cluster import manifest
from kspec.verify.network.columns import texts_in
from kspec.verify.network.ports import PORT_MAX, PROTOCOLS
from kspec.verify.network.responsible import Left
from kspec.verify.setting import Setting

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


def only_in(one: Cluster, other: Cluster, kinds: tuple[str, str], setting: Setting) -> Possible | str | None:
    """The simplest connection that `one` lets through and `other` does not; a reason why that is not known;
    or None: there is none, for any ends that could exist.
    """
    question = _Question(one, other, kinds, setting)
    return question.answer()


def all_only_in(
    left: Left, kinds: tuple[str, str], setting: Setting, ports: Collection[int]
) -> Iterator[Possible | str | More]:
    """One connection for each part that is responsible for any: after each, what is responsible for it is
    left out and asked again. Preferred are addresses in no block that the policies name, and `ports`.
    """
    for _ in range(WITNESSES_MAX):
        question = _Question(left.one, left.other, kinds, setting, left.clusters)
        found = question.answer()
        if not isinstance(found, Possible):
            if found is not None:
                yield found
            return
        found = question.preferred(ports) or found
        yield found
        if not left.excludes(found.origin, found.destination, found.port, found.protocol):
            break
    if not isinstance(_Question(left.one, left.other, kinds, setting, left.clusters).answer(), Possible):
        return
    yield More()


class _Question:
    """`left`: what must let it through, or not, as well."""

    def __init__(
        self,
        one: Cluster,
        other: Cluster,
        kinds: tuple[str, str],
        setting: Setting,
        left: tuple[Cluster | None, Cluster | None] = (None, None),
    ) -> None:
        self.one, self.other, self.kinds, self.setting = one, other, kinds, setting
        self.known = with_namespaces(one, other)
        self.names = {"pod": ("p", "q"), "outside": ("from", "to")}
        self.ends = [self.names[kind][place] for place, kind in enumerate(kinds)]
        sides = ((one, True), (other, False), (left[0], True), (left[1], False))
        self.sides = [(cluster, wanted) for cluster, wanted in sides if cluster is not None]

    def answer(self, more: Sequence[tuple[str, Reading]] = ()) -> Possible | str | None:
        verdict = self.ask(more)
        if isinstance(verdict, (Unknown, Unsupported)):
            return verdict.reason
        if not isinstance(verdict, Violated):
            return None
        assert verdict.witness is not None
        return self.found(verdict.witness)

    def preferred(self, ports: Collection[int]) -> Possible | None:
        """A connection that people would think of, if there is one."""
        texts = texts_in([c.get(name) for c in (self.one, self.other) for name in c if name != "options"])
        blocks = [parse_cidr(text) for text in sorted(texts) if is_cidr(text)]

        def off_blocks(**values: object) -> object:
            addresses = [
                ops.field(values[name], "address", None) if kind == "pod" else values[name]
                for name, kind in zip(self.ends, self.kinds, strict=True)
            ]
            within = [ops.call("containsIP", block, each) for block in blocks for each in addresses]
            return ops.call("!_", ops.or_(False, *(_thunk(each) for each in within)))

        def on_port(**values: object) -> object:
            said = [ops.call("_==_", values["port"], port) for port in sorted(ports)]
            return ops.or_(False, *(_thunk(each) for each in said))

        off = [("no address is in a block", off_blocks)] if blocks else []
        on = [("the port is a declared one", on_port)] if ports else []
        for more in ([*off, *on], off, on) if off and on else ([*off, *on],):
            found = self.answer(more) if more else None
            if isinstance(found, Possible):
                return found
        return None

    def ask(self, more: Sequence[tuple[str, Reading]] = ()) -> Any:
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

        def goal(**values: object) -> object:
            ends = [_end(values[name], kind) for name, kind in zip(self.ends, self.kinds, strict=True)]
            said = [
                (functions[REACHES](*ends, values["port"], values["protocol"], cluster), wanted)
                for cluster, wanted in self.sides
            ]
            unlike = [ops.call("!_", each) if wanted else each for each, wanted in said]
            return ops.or_(unlike[0], *(_thunk(each) for each in unlike[1:]))

        assumed += more
        fields = record_fields(self.setting.table)
        query = make_query(shapes, assumed, ("nothing is let through here alone", goal), fields)
        return decide(query, self.replay, self.setting.timeout)

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

    def replay(self, values: Mapping[str, object]) -> Witness:
        """The reference evaluator says the same of both clusters, and the objects that make the ends."""
        origin, destination = self.concrete(values)
        for cluster, wanted in self.sides:
            args = (origin, destination, values["port"], values["protocol"], cluster)
            if self.evaluated(REACHES, args) is not wanted:
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


def with_namespaces(one: Cluster, other: Cluster) -> Cluster:
    """The cluster, with the namespaces of the other that it lacks: a pod of one that could exist must suit
    both.
    """
    own = list(one.get("namespaces") or ())
    names = {n["metadata"]["name"] for n in own}
    more = [n for n in other.get("namespaces") or () if n["metadata"]["name"] not in names]
    return {**one, "namespaces": own + more} if more else one


def _thunk(value: object) -> Callable[[], object]:
    return lambda: value


def _reading(function: Callable[..., object], name: str, cluster: Cluster) -> Reading:
    return lambda **values: function(values[name], cluster)


def _end(value: object, kind: str) -> object:
    if kind == "pod":
        return value
    return SymRecord({"outside": (t.TRUE, True), "address": (t.TRUE, value)})
