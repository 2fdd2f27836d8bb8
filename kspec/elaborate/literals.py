"""Knows how a constant expression (the default of a parameter) is kept as JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from kspec.ir.nodes import Call, Cond, Expr, Lit, MakeList, MakeMap, MakeRecord
from kspec.ir.types import DYN, STRING, ListOf, MapOf, Record, Type, show
from kspec.ir.walk import subexpressions
from kspec.runtime.values import Duration, Quantity, Timestamp, TypeValue, UInt
from kspec.source import InternalError

_NANOS: dict[str, Callable[[int], object]] = {
    "quantity": Quantity,
    "duration": Duration,
    "timestamp": Timestamp,
}


STORABLE = (Lit, MakeList, MakeMap, MakeRecord, Call, Cond)


def is_storable(expr: Expr) -> bool:
    """Has the expression only nodes that can be kept?"""
    return all(isinstance(e, STORABLE) for e in subexpressions(expr))


def expr_to_json(expr: Expr) -> list[Any]:
    """`[node, type, parts]`. Only expressions without variables and loops: what a default may be."""
    type_ = show(expr.type)
    match expr:
        case Lit(value):
            return ["lit", type_, _value_to_json(value)]
        case MakeList(elements):
            return ["list", type_, [expr_to_json(e) for e in elements]]
        case MakeMap(entries):
            return ["map", type_, [[expr_to_json(k), expr_to_json(v)] for k, v in entries]]
        case MakeRecord(fields):
            return ["record", type_, [[name, expr_to_json(value)] for name, value in fields]]
        case Call(function, args):
            return ["call", type_, function, [expr_to_json(a) for a in args]]
        case Cond(condition, then, otherwise):
            return ["cond", type_, [expr_to_json(e) for e in (condition, then, otherwise)]]
        case _:
            raise InternalError(f"a default holds a {type(expr).__name__}")


def expr_from_json(data: list[Any], parse_type: Callable[[str], Type]) -> Expr:
    """The expression that `expr_to_json` wrote, without places."""

    def read(data: list[Any]) -> Expr:
        node, type_, *parts = data
        made = parse_type(type_)
        match node:
            case "lit":
                return Lit(_value_from_json(parts[0], type_), made)
            case "list":
                return MakeList(tuple(read(e) for e in parts[0]), made)
            case "map":
                return MakeMap(tuple((read(k), read(v)) for k, v in parts[0]), made)
            case "record":
                return MakeRecord(tuple((name, read(value)) for name, value in parts[0]), made)
            case "call":
                return Call(parts[0], tuple(read(a) for a in parts[1]), made)
            case "cond":
                condition, then, otherwise = (read(e) for e in parts[0])
                return Cond(condition, then, otherwise, made)
            case _:
                raise InternalError(f"the library holds a {node!r}")

    return read(data)


def _value_to_json(value: object) -> Any:
    match value:
        case Quantity(nanos) | Duration(nanos) | Timestamp(nanos):
            return nanos
        case UInt():
            return int(value)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case TypeValue(name):
            return name
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise InternalError(f"a default is {value!r}")


def _value_from_json(value: Any, type_: str) -> object:
    if type_ in _NANOS:
        return _NANOS[type_](value)
    match type_:
        case "uint":
            return UInt(value)
        case "bytes":
            return base64.b64decode(value)
        case "type":
            return TypeValue(value)
        case _:
            return value


def constant_expr(value: object, type_: Type) -> Expr:
    """A runtime value as a constant expression of this type."""
    match value:
        case list() | tuple():
            element = type_.element if isinstance(type_, ListOf) else DYN
            return MakeList(tuple(constant_expr(v, element) for v in value), type_)
        case Mapping() if isinstance(type_, Record):
            return MakeRecord(tuple((str(k), constant_expr(v, DYN)) for k, v in value.items()), type_)
        case Mapping():
            held = type_.value if isinstance(type_, MapOf) else DYN
            return MakeMap(
                tuple((constant_expr(k, STRING), constant_expr(v, held)) for k, v in value.items()), type_
            )
        case _:
            return Lit(value, type_)
