"""Knows what an answer is: it holds, it is violated, it is not known, or it cannot be expressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Stats:
    """What the answer cost; no part of what it says. `seconds` is wall time."""

    checks: int = 0
    variables: int = 0
    terms: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Witness:
    """One choice of the open values, replayed by the reference evaluator.

    `values` by name, as ordinary run-time values; `error` is the evaluation error that makes the goal
    fail, if it is one; `objects` are what a user would apply to see it; `minimal` says whether there was
    time to make it the simplest.
    """

    values: Mapping[str, object]
    error: str = ""
    objects: tuple[object, ...] = ()
    minimal: bool = True


@dataclass(frozen=True, slots=True)
class Holds:
    """For every choice of the open values (or: for at least one, then `witness` is it).

    `assumptions` say what was assumed of the open values, `bounds` up to where the answer was sought; no
    bounds: everywhere.
    """

    assumptions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    witness: Witness | None = None
    stats: Stats = field(default=Stats(), compare=False)


@dataclass(frozen=True, slots=True)
class Violated:
    """There is a choice for which it does not hold; of an `exists`, `witness` is None: there is no choice
    for which it does.
    """

    witness: Witness | None
    stats: Stats = field(default=Stats(), compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not decided: out of time, or the answer hangs on what neither Kubernetes nor the input says."""

    reason: str
    stats: Stats = field(default=Stats(), compare=False)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The question needs something that the symbolic reading cannot express."""

    reason: str
    stats: Stats = field(default=Stats(), compare=False)


Verdict: TypeAlias = Holds | Violated | Unknown | Unsupported
