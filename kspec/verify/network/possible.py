"""Knows how to ask what one set of policies lets through and another does not, for ends that could exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.ir.types import INT, Record
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
from kspec.verify.network.ports import PORT_MAX, PROTOCOLS
from kspec.verify.setting import Setting

REACHES, PODS, TOGETHER = "network/reaches", "network/pods", "network/podsTogether"
ENDPOINT = "network.Endpoint"
KINDS = (("pod", "pod"), ("outside", "pod"), ("pod", "outside"))
"""Which two ends are asked about: the origin and the destination."""

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


def only_in(one: Cluster, other: Cluster, kinds: tuple[str, str], setting: Setting) -> Possible | str | None:
    """The simplest connection that `one` lets through and `other` does not; a reason why that is not known;
    or None: there is none, for any ends that could exist.
    """
    question = _Question(one, other, kinds, setting)
    verdict = question.ask()
    if isinstance(verdict, (Unknown, Unsupported)):
        return verdict.reason
    if not isinstance(verdict, Violated):
        return None
    assert verdict.witness is not None
    return question.found(verdict.witness)


class _Question:
    def __init__(self, one: Cluster, other: Cluster, kinds: tuple[str, str], setting: Setting) -> None:
        self.one, self.other, self.kinds, self.setting = one, other, kinds, setting
        self.known = with_namespaces(one, other)
        self.names = {"pod": ("p", "q"), "outside": ("from", "to")}
        self.ends = [self.names[kind][place] for place, kind in enumerate(kinds)]

    def ask(self) -> Any:
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

        def goal(**values: object) -> object:
            ends = [_end(values[name], kind) for name, kind in zip(self.ends, self.kinds, strict=True)]
            said = [
                functions[REACHES](*ends, values["port"], values["protocol"], cluster)
                for cluster in (self.one, self.other)
            ]
            return ops.or_(ops.call("!_", said[0]), lambda: said[1])

        fields = record_fields(self.setting.table)
        query = make_query(shapes, assumed, ("nothing is let through here alone", goal), fields)
        return decide(query, self.replay, self.setting.timeout)

    def concrete(self, values: Mapping[str, object]) -> tuple[End, End]:
        made = [
            dict(values[name]) if kind == "pod" else {"outside": True, "address": values[name]}  # type: ignore[call-overload]
            for name, kind in zip(self.ends, self.kinds, strict=True)
        ]
        return made[0], made[1]

    def replay(self, values: Mapping[str, object]) -> Witness:
        """The reference evaluator says the same of both clusters, and the objects that make the ends."""
        origin, destination = self.concrete(values)
        for cluster, wanted in ((self.one, True), (self.other, False)):
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


def _reading(function: Callable[..., object], name: str, cluster: Cluster) -> Reading:
    return lambda **values: function(values[name], cluster)


def _end(value: object, kind: str) -> object:
    if kind == "pod":
        return value
    return SymRecord({"outside": (t.TRUE, True), "address": (t.TRUE, value)})
