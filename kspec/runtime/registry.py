"""Knows which Python function stands for which overload of the library, and picks it by run-time types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kspec.runtime.values import Duration, EvalError, Optional, Quantity, Timestamp, TypeValue, UInt

Function = Callable[..., object]
F = TypeVar("F", bound=Function)
C = TypeVar("C", bound=type)

TAGS: dict[type, str] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    tuple: "list",
    dict: "map",
    Timestamp: "timestamp",
    Duration: "duration",
    Quantity: "quantity",
    Optional: "optional",
    TypeValue: "type",
}
"""Python type of a value -> the name that overloads use: as in `kspec.ir.types`, or list, map, optional."""

TYPE_NAMES: dict[str, str] = {
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "optional": "optional_type",
    "quantity": "kubernetes.Quantity",
}
"""What `type(x)` is called where it is not the tag itself."""


def value_type(tag: str, type_name: str) -> Callable[[C], C]:
    """Class decorator: the class is a type of values, tagged so."""

    def register(cls: C) -> C:
        TAGS[cls] = tag
        TYPE_NAMES[tag] = type_name
        return cls

    return register


def tag_of(value: object) -> str:
    """The tag of a value; a subclass of dict or list (none of ours) counts as its base."""
    return _tag_of_type(type(value))


def _tag_of_type(cls: type) -> str:
    found = TAGS.get(cls)
    if found is None:
        found = next((TAGS[base] for base in cls.__mro__ if base in TAGS), cls.__name__)
    return found


def type_name(value: object) -> str:
    """The name of the type of a value, as `type(x)` prints it."""
    tag = tag_of(value)
    return TYPE_NAMES.get(tag, tag)


class Overloaded:
    """One function of the library: called with values, it runs the overload for their types.

    `overloads` maps a tuple of tags to its function; the tag `any` matches every value; a last tag with `*`
    matches any number of arguments, one at least.
    """

    __slots__ = ("_by_types", "name", "overloads")

    def __init__(self, name: str) -> None:
        self.name = name
        self.overloads: dict[tuple[str, ...], Function] = {}
        self._by_types: dict[tuple[type, ...], Function] = {}

    def __call__(self, *args: object) -> object:
        types = tuple([type(a) for a in args])
        chosen = self._by_types.get(types)
        if chosen is None:
            chosen = self._by_types[types] = self._resolve(types)
        return chosen(*args)

    def _resolve(self, types: tuple[type, ...]) -> Function:
        tags = tuple(_tag_of_type(t) for t in types)
        if tags in self.overloads:
            return self.overloads[tags]
        for wanted, function in self.overloads.items():
            if _matches(wanted, tags):
                return function
        raise no_such_overload(self.name, tags)


def _matches(wanted: tuple[str, ...], given: tuple[str, ...]) -> bool:
    if wanted and wanted[-1].endswith("*"):
        fixed, repeated = wanted[:-1], wanted[-1][:-1]
        if len(given) <= len(fixed):
            return False
        wanted = fixed + (repeated,) * (len(given) - len(fixed))
    return len(wanted) == len(given) and all(w in ("any", g) for w, g in zip(wanted, given, strict=True))


def no_such_overload(name: str, tags: tuple[str, ...]) -> EvalError:
    return EvalError("no_such_overload", f"no matching overload for `{name}` applied to ({', '.join(tags)})")


LIBRARY: dict[str, Overloaded] = {}


def function(name: str, *tags: str) -> Callable[[F], F]:
    """Function decorator: it is the overload of `name` for arguments with these tags. May be stacked."""

    def register(implementation: F) -> F:
        overloaded = LIBRARY.get(name)
        if overloaded is None:
            overloaded = LIBRARY[name] = Overloaded(name)
        assert tags not in overloaded.overloads, f"{name}{tags} twice"
        overloaded.overloads[tags] = implementation
        return implementation

    return register
