"""Law: for any input of its types, the generated function of a rule does what the evaluator makes of the
rule.
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.outcomes import outcome

from kspec.backends.generate import elaborate, parse_rules
from kspec.data import root
from kspec.elaborate.modules import Elaborated
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate, evaluate_rule
from kspec.runtime.rulebook import Rulebook, load_rulebook
from kspec.testing.values import values_of

PATHS = sorted(
    p.relative_to(root() / "rules").with_suffix("").as_posix() for p in (root() / "rules").rglob("*.kspec")
)

MAKERS = ("nodes/pool",)
"""Files whose rules make as many objects as a number says."""


@cache
def standard() -> tuple[Elaborated, Rulebook]:
    return elaborate(parse_rules(root())), load_rulebook()


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_rules_agree(path: str, data: st.DataObject) -> None:
    elaborated, rulebook = standard()
    rules = [r for r in elaborated.program.rules if r.path == path]
    if not rules:
        return  # a file of types only
    rule = data.draw(st.sampled_from(rules))
    args = tuple(data.draw(values_of(p.type, elaborated.types), label=p.name) for p in rule.params)
    args = tuple(map(few, args)) if path in MAKERS else args
    compiled = rulebook.get(rule.id)
    assert compiled is not None
    known = elaborated.program.by_id()
    assert outcome(lambda: compiled.fn(*args)) == outcome(lambda: evaluate_rule(rule, args, known))
    check_clauses(rule, args, known, rulebook)


def few(value: object) -> object:
    """The value with small numbers."""
    match value:
        case bool():
            return value
        case int():
            return value % 5
        case list():
            return list(map(few, value))
        case dict():
            return {k: few(v) for k, v in value.items()}
        case _:
            return value


def check_clauses(
    rule: ir.Rule, args: tuple[object, ...], known: dict[str, ir.Rule], rulebook: Rulebook
) -> None:
    """What clauses compute of the same input agrees too."""
    compiled = rulebook.get(rule.id)
    assert compiled is not None
    env = {p.name: a for p, a in zip(rule.params, args, strict=True)}
    for head, clause in zip(rule.clauses, compiled.clauses, strict=True):
        if clause.fn is not None:
            expr, function = head.expr, clause.fn
            assert expr is not None
            assert outcome(lambda f=function: f(*args)) == outcome(lambda e=expr: evaluate(e, env, known))
