"""Knows how `admission.podsecurity` is answered: the checks of Pod Security that a pod fails, by level."""

from __future__ import annotations

from typing import Any

from kspec.conform.cluster import decoded, rule

AREA = "admission.podsecurity"
LEVELS = ("baseline", "restricted")
VERSIONS = (8, 19, 22, 24, 25, 27, 29, 30, 31, 34, 36)


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`{level: {"v1.N": [reason, …]}}`; no reason: the pod is allowed."""
    pod = decoded(case["pod"], "core.Pod")
    return {level: {f"v1.{minor}": _reasons(pod, level, minor) for minor in VERSIONS} for level in LEVELS}


def _reasons(pod: Any, level: str, minor: int) -> list[str]:
    policy = rule("admission/securityPolicy")(
        {
            "pod-security.kubernetes.io/enforce": level,
            "pod-security.kubernetes.io/enforce-version": f"v1.{minor}",
        },
        "enforce",
    )
    found = rule("admission/securityViolations")(pod, policy["level"], policy["minor"])
    return [violation["reason"] for violation in found]
