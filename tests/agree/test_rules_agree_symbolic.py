"""Law: the symbolic function of a rule is, in every model, what the evaluator makes of the rule."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.rules import standard
from support.symbolic import Lifter, exactly, outcome, outcome_in

from kspec.backends.symbolic.domains import project
from kspec.data import root
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate, evaluate_rule
from kspec.runtime.symbolic.rulebook import SymbolicRules, load_symbolic
from kspec.testing.values import values_of

FOLDERS = sorted({p.parent.name for p in (root() / "rules").rglob("*.kspec")})
MAKERS = ("nodes/pool",)
"""Files whose rules make as many objects as a number says."""


@cache
def symbolic() -> SymbolicRules:
    return load_symbolic()


@pytest.mark.parametrize("folder", FOLDERS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_rules_agree(folder: str, data: st.DataObject) -> None:
    rules = [r for r in standard().program.rules if r.path.startswith(f"{folder}/") and r.path not in MAKERS]
    if not rules:
        return  # types only
    rule = standard().program.by_id()[data.draw(st.sampled_from([r.id for r in rules]))]
    args = tuple(data.draw(values_of(p.type, standard().types), label=p.name) for p in rule.params)
    lifter = Lifter(random.Random(data.draw(st.integers(0, 2**32))).randrange)
    check_agreement(rule, args, tuple(map(lifter.lift, args)), lifter)


def check_agreement(
    rule: ir.Rule, args: tuple[object, ...], lifted: tuple[object, ...], lifter: Lifter
) -> None:
    kind, found = outcome_in(symbolic()[rule.id](*lifted), lifter.model)
    if kind == "unsupported":
        return
    expected = outcome(lambda: expected_of(rule, args))
    assert (kind, exactly(found) if kind == "value" else found) == expected, (rule.id, args)


def expected_of(rule: ir.Rule, args: tuple[object, ...]) -> object:
    """What the evaluator makes of it; of a domain whether the candidate is valid, as symbolically."""
    known = standard().program.by_id()
    if rule.kind != "domain":
        return evaluate_rule(rule, args, known)
    env = {p.name: arg for p, arg in zip(rule.params, args, strict=True)}
    return evaluate(project(rule.body, "valid"), env, known)
