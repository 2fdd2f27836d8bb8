"""Knows which function a call means, of a rule or of the library: by its name and its arguments' types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kspec.elaborate.macros import MACRO_NAMES
from kspec.elaborate.names import near
from kspec.elaborate.scope import KSPEC, FunctionSig, Scope
from kspec.ir import nodes as ir
from kspec.ir.constants import READERS, constant_error
from kspec.ir.evaluate import zero
from kspec.ir.signatures import NOTHING, SUMMABLE, Overload, overloads_of, signatures
from kspec.ir.types import BOOL, DYN, INT, QUANTITY, ListOf, Record, Scalar, Type, show
from kspec.ir.unify import assignable, match_overloads, result_of, settle
from kspec.ir.walk import may_fail
from kspec.source import Span
from kspec.syntax import ast

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Elaborator

SHOWN_MAX = 5


SAME_LIST = ("slice", "reverse", "distinct")
"""Methods whose result is a list like their receiver: what is wanted of one is wanted of the other."""


def call(e: Elaborator, node: ast.Call, scope: Scope, expected: Type | None = None) -> ir.Expr:
    """`f(args)`, `a.b.f(args)` of a namespace, or `target.f(args)`."""
    expanded = e.macro(node, scope, expected)
    if expanded is not None:
        return expanded
    qualified, absolute = _qualified_name(node, scope)
    if qualified is not None:
        rules = scope.rule_functions(qualified, absolute)
        if rules:
            return apply_rule(e, qualified, rules, node, scope)
        name = next((c for c in scope.candidates(qualified, absolute) if _has_functions(c)), None)
        if name is not None:
            return standard(e, name, [e.expr(a, scope) for a in node.args], node, scope, method=False)
    if node.target is None or (node.function in MACRO_NAMES and scope.checked):
        return unknown_function(e, node, scope)
    wanted = expected if node.function in SAME_LIST and scope.mode == KSPEC else None
    target = e.expr(node.target, scope, wanted)
    args = [target, *(e.expr(a, scope) for a in node.args)]
    if any(o.method for o in overloads_of(node.function)):
        return standard(e, node.function, args, node, scope, method=True)
    return unknown_function(e, node, scope, args)


def _has_functions(name: str) -> bool:
    return any(not o.method for o in overloads_of(name))


def _qualified_name(node: ast.Call, scope: Scope) -> tuple[str | None, bool]:
    """`a.b.f` if the target is a plain chain of names, `f` if there is none."""
    if node.target is None:
        return node.function.removeprefix("."), node.function.startswith(".")
    parts = [node.function]
    target = node.target
    while isinstance(target, ast.Select) and not target.optional:
        parts.append(target.field)
        target = target.operand
    if not isinstance(target, ast.Ident):
        return None, False
    parts.append(target.name)
    return ".".join(reversed(parts)), target.absolute


def unknown_function(
    e: Elaborator, node: ast.Call, scope: Scope, args: list[ir.Expr] | None = None
) -> ir.Expr:
    if not scope.checked:
        made = tuple(args) if args is not None else tuple(e.expr(a, scope) for a in node.args)
        return ir.Call(node.function, made, DYN, node.span)
    if node.function in MACRO_NAMES:
        return e.error(
            "KS2004", f"`{node.function}` is not used with {_count(len(node.args))}", node.name_span
        )
    methods = node.target is not None
    names = [n for n, os in signatures().items() if n[0].isalpha() and any(o.method == methods for o in os)]
    known = [*names, *MACRO_NAMES] if methods else [*names, *(f.rpartition(".")[2] for f in scope.functions)]
    elsewhere = [f for f in scope.functions if f.rpartition(".")[2] == node.function]
    if elsewhere and not methods:
        known = elsewhere  # it is there, by its full name
    word = "method" if methods else "function"
    return e.error("KS2007", f"unknown {word} `{node.function}`", node.name_span, near(node.function, known))


# ---------------------------------------------------------------- the standard library


def operator(
    e: Elaborator, function: str, operands: tuple[ast.Expr, ...], span: Span, scope: Scope
) -> ir.Expr:
    """An operator applied to these operands."""
    args = [e.expr(o, scope) for o in operands]
    return _standard(e, function, args, span, span, scope, method=False)


def plus(e: Elaborator, node: ast.Binary, scope: Scope, expected: Type | None) -> ir.Expr:
    """`a + b`. Of two lists one may say what the object literals in the other are."""
    if isinstance(expected, ListOf):
        args = [e.expr(node.left, scope, expected), e.expr(node.right, scope, expected)]
    else:
        before = len(e.diagnostics)
        left = e.expr(node.left, scope)
        right = e.expr(node.right, scope, left.type if _of_records(left.type) else None)
        if _of_records(right.type) and not _of_records(left.type) and isinstance(left.type, ListOf):
            del e.diagnostics[before:]
            left = e.expr(node.left, scope, right.type)
            right = e.expr(node.right, scope)
        args = [left, right]
    return _standard(e, "_+_", args, node.span, node.span, scope, method=False)


def _of_records(type_: Type) -> bool:
    return isinstance(type_, ListOf) and isinstance(type_.element, Record)


def standard(
    e: Elaborator, name: str, args: list[ir.Expr], node: ast.Call, scope: Scope, method: bool
) -> ir.Expr:
    return _standard(e, name, args, node.span, node.name_span, scope, method)


def _standard(
    e: Elaborator, name: str, args: list[ir.Expr], span: Span, name_span: Span, scope: Scope, method: bool
) -> ir.Expr:
    if scope.mode == KSPEC and name not in ("_*_", "_/_") and QUANTITY in [a.type for a in args]:
        args = [e.adapt(a, QUANTITY, scope) for a in args]
    given, args = args, _with_zero(args, span) if name == "sum" else args
    matches = match_overloads(name, [a.type for a in args], method)
    if matches:
        made = tuple(args)
        result = result_of(matches)
        if scope.mode == KSPEC and name in READERS:
            wrong = constant_error(ir.Call(name, made, result, span))
            if wrong:
                return e.error("KS2018", wrong, args[-1].span)
        if name in ("or", "orValue") and may_fail(args[1]):
            return _lazy(name, args, result, span, scope)
        return ir.Call(name, made, result, span)
    if not scope.checked:
        return ir.Call(name, tuple(args), DYN, span)
    if any(isinstance(a, ir.Lit) and a.type == NOTHING for a in args):
        return ir.Lit(None, NOTHING, span)  # one of the arguments is a mistake already told
    return _no_overload(e, name, given, name_span, method)


def _with_zero(args: list[ir.Expr], span: Span) -> list[ir.Expr]:
    """`list.sum()` is given the zero of its elements' type, the sum of an empty list. Nothing else fits."""
    if len(args) != 1:
        return []
    values = args[0]
    element = values.type.element if isinstance(values.type, ListOf) else values.type
    if element in (DYN, NOTHING):
        return [values, ir.Lit(0, DYN if element == DYN else INT, span)]
    if isinstance(element, Scalar) and element.name in SUMMABLE:
        return [values, ir.Lit(zero(element), element, span)]
    return []


def _lazy(name: str, args: list[ir.Expr], result: Type, span: Span, scope: Scope) -> ir.Expr:
    """`o.orValue(d)` and `o.or(p)` where d or p can fail: they are looked at only where o is none."""
    _, variable = scope.bind_fresh("optional", args[0].type)
    held = ir.Var(variable, args[0].type, span)
    then = held if name == "or" else ir.Call("value", (held,), result, span)
    choice = ir.Cond(ir.Call("hasValue", (held,), BOOL, span), then, args[1], result, span)
    return ir.Let(variable, args[0], choice, result, span)


def _no_overload(e: Elaborator, name: str, args: list[ir.Expr], span: Span, method: bool) -> ir.Expr:
    overloads = [o for o in overloads_of(name) if o.method == method]
    receiver = 1 if method else 0
    counts = sorted({len(o.params) - receiver for o in overloads}) if name != "sum" else [0]
    given = len(args) - receiver
    if given not in counts and not any(o.variadic for o in overloads):
        wanted = " or ".join(map(str, counts))
        plural = "s" if counts != [1] else ""
        return e.error("KS2004", f"`{name}` takes {wanted} argument{plural}, {given} given", span)
    types = [show(settle(a.type)) for a in args]
    if name.startswith("_") or name in ("-_", "@in"):
        sign = name.strip("_@") if name != "_[_]" else "[ ]"
        message = f"`{sign}` is not defined for {' and '.join(types)}"
    elif method:
        message = f"`{name}` is not defined for {types[0]} with ({', '.join(types[1:])})"
    else:
        message = f"`{name}` is not defined for ({', '.join(types)})"
    return e.error("KS2003", message, span, _known_overloads(overloads))


def _known_overloads(overloads: Sequence[Overload]) -> str:
    shown = [_show_overload(o) for o in overloads[:SHOWN_MAX]]
    more = f", and {len(overloads) - SHOWN_MAX} more" if len(overloads) > SHOWN_MAX else ""
    return f"it exists as {', '.join(shown)}{more}"


def _show_overload(overload: Overload) -> str:
    types = [show(p) for p in overload.params if overload.name != "sum" or isinstance(p, ListOf)]
    if overload.method:
        return f"`{types[0]}.{overload.name}({', '.join(types[1:])})`"
    if overload.name.startswith("_") and len(types) == 2 and "[" not in overload.name:
        return f"`{types[0]} {overload.name.strip('_')} {types[1]}`"
    if overload.name == "@in":
        return f"`{types[0]} in {types[1]}`"
    return f"`{overload.name}({', '.join(types)})`"


def _count(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- functions of rules


def apply_rule(
    e: Elaborator, name: str, sigs: Sequence[FunctionSig], node: ast.Call, scope: Scope
) -> ir.Expr:
    """A call of a rule's function: the overload that fits, defaults and `using` parameters filled in."""
    count = len(node.args)
    fitting = [s for s in sigs if _required(s) <= count <= len(s.given)]
    args = [e.expr(a, scope, _shared_type(fitting, i) if fitting else None) for i, a in enumerate(node.args)]
    if not fitting:
        counts = sorted({n for s in sigs for n in range(_required(s), len(s.given) + 1)})
        wanted = " or ".join(map(str, counts))
        plural = "s" if counts != [1] else ""
        return e.error("KS2004", f"`{name}` takes {wanted} argument{plural}, {count} given", node.name_span)
    if any(isinstance(a, ir.Lit) and a.type == NOTHING for a in args):
        return ir.Lit(None, NOTHING, node.span)
    chosen = next((s for s in fitting if _accepts(e, s, args, scope)), None)
    if chosen is None:
        given = ", ".join(show(settle(a.type)) for a in args)
        exist = ", ".join(f"`{name}({', '.join(show(p.type) for p in s.given)})`" for s in sigs[:SHOWN_MAX])
        return e.error(
            "KS2003", f"`{name}` is not defined for ({given})", node.name_span, f"it exists as {exist}"
        )
    fitted = [e.fit(a, p.type, scope) for a, p in zip(args, chosen.given, strict=False)]
    fitted += [p.default for p in chosen.given[count:] if p.default is not None]
    fitted += [_implicit(e, p, name, node, scope) for p in chosen.implicit]
    return ir.Apply(chosen.rule_id, tuple(fitted), chosen.result, node.span)


def _required(sig: FunctionSig) -> int:
    return sum(p.default is None for p in sig.given)


def _shared_type(sigs: Sequence[FunctionSig], index: int) -> Type | None:
    """The type of a parameter where all candidates agree on it."""
    types = {s.given[index].type for s in sigs}
    return types.pop() if len(types) == 1 else None


def _accepts(e: Elaborator, sig: FunctionSig, args: Sequence[ir.Expr], scope: Scope) -> bool:
    return all(
        assignable(e.adapt(a, p.type, scope).type, p.type) for a, p in zip(args, sig.given, strict=False)
    )


def _implicit(e: Elaborator, param: ir.Parameter, name: str, node: ast.Call, scope: Scope) -> ir.Expr:
    """A `using` parameter: the caller's variable of the same name."""
    found = scope.variable(param.name)
    if found is None or not assignable(found.type, param.type):
        return e.error(
            "KS2017",
            f"`{name}` uses `{param.name}: {show(param.type)}`, and no such variable is in scope",
            node.name_span,
            f"declare the rule with `using {param.name}: {show(param.type)}`",
        )
    return ir.Var(found.name, found.type, node.span)
