"""The model is a pure function of its inputs and its chooser: no clock, no chance, no order of a set."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from support.source_tree import Module, functions, modules

FORBIDDEN_MODULES = {"time", "random", "datetime", "threading", "asyncio", "uuid", "secrets", "os"}
FORBIDDEN_CALLS = {"id", "hash"}


def model() -> list[Module]:
    return [m for m in modules() if m.room == "model"]


def set_names(function: ast.AST) -> set[str]:
    """Names bound to what is plainly a set: a literal, a comprehension, a call of set() or frozenset()."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and makes_set(node.value):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = ast.unparse(node.annotation)
            if annotation.startswith(("set", "frozenset")):
                found.add(node.target.id)
    return found


def makes_set(node: ast.AST | None) -> bool:
    return isinstance(node, (ast.Set, ast.SetComp)) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("set", "frozenset")
    )


ORDER_FREE = {"sorted", "len", "any", "all", "min", "max", "sum", "set", "frozenset"}


def iterated(tree: ast.AST) -> Iterator[ast.expr]:
    """Every expression that is walked through, unless its order cannot matter (`sorted(x for x in s)`)."""
    free = {
        id(a)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in ORDER_FREE
        for a in n.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            yield node.iter
        elif isinstance(node, (ast.ListComp, ast.DictComp, ast.GeneratorExp)) and id(node) not in free:
            yield from (g.iter for g in node.generators)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("list", "tuple")
        ):
            yield from node.args


def unordered(module: Module) -> list[str]:
    wrong = []
    for scope in [module.tree, *functions(module.tree)]:
        names = set_names(scope)
        wrong += [
            f"{module.shown}:{expr.lineno}: walks through a set without sorted()"
            for expr in iterated(scope)
            if makes_set(expr) or (isinstance(expr, ast.Name) and expr.id in names)
        ]
    return sorted(set(wrong))


def forbidden(module: Module) -> list[str]:
    wrong = []
    for node in ast.walk(module.tree):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS
        ):
            wrong.append(f"{module.shown}:{node.lineno}: calls {node.func.id}()")
        wrong += [f"{module.shown}: imports {n}" for n in names if n.split(".")[0] in FORBIDDEN_MODULES]
    return wrong


def test_the_model_has_no_clock_and_no_chance() -> None:
    wrong = [w for m in model() for w in forbidden(m)]
    assert not wrong, "\n".join(wrong)


def test_the_model_never_walks_through_a_set() -> None:
    wrong = [w for m in model() for w in unordered(m)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("for x in {1, 2}:\n    pass\n", True),
        ("s = set()\nfor x in sorted(s):\n    pass\n", False),
        ("def f() -> list[int]:\n    s = {1}\n    return [x for x in s]\n", True),
        ("def f() -> list[int]:\n    s = {1}\n    return sorted(x for x in s)\n", False),
        ("def f() -> list[int]:\n    s: set[int] = g()\n    return list(s)\n", True),
    ],
)
def test_walking_through_a_set_is_caught(text: str, caught: bool) -> None:
    planted = Module("kspec.model.planted", model()[0].path, text, ast.parse(text))
    assert bool(unordered(planted)) is caught
