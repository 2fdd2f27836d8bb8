"""Knows the meaning of each node of the typed core where something may be open: one combinator per node, in
its order.

This is what generated code calls. Arguments that a node may not need are functions without parameters,
called only where the rest leaves them undecided; bodies of loops are functions of their variables.
Combinators take outcomes and yield outcomes (see `values.py`); they never raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kspec.runtime.equality import to_key
from kspec.runtime.symbolic import containers, functions
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.compare import entries_of
from kspec.runtime.symbolic.inputs import OpenMap, OpenRecord
from kspec.runtime.symbolic.loops import (
    all_,
    exists,
    exists_one,
    filter_,
    flat_map,
    fold,
    map_,
    sort_by,
    transform_map,
    transform_map_entry,
)
from kspec.runtime.symbolic.merge import Case, Entries, choose, make_list, optional_parts
from kspec.runtime.symbolic.outcomes import (
    Steps,
    add_entry,
    condition_of,
    each,
    guarded,
    not_supported,
    strict,
    supported,
    term_of,
)
from kspec.runtime.symbolic.rules import Lets, rule
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    NOTHING,
    Opaque,
    Partial,
    SymMap,
    SymOptional,
    SymRecord,
    Unsupported,
    Why,
    after,
    any_error,
    errors_of,
    failed,
    is_open,
    make_bool,
    outcome,
    under,
    value_of,
)
from kspec.runtime.values import Duration, EvalError, Optional, Quantity, Timestamp, TypeValue, UInt

__all__ = [
    "Duration",
    "Lets",
    "Optional",
    "Quantity",
    "Timestamp",
    "TypeValue",
    "UInt",
    "all_",
    "and_",
    "call",
    "cond",
    "exists",
    "exists_one",
    "field",
    "filter_",
    "flat_map",
    "fold",
    "has_field",
    "has_key",
    "key",
    "let",
    "list_",
    "map_",
    "map_literal",
    "or_",
    "record",
    "rule",
    "sort_by",
    "transform_map",
    "transform_map_entry",
    "unbound",
    "with_",
]
Thunk = Callable[[], object]


# ---------------------------------------------------------------- Var, Field, HasField, Key, HasKey


def unbound(name: str) -> object:
    return failed("unbound", f"unknown name `{name}`")


def field(operand: object, name: str, zero: object) -> object:
    """`operand.name` of a record; `zero` is what an absent one reads as."""
    if type(operand) is dict:
        value = operand.get(name)
        return zero if value is None else value
    return strict(lambda record: each(containers.field, record, name, zero), operand)


def has_field(operand: object, name: str) -> object:
    return strict(lambda record: each(_has_field, record, name), operand)


def _has_field(record: object, name: str) -> object:
    return make_bool(containers.has_field(record, name))


def key(operand: object, name: str) -> object:
    return strict(lambda value: each(containers.key, value, name), operand)


def has_key(operand: object, name: str) -> object:
    return strict(lambda value: each(containers.has_key, value, name), operand)


# ---------------------------------------------------------------- And, Or, Cond


def and_(first: object, *others: Thunk) -> object:
    for other in others:
        first = _decide(first, other, False)
    return first


def or_(first: object, *others: Thunk) -> object:
    for other in others:
        first = _decide(first, other, True)
    return first


def _decide(left: object, right: Thunk, deciding: bool) -> object:
    """A deciding operand hides the other's error; otherwise the left one's error comes first."""
    if left is deciding:
        return left
    left = condition_of(left)
    if left is deciding:
        return left
    if left is (not deciding):
        return condition_of(right())
    second = condition_of(right())
    if not isinstance(left, Partial):
        first = term_of(left)
        goes_on = t.not_(first) if deciding else first
        value = value_of(second)
        if value is NOTHING:
            return outcome(under(goes_on, errors_of(second)), deciding)
        pair = (first, term_of(value))
        result = make_bool(t.or_(*pair) if deciding else t.and_(*pair))
        return outcome(under(goes_on, errors_of(second)), result) if isinstance(second, Partial) else result
    first_errors, second_errors = errors_of(left), errors_of(second)
    first, other = _goes_on(left, deciding), _goes_on(second, deciding)
    first_fails, other_fails = any_error(first_errors), any_error(second_errors)
    first_decides = t.and_(t.not_(first_fails), t.not_(first))
    other_decides = t.and_(t.not_(other_fails), t.not_(other))
    unknown = any_error(not_supported(second_errors))
    errors = [
        *under(t.not_(other_decides), not_supported(first_errors)),
        *under(t.and_(t.not_(other_decides), t.not_(unknown)), supported(first_errors)),
        *under(
            t.and_(t.not_(first_decides), t.not_(any_error(not_supported(first_errors)))),
            not_supported(second_errors),
        ),
        *under(t.and_(t.not_(first_decides), t.not_(first_fails)), supported(second_errors)),
    ]
    both = t.and_(first, other)
    return outcome(errors, make_bool(t.not_(both) if deciding else both))


def _goes_on(operand: object, deciding: bool) -> Term:
    """Does the operand leave the other to decide? Where it fails, either way will do."""
    value = value_of(operand)
    if value is NOTHING:
        return t.TRUE
    return t.not_(term_of(value)) if deciding else term_of(value)


def cond(condition: object, then: Thunk, otherwise: Thunk) -> object:
    if condition is True:
        return then()
    if condition is False:
        return otherwise()
    condition = condition_of(condition)
    value = value_of(condition)
    if value is NOTHING:
        return condition
    term = term_of(value)
    if term.op == "const":
        return after(errors_of(condition), then() if term.value else otherwise())
    return after(errors_of(condition), guarded(choose, term, then(), otherwise()))


# ---------------------------------------------------------------- Call, Apply


def call(name: str, *args: object) -> object:
    """A function of the standard library."""
    for arg in args:
        if isinstance(arg, Partial):
            return strict(lambda *values: functions.apply(name, values), *args)
    return functions.apply(name, args)


# ---------------------------------------------------------------- MakeList, MakeMap, MakeRecord, With


def list_(elements: Sequence[object], optional: Sequence[int] = ()) -> object:
    def made(*values: object) -> object:
        return make_list(
            _present(value) if index in optional else (t.TRUE, value) for index, value in enumerate(values)
        )

    return strict(made, *elements)


def _present(value: object) -> Case:
    if isinstance(value, (Optional, SymOptional)):
        return optional_parts(value)
    if is_open(value):
        raise Unsupported("an element that may or may not be an optional")
    raise EvalError("no_such_overload", "`?` wants an optional")


def map_literal(entries: Sequence[tuple[object, object]], optional: Sequence[int] = ()) -> object:
    steps = Steps()
    result = Entries()
    for index, (key_outcome, value_outcome) in enumerate(entries):
        name = steps.take(t.TRUE, strict(_map_key, key_outcome))
        value = steps.take(t.TRUE, value_outcome)
        if index in optional:
            value = steps.take(t.TRUE, strict(_case, value))
        if name is NOTHING or value is NOTHING:
            return steps.done(NOTHING)
        doubled: list[tuple[Why, Term]] = []
        add_entry(result, doubled, name, value.case if isinstance(value, _Case) else (t.TRUE, value))
        steps.take(t.TRUE, outcome(doubled, None))
    return steps.done(result.made())


class _Case:
    """An entry that may be absent, on its way through an outcome."""

    __slots__ = ("case",)

    def __init__(self, case: Case) -> None:
        self.case = case


def _case(value: object) -> object:
    return _Case(_present(value))


def _map_key(value: object) -> object:
    if is_open(value):
        raise Unsupported("a map with an open key")
    return to_key(value)


def record(fields: Mapping[str, object]) -> object:
    def made(*values: object) -> object:
        cases = {name: containers.without_null(value) for name, value in zip(fields, values, strict=True)}
        if all(guard.op == "const" and not is_open(value) for guard, value in cases.values()):
            return {name: value for name, (guard, value) in cases.items() if guard is t.TRUE}
        return SymRecord(cases)

    return strict(made, *fields.values())


def with_(operand: object, fields: Mapping[str, object]) -> object:
    """The operand with these fields replaced; null removes one."""

    def made(base: object, *values: object) -> object:
        cases = {name: containers.without_null(v) for name, v in zip(fields, values, strict=True)}
        return each(_replace, base, cases)

    return strict(made, operand, *fields.values())


def _replace(base: object, fields: dict[str, Case]) -> object:
    if isinstance(base, Opaque):
        raise Unsupported(base.reason)
    if not isinstance(base, containers.Maps):
        base = {}
    if isinstance(base, (OpenRecord, OpenMap)):
        return SymRecord(fields, base)
    if isinstance(base, SymRecord) and is_open(base.base):
        return SymRecord({**base.fields, **fields}, base.base)
    made = Entries(entries_of(base), not isinstance(base, SymMap) or base.ordered)
    for name, case in fields.items():
        made.put(name, case)
    return made.made()


# ---------------------------------------------------------------- Let


def let(value: object, body: Callable[[object], object]) -> object:
    """The value first, once; its error is the error of the whole."""
    if not isinstance(value, Partial):
        return body(value)
    if value.value is NOTHING:
        return value
    return after(value.errors, body(value.value))


# ---------------------------------------------------------------- Loop, Fold: see `loops.py`
