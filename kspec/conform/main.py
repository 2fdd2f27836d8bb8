"""Knows how suites are run and counted: a case agrees as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from kspec.conform.protocol import Area, Case, UnsupportedCase, find_areas, read_cases


@dataclass(slots=True)
class Tally:
    """One row: an area and its counts."""

    area: str
    agreed: int = 0
    disagreed: int = 0
    unsupported: int = 0

    @property
    def cases(self) -> int:
        return self.agreed + self.disagreed + self.unsupported


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`path` is the first place that differs. Where the model broke down, `actual` is `{"crash": …}`."""

    id: str
    area: str
    path: str
    expected: Any
    actual: Any


@dataclass(slots=True)
class Outcome:
    tallies: dict[str, Tally] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)  # of what is unsupported, by area

    @property
    def disagreed(self) -> int:
        return len(self.disagreements)

    @property
    def unsupported(self) -> int:
        return sum(t.unsupported for t in self.tallies.values())

    @property
    def cases(self) -> int:
        return sum(t.cases for t in self.tallies.values())


def run_suites(paths: Iterable[str], on_case: Callable[[Case], None] = lambda case: None) -> Outcome:
    """Run every case of every suite, in order."""
    areas = find_areas()
    outcome = Outcome()
    for path in paths:
        for case in read_cases(path):
            on_case(case)
            _run(case, areas.get(case.area), outcome)
    return outcome


def _run(case: Case, area: Area | None, outcome: Outcome) -> None:
    tally = outcome.tallies.setdefault(case.area, Tally(case.area))
    if area is None:
        _unsupported(outcome, tally, "this area is not built yet")
        return
    try:
        actual = area.run_case(case.input)
        path = area.compare(case.expected, actual)
    except UnsupportedCase as error:
        _unsupported(outcome, tally, error.reason)
        return
    except Exception as error:  # one case that breaks the model must not hide what the others say
        actual, path = {"crash": f"{type(error).__name__}: {error}"}, "/"
    if path is None:
        tally.agreed += 1
    else:
        tally.disagreed += 1
        outcome.disagreements.append(Disagreement(case.id, case.area, path, case.expected, actual))


def _unsupported(outcome: Outcome, tally: Tally, reason: str) -> None:
    tally.unsupported += 1
    reasons = outcome.reasons.setdefault(tally.area, {})
    reasons[reason] = reasons.get(reason, 0) + 1
