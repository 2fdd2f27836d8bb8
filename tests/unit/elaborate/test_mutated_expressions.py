"""Whatever is written, there is a value, an error of the language, or a diagnostic: never anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.expressions import table

from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import CEL, KSPEC, Scope
from kspec.ir.check import check
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.ir.types import DYN, INT, Record, Type, TypeTable
from kspec.ir.walk import may_fail
from kspec.runtime.values import EvalError
from kspec.source import SourceFile
from kspec.syntax.parse import parse_expression

SEEDS = """
    pod.spec.containers.filter(c, has(c.resources)).map(c, c.name + '-' + string(n)).join(',').matches('^a')
    {'a': [1, 2.5, 3u], ?'b': optional.of(any)}.?a[?0].orValue(null) == n / 2 % 3 || !(n in [n, -1])
    cel.bind(x, any.a.b[0], x.fold(y, acc, 0, acc + y)) >= size('é') ? b'x' : bytes(type(n) == int ? 'a' : 'b')
    lists.range(4).transformMap(i, v, i > 0, v * v).all(k, v, k * k == v) && math.greatest(n, 1, 2.0) > 1
    deployment/shop/db-1.spec.replicas - 1..3 implies timestamp('2024-01-01T00:00:00Z') + 5min > duration('1h')
    {spec.replicas: 3 spec.template.spec.containers[web]: {image: 'a' resources.requests: {cpu: 250m}} (pod.name): 1}
    ip('10.0.0.1') == cidr('10.0.0.0/8').ip() || quantity('1Gi').add(1).isLessThan(16Gi) || '%s %d'.format([any, n])
    [[1], [2, 3]].flatMap(l, l).sortBy(x, [-x, n]).exists_one(i, x, x == i) == pod.labels['app'].startsWith('a')
"""  # noqa: E501
TOKEN = re.compile(r"\w+|'[^']*'|\s+|.", re.DOTALL)
TOKENS = [TOKEN.findall(line.strip()) for line in SEEDS.strip().splitlines()]
VARIABLES: dict[str, Type] = {"pod": Record("core.Pod"), "n": INT, "cluster": Record("Cluster"), "any": DYN}
ENV: dict[str, object] = {
    "pod": {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x"}]}},
    "n": 3,
    "cluster": {"deployments": []},
    "any": {"a": {"b": [[1, 2]]}},
}


@st.composite
def mutated(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """One of the seeds with some tokens lost, doubled, or taken from another."""
    tokens = list(draw(st.sampled_from(TOKENS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(tokens)))
        other = draw(st.sampled_from(TOKENS))
        start = draw(st.integers(0, len(other) - 1))
        part = other[start : start + draw(st.integers(0, 8))]
        tokens[at : at + draw(st.integers(0, 6))] = part
    return "".join(tokens)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated(), st.sampled_from((CEL, KSPEC)), st.booleans())
def test_any_text(source: str, mode: str, checked: bool) -> None:
    node, problems = parse_expression(SourceFile("<test>", source), strict=mode == CEL)
    if node is None or problems:
        assert problems
        return
    types = table() if mode == KSPEC else TypeTable()
    variables = VARIABLES if checked else dict.fromkeys(VARIABLES, DYN)
    expr, mistakes = elaborate_expression(node, Scope(variables, types=types, mode=mode, checked=checked))
    if mistakes:
        assert all(m.code.startswith("KS20") and m.message and m.span is not None for m in mistakes)
        return
    assert show_expr(expr)
    assert not checked or check(expr, types, VARIABLES) == []
    try:
        evaluate(expr, ENV)
    except EvalError as error:
        assert error.code == "budget" or not checked or may_fail(expr)
