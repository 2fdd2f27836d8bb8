"""Knows numbers with something open: sums, differences, products with a constant, and their order, with
the language's overflow.
"""

from __future__ import annotations

from kspec.runtime.operators import DURATION_MAX, DURATION_MIN, QUANTITY_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import make_number, number_kind, number_term
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import SymInt, Union, Unsupported, Why, make_bool, outcome
from kspec.runtime.values import INT_MAX, INT_MIN, UINT_MAX

LIMITS = {
    "int": (INT_MIN, INT_MAX),
    "uint": (0, UINT_MAX),
    "quantity": (-QUANTITY_MAX, QUANTITY_MAX),
    "timestamp": (TIMESTAMP_MIN, TIMESTAMP_MAX),
    "duration": (DURATION_MIN, DURATION_MAX),
}
"""What each kind of number can hold."""

_SUMS = {
    ("int", "int"): "int",
    ("uint", "uint"): "uint",
    ("quantity", "quantity"): "quantity",
    ("timestamp", "duration"): "timestamp",
    ("duration", "timestamp"): "timestamp",
    ("duration", "duration"): "duration",
}
_DIFFERENCES = {
    ("int", "int"): "int",
    ("uint", "uint"): "uint",
    ("quantity", "quantity"): "quantity",
    ("timestamp", "duration"): "timestamp",
    ("duration", "duration"): "duration",
}


def number_value(value: object) -> int:
    """The integer of a number that is not open."""
    constant = number_term(value).value
    assert isinstance(constant, int)
    return constant


def kind_of(value: object) -> str:
    """The kind of a number, also of a Union of numbers of one kind; "" otherwise."""
    if isinstance(value, Union):
        kinds = {number_kind(each) for _, each in value.alternatives}
        return kinds.pop() if len(kinds) == 1 else ""
    return number_kind(value)


def add(a: object, b: object) -> object:
    """`a + b` on numbers; NotImplemented for anything else."""
    kind = _SUMS.get((kind_of(a), kind_of(b)))
    return _limited(kind, t.add(number_term(a), number_term(b))) if kind else NotImplemented


def subtract(a: object, b: object) -> object:
    kinds = (kind_of(a), kind_of(b))
    kind = _DIFFERENCES.get(kinds)
    if kinds == ("timestamp", "timestamp"):
        return _limited("duration", t.sub(number_term(a), number_term(b)), LIMITS["int"])
    return _limited(kind, t.sub(number_term(a), number_term(b))) if kind else NotImplemented


def multiply(a: object, b: object) -> object:
    """A product in which at most one factor is open."""
    kinds = (kind_of(a), kind_of(b))
    if kinds not in (("int", "int"), ("uint", "uint"), ("quantity", "int")):
        return NotImplemented
    left, right = number_term(a), number_term(b)
    if left.op == "const":
        left, right = right, left
    if right.op != "const":
        raise Unsupported("a product of two open numbers")
    assert isinstance(right.value, int)
    return _limited(kinds[0], t.mul(right.value, left))


def divide(a: object, b: object) -> object:
    """A quotient by a constant, truncated towards zero."""
    split = _divided(a, b)
    return NotImplemented if split is None else _limited(split[0], split[2])


def modulo(a: object, b: object) -> object:
    """The rest of a division by a constant, with the sign of the dividend."""
    split = _divided(a, b)
    if split is None or kind_of(a) == "quantity":
        return NotImplemented
    kind, dividend, quotient = split
    if number_value(b) == -1:  # the rest is zero, but the division itself may overflow
        return outcome([(Why("overflow"), t.eq(dividend, t.number(INT_MIN)))], make_number(kind, t.number(0)))
    return make_number(kind, t.sub(dividend, t.mul(number_value(b), quotient)))


def _divided(a: object, b: object) -> tuple[str, Term, Term] | None:
    """(kind of the result, dividend, quotient) for a divisor that is a constant but zero."""
    kinds = (kind_of(a), kind_of(b))
    if kinds not in (("int", "int"), ("uint", "uint"), ("quantity", "quantity")) or isinstance(
        b, (Union, SymInt)
    ):
        return None
    divisor, dividend = number_value(b), number_term(a)
    if divisor == 0:
        return None
    magnitude = t.ite(
        t.le(t.number(0), dividend),
        t.div(dividend, abs(divisor)),
        t.mul(-1, t.div(t.mul(-1, dividend), abs(divisor))),
    )
    return "uint" if kinds[0] == "uint" else "int", dividend, t.mul(1 if divisor > 0 else -1, magnitude)


def negate(a: object) -> object:
    return _limited("int", t.mul(-1, number_term(a))) if kind_of(a) == "int" else NotImplemented


def _limited(kind: str, total: Term, limits: tuple[int, int] | None = None) -> object:
    """The number, an overflow where it exceeds its kind; a quantity stops at its limits instead."""
    low, high = (t.number(limit) for limit in limits or LIMITS[kind])
    above_low, below_high = t.le(low, total), t.le(total, high)
    if kind == "quantity":
        return make_number(kind, t.ite(above_low, t.ite(below_high, total, high), low))
    inside = t.and_(above_low, below_high)
    return outcome([(Why("overflow"), t.not_(inside))], make_number(kind, total))


_COMPARED = frozenset(
    [(kind, kind) for kind in LIMITS] + [("int", "uint"), ("uint", "int")],
)


def order(name: str, a: object, b: object) -> object:
    """`<`, `<=`, `>` or `>=` on numbers of comparable kinds; NotImplemented for anything else."""
    if (kind_of(a), kind_of(b)) not in _COMPARED:
        return NotImplemented
    left, right = number_term(a), number_term(b)
    if name in ("_>_", "_>=_"):
        left, right = right, left
    return make_bool(t.lt(left, right) if name in ("_<_", "_>_") else t.le(left, right))


def extreme(least: bool, a: object, b: object) -> object:
    """The smaller or the larger of two numbers of one kind."""
    kind = kind_of(a)
    if kind not in ("int", "uint") or kind_of(b) != kind:
        return NotImplemented
    left, right = number_term(a), number_term(b)
    smaller = t.le(left, right)
    return make_number(kind, t.ite(smaller if least else t.not_(smaller), left, right))
