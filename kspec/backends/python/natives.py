"""Knows which functions of the library Python has a spelling for, and for which types of arguments it means
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kspec.backends.python import constants, sums
from kspec.backends.python.code import ATOM, COMPARE, NOT, SUM, Code, Scope
from kspec.backends.python.layout import call as called
from kspec.backends.python.layout import flat, row
from kspec.backends.python.trust import PLAIN_KEYS, is_constant
from kspec.ir import nodes as ir
from kspec.ir.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    QUANTITY,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ListOf,
    MapOf,
    Record,
    Type,
)
from kspec.ir.walk import int_bounds
from kspec.runtime.library import FUNCTIONS

if TYPE_CHECKING:
    from kspec.backends.python.emit import Emitter

NUMBERS = frozenset((INT, UINT, DOUBLE))
SAME_EQUAL = frozenset((BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION, QUANTITY, TYPE))
"""Types whose values Python compares with `==` as CEL does."""
ORDERED = SAME_EQUAL - {TYPE}
HASHED = PLAIN_KEYS
FOUND_BY_IN = SAME_EQUAL - {DOUBLE}
"""Python's `in` asks for identity first, which finds a NaN that equals nothing."""

Types = tuple[Type, ...]
Spelling = Callable[["Emitter", ir.Call, Types, Scope], Code | None]


def call(emitter: Emitter, expr: ir.Call, scope: Scope) -> Code:
    """A call of the library: natively if Python has a word that means the same, else the overload, else by
    run-time types.
    """
    types = tuple(map(scope.known.sure, expr.args))
    spelling = SPELLINGS.get(expr.function)
    code = spelling(emitter, expr, types, scope) if spelling is not None else None
    return code if code is not None else library_call(emitter, expr, types, scope)


def library_call(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code:
    if (
        len(types) == 1
        and emitter.context.chosen(expr.function, types) is FUNCTIONS["dyn"].overloads[("any",)]
    ):
        return emitter.expr(expr.args[0], scope)  # a conversion to the type that it has
    args = [emitter.doc(a, scope) for a in expr.args]
    name = emitter.context.library(expr.function, types)
    if name is None:
        return emitter.support("unbound", constants.quote(expr.function), *args)
    code = Code(called(name, *args))
    if is_constant(expr):
        text = str(getattr(expr.args[0], "value", ""))
        return Code(emitter.context.constant(flat(code.doc), constants.constant_name(expr.function, text)))
    return code


# ---------------------------------------------------------------- spellings


def _equality(operator: str) -> Spelling:
    def spell(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
        left, right = types
        if (left in NUMBERS and right in NUMBERS) or (left == right and left in SAME_EQUAL):
            return _equated(emitter, expr, operator, scope)
        return None

    return spell


def _equated(emitter: Emitter, expr: ir.Call, operator: str, scope: Scope) -> Code:
    """`field == "x"`: where the other side is a constant, an absent field needs no zero to be told from
    it.
    """
    field, constant = expr.args
    if not isinstance(constant, ir.Lit) or not is_plain_field(field, scope):
        return _compared(emitter, expr, operator, scope)
    assert isinstance(field, ir.Field)
    got = emitter.get(field, scope)
    if constant.value not in ("", 0, False, b""):
        return Code(row(got, f" {operator} ", emitter.doc(constant, scope, SUM)), COMPARE)
    if operator == "==" and constant.value == "":
        return Code(row("not ", got), NOT)
    return _compared(emitter, expr, operator, scope)


def is_plain_field(expr: ir.Expr, scope: Scope) -> bool:
    """Is it a field of a record whose zero counts as false in Python?"""
    return (
        isinstance(expr, ir.Field)
        and expr.type in (STRING, INT, BOOL)
        and isinstance(scope.known.sure(expr.operand), Record)
    )


def _order(operator: str) -> Spelling:
    def spell(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
        left, right = types
        if (left in NUMBERS and right in NUMBERS) or (left == right and left in ORDERED):
            return _compared(emitter, expr, operator, scope)
        return None

    return spell


def _compared(emitter: Emitter, expr: ir.Call, operator: str, scope: Scope) -> Code:
    left, right = (emitter.doc(a, scope, SUM) for a in expr.args)
    return Code(row(left, f" {operator} ", right), COMPARE)


def _arithmetic(operator: str) -> Spelling:
    """Whole numbers whose bounds are known cannot overflow."""

    def spell(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
        if types == (INT, INT) and int_bounds(expr) is not None:
            left, right = emitter.doc(expr.args[0], scope, SUM), emitter.doc(expr.args[1], scope, ATOM)
            return Code(row(left, f" {operator} ", right), SUM)
        if operator == "+" and types[0] in (STRING,) and types == (STRING, STRING):
            return emitter.support(
                "join_texts", *(emitter.doc(p, scope) for p in _parts(expr, STRING, scope))
            )
        if operator == "+" and all(isinstance(t, ListOf) for t in types):
            parts = [emitter.doc(p, scope) for p in list_parts(expr, scope)]
            return emitter.support("join_lists", *parts)
        return None

    return spell


def _parts(expr: ir.Expr, type_: Type, scope: Scope) -> list[ir.Expr]:
    """The operands of a chain of `+` of strings, nested to the left."""
    found: list[ir.Expr] = []
    while (
        isinstance(expr, ir.Call)
        and expr.function == "_+_"
        and all(scope.known.sure(a) == type_ for a in expr.args)
    ):
        found.append(expr.args[1])
        expr = expr.args[0]
    return [expr, *reversed(found)]


def list_parts(expr: ir.Expr, scope: Scope) -> list[ir.Expr]:
    """The operands of a chain of `+` of lists, nested to the left."""
    found: list[ir.Expr] = []
    while (
        isinstance(expr, ir.Call)
        and expr.function == "_+_"
        and all(isinstance(scope.known.sure(a), ListOf) for a in expr.args)
    ):
        found.append(expr.args[1])
        expr = expr.args[0]
    return [expr, *reversed(found)]


def _not(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
    (operand,) = expr.args
    if types != (BOOL,):
        return None
    match operand:
        case ir.HasField():
            return emitter.has_field(operand, scope, "is")
        case ir.HasKey():
            return emitter.has_key(operand, scope, "not in")
        case ir.Call("@in"):
            return _membership(emitter, operand, scope, "not in") or _negated(emitter, operand, scope)
        case ir.Call("contains", args) if tuple(map(scope.known.sure, args)) == (STRING, STRING) and may_swap(
            emitter, operand, scope
        ):
            return _compared_swapped(emitter, operand, "not in", scope)
        case ir.Call(function, args) if function in OPPOSITES and not _has_double(args, scope):
            opposite = SPELLINGS[OPPOSITES[function]]
            code = opposite(emitter, operand, tuple(map(scope.known.sure, args)), scope)
            return code or _negated(emitter, operand, scope)
        case _:
            return _negated(emitter, operand, scope)


def _has_double(args: tuple[ir.Expr, ...], scope: Scope) -> bool:
    """Beside NaN the opposite of a false comparison is false as well."""
    return any(scope.known.sure(a) == DOUBLE for a in args)


def _negated(emitter: Emitter, operand: ir.Expr, scope: Scope) -> Code:
    return Code(row("not ", emitter.condition(operand, scope).at(NOT)), NOT)


def _in(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
    return _membership(emitter, expr, scope, "in")


def _membership(emitter: Emitter, expr: ir.Call, scope: Scope, operator: str) -> Code | None:
    element, container = map(scope.known.sure, expr.args)
    match container:
        case ListOf(inside) if inside == element and element in FOUND_BY_IN:
            field, values = expr.args
            if is_plain_field(field, scope) and _are_constants(
                values
            ):  # none of them is what an absent field reads as
                assert isinstance(field, ir.Field)
                found = row(emitter.get(field, scope), f" {operator} ", emitter.doc(values, scope, SUM))
                return Code(found, COMPARE)
            return _compared(emitter, expr, operator, scope)
        case MapOf(key, _) if key == element and element in HASHED:
            return _compared(emitter, expr, operator, scope)
        case _:
            return None


def _are_constants(expr: ir.Expr) -> bool:
    """A list of constants, none of which is a zero."""
    return (
        isinstance(expr, ir.MakeList)
        and not expr.optional
        and all(isinstance(e, ir.Lit) and e.value not in ("", 0, False) for e in expr.elements)
    )


def _size(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
    found = sums.kept_count(emitter, expr, scope)
    if found is not None:
        return found
    if isinstance(types[0], ListOf | MapOf) or types[0] in (STRING, BYTES):
        return Code(called("len", emitter.doc(expr.args[0], scope)))
    return None


def _method(name: str) -> Spelling:
    """A method of Python's strings that means the same."""

    def spell(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
        if types != (STRING, STRING):
            return None
        receiver, argument = expr.args
        return Code(row(emitter.doc(receiver, scope, ATOM), ".", called(name, emitter.doc(argument, scope))))

    return spell


def _contains(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
    swaps = types == (STRING, STRING) and may_swap(emitter, expr, scope)
    return _compared_swapped(emitter, expr, "in", scope) if swaps else None


def may_swap(emitter: Emitter, expr: ir.Call, scope: Scope) -> bool:
    """May the second of two arguments be computed first? Not if both can fail: the first one's error
    counts.
    """
    return not all(emitter.fails(a, scope) for a in expr.args)


def _compared_swapped(emitter: Emitter, expr: ir.Call, operator: str, scope: Scope) -> Code:
    text, part = expr.args
    return Code(row(emitter.doc(part, scope, SUM), f" {operator} ", emitter.doc(text, scope, SUM)), COMPARE)


def _index(emitter: Emitter, expr: ir.Call, types: Types, scope: Scope) -> Code | None:
    """`m[k]` natively where it is known that the key is there."""
    container, key = expr.args
    if not scope.known.has_index(container, key):
        return None
    return Code(row(emitter.doc(container, scope, ATOM), "[", emitter.doc(key, scope), "]"))


OPPOSITES = {"_==_": "_!=_", "_!=_": "_==_", "_<_": "_>=_", "_>=_": "_<_", "_>_": "_<=_", "_<=_": "_>_"}
SPELLINGS: Mapping[str, Spelling] = {
    "_==_": _equality("=="),
    "_!=_": _equality("!="),
    "_<_": _order("<"),
    "_<=_": _order("<="),
    "_>_": _order(">"),
    "_>=_": _order(">="),
    "_+_": _arithmetic("+"),
    "_-_": _arithmetic("-"),
    "!_": _not,
    "@in": _in,
    "size": _size,
    "_[_]": _index,
    "startsWith": _method("startswith"),
    "endsWith": _method("endswith"),
    "contains": _contains,
}
