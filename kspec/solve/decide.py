"""Knows how a query is decided: violated with a replayed witness first, then what is not known, and only
then that it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import Script, name_of, script
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import Errors
from kspec.solve.minimise import Minimiser
from kspec.solve.names import fresh_text
from kspec.solve.places import Model, concrete, places_of
from kspec.solve.query import Query
from kspec.solve.solver import Assignment, Solver, Undecided
from kspec.solve.verdict import Holds, Stats, Unknown, Unsupported, Verdict, Violated, Witness

TIMEOUT_SECONDS = 30.0
TEXTS_TRIES_MAX = 20
"""So often another model is asked for because no string has the facts of this one."""

Replay = Callable[[Mapping[str, object]], Witness]
"""Evaluates the goal for these values, checks that it comes out as the solver says, and adds what it
learns.
"""


def decide(query: Query, replay: Replay, timeout: float = TIMEOUT_SECONDS) -> Verdict:
    """The verdict on a query; `timeout` in seconds for each thing that is asked of the solver."""
    return _Decision(query, replay, timeout).verdict()


class _Decision:
    def __init__(self, query: Query, replay: Replay, timeout: float) -> None:
        self.query = query
        self.replay = replay
        self.timeout = timeout
        self.started = time.monotonic()
        self.checks = 0
        self.variables = 0
        self.terms = 0

    def verdict(self) -> Verdict:
        goal = self.query.goal
        main = self.search(self.query.script())
        if isinstance(main, Undecided):
            return Unknown(main.reason, self.stats())
        if main is not None:
            if self.query.some:
                return Holds(self.assumed(), self.query.bounds, main, self.stats())
            return Violated(main, self.stats())
        conditions = (*self.query.assumptions, goal)
        for unknown, make in (("undetermined", Unknown), ("unsupported", Unsupported)):
            for condition in conditions:
                errors: Errors = getattr(condition, unknown)
                reached = self.reachable(errors, condition is goal)
                if reached is not None:
                    return reached if isinstance(reached, Unknown) else make(reached, self.stats())
        if not self.query.some:
            return Holds(self.assumed(), self.query.bounds, None, self.stats())
        if self.query.bounds:
            return Unknown(f"none was found, but {'; '.join(self.query.bounds)}", self.stats())
        return Violated(None, self.stats())

    def assumed(self) -> tuple[str, ...]:
        return tuple(each.label for each in self.query.assumptions)

    def stats(self) -> Stats:
        return Stats(self.checks, self.variables, self.terms, time.monotonic() - self.started)

    # ---------------------------------------------------------------- the main question

    def search(self, asked: Script) -> Witness | Undecided | None:
        """A witness, made simple and replayed; None if there is none."""
        self.variables, self.terms = len(asked.variables), asked.terms
        if asked.impossible:
            return None
        solver = Solver(asked, self.timeout)
        try:
            return self.search_with(solver)
        finally:
            self.checks += solver.checks

    def search_with(self, solver: Solver) -> Witness | Undecided | None:
        for _ in range(TEXTS_TRIES_MAX):
            answer = solver.check()
            if isinstance(answer, Undecided):
                return answer
            if not answer:
                return None
            found = solver.model()
            places = [place for value in self.query.open.values() for place in places_of(value)]
            with solver.scope():
                found = Minimiser(solver, places, found).run()
            model = Model(found)
            shown = [p.term for p in places if p.kind == "string" and model.holds(p.guard)]
            texts = choose_texts(solver.script, found, shown)
            if isinstance(texts, Model):
                values = {name: concrete(value, texts) for name, value in self.query.open.items()}
                witness = self.replay(values)
                return Witness(witness.values, witness.error, witness.objects, not solver.hurried)
            solver.add(texts)
        return Undecided("no text was found that the facts about an open string allow")

    # ---------------------------------------------------------------- what is not known

    def reachable(self, errors: Errors, of_goal: bool) -> str | Unknown | None:
        """The reason of the first of these that some choice leads to."""
        for why, guard in errors:
            if guard is t.FALSE:
                continue
            matters = guard if of_goal else t.and_(guard, t.not_(self.query.goal.holds))
            asked = script([*self.query.base(unknown_too=True), (why.message, matters)])
            if asked.impossible:
                continue
            solver = Solver(asked, self.timeout)
            answer = solver.check()
            self.checks += solver.checks
            if isinstance(answer, Undecided):
                return Unknown(answer.reason, self.stats())
            if answer:
                return str(why)
        return None


def choose_texts(asked: Script, found: Assignment, shown: Sequence[Term]) -> Model | str:
    """The model with a string for each Text variable, the best ones for those that are shown; or an assertion
    that excludes it, if some string cannot be found.
    """
    model = Model(found)
    by_number = {number: text for text, number in asked.numbers.items()}
    classes = {variable: its for its in asked.classes for variable in its.variables}
    chosen: dict[tuple[int, object], str] = {}
    for variable in dict.fromkeys((*(v for v in shown if v in classes), *classes)):
        its, number = classes[variable], found[variable]
        constant = by_number.get(number) if isinstance(number, int) else None
        if constant is not None and constant in its.constants:
            model[variable] = constant
            continue
        if (id(its), number) not in chosen:
            facts = [(fact, found[t.atom(fact[0], variable, fact[1])] is True) for fact in its.facts]
            alike = {text for (other, _), text in chosen.items() if other == id(its)}
            text = fresh_text(facts, {*its.constants, *alike}, set(chosen.values()))
            if text is None:
                return _other_facts(variable, its.constants, asked, facts)
            chosen[id(its), number] = text
        model[variable] = chosen[id(its), number]
    return model


def _other_facts(
    variable: Term, constants: Mapping[str, None], asked: Script, facts: list[tuple[tuple[str, str], bool]]
) -> str:
    """Either the variable is one of its constants, or some fact about it differs."""
    name = name_of(variable)
    cases = [f"(= {name} {asked.numbers[text]})" for text in constants]
    for (function, text), holds in facts:
        fact = name_of(t.atom(function, variable, text))
        cases.append(f"(not {fact})" if holds else fact)
    return f"(or {' '.join(cases)} false)"
