"""Knows how a Boolean term is evaluated for many assignments at once that differ in a few parts: one bit of
an integer for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.dag import value_of_term
from kspec.runtime.symbolic.terms import Term

Lanes: TypeAlias = int | list[int]
"""A Bool: the bits; an Int or Text that differs between lanes: one number for each."""


class Program:
    """A term in the order of evaluation, those parts apart that none of the differing variables reaches."""

    def __init__(self, root: Term, differing: Iterable[Term]) -> None:
        reached = set(differing)
        self.root = root
        self.plain: list[Term] = []
        self.apart: list[Term] = []
        for term in t.walk([root]):
            if term in reached:
                continue
            if any(arg in reached for arg in term.args):
                reached.add(term)
                self.apart.append(term)
            else:
                self.plain.append(term)

    def run(self, assignment: Mapping[Term, object], lanes: Mapping[Term, int], width: int) -> int:
        """In which lanes the term holds; `lanes` gives the bits of what differs. The assignment may also say
        what a constant string stands for.
        """
        full = (1 << width) - 1
        plain: dict[Term, object] = {}
        for term in self.plain:
            known = assignment.get(term)
            if known is None:
                known = value_of_term(term, [plain[arg] for arg in term.args], assignment)
            plain[term] = known
        values: dict[Term, Lanes] = dict(lanes)
        for term in self.apart:
            args = [
                values[arg] if arg in values else _spread(arg, plain[arg], full, width) for arg in term.args
            ]
            values[term] = _combined(term, args, full, width)
        if self.root in plain:
            return full if plain[self.root] is True else 0
        found = values[self.root]
        assert isinstance(found, int)
        return found


def _spread(term: Term, value: object, full: int, width: int) -> Lanes:
    """The same value in all lanes."""
    if term.sort == t.BOOL:
        return full if value is True else 0
    assert isinstance(value, int)
    return [value] * width


def _combined(term: Term, args: Sequence[Lanes], full: int, width: int) -> Lanes:
    bits = [arg for arg in args if isinstance(arg, int)]
    if len(bits) == len(args):
        return _of_bits(term, bits, full)
    if term.op == "ite":
        condition, then, otherwise = args
        assert isinstance(condition, int) and isinstance(then, list) and isinstance(otherwise, list)
        return [then[n] if condition >> n & 1 else otherwise[n] for n in range(width)]
    made = [value_of_term(term, [arg[n] for arg in args if isinstance(arg, list)], {}) for n in range(width)]
    if term.sort == t.BOOL:
        return sum(1 << n for n, each in enumerate(made) if each is True)
    return [each for each in made if isinstance(each, int)]


def _of_bits(term: Term, bits: Sequence[int], full: int) -> int:
    match term.op:
        case "not":
            return full & ~bits[0]
        case "and":
            found = full
            for each in bits:
                found &= each
            return found
        case "or":
            found = 0
            for each in bits:
                found |= each
            return found
        case _:
            assert term.op == "eq"
            return full & ~(bits[0] ^ bits[1])
