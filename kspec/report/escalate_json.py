"""Knows how ways to gain more look as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kspec.report.access_json import grant_to_json
from kspec.verify.access.edges import Asked, Power
from kspec.verify.access.escalation import Climber, Climbers, Gains, Path, Step
from kspec.verify.access.policy import Policy

Json = dict[str, Any]


def to_json(found: Gains | Climbers, policy: Policy, assumed: Sequence[str]) -> Json:
    """One user's gains, or the subjects who come to a target."""
    if isinstance(found, Gains):
        strongest = found.strongest
        return {
            "user": found.user,
            "groups": list(found.groups),
            "strongest": strongest.title if strongest else None,
            "already": [p.title for p in found.already],
            "paths": [_path(p, policy) for p in found.paths],
            "assumed": list(assumed),
        }
    return {
        "target": found.target,
        "examined": found.subjects,
        "already": [_climber(c, policy) for c in found.already],
        "subjects": [_climber(c, policy) for c in found.climbers],
        "assumed": list(assumed),
    }


def _climber(climber: Climber, policy: Policy) -> Json:
    path = None if climber.path is None else _path(climber.path, policy)
    return {
        "kind": climber.kind,
        "name": climber.name,
        "user": climber.user,
        "groups": list(climber.groups),
        "builtIn": climber.built_in,
        "path": path,
    }


def _path(path: Path, policy: Policy) -> Json:
    return {
        "gains": path.title,
        "power": _power(path.gains),
        "rank": path.rank,
        "requests": path.requests,
        "steps": [_step(s, policy) for s in path.steps],
        "assumed": list(path.assumed),
    }


def _step(step: Step, policy: Policy) -> Json:
    rule = policy.book.get(step.rule)
    return {
        "edge": step.rule,
        "source": rule.source if rule else "",
        "as": None if step.actor is None else {"user": step.actor.name, "groups": list(step.actor.groups)},
        "requests": [
            {**_asked(m.asked), "grants": [grant_to_json(g) for g in m.grants[:1]]} for m in step.requests
        ],
        "how": step.how,
        "gains": step.title,
        "assumed": step.assumes,
    }


def _asked(asked: Asked) -> Json:
    return {key: value for key, value in asked.value().items() if key != "resourceRequest"}


def _power(power: Power) -> Json:
    return power.value()
