"""Knows what drawing begins with: values that could exist, some of them where a property bites."""

from __future__ import annotations

from collections.abc import Sequence

from kspec.cli.verifying import Verification
from kspec.ir import nodes as ir
from kspec.ir.properties import Property, Quantifier
from kspec.ir.types import BOOL

Candidates = dict[str, list[object]]


def candidates(verification: Verification, prop: Property) -> Candidates:
    """For each open variable: the plainest member of its domain, and one for which the premise holds."""
    found: Candidates = {q.name: [] for q in prop.quantifiers if q.members is None}
    for quantifier in prop.quantifiers:
        if quantifier.domain:
            _add(found, _example(verification, (quantifier,), ir.Lit(True, BOOL)))
    condition = premise(prop.holds)
    if condition is not None:
        _add(found, _example(verification, prop.quantifiers, condition))
    return {name: values for name, values in found.items() if values}


def premise(holds: ir.Expr) -> ir.Expr | None:
    """Without it the property says nothing: of `a implies b` it is a, of `forbid … where a: b` likewise."""
    match holds:
        case ir.Or(ir.Call("!_", (condition,)), _):
            return condition
        case ir.Call("!_", (ir.And(condition, _),)):
            return condition
    return None


def _example(
    verification: Verification, quantifiers: Sequence[Quantifier], condition: ir.Expr
) -> dict[str, object]:
    """Values of the variables for which a condition holds; none if the solver finds none."""
    from kspec.solve.verdict import Holds
    from kspec.verify.properties import verify_property

    exists = Property("prove", "there is one", tuple(quantifiers), True, condition)
    verdict = verify_property(exists, verification.cluster, verification.setting)
    if not isinstance(verdict, Holds) or verdict.witness is None:
        return {}
    return dict(verdict.witness.values)


def _add(found: Candidates, values: dict[str, object]) -> None:
    for name, value in values.items():
        if name in found and value not in found[name]:
            found[name].append(value)
