"""Knows references such as `deployment/shop/db`: a lookup in the list of that kind that `cluster` holds.

The parser reads them as division, `kube-system` in them as subtraction, `deployment/shop/db.spec.replicas` as
division by a field of `db`. Here the chain is taken apart again, where its first name is a kind.
"""

from __future__ import annotations

import re
from dataclasses import replace
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
_WRITTEN = re.compile(r"[a-z]+(?:/[a-z0-9](?:[-a-z0-9]*[a-z0-9])?){1,2}", re.ASCII)


def reference(e: Elaborator, node: ast.Binary, scope: Scope) -> ir.Expr | None:
    """The object that `kind/namespace/name` names, or what is selected from it; None: this is arithmetic."""
    kind = _kind(node, scope)
    if kind is None or (node.op == "/" and _slashes(node.left) >= (2 if kind.namespaced else 1)):
        return None
    last, inner = _last_name(node)
    if inner is not None:
        return e.expr(inner, scope)
    segments = _segments(node)
    return None if segments is None or last is None else _lookup(e, kind, segments, node.span, scope)


def _kind(node: ast.Binary, scope: Scope) -> Kind | None:
    """The kind that the first name of a chain of `/` and `-` stands for."""
    first: ast.Expr = node
    while isinstance(first, ast.Binary) and first.op in ("/", "-"):
        first = first.left
    if not isinstance(first, ast.Ident) or first.absolute or scope.variable(first.name) is not None:
        return None
    return find_kind(first.name, scope)


def _slashes(node: ast.Expr) -> int:
    """How many segments a chain has after its first name."""
    count = 0
    while isinstance(node, ast.Binary) and node.op in ("/", "-"):
        count += node.op == "/"
        node = node.left
    return count


def find_kind(word: str, scope: Scope) -> Kind | None:
    """The kind with this singular, plural or short name."""
    for kind in scope.types.kinds:
        if word in (kind.singular or kind.kind.lower(), kind.plural, *kind.short_names):
            return kind
    return None


def _last_name(node: ast.Expr) -> tuple[ast.Expr | None, ast.Expr | None]:
    """The last segment; and, where something is selected from it, that with the whole reference inside."""
    if not isinstance(node, ast.Binary) or node.op not in ("/", "-") or _in_parentheses(node):
        return (node, None) if isinstance(node, (ast.Ident, ast.Literal)) else _selected(node)
    last, selection = _last_name(node.right)
    if last is None or selection is None:
        return last, None
    whole = replace(node, right=last, span=Span(node.span.file, node.span.start, last.span.end))
    return last, _with_leaf(selection, last, whole)


def _selected(node: ast.Expr) -> tuple[ast.Expr | None, ast.Expr | None]:
    """Of `db.spec.replicas` the name `db`, and the selection itself; of anything computed the node alone."""
    leaf = node
    while not _in_parentheses(leaf):
        match leaf:
            case ast.Select(operand) | ast.Index(operand):
                leaf = operand
            case ast.Call(target=target) if target is not None:
                leaf = target
            case ast.Ident() | ast.Literal():
                return leaf, node
            case _:
                break
    return leaf, (None if leaf is node else node)


def _in_parentheses(node: ast.Expr) -> bool:
    """Is the segment written `(expr)`? Its place in the text then begins before its first part does."""
    match node:
        case ast.Select(operand) | ast.Index(operand):
            return operand.span.start > node.span.start
        case ast.Call(target=target) if target is not None:
            return target.span.start > node.span.start
        case _:
            return node.span.text.startswith("(")


def _with_leaf(node: ast.Expr, leaf: ast.Expr, other: ast.Expr) -> ast.Expr:
    """The selection with another operand at its beginning."""
    if node is leaf:
        return other
    match node:
        case ast.Select(operand) | ast.Index(operand):
            return replace(node, operand=_with_leaf(operand, leaf, other))
        case ast.Call(target=target) if target is not None:
            return replace(node, target=_with_leaf(target, leaf, other))
        case _:
            return node


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
    if isinstance(segment, ast.Ident) and not _in_parentheses(segment):
        return ir.Lit(segment.name, STRING, segment.span)
    if isinstance(segment, ast.Literal) and segment.kind == "int":
        return ir.Lit(str(segment.value), STRING, segment.span)
    return e.expr(segment, scope, STRING)


def _list_of(e: Elaborator, kind: Kind, span: Span, scope: Scope) -> ir.Expr | None:
    cluster = scope.variable(CLUSTER)
    if cluster is None:
        message = f"a reference to a {kind.kind} needs `cluster`, which is not in scope here"
        e.error("KS2017", message, span, "declare the rule with `using cluster: Cluster`")
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
