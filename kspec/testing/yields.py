"""Knows what yields a value of a wanted type: overloads, by unification, and paths into variables."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir.signatures import NOTHING, PARAMETERS, Overload, signatures
from kspec.ir.types import DYN, ListOf, MapOf, OptionalOf, Record, Scalar, Type, TypeTable
from kspec.ir.unify import match_overloads

_LEFT_OUT = frozenset(("hash", "undetermined", "@cast", "optional.none"))
"""Functions whose values say nothing (a hash), or that are drawn by other means."""
PATH_DEPTH = 3


def yielding(type_: Type) -> list[tuple[Overload, tuple[tuple[Scalar, Type], ...]]]:
    """The overloads that can yield this type, with what that makes of their type parameters."""
    found = _YIELDING.get(type_)
    if found is None:
        found = _YIELDING[type_] = []
        for name, overloads in signatures().items():
            for overload in overloads if name not in _LEFT_OUT else ():
                bindings: dict[Scalar, Type] = {}
                unified = overload.result != NOTHING and _unify(overload.result, type_, bindings)
                if unified and _is_meant(overload, bindings, type_):
                    # What yields any type at all (`list[i]`, `max`) would crowd out the rest and often fails.
                    weight = 1 if overload.result in PARAMETERS else 4
                    found += [(overload, tuple(bindings.items()))] * weight
    return found


_YIELDING: dict[Type, list[tuple[Overload, tuple[tuple[Scalar, Type], ...]]]] = {}


def _is_meant(overload: Overload, bindings: Mapping[Scalar, Type], type_: Type) -> bool:
    """Does a call with arguments of these types have the wanted type, or does an overload before it take
    them? `flatten` of a list of lists is never that of a plain list.
    """
    matches = match_overloads(overload.name, [filled(p, bindings) for p in overload.params])
    return type_ == DYN or not matches or matches[0].result == type_


def _unify(pattern: Type, concrete: Type, bindings: dict[Scalar, Type]) -> bool:
    match pattern, concrete:
        case (Scalar(), _) if pattern in PARAMETERS:
            return bindings.setdefault(pattern, concrete) == concrete
        case (ListOf(a), ListOf(b)) | (OptionalOf(a), OptionalOf(b)):
            return _unify(a, b, bindings)
        case (MapOf(k, v), MapOf(m, w)):
            return _unify(k, m, bindings) and _unify(v, w, bindings)
    return pattern == concrete


def filled(type_: Type, bindings: Mapping[Scalar, Type]) -> Type:
    match type_:
        case Scalar():
            return bindings.get(type_, type_)
        case ListOf(element):
            return ListOf(filled(element, bindings))
        case MapOf(key, value):
            return MapOf(filled(key, bindings), filled(value, bindings))
        case OptionalOf(value):
            return OptionalOf(filled(value, bindings))
        case Record():
            return type_


Steps = tuple[tuple[str, Type], ...]


def paths(
    wanted: Type, variables: tuple[tuple[str, Type], ...], table: TypeTable
) -> list[tuple[str, Type, Steps]]:
    """The variables of this type, and the fields of this type inside those that are records."""
    found: list[tuple[str, Type, Steps]] = []
    for name, type_ in variables:
        if type_ == wanted:
            found += [(name, type_, ())] * 3
        if isinstance(type_, Record):
            found += [(name, type_, steps) for steps in _fieldpaths(type_.name, wanted, table, PATH_DEPTH)]
    return found


def _fieldpaths(record: str, wanted: Type, table: TypeTable, depth: int) -> list[Steps]:
    key = (id(table), record, wanted, depth)
    known = _FIELD_PATHS.get(key)
    if known is not None:
        return known[1]
    found: list[Steps] = []
    if True:
        for field in table.fields_of(Record(record)).values():
            step = ((field.name, field.type),)
            if field.type == wanted:
                found.append(step)
            if depth > 1 and isinstance(field.type, Record):
                found += [step + rest for rest in _fieldpaths(field.type.name, wanted, table, depth - 1)]
    _FIELD_PATHS[key] = (table, found)
    return found


_FIELD_PATHS: dict[tuple[int, str, Type, int], tuple[TypeTable, list[Steps]]] = {}
"""By the table's address, hence with the table, so that the address stays its own."""
