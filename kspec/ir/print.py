"""Knows how a typed expression is written: the language's own syntax where it has one."""

from __future__ import annotations

import json
from typing import assert_never

from kspec.ir import nodes as ir
from kspec.ir.deep import deep_recursion
from kspec.ir.signatures import overloads_of
from kspec.ir.types import show
from kspec.ir.unify import match_overloads
from kspec.runtime.conversions import show_double
from kspec.runtime.quantity import show_quantity
from kspec.runtime.times import show_duration, show_timestamp
from kspec.runtime.values import BoolKey, Duration, Optional, Quantity, Timestamp, TypeValue, UInt

_INFIX = {
    "_*_": ("*", 6),
    "_/_": ("/", 6),
    "_%_": ("%", 6),
    "_+_": ("+", 5),
    "_-_": ("-", 5),
    "_==_": ("==", 4),
    "_!=_": ("!=", 4),
    "_<_": ("<", 4),
    "_<=_": ("<=", 4),
    "_>_": (">", 4),
    "_>=_": (">=", 4),
    "@in": ("in", 4),
}
_AND, _OR, _COND, _UNARY, _ATOM = 3, 2, 1, 7, 8


def show_expr(expr: ir.Expr) -> str:
    """The expression on one line."""
    with deep_recursion():
        return _show(expr, 0)


def show_rule(rule: ir.Rule) -> str:
    """The rule: its head, then its body with one `let` a line."""
    params = ", ".join(f"{p.name}: {show(p.type)}" for p in rule.params)
    lines = [f"{rule.kind} {rule.id}({params}): {show(rule.result)}"]
    for clause in rule.clauses:
        parts = [
            clause.word,
            show(clause.type) if clause.type else "",
            f"as {clause.name}" if clause.name else "",
        ]
        lines.append(
            "  " + " ".join(p for p in parts if p) + (f" {show_expr(clause.expr)}" if clause.expr else "")
        )
    body = rule.body
    while isinstance(body, ir.Let):
        lines.append(f"  let {body.name} = {show_expr(body.value)}")
        body = body.body
    lines.append(f"  {show_expr(body)}")
    return "\n".join(lines)


def show_value(value: object) -> str:
    """A value as an expression of the language."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case UInt():
            return f"{int(value)}u"
        case int():
            return str(value)
        case float():
            text = show_double(value)
            return text if "." in text or not text.lstrip("-").isdigit() else f"{text}.0"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return "b'" + "".join(f"\\x{b:02x}" for b in value) + "'"
        case BoolKey():
            return "true" if value is BoolKey.TRUE else "false"
        case list() | tuple():
            return "[" + ", ".join(map(show_value, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{show_value(k)}: {show_value(v)}" for k, v in value.items()) + "}"
        case _:
            return _show_scalar(value)


def _show_scalar(value: object) -> str:
    match value:
        case Timestamp():
            return f'timestamp("{show_timestamp(value)}")'
        case Duration():
            return f'duration("{show_duration(value)}")'
        case Quantity():
            return f'quantity("{show_quantity(value)}")'
        case TypeValue(name):
            return name
        case Optional(present, held):
            return f"optional.of({show_value(held)})" if present else "optional.none()"
        case _:
            return str(value)


def _show(expr: ir.Expr, outside: int) -> str:
    """The text, in parentheses if its operator binds less than what stands outside."""
    text, binding = _text(expr)
    return f"({text})" if binding < outside else text


def _text(expr: ir.Expr) -> tuple[str, int]:
    match expr:
        case ir.Lit():
            text = show_value(expr.value)
            return text, _UNARY if text.startswith("-") else _ATOM
        case ir.Var():
            return expr.name, _ATOM
        case ir.Field() | ir.Key():
            return f"{_show(expr.operand, _ATOM)}.{_name(expr.name)}", _ATOM
        case ir.HasField() | ir.HasKey():
            return f"has({_show(expr.operand, _ATOM)}.{_name(expr.name)})", _ATOM
        case ir.And():
            return f"{_show(expr.left, _AND)} && {_show(expr.right, _AND + 1)}", _AND
        case ir.Or():
            return f"{_show(expr.left, _OR)} || {_show(expr.right, _OR + 1)}", _OR
        case ir.Cond():
            test, then = _show(expr.condition, _COND + 1), _show(expr.then, _COND + 1)
            return f"{test} ? {then} : {_show(expr.otherwise, _COND)}", _COND
        case ir.Call():
            return _call(expr)
        case ir.Apply():
            return f"{expr.rule.replace('/', '.')}({_list(expr.args)})", _ATOM
        case ir.MakeList():
            elements = [
                ("?" if i in expr.optional else "") + _show(x, 0) for i, x in enumerate(expr.elements)
            ]
            return f"[{', '.join(elements)}]", _ATOM
        case ir.MakeMap():
            entries = [
                f"{'?' if i in expr.optional else ''}{_show(k, 0)}: {_show(v, 0)}"
                for i, (k, v) in enumerate(expr.entries)
            ]
            return f"{{{', '.join(entries)}}}", _ATOM
        case ir.MakeRecord():
            return f"{show(expr.type)}{{{_fields(expr.fields)}}}", _ATOM
        case ir.With():
            return f"{_show(expr.operand, _ATOM)}.with({{{_fields(expr.fields)}}})", _ATOM
        case ir.Let():
            return f"cel.bind({expr.name}, {_show(expr.value, 0)}, {_show(expr.body, 0)})", _ATOM
        case ir.Loop():
            return _loop(expr), _ATOM
        case ir.Fold():
            parts = [expr.variable, expr.accumulator, _show(expr.init, 0), _show(expr.step, 0)]
            return f"{_show(expr.range, _ATOM)}.fold({', '.join(parts)})", _ATOM
        case _:
            assert_never(expr)


def _call(expr: ir.Call) -> tuple[str, int]:
    name, args = expr.function, expr.args
    if name in _INFIX and len(args) == 2:
        sign, binding = _INFIX[name]
        return f"{_show(args[0], binding)} {sign} {_show(args[1], binding + 1)}", binding
    if name in ("!_", "-_") and len(args) == 1:
        return f"{name[0]}{_show(args[0], _UNARY)}", _UNARY
    if name in ("_[_]", "_[?_]"):
        mark = "?" if name == "_[?_]" else ""
        return f"{_show(args[0], _ATOM)}[{mark}{_show(args[1], 0)}]", _ATOM
    if name == "_?._" and isinstance(args[1], ir.Lit):
        return f"{_show(args[0], _ATOM)}.?{_name(str(args[1].value))}", _ATOM
    if name == "sum":
        args = args[:1]  # the second, the zero of the elements' type, is put there by elaboration
    if _is_method(expr):
        return f"{_show(args[0], _ATOM)}.{name}({_list(args[1:])})", _ATOM
    return f"{name}({_list(args)})", _ATOM


def _is_method(expr: ir.Call) -> bool:
    types = [a.type for a in expr.args]
    return (
        bool(types)
        and not match_overloads(expr.function, types, False)
        and any(o.method for o in overloads_of(expr.function))
    )


def _loop(expr: ir.Loop) -> str:
    kind = expr.kind
    if kind == "map" and len(expr.variables) == 2:
        kind = "transformList"
    parts = [
        *expr.variables,
        *([_show(expr.where, 0)] if expr.where is not None else []),
        _show(expr.body, 0),
    ]
    return f"{_show(expr.range, _ATOM)}.{kind}({', '.join(parts)})"


def _list(args: tuple[ir.Expr, ...]) -> str:
    return ", ".join(_show(a, 0) for a in args)


def _fields(fields: tuple[tuple[str, ir.Expr], ...]) -> str:
    return ", ".join(f"{_name(name)}: {_show(value, 0)}" for name, value in fields)


def _name(text: str) -> str:
    return text if text.isidentifier() and text.isascii() else f"`{text}`"
