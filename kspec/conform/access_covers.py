"""Knows how `access.covers` is answered: which atoms of one list of rules another does not cover."""

from __future__ import annotations

from typing import Any

from kspec.conform.cluster import decoded, rule

AREA = "access.covers"
RULE = "rbac.PolicyRule"


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"covers": bool, "uncovered": [rule, …]}`."""
    owner, servant = ([decoded(r, RULE) for r in case.get(side) or ()] for side in ("owner", "servant"))
    left = rule("access/uncovered")(owner, servant)
    return {"covers": not left, "uncovered": left}
