"""Knows which members of a list break a condition over all of them, so that an `assert` can name them."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import Rule
from kspec.runtime.values import EvalError


def culprits(expr: ir.Expr, env: Mapping[str, object], rules: Mapping[str, Rule]) -> tuple[str, list[object]]:
    """The variable of the first `all` that fails, and the members for which it does; ("", []) if none.

    It looks through `&&` and `let`.
    """
    match expr:
        case ir.And(left, right):
            return culprits(right if _holds(left, env, rules) else left, env, rules)
        case ir.Let(name, value, body):
            return culprits(body, {**env, name: evaluate(value, env, rules)}, rules)
        case ir.Loop("all", (variable,), range_, None, body):
            members = evaluate(range_, env, rules)
            if isinstance(members, (list, tuple)):
                return variable, [m for m in members if not _holds(body, {**env, variable: m}, rules)]
    return "", []


def _holds(expr: ir.Expr, env: Mapping[str, object], rules: Mapping[str, Rule]) -> bool:
    try:
        return evaluate(expr, env, rules) is True
    except EvalError:
        return False
