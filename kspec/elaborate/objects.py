"""Knows how object literals meet record types: nested paths, `[name]` keys, values left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kspec.elaborate.names import near
from kspec.elaborate.scope import Scope
from kspec.ir import nodes as ir
from kspec.ir.types import (
    DYN,
    INT,
    NULL,
    STRING,
    FieldDef,
    ListOf,
    MapOf,
    Record,
    Type,
    show,
)
from kspec.ir.unify import join
from kspec.source import NOWHERE, Span
from kspec.syntax import ast

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Elaborator


@dataclass
class _Node:
    """A place in an object: either one value, or named parts, or list elements by key."""

    span: Span = NOWHERE
    value: ast.Expr | None = None
    parts: dict[str, _Node] = field(default_factory=dict)
    items: dict[str, _Node] = field(default_factory=dict)
    computed: list[ast.ComputedField] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return self.value is None and not (self.parts or self.items or self.computed)


def object_literal(e: Elaborator, node: ast.ObjectExpr, scope: Scope, expected: Type | None) -> ir.Expr:
    """`{a.b: v  c[name]: {...}}` as a value of the expected type; without one, a map with string keys."""
    root = _Node(node.span)
    _insert_object(e, root, node)
    return _convert(e, root, scope, expected or DYN, FieldDef("", expected or DYN), mapped=expected is None)


def _insert_object(e: Elaborator, into: _Node, node: ast.ObjectExpr) -> None:
    for entry in node.fields:
        if isinstance(entry, ast.ComputedField):
            into.computed.append(entry)
        else:
            _insert(e, into, entry)


def _insert(e: Elaborator, into: _Node, entry: ast.Field) -> None:
    place = into
    for segment in entry.path:
        if place.value is not None:
            e.error("KS2011", "this path goes into a value that is given as a whole", segment.span)
            return
        match segment:
            case ast.Name(text):
                place = place.parts.setdefault(text, _Node(segment.span))
            case ast.ItemKey(text):
                place = place.items.setdefault(text, _Node(segment.span))
            case ast.EachItem():
                e.error(
                    "KS2016", "`[*]` has no meaning in an object", segment.span, "name the element: `[name]`"
                )
                return
    if isinstance(entry.value, ast.ObjectExpr) and place.value is None:
        if not entry.value.fields and place.empty:
            place.value = entry.value
        _insert_object(e, place, entry.value)
    elif place.empty:
        place.value = entry.value
    else:
        name = "".join(_show_segment(s) for s in entry.path).lstrip(".")
        e.error("KS2011", f"`{name}` is given twice", entry.path[-1].span if entry.path else entry.span)


def _show_segment(segment: ast.PathSegment) -> str:
    match segment:
        case ast.Name(text):
            return f".{text}"
        case ast.ItemKey(text):
            return f"[{text}]"
        case ast.EachItem():
            return "[*]"


def _convert(
    e: Elaborator, node: _Node, scope: Scope, type_: Type, definition: FieldDef, mapped: bool = False
) -> ir.Expr:
    """The value at a place, as one of the type; `definition` is of the field that holds it."""
    if node.value is not None and not _is_empty_object(node.value):
        return field_value(e, node.value, scope, type_)
    match type_:
        case Record():
            return _record(e, node, scope, type_)
        case MapOf(_, value):
            return _map(e, node, scope, value)
        case ListOf(element) if node.items and not node.parts and not node.computed:
            return _keyed_list(e, node, scope, element, definition)
        case ListOf():
            first = next(iter(node.parts), "")
            message = f"`{definition.name}` is a list" + (f", it has no field `{first}`" if first else "")
            return e.error(
                "KS2006", message, node.span, "write `[…]`, or `[name]: {…}` for the element of that name"
            )
        case _ if type_ == DYN:
            made = _map(e, node, scope, None)
            return made if mapped else _as_dyn(made)
        case _:
            return e.error("KS2006", f"this is an object, but `{show(type_)}` is wanted", node.span)


def _is_empty_object(value: ast.Expr) -> bool:
    return isinstance(value, ast.ObjectExpr) and not value.fields


def _as_dyn(made: ir.Expr) -> ir.Expr:
    if isinstance(made, ir.MakeMap):
        return ir.MakeMap(made.entries, DYN, made.optional, made.span)
    return made


def field_value(e: Elaborator, node: ast.Expr, scope: Scope, type_: Type) -> ir.Expr:
    """A value given to a field of this type: `null`, here or in a branch of `?:`, leaves it out."""
    if isinstance(node, ast.Literal) and node.kind == "null":
        return ir.Lit(None, NULL, node.span)
    if isinstance(node, ast.Conditional):
        condition = e.condition(node.condition, scope)
        then = field_value(e, node.then, scope, type_)
        otherwise = field_value(e, node.otherwise, scope, type_)
        return ir.Cond(condition, then, otherwise, type_, node.span)
    return e.expr(node, scope, type_)


def _record(e: Elaborator, node: _Node, scope: Scope, type_: Record) -> ir.Expr:
    definitions = scope.types.fields_of(type_)
    record = scope.types.record(type_.name)
    fields = []
    for name, part in node.parts.items():
        definition = definitions.get(name)
        if definition is None and record is not None and record.open:
            definition = FieldDef(name, DYN)
        if definition is None:
            e.error(
                "KS2002", f"`{type_.name}` has no field `{name}`", part.span, near(name, list(definitions))
            )
            continue
        fields.append((name, _convert(e, part, scope, definition.type, definition)))
    for key, item in node.items.items():
        e.error("KS2012", f"`{type_.name}` is no list, it has no element `[{key}]`", item.span)
    for computed in node.computed:
        e.error("KS2016", "a computed key is for maps; the fields of a type have names", computed.span)
    return ir.MakeRecord(tuple(fields), type_, node.span)


def _map(e: Elaborator, node: _Node, scope: Scope, value: Type | None) -> ir.Expr:
    """A map with string keys; where no value type is wanted, the values' own."""
    entries: list[tuple[ir.Expr, ir.Expr]] = []
    for name, part in node.parts.items():
        key = ir.Lit(name, STRING, part.span)
        inner = DYN if value is None else value
        entries.append((key, _convert(e, part, scope, inner, FieldDef(name, inner), mapped=value is None)))
    for item_key, item in node.items.items():
        e.error("KS2012", f"this is no list, it has no element `[{item_key}]`", item.span)
    for computed in node.computed:
        key_expr = e.expr(computed.key, scope, STRING)
        made = e.expr(computed.value, scope) if value is None else e.expr(computed.value, scope, value)
        entries.append((key_expr, made))
    value_type = join([v.type for _, v in entries]) if value is None else value
    return ir.MakeMap(tuple(entries), MapOf(STRING, value_type), frozenset(), node.span)


def _keyed_list(e: Elaborator, node: _Node, scope: Scope, element: Type, definition: FieldDef) -> ir.Expr:
    """`containers[web]: {...}`: elements of a list-map, each with its key field set."""
    elements = []
    for key, item in node.items.items():
        name = key_field(definition, element, scope)
        if name is None:
            return e.error(
                "KS2012",
                f"the elements of `{definition.name}` have no key to name them by",
                item.span,
                "write `[{…}]`",
            )
        if item.value is not None and not _is_empty_object(item.value):
            return e.error(
                "KS2006", "the element of a list-map is an object", item.span, "write `[name]: {…}`"
            )
        key_type = scope.types.fields_of(element)[name].type
        if name not in item.parts:
            part = _Node(item.span, _key_literal(key, key_type, item.span))
            item.parts = {name: part, **item.parts}
        item.value = None
        elements.append(_convert(e, item, scope, element, definition))
    return ir.MakeList(tuple(elements), ListOf(element), frozenset(), node.span)


def key_field(definition: FieldDef, element: Type, scope: Scope) -> str | None:
    """The field by which `[name]` finds an element: the first key of the list-map, or of its merge."""
    fields = scope.types.fields_of(element)
    return next((k for k in (*definition.list_keys, *definition.merge_keys) if k in fields), None)


def _key_literal(text: str, type_: Type, span: Span) -> ast.Literal:
    if type_ == INT and text.isascii() and text.isdigit():
        return ast.Literal("int", int(text), text, span)
    return ast.Literal("string", text, text, span)
