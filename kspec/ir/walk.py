"""Structure of expressions, written once: children, rebuilding, walking, free variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from kspec.ir.nodes import (
    And,
    Apply,
    Call,
    Cond,
    Expr,
    Field,
    Fold,
    HasField,
    HasKey,
    Key,
    Let,
    Lit,
    Loop,
    MakeList,
    MakeMap,
    MakeRecord,
    Or,
    Var,
    With,
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct subexpressions, in order of evaluation."""
    match expr:
        case Lit() | Var():
            return ()
        case Field() | HasField() | Key() | HasKey():
            return (expr.operand,)
        case And() | Or():
            return (expr.left, expr.right)
        case Cond():
            return (expr.condition, expr.then, expr.otherwise)
        case Call() | Apply():
            return expr.args
        case MakeList():
            return expr.elements
        case MakeMap():
            return tuple(part for entry in expr.entries for part in entry)
        case MakeRecord():
            return tuple(value for _, value in expr.fields)
        case With():
            return (expr.operand, *(value for _, value in expr.fields))
        case Let():
            return (expr.value, expr.body)
        case Loop():
            return (expr.range, *(() if expr.where is None else (expr.where,)), expr.body)
        case Fold():
            return (expr.range, expr.init, expr.step)
        case _:
            assert_never(expr)


def rebuild(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same node with each direct subexpression changed."""
    match expr:
        case Lit() | Var():
            return expr
        case Field() | HasField() | Key() | HasKey():
            return replace(expr, operand=change(expr.operand))
        case And() | Or():
            return replace(expr, left=change(expr.left), right=change(expr.right))
        case Cond():
            return replace(
                expr,
                condition=change(expr.condition),
                then=change(expr.then),
                otherwise=change(expr.otherwise),
            )
        case Call() | Apply():
            return replace(expr, args=tuple(change(a) for a in expr.args))
        case MakeList():
            return replace(expr, elements=tuple(change(e) for e in expr.elements))
        case MakeMap():
            return replace(expr, entries=tuple((change(k), change(v)) for k, v in expr.entries))
        case MakeRecord():
            return replace(expr, fields=tuple((n, change(v)) for n, v in expr.fields))
        case With():
            return replace(
                expr, operand=change(expr.operand), fields=tuple((n, change(v)) for n, v in expr.fields)
            )
        case Let():
            return replace(expr, value=change(expr.value), body=change(expr.body))
        case Loop():
            where = None if expr.where is None else change(expr.where)
            return replace(expr, range=change(expr.range), where=where, body=change(expr.body))
        case Fold():
            return replace(
                expr, range=change(expr.range), init=change(expr.init), step=change(expr.step)
            )
        case _:
            assert_never(expr)


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all its subexpressions, parents first; an explicit stack, so that depth is no limit."""
    stack = [expr]
    while stack:
        at = stack.pop()
        yield at
        stack.extend(reversed(children(at)))


def bound_names(expr: Expr) -> tuple[str, ...]:
    """The names that this node itself binds in some of its subexpressions."""
    match expr:
        case Let():
            return (expr.name,)
        case Loop():
            return expr.variables
        case Fold():
            return (expr.variable, expr.accumulator)
        case _:
            return ()


def free_variables(expr: Expr) -> frozenset[str]:
    """The variables that the expression needs from outside."""
    match expr:
        case Var():
            return frozenset((expr.name,))
        case Let():
            return free_variables(expr.value) | (free_variables(expr.body) - {expr.name})
        case Loop():
            inner = free_variables(expr.body)
            if expr.where is not None:
                inner |= free_variables(expr.where)
            return free_variables(expr.range) | (inner - set(expr.variables))
        case Fold():
            inner = free_variables(expr.step) - {expr.variable, expr.accumulator}
            return free_variables(expr.range) | free_variables(expr.init) | inner
        case _:
            return frozenset().union(*(free_variables(c) for c in children(expr)))
