"""Knows how labelled assertions are decided together: values for their variables, or a smallest set of them
that cannot hold together.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import Script, name_of, script
from kspec.runtime.symbolic.terms import Term
from kspec.solve.solver import Assignment, Solver, Undecided

Labelled = tuple[str, Term]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Assertions, by their index, that cannot hold together. `minimal`: without any of them the rest can."""

    indices: tuple[int, ...]
    minimal: bool


def question(assertions: Sequence[Labelled]) -> Script:
    """The text that asks whether all can hold."""
    return script(assertions)


def solve(assertions: Sequence[Labelled], timeout: float) -> Assignment | Undecided | None:
    """Values for which all hold; None if there are none."""
    asked = question(assertions)
    if asked.impossible:
        return None
    solver = Solver(asked, timeout)
    answer = solver.check()
    if isinstance(answer, Undecided):
        return answer
    return solver.model() if answer else None


def contradiction(assertions: Sequence[Labelled], timeout: float) -> Contradiction | Undecided | None:
    """Which assertions cannot hold together, as few as possible; None if all can hold."""
    false = [at for at, (_, term) in enumerate(assertions) if term is t.FALSE]
    if false:
        return Contradiction((false[0],), True)
    guards = [t.bool_var(f"need.{at}") for at in range(len(assertions))]
    guarded = [
        (label, t.implies(guard, term)) for guard, (label, term) in zip(guards, assertions, strict=True)
    ]
    asked = script(guarded)
    there = set(asked.variables)
    index = {name_of(guard): at for at, guard in enumerate(guards) if guard in there}
    return _Cores(Solver(asked, timeout), index, time.monotonic() + timeout).smallest()


class _Cores:
    """Takes out of a contradiction, one after another, what is not needed for it."""

    def __init__(self, solver: Solver, index: dict[str, int], deadline: float) -> None:
        self.solver = solver
        self.index = index
        self.deadline = deadline

    def core(self, guards: Sequence[str]) -> list[str] | Undecided | None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            return Undecided("timeout")
        answer = self.solver.check_with(dict.fromkeys(guards, True), left)
        if isinstance(answer, Undecided):
            return answer
        if answer:
            return None
        found = self.solver.core()
        return [g for g in guards if g in found]

    def smallest(self) -> Contradiction | Undecided | None:
        core = self.core([*self.index])
        if core is None or isinstance(core, Undecided):
            return core
        left, minimal = list(core), True
        for guard in sorted(core, key=lambda g: self.index[g]):
            if guard not in left:
                continue
            smaller = self.core([g for g in left if g != guard])
            if isinstance(smaller, Undecided):
                minimal = False
            elif smaller is not None:
                left = smaller
        return Contradiction(tuple(sorted(self.index[g] for g in left)), minimal)
