"""Knows how ways to gain more look as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kspec.report.access_json import grant_to_json
from kspec.verify.access.certificate import Certificate
from kspec.verify.access.edges import Asked, Power
from kspec.verify.access.escalation import Climber, Climbers, Gains, Path, Step
from kspec.verify.access.nobody import Nobody
from kspec.verify.access.policy import Policy

Json = dict[str, Any]


def to_json(
    found: Gains | Climbers | Nobody, policy: Policy, assumed: Sequence[str], undecided: Sequence[str] = ()
) -> Json:
    """One user's gains, the subjects who come to a target, or whether nobody else does."""
    if isinstance(found, Nobody):
        return {
            "target": found.target,
            "but": list(found.but),
            "verdict": "violated" if found.paths else "undecided" if undecided else "proved",
            "already": [],
            "trusted": found.trusted,
            "certificate": _certificate(found.certificate),
            "witnesses": [
                {"user": g.user, "groups": list(g.groups), "path": _path(p, policy)}
                for g in found.paths
                for p in (*g.paths, *g.already)
            ],
            "undecided": list(undecided),
            "assumed": list(assumed),
        }
    if isinstance(found, Gains):
        strongest = found.strongest
        return {
            "user": found.user,
            "groups": list(found.groups),
            "strongest": strongest.title if strongest else None,
            "already": [p.title for p in found.already],
            "paths": [_path(p, policy) for p in found.paths],
            "certificate": _certificate(found.certificate),
            "undecided": list(undecided),
            "assumed": list(assumed),
        }
    return {
        "target": found.target,
        "examined": found.subjects,
        "already": [_climber(c, policy) for c in found.already],
        "subjects": [_climber(c, policy) for c in found.climbers],
        "certificate": _certificate(found.certificate),
        "undecided": list(undecided),
        "assumed": list(assumed),
    }


def _certificate(certificate: Certificate | None) -> Json | None:
    if certificate is None:
        return None
    return {
        "verdict": "holds" if certificate.holds else "undecided",
        "powers": certificate.powers,
        "identities": certificate.identities,
        "edgesOut": certificate.edges,
        "together": certificate.together,
        "reason": certificate.told,
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
