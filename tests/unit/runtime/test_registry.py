"""The table of types and the functions that run say the same."""

from __future__ import annotations

from kspec.ir.signatures import PARAMETERS, Overload, signatures
from kspec.ir.types import DYN, ListOf, MapOf, OptionalOf, Scalar, Type
from kspec.runtime.library import FUNCTIONS, MODULES
from kspec.runtime.registry import TAGS, tag_of, type_name
from kspec.runtime.values import NONE, Quantity, Timestamp, UInt

NOT_BY_TYPE = {"_==_", "_!=_", "@in", "_[_]", "_[?_]", "_?._", "math.greatest", "math.least"}
"""Functions that look at their arguments themselves."""


def erased(type_: Type) -> str:
    match type_:
        case ListOf():
            return "list"
        case MapOf():
            return "map"
        case OptionalOf():
            return "optional"
        case Scalar(name):
            return "any" if type_ == DYN or type_ in PARAMETERS else name
        case _:
            return "map"


def tags(overload: Overload) -> tuple[str, ...]:
    return tuple(map(erased, overload.params))


def test_every_signature_has_a_function() -> None:
    lacking = [
        f"{o.name}{tags(o)}"
        for name, overloads in signatures().items()
        for o in overloads
        if name not in FUNCTIONS or (name not in NOT_BY_TYPE and tags(o) not in FUNCTIONS[name].overloads)
    ]
    assert not lacking


def test_every_function_has_a_signature() -> None:
    known = {(name, tags(o)) for name, overloads in signatures().items() for o in overloads}
    extra = [
        f"{name}{wanted}"
        for name, function in FUNCTIONS.items()
        for wanted in function.overloads
        if name not in NOT_BY_TYPE and (name, wanted) not in known
    ]
    assert not extra


def test_every_module_is_loaded_by_the_library() -> None:
    homes = {f.__module__ for o in FUNCTIONS.values() for f in o.overloads.values()}
    assert homes <= {m.__name__ for m in MODULES}


def test_tags_and_type_names() -> None:
    assert [tag_of(v) for v in (True, 1, UInt(1), 1.0, "", b"", None, (), {}, NONE)] == [
        "bool", "int", "uint", "double", "string", "bytes", "null_type", "list", "map", "optional",
    ]  # fmt: skip
    assert type_name(Timestamp(0)) == "google.protobuf.Timestamp"
    assert type_name(Quantity(0)) == "kubernetes.Quantity"
    assert set(TAGS.values()) >= {"ip", "cidr", "url", "semver"}
