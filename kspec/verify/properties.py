"""Knows how a property is decided: its quantifiers made open values, its domains assumed, its formula read
symbolically.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kspec.backends.symbolic.module import compile_expression
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.ir.properties import ExpectCase, Property, Quantifier
from kspec.ir.types import INT
from kspec.resources.load import paused_collector
from kspec.runtime.symbolic.inputs import Shape
from kspec.runtime.values import EvalError
from kspec.solve.decide import decide
from kspec.solve.query import Query, Reading, make_query
from kspec.solve.shapes import record_fields, shape_of
from kspec.solve.verdict import Holds, Stats, Unknown, Unsupported, Verdict, Violated, Witness
from kspec.source import InternalError
from kspec.verify.cluster import Defaulting, manifest, undefaulted, with_objects
from kspec.verify.pinned import pinned
from kspec.verify.setting import Setting, describe
from kspec.verify.together import Merged, mergings, pairs, together

COMBINATIONS_MAX = 10_000
"""So many choices from lists at hand are tried one by one."""

Cluster = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ExpectResult:
    """What came of a property once the objects of an `expect` case were added; `met`: it came out as
    expected.
    """

    case: ExpectCase
    verdict: Verdict

    @property
    def met(self) -> bool:
        return isinstance(self.verdict, Holds if self.case.verdict == "holds" else Violated)


def verify_property(prop: Property, cluster: Cluster, setting: Setting) -> Verdict:
    """The verdict on a property of the objects at hand (decoded, by field of `Cluster`)."""
    with paused_collector():
        return _Verification(prop, cluster, setting).verdict()


def verify_expects(
    prop: Property, cluster: Cluster, setting: Setting, defaulting: Defaulting = undefaulted
) -> tuple[ExpectResult, ...]:
    """Each `expect` case of the property: its objects added, the verdict then."""
    return tuple(
        ExpectResult(
            case,
            verify_property(prop, with_objects(cluster, case.objects, setting.table, defaulting), setting),
        )
        for case in prop.expects
    )


def queries_of(prop: Property, cluster: Cluster, setting: Setting) -> tuple[Query, ...]:
    """The questions that deciding the property asks the solver: one for each choice from lists at hand, and
    for
    each way in which variables may be one and the same member of a domain.
    """
    run = _Verification(prop, cluster, setting)
    if run.why_not() or not run.is_open:
        return ()
    return tuple(run.query(chosen, merged) for chosen in run.choices() for merged in run.mergings())


class _Verification:
    def __init__(self, prop: Property, cluster: Cluster, setting: Setting) -> None:
        self.prop = prop
        self.cluster = cluster
        self.setting = setting
        self.listed = [q for q in prop.quantifiers if q.members is not None]
        self.free = [q for q in prop.quantifiers if q.members is None]
        self.fields = record_fields(setting.table)

    @property
    def is_open(self) -> bool:
        """Is there anything that the objects at hand do not say?"""
        return bool(self.free)

    def why_not(self) -> str | None:
        """Why this cannot be asked of the solver at all."""
        if self.prop.temporal:
            return f"`{self.prop.temporal}` asks about runs of the cluster, which the solver does not see"
        if self.prop.given is not None:
            return "`given` asks about runs of the cluster, which the solver does not see"
        return None

    def verdict(self) -> Verdict:
        started = time.monotonic()
        reason = self.why_not()
        if reason is not None:
            return Unsupported(reason)
        verdicts: list[Verdict] = []
        try:
            for chosen in self.choices():
                for verdict in self.decided(chosen):
                    verdicts.append(verdict)
                    if isinstance(verdict, Holds if self.prop.some else Violated):
                        return _together(verdicts, self.prop.some, time.monotonic() - started)
        except EvalError as error:
            return Unsupported(f"the range of a quantifier has no value: {error.message}")
        return _together(verdicts, self.prop.some, time.monotonic() - started)

    # ---------------------------------------------------------------- choices from what is at hand

    def choices(self) -> Iterator[dict[str, object]]:
        """Every choice of the variables that range over lists at hand; a list may depend on those before."""
        found: list[dict[str, object]] = [{}]
        for quantifier in self.listed:
            found = [
                {**chosen, quantifier.name: value}
                for chosen in found
                for value in self.members(quantifier, chosen)
            ]
            if len(found) > COMBINATIONS_MAX:
                message = f"{len(found)} combinations of list members are more than {COMBINATIONS_MAX}"
                raise EvalError("budget", message)
        return iter(found)

    def mergings(self) -> Iterator[Merged]:
        return mergings(self.free, self.setting.functions)

    def members(self, quantifier: Quantifier, chosen: Mapping[str, object]) -> list[object]:
        assert quantifier.members is not None
        found = self.evaluate(quantifier.members, chosen)
        if not isinstance(found, (list, tuple)):
            raise EvalError("no_such_overload", f"`{quantifier.name}` does not range over a list")
        return list(found)

    def bound(self, quantifier: Quantifier, chosen: Mapping[str, object]) -> tuple[int, int]:
        assert quantifier.low is not None and quantifier.high is not None
        low, high = self.evaluate(quantifier.low, chosen), self.evaluate(quantifier.high, chosen)
        assert isinstance(low, int) and isinstance(high, int)
        return low, high

    def evaluate(self, expr: Any, chosen: Mapping[str, object]) -> object:
        return evaluate(expr, {"cluster": self.cluster, **chosen}, self.setting.rules)

    # ---------------------------------------------------------------- one question

    def decided(self, chosen: Mapping[str, object]) -> Iterator[Verdict]:
        """The verdicts for this choice of members, for each way in which variables may be one."""
        if not self.free:
            yield self.evaluated(chosen)
            return
        if any(low > high for low, high in self.ranges(chosen)):
            yield Violated(None) if self.prop.some else Holds()
            return
        for merged in self.mergings():
            replay = partial(self.replay, chosen, merged)
            yield decide(self.query(chosen, merged), replay, self.setting.timeout)

    def ranges(self, chosen: Mapping[str, object]) -> list[tuple[int, int]]:
        return [self.bound(q, chosen) for q in self.free if not q.domain]

    def evaluated(self, chosen: Mapping[str, object]) -> Verdict:
        """Where nothing is open, what the reference evaluator says."""
        try:
            env = {"cluster": self.cluster, **chosen}
            holds = evaluate(self.prop.holds, env, self.setting.rules, self.setting.timeout) is True
            error = ""
        except EvalError as failed:
            if failed.code in ("undetermined", "budget"):
                return Unknown(failed.message)
            holds, error = False, failed.message
        witness = Witness(chosen, error)
        if holds:
            return Holds(witness=witness if self.prop.some else None)
        return Violated(None if self.prop.some else witness)

    def query(self, chosen: Mapping[str, object], merged: Merged) -> Query:
        """What the solver is asked for this choice of members, of which some are one."""
        shapes: dict[str, Shape] = {}
        assumed: list[tuple[str, Reading]] = []
        for quantifier in self.free:
            name = quantifier.name
            if merged[name] != name:
                continue
            if quantifier.domain:
                shapes[name] = shape_of(quantifier.type)
                about = describe(self.setting, quantifier.domain)
                assumed.append((f"`{name}` is one of {quantifier.domain}: {about}", self.domain(quantifier)))
            else:
                shapes[name] = shape_of(INT, *self.bound(quantifier, chosen))
        for a, b in pairs(self.free, merged, self.setting.functions):
            label = f"`{a.name}` and `{b.name}` are two of {a.domain} at the same time"
            assumed.append((label, self.two(a, b)))
        constants = {"cluster": self.cluster, **chosen}
        names = (*constants, *merged)
        function = compile_expression(self.prop.holds, names, self.setting.functions)

        def goal(**values: object) -> object:
            return function(*constants.values(), *(values[member] for member in merged.values()))

        title = f"{self.prop.title}: {show_expr(self.prop.holds)}"
        limits = self.setting.slots_max, self.pins(merged)
        return make_query(shapes, assumed, (title, goal), self.fields, self.prop.some, *limits)

    def pins(self, merged: Merged) -> dict[str, str | bool]:
        """What the property's own conditions say of members of domains."""
        domains = {q.name for q in self.free if q.domain}
        found = pinned(self.prop.holds, self.prop.some)
        return {f"{merged[name]}.{field}": text for (name, field), text in found.items() if name in domains}

    def domain(self, quantifier: Quantifier) -> Reading:
        """Whether a candidate of the domain could exist."""
        function = self.setting.functions[quantifier.domain]
        return lambda **values: _apply(function, values[quantifier.name], self.cluster)

    def two(self, a: Quantifier, b: Quantifier) -> Reading:
        """Whether two different members of a domain may exist at the same time."""
        function = self.setting.functions[together(a.domain)]
        return lambda **values: function(values[a.name], values[b.name])

    # ---------------------------------------------------------------- replay

    def replay(self, chosen: Mapping[str, object], merged: Merged, found: Mapping[str, object]) -> Witness:
        """The witness, once the reference evaluator has come to the same conclusion from it."""
        values = {**chosen, **{name: found[member] for name, member in merged.items()}}
        shown = show_expr(self.prop.holds)
        try:
            held, error = self.evaluate(self.prop.holds, values) is True, ""
        except EvalError as failed:
            held, error = False, failed.message
            if failed.code == "undetermined":
                raise InternalError(
                    f"the solver decides what is undetermined of `{shown}` for {values!r}"
                ) from None
        if held is not self.prop.some:
            raise InternalError(f"the solver and the evaluator disagree about `{shown}` for {values!r}")
        for a, b in pairs(self.free, merged, self.setting.functions):
            self.check_two(a, b, values)
        own = [q for q in self.free if q.domain and merged[q.name] == q.name]
        objects: list[object] = []
        for each in (each for q in own for each in self.objects(q, values[q.name])):
            if each not in objects:  # two members may need the same namespace
                objects.append(each)
        return Witness(values, error, tuple(objects))

    def check_two(self, a: Quantifier, b: Quantifier, values: Mapping[str, object]) -> None:
        rule = self.setting.rules[together(a.domain)]
        env = {p.name: values[q.name] for p, q in zip(rule.params, (a, b), strict=True)}
        if evaluate(rule.body, env, self.setting.rules) is not True:
            raise InternalError(f"the solver took {env!r} for two of {a.domain}, which they are not")

    def objects(self, quantifier: Quantifier, value: object) -> list[object]:
        """What makes a member of a domain exist, by its rule read concretely."""
        rule = self.setting.rules[quantifier.domain]
        arguments = (value, *((self.cluster,) if len(rule.params) > 1 else ()))
        env = {p.name: argument for p, argument in zip(rule.params, arguments, strict=True)}
        try:
            found = evaluate(rule.body, env, self.setting.rules)
        except EvalError as error:
            raise InternalError(
                f"{quantifier.domain} has no value for its own member {value!r}: {error.message}"
            ) from None
        assert isinstance(found, dict)
        if found.get("valid") is not True:
            raise InternalError(
                f"the solver took {value!r} for a member of {quantifier.domain}, which it is not"
            )
        return [
            manifest(write["type"], write["object"], self.setting.table) for write in found.get("witness", [])
        ]


def _apply(function: Callable[..., object], value: object, cluster: Cluster) -> object:
    """A domain's function takes the candidate, and the cluster if it asks for it."""
    takes = len(inspect.signature(function).parameters)
    return function(value, cluster) if takes > 1 else function(value)


def _together(verdicts: list[Verdict], some: bool, seconds: float) -> Verdict:
    """The verdict on all choices from those on each; a single one that decides comes last."""
    if not verdicts:
        return Violated(None, Stats(seconds=seconds)) if some else Holds(stats=Stats(seconds=seconds))
    stats = Stats(
        sum(v.stats.checks for v in verdicts),
        max(v.stats.variables for v in verdicts),
        max(v.stats.terms for v in verdicts),
        seconds,
    )
    last = verdicts[-1]
    if isinstance(last, Holds if some else Violated):
        return replace(last, stats=stats)
    for kind in (Unsupported, Unknown):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return replace(verdict, stats=stats)
    if some:
        return Violated(None, stats)
    held = [verdict for verdict in verdicts if isinstance(verdict, Holds)]
    assumptions = tuple(dict.fromkeys(a for verdict in held for a in verdict.assumptions))
    bounds = tuple(dict.fromkeys(b for verdict in held for b in verdict.bounds))
    return Holds(assumptions, bounds, None, stats)
