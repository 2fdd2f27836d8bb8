"""Knows how to draw typed expressions with values for their variables, over all nodes of `kspec.ir.nodes`
but Apply.

An expression is drawn for a wanted type: a literal, a path into a variable, or a node one of whose
overloads yields that type (found by unifying with the tables of `kspec.ir.signatures`), with operands drawn
the same way. Expressions that fail (division by zero, absent keys, overflow) are as likely as they are in
rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from kspec.ir import nodes as ir
from kspec.ir.signatures import PARAMETERS, SORTABLE, Overload
from kspec.ir.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    QUANTITY,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Scalar,
    Type,
    TypeTable,
)  # fmt: skip
from kspec.resources.types import load_types
from kspec.testing.values import LABEL_KEYS, values_of
from kspec.testing.yields import filled, paths, yielding

ENVIRONMENT: Mapping[str, Type] = {
    "pod": Record("core.Pod"),
    "node": Record("core.Node"),
    "toleration": Record("core.Toleration"),
    "labels": MapOf(STRING, STRING),
    "counts": MapOf(STRING, INT),
    "numbers": ListOf(INT),
    "words": ListOf(STRING),
    "n": INT,
    "s": STRING,
    "q": QUANTITY,
    "maybe": OptionalOf(INT),
    "anything": DYN,
}
"""The variables that expressions draw on if a test names no others."""

RESULTS: tuple[Type, ...] = (
    BOOL, INT, STRING, DOUBLE, UINT, QUANTITY, TIMESTAMP, DURATION, ListOf(INT), ListOf(STRING),
    MapOf(STRING, INT), MapOf(STRING, STRING), OptionalOf(INT), Record("core.Toleration"), DYN,
)  # fmt: skip
_ELEMENTS: tuple[Type, ...] = (INT, STRING, BOOL, STRING, Record("core.Toleration"))
_LITERALS = frozenset(
    (BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION, QUANTITY)
)  # what the language has literals or constants for
_WITH_PATTERN = ("matches", "find", "findAll", "regex.replace", "regex.extract", "regex.extractAll")
_READABLE: Mapping[str, tuple[str, ...]] = {
    "int": ("12", "-7", "9223372036854775808"),
    "uint": ("12", "-7"),
    "double": ("1.5", "1e3", "x"),
    "bool": ("true", "False", "yes"),
    "bytes": ("web",),
    "quantity": ("250m", "16Gi", "1e3", "0.5", "1 Gi"),
    "timestamp": ("2026-11-23T10:00:00Z", "2026-02-29T00:00:00+01:00"),
    "duration": ("1h30m", "-2ms", "1.5s", "1d"),
    "base64.decode": ("d2Vi", "d2V"),
    "ip": ("10.0.0.1", "::1", "10.0.0"),
    "ip.isCanonical": ("10.0.0.1", "::0001", ""),
    "cidr": ("10.0.0.0/8", "::/0", "10.0.0.0"),
    "url": ("https://example.com/a?b=c", "::"),
    "semver": ("1.2.3", "0.1.0-alpha", "1.2"),
}
"""Texts for functions that read one; the last may be wrong."""
_PATTERNS = ("a+", "^web$", "[a-z]*", "(", "b|c", ".", "")


class Scope(NamedTuple):
    """The variables that an expression may use, and how many names were given out for loops and lets."""

    variables: tuple[tuple[str, Type], ...]

    def bind(self, *new: tuple[str, Type]) -> Scope:
        return Scope((*self.variables, *new))


@st.composite
def typed_expressions(
    draw: DrawFn,
    result_type: Type | None = None,
    env_types: Mapping[str, Type] | None = None,
    table: TypeTable | None = None,
    *,
    depth: int = 4,
    functions: Callable[[str], bool] | None = None,
) -> tuple[ir.Expr, dict[str, object]]:
    """An expression of the type (any, if none is given), and a value for each variable of the environment.

    `functions`: which functions of the library may occur, by CEL name; all, if not given.
    """
    types = dict(ENVIRONMENT if env_types is None else env_types)
    wanted = draw(st.sampled_from(RESULTS)) if result_type is None else result_type
    drawer = _Drawer(draw, table or load_types(), functions or (lambda _: True))
    expr = drawer.expression(wanted, Scope(tuple(types.items())), depth)
    env = {name: draw(values_of(type_, drawer.table)) for name, type_ in types.items() if name in drawer.used}
    return expr, env


class _Drawer:
    def __init__(self, draw: DrawFn, table: TypeTable, allowed: Callable[[str], bool]) -> None:
        self.draw = draw
        self.table = table
        self.allowed = allowed
        self.used: set[str] = set()
        self.names = 0

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def expression(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        """Any expression of this type."""
        ways = paths(type_, scope.variables, self.table)
        kinds = ["literal"] if not ways else ["literal", "path", "path", "path"]
        if depth > 0:
            kinds += ["call"] * 4 + ["cond", "let", "fold"] + _NODES.get(_shape(type_), [])
        made: ir.Expr | None = getattr(self, f"_{self.pick(kinds)}")(type_, scope, depth - 1)
        if made is None:
            made = self._path(type_, scope, 0) if ways else self._literal(type_, scope, 0)
        return made

    # ---- leaves

    def _literal(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        """A constant, or the smallest expression of a type that has none."""
        match type_:
            case Scalar() if type_ in _LITERALS:
                return ir.Lit(self.draw(values_of(type_)), type_)
            case Scalar(name) if name in ("ip", "cidr", "url", "semver"):
                text = ir.Lit(self.pick(_READABLE[type_.name]), STRING)
                return ir.Call(type_.name, (text,), type_)
            case Scalar("type"):
                return ir.Call("type", (self._literal(self.pick((INT, STRING)), scope, 0),), TYPE)
            case ListOf(element):
                size = self.draw(st.integers(0, 3 if depth >= 0 else 1))
                return ir.MakeList(tuple(self.expression(element, scope, depth) for _ in range(size)), type_)
            case MapOf(key, value):
                size = self.draw(st.integers(0, 2 if depth >= 0 else 1))
                entries = [
                    (self._key_of(key, scope), self.expression(value, scope, depth)) for _ in range(size)
                ]
                return ir.MakeMap(tuple(entries), type_)
            case OptionalOf(value):
                if self.draw(st.booleans()):
                    return ir.Call("optional.none", (), type_)
                return ir.Call("optional.of", (self.expression(value, scope, depth),), type_)
            case Record():
                return self._make_record(type_, scope, depth)
            case _:
                inner = self.pick((INT, STRING, BOOL, NULL, ListOf(INT), MapOf(STRING, INT)))
                return ir.Call("dyn", (self.expression(inner, scope, depth),), DYN)

    def _key_of(self, type_: Type, scope: Scope) -> ir.Expr:
        return ir.Lit(self.pick(LABEL_KEYS), STRING) if type_ == STRING else self.expression(type_, scope, 0)

    def _path(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        name, root, steps = self.pick(paths(type_, scope.variables, self.table))
        self.used.add(name)
        expr: ir.Expr = ir.Var(name, root)
        for field, field_type in steps:
            expr = ir.Field(expr, field, field_type)
        return expr

    # ---- nodes of any type

    def _call(self, type_: Type, scope: Scope, depth: int) -> ir.Expr | None:
        overloads = [o for o in yielding(type_) if self.allowed(o[0].name)]
        if not overloads:
            return None
        overload, bound = self.pick(overloads)
        bindings = dict(bound)
        for parameter in PARAMETERS:
            bindings.setdefault(parameter, self.pick(_ELEMENTS))
        params = overload.params
        if overload.variadic:
            params = params * self.draw(st.integers(1, 3))
        args = [self._argument(overload, i, filled(p, bindings), scope, depth) for i, p in enumerate(params)]
        return ir.Call(overload.name, tuple(args), type_)

    def _argument(self, overload: Overload, index: int, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        if index == 1 and overload.name in _WITH_PATTERN:
            return ir.Lit(self.pick(_PATTERNS), STRING)
        if index == 0 and type_ == STRING and overload.name in _READABLE and self.draw(st.integers(0, 9)) < 9:
            return ir.Lit(self.pick(_READABLE[overload.name]), STRING)
        if overload.name == "lists.range":
            return ir.Lit(self.draw(st.integers(-1, 5)), INT)
        if overload.name.startswith("get") and index == 1:
            return ir.Lit(self.pick(("UTC", "+01:30", "Europe/Berlin", "nowhere")), STRING)
        return self.expression(type_, scope, depth)

    def _cond(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        condition = self.expression(BOOL, scope, depth)
        return ir.Cond(
            condition, self.expression(type_, scope, depth), self.expression(type_, scope, depth), type_
        )

    def _let(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        bound = self.pick((*_ELEMENTS, ListOf(INT), MapOf(STRING, INT)))
        name = self._fresh()
        value = self.expression(bound, scope, depth)
        return ir.Let(name, value, self.expression(type_, scope.bind((name, bound)), depth), type_)

    def _fold(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        element = self.pick(_ELEMENTS)
        turn, total = self._fresh(), self._fresh()
        values = self.expression(ListOf(element), scope, depth)
        init = self.expression(type_, scope, depth)
        step = self.expression(type_, scope.bind((turn, element), (total, type_)), depth)
        return ir.Fold(turn, total, values, init, step, type_)

    def _fresh(self) -> str:
        self.names += 1
        return f"x{self.names}"

    # ---- nodes of some types

    def _has_field(self, type_: Type, scope: Scope, depth: int) -> ir.Expr | None:
        records = sorted({t.name for _, t in scope.variables if isinstance(t, Record)})
        if not records:
            return None
        record = self.pick(records)
        fields = self.table.fields_of(Record(record))
        return ir.HasField(self.expression(Record(record), scope, depth), self.pick(sorted(fields)))

    def _has_key(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        operand = self.pick((MapOf(STRING, STRING), MapOf(STRING, INT), DYN))
        return ir.HasKey(self.expression(operand, scope, depth), self.pick(LABEL_KEYS))

    def _key(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        operand = DYN if type_ == DYN and self.draw(st.booleans()) else MapOf(STRING, type_)
        return ir.Key(self.expression(operand, scope, depth), self.pick(LABEL_KEYS), type_)

    def _and(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        return ir.And(self.expression(BOOL, scope, depth), self.expression(BOOL, scope, depth))

    def _or(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        return ir.Or(self.expression(BOOL, scope, depth), self.expression(BOOL, scope, depth))

    def _quantifier(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        kind = self.pick(("all", "exists", "existsOne"))
        values, variables, inner = self._range(scope, depth)
        return ir.Loop(kind, variables, values, None, self.expression(BOOL, inner, depth), BOOL)

    def _comprehension(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        assert isinstance(type_, ListOf)
        values, variables, inner = self._range(scope, depth)
        where = self.expression(BOOL, inner, depth) if self.draw(st.booleans()) else None
        return ir.Loop("map", variables, values, where, self.expression(type_.element, inner, depth), type_)

    def _flat_map(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        values, variables, inner = self._range(scope, depth)
        return ir.Loop("flatMap", variables, values, None, self.expression(type_, inner, depth), type_)

    def _filter(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        assert isinstance(type_, ListOf)
        name = self._fresh()
        values = self.expression(type_, scope, depth)
        return ir.Loop(
            "filter",
            (name,),
            values,
            None,
            self.expression(BOOL, scope.bind((name, type_.element)), depth),
            type_,
        )

    def _sort_by(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        assert isinstance(type_, ListOf)
        name = self._fresh()
        by = Scalar(self.pick(SORTABLE))
        body = self.expression(by, scope.bind((name, type_.element)), depth)
        return ir.Loop("sortBy", (name,), self.expression(type_, scope, depth), None, body, type_)

    def _transform_map(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        assert isinstance(type_, MapOf)
        source = MapOf(type_.key, self.pick(_ELEMENTS))
        key, value = self._fresh(), self._fresh()
        inner = scope.bind((key, source.key), (value, source.value))
        where = self.expression(BOOL, inner, depth) if self.draw(st.booleans()) else None
        body = self.expression(type_.value, inner, depth)
        return ir.Loop(
            "transformMap", (key, value), self.expression(source, scope, depth), where, body, type_
        )

    def _transform_entries(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        values, variables, inner = self._range(scope, depth, pair=True)
        body = self.expression(type_, inner, depth)
        return ir.Loop("transformMapEntry", variables, values, None, body, type_)

    def _range(self, scope: Scope, depth: int, pair: bool = False) -> tuple[ir.Expr, tuple[str, ...], Scope]:
        """What a loop runs over, its variables, and the scope inside."""
        element = self.pick(_ELEMENTS)
        over: Type = self.pick((ListOf(element), ListOf(element), MapOf(STRING, element)))
        first, second = (INT, element) if isinstance(over, ListOf) else (STRING, element)
        values = self.expression(over, scope, depth)
        if pair or self.draw(st.booleans()):
            variables = (self._fresh(), self._fresh())
            return values, variables, scope.bind((variables[0], first), (variables[1], second))
        name = self._fresh()
        return values, (name,), scope.bind((name, element if isinstance(over, ListOf) else STRING))

    def _optional_list(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        """A list with an element that may be left out."""
        assert isinstance(type_, ListOf)
        elements = (
            self.expression(type_.element, scope, depth),
            self.expression(OptionalOf(type_.element), scope, depth),
        )
        return ir.MakeList(elements, type_, frozenset((1,)))

    def _make_record(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        return ir.MakeRecord(self._fields(type_, scope, depth), type_)

    def _with(self, type_: Type, scope: Scope, depth: int) -> ir.Expr:
        return ir.With(self.expression(type_, scope, depth), self._fields(type_, scope, depth), type_)

    def _fields(self, type_: Type, scope: Scope, depth: int) -> tuple[tuple[str, ir.Expr], ...]:
        """Some fields of a record, or keys of a string map, with their values; null now and then."""
        fields = {n: f.type for n, f in self.table.fields_of(type_).items()}
        if isinstance(type_, MapOf):
            fields = dict.fromkeys(LABEL_KEYS, type_.value)
        simple = sorted(n for n, t in fields.items() if depth > 0 or isinstance(t, Scalar))
        if not simple:
            return ()
        chosen = self.draw(st.lists(st.sampled_from(simple), max_size=2, unique=True))
        null = ir.Lit(None, NULL)
        return tuple(
            (n, null if self.draw(st.integers(0, 5)) == 5 else self.expression(fields[n], scope, depth))
            for n in chosen
        )


_NODES: Mapping[str, list[str]] = {
    "bool": ["has_field", "has_key", "and", "and", "or", "or", "quantifier", "quantifier", "key"],
    "list": ["comprehension", "comprehension", "flat_map", "filter", "filter", "sort_by", "optional_list"],
    "map": ["transform_map", "transform_entries", "with"],
    "record": ["make_record", "with"],
    "scalar": ["key"],
    "optional": [],
}


def _shape(type_: Type) -> str:
    match type_:
        case ListOf():
            return "list"
        case MapOf(key, _):
            return "map" if key == STRING else "optional"
        case Record():
            return "record"
        case OptionalOf():
            return "optional"
    return "bool" if type_ == BOOL else "scalar"
