"""Knows how the fields of a block are laid over an object: `create T from e { ... }`, `update e { ... }`,
`status { ... }`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kspec.elaborate import build
from kspec.elaborate.context import Context
from kspec.elaborate.paths import Step, StepKind, put_item, read, resolve_path
from kspec.elaborate.scope import Scope
from kspec.ir.nodes import Expr, Field, HasKey, Key, Let, Lit, MakeList, MakeMap, MakeRecord, Var
from kspec.ir.types import STRING, Type
from kspec.ir.walk import free_variables
from kspec.syntax import ast


@dataclass(slots=True)
class Layer:
    """What a block says about one place: a value for the whole of it, and values for places below it."""

    type: Type
    value: Expr | None = None
    below: dict[tuple[StepKind, str], tuple[Step, Layer]] = field(default_factory=dict)

    def at(self, steps: tuple[Step, ...]) -> Layer:
        layer = self
        for step in steps:
            key = (step.kind, step.name)
            if key not in layer.below:
                layer.below[key] = (step, Layer(step.type))
            layer = layer.below[key][1]
        return layer

    def replace(self, value: Expr) -> None:
        self.value = value
        self.below.clear()


def layer_of(fields: ast.ObjectExpr | None, type_: Type, scope: Scope, context: Context) -> Layer:
    """The block, with its values typed by the places they go to; a later field wins over an earlier one."""
    top = Layer(type_)
    for entry in fields.fields if fields is not None else ():
        if isinstance(entry, ast.ComputedField):
            context.report("KS2213", "only a map has computed keys", entry.span)
            continue
        steps = resolve_path(entry.path, type_, context)
        if steps is None:
            context.expr(entry.value, scope)
        elif any(s.kind is StepKind.EACH for s in steps):
            context.report(
                "KS2213", "`[*]` has no place here", entry.span, "change the elements with `map` instead"
            )
        else:
            top.at(steps).replace(context.expr(entry.value, scope, steps[-1].type))
    return top


def laid_over(layer: Layer, base: Expr | None) -> Expr:
    """The base (None: nothing) with everything that the layer says."""
    whole = layer.value if layer.value is not None else base
    if not layer.below:
        return whole if whole is not None else build.zero(layer.type)
    if whole is not None and not isinstance(whole, MakeRecord) and not build.is_cheap(whole):
        taken = {name for _, below in layer.below.values() for name in _names(below)}
        name = build.fresh("whole", taken)
        return Let(name, whole, _with(layer, Var(name, whole.type)), layer.type)
    return _with(layer, whole)


def _names(layer: Layer) -> set[str]:
    found = set(free_variables(layer.value)) if layer.value is not None else set()
    return found.union(*(_names(below) for _, below in layer.below.values()))


def _with(layer: Layer, whole: Expr | None) -> Expr:
    steps = [step for step, _ in layer.below.values()]
    if steps[0].kind is StepKind.ITEM:
        items: Expr = whole if whole is not None else build.empty_list(layer.type)
        for step, below in layer.below.values():
            items = _item(items, step, below)
        return items
    values = tuple((step.name, laid_over(below, _part(whole, step))) for step, below in layer.below.values())
    if whole is not None:
        return build.replaced(whole, values, layer.type)
    if steps[0].kind is StepKind.KEY:
        return MakeMap(tuple((Lit(name, STRING), value) for name, value in values), layer.type)
    return MakeRecord(values, layer.type)


def _part(whole: Expr | None, step: Step) -> Expr | None:
    """What the base has at a step; None if it has nothing. A map is only read where something goes below
    the key.
    """
    if whole is None:
        return None
    if isinstance(whole, MakeRecord):
        return dict(whole.fields).get(step.name)
    if step.kind is StepKind.FIELD:
        return Field(whole, step.name, step.type)
    return build.choice(HasKey(whole, step.name), Key(whole, step.name, step.type), build.zero(step.type))


def _item(items: Expr, step: Step, below: Layer) -> Expr:
    if isinstance(items, MakeList):
        made = MakeRecord(((step.key, build.text(step.name)),), step.type)
        return build.concat((items, MakeList((laid_over(below, made),), items.type)), items.type)
    name = build.fresh("element", _names(below))
    return put_item(items, step, name, lambda item: laid_over(below, item))


def patch(layer: Layer, current: Expr) -> Expr:
    """Only what the layer says, as a merge patch of the current value: lists are whole, records and maps
    are parts.
    """
    if not layer.below:
        return layer.value if layer.value is not None else build.zero(layer.type)
    if layer.value is not None or next(iter(layer.below.values()))[0].kind is StepKind.ITEM:
        return laid_over(layer, current)
    values = tuple((step.name, patch(below, read(current, (step,)))) for step, below in layer.below.values())
    if next(iter(layer.below.values()))[0].kind is StepKind.KEY:
        return MakeMap(tuple((Lit(name, STRING), value) for name, value in values), layer.type)
    return MakeRecord(values, layer.type)
