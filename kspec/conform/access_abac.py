"""Knows how `access.abac` is answered: decisions on requests by the lines of a policy file."""

from __future__ import annotations

import json
from typing import Any

from kspec.conform.cluster import decoded, rule

AREA = "access.abac"
REQUEST, POLICY = "access.Request", "access.AbacPolicy"


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{"decisions": [{"expect": "allow" | "noopinion"}]}`."""
    policies = [_policy(line) for line in case["file"] if line.strip() and not line.startswith("#")]
    authorize = rule("access/ABAC")
    found = [authorize(decoded(r, REQUEST), policies) for r in case.get("requests") or ()]
    return {"decisions": [{"expect": d["decision"]} for d in found]}


def _policy(line: str) -> dict[str, Any]:
    """A line of the file. Without a version it is of the oldest form, whose fields stand at the top."""
    raw = json.loads(line)
    if "apiVersion" in raw:
        return rule("access/abacLoaded")(decoded(raw.get("spec") or {}, POLICY))  # type: ignore[no-any-return]
    return rule("access/abacFromV0")(decoded(raw, POLICY))  # type: ignore[no-any-return]
