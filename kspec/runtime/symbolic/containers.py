"""Knows maps, records and lists with something open: fields, keys, membership, indices, sizes,
concatenation.
"""

from __future__ import annotations

from collections.abc import Iterable

from kspec.runtime.equality import find_key, from_key
from kspec.runtime.operators import has_key as concrete_has_key
from kspec.runtime.operators import select as concrete_select
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.compare import entries_of, equal
from kspec.runtime.symbolic.inputs import OpenMap, OpenRecord
from kspec.runtime.symbolic.merge import (
    Case,
    alternatives,
    choose,
    count_all,
    items_of,
    make_list,
    make_number,
    make_optional,
    number_kind,
    number_term,
    optional_parts,
    select,
    sources_of,
)
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    Opaque,
    SymBool,
    SymInt,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymSize,
    SymStr,
    Union,
    Unsupported,
    failed,
    is_open,
    make_bool,
)
from kspec.runtime.values import EvalError, Optional, UInt

Maps = (dict, SymMap, SymRecord, OpenRecord, OpenMap)
Lists = (list, tuple, SymList)


# ---------------------------------------------------------------- fields of records


def field(record: object, name: str, zero: object) -> object:
    """`record.name`: total, an absent field reads as zero."""
    if isinstance(record, dict):
        value = record.get(name)
        return zero if value is None else value
    match record:
        case SymRecord():
            if name not in record.fields:
                return field(record.base, name, zero)
            return choose(*record.fields[name], zero)
        case SymMap():
            return choose(*record.entries[name], zero) if name in record.entries else zero
        case OpenRecord():
            return record.get(name, zero)
        case OpenMap():
            return choose(*record.entry(name), zero)
        case Opaque(reason):
            raise Unsupported(reason)
        case _:
            return zero


def has_field(record: object, name: str) -> Term:
    """Is the field there, and not null?"""
    if isinstance(record, dict):
        return t.truth(record.get(name) is not None)
    match record:
        case SymRecord():
            return record.fields[name][0] if name in record.fields else has_field(record.base, name)
        case SymMap():
            guard, value = record.entries.get(name, (t.FALSE, None))
            return t.and_(guard, t.not_(is_null(value)))
        case OpenRecord():
            return record.has(name)
        case OpenMap():
            return record.entry(name)[0]
        case Opaque(reason):
            raise Unsupported(reason)
        case _:
            return t.FALSE


def is_null(value: object) -> Term:
    if isinstance(value, Union):
        return t.any_of(guard for guard, each in value.alternatives if each is None)
    return t.truth(value is None)


def without_null(value: object) -> Case:
    """(is it anything but null, what it is then): how a record takes a field."""
    if isinstance(value, Union):
        kept = [(guard, each) for guard, each in value.alternatives if each is not None]
        if len(kept) < len(value.alternatives):
            present = t.any_of(guard for guard, _ in kept)
            return present, (kept[0][1] if len(kept) == 1 else Union(kept))
    return t.truth(value is not None), value


# ---------------------------------------------------------------- keys of maps


def lookup(operand: object, key: object) -> Case:
    """(is the key there, its value if so), on a map or record with a known key or an open string."""
    if is_open(key):
        return _lookup_open(operand, key)
    match operand:
        case OpenMap() | OpenRecord():
            if not isinstance(key, str):
                return t.FALSE, None
            if isinstance(operand, OpenMap):
                return operand.entry(key)
            return operand.has(key), operand.get(key, None)
        case SymRecord():
            if isinstance(key, str) and key in operand.fields:
                return operand.fields[key]
            return lookup(operand.base, key)
        case _:
            return entries_of(operand).get(find_key(key), (t.FALSE, None))


def _lookup_open(operand: object, key: object) -> Case:
    """The entry whose key is equal to an open one."""
    if not (isinstance(key, SymStr) or number_kind(key) in ("int", "uint")):
        if isinstance(key, (SymBool, Opaque)):
            raise Unsupported("an open key of a map")
        raise EvalError("no_such_overload", "this cannot be the key of a map")
    found = [
        (t.and_(guard, equal(key, from_key(name))), value)
        for name, (guard, value) in entries_of(operand).items()
    ]
    found = [(guard, value) for guard, value in found if guard is not t.FALSE]
    if not found:
        return t.FALSE, None
    present = t.any_of(guard for guard, _ in found)
    return present, select([*found[:-1], (t.not_(t.any_of(g for g, _ in found[:-1])), found[-1][1])])


def key(operand: object, name: str) -> object:
    """`operand.name` on a map or dyn; absent is an error."""
    match operand:
        case SymOptional():
            return select_maybe(operand, name)
        case SymMap() | SymRecord() | OpenRecord() | OpenMap():
            return present_or_error(lookup(operand, name), name)
        case Opaque(reason):
            raise Unsupported(reason)
        case _ if not is_open(operand):
            return concrete_select(operand, name)
        case _:
            return failed("no_such_overload", f"no field `{name}`")


def present_or_error(found: Case, name: object) -> object:
    present, value = found
    if present is t.FALSE:
        return failed("no_such_key", f"no such key: {name}")
    return choose(present, value, failed("no_such_key", f"no such key: {name}"))


def has_key(operand: object, name: str) -> object:
    """`has(operand.name)` on a map or dyn."""
    match operand:
        case SymOptional(present, value):
            return choose(present, has_key(value, name), False)
        case SymMap() | SymRecord() | OpenRecord() | OpenMap():
            return make_bool(lookup(operand, name)[0])
        case Opaque(reason):
            raise Unsupported(reason)
        case _ if not is_open(operand):
            return concrete_has_key(operand, name)
        case _:
            return failed("no_such_overload", f"no field `{name}`")


# ---------------------------------------------------------------- functions


def index(operand: object, at: object) -> object:
    """`operand[at]`."""
    if isinstance(operand, Maps):
        return present_or_error(lookup(operand, at), at)
    if isinstance(operand, Lists) and _is_index(at):
        return _element_at(operand, at, failed("index_out_of_bounds", "the index is outside the list"))
    if isinstance(operand, SymOptional):
        return index_maybe(operand, at)
    return NotImplemented


def index_maybe(operand: object, at: object) -> object:
    """`operand[?at]`: an optional."""
    if isinstance(operand, (SymOptional, Optional)):
        present, value = optional_parts(operand)
        if present is t.FALSE:
            return Optional(False)
        return choose(present, index_maybe(value, at), Optional(False))
    if isinstance(operand, Maps):
        present, value = lookup(operand, at)
        return make_optional(present, value)
    if isinstance(operand, Lists) and _is_index(at):
        found = _element_at(operand, at, _OUTSIDE)
        held = [case for case in alternatives(found) if case[1] is not _OUTSIDE]
        if not held:
            return Optional(False)
        return make_optional(t.any_of(g for g, _ in held), held[0][1] if len(held) == 1 else Union(held))
    return NotImplemented


_OUTSIDE = Opaque("no element")


def _is_index(value: object) -> bool:
    return type(value) in (int, UInt) or number_kind(value) in ("int", "uint")


def _element_at(operand: object, at: object, outside: object) -> object:
    """The element at an index that may be open."""
    if not isinstance(at, SymInt):
        assert isinstance(at, int)
        return _element(operand, at, outside)
    index_term = number_term(at)
    cases: list[Case] = []
    for place in range(len(items_of(operand))):
        here = t.eq(index_term, t.number(place))
        if here is not t.FALSE:
            cases.append((here, _element(operand, place, outside)))
    return select([*cases, (t.not_(t.any_of(here for here, _ in cases)), outside)])


def first(operand: object) -> object:
    return index_maybe(operand, 0) if isinstance(operand, Lists) else NotImplemented


def last(operand: object) -> object:
    return first(reverse(operand)) if isinstance(operand, Lists) else NotImplemented


def reverse(operand: object) -> object:
    if not isinstance(operand, Lists):
        return NotImplemented
    count_all(operand)
    return make_list(reversed(items_of(operand)), sources_of(operand))


def select_maybe(operand: object, name: object) -> object:
    """`operand.?name`."""
    if isinstance(operand, (SymOptional, *Maps)) and isinstance(name, str):
        return index_maybe(operand, name)
    return NotImplemented


def _element(operand: object, at: int, outside: object) -> object:
    """The element number `at` of those present, `outside` if there are not so many."""
    count_all(operand)
    cases: list[Case] = []
    before: dict[int, Term] = {0: t.TRUE}  # how many are present so far, under which condition
    for guard, value in items_of(operand):
        if at in before:
            cases.append((t.and_(before[at], guard), value))
        moved: dict[int, Term] = {}
        for count, condition in before.items():
            moved[count] = t.or_(moved.get(count, t.FALSE), t.and_(condition, t.not_(guard)))
            if count < at:
                moved[count + 1] = t.or_(moved.get(count + 1, t.FALSE), t.and_(condition, guard))
        before = {count: condition for count, condition in moved.items() if condition is not t.FALSE}
    missing = t.not_(t.any_of(guard for guard, _ in cases)) if at >= 0 else t.TRUE
    return select([*cases, (missing, outside)])


def contains(value: object, operand: object) -> object:
    """`value in operand`."""
    if isinstance(operand, Lists):
        asked = tuple((guard, equal(value, each)) for guard, each in items_of(operand))
        ask(operand, ("in", *asked))
        return make_bool(t.any_of(t.and_(*each) for each in asked))
    if isinstance(operand, Maps):
        try:
            return make_bool(lookup(operand, value)[0])
        except EvalError:
            return False  # what cannot be a key is not there
    return NotImplemented


def size(operand: object) -> object:
    """How many elements or entries."""
    if isinstance(operand, Lists):
        guards: Iterable[Term] = (guard for guard, _ in items_of(operand))
    elif isinstance(operand, Maps):
        guards = (guard for guard, _ in entries_of(operand).values())
    else:
        return NotImplemented
    total = t.add(*(t.ite(guard, t.number(1), t.number(0)) for guard in guards))
    if isinstance(operand, SymList) and operand.sources and total.op != "const":
        return SymSize(total, operand)
    return make_number("int", total)


def concatenate(a: object, b: object) -> object:
    if isinstance(a, Lists) and isinstance(b, Lists):
        return make_list((*items_of(a), *items_of(b)), sources_of(a, b))
    return NotImplemented


# ---------------------------------------------------------------- how open lists are used


def ask(operand: object, question: object) -> None:
    """Note an existential question about a list, outside of any loop over it."""
    for source in sources_of(operand):
        source.ask(question)
        source.enter()
        source.leave()
