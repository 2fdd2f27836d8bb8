"""Other implementations of CEL say the same, where both say anything."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.expressions import value

Texts = st.SearchStrategy[str]
ENV: dict[str, object] = {"n": 7, "s": "web", "l": [3, -1, 4], "m": {"a": 1, "b": 0}, "t": True}
ERROR = "an error"
"""Both fail; each has its own words for why."""


def literals() -> dict[str, Texts]:
    return {
        "int": st.one_of(
            st.integers(-9, 9).map(lambda i: str(i) if i >= 0 else f"({i})"),
            st.just("n"),
            st.just("9223372036854775807"),
        ),
        "bool": st.sampled_from(("true", "false", "t")),
        "string": st.one_of(
            st.text("ab\"'\\\né", max_size=3).map(lambda x: json.dumps(x, ensure_ascii=False)), st.just("s")
        ),
        "list": st.sampled_from(("[]", "[1, 2, 3]", "l", "[n]")),
        "map": st.sampled_from(("m", "{'a': 2}", "{'a': 1, 'c': n}")),
    }


FORMS: dict[str, tuple[str, ...]] = {
    "int": (
        "({int} + {int})",
        "({int} - {int})",
        "({int} * {int})",
        "({int} / {int})",
        "({int} % {int})",
        "size({list})",
        "size({string})",
        "({bool} ? {int} : {int})",
        "{list}[{int}]",
        "{map}['a']",
        "{map}.c",
        "int({int})",
        "size({map})",
    ),
    "bool": (
        "({int} < {int})",
        "({int} >= {int})",
        "({int} == {int})",
        "({string} != {string})",
        "({string} < {string})",
        "({bool} && {bool})",
        "({bool} || {bool})",
        "!{bool}",
        "({int} in {list})",
        "({string} in {map})",
        "{string}.startsWith({string})",
        "{string}.endsWith({string})",
        "{string}.contains({string})",
        "has({map}.a)",
        "{list}.all(x, (x < {int}))",
        "{list}.exists(x, (x == {int}))",
        "{list}.exists_one(x, (x > {int}))",
        "({list} == {list})",
        "({map} == {map})",
        "{list}.all(x, ((10 / x) > {int}))",
        "{list}.exists(x, ((10 % (x - 1)) == {int}))",
        "({bool} ? {bool} : {bool})",
    ),
    "string": ("({string} + {string})", "({bool} ? {string} : {string})", "string({int})"),
    "list": (
        "({list} + {list})",
        "{list}.filter(x, (x > {int}))",
        "{list}.map(x, (x * {int}))",
        "({bool} ? {list} : {list})",
    ),
    "map": ("({bool} ? {map} : {map})",),
}


@st.composite
def expressions(
    draw: Callable[[st.SearchStrategy[Any]], Any], kind: str | None = None, depth: int = 4
) -> str:
    """The text of an expression of this kind."""
    wanted = kind or draw(st.sampled_from(sorted(FORMS)))
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return str(draw(literals()[wanted]))
    form = draw(st.sampled_from(FORMS[wanted]))
    made, _, rest = form.partition("{")
    while rest:
        part, _, rest = rest.partition("}")
        made += draw(expressions(part, depth - 1))
        plain, _, rest = rest.partition("{")
        made += plain
    return made


def ours(source: str) -> object:
    found = value(source, **ENV)
    return ERROR if isinstance(found, str) and found.startswith("!") else found


def by_rust(source: str) -> object:
    """common-expression-language, in Rust."""
    cel = pytest.importorskip("cel", reason="common-expression-language is not installed")
    try:
        return cel.evaluate(source, ENV)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return ERROR


def by_python(source: str) -> object:
    """cel-python."""
    celpy = pytest.importorskip("celpy", reason="cel-python is not installed")
    environment = celpy.Environment()
    try:
        program = environment.program(environment.compile(source))
        return plain(program.evaluate({name: celpy.json_to_cel(v) for name, v in ENV.items()}))
    except (celpy.CELEvalError, celpy.CELParseError):
        return ERROR


def plain(found: Any) -> object:
    """A value of cel-python as one of Python's own."""
    if type(found).__name__ == "BoolType":
        return bool(found)
    for base in (str, int, float):
        if isinstance(found, base):
            return base(found)
    if isinstance(found, dict):
        return {plain(k): plain(v) for k, v in found.items()}
    return [plain(v) for v in found] if isinstance(found, list) else found


def same(a: object, b: object) -> bool:
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (isinstance(a, float) and math.isnan(a)))


AGREE = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@AGREE
@given(expressions())
def test_rust_agrees(source: str) -> None:
    """ours(e) == theirs(e), errors included."""
    assume("é" not in source)  # it counts bytes
    assert same(ours(source), by_rust(source)), source


@AGREE
@given(expressions())
def test_python_agrees(source: str) -> None:
    """theirs(e) is a value  =>  ours(e) is the same. (It fails on an overflow behind `false &&`.)"""
    theirs = by_python(source)
    assume(theirs is not ERROR)
    assert same(ours(source), theirs), source
