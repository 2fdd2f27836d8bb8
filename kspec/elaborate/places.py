"""Knows how a failing `require` says which field it is about, as the API prints it:
`spec.containers[0].image`.
"""

from __future__ import annotations

from kspec.elaborate import build
from kspec.elaborate.context import ITEM, Block, Context
from kspec.elaborate.paths import Step, StepKind, read, resolve_path
from kspec.ir.nodes import Call, Cond, Expr, Loop, MakeList, MakeRecord, Var
from kspec.ir.types import DYN, INT, STRING, ListOf
from kspec.syntax import ast

Place = tuple[str | Expr, ...]

REASON_HELP = 'a text or a list of texts: `else "must be positive"`'


def path_of(node: ast.Expr, block: Block, context: Context) -> tuple[str, ...] | None:
    """The path from the subject that an expression is, with `*` for the elements of enclosing loops; None
    if it is none.
    """
    match node:
        case ast.Ident(name) if name == context.subject:
            return ()
        case ast.Ident(name):
            return next(((*loop.path, "*") for loop in block.loops if loop.variable == name), None)
        case ast.Select(operand, field, False):
            before = path_of(operand, block, context)
            return None if before is None else (*before, field)
        case ast.Index(operand, ast.Literal("string", str() as key), False):
            before = path_of(operand, block, context)
            return None if before is None else (*before, key)
        case _:
            return None


def lower_require(statement: ast.Require, block: Block, context: Context) -> Expr:
    """The findings of one `require`: none if it holds. A `[*]` of its place that no `each` runs over is a
    loop here.
    """
    steps: tuple[Step, ...] | None = ()
    if statement.at is not None:
        numbered = not any(isinstance(segment, ast.EachItem) for segment in statement.at)
        steps = resolve_path(statement.at, block.type_of(context.subject), context, numbered)
    return _along(statement, steps or (), block, context)


def _along(statement: ast.Require, steps: tuple[Step, ...], block: Block, context: Context) -> Expr:
    operand: Expr = Var(context.subject, block.type_of(context.subject))
    place: list[str | Expr] = []
    walked: list[str] = []
    loops: list[tuple[Expr, str]] = []
    since = 0
    for at, step in enumerate(steps):
        if step.kind is not StepKind.EACH:
            place.append(_shown(step, first=not walked))
            walked.append(step.name)
            continue
        known = next((loop for loop in block.loops if loop.path == tuple(walked)), None)
        walked.append("*")
        if known is not None:
            index, operand = known.index, Var(known.variable, step.type)
        else:
            items = read(operand, steps[since:at])
            index = block.fresh(f"{ITEM}_index")
            loops.append((items, index))
            block = block.rebind(index, INT).rebind(ITEM, step.type)
            operand = Var(ITEM, step.type)
        since = at + 1
        place += ["[", Call("string", (Var(index, INT),), STRING), "]"]
    test = context.condition(statement.condition, block.scope)
    failing = finding(statement, block, context, tuple(place))
    found: Expr = Cond(test, build.empty_list(build.FINDINGS), failing, build.FINDINGS, statement.span)
    for items, index in reversed(loops):
        found = Loop("flatMap", (index, ITEM), items, None, found, build.FINDINGS, statement.span)
    return found


def _shown(step: Step, first: bool) -> str:
    if step.kind is StepKind.FIELD:
        return step.name if first else f".{step.name}"
    return f"[{step.name}]"


def finding(statement: ast.Require, block: Block, context: Context, place: Place) -> Expr:
    """A list of the findings for the reason, or for each reason of a list of them."""
    if statement.reason is None:
        help_ = 'say what is wrong: `else "..."`'
        context.report("KS2217", "this `require` gives no reason", statement.span, help_)
        return build.empty_list(build.FINDINGS)
    reason = context.expr(statement.reason, block.scope)
    code, field = build.text(statement.code or ""), build.joined(place)
    if reason.type == ListOf(STRING):
        name = block.fresh("reason")
        one = _finding(code, Var(name, STRING), field)
        return Loop("map", (name,), reason, None, one, build.FINDINGS, statement.span)
    if reason.type not in (STRING, DYN):
        context.report("KS2217", "this is not a reason", statement.reason.span, REASON_HELP)
    return MakeList((_finding(code, reason, field),), build.FINDINGS, span=statement.span)


def _finding(code: Expr, reason: Expr, field: Expr) -> Expr:
    return MakeRecord((("code", code), ("reason", reason), ("field", field)), build.FINDING)
