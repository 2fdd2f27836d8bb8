"""Knows what names and selections mean: variables, fields, keys, presence, all these of optionals too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kspec.elaborate.names import near, with_article
from kspec.elaborate.scope import KSPEC, Scope
from kspec.ir import nodes as ir
from kspec.ir.signatures import NOTHING
from kspec.ir.types import BOOL, DYN, STRING, TYPE, MapOf, OptionalOf, Record, Type, show
from kspec.ir.unify import assignable
from kspec.runtime.values import NONE, TypeValue
from kspec.source import Span
from kspec.syntax import ast

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Elaborator

_PLAIN_TYPES = ("bool", "int", "uint", "double", "string", "bytes", "null_type", "list", "map", "type")
TYPE_DENOTATIONS = (
    frozenset(_PLAIN_TYPES)
    | frozenset(
        ("optional_type", "google.protobuf.Timestamp", "google.protobuf.Duration", "net.IP", "net.CIDR")
    )
    | frozenset(("kubernetes.Quantity", "kubernetes.URL", "kubernetes.Semver"))
)
OBJECT_SHORTHANDS = ("name", "namespace", "labels", "annotations")
"""Fields of `metadata` that an object offers directly: `pod.labels` is `pod.metadata.labels`."""


# ---------------------------------------------------------------- names


def name_or_select(e: Elaborator, node: ast.Ident | ast.Select, scope: Scope) -> ir.Expr:
    """The longest prefix of `a.b.c` that names a variable is that variable; the rest selects from it."""
    chain = name_chain(node)
    if chain is None:
        assert isinstance(node, ast.Select)
        return _select_from(e, e.expr(node.operand, scope), node, scope)
    first, selects = chain
    if not first.absolute and first.name in scope.locals:
        return _select_all(e, _at(scope.locals[first.name], first.span), selects, scope)
    names = [first.name, *(s.field for s in selects)]
    for length in range(len(names), 0, -1):
        found = scope.variable(".".join(names[:length]), first.absolute)
        if found is not None:
            return _select_all(e, _at(found, first.span), selects[length - 1 :], scope)
    candidates = scope.candidates(".".join(names), first.absolute)
    denoted = next((n for n in candidates if n in TYPE_DENOTATIONS), None)
    if denoted is not None:
        return ir.Lit(TypeValue(denoted), TYPE, node.span)
    return _select_all(e, _unknown_name(e, first, scope), selects, scope)


def name_chain(node: ast.Expr) -> tuple[ast.Ident, list[ast.Select]] | None:
    """`a.b.c` as its first name and the selections after it; None if it is anything else."""
    selects: list[ast.Select] = []
    while isinstance(node, ast.Select):
        if node.optional:
            return None
        selects.append(node)
        node = node.operand
    return (node, selects[::-1]) if isinstance(node, ast.Ident) else None


def _at(variable: ir.Var, span: Span) -> ir.Var:
    return ir.Var(variable.name, variable.type, span)


def _unknown_name(e: Elaborator, node: ast.Ident, scope: Scope) -> ir.Expr:
    if not scope.checked:
        return ir.Var(next(scope.candidates(node.name, node.absolute)), DYN, node.span)
    return e.error("KS2001", f"unknown name `{node.name}`", node.span, near(node.name, scope.visible_names()))


# ---------------------------------------------------------------- selection


def _select_all(e: Elaborator, made: ir.Expr, selects: list[ast.Select], scope: Scope) -> ir.Expr:
    for node in selects:
        made = _select_from(e, made, node, scope)
    return made


def _select_from(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope) -> ir.Expr:
    return select_optional(e, operand, node, scope) if node.optional else select(e, operand, node, scope)


def select(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope) -> ir.Expr:
    """`operand.name`, by the operand's type."""
    name, span = node.field, node.span
    match operand.type:
        case Record():
            owner, found = field_owner(operand, name, scope)
            return _no_field(e, operand, node, scope) if found is None else ir.Field(owner, name, found, span)
        case MapOf(key, value) if key == NOTHING or assignable(STRING, key) or not scope.checked:
            return ir.Key(operand, name, DYN if value == NOTHING else value, span)
        case OptionalOf():
            return _through_optional(e, operand, node, scope)
        case type_ if type_ == NOTHING and isinstance(operand, ir.Lit):
            return operand  # a mistake already told
        case type_ if type_ in (DYN, NOTHING) or not scope.checked:
            return ir.Key(operand, name, DYN, span)
        case _:
            return _no_field(e, operand, node, scope)


def _no_field(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope) -> ir.Expr:
    fields = list(scope.types.fields_of(operand.type))
    what = f"`{show(operand.type)}`" if isinstance(operand.type, Record) else with_article(operand.type)
    return e.error("KS2002", f"{what} has no field `{node.field}`", node.field_span, near(node.field, fields))


def field_owner(operand: ir.Expr, name: str, scope: Scope) -> tuple[ir.Expr, Type | None]:
    """The record that has the field, and the field's type: the operand, or its `metadata` for shorthands."""
    fields = scope.types.fields_of(operand.type)
    if name in fields:
        return operand, fields[name].type
    assert isinstance(operand.type, Record)
    record = scope.types.record(operand.type.name)
    if name in OBJECT_SHORTHANDS and "metadata" in fields and scope.mode == KSPEC:
        metadata = fields["metadata"].type
        inner = scope.types.fields_of(metadata).get(name)
        if inner is not None:
            return ir.Field(operand, "metadata", metadata, operand.span), inner.type
    return operand, DYN if record is not None and record.open else None


# ---------------------------------------------------------------- presence and optionals


def has_field(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope, span: Span) -> ir.Expr:
    """`has(operand.field)` by the operand's type."""
    match operand.type:
        case Record():
            owner, found = field_owner(operand, node.field, scope)
            if found is None:
                return _no_field(e, operand, node, scope)
            return ir.HasField(owner, node.field, BOOL, span)
        case OptionalOf(Record()):
            _, name = scope.bind_fresh("optional", operand.type)
            variable = ir.Var(name, operand.type, operand.span)
            held = ir.Call("value", (variable,), operand.type.value, operand.span)
            present = ir.Call("hasValue", (variable,), BOOL, operand.span)
            test = ir.And(present, has_field(e, held, node, scope, span), BOOL, span)
            return ir.Let(name, operand, test, BOOL, span)
        case MapOf() | OptionalOf():
            return ir.HasKey(operand, node.field, BOOL, span)
        case type_ if type_ in (DYN, NOTHING) or not scope.checked:
            return ir.HasKey(operand, node.field, BOOL, span)
        case type_:
            return _no_field(e, operand, node, scope)


def select_optional(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope) -> ir.Expr:
    """`operand.?field`: an optional, none where the field is absent."""
    match operand.type:
        case Record():
            owner, found = field_owner(operand, node.field, scope)
            if found is None:
                return _no_field(e, operand, node, scope)
            type_ = OptionalOf(found)
            some = ir.Call("optional.of", (ir.Field(owner, node.field, found, node.span),), type_, node.span)
            test = ir.HasField(owner, node.field, BOOL, node.span)
            return ir.Cond(test, some, ir.Lit(NONE, type_, node.span), type_, node.span)
        case OptionalOf(Record()):
            return _through_optional(e, operand, node, scope)
        case MapOf(_, value) | OptionalOf(MapOf(_, value)):
            return _select_maybe(operand, node, value)
        case OptionalOf():
            return _select_maybe(operand, node, DYN)
        case type_ if type_ in (DYN, NOTHING) or not scope.checked:
            return _select_maybe(operand, node, DYN)
        case type_:
            return _no_field(e, operand, node, scope)


def _select_maybe(operand: ir.Expr, node: ast.Select, value: Type) -> ir.Expr:
    name = ir.Lit(node.field, STRING, node.field_span)
    return ir.Call("_?._", (operand, name), OptionalOf(value), node.span)


def _through_optional(e: Elaborator, operand: ir.Expr, node: ast.Select, scope: Scope) -> ir.Expr:
    """A selection from what an optional holds, as an optional; of a map or dyn at run time at once."""
    assert isinstance(operand.type, OptionalOf)
    held_type, span = operand.type.value, node.span
    if not isinstance(held_type, Record):
        return _select_maybe(operand, node, held_type.value if isinstance(held_type, MapOf) else DYN)
    _, name = scope.bind_fresh("optional", operand.type)
    variable = ir.Var(name, operand.type, operand.span)
    picked = _select_from(e, ir.Call("value", (variable,), held_type, operand.span), node, scope)
    if not isinstance(picked.type, OptionalOf):
        picked = ir.Call("optional.of", (picked,), OptionalOf(picked.type), span)
    none = ir.Lit(NONE, picked.type, span)
    choice = ir.Cond(ir.Call("hasValue", (variable,), BOOL, span), picked, none, picked.type, span)
    return ir.Let(name, operand, choice, picked.type, span)
