"""Knows terms and outcomes in which some variables have been put in place, so that one reading serves several
questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import Partial, SymBool, make_bool, outcome


class Replaceable:
    """Terms of which some variables are to be replaced: those parts, in order, that they reach."""

    def __init__(self, variables: Iterable[Term]) -> None:
        self.reached = set(variables)
        self.seen: set[Term] = set()
        self.order: list[Term] = []

    def take(self, roots: Iterable[Term]) -> None:
        """One more term each, with what is below it."""
        for term in t.walk(roots, self.seen):
            if any(arg in self.reached for arg in term.args):
                self.reached.add(term)
                self.order.append(term)


class Instance:
    """What was read, with variables replaced."""

    def __init__(self, of: Replaceable, values: Mapping[Term, Term]) -> None:
        self.of = of
        self.known: dict[Term, Term] = dict(values)
        self.done = 0

    def term(self, root: Term) -> Term:
        """The term, folded anew."""
        self.of.take([root])
        known, order = self.known, self.of.order
        while self.done < len(order):
            term = order[self.done]
            known[term] = _made_of(term, tuple(known.get(arg, arg) for arg in term.args))
            self.done += 1
        return known.get(root, root)

    def condition(self, made: object) -> object:
        """The outcome of a condition."""
        if isinstance(made, Partial):
            errors = [(why, self.term(guard)) for why, guard in made.errors]
            return outcome(errors, self.condition(made.value))
        return make_bool(self.term(made.term)) if isinstance(made, SymBool) else made

    def question(self, asked: object) -> object:
        """A question about an open list: terms in tuples."""
        if isinstance(asked, Term):
            return self.term(asked)
        return tuple(map(self.question, asked)) if isinstance(asked, tuple) else asked


def _made_of(term: Term, args: tuple[Term, ...]) -> Term:
    match term.op:
        case "not":
            return t.not_(args[0])
        case "and":
            return t.and_(*args)
        case "or":
            return t.or_(*args)
        case "eq":
            return t.eq(*args)
        case "le":
            return t.le(*args)
        case "ite":
            return t.ite(*args)
        case "add":
            return t.add(*args)
    assert isinstance(term.value, int), term.op
    return t.mul(term.value, args[0]) if term.op == "mul" else t.div(args[0], term.value)
