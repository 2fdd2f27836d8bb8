"""Knows what an expression means: the reference evaluator, which the back ends must agree with.

One function per family of nodes; the table in `_evaluate` has the order of `nodes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import assert_never

from kspec.ir import nodes as ir
from kspec.ir.deep import deep_recursion
from kspec.ir.types import ListOf, MapOf, OptionalOf, Record, Scalar, Type
from kspec.runtime.equality import from_key, sort_by, to_key
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.operators import check_length, has_key, select
from kspec.runtime.registry import tag_of
from kspec.runtime.values import NONE, Duration, EvalError, Optional, Quantity, Timestamp, UInt
from kspec.source import InternalError

Env = Mapping[str, object]
Rules = Mapping[str, ir.Rule]

STEPS_MAX = 10_000_000
"""Turns of loops and elements made in one evaluation; more is the error `budget`."""


LOOK_STEPS = 4096
"""After so many steps the clock is looked at again."""


def evaluate(expr: ir.Expr, env: Env, rules: Rules | None = None, seconds: float | None = None) -> object:
    """The value of an expression, given those of its free variables; EvalError if it has none.

    With `seconds`, taking longer is the error `budget` too: for questions, where no answer is an answer.
    """
    with deep_recursion():
        try:
            return _Evaluator(rules or {}, seconds).run(expr, env)
        except RecursionError:
            raise EvalError("budget", "the expression is nested too deeply") from None


def evaluate_rule(rule: ir.Rule, args: tuple[object, ...], rules: Rules | None = None) -> object:
    """What a rule yields for these arguments, `using` parameters included."""
    env = {p.name: a for p, a in zip(rule.params, args, strict=True)}
    return evaluate(rule.body, env, rules)


_ZEROS: Mapping[str, object] = {
    "bool": False,
    "int": 0,
    "uint": UInt(0),
    "double": 0.0,
    "string": "",
    "bytes": b"",
    "timestamp": Timestamp(0),
    "duration": Duration(0),
    "quantity": Quantity(0),
}


def zero(type_: Type) -> object:
    """What an absent field of this type reads as."""
    match type_:
        case Scalar(name):
            return _ZEROS.get(name)
        case ListOf():
            return ()
        case MapOf() | Record():
            return {}
        case OptionalOf():
            return NONE


class _Evaluator:
    __slots__ = ("look_at", "rules", "steps", "until")

    def __init__(self, rules: Rules, seconds: float | None) -> None:
        self.rules = rules
        self.steps = 0
        self.look_at = LOOK_STEPS
        self.until = None if seconds is None else monotonic() + seconds

    def run(self, expr: ir.Expr, env: Env) -> object:
        run = self.run
        match expr:
            case ir.Lit():
                return expr.value
            case ir.Var():
                if expr.name in env:
                    return env[expr.name]
                raise EvalError("unbound", f"unknown name `{expr.name}`")
            case ir.Field():
                record = run(expr.operand, env)
                value = record.get(expr.name) if isinstance(record, dict) else None
                return zero(expr.type) if value is None else value
            case ir.HasField():
                record = run(expr.operand, env)
                return isinstance(record, dict) and record.get(expr.name) is not None
            case ir.Key():
                return select(run(expr.operand, env), expr.name)
            case ir.HasKey():
                return has_key(run(expr.operand, env), expr.name)
            case ir.And():
                return self.decide(expr.left, expr.right, env, False)
            case ir.Or():
                return self.decide(expr.left, expr.right, env, True)
            case ir.Cond():
                return run(expr.then if self.test(expr.condition, env) else expr.otherwise, env)
            case ir.Call():
                return self.call(expr, env)
            case ir.Apply():
                rule = self.rules[expr.rule]
                args = [run(a, env) for a in expr.args]
                return run(rule.body, {p.name: a for p, a in zip(rule.params, args, strict=True)})
            case ir.MakeList():
                return self.make_list(expr, env)
            case ir.MakeMap():
                return self.make_map(expr, env)
            case ir.MakeRecord():
                values = {name: run(value, env) for name, value in expr.fields}
                return {name: value for name, value in values.items() if value is not None}
            case ir.With():
                return self.replace(expr, env)
            case ir.Let():
                return run(expr.body, {**env, expr.name: run(expr.value, env)})
            case ir.Loop():
                return self.loop(expr, env)
            case ir.Fold():
                return self.fold(expr, env)
            case _:
                assert_never(expr)

    # ---------------------------------------------------------------- truth

    def test(self, expr: ir.Expr, env: Env) -> bool:
        value = self.run(expr, env)
        if isinstance(value, bool):
            return value
        raise EvalError("no_such_overload", f"a {tag_of(value)} is not a condition")

    def decide(self, left: ir.Expr, right: ir.Expr, env: Env, deciding: bool) -> bool:
        """`&&` (deciding: false) and `||` (deciding: true): a deciding operand hides the other's error."""
        try:
            if self.test(left, env) is deciding:
                return deciding
        except EvalError:
            if self.test_quietly(right, env) is deciding:
                return deciding
            raise
        return self.test(right, env)

    def test_quietly(self, expr: ir.Expr, env: Env) -> bool | None:
        try:
            return self.test(expr, env)
        except EvalError:
            return None

    # ---------------------------------------------------------------- functions and values

    def call(self, expr: ir.Call, env: Env) -> object:
        args = [self.run(a, env) for a in expr.args]
        function = FUNCTIONS.get(expr.function)
        if function is None:
            raise EvalError("unbound", f"unknown function `{expr.function}`")
        made = function(*args)
        if type(made) is list:
            self.spend(len(made))
        elif type(made) is str:
            self.spend(len(made) // 16)
        return made

    def make_list(self, expr: ir.MakeList, env: Env) -> list[object]:
        values = [self.run(e, env) for e in expr.elements]
        if not expr.optional:
            return values
        made = []
        for index, value in enumerate(values):
            if index not in expr.optional:
                made.append(value)
            elif _as_optional(value).present:
                made.append(_as_optional(value).value)
        return made

    def make_map(self, expr: ir.MakeMap, env: Env) -> dict[object, object]:
        made: dict[object, object] = {}
        for index, (key_expr, value_expr) in enumerate(expr.entries):
            key = to_key(self.run(key_expr, env))
            value = self.run(value_expr, env)
            if index in expr.optional:
                wrapped = _as_optional(value)
                if not wrapped.present:
                    continue
                value = wrapped.value
            _add_entry(made, key, value)
        return made

    def replace(self, expr: ir.With, env: Env) -> dict[object, object]:
        operand = self.run(expr.operand, env)
        made = dict(operand) if isinstance(operand, dict) else {}
        for name, value_expr in expr.fields:
            value = self.run(value_expr, env)
            if value is None:
                made.pop(name, None)
            else:
                made[name] = value
        return made

    # ---------------------------------------------------------------- loops

    def loop(self, expr: ir.Loop, env: Env) -> object:
        turns = self.turns(expr, env)
        match expr.kind:
            case "all":
                return self.quantify(expr.body, turns, False)
            case "exists":
                return self.quantify(expr.body, turns, True)
            case "existsOne":
                return sum([self.test(expr.body, inner) for _, inner in turns]) == 1
            case "map":
                return [self.run(expr.body, inner) for _, inner in self.kept(expr.where, turns)]
            case "filter":
                return [value for value, inner in turns if self.test(expr.body, inner)]
            case "flatMap":
                return self.flat_map(expr, turns)
            case "transformMap":
                return {
                    to_key(inner[expr.variables[0]]): self.run(expr.body, inner)
                    for _, inner in self.kept(expr.where, turns)
                }
            case "transformMapEntry":
                return self.merge_entries(expr, turns)
            case "sortBy":
                return sort_by([(self.run(expr.body, inner), value) for value, inner in turns])
            case _:
                raise InternalError(f"no such loop: {expr.kind}")

    def turns(self, expr: ir.Loop | ir.Fold, env: Env) -> Iterator[tuple[object, dict[str, object]]]:
        """For each turn: the element (of a map: the key), and the variables inside."""
        values = self.run(expr.range, env)
        variables = expr.variables if isinstance(expr, ir.Loop) else (expr.variable,)
        return self.iterate(values, variables, dict(env))

    def iterate(
        self, values: object, variables: tuple[str, ...], inner: dict[str, object]
    ) -> Iterator[tuple[object, dict[str, object]]]:
        if isinstance(values, dict):
            pairs: Iterator[tuple[object, object]] = ((from_key(k), v) for k, v in values.items())
        elif isinstance(values, (list, tuple)):
            pairs = iter(enumerate(values))
        else:
            raise EvalError("no_such_overload", f"a {tag_of(values)} cannot be looped over")
        for first, second in pairs:
            self.spend(1)
            element = first if isinstance(values, dict) else second
            if len(variables) == 1:
                inner = {**inner, variables[0]: element}
            else:
                inner = {**inner, variables[0]: first, variables[1]: second}
            yield element, inner

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.look_at:
            self.look()

    def look(self) -> None:
        """Is there enough left to go on?"""
        if self.steps > STEPS_MAX:
            raise EvalError("budget", f"more than {STEPS_MAX} steps")
        if self.until is not None and monotonic() > self.until:
            raise EvalError("budget", "no answer in the time that was given")
        self.look_at = min(self.steps + LOOK_STEPS, STEPS_MAX)

    def kept(
        self, where: ir.Expr | None, turns: Iterator[tuple[object, dict[str, object]]]
    ) -> Iterator[tuple[object, dict[str, object]]]:
        return turns if where is None else (turn for turn in turns if self.test(where, turn[1]))

    def quantify(
        self, body: ir.Expr, turns: Iterator[tuple[object, dict[str, object]]], deciding: bool
    ) -> bool:
        """`all` (deciding: false), `exists` (deciding: true): a deciding turn hides the errors of others."""
        first_error: EvalError | None = None
        for _, inner in turns:
            try:
                if self.test(body, inner) is deciding:
                    return deciding
            except EvalError as error:
                first_error = first_error or error
        if first_error is not None:
            raise first_error
        return not deciding

    def flat_map(self, expr: ir.Loop, turns: Iterator[tuple[object, dict[str, object]]]) -> list[object]:
        made: list[object] = []
        for _, inner in turns:
            values = self.run(expr.body, inner)
            if not isinstance(values, (list, tuple)):
                raise EvalError("no_such_overload", f"flatMap wants lists, not a {tag_of(values)}")
            check_length(len(made) + len(values))
            made.extend(values)
        return made

    def merge_entries(
        self, expr: ir.Loop, turns: Iterator[tuple[object, dict[str, object]]]
    ) -> dict[object, object]:
        made: dict[object, object] = {}
        for _, inner in self.kept(expr.where, turns):
            entries = self.run(expr.body, inner)
            if not isinstance(entries, dict):
                raise EvalError("no_such_overload", f"transformMapEntry wants maps, not a {tag_of(entries)}")
            for key, value in entries.items():
                _add_entry(made, key, value)
        return made

    def fold(self, expr: ir.Fold, env: Env) -> object:
        turns = self.turns(expr, env)
        accumulated = self.run(expr.init, env)
        for _, inner in turns:
            accumulated = self.run(expr.step, {**inner, expr.accumulator: accumulated})
        return accumulated


def _as_optional(value: object) -> Optional:
    if isinstance(value, Optional):
        return value
    raise EvalError("no_such_overload", f"`?` wants an optional, not a {tag_of(value)}")


def _add_entry(made: dict[object, object], key: object, value: object) -> None:
    if key in made:
        raise EvalError("duplicate_key", f"the key {from_key(key)} is there twice")
    made[key] = value
