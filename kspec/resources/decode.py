"""Knows how the JSON of the API becomes values of a type, and tells all that does not fit, with its place.

A value of the API is decoded as `kspec.runtime.values` has it: quantities and times become values, fields
that are null are dropped, everything else stays as it is in JSON (binary data stays base64 text). A key
of a map stays if its value is null, as it does for the API server: `app:` is an empty label.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from kspec.ir.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    QUANTITY,
    STRING,
    TIMESTAMP,
    FieldDef,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Scalar,
    Type,
    TypeTable,
    show,
)
from kspec.runtime.quantity import parse_quantity
from kspec.runtime.times import parse_duration, parse_timestamp
from kspec.runtime.values import INT_MAX, INT_MIN, EvalError
from kspec.source import Diagnostic, Severity, Span

Path: TypeAlias = tuple[str | int, ...]
Steps: TypeAlias = Any
"""A path while decoding: None, or (the steps before, the last segment). A mistake makes it a `Path`."""
Step: TypeAlias = Callable[[Any, Steps], Any]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


class Locator(Protocol):
    """Something that knows where the fields of an object stand."""

    def locate(self, path: Path) -> Span: ...

    def locate_key(self, path: Path) -> Span: ...


def decode(
    value: object, type_: Type, table: TypeTable, where: Locator | None = None, *, strict: bool = True
) -> tuple[Any, list[Diagnostic]]:
    """The value, decoded as far as it fits the type, and every mistake in it.

    `strict`: a field that the type does not have is an error, else a warning; it is dropped either way.
    """
    decoder = Decoder(table, strict)
    return decoder.decode(value, type_, where)


class _Found(NamedTuple):
    """A mistake, before its place is looked up. `at_key`: it is about the key, not about the value."""

    code: str
    message: str
    steps: Steps
    help: str
    at_key: bool


class Decoder:
    """Decodes many values against one table. What it needs to know of a type is worked out once."""

    def __init__(self, table: TypeTable, strict: bool = True) -> None:
        self.table = table
        self.strict = strict
        self._steps: dict[tuple[Type, str], Step] = {}
        self._found: list[_Found] = []
        self.zeros: list[tuple[Path, Any]] = []
        """Where the last value that was decoded has null in a map, and what the API server makes of it."""

    def decode(
        self, value: object, type_: Type, where: Locator | None = None
    ) -> tuple[Any, list[Diagnostic]]:
        self._found, self.zeros = [], []
        decoded = self._step(type_, "")(value, None)
        return decoded, [self._diagnostic(where, f) for f in self._found if not _is_left_to_status(f)]

    def _diagnostic(self, where: Locator | None, found: _Found) -> Diagnostic:
        path = path_of(found.steps)
        span = None if where is None else where.locate_key(path) if found.at_key else where.locate(path)
        mild = found.code == NULL_IN_MAP or (found.code == UNKNOWN_FIELD and not self.strict)
        severity = Severity.WARNING if mild else Severity.ERROR
        return Diagnostic(found.code, found.message, span, severity, found.help, path=path)

    def tell(self, code: str, message: str, steps: Steps, help_: str = "", at_key: bool = False) -> None:
        self._found.append(_Found(code, message, steps, help_, at_key))

    # ---- one step for each type

    def _step(self, type_: Type, format_: str) -> Step:
        key = (type_, format_)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = self._make(type_, format_)
        return step

    def _make(self, type_: Type, format_: str) -> Step:
        match type_:
            case ListOf(element):
                return self._list(element, format_)
            case MapOf(_, value):
                return self._map(value, format_)
            case OptionalOf(value):
                return self._step(value, format_)
            case Record(name):
                return self._record(name)
            case Scalar():
                return self._scalar(type_, format_)

    def _list(self, element: Type, format_: str) -> Step:
        zero: Any = {} if isinstance(element, Record) else _ZEROS.get(element)

        def step(value: Any, steps: Steps) -> Any:
            if type(value) is not list:
                self._mismatch(value, f"list({show(element)})", steps, self._wrap_help(value, element))
                return []
            result = []
            inner = self._step(element, format_)  # looked up late: types may hold themselves
            for index, item in enumerate(value):
                if item is not None:
                    result.append(inner(item, (steps, index)))
                elif zero is not None:
                    result.append(inner(zero, (steps, index)))
                    self._null_means(zero, (steps, index))
                else:
                    self.tell(
                        WRONG_TYPE,
                        "a list cannot hold null",
                        (steps, index),
                        "delete the element, or give it a value",
                    )
            return result

        return step

    def _map(self, element: Type, format_: str) -> Step:
        plain = element == STRING and not format_
        zero: Any = {} if isinstance(element, Record) else _ZEROS.get(element)

        def step(value: Any, steps: Steps) -> Any:
            if type(value) is not dict:
                self._mismatch(value, f"map(string, {show(element)})", steps)
                return {}
            result = {}
            inner = self._step(element, format_)
            for key, item in value.items():
                if plain and type(item) is str:
                    result[key] = item
                elif item is not None:
                    result[key] = inner(item, (steps, key))
                elif zero is not None:
                    result[key] = inner(zero, (steps, key))
                    self._null_means(zero, (steps, key))
            return result

        return step

    def _record(self, name: str) -> Step:
        record = self.table.record(name)
        if record is None:
            return lambda value, _: value
        # For each field: the Python type that needs no further look, and the step for all others.
        entries: dict[str, list[Any]] = {f.name: [_as_it_is(f), None, f] for f in record.fields.values()}
        required = tuple(f.name for f in record.fields.values() if f.required)
        kept = record.open

        def step(value: Any, steps: Steps) -> Any:
            if type(value) is not dict:
                self._mismatch(value, name, steps)
                return {}
            result = {}
            for key, item in value.items():
                entry = entries.get(key)
                if entry is None:
                    if kept:
                        result[key] = item
                    else:
                        self._unknown(name, key, entries, value, steps)
                elif type(item) is entry[0]:
                    result[key] = item
                elif item is not None:
                    inner = entry[1]
                    if inner is None:
                        inner = entry[1] = self._field(entry[2])
                    result[key] = inner(item, (steps, key))
            for key in required:
                if value.get(key) is None:
                    self.tell(MISSING, f"{name} needs the field `{key}`", steps, _about(record.fields[key]))
            return result

        return step

    def _field(self, field: FieldDef) -> Step:
        inner = self._step(field.type, field.format)
        allowed = field.enum
        if not allowed:
            return inner

        def step(value: Any, steps: Steps) -> Any:
            if type(value) is str and value not in allowed:
                self.tell(NOT_ALLOWED, f"`{value}` is not allowed here", steps, f"write {_either(allowed)}")
            return inner(value, steps)

        return step

    def _scalar(self, type_: Scalar, format_: str) -> Step:
        if format_ == "int-or-string":
            return self._int_or_string
        if type_ == STRING and format_ == "byte":
            return self._base64
        if type_ == INT and format_ == "int32":
            return lambda value, steps: self._int(value, steps, INT32_MIN, INT32_MAX, "32")
        if type_ == INT:
            return lambda value, steps: self._int(value, steps, INT_MIN, INT_MAX, "64")
        if type_ == DOUBLE:
            return self._double
        texts = {QUANTITY: parse_quantity, TIMESTAMP: parse_timestamp, DURATION: parse_duration}
        if type_ in texts:
            return lambda value, steps: self._parsed(value, type_, texts[type_], steps)
        python = {BOOL: bool, STRING: str}.get(type_)
        if python is None:  # dyn
            return lambda value, _: value

        def step(value: Any, steps: Steps) -> Any:
            if type(value) is not python:
                self._mismatch(
                    value, type_.name, steps, _quote_help(value) if python is str else _bool_help(value)
                )
                return python()
            return value

        return step

    def _int(self, value: Any, steps: Steps, low: int, high: int, bits: str) -> int:
        if type(value) is not int:
            self._mismatch(value, "int", steps, _number_help(value))
            return 0
        if not low <= value <= high:
            self.tell(BAD_VALUE, f"{value} does not fit into {bits} bits", steps)
            return 0
        return value

    def _double(self, value: Any, steps: Steps) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            self._mismatch(value, "double", steps, _number_help(value))
            return 0.0
        return float(value)

    def _int_or_string(self, value: Any, steps: Steps) -> Any:
        if type(value) is int and INT32_MIN <= value <= INT32_MAX:
            return value
        if type(value) is not str:
            self._mismatch(value, "int or string", steps, _quote_help(value))
            return 0
        return value

    def _base64(self, value: Any, steps: Steps) -> str:
        if type(value) is not str:
            self._mismatch(value, "string", steps, "it is base64 text")
            return ""
        try:
            base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
        except (binascii.Error, ValueError):
            self.tell(
                BAD_VALUE, "this is not base64", steps, "encode the value, or use a field for plain text"
            )
        return value

    def _parsed(self, value: Any, type_: Scalar, parse: Callable[[str], Any], steps: Steps) -> Any:
        text = value
        if type_ == QUANTITY and type(value) in (int, float):
            text = repr(value)
        if type(text) is not str:
            self._mismatch(value, type_.name, steps)
            return parse(_ZERO_TEXTS[type_])
        try:
            return parse(text)
        except EvalError as error:
            self.tell(BAD_VALUE, error.message, steps)
            return parse(_ZERO_TEXTS[type_])

    # ---- mistakes

    def _mismatch(self, value: Any, wanted: str, steps: Steps, help_: str = "") -> None:
        self.tell(WRONG_TYPE, f"this is {describe(value)}, and {_article(wanted)} is wanted", steps, help_)

    def _null_means(self, zero: Any, steps: Steps) -> None:
        """Null, in a map or a list: Go's decoder keeps the key or place, with the zero value of the type."""
        written = str(zero).lower() if zero != "" else '""'
        what = f"`{steps[1]}`" if isinstance(steps[1], str) else "this element"
        message = f"{what} has no value, which means `{written}` to the API server"
        help_ = f"write the value that is meant, or `{written}` if it is that"
        self.tell(NULL_IN_MAP, message, steps, help_)
        self.zeros.append((path_of(steps), zero))

    def _wrap_help(self, value: Any, element: Type) -> str:
        single = isinstance(element, Record) and type(value) is dict
        return "start the element with `- `" if single or (element == STRING and type(value) is str) else ""

    def _unknown(
        self, name: str, key: str, known: Mapping[str, Any], value: Mapping[str, Any], steps: Steps
    ) -> None:
        from kspec.elaborate.mistakes import near

        help_ = near(key, (k for k in known if k not in value))
        self.tell(UNKNOWN_FIELD, f"{name} has no field `{key}`", (steps, key), help_, at_key=True)


UNKNOWN_FIELD, WRONG_TYPE, BAD_VALUE, MISSING, NOT_ALLOWED = "KS2501", "KS2502", "KS2503", "KS2504", "KS2505"
NULL_IN_MAP = "KS2411"

_ZEROS: Mapping[Type, Any] = {STRING: "", QUANTITY: "0", INT: 0, BOOL: False}
_ZERO_TEXTS = {QUANTITY: "0", TIMESTAMP: "1970-01-01T00:00:00Z", DURATION: "0s"}


def _is_left_to_status(found: _Found) -> bool:
    """Is a field missing in what the system writes? Who shows a part of a status means just that part."""
    return found.code == MISSING and path_of(found.steps)[:1] == ("status",)


def path_of(steps: Steps) -> Path:
    found: list[str | int] = []
    while steps is not None:
        steps, segment = steps
        found.append(segment)
    return tuple(reversed(found))


def describe(value: object) -> str:
    """The value, as a mistake names it."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean `{str(value).lower()}`"
        case int() | float():
            return f"the number `{value}`" if abs(value) < 1e16 else "a large number"
        case str():
            return f"the text `{value if len(value) <= 40 else value[:39] + '…'}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return f"a {type(value).__name__}"


_AS_IT_IS: Mapping[Type, type] = {STRING: str, BOOL: bool}


def _as_it_is(field: FieldDef) -> type | None:
    """The Python type whose values need no decoding in this field."""
    if field.enum or field.format == "byte":
        return None
    return _AS_IT_IS.get(field.type)


def _article(wanted: str) -> str:
    return f"an {wanted}" if wanted[0] in "aeiou" else f"a {wanted}"


def _about(field: FieldDef) -> str:
    return field.description[:1].lower() + field.description[1:] if field.description else ""


def _either(names: Sequence[str]) -> str:
    from kspec.elaborate.mistakes import either

    return either(names)


def _quote_help(value: object) -> str:
    if isinstance(value, bool):
        return "YAML reads `yes`, `no`, `on`, `off`, `y`, `n` as booleans: quote the text"
    return "quote it to make it text" if isinstance(value, (int, float)) else ""


def _bool_help(value: object) -> str:
    return "write it without quotes" if value in ("true", "false") else "write `true` or `false`"


def _number_help(value: object) -> str:
    if isinstance(value, str) and value.strip().lstrip("+-").isdigit():
        return "write it without quotes"
    return "a whole number is wanted" if isinstance(value, float) else ""
