"""Knows which variables have one value only by what is assumed, so that a question can be read with these
values in place.
"""

from __future__ import annotations

from collections.abc import Iterable

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term

PASSES_MAX = 8


def units(assumed: Iterable[Term]) -> dict[str, str | bool]:
    """The values, by the names of Bool and Text variables, that follow from these terms step by step: from a
    conjunction each part, from a disjunction what is left when all else is false. None at all if the
    terms contradict each other.
    """
    known = _Known()
    left = list(assumed)
    for _ in range(PASSES_MAX):
        before = len(known.values)
        left = [rest for term in left if (rest := known.take(term)) is not t.TRUE]
        if known.impossible:
            return {}
        if len(known.values) == before:
            break
    return {str(variable.value): value for variable, value in known.values.items()}


class _Known:
    """What is known of variables so far."""

    def __init__(self) -> None:
        self.values: dict[Term, str | bool] = {}
        self.impossible = False

    def take(self, term: Term, wanted: bool = True) -> Term:
        """Learns from a term that holds (does not hold); what may still teach something later, else true."""
        if term.op == "not":
            return self.take(term.args[0], not wanted)
        if term.op == ("and" if wanted else "or"):
            rest = [each for arg in term.args if (each := self.take(arg, wanted)) is not t.TRUE]
            return t.all_of(rest)
        if term.op == ("or" if wanted else "and"):
            return self._one_of(term, wanted)
        variable, value = _literal(term)
        if variable is None or (not wanted and not isinstance(value, bool)):
            self.impossible = self.impossible or self.truth(term) is (not wanted)
            return t.TRUE
        self._learn(variable, value if wanted else not value)
        return t.TRUE

    def _one_of(self, term: Term, wanted: bool) -> Term:
        open_ = []
        for arg in term.args:
            truth = self.truth(arg)
            if truth is wanted:
                return t.TRUE
            if truth is None:
                open_.append(arg)
        if len(open_) == 1:
            return self.take(open_[0], wanted)
        self.impossible = self.impossible or not open_
        return term if wanted else t.not_(term)

    def _learn(self, variable: Term, value: str | bool) -> None:
        if self.values.setdefault(variable, value) != value:
            self.impossible = True

    def truth(self, term: Term) -> bool | None:
        """Whether a literal holds, as far as that is known."""
        if term.op == "not":
            inner = self.truth(term.args[0])
            return None if inner is None else not inner
        if term.op == "const":
            return term.value is True
        variable, value = _literal(term)
        known = None if variable is None else self.values.get(variable)
        return None if known is None else known == value


def _literal(term: Term) -> tuple[Term | None, str | bool]:
    """(variable, the value that it has where the term holds)."""
    if term.op == "var":
        return term, True
    if term.op == "eq" and term.args[0].op == "var" and term.args[1].op == "text":
        return term.args[0], str(term.args[1].value)
    return None, False
