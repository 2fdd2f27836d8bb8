"""Knows single questions about all ends that could exist: does anyone get in, do policies of one priority
differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.values import make_bool
from kspec.runtime.values import EvalError
from kspec.solve.decide import decide
from kspec.solve.query import make_query, read
from kspec.solve.shapes import record_fields
from kspec.solve.verdict import Verdict, Witness
from kspec.source import InternalError
from kspec.verify.network.ends import MEET, POSSIBLE, SHAPES, assumptions
from kspec.verify.setting import Setting

ENTER, LEAVE = "network/policiesAdmit", "network/mayLeave"

Cluster = Mapping[str, Any]


def evaluated(setting: Setting, rule_id: str, *args: object) -> object:
    """What a rule says by the reference evaluator."""
    rule = setting.rules[rule_id]
    env = {p.name: a for p, a in zip(rule.params, args, strict=True)}
    return evaluate(rule.body, env, setting.rules)


def someone_enters(
    to: Mapping[str, Any], port: int, protocol: str, cluster: Cluster, setting: Setting
) -> Verdict:
    """Holds with an example if some end that could exist may enter this one; Violated if none may."""
    possible, enter = setting.functions[POSSIBLE], setting.functions[ENTER]

    def replay(values: Mapping[str, object]) -> Witness:
        origin = values["origin"]
        if evaluated(setting, POSSIBLE, origin, cluster) is not True:
            raise InternalError(f"the solver took {origin!r} for an end, which it is not")
        if evaluated(setting, ENTER, origin, to, port, protocol, cluster) is not True:
            raise InternalError(f"the solver and the evaluator disagree about {origin!r}")
        return Witness(values)

    query = make_query(
        {"origin": SHAPES["origin"]},
        [("`origin` could exist", lambda **v: possible(v["origin"], cluster))],
        ("someone enters", lambda **v: enter(v["origin"], to, port, protocol, cluster)),
        record_fields(setting.table),
        some=True,
    )
    return decide(query, replay, setting.timeout)


def always_determined(cluster: Cluster, setting: Setting) -> Verdict:
    """Holds if for every connection that could be it is laid down what the policies say of it; else Violated
    with one for which it is not.
    """
    functions = [setting.functions[each] for each in (ENTER, LEAVE)]

    def goal(**v: object) -> object:
        ends = v["origin"], v["destination"], v["port"], v["protocol"], cluster
        open_ = [guard for f in functions for _, guard in read("", f(*ends)).undetermined]
        return make_bool(t.not_(t.any_of(open_)))

    def replay(values: Mapping[str, object]) -> Witness:
        ends = values["origin"], values["destination"]
        sound = evaluated(setting, MEET, *ends) is True
        if not sound or any(evaluated(setting, POSSIBLE, e, cluster) is not True for e in ends):
            raise InternalError(f"the solver took {values!r} for a connection, which it is not")
        for rule_id in (ENTER, LEAVE):
            try:
                evaluated(setting, rule_id, *ends, values["port"], values["protocol"], cluster)
            except EvalError as error:
                if error.code == "undetermined":
                    return Witness(values, error.message)
                raise
        raise InternalError(f"the evaluator decides what the solver says is open: {values!r}")

    fields = record_fields(setting.table)
    query = make_query(
        SHAPES, assumptions(setting, cluster), ("it is laid down what the policies say", goal), fields
    )
    return decide(query, replay, setting.timeout)
