"""Knows the short ways to make typed expressions that lowering needs again and again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from kspec.ir.nodes import Call, Cond, Expr, Field, Lit, MakeList, MakeMap, MakeRecord, Var, With
from kspec.ir.types import BOOL, DYN, INT, STRING, ListOf, MapOf, Record, Type

FINDING = Record("Finding")
DECISION = Record("Decision")
ADMISSION = Record("Admission")
WRITE = Record("Write")
DOMAIN = Record("Domain")
FINDINGS = ListOf(FINDING)
WRITES = ListOf(WRITE)


def text(value: str) -> Lit:
    return Lit(value, STRING)


def number(value: int) -> Lit:
    return Lit(value, INT)


def negated(condition: Expr) -> Expr:
    return Call("!_", (condition,), BOOL, condition.span)


def is_empty(items: Expr) -> Expr:
    return Call("_==_", (Call("size", (items,), INT, items.span), number(0)), BOOL, items.span)


def empty_list(type_: Type) -> MakeList:
    return MakeList((), type_)


def zero(type_: Type) -> Expr:
    """What an absent value of a composite type reads as; other types have no place below them."""
    match type_:
        case Record():
            return MakeRecord((), type_)
        case ListOf():
            return MakeList((), type_)
        case MapOf():
            return MakeMap((), type_)
        case _:
            return MakeMap((), MapOf(STRING, DYN))


def concat(parts: Iterable[Expr], type_: Type) -> Expr:
    """The lists one after another; list literals that meet are joined, empty ones vanish."""
    kept: list[Expr] = []
    for part in parts:
        last = kept[-1] if kept else None
        if isinstance(part, MakeList) and not part.elements:
            continue
        if isinstance(part, MakeList) and isinstance(last, MakeList):
            kept[-1] = MakeList(last.elements + part.elements, type_, span=last.span.to(part.span))
        else:
            kept.append(part)
    return _balanced(kept, type_) if kept else empty_list(type_)


def _balanced(parts: Sequence[Expr], type_: Type) -> Expr:
    """Their sum as a balanced tree, so that a long list of parts stays shallow."""
    if len(parts) == 1:
        return parts[0]
    middle = (len(parts) + 1) // 2
    left, right = _balanced(parts[:middle], type_), _balanced(parts[middle:], type_)
    return Call("_+_", (left, right), type_, left.span)


def joined(parts: Sequence[str | Expr]) -> Expr:
    """One string: the texts and expressions in order, neighbouring texts joined."""
    pieces: list[str | Expr] = []
    for part in parts:
        if isinstance(part, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += part
        else:
            pieces.append(part)
    exprs = [text(p) if isinstance(p, str) else p for p in pieces]
    whole: Expr = exprs[0] if exprs else text("")
    for part in exprs[1:]:
        whole = Call("_+_", (whole, part), STRING)
    return whole


def choice(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """`condition ? then : otherwise`; with equal branches just one of them."""
    return then if then == otherwise else Cond(condition, then, otherwise, then.type, condition.span)


def replaced(operand: Expr, fields: tuple[tuple[str, Expr], ...], type_: Type) -> Expr:
    """The operand with these fields; a record that is being made gets them at once."""
    if isinstance(operand, MakeRecord):
        return MakeRecord(tuple({**dict(operand.fields), **dict(fields)}.items()), type_, operand.span)
    return With(operand, fields, type_)


def is_cheap(expr: Expr) -> bool:
    """May it be written twice without being worth a name? A variable, or fields of one."""
    while isinstance(expr, Field):
        expr = expr.operand
    return isinstance(expr, Var | Lit)


def fresh(name: str, taken: Container[str]) -> str:
    """The name, or with a number behind it if it is taken."""
    if name not in taken:
        return name
    count = 2
    while f"{name}_{count}" in taken:
        count += 1
    return f"{name}_{count}"
