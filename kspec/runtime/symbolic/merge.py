"""Knows how outcomes under different guards become one, and how one value falls apart into alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    ALTERNATIVES_MAX,
    NOTHING,
    SymInt,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymSize,
    Union,
    Unsupported,
    Why,
    bool_term,
    errors_of,
    is_open,
    make_bool,
    outcome,
    under,
    value_of,
)
from kspec.runtime.values import Duration, Optional, Quantity, Timestamp, UInt

if TYPE_CHECKING:
    from kspec.runtime.symbolic.inputs import OpenList

Case = tuple[Term, object]
NUMBERS_APART_MAX = 16
"""So many constant numbers stay alternatives (which fold well); more become one integer term."""


def choose(condition: Term, then: object, otherwise: object) -> object:
    """The one outcome where the condition holds, else the other."""
    return select(((condition, then), (t.not_(condition), otherwise)))


def select(cases: Iterable[Case]) -> object:
    """One outcome of several, under guards that exclude each other and leave nothing out."""
    errors: list[tuple[Why, Term]] = []
    values: list[Case] = []
    for guard, each in cases:
        if guard is t.FALSE:
            continue
        if guard is t.TRUE:
            return each
        errors.extend(under(guard, errors_of(each)))
        value = value_of(each)
        if isinstance(value, Union):
            values.extend((t.and_(guard, its), inner) for its, inner in value.alternatives)
        elif value is not NOTHING:
            values.append((guard, value))
    return outcome(errors, merge([(guard, value) for guard, value in values if guard is not t.FALSE]))


def merge(cases: Sequence[Case]) -> object:
    """One value of several (none a Union). Equal ones are gathered; bools, numbers, lists and optionals
    become one value.
    """
    gathered: dict[object, tuple[list[Term], object]] = {}
    for guard, value in cases:
        gathered.setdefault(_identity(value), ([], value))[0].append(guard)
    if not gathered:
        return NOTHING
    groups: dict[object, list[Case]] = {}
    for guards, value in gathered.values():
        groups.setdefault(_shape(value), []).append((t.any_of(guards), value))
    merged = [each for shape, group in groups.items() for each in _merge_group(shape, group)]
    if len(merged) == 1:
        return merged[0][1]
    if len(merged) > ALTERNATIVES_MAX:
        raise Unsupported(f"a value with more than {ALTERNATIVES_MAX} alternatives")
    return Union(merged)


def _identity(value: object) -> object:
    """Equal for values that need not be told apart."""
    if isinstance(value, (list, dict, tuple, SymList, SymMap, SymRecord, Optional)):
        return id(value)
    return (type(value), value) if type(value) is not float else (float, repr(value))


def _shape(value: object) -> object:
    """Equal for values that can be merged into one; unlike any other for values that stay apart."""
    if bool_term(value) is not None:
        return "bool"
    kind = number_kind(value)
    if kind:
        return kind
    if isinstance(value, (list, tuple, SymList)):
        return "list"
    if isinstance(value, (Optional, SymOptional)):
        return "optional"
    return _identity(value)


def _merge_group(shape: object, group: list[Case]) -> list[Case]:
    if len(group) == 1 or not isinstance(shape, str):
        return group
    whole = t.any_of(guard for guard, _ in group)
    if shape == "bool":
        held = t.any_of(t.and_(guard, bool_term(value) or t.FALSE) for guard, value in group)
        return [(whole, make_bool(held))]
    if shape == "list":
        return [(whole, merge_lists(group))]
    if shape == "optional":
        return [(whole, _merge_optionals(group))]
    if len(group) <= NUMBERS_APART_MAX and not any(isinstance(value, SymInt) for _, value in group):
        return group
    return [(whole, make_number(shape, number_choice(group)))]


def merge_lists(group: Sequence[Case]) -> object:
    """One list of several: what they begin with in common, then the rest of each under its guard."""
    lists = [(guard, items_of(value)) for guard, value in group]
    shared = 0
    shortest = min(len(items) for _, items in lists)
    first = lists[0][1]
    while shared < shortest and all(
        items[shared][0] is first[shared][0] and _identity(items[shared][1]) == _identity(first[shared][1])
        for _, items in lists
    ):
        shared += 1
    items = list(first[:shared])
    for guard, its in lists:
        items.extend((t.and_(guard, present), value) for present, value in its[shared:])
    return make_list(items, sources_of(*(value for _, value in group)))


def _merge_optionals(group: Sequence[Case]) -> object:
    parts = [(guard, *optional_parts(value)) for guard, value in group]
    present = t.any_of(t.and_(guard, its) for guard, its, _ in parts)
    inner = [(t.and_(guard, its), value) for guard, its, value in parts if its is not t.FALSE]
    return make_optional(present, select(_closed(inner)) if inner else None)


def _closed(cases: list[Case]) -> list[Case]:
    """The same cases, the last one also standing for what none of them covers (where the value does not
    matter).
    """
    covered = t.any_of(guard for guard, _ in cases[:-1])
    return [*cases[:-1], (t.not_(covered), cases[-1][1])]


# ---------------------------------------------------------------- numbers


_NANOS = {"quantity": Quantity, "timestamp": Timestamp, "duration": Duration}
_KINDS: dict[type, str] = {
    int: "int", UInt: "uint", Quantity: "quantity", Timestamp: "timestamp", Duration: "duration"
}  # fmt: skip


def number_kind(value: object) -> str:
    """int, uint, quantity, timestamp or duration; "" for what is none of these."""
    return value.kind if isinstance(value, SymInt) else _KINDS.get(type(value), "")


def number_term(value: object) -> Term:
    """The integer of a number of any kind; a Union of numbers becomes a choice."""
    if isinstance(value, SymInt):
        count_all(value)
        return value.term
    if isinstance(value, Union):
        return number_choice(value.alternatives)
    if isinstance(value, (Quantity, Timestamp, Duration)):
        return t.number(value.nanos)
    assert isinstance(value, int)
    return t.number(value)


def number_choice(cases: Sequence[Case]) -> Term:
    """The integer that the guards choose; the last case stands for what none covers."""
    chosen = number_term(cases[-1][1])
    for guard, value in reversed(cases[:-1]):
        chosen = t.ite(guard, number_term(value), chosen)
    return chosen


def make_number(kind: str, term: Term) -> object:
    """A number of this kind: an ordinary one where the term is a constant."""
    if term.op != "const":
        return SymInt(term, kind)
    assert isinstance(term.value, int)
    if kind == "int":
        return term.value
    return UInt(term.value) if kind == "uint" else _NANOS[kind](term.value)


# ---------------------------------------------------------------- containers


def items_of(value: object) -> tuple[Case, ...]:
    """The guarded elements of a list."""
    if isinstance(value, SymList):
        return value.items
    assert isinstance(value, (list, tuple))
    return tuple((t.TRUE, each) for each in value)


def sources_of(*values: object) -> tuple[OpenList, ...]:
    """The open lists behind these lists, each once."""
    return tuple(dict.fromkeys(s for v in values if isinstance(v, SymList) for s in v.sources))


def count_all(*values: object) -> None:
    """Note that these lists (or sizes) are not only asked existential questions: see `OpenList`."""
    for source in sources_of(*(v.operand if isinstance(v, SymSize) else v for v in values)):
        source.counted = True


def make_list(items: Iterable[Case], sources: tuple[OpenList, ...] = ()) -> object:
    """A list: an ordinary one where nothing in it is open. Elements that are never present are dropped."""
    kept = [(guard, value) for guard, value in items if guard is not t.FALSE]
    if sources or any(guard is not t.TRUE or is_open(value) for guard, value in kept):
        return SymList(kept, sources)
    return [value for _, value in kept]


class Entries:
    """The entries of a map in the making. A key that is put again keeps its place, if it had one."""

    __slots__ = ("cases", "ordered")

    def __init__(self, cases: dict[object, Case] | None = None, ordered: bool = True) -> None:
        self.cases = dict(cases or {})
        self.ordered = ordered

    def put(self, key: object, case: Case) -> None:
        old = self.cases.get(key, (t.FALSE, None))[0]
        if old is t.FALSE:
            self.cases.pop(key, None)
        elif old is not t.TRUE and case[0] is not t.FALSE:
            self.ordered = False
        self.cases[key] = case

    def made(self) -> object:
        return make_map(self.cases, self.ordered)


def make_map(entries: dict[object, Case], ordered: bool = True) -> object:
    """A map, or a record without a base: an ordinary one where nothing in it is open."""
    kept = {key: case for key, case in entries.items() if case[0] is not t.FALSE}
    if any(guard is not t.TRUE or is_open(value) for guard, value in kept.values()):
        return SymMap(kept, ordered)
    return {key: value for key, (_, value) in kept.items()}


def make_optional(present: Term, value: object) -> object:
    if present.op != "const" or is_open(value):
        return SymOptional(present, value)
    return Optional(True, value) if present is t.TRUE else Optional(False)


def optional_parts(value: object) -> Case:
    """(is it present, what it holds then)."""
    if isinstance(value, SymOptional):
        return value.present, value.value
    assert isinstance(value, Optional)
    return t.truth(value.present), value.value
