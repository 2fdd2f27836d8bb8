"""Knows what came of a set of properties: one `Report` that every renderer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kspec.solve.verdict import Holds, Stats, Unknown, Unsupported, Verdict, Violated, Witness
from kspec.source import Span

VERDICTS = ("holds", "violated", "unknown", "unsupported")


@dataclass(frozen=True, slots=True)
class Result:
    """A property with its verdict; or a case of an `expect`, whose `expected` is holds or violated.

    A case `holds` if the property came out as expected; `added` are the objects that were added for it.
    """

    verb: str
    title: str
    verdict: str
    span: Span
    reason: str = ""
    witness: Witness | None = None
    assumptions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    stats: Stats = field(default_factory=Stats)
    expected: str = ""
    added: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All results, in order of the input; how many objects they are about, and what was left out."""

    results: tuple[Result, ...]
    kubernetes: str
    objects: int
    custom: Mapping[str, int]  # objects that no type describes, by kind: carried along, seen by no rule
    seconds: float

    def count(self, verdict: str) -> int:
        return sum(r.verdict == verdict for r in self.results)

    @property
    def assumptions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for r in self.results for a in r.assumptions))

    @property
    def bounds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(b for r in self.results for b in r.bounds))


def result_of(verb: str, title: str, span: Span, verdict: Verdict) -> Result:
    """The result of a property itself."""
    match verdict:
        case Holds(assumptions, bounds, witness, stats):
            return Result(verb, title, "holds", span, "", witness, assumptions, bounds, stats)
        case Violated(witness, stats):
            return Result(verb, title, "violated", span, "", witness, stats=stats)
        case Unknown(reason, stats):
            return Result(verb, title, "unknown", span, reason, stats=stats)
        case Unsupported(reason, stats):
            return Result(verb, title, "unsupported", span, reason, stats=stats)


def result_of_case(
    title: str, span: Span, expected: str, added: tuple[Mapping[str, Any], ...], verdict: Verdict
) -> Result:
    """The result of a case: undecided if the property is; else whether it came out as expected."""
    plain = result_of("expect", title, span, verdict)
    verdict_then = plain.verdict
    if verdict_then in ("unknown", "unsupported"):
        outcome = verdict_then
    else:
        outcome = "holds" if verdict_then == expected else "violated"
    instead = "it holds then" if verdict_then == "holds" else "it is violated then"
    reason = plain.reason or ("" if outcome == "holds" else instead)
    witness = plain.witness if outcome == "violated" else None
    within = plain.assumptions, plain.bounds  # a proof that was expected rests on them as any other
    return Result("expect", title, outcome, span, reason, witness, *within, plain.stats, expected, added)
