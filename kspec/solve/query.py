"""Knows a question to the solver: open values, what is assumed of them, and the goal; and the SMT-LIB text
that asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import Inputs, OpenList, Shape, Slots
from kspec.runtime.symbolic.outcomes import condition_of, not_supported, supported, term_of
from kspec.runtime.symbolic.rules import remembering
from kspec.runtime.symbolic.smtlib import Script, script
from kspec.runtime.symbolic.strings import StringClass, string_classes
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import NOTHING, Errors, SymStr, any_error, errors_of, value_of

Reading = Callable[..., object]
"""The symbolic reading of a condition: takes the open values by name, yields an outcome."""

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
    short.
    """

    open: Mapping[str, object]
    facts: tuple[Term, ...]
    assumptions: tuple[Condition, ...]
    goal: Condition
    some: bool = False
    bounds: tuple[str, ...] = ()

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
    assume: Sequence[tuple[str, Reading]],
    goal: tuple[str, Reading],
    fields: Callable[[str], Mapping[str, Shape]],
    some: bool = False,
    slots_max: int = SLOTS_MAX,
    pins: Mapping[str, str] = MappingProxyType({}),
) -> Query:
    """The query over open values of these shapes. Lists are given as many slots as the question turns out
    to need, within `slots_max`. `pins`: strings at some paths, where any other would decide the question at
    once.
    """
    slots: dict[str, Slots] = {}
    for _ in range(ROUNDS_MAX):
        inputs = Inputs(fields, slots, pins)
        values = {name: inputs.make(name, shape) for name, shape in shapes.items()}
        with remembering():
            read_assumptions = tuple(read(label, reading(**values)) for label, reading in assume)
            read_goal = read(goal[0], goal[1](**values))
        inputs.close()
        query = Query(values, tuple(inputs.facts), read_assumptions, read_goal, some)
        needed, bounds = _needed_slots(inputs, query, slots_max)
        if all(_suffice(inputs.lists[path].slots, wanted) for path, wanted in needed.items()):
            break
        slots = needed
    else:
        bounds += _cut_short(inputs, needed)
    return Query(query.open, query.facts, query.assumptions, query.goal, some, tuple(bounds))


def _cut_short(inputs: Inputs, needed: Mapping[str, Slots]) -> list[str]:
    """A sentence for each list that was given fewer slots than the questions about it need."""
    used = {path: inputs.lists[path].slots for path in needed}
    return [
        f"`{path}` has at most {slots.others} elements, and no text that the question came to name last"
        for path, slots in used.items()
        if not _suffice(slots, needed[path])
    ]


def _suffice(slots: Slots, needed: Slots) -> bool:
    return slots.others >= needed.others and set(slots.constants) >= set(needed.constants)


def _needed_slots(inputs: Inputs, query: Query, slots_max: int) -> tuple[dict[str, Slots], list[str]]:
    """For each open list the slots that the questions about it need, and a sentence for each that has to
    do with fewer.
    """
    roots = [*query.facts, *_terms(query)]
    classes = {v: its for its in string_classes(roots) for v in its.variables}
    needed: dict[str, Slots] = {}
    bounds: list[str] = []
    for path, used in inputs.lists.items():
        constants, wanted = _demand(used, classes)
        others = min(wanted, slots_max)
        needed[path] = Slots(constants, others)
        if used.counted or wanted > slots_max:
            known = f" besides {', '.join(map(repr, constants))}" if constants else ""
            bounds.append(f"`{path}` has at most {others} elements{known}")
    return needed, bounds


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


def _terms(query: Query) -> list[Term]:
    conditions = (*query.assumptions, query.goal)
    return [term for each in conditions for term in (each.holds, each.fails, each.open)]


def emit_smt2(query: Query) -> str:
    """The text that Z3 is given: satisfiable when the goal is violated (`some`: when it holds)."""
    return query.script(lines=True).text + "(check-sat)\n"
