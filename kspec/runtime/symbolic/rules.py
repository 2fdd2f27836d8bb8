"""Knows how the function of a rule is applied: arguments first, lets in turn, and the same question only
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeAlias

from kspec.runtime.symbolic.outcomes import in_rule, strict
from kspec.runtime.symbolic.values import NOTHING, Errors, Partial, after, errors_of, outcome


def rule(rule_id: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Decorator of the function that a rule became: its arguments are evaluated first; what it cannot
    express names the rule.
    """

    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        def evaluated(*args: object) -> object:
            try:
                return in_rule(function(*args), rule_id)
            except Stopped as stop:
                return in_rule(stop.outcome, rule_id)

        def body(*args: object) -> object:
            if not _memory:
                return evaluated(*args)
            key = (function, *(arg if type(arg) is str else id(arg) for arg in args))
            known = _memory[-1].get(key)
            if known is None:
                known = _memory[-1][key] = (evaluated(*args), args)  # an id is of one value while that lives
            return known[0]

        @wraps(function)
        def applied(*args: object) -> object:
            for arg in args:
                if isinstance(arg, Partial):
                    return strict(body, *args)
            return body(*args)

        return applied

    return decorate


Memory: TypeAlias = dict[tuple[object, ...], tuple[object, object]]
"""What rules came to, by function and arguments, with these."""
_memory: list[Memory] = []


@contextmanager
def remembering(memory: Memory | None = None) -> Iterator[None]:
    """While this lasts, a rule that is applied to the same arguments again is not evaluated again; nor one
    that is in this memory.
    """
    _memory.append({} if memory is None else memory)
    try:
        yield
    finally:
        _memory.pop()


class Stopped(Exception):
    """A `let` in front of a rule's body that is always an error."""

    def __init__(self, outcome: object) -> None:
        super().__init__()
        self.outcome = outcome


class Lets:
    """The lets in front of a rule's body, one after another."""

    __slots__ = ("errors",)

    def __init__(self) -> None:
        self.errors: Errors = ()

    def take(self, value: object) -> object:
        """The value of one more; its errors come after those before it."""
        if not isinstance(value, Partial):
            return value
        self.errors = errors_of(after(self.errors, value))
        if value.value is NOTHING:
            raise Stopped(outcome(self.errors, NOTHING))
        return value.value

    def done(self, result: object) -> object:
        """The outcome of the whole."""
        return after(self.errors, result)
