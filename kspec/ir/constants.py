"""Knows what calls with constant arguments come to, as far as it is known before they run."""

from __future__ import annotations

from kspec.ir import nodes as ir
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.regex import compile_pattern
from kspec.runtime.values import EvalError

PATTERNS = ("matches", "find", "findAll")
"""Functions whose second argument is a regular expression."""

READERS = frozenset((*PATTERNS, "quantity", "duration", "timestamp", "ip", "cidr", "url", "semver"))
"""Functions that read a text which is mostly a constant."""


def constant_error(expr: ir.Call) -> str:
    """What is wrong with the constants that a reader is given: "" if nothing, or if they are none."""
    if expr.function not in READERS:
        return ""
    try:
        if expr.function in PATTERNS:
            pattern = expr.args[1]
            if isinstance(pattern, ir.Lit) and isinstance(pattern.value, str):
                compile_pattern(pattern.value)
        elif is_constant(expr):
            FUNCTIONS[expr.function](*[a.value for a in expr.args if isinstance(a, ir.Lit)])
    except EvalError as error:
        return error.message
    return ""


def is_constant(expr: ir.Call) -> bool:
    return all(isinstance(a, ir.Lit) for a in expr.args)


def cannot_fail(expr: ir.Call) -> bool:
    """Is this a call of a reader whose constants are sound?"""
    if expr.function == "findAll" or expr.function not in READERS:
        return False
    known = isinstance(expr.args[1], ir.Lit) if expr.function in PATTERNS else is_constant(expr)
    return known and not constant_error(expr)
