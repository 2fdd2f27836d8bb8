"""Knows which parts of its arguments a rule reads: what a cached verdict depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, assert_never

from kspec.ir import nodes as ir
from kspec.ir.deep import deep_recursion
from kspec.ir.types import BYTES, STRING, ListOf

FieldPath: TypeAlias = tuple[str, ...]
Origin: TypeAlias = tuple[str, FieldPath]
Origins: TypeAlias = frozenset[Origin]
Env: TypeAlias = Mapping[str, Origins]

EACH, COUNT, PRESENT = "*", "#", "?"
"""Segments of a path: every element or value; how many elements, or which keys; is it there."""

NOWHERE: Origins = frozenset()

Summary: TypeAlias = tuple[Origins, Origins]
"""Of a rule, by its parameters: where its result may come from, and what is read to find it."""


def read_set(rule: ir.Rule, rules: Mapping[str, ir.Rule] | None = None) -> dict[str, frozenset[FieldPath]]:
    """For each parameter the paths of fields that the rule may read; `()` is the whole of it.

    Arguments that agree on all these paths give the same result. A path stands for all below it, but one that
    ends in `#` or `?`. Functions that the rule calls are read into; unknown ones read their arguments whole.
    """
    return ReadSets(rules or {}).of(rule)


def reads_of(expr: ir.Expr, name: str) -> frozenset[FieldPath]:
    """The same of one free variable of an expression: every path that is read, also below others."""
    reader = _Reader(ReadSets({}))
    with deep_recursion():
        result = reader.origins(expr, {name: frozenset(((name, ()),))})
    return frozenset(path for found, path in reader.reads | result if found == name)


class ReadSets:
    """The read sets of rules that call one another: what is called by many is read once."""

    def __init__(self, rules: Mapping[str, ir.Rule]) -> None:
        self.rules = rules
        self.known: dict[str, Summary] = {}

    def of(self, rule: ir.Rule) -> dict[str, frozenset[FieldPath]]:
        """As `read_set` says."""
        with deep_recursion():
            _, reads = self._made(rule, looked_at=True)
        found: dict[str, set[FieldPath]] = {p.name: set() for p in rule.params}
        for name, path in reads:
            found.setdefault(name, set()).add(path)
        return {name: frozenset(p for p in paths if not _covered(p, paths)) for name, paths in found.items()}

    def summary(self, rule: ir.Rule) -> Summary:
        if rule.id not in self.known:
            self.known[rule.id] = self._made(rule)
        return self.known[rule.id]

    def _made(self, rule: ir.Rule, looked_at: bool = False) -> Summary:
        reader = _Reader(self)
        result = reader.origins(rule.body, {p.name: frozenset(((p.name, ()),)) for p in rule.params})
        return result, frozenset(reader.reads | result if looked_at else reader.reads)


def _covered(path: FieldPath, paths: set[FieldPath]) -> bool:
    """Is a shorter path read as a whole?"""
    return any(path[:length] in paths for length in range(len(path)))


def _of_arguments(origins: Origins, given: Env) -> Origins:
    """What is said of parameters, said of the arguments that are given for them."""
    return frozenset((at, start + path) for name, path in origins for at, start in given[name])


class _Reader:
    """Follows where each value comes from; a read is where it is looked at, not where it is passed on."""

    def __init__(self, sets: ReadSets) -> None:
        self.sets = sets
        self.reads: set[Origin] = set()

    def consume(self, expr: ir.Expr, env: Env) -> None:
        """The value itself is looked at."""
        self.reads |= self.origins(expr, env)

    def consume_all(self, exprs: tuple[ir.Expr, ...], env: Env) -> Origins:
        for expr in exprs:
            self.consume(expr, env)
        return NOWHERE

    def below(self, origins: Origins, *segments: str) -> Origins:
        return frozenset((name, path + segments) for name, path in origins)

    def origins(self, expr: ir.Expr, env: Env) -> Origins:
        """Where the value may come from; what has to be read to find it is collected."""
        match expr:
            case ir.Lit():
                return NOWHERE
            case ir.Var():
                return env.get(expr.name, NOWHERE)
            case ir.Field():
                return self.below(self.origins(expr.operand, env), expr.name)
            case ir.Key():
                operand = self.origins(expr.operand, env)
                self.reads |= self.below(operand, expr.name, PRESENT)  # an error without it
                return self.below(operand, expr.name)
            case ir.HasField() | ir.HasKey():
                self.reads |= self.below(self.origins(expr.operand, env), expr.name, PRESENT)
                return NOWHERE
            case ir.And() | ir.Or():
                return self.consume_all((expr.left, expr.right), env)
            case ir.Cond():
                self.consume(expr.condition, env)
                return self.origins(expr.then, env) | self.origins(expr.otherwise, env)
            case ir.Call():
                return self.call(expr, env)
            case ir.Apply():
                return self.apply(expr, env)
            case ir.MakeList():
                return self.consume_all(expr.elements, env)
            case ir.MakeMap():
                return self.consume_all(tuple(part for entry in expr.entries for part in entry), env)
            case ir.MakeRecord():
                return self.consume_all(tuple(value for _, value in expr.fields), env)
            case ir.With():
                return self.consume_all((expr.operand, *(value for _, value in expr.fields)), env)
            case ir.Let():
                return self.origins(expr.body, {**env, expr.name: self.origins(expr.value, env)})
            case ir.Loop():
                return self.loop(expr, env)
            case ir.Fold():
                return self.fold(expr, env)
            case _:
                assert_never(expr)

    def call(self, expr: ir.Call, env: Env) -> Origins:
        if expr.function == "size" and len(expr.args) == 1 and expr.args[0].type not in (STRING, BYTES):
            self.reads |= self.below(self.origins(expr.args[0], env), COUNT)
            return NOWHERE
        if expr.function == "_[_]":
            self.consume(expr.args[1], env)
            values = self.origins(expr.args[0], env)
            self.reads |= self.below(values, COUNT)
            return self.below(values, EACH)
        if expr.function in ("reverse", "dyn", "@cast"):
            return self.origins(expr.args[0], env)
        if expr.function == "_+_" and all(isinstance(a.type, ListOf) for a in expr.args):
            return self.origins(expr.args[0], env) | self.origins(expr.args[1], env)
        return self.consume_all(expr.args, env)

    def apply(self, expr: ir.Apply, env: Env) -> Origins:
        rule = self.sets.rules.get(expr.rule)
        if rule is None:
            return self.consume_all(expr.args, env)
        given = {p.name: self.origins(a, env) for p, a in zip(rule.params, expr.args, strict=True)}
        result, reads = self.sets.summary(rule)
        self.reads |= _of_arguments(reads, given)
        return _of_arguments(result, given)

    def loop(self, expr: ir.Loop, env: Env) -> Origins:
        values = self.origins(expr.range, env)
        self.reads |= self.below(values, COUNT)
        inner = {**env, **{name: self.below(values, EACH) for name in expr.variables}}
        if expr.where is not None:
            self.consume(expr.where, inner)
        self.consume(expr.body, inner)
        return values if expr.kind in ("filter", "sortBy") else NOWHERE

    def fold(self, expr: ir.Fold, env: Env) -> Origins:
        values = self.origins(expr.range, env)
        self.reads |= self.below(values, COUNT)
        self.consume(expr.init, env)
        self.consume(expr.step, {**env, expr.variable: self.below(values, EACH), expr.accumulator: NOWHERE})
        return NOWHERE
