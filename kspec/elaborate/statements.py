"""Knows how a block of statements becomes one expression, for each of the shapes that a rule's result can
have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from kspec.elaborate import build
from kspec.elaborate.context import Block, Context, LoopPlace
from kspec.elaborate.places import finding, lower_require, path_of
from kspec.elaborate.writes import lower_write
from kspec.ir.nodes import And, Call, Cond, Expr, Field, Let, Lit, Loop, MakeList, MakeRecord, Var
from kspec.ir.types import BOOL, DYN, INT, STRING, ListOf, MapOf, Type, show
from kspec.ir.walk import free_variables
from kspec.syntax import ast

Statements: TypeAlias = Sequence[ast.Statement]
Leaf: TypeAlias = Callable[[ast.Statement, Block, Context], Expr | None]

DECISIONS = {"allow": "allow", "deny": "deny", "pass": "noopinion"}


def lower_let(statement: ast.Let, block: Block, context: Context, rest: Callable[[Block], Expr]) -> Expr:
    """`let x = e`, and the rest of the block under it."""
    wanted = context.type(statement.type) if statement.type is not None else None
    value = context.expr(statement.value, block.scope, wanted)
    body = rest(block.bind(statement.name, wanted or value.type, statement.span, context))
    return Let(statement.name, value, body, body.type, statement.span)


# ---------------------------------------------------------------- function, score: one value


def lower_value(statements: Statements, block: Block, context: Context, result: Type) -> Expr | None:
    """The value of the first `return` that is reached; None if the end can be reached without one."""
    if not statements:
        return None
    head, rest = statements[0], statements[1:]
    match head:
        case ast.Let():
            ends = True

            def below(inner: Block) -> Expr:
                nonlocal ends
                value = lower_value(rest, inner, context, result)
                ends = value is not None
                return value if value is not None else Lit(None, result, head.span)

            whole = lower_let(head, block, context, below)
            return whole if ends else None
        case ast.Return(value):
            _unreachable(rest, "a `return`", context)
            return context.expr(value, block.scope, result)
        case ast.When(condition, body, otherwise):
            test = context.condition(condition, block.scope)
            then = lower_value((*body, *(() if _returns(body) else rest)), block, context, result)
            other = lower_value((*otherwise, *(() if _returns(otherwise) else rest)), block, context, result)
            if _returns(body) and _returns(otherwise):
                _unreachable(rest, "a `when` whose branches both return", context)
            return None if then is None or other is None else Cond(test, then, other, result, head.span)
        case _:
            return lower_value(rest, block, context, result)


def _returns(statements: Statements) -> bool:
    """Does every way through these statements end in a `return`?"""
    return any(
        isinstance(s, ast.Return) or (isinstance(s, ast.When) and _returns(s.body) and _returns(s.otherwise))
        for s in statements
    )


def _unreachable(rest: Statements, after: str, context: Context) -> None:
    if rest:
        context.report(
            "KS2216", f"nothing after {after} is reached", rest[0].span, "delete it, or move it up"
        )


# ---------------------------------------------------------------- lists: findings, writes


def lower_list(
    statements: Statements,
    block: Block,
    context: Context,
    type_: ListOf,
    leaf: Leaf,
    parts: tuple[Expr, ...] = (),
) -> Expr:
    """What all the statements yield, one after another. `leaf` lowers a statement that is no let, when or
    each.
    """
    for at, head in enumerate(statements):
        match head:
            case ast.Let():
                rest = statements[at + 1 :]
                below = partial(lower_list, rest, context=context, type_=type_, leaf=leaf, parts=parts)
                return lower_let(head, block, context, below)
            case ast.When(condition, body, otherwise):
                test = context.condition(condition, block.scope)
                then = lower_list(body, block, context, type_, leaf)
                other = lower_list(otherwise, block, context, type_, leaf)
                parts = (*parts, build.choice(test, then, other))
            case ast.Each():
                inside = partial(lower_list, head.body, context=context, type_=type_, leaf=leaf)
                made = lower_each(head, block, context, type_, inside)
                parts = (*parts, made)
            case _:
                one = leaf(head, block, context)
                parts = parts if one is None else (*parts, one)
    return build.concat(parts, type_)


def lower_each(
    statement: ast.Each, block: Block, context: Context, type_: Type, body: Callable[[Block], Expr]
) -> Expr:
    """`each x in e { ... }`: what the block yields for every element, concatenated."""
    domain, inner, index = enter_each(statement, block, context)
    made = body(inner)
    counted = index in free_variables(made)
    variables = (index, statement.name) if counted else (statement.name,)
    return Loop("flatMap", variables, domain, None, made, type_, statement.span)


def enter_each(statement: ast.Each, block: Block, context: Context) -> tuple[Expr, Block, str]:
    """The list that `each` runs over, what its block sees, and the name that stands for the index there."""
    domain = context.expr(statement.domain, block.scope)
    match domain.type:
        case ListOf(element):
            pass
        case MapOf(key, _):
            element = key
        case _:
            element = DYN
            if domain.type != DYN:
                context.report(
                    "KS2213",
                    f"`each` runs over a list or the keys of a map, and this is `{show(domain.type)}`",
                    statement.domain.span,
                )
    if statement.index and isinstance(domain.type, MapOf):
        message = "the keys of a map have no numbers"
        context.report("KS2213", message, statement.span, f"`each {statement.name} in …` has the keys")
    inner = block.bind(statement.name, element, statement.span, context)
    if statement.index:
        inner = inner.bind(statement.index, INT, statement.span, context)
    index = statement.index or inner.fresh(f"{statement.name}_index")
    path = path_of(statement.domain, block, context)
    if path is not None and isinstance(domain.type, ListOf):
        place = LoopPlace(path, statement.name, index)
        inner = Block(inner.scope, inner.spans, (*inner.loops, place))
    return domain, inner, index


def without_index(statement: ast.Each, context: Context) -> None:
    """Findings and writes of a controller know the number of an element; what else `each` is for does not."""
    if statement.index:
        message = "decisions, and fields that are written, do not go by the number of an element"
        context.report("KS2213", message, statement.span, f"leave `{statement.index},` out")


def lower_findings(statements: Statements, block: Block, context: Context) -> Expr:
    """validate, gate: every `require` that fails."""
    return lower_list(statements, block, context, build.FINDINGS, _finding)


def _finding(statement: ast.Statement, block: Block, context: Context) -> Expr | None:
    return lower_require(statement, block, context) if isinstance(statement, ast.Require) else None


def lower_writes(statements: Statements, block: Block, context: Context) -> Expr:
    """controller: everything that it wants done, in order."""
    return lower_list(statements, block, context, build.WRITES, lower_write)


# ---------------------------------------------------------------- filter: the first failure


def lower_first(statements: Statements, block: Block, context: Context) -> Expr:
    """The findings of the first `require` that fails; what stands after it is not looked at."""
    if not statements:
        return build.empty_list(build.FINDINGS)
    head, rest = statements[0], statements[1:]
    match head:
        case ast.Let():
            return lower_let(head, block, context, lambda inner: lower_first(rest, inner, context))
        case ast.Require(at=None):
            test = context.condition(head.condition, block.scope)
            failing = finding(head, block, context, ())
            return Cond(test, lower_first(rest, block, context), failing, build.FINDINGS, head.span)
        case ast.Require():
            return _or_else(lower_require(head, block, context), rest, block, context)
        case ast.When(condition, body, otherwise):
            test = context.condition(condition, block.scope)
            then, other = lower_first(body, block, context), lower_first(otherwise, block, context)
            return _or_else(build.choice(test, then, other), rest, block, context)
        case ast.Each():
            found = lower_each(
                head, block, context, build.FINDINGS, lambda inner: lower_first(head.body, inner, context)
            )
            return _or_else(found, rest, block, context)
        case _:
            return lower_first(rest, block, context)


def _or_else(found: Expr, rest: Statements, block: Block, context: Context) -> Expr:
    """These findings, or if there are none those of the rest."""
    after = lower_first(rest, block, context)
    if isinstance(after, MakeList) and not after.elements:
        return found
    name = block.fresh("found", free_variables(after))
    named = Var(name, build.FINDINGS)
    chosen = Cond(build.is_empty(named), after, named, build.FINDINGS, found.span)
    return Let(name, found, chosen, build.FINDINGS, found.span)


# ---------------------------------------------------------------- authorizer: the first decision


def decision(verdict: str, reason: Expr) -> Expr:
    return MakeRecord((("decision", build.text(verdict)), ("reason", reason)), build.DECISION)


NO_OPINION = decision("noopinion", build.text(""))
UNDECIDED = decision("", build.text(""))
"""What a block that decides nothing yields to the statements after it; never the result of a rule."""


def lower_decision(statements: Statements, block: Block, context: Context, otherwise: Expr) -> Expr:
    """The first `allow`, `deny` or `pass` whose condition holds."""
    if not statements:
        return otherwise
    head, rest = statements[0], statements[1:]
    match head:
        case ast.Let():
            return lower_let(
                head, block, context, lambda inner: lower_decision(rest, inner, context, otherwise)
            )
        case ast.Decide(verdict, condition, because):
            test = context.condition(condition, block.scope)
            reason = context.expr(because, block.scope, STRING) if because is not None else build.text("")
            decided = decision(DECISIONS[verdict], reason)
            return Cond(
                test, decided, lower_decision(rest, block, context, otherwise), build.DECISION, head.span
            )
        case ast.When(condition, body, other):
            test = context.condition(condition, block.scope)
            none = UNDECIDED if rest else otherwise
            then = lower_decision(body, block, context, none)
            chosen = build.choice(test, then, lower_decision(other, block, context, none))
            return _decided_or(chosen, rest, block, context, otherwise) if rest else chosen
        case ast.Each():
            return _decided_or(_first_decided(head, block, context), rest, block, context, otherwise)
        case _:
            return lower_decision(rest, block, context, otherwise)


def _is_undecided(decided: Expr) -> Expr:
    verdict = Field(decided, "decision", STRING)
    return Call("_==_", (verdict, build.text("")), BOOL)


def _decided_or(decided: Expr, rest: Statements, block: Block, context: Context, otherwise: Expr) -> Expr:
    after = lower_decision(rest, block, context, otherwise)
    name = block.fresh("decided", free_variables(after))
    named = Var(name, build.DECISION)
    return Let(name, decided, build.choice(_is_undecided(named), after, named), build.DECISION)


def _first_decided(statement: ast.Each, block: Block, context: Context) -> Expr:
    """The decision of the first element that decides, else UNDECIDED."""
    domain, inner, _ = enter_each(statement, block, context)
    without_index(statement, context)
    name = inner.fresh("decided")
    named = Var(name, build.DECISION)
    body = lower_decision(statement.body, inner, context, UNDECIDED)
    all_ = Loop("map", (statement.name,), domain, None, body, ListOf(build.DECISION), statement.span)
    found = Loop("filter", (name,), all_, None, build.negated(_is_undecided(named)), ListOf(build.DECISION))
    listed = Var(name, found.type)
    first = Call("_[_]", (listed, build.number(0)), build.DECISION)
    return Let(name, found, build.choice(build.is_empty(listed), UNDECIDED, first), build.DECISION)


# ---------------------------------------------------------------- domain: members, validity, witness


def lower_domain(statements: Statements, block: Block, context: Context, element: Type) -> Expr:
    """One record of what the statements of each sort say; the lets come first, for all three."""
    return _domain(statements, block, context, element, (build.empty_list(ListOf(element)), (), ()))


Sorts: TypeAlias = tuple[Expr, tuple[Expr, ...], tuple[Expr, ...]]


def _domain(statements: Statements, block: Block, context: Context, element: Type, sorts: Sorts) -> Expr:
    members, valid, witness = sorts
    for at, head in enumerate(statements):
        match head:
            case ast.Let():
                rest, before = statements[at + 1 :], (members, valid, witness)
                below = partial(_domain, rest, context=context, element=element, sorts=before)
                return lower_let(head, block, context, below)
            case ast.Return(value):
                members = context.expr(value, block.scope, ListOf(element))
            case ast.Require(condition):
                valid = (*valid, context.condition(condition, block.scope))
            case _:
                witness = (*witness, lower_writes((head,), block, context))
    holds: Expr = valid[0] if valid else Lit(True, BOOL)
    for more in valid[1:]:
        holds = And(holds, more, BOOL, holds.span)
    fields = (("members", members), ("valid", holds), ("witness", build.concat(witness, build.WRITES)))
    return MakeRecord(fields, build.DOMAIN)
