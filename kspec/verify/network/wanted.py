"""Knows the policies that let through what is wanted and nothing else, and how that is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kspec.runtime.rulebook import load_rulebook
from kspec.solve.decide import decide
from kspec.solve.query import make_query
from kspec.solve.shapes import record_fields
from kspec.solve.verdict import Verdict, Witness
from kspec.source import InternalError
from kspec.verify.network.asking import evaluated
from kspec.verify.network.ends import MEET, POSSIBLE, SHAPES, assumptions
from kspec.verify.setting import Setting

AS_WANTED = ("network/leavesAsWanted", "network/entersAsWanted")

Cluster = Mapping[str, Any]
Value = Mapping[str, Any]


def say(name: str, *args: object) -> Any:
    """What a function of rules/network says, compiled."""
    rule = load_rulebook().get(f"network/{name}")
    assert rule is not None, name
    return rule(*args)


def policies_for(workloads: Sequence[Value], namespaces: Sequence[str], wanted: Sequence[Value]) -> list[Any]:
    """For each namespace one policy that closes it, and one for each of its workloads that a wanted
    connection begins or ends at.
    """
    made: list[Any] = []
    for namespace in namespaces:
        made.append(say("closing", namespace))
        own = [(w, side_of(w)) for w in workloads if w["namespace"] == namespace]
        for workload, side in [(everyone(namespace), {"namespace": namespace}), *own]:
            ingress = grants([(w["from"], w["ports"]) for w in wanted if w["to"] == side])
            egress = grants([(w["to"], w["ports"]) for w in wanted if w["from"] == side])
            if ingress or egress:
                made.append(say("policyOf", workload, ingress, egress))
    return made


def everyone(namespace: str) -> Value:
    """All pods of a namespace, as if they were one workload."""
    return {"namespace": namespace, "name": "everyone", "kind": "", "selector": {}}


def side_of(workload: Value) -> Value:
    """The side that the pods of a workload are."""
    return {"namespace": workload["namespace"], "selector": workload["selector"]}


def grants(wanted: Sequence[tuple[Value, Sequence[Value]]]) -> list[Value]:
    """The fewest rules for these sides and ports: the ports of a side together, then sides of the same
    ports.
    """
    by_side: list[tuple[Value, list[Value]]] = []
    for side, ports in wanted:
        known = next((its for other, its in by_side if other == side), None)
        if known is None:
            known = []
            by_side.append((side, known))
        if not ports:
            known[:] = [EVERY_PORT]
        elif EVERY_PORT not in known:
            known += ports
    by_ports: dict[str, tuple[list[Value], list[Value]]] = {}
    for side, ports in by_side:
        merged = [] if EVERY_PORT in ports else merged_ports(ports)
        by_ports.setdefault(str(merged), ([], merged))[0].append(side)
    return [{"sides": [] if {} in sides else sides, "ports": ports} for sides, ports in by_ports.values()]


EVERY_PORT: Value = {"protocol": "", "first": 0, "last": 0}


def merged_ports(ports: Sequence[Value]) -> list[Value]:
    """The same ports in the fewest ranges."""
    made: list[Value] = []
    for protocol in dict.fromkeys(p["protocol"] for p in ports):
        its = sorted((p["first"], p["last"]) for p in ports if p["protocol"] == protocol)
        if its[0][0] == 0:
            made.append({"protocol": protocol, "first": 0, "last": 0})
            continue
        ranges = [list(its[0])]
        for first, last in its[1:]:
            if first <= ranges[-1][1] + 1:
                ranges[-1][1] = max(ranges[-1][1], last)
            else:
                ranges.append([first, last])
        made += [{"protocol": protocol, "first": first, "last": last} for first, last in ranges]
    return sorted(made, key=lambda p: (p["protocol"], p["first"]))


# ---------------------------------------------------------------- proof


def proved(
    wanted: Sequence[Value], namespaces: Sequence[str], cluster: Cluster, setting: Setting
) -> tuple[Verdict, ...]:
    """Do the policies of the cluster let leave, and let enter, what is wanted of the pods of these
    namespaces, and nothing else, whatever ends there could be? One verdict for each direction.
    """
    return tuple(_proved(rule, list(wanted), list(namespaces), cluster, setting) for rule in AS_WANTED)


def _proved(
    rule_id: str, wanted: list[Value], namespaces: list[str], cluster: Cluster, setting: Setting
) -> Verdict:
    function = setting.functions[rule_id]

    def goal(**v: object) -> object:
        return function(wanted, namespaces, v["origin"], v["destination"], v["port"], v["protocol"], cluster)

    def replay(values: Mapping[str, object]) -> Witness:
        ends = values["origin"], values["destination"]
        sound = evaluated(setting, MEET, *ends) is True
        if not sound or any(evaluated(setting, POSSIBLE, e, cluster) is not True for e in ends):
            raise InternalError(f"the solver took {values!r} for a connection, which it is not")
        args = (wanted, namespaces, *ends, values["port"], values["protocol"], cluster)
        if evaluated(setting, rule_id, *args) is True:
            raise InternalError(f"the solver and the evaluator disagree about {values!r}")
        return Witness(values)

    title = ("what is wanted is let through, and nothing else", goal)
    query = make_query(SHAPES, assumptions(setting, cluster), title, record_fields(setting.table))
    return decide(query, replay, setting.timeout)
