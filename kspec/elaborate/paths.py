"""Knows what a written path means on a type, and how a value is written at its end without changing the
original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from kspec.elaborate import build
from kspec.elaborate.context import ITEM, Context
from kspec.elaborate.mistakes import listing, near
from kspec.ir.nodes import (
    And,
    Call,
    Expr,
    Field,
    HasField,
    HasKey,
    Key,
    Loop,
    MakeList,
    MakeRecord,
    Var,
)
from kspec.ir.types import BOOL, DYN, STRING, FieldDef, ListOf, MapOf, Record, Scalar, Type, show
from kspec.ir.walk import free_variables
from kspec.source import InternalError
from kspec.syntax import ast

Change: TypeAlias = Callable[[Expr], Expr]


class StepKind(Enum):
    FIELD = "field"  # .spec of a record
    KEY = "key"  # ["app"] of a map
    ITEM = "item"  # [web]: the element of a list-map whose key field has this value
    EACH = "each"  # [*]
    NUMBER = "number"  # [0], of a place that is told and not gone to


@dataclass(frozen=True, slots=True)
class Step:
    """One segment of a path. `type` is what it leads to; `key` the key field of the list-map of an ITEM."""

    kind: StepKind
    name: str
    type: Type
    key: str = ""


def resolve_path(
    path: ast.Path, type_: Type, context: Context, numbered: bool = False
) -> tuple[Step, ...] | None:
    """The steps of a path from a value of this type; None after a mistake, which is reported. `numbered`:
    elements of lists may go by their number, in a place that is only told.
    """
    steps: list[Step] = []
    at: FieldDef | None = None
    for segment in path:
        step = _step(segment, type_, at, context, numbered)
        if step is None:
            return None
        at = context.view.table.fields_of(type_).get(step.name) if step.kind is StepKind.FIELD else None
        steps.append(step)
        type_ = step.type
    return tuple(steps)


def _step(
    segment: ast.PathSegment, type_: Type, at: FieldDef | None, context: Context, numbered: bool
) -> Step | None:
    match segment, type_:
        case ast.Name(name), Record():
            return _field(segment, name, type_, context)
        case ast.Name(name) | ast.ItemKey(name), MapOf(_, value):
            return Step(StepKind.KEY, name, value)
        case ast.Name(name) | ast.ItemKey(name), Scalar("dyn"):
            return Step(StepKind.KEY, name, DYN)
        case ast.ItemKey(name), ListOf(Record() as element) if at is not None and len(at.list_keys) == 1:
            return Step(StepKind.ITEM, name, element, at.list_keys[0])
        case ast.ItemKey(name), ListOf(element) if numbered and name.isdigit():
            return Step(StepKind.NUMBER, name, element)
        case ast.EachItem(), ListOf(element):
            return Step(StepKind.EACH, "*", element)
        case ast.EachItem(), _:
            context.report(
                "KS2213",
                f"`[*]` stands for the elements of a list, and this is `{show(type_)}`",
                segment.span,
            )
        case ast.ItemKey(name), ListOf():
            help_ = "only lists of the API with one key field have elements by name; `[*]` means all"
            context.report("KS2213", f"this list has no element `{name}`", segment.span, help_)
        case _:
            name = segment.text if isinstance(segment, ast.Name | ast.ItemKey) else "*"
            context.report("KS2212", f"`{show(type_)}` has no field `{name}`", segment.span)
    return None


def _field(segment: ast.PathSegment, name: str, type_: Record, context: Context) -> Step | None:
    record = context.view.table.record(type_.name)
    if record is None:
        return Step(StepKind.FIELD, name, DYN)
    if name in record.fields:
        return Step(StepKind.FIELD, name, record.fields[name].type)
    if record.open:
        return Step(StepKind.FIELD, name, DYN)
    help_ = near(name, record.fields) or f"it has {listing(record.fields)}"
    context.report("KS2212", f"`{type_.name}` has no field `{name}`", segment.span, help_)
    return None


def read(operand: Expr, steps: tuple[Step, ...]) -> Expr:
    """The value at the end of the steps; what is absent reads as empty."""
    for step in steps:
        operand = _read(operand, step)
    return operand


def _read(operand: Expr, step: Step) -> Expr:
    match step.kind:
        case StepKind.FIELD:
            return Field(operand, step.name, step.type)
        case StepKind.KEY:
            there = HasKey(operand, step.name)
            return build.choice(there, Key(operand, step.name, step.type), build.zero(step.type))
        case StepKind.ITEM | StepKind.EACH:
            found = Loop("filter", (ITEM,), operand, None, _has_key(step), operand.type)
            first = Call("_[_]", (found, build.number(0)), step.type)
            return build.choice(build.is_empty(found), build.zero(step.type), first)
        case StepKind.NUMBER:
            raise _only_told(step)


def _only_told(step: Step) -> InternalError:
    return InternalError(f"[{step.name}] is part of a place, and of none that is read or written")


def _has_key(step: Step, variable: str = ITEM) -> Expr:
    """Is the variable the element that an ITEM step names?"""
    key = Field(Var(variable, step.type), step.key, STRING)
    return Call("_==_", (key, build.text(step.name)), BOOL)


def is_present(operand: Expr, steps: tuple[Step, ...]) -> Expr:
    """Is there something at the end of the steps?"""
    *before, last = steps
    holder = read(operand, tuple(before))
    match last.kind:
        case StepKind.FIELD:
            return HasField(holder, last.name)
        case StepKind.KEY:
            return HasKey(holder, last.name)
        case StepKind.ITEM | StepKind.EACH:
            return Loop("exists", (ITEM,), holder, None, _has_key(last), BOOL)
        case StepKind.NUMBER:
            raise _only_told(last)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`path: value`: where, what, whether only when absent, and a condition of its own (`c ? value :
    null`).
    """

    steps: tuple[Step, ...]
    value: Expr
    absent_only: bool
    condition: Expr | None = None


def element_of(steps: tuple[Step, ...]) -> Type | None:
    """The type of `item` in the value of a path: what the innermost `[*]` runs over."""
    return next((s.type for s in reversed(steps) if s.kind is StepKind.EACH), None)


def assign(operand: Expr, assignment: Assignment) -> Expr:
    """The operand with the assignment made: in every element that `[*]` names; absent lists stay absent."""
    steps = assignment.steps
    at = next((i for i, s in enumerate(steps) if s.kind is StepKind.EACH), None)
    if at is None:
        return _assign_one(operand, assignment)
    element = Var(ITEM, steps[at].type)
    rest = Assignment(steps[at + 1 :], assignment.value, assignment.absent_only, assignment.condition)
    changed = assign(element, rest)
    before = steps[:at]
    items = read(operand, before)
    mapped = Loop("map", (ITEM,), items, None, changed, items.type)
    if not before:
        return mapped
    return build.choice(is_present(operand, before), put(operand, before, mapped), operand)


def _assign_one(operand: Expr, assignment: Assignment) -> Expr:
    steps, condition = assignment.steps, assignment.condition
    changed = put(operand, steps, assignment.value)
    if assignment.absent_only and steps:
        there = is_present(operand, steps)
        if condition is None:
            return build.choice(there, operand, changed)
        condition = And(build.negated(there), condition)
    return changed if condition is None else build.choice(condition, changed, operand)


def put(operand: Expr, steps: tuple[Step, ...], value: Expr) -> Expr:
    """The operand with the value at the end of the steps; what lies between is made where it is absent."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step.kind is StepKind.ITEM:
        name = build.fresh("element", free_variables(value))
        return put_item(operand, step, name, lambda item: put(item, rest, value))
    inner = put(_read(operand, step), rest, value) if rest else value
    return build.replaced(operand, ((step.name, inner),), operand.type)


def put_item(items: Expr, step: Step, name: str, change: Change) -> Expr:
    """The list-map with its element of that key changed, or with a new one at the end; `name` is for the
    loops.
    """
    item = Var(name, step.type)
    chosen = build.choice(_has_key(step, name), change(item), item)
    mapped = Loop("map", (name,), items, None, chosen, items.type)
    fresh = MakeRecord(((step.key, build.text(step.name)),), step.type)
    added = build.concat((items, MakeList((change(fresh),), items.type)), items.type)
    there = Loop("exists", (name,), items, None, _has_key(step, name), BOOL)
    return build.choice(there, mapped, added)
