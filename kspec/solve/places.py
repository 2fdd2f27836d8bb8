"""Knows the parts of open values in the order in which a witness is made simple, and what they are in a
model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.runtime.ip import IP
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.inputs import OpenMap, OpenRecord
from kspec.runtime.symbolic.merge import make_number
from kspec.runtime.symbolic.strings import fact_holds
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    SymBool,
    SymInt,
    SymIP,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymStr,
    Union,
    is_open,
)
from kspec.runtime.values import Duration, Optional, Quantity, Timestamp, UInt


@dataclass(frozen=True, slots=True)
class Place:
    """A variable of a witness. `kind` is presence, bool, int, address or string; it matters only where
    `guard` holds.
    """

    kind: str
    term: Term
    guard: Term


def places_of(value: object, guard: Term = t.TRUE) -> Iterator[Place]:
    """Every variable below an open value, in order of making."""
    match value:
        case OpenRecord():
            for name in dict.fromkeys((*value.presence, *value.values)):
                present = value.presence.get(name, t.TRUE)
                if present.op == "var":
                    yield Place("presence", present, guard)
                if name in value.values:
                    yield from places_of(value.values[name], t.and_(guard, present))
        case OpenMap():
            for present, each in value.entries.values():
                yield Place("presence", present, guard)
                yield from places_of(each, t.and_(guard, present))
        case SymList():
            for present, each in value.items:
                if present.op == "var":
                    yield Place("presence", present, guard)
                yield from places_of(each, t.and_(guard, present))
        case SymBool(term):
            yield Place("bool", term, guard)
        case SymInt(term, _):
            yield Place("int", term, guard)
        case SymStr(term):
            yield Place("string", term, guard)
        case SymIP(v6, number):
            yield Place("bool", v6, guard)
            yield Place("address", number, guard)
        case _:
            pass


class Model(dict[Term, object]):
    """The values of variables; those that the query does not mention are false, zero or as near to it as
    they may be, or empty.
    """

    def __missing__(self, variable: Term) -> object:
        if variable.op == "atom":
            assert isinstance(variable.value, tuple)
            return fact_holds(variable.value, str(self[variable.args[0]]))
        if variable.sort == t.BOOL:
            return False
        if variable.sort == t.TEXT:
            return ""
        low, high = variable.low, variable.high
        return max(0 if low is None else low, min(0, 0 if high is None else high))

    def holds(self, term: Term) -> bool:
        return t.evaluate(term, self) is True


def concrete(value: object, model: Model) -> object:
    """The value as an ordinary one, by a model in which Text variables have strings."""
    if not is_open(value):
        return value
    match value:
        case OpenRecord():
            return _record(value, model)
        case OpenMap():
            return _entries(value.entries, model)
        case Union():
            return concrete(next(each for guard, each in value.alternatives if model.holds(guard)), model)
        case SymMap():
            return _entries(value.entries, model)
        case SymRecord():
            base = concrete(value.base, model)
            own = _entries(value.fields, model)
            kept = base if isinstance(base, dict) else {}
            return {k: v for k, v in {**kept, **own}.items() if k in own or k not in value.fields}
        case SymOptional(present, each):
            return Optional(True, concrete(each, model)) if model.holds(present) else Optional(False)
        case SymList():
            return [concrete(each, model) for present, each in value.items if model.holds(present)]
        case SymBool(term) | SymStr(term):
            return t.evaluate(term, model)
        case SymInt(term, kind):
            number = t.evaluate(term, model)
            assert isinstance(number, int)
            return make_number(kind, t.number(number))
        case SymIP(v6, number):
            whole = t.evaluate(number, model)
            assert isinstance(whole, int)
            return IP(6 if model.holds(v6) else 4, whole)
        case _:
            return None  # opaque: no rule saw more of it than that it is there


def _entries(entries: Mapping[Any, tuple[Term, object]], model: Model) -> dict[object, object]:
    return {key: concrete(each, model) for key, (present, each) in entries.items() if model.holds(present)}


def _record(record: OpenRecord, model: Model) -> dict[str, object]:
    """The fields that are present, or that were read and are not zero (an absent field reads as zero)."""
    made: dict[str, object] = {}
    for name in dict.fromkeys((*record.presence, *record.values)):
        value = concrete(record.values[name], model) if name in record.values else _any(record, name)
        asked = record.presence.get(name)
        if value is not None and (
            bool(value) or isinstance(value, IP) if asked is None else model.holds(asked)
        ):
            made[name] = value
    return made


_ANY: Mapping[str, object] = {
    "string": "", "bool": False, "int": 0, "uint": UInt(0), "double": 0.0, "bytes": b"", "list": [],
    "map": {}, "record": {},
    "quantity": Quantity(0), "timestamp": Timestamp(0), "duration": Duration(0), "ip": IP(4, (10 << 24) + 1),
}  # fmt: skip


def _any(record: OpenRecord, name: str) -> object:
    """A value for a field of which nothing but the presence was asked."""
    shape = record.shape_of(name)
    return _ANY.get(shape.kind, {}) if shape is not None else None
