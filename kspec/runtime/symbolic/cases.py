"""Knows what follows for the parts of a conjunction or a disjunction from equalities with constants."""

from __future__ import annotations

from kspec.runtime.symbolic.dag import Term


def fold_cases(op: str, members: dict[Term, None]) -> bool:
    """x = a excludes x = b: in `and`, two such are false and `x != b` is implied by `x = a`; `or` is the
    dual.

    Drops what is implied; False when the whole is decided.
    """
    deciding = "eq" if op == "and" else "not"
    chosen: dict[Term, Term] = {}
    for part in members:
        case = _case(part)
        if case is not None and part.op == deciding:
            variable, constant = case
            if chosen.setdefault(variable, constant) is not constant:
                return False
    if chosen:
        for part in tuple(members):
            case = _case(part)
            if case is not None and part.op != deciding and chosen.get(case[0], case[1]) is not case[1]:
                del members[part]
    return True


def _case(term: Term) -> tuple[Term, Term] | None:
    """(x, constant) for `x = constant` and for its negation."""
    inner = term.args[0] if term.op == "not" else term
    if inner.op == "eq" and inner.args[1].op in ("const", "text"):
        return inner.args[0], inner.args[1]
    return None
