"""Knows a question to the solver: open values, what is assumed of them, and the goal; and the SMT-LIB text
that asks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Inputs, OpenList, Shape, Slots
from kspec.runtime.symbolic.outcomes import condition_of, not_supported, supported, term_of
from kspec.runtime.symbolic.rules import Memory, remembering
from kspec.runtime.symbolic.smtlib import Script, script
from kspec.runtime.symbolic.strings import StringClass, string_classes
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import NOTHING, Errors, SymStr, any_error, errors_of, value_of
from kspec.solve.units import units

Reading = Callable[..., object]
"""The symbolic reading of a condition: takes the open values by name, yields an outcome."""
Labelled = tuple[str, Reading]

SLOTS_MAX = 32
"""So many elements of an open list are looked at at most; a proof that needs more says so as a bound."""
COUNTED_MIN = 4
"""So many elements a list has at least whose size or order is asked for, which no number of elements
decides."""
ROUNDS_MAX = 4
"""So often a query is made anew because a list turned out to need more slots."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition read symbolically: where it holds, where it fails (false or an error), where that cannot
    be said.
    """

    label: str
    holds: Term
    fails: Term
    undetermined: Errors
    unsupported: Errors

    @property
    def open(self) -> Term:
        return any_error((*self.undetermined, *self.unsupported))


def read(label: str, outcome: object) -> Condition:
    """The condition that an outcome is."""
    outcome = condition_of(outcome)
    errors, value = errors_of(outcome), value_of(outcome)
    unsupported = not_supported(errors)
    undetermined = tuple(each for each in errors if each[0].code == "undetermined")
    failing = any_error(tuple(each for each in supported(errors) if each[0].code != "undetermined"))
    clear = t.not_(any_error(errors))
    truth = t.FALSE if value is NOTHING else term_of(value)
    fails = t.or_(failing, t.and_(clear, t.not_(truth)))
    return Condition(label, t.and_(clear, truth), fails, undetermined, unsupported)


@dataclass(frozen=True, slots=True)
class Query:
    """`open` values by name, `facts` that hold of them by their making, what is assumed, and what must hold
    then.

    `some`: it must hold for at least one choice instead of for all. `bounds` say where lists were cut
    short. `preferred`: what a witness had better meet, the first before the second.
    """

    open: Mapping[str, object]
    facts: tuple[Term, ...]
    assumptions: tuple[Condition, ...]
    goal: Condition
    some: bool = False
    bounds: tuple[str, ...] = ()
    preferred: tuple[Condition, ...] = ()

    def base(self, unknown_too: bool = False) -> list[tuple[str, Term]]:
        """The assumptions as assertions; `unknown_too`: also where an assumption cannot be expressed."""
        return [
            *(("what open values are", fact) for fact in self.facts),
            *(
                (f"assumed: {each.label}", t.or_(each.holds, each.open) if unknown_too else each.holds)
                for each in self.assumptions
            ),
        ]

    @property
    def sought(self) -> Term:
        """What a witness has to meet, beside what is assumed."""
        return self.goal.holds if self.some else self.goal.fails

    def script(self, lines: bool = False) -> Script:
        """The main question: is there a choice for which the goal fails (`some`: for which it holds)?"""
        wanted = f"the goal {'holds' if self.some else 'fails'}: {self.goal.label}"
        return script([*self.base(), (wanted, self.sought)], lines=lines)


def make_query(
    shapes: Mapping[str, Shape],
    assume: Sequence[Labelled],
    goal: Labelled,
    fields: Callable[[str], Mapping[str, Shape]],
    some: bool = False,
    slots_max: int = SLOTS_MAX,
    pins: Mapping[str, str | bool] = MappingProxyType({}),
) -> Query:
    """The query over open values of these shapes. Lists are given as many slots as the question turns out
    to need, within `slots_max`. `pins`: strings at some paths, where any other would decide the question at
    once. What follows at once from what is assumed is put in place before the goal is read.
    """
    return Questions(shapes, assume, fields, slots_max, pins).query(goal, some=some)


class Questions:
    """Several questions about the same open values: what was read for one is not read again for another."""

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        assume: Sequence[Labelled],
        fields: Callable[[str], Mapping[str, Shape]],
        slots_max: int = SLOTS_MAX,
        pins: Mapping[str, str | bool] = MappingProxyType({}),
    ) -> None:
        self.shapes, self.assume, self.fields, self.slots_max = shapes, assume, fields, slots_max
        self.pins = pins
        self.reading: _Reading | None = None

    def query(self, goal: Labelled, some: bool = False, preferred: Sequence[Labelled] = ()) -> Query:
        """One question; `preferred`: what a witness had better meet."""
        if self.reading is not None:
            found = self.reading.again(goal, some, preferred)
            if found is not None:
                return found
        needed: dict[str, _Needed] = {}
        for _ in range(ROUNDS_MAX):
            slots = {path: each.slots for path, each in needed.items()}
            self.reading = reading = _Reading(self, slots)
            query = reading.first(goal, some, preferred)
            needed = reading.needed(query)
            if reading.suffices(needed):
                return query
        return replace(query, bounds=(*query.bounds, *_cut_short(slots, needed)))


class _Reading:
    """Open values whose lists have so many slots, and what was read of them."""

    def __init__(self, of: Questions, slots: Mapping[str, Slots]) -> None:
        self.slots, self.slots_max = slots, of.slots_max
        follows = _Follows(Inputs(of.fields, slots, of.pins), of.shapes, of.assume)
        self.before = follows.needed(of.slots_max)
        self.inputs = Inputs(of.fields, slots, {**of.pins, **follows.values})
        self.values = {name: self.inputs.make(name, shape) for name, shape in of.shapes.items()}
        self.memory: Memory = {}
        with remembering(self.memory):
            self.assumed = tuple(read(label, reading(**self.values)) for label, reading in of.assume)
        self.named = 0

    def first(self, goal: Labelled, some: bool, preferred: Sequence[Labelled]) -> Query:
        query = self._read(goal, some, preferred)
        self.inputs.close()
        self.named = len(self.inputs.keys)
        return self._with_facts(query)

    def again(self, goal: Labelled, some: bool, preferred: Sequence[Labelled]) -> Query | None:
        """Another question; None if it asks more of maps and lists than they were made for."""
        query = self._with_facts(self._read(goal, some, preferred))
        if len(self.inputs.keys) > self.named or not self.suffices(self.needed(query)):
            return None
        return query

    def _read(self, goal: Labelled, some: bool, preferred: Sequence[Labelled]) -> Query:
        if any(each.holds is t.FALSE and each.open is t.FALSE for each in self.assumed):
            return Query(self.values, (), self.assumed, read(goal[0], not some), some)  # there is no choice
        with remembering(self.memory):
            made = read(goal[0], goal[1](**self.values))
            better = tuple(read(label, reading(**self.values)) for label, reading in preferred)
        return Query(self.values, (), self.assumed, made, some, preferred=better)

    def _with_facts(self, query: Query) -> Query:
        query = replace(query, facts=tuple(self.inputs.facts))
        bounds = (f"`{path}` {each.bound}" for path, each in self.needed(query).items() if each.bound)
        return replace(query, bounds=tuple(bounds))

    def needed(self, query: Query) -> dict[str, _Needed]:
        """The slots that all questions so far need."""
        roots = [*query.facts, *_terms((*query.assumptions, query.goal, *query.preferred))]
        return _needed_slots(self.inputs, roots, self.slots_max, self.before)

    def suffices(self, needed: Mapping[str, _Needed]) -> bool:
        return all(_suffice(_used(path, self.slots), each.slots) for path, each in needed.items())


class _Follows:
    """The values of variables that follow at once from what is assumed, as far as that is known."""

    def __init__(self, inputs: Inputs, shapes: Mapping[str, Shape], assume: Sequence[Labelled]) -> None:
        self.inputs = inputs
        values = {name: inputs.make(name, shape) for name, shape in shapes.items()}
        with remembering():
            self.conditions = [read(label, reading(**values)) for label, reading in assume]

    @property
    def values(self) -> dict[str, str | bool]:
        """By the names of variables. Those of the slots of a list are left out: any slot will do for what
        is asked of a list.
        """
        certain = [each.holds for each in self.conditions if each.open is t.FALSE]
        found = units([*self.inputs.facts, *certain])
        return {name: value for name, value in found.items() if not _SLOT.search(name)}

    def needed(self, slots_max: int) -> dict[str, _Needed]:
        """The slots without which these values might follow only because lists are short."""
        return _needed_slots(self.inputs, [*self.inputs.facts, *_terms(self.conditions)], slots_max, {})


_SLOT = re.compile(r"\[[0-9]")


def _cut_short(slots: Mapping[str, Slots], needed: Mapping[str, _Needed]) -> list[str]:
    """A sentence for each list that was given fewer slots than the questions about it need."""
    used = {path: _used(path, slots) for path in needed}
    return [
        f"`{path}` has at most {its.others} elements, and no text that the question came to name last"
        for path, its in used.items()
        if not _suffice(its, needed[path].slots)
    ]


def _used(path: str, slots: Mapping[str, Slots]) -> Slots:
    return slots.get(path, Slots())


def _suffice(slots: Slots, needed: Slots) -> bool:
    return slots.others >= needed.others and set(slots.constants) >= set(needed.constants)


@dataclass(frozen=True, slots=True)
class _Needed:
    """What the questions about a list need, and what has to be said if that is less than all."""

    slots: Slots
    bound: str = ""


def _needed_slots(
    inputs: Inputs, roots: Sequence[Term], slots_max: int, before: Mapping[str, _Needed]
) -> dict[str, _Needed]:
    """By the path of each open list; `before`: what other questions need."""
    classes = {v: its for its in string_classes(roots) for v in its.variables}
    needed = dict(before)
    for path, used in inputs.lists.items():
        constants, wanted = _demand(used, classes)
        its = before.get(path, _Needed(Slots(others=0)))
        constants = tuple(dict.fromkeys((*its.slots.constants, *constants)))
        others = max(min(wanted, slots_max), its.slots.others)
        bound = its.bound
        if used.counted or wanted > slots_max:
            known = f" besides {', '.join(map(repr, constants))}" if constants else ""
            bound = f"has at most {others} elements{known}"
        needed[path] = _Needed(Slots(constants, others), bound)
    return needed


def _demand(used: OpenList, classes: Mapping[Term, StringClass]) -> tuple[tuple[str, ...], int]:
    """(constants, other elements) that suffice for the questions asked of a list: see `OpenList`."""
    texts = [value.term for _, value in used.elements if isinstance(value, SymStr)]
    found = next((classes[text] for text in texts if text in classes), None)
    asked = len(used.questions)
    if used.counted:
        asked = max(asked, COUNTED_MIN)
    if found is None:
        return used.slots.constants, asked
    constants = tuple(dict.fromkeys((*used.slots.constants, *found.constants)))
    alike = not found.facts and all(variable in texts for variable in found.variables)
    return constants, min(asked, 1) if alike and not used.counted else asked


def _terms(conditions: Iterable[Condition]) -> list[Term]:
    return [term for each in conditions for term in (each.holds, each.fails, each.open)]


def emit_smt2(query: Query) -> str:
    """The text that Z3 is given: satisfiable when the goal is violated (`some`: when it holds)."""
    return query.script(lines=True).text + "(check-sat)\n"
