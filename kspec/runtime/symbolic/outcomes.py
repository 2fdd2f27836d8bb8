"""Knows the steps that all combinators share: strict evaluation, conditions, and which errors are the language's."""

from __future__ import annotations

from collections.abc import Callable

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import Case, choose, select
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    NOTHING,
    Errors,
    Opaque,
    Partial,
    SymBool,
    Union,
    Unsupported,
    Why,
    after,
    any_error,
    bool_term,
    failed,
    in_turn,
    outcome,
    unsupported,
)
from kspec.runtime.values import EvalError


def strict(function: Callable[..., object], *outcomes: object) -> object:
    """The outcome of a function of values, after its arguments in order."""
    errors, values = in_turn(outcomes)
    if values and values[-1] is NOTHING:
        return outcome(errors, NOTHING)
    return after(errors, guarded(function, *values))


def guarded(function: Callable[..., object], *values: object) -> object:
    """The outcome of a step that may raise."""
    try:
        return function(*values)
    except EvalError as error:
        return failed(error.code, error.message)
    except Unsupported as why:
        return unsupported(why.reason)


def condition_of(condition: object) -> object:
    """The condition if it is a bool, an error where it is not."""
    if condition is True or condition is False or isinstance(condition, SymBool):
        return condition
    if isinstance(condition, Partial):
        if condition.value is NOTHING:
            return condition
        return after(condition.errors, condition_of(condition.value))
    if isinstance(condition, Union):
        return select((guard, condition_of(each)) for guard, each in condition.alternatives)
    if isinstance(condition, Opaque):
        return unsupported(condition.reason)
    return failed("no_such_overload", "not a condition")


def term_of(value: object) -> Term:
    """The term of a bool."""
    term = bool_term(value)
    assert term is not None
    return term


def supported(errors: Errors) -> Errors:
    """Those that are errors of the language."""
    return tuple(each for each in errors if not each[0].unsupported)


def not_supported(errors: Errors) -> Errors:
    """Those under which nothing is known."""
    return tuple(each for each in errors if each[0].unsupported)


def add_entry(made: dict[object, Case], errors: list[tuple[Why, Term]], name: object, case: Case) -> None:
    """Add an entry; where the key is already there, that is an error."""
    if name in made:
        present, value = made[name]
        clear = t.not_(any_error(tuple(errors)))
        errors.append((Why("duplicate_key"), t.and_(clear, present, case[0])))
        case = (t.or_(present, case[0]), choose(present, value, case[1]))
    made[name] = case
