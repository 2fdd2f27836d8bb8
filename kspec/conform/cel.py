"""Knows the area `cel.eval`: expressions of the CEL specification's own tests, values tagged by type."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

from kspec.conform.compare import first_difference
from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import CEL, Scope
from kspec.ir.evaluate import evaluate
from kspec.ir.signatures import NOTHING
from kspec.ir.types import DYN, SCALARS, ListOf, MapOf, OptionalOf, Type
from kspec.ir.unify import join, settle
from kspec.runtime.equality import from_key, to_key
from kspec.runtime.registry import tag_of
from kspec.runtime.times import parse_duration, parse_timestamp, show_duration, show_timestamp
from kspec.runtime.values import Duration, EvalError, Optional, Timestamp, TypeValue, UInt
from kspec.source import SourceFile, has_errors
from kspec.syntax.parse import parse_expression

AREA = "cel.eval"
ERROR = {"error": True}


def run_cel_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one input: `{"value": tagged}`, or `{"error": true}` for a mistake in the text, the types or the run."""
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
        return {"value": encode(evaluate(expr, env))}
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


def encode(value: object) -> dict[str, Any]:
    """The value with its tag; what the protocol has no tag for is tagged with its type and shown as text."""
    match value:
        case None:
            return {"null": None}
        case bool():
            return {"bool": value}
        case UInt() | int():
            return {tag_of(value): str(int(value))}
        case float():
            return {"double": value if math.isfinite(value) else _special(value)}
        case str():
            return {"string": value}
        case bytes():
            return {"bytes": base64.b64encode(value).decode("ascii")}
        case list() | tuple():
            return {"list": [encode(v) for v in value]}
        case dict():
            return {"map": [[encode(from_key(k)), encode(v)] for k, v in value.items()]}
        case Timestamp():
            return {"timestamp": show_timestamp(value)}
        case Duration():
            return {"duration": show_duration(value)}
        case TypeValue(name):
            return {"type": name}
        case _:
            return {tag_of(value): str(value)}


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def type_of(value: object) -> Type:
    """The static type of a binding, as its value has it."""
    return settle(_type_of(value))


def _type_of(value: object) -> Type:
    match value:
        case list() | tuple():
            return ListOf(join([_type_of(v) for v in value]))
        case dict():
            return MapOf(join([_type_of(from_key(k)) for k in value]), join([_type_of(v) for v in value.values()]))
        case Optional(present, held):
            return OptionalOf(_type_of(held) if present else NOTHING)
        case _:
            return SCALARS.get(tag_of(value), DYN)
