"""Knows the macros: calls that bind variables, or look at an argument's form instead of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kspec.elaborate import selection
from kspec.elaborate.scope import KSPEC, Scope
from kspec.ir import nodes as ir
from kspec.ir.signatures import NOTHING, SORTABLE
from kspec.ir.types import BOOL, DYN, INT, ListOf, MapOf, OptionalOf, Record, Scalar, Type, show
from kspec.ir.unify import merge
from kspec.runtime.values import NONE
from kspec.syntax import ast

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Elaborator

_LOOPS: dict[tuple[str, int], tuple[str, int, bool]] = {
    ("all", 2): ("all", 1, False),
    ("all", 3): ("all", 2, False),
    ("exists", 2): ("exists", 1, False),
    ("exists", 3): ("exists", 2, False),
    ("exists_one", 2): ("existsOne", 1, False),
    ("exists_one", 3): ("existsOne", 2, False),
    ("existsOne", 2): ("existsOne", 1, False),
    ("existsOne", 3): ("existsOne", 2, False),
    ("map", 2): ("map", 1, False),
    ("map", 3): ("map", 1, True),
    ("filter", 2): ("filter", 1, False),
    ("flatMap", 2): ("flatMap", 1, False),
    ("sortBy", 2): ("sortBy", 1, False),
    ("transformList", 3): ("map", 2, False),
    ("transformList", 4): ("map", 2, True),
    ("transformMap", 3): ("transformMap", 2, False),
    ("transformMap", 4): ("transformMap", 2, True),
    ("transformMapEntry", 3): ("transformMapEntry", 2, False),
    ("transformMapEntry", 4): ("transformMapEntry", 2, True),
}
"""(macro, number of arguments) -> (kind of loop, number of variables, is there a filter before the body)."""

MACRO_NAMES = ("has", "fold", "optMap", "optFlatMap", *sorted({name for name, _ in _LOOPS}))


def expand(e: Elaborator, node: ast.Call, scope: Scope, expected: Type | None = None) -> ir.Expr | None:
    """What the call means if it is a macro, else None."""
    count = len(node.args)
    wanted = expected if scope.mode == KSPEC else None
    if node.target is None:
        return _has(e, node, scope) if node.function == "has" and count == 1 else None
    if node.function == "bind" and count == 3 and node.target in (ast.Ident("cel"), ast.Ident("cel", True)):
        return _bind(e, node, scope)
    if node.function == "fold" and count == 4:
        return _fold(e, node, scope, wanted)
    if node.function in ("optMap", "optFlatMap") and count == 2:
        return _map_optional(e, node, scope)
    shape = _LOOPS.get((node.function, count))
    return None if shape is None else _loop(e, node, scope, wanted, *shape)


def _names(e: Elaborator, args: tuple[ast.Expr, ...]) -> list[str] | None:
    """The names in the places of variables; None, and a diagnostic, if one is not a plain name."""
    names = []
    for arg in args:
        if not isinstance(arg, ast.Ident) or arg.absolute:
            e.error(
                "KS2008",
                "the variable of a macro must be a plain name",
                arg.span,
                "as in `list.all(x, x > 0)`",
            )
            return None
        if arg.name in names:
            e.error("KS2008", f"the variable `{arg.name}` is there twice", arg.span)
            return None
        names.append(arg.name)
    return names


def _element_types(e: Elaborator, range_: ir.Expr, count: int, scope: Scope) -> tuple[Type, ...] | None:
    """Types of the variables of a loop over this; None, and a diagnostic, if nothing can loop over it."""
    match range_.type:
        case ListOf(element):
            return (element,) if count == 1 else (INT, element)
        case MapOf(key, value):
            return (key,) if count == 1 else (key, value)
        case type_ if type_ in (DYN, NOTHING) or not scope.checked:
            return (DYN,) * count
        case type_:
            if isinstance(type_, Record):
                advice = "name one of its fields that is a list"
            else:
                advice = "loops run over lists and maps"
            e.error("KS2003", f"`{show(type_)}` cannot be looped over", range_.span, advice)
            return None


def _body_type(kind: str, wanted: Type | None) -> Type | None:
    """What the body of a loop must be for the loop to be what is wanted; None where that says nothing."""
    match wanted:
        case ListOf(element) if kind == "map":
            return element
        case ListOf() if kind == "flatMap":
            return wanted
        case MapOf(_, value) if kind == "transformMap":
            return value
        case MapOf() if kind == "transformMapEntry":
            return wanted
        case _:
            return None


def _loop(
    e: Elaborator,
    node: ast.Call,
    scope: Scope,
    wanted: Type | None,
    kind: str,
    variables: int,
    filtered: bool,
) -> ir.Expr:
    assert node.target is not None
    range_ = e.expr(node.target, scope, wanted if kind in ("filter", "sortBy") else None)
    names = _names(e, node.args[:variables])
    types = _element_types(e, range_, variables, scope)
    if names is None or types is None:
        return ir.Lit(None, NOTHING, node.span)
    fresh = []
    inner = scope
    for name, type_ in zip(names, types, strict=True):
        inner, chosen = inner.bind_fresh(name, type_)
        fresh.append(chosen)
    where = e.condition(node.args[variables], inner) if filtered else None
    bool_wanted = kind in ("all", "exists", "existsOne", "filter")
    body = (
        e.condition(node.args[-1], inner)
        if bool_wanted
        else e.expr(node.args[-1], inner, _body_type(kind, wanted))
    )
    result = _loop_result(e, kind, range_.type, types, body, scope)
    return ir.Loop(kind, tuple(fresh), range_, where, body, result, node.span)


def _loop_result(
    e: Elaborator, kind: str, range_: Type, variables: tuple[Type, ...], body: ir.Expr, scope: Scope
) -> Type:
    match kind:
        case "all" | "exists" | "existsOne":
            return BOOL
        case "map":
            return ListOf(body.type)
        case "filter" | "sortBy":
            if kind == "sortBy" and scope.checked and not _sortable(body.type):
                e.error("KS2003", f"values of type `{show(body.type)}` have no order to sort by", body.span)
            return ListOf(variables[0])
        case "flatMap":
            if scope.checked and not isinstance(body.type, ListOf) and body.type not in (DYN, NOTHING):
                e.error(
                    "KS2003", f"flatMap wants a list for each element, this is `{show(body.type)}`", body.span
                )
            return body.type if isinstance(body.type, ListOf) else ListOf(DYN)
        case "transformMap":
            return MapOf(variables[0], body.type)
        case _:
            if scope.checked and not isinstance(body.type, MapOf) and body.type not in (DYN, NOTHING):
                e.error(
                    "KS2003",
                    f"transformMapEntry wants a map for each element, this is `{show(body.type)}`",
                    body.span,
                )
            return body.type if isinstance(body.type, MapOf) else MapOf(DYN, DYN)


def _sortable(type_: Type) -> bool:
    match type_:
        case ListOf(element):
            return _sortable(element)
        case Scalar(name):
            return name in SORTABLE or type_ in (DYN, NOTHING)
        case _:
            return False


def _fold(e: Elaborator, node: ast.Call, scope: Scope, wanted: Type | None) -> ir.Expr:
    """`list.fold(x, acc, init, step)`. The accumulator has the type that init and step share."""
    assert node.target is not None
    range_ = e.expr(node.target, scope)
    names = _names(e, node.args[:2])
    types = _element_types(e, range_, 1, scope)
    if names is None or types is None:
        return ir.Lit(None, NOTHING, node.span)
    init = e.expr(node.args[2], scope, wanted)
    accumulated = init.type if wanted is None else wanted
    with_element, variable = scope.bind_fresh(names[0], types[0])
    while True:
        inner, accumulator = with_element.bind_fresh(names[1], accumulated)
        before = len(e.diagnostics)
        step = e.expr(node.args[3], inner, _record_in(accumulated))
        merged = merge(accumulated, step.type)
        if merged is None and scope.checked:
            return e.error(
                "KS2003",
                f"the accumulator starts as `{show(init.type)}`, but the step yields `{show(step.type)}`",
                step.span,
            )
        if merged is None or merged == accumulated:
            return ir.Fold(variable, accumulator, range_, init, step, accumulated, node.span)
        del e.diagnostics[before:]
        accumulated = merged


def _record_in(type_: Type) -> Type | None:
    """The type, if it says what an object literal is: a record or a list of records."""
    inner = type_.element if isinstance(type_, ListOf) else type_
    return type_ if isinstance(inner, Record) else None


def _bind(e: Elaborator, node: ast.Call, scope: Scope) -> ir.Expr:
    """`cel.bind(x, value, body)`."""
    names = _names(e, node.args[:1])
    if names is None:
        return ir.Lit(None, NOTHING, node.span)
    value = e.expr(node.args[1], scope)
    inner, name = scope.bind_fresh(names[0], value.type)
    body = e.expr(node.args[2], inner)
    return ir.Let(name, value, body, body.type, node.span)


def _has(e: Elaborator, node: ast.Call, scope: Scope) -> ir.Expr:
    """`has(operand.field)`."""
    arg = node.args[0]
    if not isinstance(arg, ast.Select) or arg.optional:
        return e.error("KS2009", "has() wants a field, as in `has(pod.spec)`", arg.span)
    operand = e.expr(arg.operand, scope)
    return selection.has_field(e, operand, arg, scope, node.span)


def _map_optional(e: Elaborator, node: ast.Call, scope: Scope) -> ir.Expr:
    """`o.optMap(x, body)`: none stays none; `optFlatMap`: the body is an optional itself."""
    assert node.target is not None
    names = _names(e, node.args[:1])
    target = e.expr(node.target, scope)
    if names is None:
        return ir.Lit(None, NOTHING, node.span)
    if scope.checked and not isinstance(target.type, OptionalOf) and target.type not in (DYN, NOTHING):
        return e.error(
            "KS2003", f"{node.function} wants an optional, this is `{show(target.type)}`", target.span
        )
    held = target.type.value if isinstance(target.type, OptionalOf) else DYN
    outer, whole = scope.bind_fresh("optional", target.type)
    inner, name = outer.bind_fresh(names[0], held)
    body = e.expr(node.args[1], inner)
    wrap = node.function == "optMap"
    type_: Type = OptionalOf(body.type) if wrap else body.type
    some: Callable[[ir.Expr], ir.Expr] = (
        (lambda b: ir.Call("optional.of", (b,), type_, node.span)) if wrap else (lambda b: b)
    )
    whole_var = ir.Var(whole, target.type, target.span)
    held_value = ir.Call("value", (whole_var,), held, target.span)
    then = some(ir.Let(name, held_value, body, body.type, node.span))
    test = ir.Call("hasValue", (whole_var,), BOOL, target.span)
    choice = ir.Cond(test, then, ir.Lit(NONE, type_, node.span), type_, node.span)
    return ir.Let(whole, target, choice, type_, node.span)
