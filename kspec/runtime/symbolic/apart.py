"""Knows how one value falls apart into alternatives, down to all the ordinary values that it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import Case, count_all, make_number
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    ALTERNATIVES_MAX,
    Opaque,
    SymBool,
    SymInt,
    SymIP,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymStr,
    Union,
    Unsupported,
    is_open,
)
from kspec.runtime.values import Optional


def alternatives(value: object) -> tuple[Case, ...]:
    """The alternatives of a Union; any other value is its own only one."""
    return value.alternatives if isinstance(value, Union) else ((t.TRUE, value),)


def combinations(values: Sequence[object]) -> list[tuple[Term, tuple[object, ...]]]:
    """Every way to choose one alternative of each value, under its guard; the impossible ones are left
    out.
    """
    return _product([alternatives(value) for value in values])


def _product(parts: Sequence[Sequence[Case]]) -> list[tuple[Term, tuple[object, ...]]]:
    found: list[tuple[Term, tuple[object, ...]]] = [(t.TRUE, ())]
    for part in parts:
        found = [
            (both, (*chosen, value))
            for guard, chosen in found
            for its, value in part
            if (both := t.and_(guard, its)) is not t.FALSE
        ]
        if len(found) > ALTERNATIVES_MAX:
            raise Unsupported(f"more than {ALTERNATIVES_MAX} combinations of alternatives")
    return found


SPREAD_MAX = 16
"""An integer with so few possible values may be taken apart."""


def concrete_cases(value: object) -> list[Case]:
    """All the ordinary values that this value may be, each under its guard; Unsupported where they cannot
    be listed.
    """
    if not is_open(value):
        return [(t.TRUE, value)]
    match value:
        case SymBool(term):
            return [(term, True), (t.not_(term), False)]
        case SymInt(term, kind):
            count_all(value)
            return [(guard, make_number(kind, t.number(n))) for guard, n in _spread(term)]
        case Union():
            return _bounded(
                (both, inner)
                for guard, each in value.alternatives
                for its, inner in concrete_cases(each)
                if (both := t.and_(guard, its)) is not t.FALSE
            )
        case SymOptional(present, held):
            some = [(t.and_(present, g), Optional(True, v)) for g, v in concrete_cases(held)]
            return [*some, (t.not_(present), Optional(False))]
        case SymList():
            count_all(value)
            chosen = _product([_slot(guard, each) for guard, each in value.items])
            return [(guard, [v for held in kept for v in _held(held)]) for guard, kept in chosen]
        case SymMap():
            return _concrete_entries(value.entries)
        case SymRecord() if isinstance(value.base, dict):
            entries: dict[object, Case] = {k: (t.TRUE, v) for k, v in value.base.items()}
            entries.update(value.fields)
            return _concrete_entries(entries)
        case Opaque(reason):
            raise Unsupported(reason)
        case SymStr() | SymIP() | _:
            raise Unsupported(f"{describe(value)} where each of its values would be needed")


def _concrete_entries(entries: dict[object, Case]) -> list[Case]:
    chosen = _product([_slot(guard, each) for guard, each in entries.values()])
    keys = tuple(entries)
    return [
        (guard, {k: v for k, held in zip(keys, kept, strict=True) for v in _held(held)})
        for guard, kept in chosen
    ]


def _slot(guard: Term, value: object) -> list[Case]:
    """What may stand at one place: nothing, or one of the element's values (in a tuple of one)."""
    present: list[Case] = [
        (both, (v,)) for g, v in concrete_cases(value) if (both := t.and_(guard, g)) is not t.FALSE
    ]
    return [(t.not_(guard), ()), *present] if guard is not t.TRUE else present


def _held(slot: object) -> tuple[object, ...]:
    assert isinstance(slot, tuple)
    return slot


def _bounded(cases: Iterable[Case]) -> list[Case]:
    found = list(islice(cases, ALTERNATIVES_MAX + 1))
    if len(found) > ALTERNATIVES_MAX:
        raise Unsupported(f"a value with more than {ALTERNATIVES_MAX} alternatives")
    return found


def _spread(term: Term) -> list[tuple[Term, int]]:
    """The values of an integer term: of a choice between constants, or of a short interval."""
    cases: list[tuple[Term, int]] = []
    clear = t.TRUE
    while term.op == "ite" and term.args[1].op == "const":
        condition, then, term = term.args
        assert isinstance(then.value, int)
        cases.append((t.and_(clear, condition), then.value))
        clear = t.and_(clear, t.not_(condition))
    if term.op == "const":
        assert isinstance(term.value, int)
        return [*cases, (clear, term.value)]
    if term.low is None or term.high is None or term.high - term.low >= SPREAD_MAX:
        raise Unsupported("an open number where each of its values would be needed")
    return [*cases, *((t.and_(clear, t.eq(term, t.number(n))), n) for n in range(term.low, term.high + 1))]


def describe(value: object) -> str:
    """What a value is, for reasons."""
    if isinstance(value, (SymStr, Opaque)):
        return "an open string" if isinstance(value, SymStr) else value.reason
    names = {
        SymBool: "an open bool",
        SymIP: "an open address",
        SymList: "an open list",
        SymOptional: "an open optional",
    }
    if isinstance(value, SymInt):
        return f"an open {value.kind}"
    return names.get(type(value), "an open record or map" if is_open(value) else "a known value")
