"""Knows the steps that all combinators share: strict evaluation, conditions, and which errors are the
language's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import Case, Entries, choose, select
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
    under,
    unsupported,
    value_of,
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


def each(function: Callable[..., object], value: object, *rest: object) -> object:
    """The outcome of a function of a value, apart for each alternative of it, so that what one raises
    concerns that one alone.
    """
    if isinstance(value, Union):
        return select((guard, guarded(function, one, *rest)) for guard, one in value.alternatives)
    return guarded(function, value, *rest)


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


def in_rule(made: object, rule_id: str) -> object:
    """The outcome, where what cannot be expressed says in which rule that is."""
    if not isinstance(made, Partial) or not any(why.unsupported and not why.rule for why, _ in made.errors):
        return made
    errors = (
        (replace(why, rule=why.rule or rule_id) if why.unsupported else why, g) for why, g in made.errors
    )
    return Partial(tuple(errors), made.value)


def add_entry(made: Entries, errors: list[tuple[Why, Term]], name: object, case: Case) -> None:
    """Add an entry; where the key is already there, that is an error."""
    present, value = made.cases.get(name, (t.FALSE, None))
    if present is not t.FALSE:
        clear = t.not_(any_error(tuple(errors)))
        errors.append((Why("duplicate_key"), t.and_(clear, present, case[0])))
        case = (t.or_(present, case[0]), choose(present, value, case[1]))
    made.put(name, case)


class Steps:
    """The errors of steps that happen one after another, and whether there was none yet."""

    __slots__ = ("clear", "errors")

    def __init__(self) -> None:
        self.errors: list[tuple[Why, Term]] = []
        self.clear = t.TRUE

    def take(self, guard: Term, step: object) -> object:
        """The value of a step that happens under a guard."""
        if isinstance(step, Partial):
            self.errors.extend(under(t.and_(self.clear, guard), step.errors))
            self.clear = t.and_(self.clear, t.not_(t.and_(guard, any_error(step.errors))))
        return value_of(step)

    def test(self, guard: Term, step: object) -> Term:
        """The truth of a step that happens under a guard, and that guard."""
        value = self.take(guard, condition_of(step))
        return t.FALSE if value is NOTHING else t.and_(guard, term_of(value))

    def done(self, value: object) -> object:
        return outcome(self.errors, value)
