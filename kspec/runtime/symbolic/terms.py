"""Knows Boolean and integer terms: constructors that fold what is already decided.

Nothing depends on the order in which terms were made before: arguments keep the order they were given in, so
a query prints alike in every process.
"""

from __future__ import annotations

from collections.abc import Iterable

from kspec.runtime.symbolic.cases import fold_cases
from kspec.runtime.symbolic.dag import (
    BOOL,
    FALSE,
    INT,
    TEXT,
    TRUE,
    Term,
    atom,
    bool_var,
    evaluate,
    int_var,
    make,
    negation,
    number,
    text,
    text_var,
    truth,
    walk,
)

__all__ = [
    "BOOL",
    "FALSE",
    "INT",
    "TEXT",
    "TRUE",
    "Term",
    "add",
    "all_of",
    "and_",
    "any_of",
    "atom",
    "bool_var",
    "div",
    "eq",
    "evaluate",
    "implies",
    "int_var",
    "ite",
    "le",
    "lt",
    "mul",
    "not_",
    "number",
    "or_",
    "sub",
    "text",
    "text_var",
    "truth",
    "walk",
]

# ---------------------------------------------------------------- Boolean connectives


def not_(term: Term) -> Term:
    if term.op == "const":
        return FALSE if term.value else TRUE
    if term.op == "not":
        return term.args[0]
    return make("not", (term,))


def and_(*terms: Term) -> Term:
    if len(terms) == 2:
        left, right = terms
        if left is FALSE or right is FALSE:
            return FALSE
        if left is TRUE or left is right:
            return right
        if right is TRUE:
            return left
    return _junction("and", terms, FALSE, TRUE)


def or_(*terms: Term) -> Term:
    if len(terms) == 2:
        left, right = terms
        if left is TRUE or right is TRUE:
            return TRUE
        if left is FALSE or left is right:
            return right
        if right is FALSE:
            return left
    return _junction("or", terms, TRUE, FALSE)


def all_of(terms: Iterable[Term]) -> Term:
    return _junction("and", tuple(terms), FALSE, TRUE)


def any_of(terms: Iterable[Term]) -> Term:
    return _junction("or", tuple(terms), TRUE, FALSE)


def implies(left: Term, right: Term) -> Term:
    return or_(not_(left), right)


def _junction(op: str, terms: tuple[Term, ...], zero: Term, unit: Term) -> Term:
    """Conjunction or disjunction: flattened, without repetition, with complements, cases and absorption
    folded.
    """
    members: dict[Term, None] = {}
    for term in terms:
        if term is zero:
            return zero
        if term is unit:
            continue
        if term.op == op:
            for part in term.args:
                members[part] = None
        else:
            members[term] = None
    if len(members) > 1:
        dual = "or" if op == "and" else "and"
        nested = cases = 0
        for part in members:
            its = part.op
            if its == "not":
                inner = part.args[0]
                if inner in members:
                    return zero
                cases += inner.op == "eq"
            elif its == dual:
                nested += 1
            elif its == "eq":
                cases += 1
        if cases > 1 and not fold_cases(op, members):
            return zero
        if nested and len(members) > 1:
            resolved = _absorb(dual, members)
            if resolved is not None:
                return _junction(op, resolved, zero, unit)
    if not members:
        return unit
    if len(members) == 1:
        return next(iter(members))
    return make(op, tuple(members))


def _absorb(dual: str, members: dict[Term, None]) -> tuple[Term, ...] | None:
    """`a and (a or b)` is `a`; `a and (not a or b)` is `a and b`; and the dual. None when nothing changes."""
    opposite = {part.args[0] if part.op == "not" else negation(part) for part in members}
    there = members.keys()
    changed = False
    kept: list[Term] = []
    for part in members:
        if part.op != dual:
            kept.append(part)
        elif not there.isdisjoint(part.args):
            changed = True
        elif opposite.isdisjoint(part.args):
            kept.append(part)
        else:
            changed = True
            kept.append(_rebuild(dual, tuple(inner for inner in part.args if inner not in opposite)))
    return tuple(kept) if changed else None


def _rebuild(op: str, parts: tuple[Term, ...]) -> Term:
    return all_of(parts) if op == "and" else any_of(parts)


# ---------------------------------------------------------------- choice


def ite(condition: Term, then: Term, otherwise: Term) -> Term:
    """`then` if the condition holds, else `otherwise`; of sort Bool or Int."""
    if condition.op == "const":
        return then if condition.value else otherwise
    if then is otherwise:
        return then
    if then.sort == BOOL:
        return or_(and_(condition, then), and_(not_(condition), otherwise))
    if condition.op == "not":
        condition, then, otherwise = condition.args[0], otherwise, then
    if then.op == "ite" and then.args[0] is condition:
        then = then.args[1]
    if otherwise.op == "ite":
        inner, first, second = otherwise.args
        if inner is condition:
            return ite(condition, then, second)
        if first is then:
            return ite(or_(condition, inner), then, second)
    low, high = _hull(then, otherwise)
    return make("ite", (condition, then, otherwise), None, INT, low, high)


def _hull(left: Term, right: Term) -> tuple[int | None, int | None]:
    low = None if left.low is None or right.low is None else min(left.low, right.low)
    high = None if left.high is None or right.high is None else max(left.high, right.high)
    return low, high


# ---------------------------------------------------------------- integers


def add(*terms: Term) -> Term:
    """The sum; equal summands are gathered, constants come last."""
    constant = 0
    factors: dict[Term, int] = {}
    for term in terms:
        for part in term.args if term.op == "add" else (term,):
            if part.op == "const":
                assert isinstance(part.value, int)
                constant += part.value
            else:
                base, factor = _factored(part)
                factors[base] = factors.get(base, 0) + factor
    parts = [_scaled(factor, base) for base, factor in factors.items() if factor != 0]
    if constant or not parts:
        parts.append(number(constant))
    if len(parts) == 1:
        return parts[0]
    low: int | None = 0
    high: int | None = 0
    for part in parts:
        low = None if low is None or part.low is None else low + part.low
        high = None if high is None or part.high is None else high + part.high
    return make("add", tuple(parts), None, INT, low, high)


def _factored(term: Term) -> tuple[Term, int]:
    if term.op == "mul":
        assert isinstance(term.value, int)
        return term.args[0], term.value
    return term, 1


def _scaled(factor: int, base: Term) -> Term:
    if factor == 1:
        return base
    bounds = (base.low, base.high) if factor > 0 else (base.high, base.low)
    low, high = (None if bound is None else bound * factor for bound in bounds)
    return make("mul", (base,), factor, INT, low, high)


def mul(factor: int, term: Term) -> Term:
    if factor == 0:
        return number(0)
    if term.op == "const":
        assert isinstance(term.value, int)
        return number(factor * term.value)
    if term.op == "add":
        return add(*(mul(factor, part) for part in term.args))
    base, inner = _factored(term)
    return _scaled(factor * inner, base)


def div(term: Term, divisor: int) -> Term:
    """The quotient by a positive constant, rounded down."""
    assert divisor > 0
    if divisor == 1:
        return term
    low, high = (None if bound is None else bound // divisor for bound in (term.low, term.high))
    if low is not None and low == high:
        return number(low)
    return make("div", (term,), divisor, INT, low, high)


def sub(left: Term, right: Term) -> Term:
    return add(left, mul(-1, right))


def le(left: Term, right: Term) -> Term:
    """`left <= right`."""
    left, right = _constants_right(left, right)
    if left is right:
        return TRUE
    if left.high is not None and right.low is not None and left.high <= right.low:
        return TRUE
    if left.low is not None and right.high is not None and left.low > right.high:
        return FALSE
    pushed = _push(left, right, le)
    if pushed is not None:
        return pushed
    if right.op == "const" and left.op == "add" and left.low == right.value:
        return _at_low(left)
    if left.op == "const" and right.op == "add" and right.high == left.value:
        return _at_high(right)
    return make("le", (left, right))


def lt(left: Term, right: Term) -> Term:
    return not_(le(right, left))


def eq(left: Term, right: Term) -> Term:
    """Equality of two terms of one sort; the constant, if any, stands right."""
    if left is right:
        return TRUE
    if left.sort == BOOL:
        return _iff(left, right)
    if left.sort == TEXT:
        if left.op == "text":
            left, right = right, left
        return FALSE if left.op == "text" else make("eq", (left, right))
    left, right = _constants_right(left, right)
    if left.op == "const":
        left, right = right, left
    if left is right:
        return TRUE
    if left.high is not None and right.low is not None and left.high < right.low:
        return FALSE
    if left.low is not None and right.high is not None and left.low > right.high:
        return FALSE
    pushed = _push(left, right, eq)
    if pushed is not None:
        return pushed
    if right.op == "const" and left.op == "add":
        if left.low == right.value:
            return _at_low(left)
        if left.high == right.value:
            return _at_high(left)
    return make("eq", (left, right))


def _iff(left: Term, right: Term) -> Term:
    if left.op == "const":
        left, right = right, left
    if right.op == "const":
        return left if right.value else not_(left)
    if not_(left) is right:
        return FALSE
    return make("eq", (left, right))


def _constants_right(left: Term, right: Term) -> tuple[Term, Term]:
    """Constant summands move to the right, or to a right side that is constant anyway."""
    shift = _constant_part(left)
    if shift and left.op != "const":
        left, right = add(left, number(-shift)), add(right, number(-shift))
    if left.op == "const":
        shift = _constant_part(right)
        if shift and right.op != "const":
            left, right = add(left, number(-shift)), add(right, number(-shift))
    return left, right


def _constant_part(term: Term) -> int:
    last = term.args[-1] if term.op == "add" else term
    return last.value if last.op == "const" and isinstance(last.value, int) else 0


PUSH_DEPTH_MAX = 64


def _push(left: Term, right: Term, compare: object) -> Term | None:
    """A comparison of a choice between constants with a constant is decided leaf by leaf."""
    if left.op == "ite" and right.op == "const" and _is_table(left):
        choice = left
    elif right.op == "ite" and left.op == "const" and _is_table(right):
        choice = right
    else:
        return None
    assert callable(compare)
    condition, then, otherwise = choice.args
    if choice is left:
        return ite(condition, compare(then, right), compare(otherwise, right))
    return ite(condition, compare(left, then), compare(left, otherwise))


def _is_table(term: Term) -> bool:
    """A chain of choices with constant leaves, not too long."""
    for _ in range(PUSH_DEPTH_MAX):
        if term.op == "const":
            return True
        if term.op != "ite" or term.args[1].op != "const":
            return False
        term = term.args[2]
    return False


def _at_low(total: Term) -> Term:
    """A sum is at its lower bound just when every summand is."""
    return all_of(eq(part, number(part.low)) for part in total.args if part.low is not None)


def _at_high(total: Term) -> Term:
    return all_of(eq(part, number(part.high)) for part in total.args if part.high is not None)
