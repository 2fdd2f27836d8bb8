"""Knows the binary operators: how tightly each binds. The parser folds chains by it, the printer puts
parentheses by it."""

from __future__ import annotations

from kspec.syntax import ast

IMPLIES = 0
CONDITIONAL = 1
PRECEDENCE = {
    "implies": IMPLIES,
    "||": 2,
    "&&": 3,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "in": 4,
    "..": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
}
UNARY = 8
MEMBER = 9
"""All but `implies` group to the left; `implies` groups to the right; `..` does not chain."""


def precedence(expr: ast.Expr) -> int:
    """How tightly the outermost operator of an expression binds."""
    match expr:
        case ast.Binary(op):
            return PRECEDENCE[op]
        case ast.Conditional():
            return CONDITIONAL
        case ast.Range():
            return PRECEDENCE[".."]
        case ast.Unary():
            return UNARY
        case ast.Quantified() | ast.Temporal():
            return IMPLIES
        case _:
            return MEMBER
