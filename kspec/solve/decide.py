"""Knows how a query is decided: violated with a replayed witness first, then what is not known, and only
then that it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

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
SOUGHT, BETTER = "$sought", "$better{}"

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
        self.solver: Solver | None = None
        self.variables = 0
        self.terms = 0

    def verdict(self) -> Verdict:
        """One question first: is there a witness, or anything that is not known? Mostly there is neither."""
        unknown = list(self.unknown())
        asked = self.script(unknown)
        self.variables, self.terms = len(asked.variables), asked.terms
        if asked.impossible:
            return self.without_witness()
        self.solver = Solver(asked, self.timeout)
        return self.verdict_by(self.solver, unknown)

    def verdict_by(self, solver: Solver, unknown: Sequence[tuple[str, str, Term]]) -> Verdict:
        if unknown:
            answer = solver.check()
            if isinstance(answer, Undecided):
                return Unknown(answer.reason, self.stats())
            if not answer:
                return self.without_witness()
        main = self.search(solver, SOUGHT if unknown else "")
        if isinstance(main, Undecided):
            return Unknown(main.reason, self.stats())
        if main is not None:
            if self.query.some:
                return Holds(self.assumed(), self.query.bounds, main, self.stats())
            return Violated(main, self.stats())
        for name, (kind, why, _) in zip(names(unknown), unknown, strict=True):
            answer = reachable(solver, name)
            if isinstance(answer, Undecided):
                return Unknown(answer.reason, self.stats())
            if answer:
                return (Unknown if kind == "undetermined" else Unsupported)(why, self.stats())
        return self.without_witness()

    def without_witness(self) -> Verdict:
        """There is no witness, and all is known."""
        if not self.query.some:
            return Holds(self.assumed(), self.query.bounds, None, self.stats())
        if self.query.bounds:
            return Unknown(f"none was found, but {'; '.join(self.query.bounds)}", self.stats())
        return Violated(None, self.stats())

    def assumed(self) -> tuple[str, ...]:
        return tuple(each.label for each in self.query.assumptions)

    def stats(self) -> Stats:
        checks = self.solver.checks if self.solver else 0
        return Stats(checks, self.variables, self.terms, time.monotonic() - self.started)

    # ---------------------------------------------------------------- what is asked

    def unknown(self) -> Iterator[tuple[str, str, Term]]:
        """What is not known, of the goal last: its kind, why, and where it matters."""
        goal = self.query.goal
        for kind in ("undetermined", "unsupported"):
            for condition in (*self.query.assumptions, goal):
                errors: Errors = getattr(condition, kind)
                for why, guard in errors:
                    matters = guard if condition is goal else t.and_(guard, t.not_(goal.holds))
                    if matters is not t.FALSE:
                        yield kind, str(why), matters

    def script(self, unknown: Sequence[tuple[str, str, Term]]) -> Script:
        """The main question; where something is not known, that together with whether it matters. An
        assumption that cannot be expressed need only be met by a witness.
        """
        if not unknown and not self.query.preferred:
            return self.query.script()
        loose = [each.holds for each in self.query.assumptions if each.open is not t.FALSE]
        sought = t.and_(self.query.sought, *loose)
        either = t.or_(sought, *(each for *_, each in unknown))
        label = f"{'sought, or not known' if unknown else 'sought'}: {self.query.goal.label}"
        named = {BETTER.format(n): each.holds for n, each in enumerate(self.query.preferred)}
        if unknown:
            named |= {SOUGHT: sought}
            named |= dict(zip(names(unknown), (each for *_, each in unknown), strict=True))
        return script([*self.query.base(unknown_too=True), (label, either)], named)

    # ---------------------------------------------------------------- the main question

    def search(self, solver: Solver, sought: str) -> Witness | Undecided | None:
        """A witness, made simple and replayed; None if there is none. `sought`: what has to be asserted."""
        if not sought and not self.query.preferred:
            return self.search_with(solver)
        with solver.scope():
            if sought:
                solver.add(sought)
            return self.search_preferred(solver) or self.search_with(solver)

    def search_preferred(self, solver: Solver) -> Witness | None:
        """A witness that meets all that is preferred, or else the first of it that one can meet."""
        better = [BETTER.format(n) for n in range(len(self.query.preferred))]
        if not better or solver.check() is not True:
            return None
        for together in (better, *([each] for each in better if len(better) > 1)):
            with solver.scope():
                for each in together:
                    solver.add(each)
                found = self.search_with(solver)
                if isinstance(found, Witness):
                    return found
        return None

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


def reachable(solver: Solver, name: str) -> bool | Undecided:
    """Does some choice lead to what has this name?"""
    with solver.scope():
        solver.add(name)
        return solver.check()


def names(unknown: Sequence[object]) -> list[str]:
    """What the solver calls each thing that is not known."""
    return [f"$unknown{n}" for n in range(len(unknown))]


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
