"""Knows when a value of one type may stand where another is wanted, and what two types have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kspec.ir.signatures import NOTHING, PARAMETERS, Overload, overloads_of
from kspec.ir.types import DYN, NULL, ListOf, MapOf, OptionalOf, Record, Scalar, Type

Bindings = dict[Scalar, Type]


def merge(a: Type, b: Type) -> Type | None:
    """The more general of two types that are equal but for `dyn` and `nothing` in places, else None."""
    if a == b or b == NOTHING:
        return a
    if a == NOTHING:
        return b
    if DYN in (a, b):
        return DYN
    match a, b:
        case (ListOf(x), ListOf(y)):
            element = merge(x, y)
            return None if element is None else ListOf(element)
        case (OptionalOf(x), OptionalOf(y)):
            value = merge(x, y)
            return None if value is None else OptionalOf(value)
        case (MapOf(k, v), MapOf(m, w)):
            key, value = merge(k, m), merge(v, w)
            return None if key is None or value is None else MapOf(key, value)
        case (Record(), Scalar("null_type")):
            return a
        case (Scalar("null_type"), Record()):
            return b
        case _:
            return None


def join(types: Sequence[Type]) -> Type:
    """The element type of a list of these: what they have in common, or dyn."""
    result: Type = NOTHING
    for type_ in types:
        merged = merge(result, type_)
        if merged is None:
            return DYN
        result = merged
    return result


def assignable(source: Type, target: Type, bindings: Bindings | None = None) -> bool:
    """May a value of type `source` stand where `target` is wanted? Binds the type parameters in `target`."""
    if target in PARAMETERS:
        assert bindings is not None and isinstance(target, Scalar)
        known = bindings.get(target, NOTHING)
        merged = merge(known, source)
        if merged is None:
            return False
        bindings[target] = merged
        return True
    if source in (DYN, NOTHING) or target == DYN:
        return _bind_dyn(target, bindings) if source == DYN else True
    match source, target:
        case (ListOf(x), ListOf(y)) | (OptionalOf(x), OptionalOf(y)):
            return assignable(x, y, bindings)
        case (MapOf(k, v), MapOf(m, w)):
            return assignable(k, m, bindings) and assignable(v, w, bindings)
        case (Scalar("null_type"), Record()):
            return True
        case _:
            return source == target


def _bind_dyn(target: Type, bindings: Bindings | None) -> bool:
    """A dyn where a list(A) is wanted makes A dyn."""
    match target:
        case ListOf(x) | OptionalOf(x):
            _bind_dyn(x, bindings)
        case MapOf(k, v):
            _bind_dyn(k, bindings)
            _bind_dyn(v, bindings)
        case Scalar() if target in PARAMETERS and bindings is not None:
            bindings[target] = DYN
        case _:
            pass
    return True


def substitute(type_: Type, bindings: Bindings) -> Type:
    """The type with its parameters replaced; one that nothing binds becomes `nothing`."""
    match type_:
        case ListOf(x):
            return ListOf(substitute(x, bindings))
        case OptionalOf(x):
            return OptionalOf(substitute(x, bindings))
        case MapOf(k, v):
            return MapOf(substitute(k, bindings), substitute(v, bindings))
        case Scalar() if type_ in PARAMETERS:
            return bindings.get(type_, NOTHING)
        case _:
            return type_


def settle(type_: Type) -> Type:
    """The type with `dyn` for `nothing`."""
    match type_:
        case ListOf(x):
            return ListOf(settle(x))
        case OptionalOf(x):
            return OptionalOf(settle(x))
        case MapOf(k, v):
            return MapOf(settle(k), settle(v))
        case _:
            return DYN if type_ == NOTHING else type_


@dataclass(frozen=True, slots=True)
class Match:
    """An overload that fits, with its result for these arguments."""

    overload: Overload
    result: Type


def match_overloads(name: str, args: Sequence[Type], method: bool | None = None) -> list[Match]:
    """The overloads that may apply to these arguments: one if no `dyn` leaves it open, else all that fit.

    `method`: look only among methods (True) or functions (False); None: among both, as the evaluator does.
    """
    found = []
    for overload in overloads_of(name):
        if method is not None and overload.method != method:
            continue
        matched = _match(overload, args)
        if matched is not None:
            if not any(map(has_dyn, args)):
                return [matched]
            found.append(matched)
    return found


def _match(overload: Overload, args: Sequence[Type]) -> Match | None:
    params = overload.params
    if overload.variadic and len(args) > len(params):
        params = params + (params[-1],) * (len(args) - len(params))
    if len(params) != len(args):
        return None
    bindings: Bindings = {}
    if overload.name in ("_==_", "_!=_") and NULL in args:
        return Match(overload, overload.result) if _may_be_null(args) else None
    if not all(assignable(a, p, bindings) for a, p in zip(args, params, strict=True)):
        return None
    return Match(overload, substitute(overload.result, bindings))


def _may_be_null(args: Sequence[Type]) -> bool:
    other = args[1] if args[0] == NULL else args[0]
    return (
        other in (NULL, DYN, NOTHING)
        or not isinstance(other, Scalar)
        or other.name in ("timestamp", "duration")
    )


def has_dyn(type_: Type) -> bool:
    """Can the run-time type be another than this says?"""
    match type_:
        case ListOf(x) | OptionalOf(x):
            return has_dyn(x)
        case MapOf(k, v):
            return has_dyn(k) or has_dyn(v)
        case _:
            return type_ == DYN


def fits_surely(source: Type, target: Type) -> bool:
    """Given that `source` is assignable to `target`: does every value fit, whatever a dyn in it holds?"""
    if target in PARAMETERS or target == DYN:
        return True
    match source, target:
        case (ListOf(x), ListOf(y)) | (OptionalOf(x), OptionalOf(y)):
            return fits_surely(x, y)
        case (MapOf(k, v), MapOf(m, w)):
            return fits_surely(k, m) and fits_surely(v, w)
        case _:
            return source != DYN


def result_of(matches: Sequence[Match]) -> Type:
    """The type of a call that may run any of these overloads."""
    results = [m.result for m in matches]
    merged = results[0]
    for other in results[1:]:
        joined = merge(merged, other)
        if joined is None:
            return DYN
        merged = joined
    return merged
