"""Knows the nodes of expressions, objects and formulas. Use them as `kspec.syntax.ast`, which has those
of declarations too.

The comment at the end of a line is the surface syntax. `span` takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kspec.source import NOWHERE, Span


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


# ---------------------------------------------------------------- expressions (CEL)


@dataclass(frozen=True, slots=True)
class Literal:  # null true 1 1u 1.5 "s" b"s" 250m 16Gi 90s
    """A literal. `kind`: null, bool, int, uint, double, string, bytes, quantity, time.

    `value` is the Python value (`int` for int and uint, `bytes` for bytes); for quantity and time it is the
    text as written (`250m`, `16Gi`, `5min`). `raw` is the source text, which the formatter keeps.
    """

    kind: str
    value: bool | int | float | str | bytes | None
    raw: str = field(default="", compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Ident:  # name  .name
    name: str
    absolute: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Select:  # operand.field   operand.?field
    operand: Expr
    field: str
    optional: bool = False
    span: Span = _span()
    field_span: Span = _span()


@dataclass(frozen=True, slots=True)
class Index:  # operand[index]   operand[?index]
    operand: Expr
    index: Expr
    optional: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:  # function(args)   target.function(args); macros too
    function: str
    args: tuple[Expr, ...]
    target: Expr | None = None
    span: Span = _span()
    name_span: Span = _span()


@dataclass(frozen=True, slots=True)
class Unary:  # !x  -x
    op: str
    operand: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Binary:  # + - * / % == != < <= > >= in && || implies
    op: str
    left: Expr
    right: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Conditional:  # c ? a : b
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ListExpr:  # [a, b]   [?a]
    elements: tuple[Expr, ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class MapExpr:  # {k: v, ?k: v}: only in strict CEL; in .kspec braces make an ObjectExpr
    entries: tuple[tuple[Expr, Expr], ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StructExpr:  # Type{f: v}: only in strict CEL
    type_name: str
    fields: tuple[tuple[str, Expr], ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Range:  # 1..65535: both ends included
    low: Expr
    high: Expr
    span: Span = _span()


# ---- objects: braces in .kspec; commas optional


@dataclass(frozen=True, slots=True)
class Name:  # spec   "app.kubernetes.io/name"
    """A segment of a path: a field, or a key of a string map."""

    text: str
    quoted: bool = field(default=False, compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ItemKey:  # [web]  ["web"]  [0]
    """The element of a list-map whose key field has this value."""

    text: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class EachItem:  # [*]
    """Every element of a list (in `default`, `set` and `at` paths)."""

    span: Span = _span()


PathSegment: TypeAlias = Name | ItemKey | EachItem
Path: TypeAlias = tuple[PathSegment, ...]


@dataclass(frozen=True, slots=True)
class Field:  # path: value   path { ... } is the same with an ObjectExpr (`block` keeps the spelling)
    path: Path
    value: Expr
    block: bool = field(default=False, compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ComputedField:  # (expr): value: a key that is computed; after a comma or first
    key: Expr
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ObjectExpr:  # { path: value  path { ... }  (expr): value }
    fields: tuple[Field | ComputedField, ...]
    span: Span = _span()


# ---- formulas: expressions that only properties may hold


@dataclass(frozen=True, slots=True)
class Binding:  # p in pods   port in 1..65535
    name: str
    domain: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Quantified:  # forall p in pods, q in pods where c: body   exists ...
    quantifier: str
    bindings: tuple[Binding, ...]
    where: Expr | None
    body: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Temporal:  # always e   eventually e within 10min   never e
    operator: str
    body: Expr
    within: Expr | None = None
    span: Span = _span()


Expr: TypeAlias = (
    Literal
    | Ident
    | Select
    | Index
    | Call
    | Unary
    | Binary
    | Conditional
    | ListExpr
    | MapExpr
    | StructExpr
    | Range
    | ObjectExpr
    | Quantified
    | Temporal
)
