"""Knows the standard library on values with something open: rules for what can stay open, alternatives for
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kspec.runtime.library import FUNCTIONS
from kspec.runtime.registry import TYPE_NAMES, tag_of
from kspec.runtime.symbolic import arithmetic, containers
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.addresses import ADDRESS_FUNCTIONS
from kspec.runtime.symbolic.compare import equal
from kspec.runtime.symbolic.inputs import OpenMap, OpenRecord
from kspec.runtime.symbolic.merge import (
    choose,
    combinations,
    concrete_cases,
    count_all,
    items_of,
    make_optional,
    optional_parts,
    select,
)
from kspec.runtime.symbolic.values import (
    Opaque,
    SymBool,
    SymInt,
    SymIP,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymSize,
    SymStr,
    Union,
    Unsupported,
    bool_term,
    failed,
    is_open,
    make_bool,
    unsupported,
)
from kspec.runtime.values import EvalError, Optional, TypeValue

Rule = Callable[..., object]


def apply(name: str, args: tuple[object, ...]) -> object:
    """The outcome of a function of the library on values; never raises."""
    if name not in FUNCTIONS:
        return failed("unbound", f"unknown function `{name}`")
    try:
        if not any(is_open(arg) for arg in args):
            return FUNCTIONS[name](*args)
        return _apply_open(name, args)
    except EvalError as error:
        return failed(error.code, error.message)
    except Unsupported as why:
        if name in TOTAL and all(_is_string(arg) for arg in args):
            return Opaque(why.reason, "string")
        return unsupported(f"`{name}`: {why.reason}")


TOTAL = frozenset({"_+_", "string", "lowerAscii", "upperAscii", "trim", "reverse", "strings.quote"})
"""Functions that make a string of any strings: of an open one, a string of which no more is known."""


def _is_string(value: object) -> bool:
    return isinstance(value, (str, SymStr)) or (isinstance(value, Opaque) and value.kind == "string")


def _apply_open(name: str, args: tuple[object, ...]) -> object:
    whole = WHOLE.get(name)
    if whole is not None:
        result = whole(*args)
        if result is not NotImplemented:
            return result
    if any(isinstance(arg, Union) for arg in args):
        return select((guard, apply(name, chosen)) for guard, chosen in combinations(args))
    rule = RULES.get(name)
    if rule is not None:
        result = rule(*args)
        if result is not NotImplemented:
            return result
    cases = combinations([_union_of(arg) for arg in args])
    return select((guard, apply(name, chosen)) for guard, chosen in cases)


def _union_of(value: object) -> object:
    """The value as a Union of ordinary values; Unsupported where it cannot be."""
    cases = concrete_cases(value)
    return cases[0][1] if len(cases) == 1 else Union(cases)


# ---------------------------------------------------------------- rules that take Unions as they are


def _equals(a: object, b: object) -> object:
    asked = _emptiness("_==_", a, b)
    return make_bool(equal(a, b) if asked is None else asked)


def _differs(a: object, b: object) -> object:
    asked = _emptiness("_==_", a, b)
    return make_bool(t.not_(equal(a, b) if asked is None else asked))


def _relation(name: str) -> Rule:
    def relation(a: object, b: object) -> object:
        asked = _emptiness(name, a, b)
        return arithmetic.order(name, a, b) if asked is None else make_bool(asked)

    return relation


_MIRRORED = {"_==_": "_==_", "_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
_EMPTY = {("_==_", 0), ("_<_", 1), ("_<=_", 0)}
_FILLED = {("_>_", 0), ("_>=_", 1)}


def _emptiness(name: str, a: object, b: object) -> t.Term | None:
    """A comparison of the size of an open list that only asks whether it is empty; any other counts its
    elements.
    """
    if isinstance(b, SymSize) and not isinstance(a, SymSize):
        a, b, name = b, a, _MIRRORED[name]
    if not isinstance(a, SymSize):
        return None
    if type(b) is int and (name, b) in _EMPTY | _FILLED:
        filled = t.any_of(guard for guard, _ in items_of(a.operand))
        containers.ask(a.operand, ("any", *(guard for guard, _ in items_of(a.operand))))
        return filled if (name, b) in _FILLED else t.not_(filled)
    return None


def _type_of(value: object) -> object:
    tags = {
        SymBool: "bool", SymStr: "string", SymIP: "ip", SymOptional: "optional", SymList: "list", SymMap:
        "map",
        SymRecord: "map", OpenMap: "map", OpenRecord: "map",
    }  # fmt: skip
    tag = value.kind if isinstance(value, SymInt) else tags.get(type(value))
    if isinstance(value, Opaque) or (tag is None and isinstance(value, Union)):
        return NotImplemented
    tag = tag or tag_of(value)
    return TypeValue(TYPE_NAMES.get(tag, tag))


WHOLE: Mapping[str, Rule] = {
    "_==_": _equals,
    "_!=_": _differs,
    "_<_": _relation("_<_"),
    "_<=_": _relation("_<=_"),
    "_>_": _relation("_>_"),
    "_>=_": _relation("_>=_"),
    "_+_": arithmetic.add,
    "_-_": arithmetic.subtract,
    "dyn": lambda value: value,
}


# ---------------------------------------------------------------- rules for one alternative of each argument


def _not(value: object) -> object:
    term = bool_term(value)
    return NotImplemented if term is None else make_bool(t.not_(term))


def _fact(name: str) -> Rule:
    """A predicate of an open string and a constant stays open; of a constant and an open string it may be
    a list of cases.
    """

    def fact(value: object, argument: object) -> object:
        if isinstance(value, SymStr) and isinstance(argument, str):
            if argument == "" and name != "matches":
                return True
            if name == "matches":
                FUNCTIONS[name]("", argument)  # an invalid pattern is the error it is for every string
            return make_bool(t.atom(name, value.term, argument))
        if isinstance(value, str) and isinstance(argument, SymStr) and name in _PARTS:
            parts = dict.fromkeys(_PARTS[name](value))
            return make_bool(t.any_of(t.eq(argument.term, t.text(part)) for part in parts))
        return NotImplemented

    return fact


_PARTS: Mapping[str, Callable[[str], list[str]]] = {
    "startsWith": lambda text: [text[:end] for end in range(len(text) + 1)],
    "endsWith": lambda text: [text[start:] for start in range(len(text) + 1)],
}


def _same_kind(kind: str) -> Rule:
    """A conversion of a number of this kind to itself."""
    return lambda *args: (
        args[0] if len(args) == 1 and isinstance(args[0], SymInt) and args[0].kind == kind else NotImplemented
    )


def _string(value: object) -> object:
    if isinstance(value, SymStr):
        return value
    if isinstance(value, (SymInt, SymIP)):
        return Opaque("the text of an open number or address", "string")
    return NotImplemented


def _same_bool(value: object) -> object:
    return value if isinstance(value, SymBool) else NotImplemented


def _or_value(value: object, default: object) -> object:
    present, held = optional_parts(value)
    return choose(present, held, default)


def _value(value: object) -> object:
    present, held = optional_parts(value)
    return choose(present, held, failed("invalid_argument", "optional.none() dereference"))


def _or(value: object, other: object) -> object:
    return choose(optional_parts(value)[0], value, other)


def _undetermined(reason: object) -> object:
    """Always the error, also where its text cannot be told."""
    if isinstance(reason, (SymStr, Opaque)):
        return failed("undetermined", "neither Kubernetes nor the input says")
    return NotImplemented


def _optional(rule: Rule) -> Rule:
    def on_optional(value: object, *rest: object) -> object:
        return rule(value, *rest) if isinstance(value, (Optional, SymOptional)) else NotImplemented

    return on_optional


def _subset(whole: object, part: object) -> object:
    """Is each element of the second list in the first?"""
    if not (isinstance(whole, containers.Lists) and isinstance(part, containers.Lists)):
        return NotImplemented
    count_all(whole, part)
    return make_bool(
        t.all_of(
            t.or_(t.not_(guard), *(t.and_(g, equal(each, other)) for g, other in items_of(whole)))
            for guard, each in items_of(part)
        )
    )


def _intersects(a: object, b: object) -> object:
    if not (isinstance(a, containers.Lists) and isinstance(b, containers.Lists)):
        return NotImplemented
    count_all(a, b)
    return make_bool(t.any_of(t.and_(g, h, equal(x, y)) for g, x in items_of(a) for h, y in items_of(b)))


def _extreme(least: bool) -> Rule:
    return lambda *args: arithmetic.extreme(least, *args) if len(args) == 2 else NotImplemented


RULES: Mapping[str, Rule] = {
    "!_": _not,
    "-_": arithmetic.negate,
    "_+_": containers.concatenate,
    "_*_": arithmetic.multiply,
    "_/_": arithmetic.divide,
    "_%_": arithmetic.modulo,
    "@in": containers.contains,
    "_[_]": containers.index,
    "_[?_]": containers.index_maybe,
    "_?._": containers.select_maybe,
    "size": containers.size,
    "first": containers.first,
    "last": containers.last,
    "reverse": containers.reverse,
    "type": _type_of,
    "startsWith": _fact("startsWith"),
    "endsWith": _fact("endsWith"),
    "contains": _fact("contains"),
    "matches": _fact("matches"),
    "int": _same_kind("int"),
    "uint": _same_kind("uint"),
    "timestamp": _same_kind("timestamp"),
    "duration": _same_kind("duration"),
    "bool": _same_bool,
    "string": _string,
    "optional.of": lambda value: make_optional(t.TRUE, value),
    "hasValue": _optional(lambda value: make_bool(optional_parts(value)[0])),
    "value": _optional(_value),
    "or": _optional(_or),
    "orValue": _optional(_or_value),
    "undetermined": _undetermined,
    "sets.contains": _subset,
    "sets.intersects": _intersects,
    "math.least": _extreme(True),
    "math.greatest": _extreme(False),
    "isLessThan": lambda a, b: arithmetic.order("_<_", a, b),
    "isGreaterThan": lambda a, b: arithmetic.order("_>_", a, b),
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    **ADDRESS_FUNCTIONS,
}
