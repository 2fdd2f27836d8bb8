"""Knows how a constant expression becomes plain data, as the API writes it: quantities and times as texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TypeAlias

from kspec.elaborate.context import Context
from kspec.elaborate.scope import Scope
from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import Rule
from kspec.ir.types import Type
from kspec.runtime.notation import show_canonical
from kspec.runtime.times import show_duration, show_timestamp
from kspec.runtime.values import Duration, EvalError, Optional, Quantity, Timestamp
from kspec.syntax import ast

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None


def constant(
    node: ast.Expr,
    scope: Scope,
    env: Mapping[str, object],
    context: Context,
    expected: Type | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> object:
    """The runtime value of an expression; None after a mistake, which is reported."""
    before = len(context.diagnostics)
    expr = context.expr(node, scope, expected)
    if len(context.diagnostics) > before:
        return None
    try:
        return evaluate(expr, env, rules or {})
    except EvalError as error:
        context.report("KS2221", f"this has no value: {error.message}", node.span)
        return None


def plain(value: object) -> Plain:
    """A runtime value as the API would write it in JSON; a quantity in the shorter of its notations."""
    match value:
        case None | bool() | float() | str():
            return value
        case int():
            return int(value)
        case Quantity():
            return show_canonical(value)
        case Duration():
            return show_duration(value)
        case Timestamp():
            return show_timestamp(value)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case Optional():
            return plain(value.value) if value.present else None
        case list() | tuple():
            return [plain(v) for v in value]
        case Mapping():
            return {str(k): plain(v) for k, v in value.items() if v is not None}
        case _:
            return str(value)
