"""Small modules, small functions; a flat `match` over a closed union is a table, and exempt."""

from __future__ import annotations

import ast

from support.source_tree import functions, modules

MODULE_LINES = 400
FUNCTION_LINES = 50


def is_table(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Nothing but a docstring and one `match` whose cases are all short."""
    body = function.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    matches = [s for s in body if isinstance(s, ast.Match)]
    return len(matches) == 1 and len(body) <= 4 and all(lines(c.body) <= 12 for c in matches[0].cases)


def lines(body: list[ast.stmt]) -> int:
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_no_module_is_longer_than_400_lines() -> None:
    long = [f"{m.shown}: {n}" for m in modules() if (n := m.text.count("\n")) > MODULE_LINES]
    assert not long, "\n".join(long)


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        f"{m.shown}:{f.lineno} {f.name}: {n}"
        for m in modules()
        for f in functions(m.tree)
        if (n := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES and not is_table(f)
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_knows() -> None:
    mute = [m.shown for m in modules() if m.text.strip() and not ast.get_docstring(m.tree)]
    assert not mute, "\n".join(mute)
