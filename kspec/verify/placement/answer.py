"""Knows what a question about placement is answered with: a verdict, what shows it, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field

from kspec.verify.placement.replay import Put
from kspec.verify.placement.words import Reason

HOLDS, VIOLATED, UNKNOWN, UNSUPPORTED = "holds", "violated", "unknown", "unsupported"

ONE_BY_ONE = "pods are placed one after another, in some order, and none leaves while others wait"


@dataclass(frozen=True, slots=True)
class Answer:
    """`question` is what was asked, in a word. `headline` answers it in a sentence. `reasons` contradict each
    other; `placement` was replayed on the filters; `lost` are nodes, `pending` pods of a witness; `choices`
    lead to what must not be, one after another.
    """

    question: str
    verdict: str
    headline: str
    reasons: tuple[Reason, ...] = ()
    minimal: bool = True
    placement: tuple[Put, ...] = ()
    lost: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    method: str = ""
    count: int | None = None
    seconds: float = field(default=0.0, compare=False)
