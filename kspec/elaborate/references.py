"""Knows references such as `deployment/shop/db`: a lookup in the list of that kind that `cluster` holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kspec.elaborate.names import near
from kspec.elaborate.scope import Scope
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, INT, STRING, Kind, ListOf, Record, Type
from kspec.source import Span
from kspec.syntax import ast

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Elaborator

CLUSTER = "cluster"
_NAME = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_WRITTEN = re.compile(rf"[a-z]+(?:/{_NAME}){{1,2}}")


def reference(e: Elaborator, node: ast.Binary, scope: Scope) -> ir.Expr | None:
    """The object that `kind/namespace/name` or `kind/name` names; None if this is arithmetic."""
    if node.op not in ("/", "-"):
        return None
    first = node.left
    while isinstance(first, ast.Binary):
        first = first.left
    if not isinstance(first, ast.Ident) or first.absolute or scope.variable(first.name) is not None:
        return None
    kind = find_kind(first.name, scope)
    if kind is None:
        return None
    segments = _segments(node)
    return None if segments is None else _lookup(e, kind, segments, node.span, scope)


def find_kind(word: str, scope: Scope) -> Kind | None:
    """The kind with this singular, plural or short name."""
    for kind in scope.types.kinds:
        if word in (kind.singular or kind.kind.lower(), kind.plural, *kind.short_names):
            return kind
    return None


def _segments(node: ast.Binary) -> list[ast.Expr] | None:
    """What follows the kind. Names with hyphens are read from the text, where no space breaks them."""
    text = node.span.text
    if _WRITTEN.fullmatch(text):
        return [ast.Literal("string", part, part, node.span) for part in text.split("/")[1:]]
    segments: list[ast.Expr] = []
    place: ast.Expr = node
    while isinstance(place, ast.Binary):
        if place.op != "/":
            return None
        segments.append(place.right)
        place = place.left
    return segments[::-1]


def _lookup(e: Elaborator, kind: Kind, segments: list[ast.Expr], span: Span, scope: Scope) -> ir.Expr:
    wanted = 2 if kind.namespaced else 1
    word = kind.singular or kind.kind.lower()
    if len(segments) != wanted:
        form = f"{word}/NAMESPACE/NAME" if kind.namespaced else f"{word}/NAME"
        return e.error("KS2013", f"a reference to a {kind.kind} is written `{form}`", span)
    names = [_name(e, s, scope) for s in segments]
    listed = _list_of(e, kind, span, scope)
    if listed is None:
        return ir.Lit(None, Record(kind.record), span)
    _, variable = scope.bind_fresh("object", Record(kind.record))
    each = ir.Var(variable, Record(kind.record), span)
    metadata = scope.types.fields_of(Record(kind.record))["metadata"].type
    conditions = [
        ir.Call(
            "_==_", (ir.Field(ir.Field(each, "metadata", metadata, span), f, STRING, span), n), BOOL, span
        )
        for f, n in zip(("namespace", "name") if kind.namespaced else ("name",), names, strict=True)
    ]
    body: ir.Expr = (
        conditions[0] if len(conditions) == 1 else ir.And(conditions[0], conditions[1], BOOL, span)
    )
    found = ir.Loop("filter", (variable,), listed, None, body, listed.type, span)
    return ir.Call("_[_]", (found, ir.Lit(0, INT, span)), Record(kind.record), span)


def _name(e: Elaborator, segment: ast.Expr, scope: Scope) -> ir.Expr:
    """A bare name is that name, whatever variables there are; anything else is computed."""
    if isinstance(segment, ast.Ident):
        return ir.Lit(segment.name, STRING, segment.span)
    return e.expr(segment, scope, STRING)


def _list_of(e: Elaborator, kind: Kind, span: Span, scope: Scope) -> ir.Expr | None:
    cluster = scope.variable(CLUSTER)
    if cluster is None:
        e.error("KS2017", f"a reference to a {kind.kind} needs `cluster`, which is not in scope here", span,
                "declare the rule with `using cluster: Cluster`")  # fmt: skip
        return None
    wanted: Type = ListOf(Record(kind.record))
    fields = scope.types.fields_of(cluster.type)
    for name, definition in fields.items():
        if definition.type == wanted:
            return ir.Field(ir.Var(cluster.name, cluster.type, span), name, wanted, span)
    e.error(
        "KS2014", f"the cluster's type holds no list of {kind.kind}", span, near(kind.plural, list(fields))
    )
    return None
