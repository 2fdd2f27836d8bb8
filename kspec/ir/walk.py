"""Knows the shape of expressions: their parts, their variables, and what can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from kspec.ir import nodes as ir
from kspec.ir.constants import cannot_fail
from kspec.ir.deep import deep_recursion
from kspec.ir.reads import ReadSets, read_set
from kspec.ir.signatures import Overload, overloads_of
from kspec.ir.types import DYN, INT, ListOf, MapOf, Record, Type
from kspec.ir.unify import fits_surely, match_overloads
from kspec.runtime.values import INT_MAX, INT_MIN


def children(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The direct parts, in order of evaluation."""
    match expr:
        case ir.Lit() | ir.Var():
            return ()
        case ir.Field() | ir.HasField() | ir.Key() | ir.HasKey():
            return (expr.operand,)
        case ir.And() | ir.Or():
            return (expr.left, expr.right)
        case ir.Cond():
            return (expr.condition, expr.then, expr.otherwise)
        case ir.Call() | ir.Apply():
            return expr.args
        case ir.MakeList():
            return expr.elements
        case ir.MakeMap():
            return tuple(part for entry in expr.entries for part in entry)
        case ir.MakeRecord():
            return tuple(value for _, value in expr.fields)
        case ir.With():
            return (expr.operand, *(value for _, value in expr.fields))
        case ir.Let():
            return (expr.value, expr.body)
        case ir.Loop():
            return (expr.range, expr.body) if expr.where is None else (expr.range, expr.where, expr.body)
        case ir.Fold():
            return (expr.range, expr.init, expr.step)
        case _:
            assert_never(expr)


def rebuild(expr: ir.Expr, change: Callable[[ir.Expr], ir.Expr]) -> ir.Expr:
    """The same node with each direct part changed; the node itself if no part is."""
    before = children(expr)
    after = tuple(map(change, before))
    if all(a is b for a, b in zip(before, after, strict=True)):
        return expr
    return _with_children(expr, after)


def _with_children(expr: ir.Expr, parts: tuple[ir.Expr, ...]) -> ir.Expr:
    match expr:
        case ir.Lit() | ir.Var():
            return expr
        case ir.Field() | ir.HasField() | ir.Key() | ir.HasKey():
            return replace(expr, operand=parts[0])
        case ir.And() | ir.Or():
            return replace(expr, left=parts[0], right=parts[1])
        case ir.Cond():
            return replace(expr, condition=parts[0], then=parts[1], otherwise=parts[2])
        case ir.Call() | ir.Apply():
            return replace(expr, args=parts)
        case ir.MakeList():
            return replace(expr, elements=parts)
        case ir.MakeMap():
            return replace(expr, entries=tuple(zip(parts[::2], parts[1::2], strict=True)))
        case ir.MakeRecord():
            return replace(expr, fields=_renamed(expr.fields, parts))
        case ir.With():
            return replace(expr, operand=parts[0], fields=_renamed(expr.fields, parts[1:]))
        case ir.Let():
            return replace(expr, value=parts[0], body=parts[1])
        case ir.Loop():
            where = None if expr.where is None else parts[1]
            return replace(expr, range=parts[0], where=where, body=parts[-1])
        case ir.Fold():
            return replace(expr, range=parts[0], init=parts[1], step=parts[2])
        case _:
            assert_never(expr)


def _renamed(
    fields: tuple[tuple[str, ir.Expr], ...], values: tuple[ir.Expr, ...]
) -> tuple[tuple[str, ir.Expr], ...]:
    return tuple((name, value) for (name, _), value in zip(fields, values, strict=True))


def transform(expr: ir.Expr, change: Callable[[ir.Expr], ir.Expr]) -> ir.Expr:
    """Every node changed, parts first."""

    def below(part: ir.Expr) -> ir.Expr:
        return change(rebuild(part, below))

    with deep_recursion():
        return below(expr)


def subexpressions(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The node and everything below it, parents first. Needs no recursion."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def depth(expr: ir.Expr) -> int:
    """How deeply it is nested: 1 for a leaf."""
    deepest, stack = 0, [(expr, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((part, level + 1) for part in children(node))
    return deepest


def bound_names(expr: ir.Expr) -> tuple[tuple[str, ...], tuple[ir.Expr, ...]]:
    """The variables that a node binds, and the parts that see them."""
    match expr:
        case ir.Let():
            return (expr.name,), (expr.body,)
        case ir.Loop():
            return expr.variables, (expr.body,) if expr.where is None else (expr.where, expr.body)
        case ir.Fold():
            return (expr.variable, expr.accumulator), (expr.step,)
        case _:
            return (), ()


def free_variables(expr: ir.Expr) -> frozenset[str]:
    """Names that the expression takes from outside."""
    free: set[str] = set()
    stack: list[tuple[ir.Expr, frozenset[str]]] = [(expr, frozenset())]
    while stack:
        node, bound = stack.pop()
        if isinstance(node, ir.Var) and node.name not in bound:
            free.add(node.name)
        names, inside = bound_names(node)
        within = bound.union(names)
        stack.extend((part, within if any(part is i for i in inside) else bound) for part in children(node))
    return frozenset(free)


def substitute_variables(expr: ir.Expr, values: Mapping[str, ir.Expr]) -> ir.Expr:
    """The expression with free variables replaced. The values must not use names that it binds."""
    if isinstance(expr, ir.Var):
        return values.get(expr.name, expr)
    names, inside = bound_names(expr)
    within = {name: value for name, value in values.items() if name not in names}
    return rebuild(
        expr, lambda part: substitute_variables(part, within if any(part is i for i in inside) else values)
    )


# ---------------------------------------------------------------- what can fail


def may_fail(expr: ir.Expr, rules: Mapping[str, ir.Rule] | None = None) -> bool:
    """Can this expression raise EvalError, for values of its static types? Says yes when in doubt."""
    with deep_recursion():
        return _Failures(rules or {}).of(expr)


class _Failures:
    def __init__(self, rules: Mapping[str, ir.Rule]) -> None:
        self.rules = rules
        self.known: dict[str, bool] = {}

    def of(self, expr: ir.Expr, present: frozenset[str] = frozenset()) -> bool:
        """`present`: variables whose optional is known to hold a value."""
        if isinstance(expr, ir.Call) and expr.function == "value" and _variable(expr.args[0]) in present:
            return False
        if isinstance(expr, (ir.Cond, ir.And)):
            test, guarded, *rest = children(expr)
            within = present | _tested(test)
            return (
                self.here(expr)
                or self.of(test, present)
                or self.of(guarded, within)
                or any(self.of(part, present) for part in rest)
            )
        return self.here(expr) or any(self.of(part, present) for part in children(expr))

    def here(self, expr: ir.Expr) -> bool:
        """Can this node itself fail, its parts having values?"""
        match expr:
            case ir.Lit() | ir.Var() | ir.Field() | ir.HasField() | ir.Let() | ir.MakeRecord() | ir.With():
                return False
            case ir.Key():
                return True
            case ir.HasKey():
                return not isinstance(expr.operand.type, (MapOf, Record))
            case ir.And() | ir.Or():
                return DYN in (expr.left.type, expr.right.type)
            case ir.Cond():
                return expr.condition.type == DYN
            case ir.Call():
                return self.call_fails(expr)
            case ir.Apply():
                return self.rule_fails(expr.rule)
            case ir.MakeList():
                return any(expr.elements[i].type == DYN for i in expr.optional)
            case ir.MakeMap():
                return bool(expr.optional) or not _distinct_keys(expr)
            case ir.Loop():
                return self.loop_fails(expr)
            case ir.Fold():
                return not isinstance(expr.range.type, (ListOf, MapOf))
            case _:
                assert_never(expr)

    def call_fails(self, expr: ir.Call) -> bool:
        if expr.function in ("_==_", "_!=_", "type", "dyn", "hash"):
            return False
        types = [a.type for a in expr.args]
        matches = match_overloads(expr.function, types)
        if not matches or not all(self.fits(m.overload, types) for m in matches):
            return True
        if expr.function in ("_+_", "_-_", "_*_", "-_") and int_bounds(expr) is not None:
            return False
        return any(m.overload.fails for m in matches) and not cannot_fail(expr)

    def fits(self, overload: Overload, types: list[Type]) -> bool:
        params = overload.params + overload.params[-1:] * (len(types) - len(overload.params))
        return all(fits_surely(t, p) for t, p in zip(types, params, strict=True))

    def rule_fails(self, rule_id: str) -> bool:
        if rule_id not in self.known:
            self.known[rule_id] = True  # a cycle, which is an error elsewhere, counts as failing
            rule = self.rules.get(rule_id)
            self.known[rule_id] = rule is None or self.of(rule.body)
        return self.known[rule_id]

    def loop_fails(self, expr: ir.Loop) -> bool:
        if not isinstance(expr.range.type, (ListOf, MapOf)):
            return True
        if expr.kind == "transformMapEntry":
            return True
        if expr.kind in ("flatMap", "sortBy"):
            return expr.kind == "flatMap" or not _is_sortable(expr.body.type)
        return DYN in (expr.body.type, None if expr.where is None else expr.where.type) and expr.kind not in (
            "map",
            "transformMap",
        )


def _variable(expr: ir.Expr) -> str | None:
    return expr.name if isinstance(expr, ir.Var) else None


def _tested(test: ir.Expr) -> frozenset[str]:
    """The variable `o` of a test `o.hasValue()`."""
    if isinstance(test, ir.Call) and test.function == "hasValue" and isinstance(test.args[0], ir.Var):
        return frozenset((test.args[0].name,))
    return frozenset()


def _is_sortable(type_: Type) -> bool:
    return bool(overloads_of("_<_")) and any(o.params == (type_, type_) for o in overloads_of("_<_"))


def _distinct_keys(expr: ir.MakeMap) -> bool:
    keys = [key.value for key, _ in expr.entries if isinstance(key, ir.Lit) and isinstance(key.value, str)]
    return len(keys) == len(expr.entries) == len(set(keys))


SIZE_MAX = 2**31
"""No list, map or text is longer."""


def int_bounds(expr: ir.Expr) -> tuple[int, int] | None:
    """Bounds of an int, where its parts bound it within 64 bits; None where they do not, or it is no int."""
    if expr.type != INT:
        return None
    match expr:
        case ir.Lit(value) if isinstance(value, int):
            return value, value
        case ir.Call(function, args) if function in ("size", "indexOf", "lastIndexOf"):
            return -1, SIZE_MAX
        case ir.Call(function, args) if function in (
            "_+_",
            "_-_",
            "_*_",
            "-_",
            "math.least",
            "math.greatest",
        ):
            return _arithmetic_bounds(function, [int_bounds(a) for a in args])
        case ir.Cond(_, then, otherwise):
            left, right = int_bounds(then), int_bounds(otherwise)
            if left is None or right is None:
                return None
            return min(left[0], right[0]), max(left[1], right[1])
        case ir.Let(_, _, body):
            return int_bounds(body)
        case _:
            return None


def _arithmetic_bounds(function: str, parts: list[tuple[int, int] | None]) -> tuple[int, int] | None:
    known = [p for p in parts if p is not None]
    if len(known) < len(parts) or not known:
        return None
    if function == "-_":
        low, high = -known[0][1], -known[0][0]
    elif function == "math.least":
        low, high = min(p[0] for p in known), min(p[1] for p in known)
    elif function == "math.greatest":
        low, high = max(p[0] for p in known), max(p[1] for p in known)
    else:
        (a, b), (c, d) = known
        ends = {
            "_+_": (a + c, b + d),
            "_-_": (a - d, b - c),
            "_*_": (min(a * c, a * d, b * c, b * d), max(a * c, a * d, b * c, b * d)),
        }
        low, high = ends[function]
    return (low, high) if low >= INT_MIN and high <= INT_MAX else None


__all__ = [
    "ReadSets",
    "bound_names",
    "children",
    "depth",
    "free_variables",
    "int_bounds",
    "may_fail",
    "read_set",
    "rebuild",
    "subexpressions",
    "substitute_variables",
    "transform",
]
