"""Knows how a value from outside (`--param replicas=5`) becomes one of a parameter's type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kspec.elaborate.constants import plain
from kspec.elaborate.context import Context
from kspec.ir.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    QUANTITY,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Type,
    show,
)
from kspec.runtime.notation import canonical
from kspec.runtime.quantity import parse_quantity
from kspec.runtime.times import parse_duration, parse_timestamp
from kspec.runtime.values import INT_MAX, INT_MIN, EvalError
from kspec.syntax import ast


def outside_value(given: object, node: ast.ParamDecl, type_: Type, context: Context) -> tuple[object, Any]:
    """The runtime value and the same as plain data; a value of another type is reported at the parameter."""
    try:
        value = typed(given, type_)
    except (ValueError, EvalError):
        shown = json.dumps(given, default=str, ensure_ascii=False)
        context.report(
            "KS2235", f"param `{node.name}` is `{show(type_)}`, and `{shown}` was given for it", node.span
        )
        return None, None
    return value, canonical(str(given)) if type_ == QUANTITY else plain(value)


_PARSERS: Mapping[Type, Callable[[str], object]] = {
    QUANTITY: parse_quantity,
    DURATION: parse_duration,
    TIMESTAMP: parse_timestamp,
}


def typed(given: object, type_: Type) -> object:
    """The value as one of the type, read from text where it is text; ValueError or EvalError if none."""
    if type_ in _PARSERS:
        return _PARSERS[type_](str(given))
    if type_ == STRING:
        return given if isinstance(given, str) else _refuse(given)
    if isinstance(given, str) and type_ != DYN:
        given = json.loads(given)
    match type_:
        case ListOf(element) if isinstance(given, list | tuple):
            return [typed(v, element) if not isinstance(v, str) or element != STRING else v for v in given]
        case MapOf(_, value) if isinstance(given, Mapping):
            return {str(k): typed(v, value) for k, v in given.items()}
    return _scalar(given, type_)


def _scalar(given: object, type_: Type) -> object:
    if type_ == BOOL and isinstance(given, bool):
        return given
    if (
        type_ == INT
        and isinstance(given, int)
        and not isinstance(given, bool)
        and INT_MIN <= given <= INT_MAX
    ):
        return given
    if type_ == DOUBLE and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    return given if type_ == DYN else _refuse(given)


def _refuse(given: object) -> object:
    raise ValueError(str(given))
