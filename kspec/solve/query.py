"""Knows a question to the solver: open values, what is assumed of them, and the goal; and the SMT-LIB text
that asks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from kspec.solve.units import units

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
    pins: Mapping[str, str | bool] = MappingProxyType({}),
) -> Query:
    """The query over open values of these shapes. Lists are given as many slots as the question turns out
    to need, within `slots_max`. `pins`: strings at some paths, where any other would decide the question at
    once. What follows at once from what is assumed is put in place before the goal is read.
    """
    needed: dict[str, _Needed] = {}
    for _ in range(ROUNDS_MAX):
        slots = {path: each.slots for path, each in needed.items()}
        follows = _Follows(Inputs(fields, slots, pins), shapes, assume)
        inputs = Inputs(fields, slots, {**pins, **follows.values})
        values = {name: inputs.make(name, shape) for name, shape in shapes.items()}
        with remembering():
            read_assumptions = tuple(read(label, reading(**values)) for label, reading in assume)
            read_goal = read(goal[0], goal[1](**values))
        inputs.close()
        query = Query(values, tuple(inputs.facts), read_assumptions, read_goal, some)
        roots = [*query.facts, *_terms((*query.assumptions, query.goal))]
        needed = _needed_slots(inputs, roots, slots_max, follows.needed(slots_max))
        if all(_suffice(_used(path, slots), each.slots) for path, each in needed.items()):
            break
    bounds = (f"`{path}` {each.bound}" for path, each in needed.items() if each.bound)
    cut = _cut_short(slots, needed)
    return Query(query.open, query.facts, query.assumptions, query.goal, some, (*bounds, *cut))


class _Follows:
    """The values of variables that follow at once from what is assumed, as far as that is known."""

    def __init__(
        self, inputs: Inputs, shapes: Mapping[str, Shape], assume: Sequence[tuple[str, Reading]]
    ) -> None:
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
