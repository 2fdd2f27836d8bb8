"""Knows how `create`, `delete`, `update`, `status` and `requeue` become records of what a controller wants
done.
"""

from __future__ import annotations

from collections.abc import Callable

from kspec.elaborate import build
from kspec.elaborate.context import Block, Context
from kspec.elaborate.overlay import laid_over, layer_of, patch
from kspec.ir.nodes import Expr, Field, Loop, MakeList, MakeRecord, Var
from kspec.ir.types import DURATION, DYN, INT, ListOf, Record, show
from kspec.syntax import ast


def lower_write(statement: ast.Statement, block: Block, context: Context) -> Expr | None:
    """A list of the writes that one statement asks for; None for a statement that asks for none."""
    match statement:
        case ast.Create():
            return _create(statement, block, context)
        case ast.Delete(target):
            return _for_each(target, block, context, lambda found: _write("delete", found, statement))
        case ast.Update(target, changes):
            return _for_each(
                target, block, context, lambda found: _update(found, changes, block, context, statement)
            )
        case ast.Status(changes):
            return _status(statement, changes, block, context)
        case ast.Requeue(after):
            duration = context.expr(after, block.scope, DURATION)
            return _one((("action", build.text("requeue")), ("after", duration)), statement)
        case _:
            return None


def _one(fields: tuple[tuple[str, Expr], ...], statement: ast.Statement) -> Expr:
    made = MakeRecord(fields, build.WRITE, span=statement.span)
    return MakeList((made,), build.WRITES, span=statement.span)


def _create(statement: ast.Create, block: Block, context: Context) -> Expr | None:
    type_ = context.type(statement.type)
    template = context.expr(statement.template, block.scope) if statement.template is not None else None
    times = (
        context.expr(statement.times, block.scope, INT) if statement.times is not None else build.number(1)
    )
    if not isinstance(type_, Record):
        if type_ != DYN:
            context.report(
                "KS2218", f"`create` makes objects, and `{show(type_)}` is none", statement.type.span
            )
        return None
    if context.view.table.kind_of_record(type_.name) is None:
        help_ = "only what has a kind is kept in a cluster; a `resource` declaration makes one"
        context.report("KS2218", f"`{type_.name}` is not the type of a kind", statement.type.span, help_)
    base = _from_template(template, type_, statement, context) if template is not None else None
    made = laid_over(layer_of(statement.overrides, type_, block.scope, context), base)
    type_name = build.text(type_.name)
    return _one(
        (("action", build.text("create")), ("type", type_name), ("object", made), ("times", times)), statement
    )


def _from_template(template: Expr, type_: Record, statement: ast.Create, context: Context) -> Expr | None:
    """The template as an object of the type: itself, or the fields that both have (`metadata` and `spec` of
    a pod template).
    """
    if template.type in (type_, DYN):
        return template if template.type == type_ else None
    wanted = context.view.table.fields_of(type_)
    given = context.view.table.fields_of(template.type)
    shared = [
        n for n, f in given.items() if n in wanted and wanted[n].type == f.type and isinstance(f.type, Record)
    ]
    if not shared:
        assert statement.template is not None
        message = f"`{show(template.type)}` is no template of `{type_.name}`"
        help_ = "a template has fields of the object's own types, such as `metadata` and `spec`"
        context.report("KS2218", message, statement.template.span, help_)
        return None
    return MakeRecord(
        tuple((n, Field(template, n, given[n].type)) for n in shared), type_, span=template.span
    )


def _for_each(target: ast.Expr, block: Block, context: Context, write: Callable[[Expr], Expr]) -> Expr | None:
    """The write for one object, or for every object of a list."""
    found = context.expr(target, block.scope)
    match found.type:
        case Record():
            return MakeList((write(found),), build.WRITES, span=target.span)
        case ListOf(Record() as element):
            name = block.fresh("target")
            made = write(Var(name, element))
            return Loop("map", (name,), found, None, made, build.WRITES, target.span)
        case _ if found.type not in (DYN, ListOf(DYN)):
            message = f"an object or a list of objects is wanted here, and this is `{show(found.type)}`"
            context.report("KS2218", message, target.span)
    return None


def _write(action: str, target: Expr, statement: ast.Statement) -> Expr:
    fields = (("action", build.text(action)), ("type", build.text(show(target.type))), ("target", target))
    return MakeRecord(fields, build.WRITE, span=statement.span)


def _update(
    target: Expr, changes: ast.ObjectExpr, block: Block, context: Context, statement: ast.Statement
) -> Expr:
    made = patch(layer_of(changes, target.type, block.scope, context), target)
    fields = (
        ("action", build.text("update")),
        ("type", build.text(show(target.type))),
        ("object", made),
        ("target", target),
    )
    return MakeRecord(fields, build.WRITE, span=statement.span)


def _status(statement: ast.Status, changes: ast.ObjectExpr, block: Block, context: Context) -> Expr | None:
    """The fields of the subject's own status, as a patch of that status."""
    subject = Var(context.subject, block.type_of(context.subject))
    field = context.view.table.fields_of(subject.type).get("status")
    if field is None:
        context.report("KS2218", f"`{show(subject.type)}` has no status", statement.span)
        return None
    made = patch(layer_of(changes, field.type, block.scope, context), Field(subject, "status", field.type))
    fields = (
        ("action", build.text("status")),
        ("type", build.text(show(subject.type))),
        ("object", made),
        ("target", subject),
    )
    return _one(fields, statement)
