"""Knows when two values are equal, as a term: the same cases as `kspec.runtime.equality`."""

from __future__ import annotations

from kspec.runtime.equality import equals
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.addresses import equal_addresses, is_address
from kspec.runtime.symbolic.apart import alternatives
from kspec.runtime.symbolic.inputs import OpenMap, OpenRecord
from kspec.runtime.symbolic.merge import (
    Case,
    count_all,
    items_of,
    number_kind,
    number_term,
    optional_parts,
)
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    ALTERNATIVES_MAX,
    Opaque,
    SymBool,
    SymInt,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymStr,
    Union,
    Unsupported,
    bool_term,
    is_open,
)
from kspec.runtime.values import Optional

_WHOLE = ("int", "uint")


def equal(a: object, b: object) -> Term:
    """Under which condition the two are equal. Never an error of the language; Unsupported where it cannot
    be said.
    """
    if a is b and isinstance(a, (SymStr, OpenRecord, OpenMap, SymBool, SymInt)):
        return t.TRUE
    if not is_open(a) and not is_open(b):
        return t.truth(equals(a, b))
    if isinstance(a, Union) or isinstance(b, Union):
        return t.any_of(
            t.and_(g, h, equal(x, y))
            for g, x in alternatives(a)
            for h, y in alternatives(b)
            if t.and_(g, h) is not t.FALSE
        )
    for value in (a, b):
        if isinstance(value, Opaque):
            raise Unsupported(value.reason)
    if isinstance(a, SymStr) or isinstance(b, SymStr):
        return _equal_strings(a, b)
    if bool_term(a) is not None or bool_term(b) is not None:
        left, right = bool_term(a), bool_term(b)
        return t.eq(left, right) if left is not None and right is not None else t.FALSE
    if isinstance(a, SymInt) or isinstance(b, SymInt):
        return _equal_numbers(a, b)
    if is_address(a) or is_address(b):
        return equal_addresses(a, b) if is_address(a) and is_address(b) else t.FALSE
    return _equal_containers(a, b)


def _equal_strings(a: object, b: object) -> Term:
    if not isinstance(a, SymStr):
        a, b = b, a
    assert isinstance(a, SymStr)
    if isinstance(b, str):
        return t.eq(a.term, t.text(b))
    return t.eq(a.term, b.term) if isinstance(b, SymStr) else t.FALSE


def _equal_numbers(a: object, b: object) -> Term:
    """Numbers across int, uint and double by value; quantities, times and durations with their own kind
    only.
    """
    left, right = number_kind(a), number_kind(b)
    for value, other in ((a, b), (b, a)):
        if isinstance(value, float) and number_kind(other) in _WHOLE:
            return t.eq(number_term(other), t.number(int(value))) if value.is_integer() else t.FALSE
    if left and right and (left == right or (left in _WHOLE and right in _WHOLE)):
        return t.eq(number_term(a), number_term(b))
    return t.FALSE


def _equal_containers(a: object, b: object) -> Term:
    if isinstance(a, (list, tuple, SymList)) and isinstance(b, (list, tuple, SymList)):
        count_all(a, b)
        return equal_items(items_of(a), items_of(b))
    if isinstance(a, (Optional, SymOptional)) and isinstance(b, (Optional, SymOptional)):
        (p, x), (q, y) = optional_parts(a), optional_parts(b)
        both = t.and_(p, q)
        return t.and_(t.eq(p, q), t.or_(t.not_(both), t.TRUE if both is t.FALSE else equal(x, y)))
    if _is_map(a) and _is_map(b):
        if isinstance(a, OpenMap):
            return _Likeness(a, b).same
        if isinstance(b, OpenMap):
            return _Likeness(b, a).same
        return _equal_entries(entries_of(a), entries_of(b))
    return t.FALSE


def equal_items(left: tuple[Case, ...], right: tuple[Case, ...]) -> Term:
    """Are two lists of guarded elements equal? Row by row from their ends, as in aligning two texts."""
    if len(left) * len(right) > ALTERNATIVES_MAX:
        raise Unsupported("equality of two long open lists")
    below = [t.TRUE] * (len(right) + 1)
    for j in range(len(right) - 1, -1, -1):
        below[j] = t.and_(t.not_(right[j][0]), below[j + 1])
    for present, value in reversed(left):
        row = [t.and_(t.not_(present), below[len(right)])] * (len(right) + 1)
        for j in range(len(right) - 1, -1, -1):
            there, other = right[j]
            both = t.and_(present, there, below[j + 1])
            row[j] = t.or_(
                t.and_(t.not_(present), below[j]),
                t.and_(present, t.not_(there), row[j + 1]),
                t.FALSE if both is t.FALSE else t.and_(both, equal(value, other)),
            )
        below = row
    return below[0]


def _is_map(value: object) -> bool:
    return isinstance(value, (dict, SymMap, SymRecord, OpenRecord, OpenMap))


def entries_of(value: object) -> dict[object, Case]:
    """The guarded entries of a map or record all of whose keys are known."""
    if isinstance(value, dict):
        return {key: (t.TRUE, each) for key, each in value.items()}
    if isinstance(value, SymMap):
        return value.entries
    if isinstance(value, SymRecord):
        entries = dict(entries_of(value.base))
        entries.update(value.fields)
        return entries
    raise Unsupported(
        "all the keys of an open map" if isinstance(value, OpenMap) else "all the fields of an open record"
    )


def _equal_entries(left: dict[object, Case], right: dict[object, Case]) -> Term:
    parts = []
    for key in dict.fromkeys((*left, *right)):
        (p, x), (q, y) = left.get(key, (t.FALSE, None)), right.get(key, (t.FALSE, None))
        both = t.and_(p, q)
        parts.append(t.eq(p, q))
        if both is not t.FALSE:
            parts.append(t.or_(t.not_(both), equal(x, y)))
    return t.all_of(parts)


class _Likeness:
    """Whether an open map is equal to another map, as a variable.

    If it is true, all keys that the question names, on whichever side, have like entries; if it is false,
    some key has not. For the latter there is one key more, which no rule names, as two maps may always
    differ in such a one.

    Of maps of strings this key is the same for all that are compared: there are as many strings as it takes
    for maps that are not equal to have different ones there, and for equal ones to have the same.
    """

    def __init__(self, a: OpenMap, b: object) -> None:
        self.a, self.b = a, b
        self.known = {} if isinstance(b, OpenMap) else entries_of(b)
        self.same = t.bool_var(f"{a.path} is like map {len(a.inputs.last) + 1}")
        self.alike: dict[str, Term] = {}
        a.inputs.last.append(self.close)
        a.told.append(self.see)
        if isinstance(b, OpenMap):
            b.told.append(self.see)
        for key in (*a.entries, *(b.entries if isinstance(b, OpenMap) else self.known)):
            self.see(key)

    def see(self, key: object) -> None:
        if key in self.alike or not isinstance(key, str):
            return
        self.alike[key] = t.TRUE  # making the entries tells this likeness again
        p, x = self.a.entry(key)
        q, y = self.b.entry(key) if isinstance(self.b, OpenMap) else self.known.get(key, (t.FALSE, None))
        both = t.and_(p, q)
        values = t.TRUE if both is t.FALSE else t.or_(t.not_(both), equal(x, y))
        self.alike[key] = t.and_(t.eq(p, q), values)
        self.a.inputs.fact(t.implies(self.same, self.alike[key]))

    def close(self) -> None:
        key = self.a.inputs.unnamed_key()
        while self.a.element.kind != "string" and key in self.alike:
            key += "-one"
        self.see(key)
        self.a.inputs.fact(t.or_(self.same, *(t.not_(each) for each in self.alike.values())))
