"""Knows how the fields of a manifest become plain data with a place for each: paths, `[name]` keys,
quantities, labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.elaborate.constants import constant, plain
from kspec.elaborate.context import Context
from kspec.elaborate.mistakes import listing, near
from kspec.elaborate.objects import key_field
from kspec.elaborate.scope import Scope
from kspec.ir.nodes import Rule
from kspec.ir.types import (
    BOOL,
    DYN,
    INT,
    QUANTITY,
    STRING,
    TIMESTAMP,
    FieldDef,
    ListOf,
    MapOf,
    Record,
    Scalar,
    Type,
    show,
)
from kspec.runtime.notation import canonical
from kspec.runtime.times import parse_timestamp
from kspec.runtime.values import INT_MAX, INT_MIN, EvalError
from kspec.source import Span
from kspec.syntax import ast

Path = tuple[str | int, ...]
Fields = Sequence[ast.Field | ast.ComputedField]

TEXT_MAPS = ("labels", "annotations")
"""In these every scalar is a text: `version: 2` means `"2"`."""


AS_IT_IS = {("string", STRING), ("string", DYN), ("bool", BOOL), ("bool", DYN)}
"""Literals that are their own plain data where such a type is wanted."""


def is_whole(node: ast.Literal) -> bool:
    """Is it a literal of type `int`, within its bounds?"""
    return node.kind == "int" and isinstance(node.value, int) and INT_MIN <= node.value <= INT_MAX


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What constants may refer to: typed names, their values, the same as plain data, and callable rules."""

    scope: Scope
    env: Mapping[str, object] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def bind(self, name: str, type_: Type, value: object, shown: Any) -> Surroundings:
        return Surroundings(
            self.scope.bind(name, type_), {**self.env, name: value}, {**self.shown, name: shown}, self.rules
        )


@dataclass(slots=True)
class Spot:
    """A place in the data that is being made: where, of what type, in which field, and whether scalars are
    texts here.
    """

    path: Path
    type: Type
    definition: FieldDef
    texts: bool = False


class Builder:
    """Makes the data of one object. With `checking` nothing is evaluated: values are only typed."""

    def __init__(self, context: Context, around: Surroundings, checking: bool = False) -> None:
        self.context = context
        self.around = around
        self.checking = checking
        self.positions: dict[Path, Span] = {}

    # ---------------------------------------------------------------- objects

    def fill(self, into: dict[str, Any], fields: Fields, spot: Spot) -> None:
        """Puts the fields into the dict; paths that meet are merged, a value that is given twice is
        reported.
        """
        for entry in fields:
            if isinstance(entry, ast.ComputedField):
                self._computed(into, entry, spot)
            else:
                self._field(into, entry, spot)

    def _computed(self, into: dict[str, Any], entry: ast.ComputedField, spot: Spot) -> None:
        if not isinstance(spot.type, MapOf) and spot.type != DYN:
            self.context.report("KS2213", "only a map has computed keys", entry.span)
            return
        key = self.leaf(entry.key, Spot(spot.path, STRING, spot.definition))
        if isinstance(key, str):
            inner = spot.type.value if isinstance(spot.type, MapOf) else DYN
            self._store(into, key, entry.value, Spot((*spot.path, key), inner, spot.definition, spot.texts))

    def _field(self, into: dict[str, Any], entry: ast.Field, spot: Spot) -> None:
        holder: Any = into
        for at, segment in enumerate(entry.path):
            step = self._step(holder, segment, spot)
            if step is None:
                return
            key, spot = step
            if at == len(entry.path) - 1:
                self._store(holder, key, entry.value, spot, segment.span)
                return
            inner = self._enter(holder, key, entry.path[at + 1], segment, spot)
            if inner is None:
                return
            holder = inner

    def _enter(
        self, holder: Any, key: Any, next_: ast.PathSegment, segment: ast.PathSegment, spot: Spot
    ) -> dict[str, Any] | list[Any] | None:
        """The container at a step of a path, made if it is not there."""
        listed = isinstance(next_, ast.ItemKey) and isinstance(spot.type, ListOf)
        if isinstance(holder, dict) and key not in holder:
            holder[key] = [] if listed else {}
            self.positions.setdefault(spot.path, segment.span)
        found = holder[key]
        if isinstance(found, dict | list):
            return found
        self._twice(segment.span, spot.path, "this path goes into a value that is given as a whole")
        return None

    def _step(self, holder: Any, segment: ast.PathSegment, spot: Spot) -> tuple[Any, Spot] | None:
        """The key and the spot of one segment; None after a mistake."""
        match segment, spot.type:
            case ast.Name(name), Record() as record:
                return self._record_step(name, record, segment.span, spot)
            case ((ast.Name(name) | ast.ItemKey(name)), MapOf(_, value)):
                return name, Spot((*spot.path, name), value, spot.definition, spot.texts)
            case ast.Name(name), Scalar("dyn"):
                texts = spot.texts or (name in TEXT_MAPS and spot.path[-1:] == ("metadata",))
                return name, Spot((*spot.path, name), DYN, FieldDef(name, DYN), texts)
            case ast.ItemKey(name), ListOf(element) if isinstance(holder, list):
                return self._item_step(holder, name, element, segment.span, spot)
            case ast.EachItem(), _:
                self.context.report(
                    "KS2213", "`[*]` has no place in a manifest", segment.span, "name the element: `[name]`"
                )
            case ast.ItemKey(name), _:
                self.context.report("KS2213", f"`{show(spot.type)}` has no element `{name}`", segment.span)
            case _:
                name = segment.text if isinstance(segment, ast.Name) else ""
                help_ = (
                    "write `[...]`, or `[name]: {...}` for one element"
                    if isinstance(spot.type, ListOf)
                    else ""
                )
                self.context.report(
                    "KS2212", f"`{show(spot.type)}` has no field `{name}`", segment.span, help_
                )
        return None

    def _record_step(self, name: str, type_: Record, span: Span, spot: Spot) -> tuple[str, Spot] | None:
        record = self.context.view.table.record(type_.name)
        if record is None or name in record.fields or record.open:
            found = record.fields.get(name) if record is not None else None
            definition = found or FieldDef(name, DYN)
            texts = name in TEXT_MAPS and definition.type == MapOf(STRING, STRING)
            return name, Spot((*spot.path, name), definition.type, definition, texts)
        help_ = near(name, record.fields) or f"it has {listing(record.fields)}"
        self.context.report("KS2212", f"`{type_.name}` has no field `{name}`", span, help_)
        return None

    def _item_step(
        self, holder: list[Any], name: str, element: Type, span: Span, spot: Spot
    ) -> tuple[int, Spot] | None:
        """The element of a list-map with this key, made at the end of the list if it is not there."""
        key = key_field(spot.definition, element, self.around.scope)
        if key is None:
            help_ = "write the elements in `[...]`"
            self.context.report(
                "KS2213", f"the elements of `{spot.definition.name}` have no name", span, help_
            )
            return None
        number = self.context.view.table.fields_of(element)[key].type == INT
        wanted: object = int(name) if number and name.isdecimal() else name
        at = next(
            (i for i, e in enumerate(holder) if isinstance(e, dict) and e.get(key) == wanted), len(holder)
        )
        path = (*spot.path, at)
        if at == len(holder):
            holder.append({key: wanted})
            self.positions[path] = self.positions[(*path, key)] = span
        return at, Spot(path, element, FieldDef(spot.definition.name, element))

    # ---------------------------------------------------------------- values

    def _store(self, holder: Any, key: Any, value: ast.Expr, spot: Spot, name: Span | None = None) -> None:
        """Puts a value where a path ends."""
        existing = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(value, ast.ObjectExpr) and isinstance(existing, dict):
            self._object(existing, value, spot)
            return
        if existing is not None:
            self._twice(name or value.span, spot.path, f"`{key}` is given twice")
            return
        made = self.value(value, spot)
        if made is not None:
            holder[key] = made

    def _twice(self, span: Span, path: Path, message: str) -> None:
        first = self.positions.get(path)
        notes = ((first, "first here"),) if first is not None else ()
        self.context.report("KS2231", message, span, "", *notes)

    def value(self, node: ast.Expr, spot: Spot) -> Any:
        """The plain data of an expression at a spot; None for what is to be left out."""
        self.positions.setdefault(spot.path, node.span)
        match node:
            case ast.ObjectExpr():
                made: dict[str, Any] = {}
                return made if self._object(made, node, spot) else None
            case ast.ListExpr(elements, ()) if isinstance(spot.type, ListOf) or spot.type == DYN:
                return self._list(elements, spot)
            case ast.Conditional(condition, then, otherwise):
                return self._conditional(condition, then, otherwise, spot)
            case ast.Literal("null"):
                return None
            case _:
                return self.leaf(node, spot)

    def _object(self, into: dict[str, Any], node: ast.ObjectExpr, spot: Spot) -> bool:
        if isinstance(spot.type, Record | MapOf) or spot.type == DYN:
            self.fill(into, node.fields, spot)
            return True
        message = f"this is an object, but `{show(spot.type)}` is wanted"
        help_ = "write `[...]`, or `[name]: {...}` for one element" if isinstance(spot.type, ListOf) else ""
        self.context.report("KS2230", message, node.span, help_)
        return False

    def _list(self, elements: tuple[ast.Expr, ...], spot: Spot) -> list[Any]:
        element = spot.type.element if isinstance(spot.type, ListOf) else DYN
        made: list[Any] = []
        for node in elements:
            value = self.value(node, Spot((*spot.path, len(made)), element, spot.definition))
            if value is not None:
                made.append(value)
        return made

    def _conditional(self, condition: ast.Expr, then: ast.Expr, otherwise: ast.Expr, spot: Spot) -> Any:
        """The branch that is meant; the other one is typed all the same."""
        if self.checking:
            self.context.condition(condition, self.around.scope)
            self._aside(otherwise, spot)
            return self.value(then, spot)
        chosen = self._constant(condition, None)
        self._aside(otherwise if chosen else then, spot)
        return self.value(then if chosen else otherwise, spot)

    def _aside(self, node: ast.Expr, spot: Spot) -> None:
        other = Builder(self.context, self.around, checking=True)
        other.value(node, spot)

    # ---------------------------------------------------------------- leaves

    def leaf(self, node: ast.Expr, spot: Spot) -> Any:
        """The plain data of an expression that is no object or list literal."""
        if spot.texts and spot.type in (STRING, DYN):
            return self._text(node, spot)
        if isinstance(node, ast.Literal):
            if (node.kind, spot.type) in AS_IT_IS or (spot.type == INT and is_whole(node)):
                return node.value
            if node.kind == "quantity" and spot.type == DYN:
                return self._quantity(node)
            if node.kind in ("quantity", "string", "int", "double") and spot.type == QUANTITY:
                return self._quantity(node)
            if node.kind == "string" and spot.type == TIMESTAMP:
                return self._timestamp(node)
        if isinstance(node, ast.Ident) and node.name in self.around.shown:
            before = len(self.context.diagnostics)
            self.context.expr(node, self.around.scope, spot.type)
            return self.around.shown[node.name] if len(self.context.diagnostics) == before else None
        return plain(self._constant(node, spot.type))

    def _constant(self, node: ast.Expr, expected: Type | None) -> object:
        if self.checking:
            self.context.expr(node, self.around.scope, expected)
            return None
        return constant(node, self.around.scope, self.around.env, self.context, expected, self.around.rules)

    def _text(self, node: ast.Expr, spot: Spot) -> Any:
        """A label or annotation: what is written, as a text."""
        if isinstance(node, ast.Literal) and node.kind in (
            "int",
            "uint",
            "double",
            "bool",
            "quantity",
            "time",
        ):
            return node.raw or str(node.value)
        if isinstance(node, ast.Ident) and node.name in self.around.shown:
            value = self.around.shown[node.name]
        else:
            value = plain(self._constant(node, None))
        if isinstance(value, dict | list):
            self.context.report("KS2230", f"`{spot.path[-1]}` is a text", node.span)
            return None
        if value is None or isinstance(value, str):
            return value
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _quantity(self, node: ast.Literal) -> str | None:
        try:
            return canonical(node.raw if node.kind == "double" else str(node.value))
        except EvalError as error:
            self.context.report("KS2010", error.message, node.span)
            return None

    def _timestamp(self, node: ast.Literal) -> str | None:
        try:
            parse_timestamp(str(node.value))
        except EvalError as error:
            self.context.report("KS2010", error.message, node.span)
            return None
        return str(node.value)
