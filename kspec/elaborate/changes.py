"""Knows how a `default` or `admit` rule changes its object: each statement yields a new object for those
after it.
"""

from __future__ import annotations

from kspec.elaborate import build
from kspec.elaborate.context import ITEM, Block, Context
from kspec.elaborate.paths import Assignment, assign, element_of, resolve_path
from kspec.elaborate.places import lower_require
from kspec.elaborate.statements import Statements, enter_each, lower_each, lower_let, without_index
from kspec.ir.nodes import Expr, Fold, Let, MakeList, MakeRecord, Var
from kspec.syntax import ast


def lower_object(statements: Statements, block: Block, context: Context) -> Expr:
    """The object after these statements. The subject's name means the object as it is so far."""
    subject = Var(context.subject, block.type_of(context.subject))
    if not statements:
        return subject
    head, rest = statements[0], statements[1:]
    if isinstance(head, ast.Let):
        return lower_let(head, block, context, lambda inner: lower_object(rest, inner, context))
    changed = _changed(head, block, context)
    after = lower_object(rest, block, context)
    return after if changed is None else _then(changed, after, context)


def _then(changed: Expr, after: Expr, context: Context) -> Expr:
    """The rest, with the subject's name for the changed object."""
    if isinstance(after, Var) and after.name == context.subject:
        return changed
    return Let(context.subject, changed, after, after.type, changed.span)


def _changed(statement: ast.Statement, block: Block, context: Context) -> Expr | None:
    """The object after one statement; None if the statement changes nothing."""
    match statement:
        case ast.Default(path, value):
            return _assigned(path, value, True, block, context)
        case ast.Set(path, value):
            return _assigned(path, value, False, block, context)
        case ast.When(condition, body, otherwise) if _writes(body) or _writes(otherwise):
            test = context.condition(condition, block.scope)
            then, other = lower_object(body, block, context), lower_object(otherwise, block, context)
            return build.choice(test, then, other)
        case ast.Each(name, _, body) if _writes(body):
            domain, inner, _ = enter_each(statement, block, context)
            without_index(statement, context)
            subject = Var(context.subject, block.type_of(context.subject))
            step = lower_object(body, inner, context)
            return Fold(name, context.subject, domain, subject, step, subject.type, statement.span)
        case _:
            return None


def _writes(statements: Statements) -> bool:
    return any(
        isinstance(s, ast.Default | ast.Set)
        or (isinstance(s, ast.When) and (_writes(s.body) or _writes(s.otherwise)))
        or (isinstance(s, ast.Each) and _writes(s.body))
        for s in statements
    )


def _assigned(
    path: ast.Path, value: ast.Expr, absent_only: bool, block: Block, context: Context
) -> Expr | None:
    subject = Var(context.subject, block.type_of(context.subject))
    steps = resolve_path(path, subject.type, context)
    if not steps:
        context.expr(value, block.scope)
        return None
    item = element_of(steps)
    scope = block.scope if item is None else block.scope.bind(ITEM, item)
    condition, plain = without_null(value)
    if plain is None:
        context.report(
            "KS2213", "nothing is written here", value.span, "to take a field away, `set` it to `null`"
        )
        return None
    test = context.condition(condition, scope) if condition is not None else None
    typed = context.expr(plain, scope, steps[-1].type)
    return assign(subject, Assignment(steps, typed, absent_only, test))


def without_null(value: ast.Expr) -> tuple[ast.Expr | None, ast.Expr | None]:
    """`c ? e : null` as (when to write, what): a value that is null writes nothing, and makes no parents
    either.
    """
    match value:
        case ast.Literal("null"):
            return None, None
        case ast.Conditional(condition, then, otherwise):
            when_then, then_value = without_null(then)
            when_other, other_value = without_null(otherwise)
            if then_value is None and other_value is None:
                return None, None
            if then_value is None:
                return _both(ast.Unary("!", condition, condition.span), when_other), other_value
            if other_value is None:
                return _both(condition, when_then), then_value
            plain = ast.Conditional(condition, then_value, other_value, value.span)
            if when_then is None and when_other is None:
                return None, plain
            yes = ast.Literal("bool", True, "true", value.span)
            return ast.Conditional(condition, when_then or yes, when_other or yes, value.span), plain
        case _:
            return None, value


def _both(first: ast.Expr, second: ast.Expr | None) -> ast.Expr:
    return first if second is None else ast.Binary("&&", first, second, first.span)


def lower_admission(statements: Statements, block: Block, context: Context) -> Expr:
    """The object as admitted, and what is found wrong on the way."""
    changed = lower_object(statements, block, context)
    found = _found(statements, block, context)
    return MakeRecord((("object", changed), ("findings", found)), build.ADMISSION)


def _found(statements: Statements, block: Block, context: Context) -> Expr:
    """The findings, each about the object as it is when its `require` is reached."""
    if not statements:
        return build.empty_list(build.FINDINGS)
    head, rest = statements[0], statements[1:]
    match head:
        case ast.Let():
            return lower_let(head, block, context, lambda inner: _found(rest, inner, context))
        case ast.Require():
            own = lower_require(head, block, context)
        case ast.When(condition, body, otherwise):
            test = context.condition(condition, block.scope)
            own = build.choice(test, _found(body, block, context), _found(otherwise, block, context))
        case ast.Each(_, _, body):
            # Within the loop a `require` sees the object as it was before it.
            own = lower_each(head, block, context, build.FINDINGS, lambda inner: _found(body, inner, context))
        case _:
            own = build.empty_list(build.FINDINGS)
    after = _found(rest, block, context)
    changed = None if _is_empty(after) else _changed(head, block, context)
    later = after if changed is None else Let(context.subject, changed, after, after.type, changed.span)
    return build.concat((own, later), build.FINDINGS)


def _is_empty(found: Expr) -> bool:
    return isinstance(found, MakeList) and not found.elements
