"""Knows what open values the types of the language have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kspec.ir.types import FieldDef, ListOf, MapOf, OptionalOf, Record, Scalar, Type, TypeTable
from kspec.runtime.symbolic.inputs import Shape

INT32 = (-(2**31), 2**31 - 1)


def shape_of(type_: Type, low: int | None = None, high: int | None = None) -> Shape:
    """What may stand where a value of this type is wanted; `low` and `high` bound an int."""
    match type_:
        case Scalar(name):
            return Shape(name, low=low, high=high)
        case ListOf(element):
            return Shape("list", element=shape_of(element))
        case MapOf(Scalar("string"), value):
            return Shape("map", element=shape_of(value))
        case Record(name):
            return Shape("record", name=name)
        case MapOf() | OptionalOf():
            return Shape("dyn")


def field_shape(definition: FieldDef) -> Shape:
    """What may stand in a field, with what the schema says of it."""
    low, high = INT32 if definition.format == "int32" else (None, None)
    shape = shape_of(definition.type, low, high)
    return Shape(
        shape.kind, shape.name, shape.element, definition.enum, shape.low, shape.high, definition.required
    )


def record_fields(table: TypeTable) -> Callable[[str], Mapping[str, Shape]]:
    """The fields of each record type, made when first asked for."""
    made: dict[str, Mapping[str, Shape]] = {}

    def fields(name: str) -> Mapping[str, Shape]:
        if name not in made:
            definitions = table.fields_of(Record(name))
            made[name] = {field: field_shape(definition) for field, definition in definitions.items()}
        return made[name]

    return fields
