"""Knows what replaces a theory of strings: which strings can matter to a set of terms, and the facts that
hold among them.

A Text variable is compared with constants and with other Text variables, and asked for facts
(`startsWith`, ...). Variables that are compared, directly or in a chain, share a *class*; a class knows
the constants that any of its members is compared with. Every string that is none of these constants is
alike but for equality and the facts asked for: it is "other". So a value is a constant of the class or a
number for an other string, and equality of strings is equality of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term


@dataclass(slots=True)
class StringClass:
    """Text variables that may be compared; the constants and the facts that any of them meets. In order of
    appearance.
    """

    variables: list[Term]
    constants: dict[str, None] = field(default_factory=dict)
    facts: dict[tuple[str, str], None] = field(default_factory=dict)


def string_classes(roots: Iterable[Term]) -> list[StringClass]:
    """The classes of all Text variables below these terms."""
    leader: dict[Term, Term] = {}
    uses: list[Term] = []
    for term in t.walk(roots):
        if term.op == "var" and term.sort == t.TEXT:
            leader[term] = term
        elif term.op == "atom" or (term.op == "eq" and term.args[0].sort == t.TEXT):
            uses.append(term)
    for use in uses:
        if use.op == "eq" and use.args[1].op == "var":
            leader[_find(leader, use.args[1])] = _find(leader, use.args[0])
    classes: dict[Term, StringClass] = {}
    for variable in leader:
        classes.setdefault(_find(leader, variable), StringClass([])).variables.append(variable)
    for use in uses:
        its = classes[_find(leader, use.args[0])]
        if use.op == "atom":
            assert isinstance(use.value, tuple)
            its.facts[use.value] = None
        elif use.args[1].op == "text":
            its.constants[str(use.args[1].value)] = None
    return list(classes.values())


def _find(leader: dict[Term, Term], term: Term) -> Term:
    while leader[term] is not term:
        leader[term] = leader[leader[term]]
        term = leader[term]
    return term


def axioms(classes: Iterable[StringClass]) -> list[Term]:
    """What must hold of the facts: right about constants, consistent with each other, alike for equal
    strings.
    """
    found: list[Term] = []
    for its in classes:
        facts = list(its.facts)
        for variable in its.variables if facts else ():
            for fact in facts:
                known = t.atom(fact[0], variable, fact[1])
                found.extend(
                    t.implies(t.eq(variable, t.text(c)), known if fact_holds(fact, c) else t.not_(known))
                    for c in its.constants
                )
            found.extend(_relations(variable, facts))
        for i, left in enumerate(its.variables if facts else ()):
            for right in its.variables[:i]:
                same = t.eq(right, left)
                found.extend(
                    t.implies(same, t.eq(t.atom(f, right, text), t.atom(f, left, text))) for f, text in facts
                )
    return [axiom for axiom in found if axiom is not t.TRUE]


def _relations(variable: Term, facts: list[tuple[str, str]]) -> list[Term]:
    """Between any two facts about one string: one may imply the other, or exclude it."""
    found = []
    for i, (f, a) in enumerate(facts):
        for g, b in facts[:i]:
            first, second = t.atom(f, variable, a), t.atom(g, variable, b)
            if _implies(f, a, g, b):
                found.append(t.implies(first, second))
            elif _implies(g, b, f, a):
                found.append(t.implies(second, first))
            elif f == g and f in ("startsWith", "endsWith"):
                found.append(t.not_(t.and_(first, second)))
    return found


def _implies(f: str, a: str, g: str, b: str) -> bool:
    """Does f(s, a) imply g(s, b) for every s?"""
    if g == "contains":
        return f in ("startsWith", "endsWith", "contains") and b in a
    return f == g and ((f == "startsWith" and a.startswith(b)) or (f == "endsWith" and a.endswith(b)))


FACT_FUNCTIONS = ("startsWith", "endsWith", "contains", "matches")
"""The predicates of a string and a constant that may stay open."""


def fact_holds(fact: tuple[str, str], string: str) -> bool:
    """The fact about a constant, by the concrete library."""
    from kspec.runtime.library import FUNCTIONS

    return FUNCTIONS[fact[0]](string, fact[1]) is True
