"""Knows how to make a model simple: fewest present parts, then lowest numbers, then shortest strings; as
far as time allows.
"""

from __future__ import annotations

from collections.abc import Sequence

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import constant_name, integer_text, name_of
from kspec.runtime.symbolic.strings import StringClass
from kspec.runtime.symbolic.terms import Term
from kspec.solve.places import Model, Place
from kspec.solve.solver import Assertion, Assignment, AtMost, Solver

ORDINARY = ((10 << 24) + 1, (10 << 24) + 2**24 - 2)
"""Addresses that look like those of a pod, taken where they will do."""


class Minimiser:
    """Narrows the query of a solver step by step; each step is kept if a model remains."""

    def __init__(self, solver: Solver, places: Sequence[Place], found: Assignment) -> None:
        self.solver = solver
        self.found = found
        mentioned = set(solver.script.variables)
        self.places = [place for place in places if place.term in mentioned]

    def run(self) -> Assignment:
        """The simplest model found; `solver.hurried` says whether time ran out before it was the simplest."""
        self.fewest([place.term for place in self.places if place.kind == "presence"])
        for kind in ("presence", "bool"):
            for place in self.relevant(kind):
                self.prefer(f"(not {name_of(place.term)})", self.found[place.term] is False)
        for place in self.relevant("int"):
            self.lowest(place.term)
        for place in self.relevant("address"):
            self.ordinary_address(place.term)
        Strings(self).settle()
        return self.found

    def relevant(self, kind: str) -> list[Place]:
        """The places of a kind that matter, looked at one after another."""
        return [p for p in self.places if p.kind == kind and self.matters(p)]

    def matters(self, place: Place) -> bool:
        return Model(self.found).holds(place.guard)

    def prefer(self, assertion: Assertion, already: bool = False) -> bool:
        """Keep the assertion if some model has it; `already`: the present one does."""
        if already:
            self.solver.add(assertion)
            return True
        found = self.solver.admits(assertion)
        if found is not None:
            self.found = found
        return found is not None

    def fewest(self, guards: Sequence[Term]) -> None:
        """As few of these as possible."""
        if not guards:
            return
        while count := sum(self.found[g] is True for g in guards):
            if not self.prefer(AtMost(count - 1, guards)):
                break
        self.solver.add(AtMost(count, guards))

    def value(self, variable: Term) -> int:
        value = self.found[variable]
        assert isinstance(value, int)
        return value

    def lowest(self, variable: Term, floor: int = 0, near_by: bool = False) -> None:
        """The number nearest to the floor, above it if possible; `near_by`: it is probably very near."""
        name = name_of(variable)
        if self.value(variable) < floor and not self.prefer(f"(>= {name} {floor})"):
            self._search(variable, floor, -1)
        else:
            low = floor if variable.low is None else max(floor, variable.low)
            self.prefer(f"(>= {name} {low})", already=True)
            if near_by:
                low += self._gallop(variable, low)
            self._search(variable, low, 1)
        self.solver.add(f"(= {name} {integer_text(self.value(variable))})")

    def _gallop(self, variable: Term, near: int) -> int:
        """How far from `near` it is at least, by doubled steps, since it is mostly close."""
        least, step = 0, 0
        while self.value(variable) - near > step and not self.solver.hurried:
            if self.prefer(f"(<= {name_of(variable)} {integer_text(near + step)})"):
                break
            least, step = step + 1, max(1, 2 * step)
        return least

    def _search(self, variable: Term, near: int, sign: int) -> None:
        """Halve the distance to `near` until it cannot be less."""
        name = name_of(variable)
        relation = "<=" if sign > 0 else ">="
        least = 0
        goal = near
        while (distance := abs(self.value(variable) - near)) > least:
            if not self.prefer(f"({relation} {name} {integer_text(goal)})"):
                least = abs(goal - near) + 1
            distance = abs(self.value(variable) - near)
            goal = near + sign * ((least + distance - 1) // 2)
            if self.solver.hurried:
                return

    def ordinary_address(self, variable: Term) -> None:
        low, high = ORDINARY
        name = name_of(variable)
        if self.prefer(f"(<= {low} {name} {high})", low <= self.value(variable) <= high):
            self.lowest(variable, low, near_by=True)
        else:
            self.prefer(f"(>= {name} 1)", self.value(variable) >= 1)
            self.lowest(variable, 0, near_by=True)


class Strings:
    """Chooses strings: empty if it may be, else one of its own, else what an earlier one has, else the
    shortest constant.
    """

    def __init__(self, run: Minimiser) -> None:
        self.run = run
        self.numbers = run.solver.script.numbers
        self.classes = {v: its for its in run.solver.script.classes for v in its.variables}
        self.others: dict[int, list[int]] = {}  # of each class, the numbers given so far
        self.order = {id(its): n for n, its in enumerate(run.solver.script.classes)}

    def settle(self) -> None:
        chosen = []
        for place in self.run.places:
            if place.kind == "string" and self.run.matters(place):
                self.choose(place.term, self.classes[place.term])
                chosen.append(place.term)
        for variable in chosen:
            if self.run.value(variable) < 0:
                for function, text in self.classes[variable].facts:
                    fact = t.atom(function, variable, text)
                    self.run.prefer(f"(not {name_of(fact)})", self.run.found[fact] is False)

    def choose(self, variable: Term, its: StringClass) -> None:
        used = self.others.setdefault(self.order[id(its)], [])
        own = -(len(used) + 1)
        name = name_of(variable)
        constants = sorted(its.constants, key=lambda text: (len(text), text))
        candidates = [(integer_text(number), number) for number in (own, *used)]
        candidates += [(constant_name(text), self.numbers[text]) for text in constants if text]
        if "" in its.constants:
            candidates.insert(0, (constant_name(""), self.numbers[""]))
        for shown, number in candidates:
            if self.run.prefer(f"(= {name} {shown})", self.run.value(variable) == number):
                if number == own:
                    used.append(own)
                return
