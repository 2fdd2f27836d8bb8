"""Knows the values of the symbolic reading: ordinary values where all is known, these where something stays
open.

A value of the language is an ordinary run-time value (see `kspec.runtime.values`) with nothing open in it, or
one of:

| class      | stands for                                                                                   |
|------------|----------------------------------------------------------------------------------------------|
| SymBool    | a bool given by a term                                                                       |
| SymInt     | an int, uint, quantity, timestamp or duration given by an integer term with bounds           |
| SymStr     | a string of which only equality and a few facts can be asked                                 |
| SymIP      | an ip: which family, and its number                                                          |
| SymOptional| an optional that may be none                                                                 |
| SymList    | a list whose elements may each be absent, in order                                           |
| SymMap     | a map with known keys that may each be absent                                                |
| SymRecord  | a record with known fields that may each be absent, over a base for all other fields         |
| Opaque     | a value of which nothing but its existence is known; asking anything of it is Unsupported    |
| Union      | one of several of the above or of ordinary values, under guards that exclude each other      |

and the open ones of `inputs.py` (OpenRecord, OpenMap). What an expression yields is an *outcome*: a value,
or `Partial`: a value where no error holds, each error under its guard. The guards of a Union, and the
errors of a Partial, exclude each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term

if TYPE_CHECKING:
    from kspec.runtime.symbolic.inputs import OpenList

ALTERNATIVES_MAX = 4096
"""More alternatives than these in one value are Unsupported, so that no question takes for ever."""


class Unsupported(Exception):
    """The symbolic reading cannot express this. Becomes an error alternative of its own: see `Why`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Why:
    """An error alternative. `code` is the EvalError's, or "unsupported": then nothing is known of what
    happens there.
    """

    code: str
    message: str = ""
    rule: str = ""  # in which what is unsupported stands

    def __str__(self) -> str:
        said = self.message or self.code
        return f"{said} (in {self.rule})" if self.rule else said

    @property
    def unsupported(self) -> bool:
        return self.code == "unsupported"


Errors: TypeAlias = tuple[tuple[Why, Term], ...]


class Nothing:
    """The value of an outcome that is always an error."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()


class Partial:
    """An outcome that is an error under some condition; `value` holds under no error's guard."""

    __slots__ = ("errors", "value")

    def __init__(self, errors: Errors, value: object) -> None:
        self.errors = errors
        self.value = value

    def __repr__(self) -> str:
        return f"Partial({self.errors!r}, {self.value!r})"


@dataclass(frozen=True, slots=True)
class SymBool:
    term: Term


@dataclass(frozen=True, slots=True)
class SymInt:
    """A number; `kind` is int, uint, quantity, timestamp or duration (the last three in nanos)."""

    term: Term
    kind: str = "int"


@dataclass(frozen=True, slots=True)
class SymStr:
    """A string; the term is a Text variable."""

    term: Term


@dataclass(frozen=True, slots=True)
class SymIP:
    """An address: `v6` says which family its number belongs to."""

    v6: Term
    number: Term


@dataclass(frozen=True, slots=True, eq=False)
class SymOptional:
    present: Term
    value: object


class SymList:
    """Elements in order, each present under its guard. `sources` are the open lists that elements come
    from.
    """

    __slots__ = ("items", "sources")

    def __init__(self, items: Iterable[tuple[Term, object]], sources: tuple[OpenList, ...] = ()) -> None:
        self.items = tuple(items)
        self.sources = sources

    def __repr__(self) -> str:
        return f"SymList({self.items!r})"


class SymMap:
    """Entries in order, each present under its guard; keys as in an ordinary map. Where `ordered` is
    false, the
    order depends on which are present.
    """

    __slots__ = ("entries", "ordered")

    def __init__(self, entries: dict[object, tuple[Term, object]], ordered: bool = True) -> None:
        self.entries = entries
        self.ordered = ordered

    def __repr__(self) -> str:
        return f"SymMap({self.entries!r})"


class SymRecord:
    """Fields of its own, each present under its guard; any other field is that of `base` (a record or map
    value).
    """

    __slots__ = ("base", "fields")

    def __init__(self, fields: dict[str, tuple[Term, object]], base: object = None) -> None:
        self.fields = fields
        self.base = {} if base is None else base

    def __repr__(self) -> str:
        return f"SymRecord({self.fields!r}, {self.base!r})"


class SymSize(SymInt):
    """The size of a list that comes from open lists: asked only whether it is zero, it is a question like
    `exists`.
    """

    __slots__ = ("operand",)
    operand: SymList

    def __init__(self, term: Term, operand: SymList) -> None:
        SymInt.__init__(self, term)
        object.__setattr__(self, "operand", operand)


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Some value of the language; `reason` says why no more is known, `kind` is "string" where it is one."""

    reason: str
    kind: str = ""


class Union:
    """Alternatives under guards that exclude each other, one of which holds; none is itself a Union."""

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: Sequence[tuple[Term, object]]) -> None:
        self.alternatives = tuple(alternatives)

    def __repr__(self) -> str:
        return f"Union({self.alternatives!r})"


_SYMBOLIC: set[type] = {
    SymBool, SymInt, SymSize, SymStr, SymIP, SymOptional, SymList, SymMap, SymRecord, Opaque, Union, Partial
}  # fmt: skip


def symbolic_class(cls: type) -> type:
    """Class decorator: the values of this class have something open in them."""
    _SYMBOLIC.add(cls)
    return cls


def is_open(value: object) -> bool:
    """Is something in this value open? INVARIANT: ordinary containers never hold a symbolic value."""
    return type(value) in _SYMBOLIC


# ---------------------------------------------------------------- outcomes


def errors_of(outcome: object) -> Errors:
    return outcome.errors if isinstance(outcome, Partial) else ()


def value_of(outcome: object) -> object:
    return outcome.value if isinstance(outcome, Partial) else outcome


def failed(code: str, message: str = "") -> Partial:
    """Always this error."""
    return Partial(((Why(code, message), t.TRUE),), NOTHING)


def unsupported(reason: str) -> Partial:
    return failed("unsupported", reason)


def any_error(errors: Errors) -> Term:
    """Does any of these errors happen?"""
    return t.any_of(guard for _, guard in errors)


def outcome(errors: Iterable[tuple[Why, Term]], value: object) -> object:
    """The value, unless one of the errors holds; equal errors are gathered, impossible ones dropped."""
    gathered: dict[Why, list[Term]] = {}
    for why, guard in errors:
        if guard is not t.FALSE:
            gathered.setdefault(why, []).append(guard)
    if not gathered:
        return value
    kept = tuple((why, t.any_of(guards)) for why, guards in gathered.items())
    if any(guard is t.TRUE for _, guard in kept):
        value = NOTHING
    return Partial(kept, value)


def under(guard: Term, errors: Errors) -> Errors:
    """These errors, where the guard holds too."""
    if guard is t.TRUE:
        return errors
    return tuple((why, t.and_(guard, its)) for why, its in errors)


def in_turn(outcomes: Iterable[object]) -> tuple[Errors, tuple[object, ...]]:
    """What strict evaluation in order yields: the first error of each case, and the values where there is
    none.
    """
    errors: list[tuple[Why, Term]] = []
    values: list[object] = []
    clear = t.TRUE
    for each in outcomes:
        if isinstance(each, Partial):
            errors.extend(under(clear, each.errors))
            clear = t.and_(clear, t.not_(any_error(each.errors)))
            values.append(each.value)
            if each.value is NOTHING:
                break
        else:
            values.append(each)
    return tuple(errors), tuple(values)


def after(errors: Errors, then: object) -> object:
    """The outcome of a step, which happens only where none of the earlier errors does."""
    if not errors:
        return then
    clear = t.not_(any_error(errors))
    return outcome((*errors, *under(clear, errors_of(then))), value_of(then))


# ---------------------------------------------------------------- small conversions


def make_bool(term: Term) -> object:
    """A bool: an ordinary one where the term is decided."""
    return term.value if term.op == "const" else SymBool(term)


def bool_term(value: object) -> Term | None:
    """The term of a bool; None for any other value."""
    if value is True or value is False:
        return t.truth(value)
    return value.term if isinstance(value, SymBool) else None
