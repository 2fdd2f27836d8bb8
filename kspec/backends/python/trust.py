"""Knows how far the static type of an expression can be relied on at run time.

Types say what a value is, but for null: an absent address reads as null though its type is `ip`, and a record may be null
where a rule says so. Where that can be, the type here is `dyn`, and generated code decides at run time, as the evaluator does.
"""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir import nodes as ir
from kspec.ir.types import DYN, INT, NULL, ListOf, MapOf, OptionalOf, Scalar, Type
from kspec.ir.walk import children

ZEROLESS = frozenset(("ip", "cidr", "url", "semver", "type", "null_type", "dyn"))
"""Scalars whose absent field reads as null."""

TAKE_PART = frozenset(("_[_]", "min", "max", "orValue", "value"))
"""Functions that yield a part of their argument."""

TOTAL = frozenset(("_==_", "_!=_", "type", "dyn", "hash", "@cast"))
"""Functions that take any value."""


def has_zero(type_: Type) -> bool:
    """Does an absent field of this type read as something else than null?"""
    return not (isinstance(type_, Scalar) and type_.name in ZEROLESS)


def is_empty(expr: ir.Expr) -> bool:
    """`[]` and `{}`, which are of every list and map type."""
    return (isinstance(expr, ir.MakeList) and not expr.elements) or (isinstance(expr, ir.MakeMap) and not expr.entries)


class Known:
    """The types that the variables certainly have in one place, and so those of the expressions there."""

    __slots__ = ("_inside", "_sure", "types")

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types
        self._sure: dict[int, Type] = {}
        self._inside: dict[int, Known] = {}

    def sure(self, expr: ir.Expr) -> Type:
        """The type that the value certainly has; `dyn` where it may be another."""
        found = self._sure.get(id(expr))
        if found is None:
            found = self._sure[id(expr)] = self._find(expr)
        return found

    def keeps(self, expr: ir.Expr) -> bool:
        """Has the value the static type of the expression for certain?"""
        return self.sure(expr) == expr.type

    def steady(self, expr: ir.Expr) -> bool:
        """Can the static types decide what runs, everywhere in the expression? Else it can fail where they say it cannot."""
        parts: list[tuple[ir.Expr, Known]] = [(part, self) for part in children(expr)]
        match expr:
            case ir.Call() if expr.function not in TOTAL:
                kept = all(map(self.keeps, expr.args))
            case ir.Apply():
                kept = all(map(self.keeps, expr.args))
            case ir.And() | ir.Or():
                kept = self.keeps(expr.left) and self.keeps(expr.right)
            case ir.Cond():
                kept = self.keeps(expr.condition)
            case ir.Let():
                kept, parts = True, [(expr.value, self), (expr.body, self.inside(expr))]
            case ir.Loop():
                inside = self.inside(expr)
                kept = self.keeps(expr.range) and inside.keeps(expr.body)
                parts = [(expr.range, self), *((p, inside) for p in (expr.where, expr.body) if p is not None)]
            case ir.Fold():
                kept = self.keeps(expr.range)
                parts = [(expr.range, self), (expr.init, self), (expr.step, self.inside(expr))]
            case _:
                kept = True
        return kept and all(known.steady(part) for part, known in parts)

    def inside(self, expr: ir.Let | ir.Loop | ir.Fold) -> Known:
        """What is known in the part of the expression that sees the variables which it binds."""
        found = self._inside.get(id(expr))
        if found is None:
            found = self._inside[id(expr)] = Known({**self.types, **self._bound(expr)})
        return found

    def _find(self, expr: ir.Expr) -> Type:
        match expr:
            case ir.Lit(None, _):
                return NULL
            case ir.Var():
                return self.types.get(expr.name, DYN)
            case ir.Field():
                return expr.type if has_zero(expr.type) else DYN
            case ir.Key():
                return expr.type if self.keeps(expr.operand) else DYN
            case ir.Cond():
                return self._common(expr.then, expr.otherwise)
            case ir.Let():
                return self.inside(expr).sure(expr.body)
            case ir.MakeList():
                return self._list_type(expr)
            case ir.Call() if expr.function in TAKE_PART:
                return expr.type if all(map(self.keeps, expr.args)) else DYN
            case ir.Loop():
                return self._loop_type(expr)
            case ir.Fold():
                accumulator = self.inside(expr).types[expr.accumulator]
                return accumulator if self.inside(expr).sure(expr.step) == accumulator else DYN
            case _:
                return expr.type

    def _common(self, a: ir.Expr, b: ir.Expr) -> Type:
        left, right = self.sure(a), self.sure(b)
        if left == right or is_empty(b):
            return left
        return right if is_empty(a) else DYN

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
                return expr.type if is_empty(expr.body) or inside.sure(expr.body) == expr.type else ListOf(DYN)
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
        if start != expr.type or Known({**self.types, **bound}).sure(expr.step) != expr.type:
            bound[expr.accumulator] = DYN
        return bound


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
