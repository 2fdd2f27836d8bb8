"""Knows the area `cel.eval`: expressions of the CEL specification's own tests, values tagged by type."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from kspec.conform.compare import first_difference
from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import CEL, Scope
from kspec.ir.evaluate import evaluate
from kspec.ir.signatures import NOTHING
from kspec.ir.types import DYN, SCALARS, ListOf, MapOf, OptionalOf, Type
from kspec.ir.unify import join, settle
from kspec.report.values import to_tagged
from kspec.runtime.equality import from_key, to_key
from kspec.runtime.registry import tag_of
from kspec.runtime.times import parse_duration, parse_timestamp
from kspec.runtime.values import EvalError, Optional, TypeValue, UInt
from kspec.source import SourceFile, has_errors
from kspec.syntax.parse import parse_expression

AREA = "cel.eval"
ERROR = {"error": True}


def run_cel_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one input: `{"value": tagged}`, or `{"error": true}` for a mistake of any kind."""
    env = {name: decode(tagged) for name, tagged in (case.get("bindings") or {}).items()}
    node, problems = parse_expression(SourceFile("<case>", case["expr"]), strict=True)
    if node is None or has_errors(problems):
        return ERROR
    checked = not case.get("unchecked", False)
    scope = Scope(
        variables={name: type_of(value) if checked else DYN for name, value in env.items()},
        container=case.get("container", ""),
        mode=CEL,
        checked=checked,
        macros=not case.get("noMacros", False),
    )
    expr, problems_of_types = elaborate_expression(node, scope)
    if has_errors(problems_of_types):
        return ERROR
    try:
        return {"value": to_tagged(evaluate(expr, env))}
    except EvalError:
        return ERROR


run_case = run_cel_case


def compare(expected: Any, actual: Any) -> str | None:
    """The entries of a map have no order."""
    return first_difference(_sorted_maps(expected), _sorted_maps(actual))


def _sorted_maps(tagged: Any) -> Any:
    if isinstance(tagged, list):
        return [_sorted_maps(t) for t in tagged]
    if not isinstance(tagged, dict):
        return tagged
    inner = {k: _sorted_maps(v) for k, v in tagged.items()}
    if isinstance(inner.get("map"), list):
        inner["map"] = sorted(inner["map"], key=repr)
    return inner


# ---------------------------------------------------------------- tagged values


_DECODERS: Mapping[str, Callable[[Any], object]] = {
    "int": int,
    "uint": lambda v: UInt(int(v)),
    "double": float,
    "string": str,
    "bytes": base64.b64decode,
    "bool": bool,
    "null": lambda v: None,
    "list": lambda v: [decode(x) for x in v],
    "map": lambda v: {to_key(decode(k)): decode(x) for k, x in v},
    "timestamp": parse_timestamp,
    "duration": parse_duration,
    "type": TypeValue,
}


def decode(tagged: Mapping[str, Any]) -> object:
    """The value that `{"int": "1"}` and its like stand for."""
    ((tag, value),) = tagged.items()
    return _DECODERS[tag](value)


def type_of(value: object) -> Type:
    """The static type of a binding, as its value has it."""
    return settle(_type_of(value))


def _type_of(value: object) -> Type:
    match value:
        case list() | tuple():
            return ListOf(join([_type_of(v) for v in value]))
        case dict():
            keys, values = [_type_of(from_key(k)) for k in value], [_type_of(v) for v in value.values()]
            return MapOf(join(keys), join(values))
        case Optional(present, held):
            return OptionalOf(_type_of(held) if present else NOTHING)
        case _:
            return SCALARS.get(tag_of(value), DYN)
