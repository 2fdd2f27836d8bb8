"""Knows how far the static type of an expression can be relied on at run time.

Types say what a value is, but for null: an absent address reads as null though its type is `ip`, and a
record may be null
where a rule says so. Where that can be, the type here is `dyn`, and generated code decides at run time, as
the evaluator does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kspec.backends.python.facts import Fact, Meanings, facts_of, mentions
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, DYN, INT, NULL, STRING, UINT, ListOf, MapOf, OptionalOf, Scalar, Type
from kspec.ir.unify import match_overloads, result_of
from kspec.ir.walk import children, free_variables, rebuild
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.values import EvalError

ZEROLESS = frozenset(("ip", "cidr", "url", "semver", "type", "null_type", "dyn"))
"""Scalars whose absent field reads as null."""

PLAIN_KEYS = frozenset((STRING, INT, UINT))
"""Types whose values stand for themselves as keys of a map."""

TOTAL = frozenset(("_==_", "_!=_", "type", "dyn", "hash", "@cast"))
"""Functions that take any value."""


def has_zero(type_: Type) -> bool:
    """Does an absent field of this type read as something else than null?"""
    return not (isinstance(type_, Scalar) and type_.name in ZEROLESS)


def is_empty(expr: ir.Expr) -> bool:
    """`[]` and `{}`, which are of every list and map type."""
    return (isinstance(expr, ir.MakeList) and not expr.elements) or (
        isinstance(expr, ir.MakeMap) and not expr.entries
    )


CONSTANT_MAKERS = frozenset(("quantity", "duration", "timestamp", "ip", "cidr", "url", "semver"))
"""Functions that read a text: a constant text need be read only once."""


def is_constant(expr: ir.Call) -> bool:
    """Is it the reading of a constant text that can be read?"""
    if expr.function not in CONSTANT_MAKERS or not all(isinstance(a, ir.Lit) for a in expr.args):
        return False
    return not _fails(expr.function, *(a.value for a in expr.args if isinstance(a, ir.Lit)))


def _is_pattern(pattern: str) -> bool:
    return not _fails("matches", "", pattern)


@lru_cache(maxsize=4096)
def _fails(function: str, *args: object) -> bool:
    try:
        FUNCTIONS[function](*args)
    except EvalError:
        return True
    return False


class Known:
    """What is certain in one place: the types of the variables, what conditions around it say, and so what
    expressions yield.
    """

    __slots__ = ("_alive", "_assumed", "_inside", "_settled", "_sure", "facts", "meanings", "types")

    def __init__(
        self,
        types: Mapping[str, Type],
        facts: frozenset[Fact] = frozenset(),
        meanings: Meanings | None = None,
    ) -> None:
        self.types = types
        self.facts = facts
        self.meanings = meanings or {}
        self._alive: list[ir.Expr] = []
        self._sure: dict[int, Type] = {}
        self._inside: dict[int, Known] = {}
        self._assumed: dict[tuple[int, bool], Known] = {}
        self._settled: dict[int, ir.Expr] = {}

    def sure(self, expr: ir.Expr) -> Type:
        """The type that the value certainly has; `dyn` where it may be another."""
        found = self._sure.get(id(expr))
        if found is None:
            found = self._sure[id(expr)] = self._find(self._kept(expr))
        return found

    def _kept(self, expr: ir.Expr) -> ir.Expr:
        """The expression, which now stays alive: its id, under which things are remembered, must stay its
        own.
        """
        self._alive.append(expr)
        return expr

    def keeps(self, expr: ir.Expr) -> bool:
        """Has the value the static type of the expression for certain?"""
        return self.sure(expr) == expr.type

    def parts(self, expr: ir.Expr) -> list[tuple[ir.Expr, Known]]:
        """The direct parts of an expression, each with what is known there; in the order of `children`."""
        match expr:
            case ir.And() | ir.Or():
                return [(expr.left, self), (expr.right, self.assuming(expr.left, isinstance(expr, ir.And)))]
            case ir.Cond():
                then, otherwise = self.branches(expr)
                return [(expr.condition, self), (expr.then, then), (expr.otherwise, otherwise)]
            case ir.Let():
                return [(expr.value, self), (expr.body, self.inside(expr))]
            case ir.Loop():
                inside = self.inside(expr)
                if expr.where is None:
                    return [(expr.range, self), (expr.body, inside)]
                return [
                    (expr.range, self),
                    (expr.where, inside),
                    (expr.body, inside.assuming(expr.where, True)),
                ]
            case ir.Fold():
                return [(expr.range, self), (expr.init, self), (expr.step, self.inside(expr))]
            case _:
                return [(part, self) for part in children(expr)]

    def steady(self, expr: ir.Expr) -> bool:
        """Can the static types decide what runs, everywhere in the expression? Else it can fail where they
        say it cannot.
        """
        match expr:
            case ir.Call() if expr.function in TOTAL:
                kept = True
            case ir.Call() | ir.Apply():
                kept = all(map(self.keeps, expr.args))
            case ir.And() | ir.Or() | ir.Cond():
                kept = all(known.keeps(part) for part, known in self.parts(expr) if part.type == BOOL)
            case ir.Loop():
                kept = self.keeps(expr.range) and (
                    expr.body.type != BOOL or self.inside(expr).keeps(expr.body)
                )
            case ir.Fold():
                kept = self.keeps(expr.range)
            case _:
                kept = True
        return kept and all(known.steady(part) for part, known in self.parts(expr))

    def settled(self, expr: ir.Expr) -> ir.Expr:
        """What is left of its ways to fail: the expression with something that cannot fail in place of each
        part that
        could, for values of its types, but here certainly does not.
        """
        found = self._settled.get(id(expr))
        if found is None:
            found = self._settled[id(expr)] = self._settle(self._kept(expr))
        return found

    def _settle(self, expr: ir.Expr) -> ir.Expr:
        match expr:
            case ir.Call("_[_]", (container, key)) if self.has_index(container, key):
                return ir.Var("present", expr.type)
            case ir.Key(operand, name) if self.has_index(operand, ir.Lit(name, STRING)):
                return ir.Var("present", expr.type)
            case ir.Call() if is_constant(expr):
                return ir.Var("constant", expr.type)
            case ir.Call("matches", (text, ir.Lit(str() as pattern))) if _is_pattern(pattern):
                return ir.Call("contains", (self.settled(text), ir.Lit(pattern, STRING)), BOOL)  # cannot fail
            case _:
                parts = iter([known.settled(part) for part, known in self.parts(expr)])
                return rebuild(expr, lambda _: next(parts))

    def inside(self, expr: ir.Let | ir.Loop | ir.Fold) -> Known:
        """What is known in the part of the expression that sees the variables which it binds."""
        found = self._inside.get(id(expr))
        if found is None:
            found = self._inside[id(self._kept(expr))] = self._with(self._bound(expr))
            if (
                isinstance(expr, ir.Let)
                and expr.value.type == BOOL
                and expr.name not in free_variables(expr.value)
            ):
                found.meanings = {**found.meanings, expr.name: expr.value}
        return found

    def assuming(self, condition: ir.Expr, truth: bool) -> Known:
        """What is known where the condition is true, or false."""
        key = (id(condition), truth)
        found = self._assumed.get(key)
        if found is None:
            self._kept(condition)
            facts = self.facts.union(facts_of(condition, truth, self.meanings))
            same = facts == self.facts
            found = self._assumed[key] = self if same else Known(self.types, facts, self.meanings)
        return found

    def has_index(self, container: ir.Expr, key: ir.Expr) -> bool:
        """Is there surely a value at this key of a map?"""
        plain = isinstance(self.sure(container), MapOf) and self.sure(key) in PLAIN_KEYS
        return plain and ("index", container, key) in self.facts

    def _with(self, bound: Mapping[str, Type]) -> Known:
        """The same with further variables, which hide others of their names."""
        names = frozenset(bound)
        facts = frozenset(f for f in self.facts if not mentions(f, names))
        meanings = {
            n: e for n, e in self.meanings.items() if n not in names and names.isdisjoint(free_variables(e))
        }
        return Known({**self.types, **bound}, facts, meanings)

    def _find(self, expr: ir.Expr) -> Type:
        match expr:
            case ir.Lit(None, _):
                return NULL
            case ir.Var():
                return self.types.get(expr.name, DYN)
            case ir.Field():
                there = has_zero(expr.type) or ("field", expr.operand, expr.name) in self.facts
                return expr.type if there and expr.type != DYN else DYN
            case ir.Key():
                return expr.type if self.keeps(expr.operand) else DYN
            case ir.Cond():
                then, otherwise = self.branches(expr)
                return _common(
                    expr.then, then.sure(expr.then), expr.otherwise, otherwise.sure(expr.otherwise)
                )
            case ir.Let():
                return self.inside(expr).sure(expr.body)
            case ir.MakeList():
                return self._list_type(expr)
            case ir.Call("sum") if expr.type != INT:
                return DYN  # of an empty list it is 0, whatever the type
            case ir.Call() if not all(map(self.keeps, expr.args)):
                matches = match_overloads(expr.function, [self.sure(a) for a in expr.args])
                return expr.type if matches and result_of(matches) == expr.type else DYN
            case ir.Loop():
                return self._loop_type(expr)
            case ir.Fold():
                accumulator = self.inside(expr).types[expr.accumulator]
                return accumulator if self.inside(expr).sure(expr.step) == accumulator else DYN
            case _:
                return expr.type

    def branches(self, expr: ir.Cond) -> tuple[Known, Known]:
        return self.assuming(expr.condition, True), self.assuming(expr.condition, False)

    def _list_type(self, expr: ir.MakeList) -> Type:
        if not isinstance(expr.type, ListOf):
            return DYN
        for index, element in enumerate(expr.elements):
            found = self.sure(element)
            if index in expr.optional and isinstance(found, OptionalOf):
                found = found.value
            if found != expr.type.element and not is_empty(element):
                return ListOf(DYN)
        return expr.type

    def _loop_type(self, expr: ir.Loop) -> Type:
        range_type, inside = self.sure(expr.range), self.inside(expr)
        match expr.kind, expr.type:
            case ("filter" | "sortBy", _):
                if isinstance(range_type, MapOf):
                    return ListOf(range_type.key)
                return range_type if isinstance(range_type, ListOf) else ListOf(DYN)
            case "map", ListOf(element):
                return expr.type if is_empty(expr.body) or inside.sure(expr.body) == element else ListOf(DYN)
            case ("flatMap", _):
                return (
                    expr.type if is_empty(expr.body) or inside.sure(expr.body) == expr.type else ListOf(DYN)
                )
            case _:
                return expr.type

    def _bound(self, expr: ir.Let | ir.Loop | ir.Fold) -> dict[str, Type]:
        match expr:
            case ir.Let():
                return {expr.name: self.sure(expr.value)}
            case ir.Loop():
                types = element_types(self.sure(expr.range), len(expr.variables))
                return dict(zip(expr.variables, types, strict=True))
            case ir.Fold():
                return self._fold_types(expr)

    def _fold_types(self, expr: ir.Fold) -> dict[str, Type]:
        """The accumulator has the type of the whole unless something else, such as null, can come into it."""
        (element,) = element_types(self.sure(expr.range), 1)
        start = expr.type if is_empty(expr.init) else self.sure(expr.init)
        bound = {expr.variable: element, expr.accumulator: start}
        if start != expr.type or self._with(bound).sure(expr.step) != expr.type:
            bound[expr.accumulator] = DYN
        return bound


def _common(a: ir.Expr, type_a: Type, b: ir.Expr, type_b: Type) -> Type:
    """The type of what is one or the other."""
    if type_a == type_b or is_empty(b):
        return type_a
    return type_b if is_empty(a) else DYN


def element_types(range_type: Type, count: int) -> tuple[Type, ...]:
    """The types of the variables of a loop over a value of this type."""
    match range_type, count:
        case ListOf(element), 1:
            return (element,)
        case ListOf(element), 2:
            return (INT, element)
        case MapOf(key, _), 1:
            return (key,)
        case MapOf(key, value), 2:
            return (key, value)
        case _:
            return (DYN,) * count
