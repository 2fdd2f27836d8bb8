"""Knows how to ask Z3: our SMT-LIB text in; sat with a model, unsat, or unknown with the reason out."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import Script, name_of
from kspec.runtime.symbolic.terms import Term

if TYPE_CHECKING:
    import z3

SEED = 0


@dataclass(frozen=True, slots=True)
class Undecided:
    """Z3 said unknown."""

    reason: str


@dataclass(frozen=True, slots=True)
class AtMost:
    """So many of these variables are true at most."""

    count: int
    variables: Sequence[Term]


Assertion = str | AtMost
"""A text over the names of the query, or a bound."""

MOMENT_SECONDS, MOMENT_PART = 0.02, 0.01
"""Z3 cancels a check at its deadline and at Ctrl-C alike: at the former no more than so much is left."""

Assignment = dict[Term, object]
"""A model: bool, int, or for a Text variable the integer that stands for its string (see
`Script.numbers`).
"""


class Solver:
    """One query, read from its text; assertions may be added and taken back. Stops at its deadline.

    All use Z3's one default context: many contexts in a process have crashed releases of it.
    """

    def __init__(self, script: Script, timeout: float) -> None:
        """`timeout` in seconds, for all checks together."""
        import z3

        self._z3 = z3
        self.script = script
        self.deadline = time.monotonic() + timeout
        self.checks = 0
        self.hurried = False  # was a question left open for want of time?
        # The incremental core alone: its checks are short and many, and what goes before others costs more.
        self._solver: z3.Solver = z3.SimpleSolver()
        self._solver.set("relevancy", 0)
        self._solver.set("random_seed", SEED)
        self._solver.set("core.minimize", True)
        self._solver.from_string(script.text)
        self._literals: dict[tuple[str, bool | int], z3.BoolRef] = {}
        self._named = {_bare(name_of(variable)): name_of(variable) for variable in script.variables}
        self._constants = {variable: _constant(variable) for variable in script.variables}

    def check(self, literals: Sequence[z3.BoolRef] = ()) -> bool | Undecided:
        """Is there a model (with these literals)?"""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return Undecided("timeout")
        self._solver.set("timeout", max(1, int(left * 1000)))
        self.checks += 1
        answer = self._solver.check(*literals)
        if answer == self._z3.unknown:
            reason = self._solver.reason_unknown()
            early = self.deadline - time.monotonic() > MOMENT_SECONDS + left * MOMENT_PART
            if "interrupt" in reason or "keyboard" in reason or (reason == "canceled" and early):
                raise KeyboardInterrupt  # Z3 takes the signal for itself
            if reason not in ("timeout", "canceled"):
                return Undecided(reason)
            self.deadline = min(self.deadline, time.monotonic())
            return Undecided("timeout")
        return bool(answer == self._z3.sat)

    def check_with(self, literals: Mapping[str, bool | int], timeout: float) -> bool | Undecided:
        """Is there a model in which these variables, by their SMT-LIB names, have these values? `timeout` in
        seconds for this question alone.
        """
        self.deadline = time.monotonic() + timeout
        return self.check([self._literal(name, value) for name, value in literals.items()])

    def _literal(self, name: str, value: bool | int) -> z3.BoolRef:
        key = name, value
        if key not in self._literals:
            z3, bare = self._z3, _bare(name)
            whole = type(value) is int
            made: Any = z3.Int(bare) == value if whole else z3.Bool(bare)
            self._literals[key] = made if whole or value else z3.Not(made)
        return self._literals[key]

    def core(self) -> set[str]:
        """The variables of the last `check_with`, which found no model, that are needed for that."""
        z3 = self._z3
        parts = (each.arg(0) if each.num_args() else each for each in self._solver.unsat_core())
        return {self._named[str(each.decl().name())] for each in parts if not z3.is_int_value(each)}

    def model(self, without: Container[Term] = ()) -> Assignment:
        """The values of all variables (`without` some), after a check that found some."""
        model = self._solver.model()
        return {
            variable: _value(model.eval(constant, True))
            for variable, constant in self._constants.items()
            if variable not in without
        }

    def add(self, assertion: Assertion) -> None:
        if isinstance(assertion, str):
            self._solver.from_string(f"(assert {assertion})")
        else:
            its = [self._constants[variable] for variable in assertion.variables]
            self._solver.add(self._z3.AtMost(*its, assertion.count))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is added inside is taken back at the end."""
        level = self._solver.num_scopes()
        self._solver.push()
        try:
            yield
        finally:
            self._solver.pop(self._solver.num_scopes() - level)

    def admits(self, assertion: Assertion) -> Assignment | None:
        """A model in which the assertion holds too, which is then kept; None (and nothing is kept) if none
        was found.
        """
        self._solver.push()
        self.add(assertion)
        answer = self.check()
        if answer is True:
            return self.model()
        self.hurried = self.hurried or answer is not False
        self._solver.pop()
        return None


def _constant(variable: Term) -> z3.ExprRef:
    import z3

    bare = _bare(name_of(variable))
    made: z3.ExprRef = z3.Bool(bare) if variable.sort == t.BOOL else z3.Int(bare)
    return made


def _bare(name: str) -> str:
    """The name of a symbol without the bars that its spelling may need."""
    return name[1:-1] if name.startswith("|") else name


def _value(value: object) -> bool | int:
    import z3

    if z3.is_int_value(value):
        return int(value.as_long())  # type: ignore[attr-defined]
    return bool(z3.is_true(value))
