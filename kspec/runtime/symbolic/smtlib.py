"""Knows how terms print as SMT-LIB 2: readable stable names, shared parts named once, a comment at each
assertion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.strings import StringClass, axioms, string_classes
from kspec.runtime.symbolic.terms import Term

_SIMPLE = re.compile(r"[A-Za-z~!@$%^&*_+=<>.?/-][A-Za-z0-9~!@$%^&*_+=<>.?/-]*\Z")
_WORDS = frozenset(
    [
        "par",
        "NUMERAL",
        "DECIMAL",
        "STRING",
        "_",
        "!",
        "as",
        "let",
        "forall",
        "exists",
        "match",
        "assert",
        "declare-const",
        "define-fun",
        "true",
        "false",
        "not",
        "and",
        "or",
        "xor",
        "distinct",
        "ite",
        "Bool",
        "Int",
        "Real",
        "=>",
        "=",
        "<=",
        ">=",
        "<",
        ">",
        "+",
        "-",
        "*",
        "/",
        "div",
        "mod",
        "abs",
    ]
)


@dataclass(frozen=True)
class Script:
    """A printed query. `variables` are all that a model must give values to; `numbers` the integer of each
    constant string.

    `impossible`: some assertion is false as it stands, so that no solver need be asked. `terms` is how
    many different ones it has.
    """

    text: str
    variables: tuple[Term, ...]
    classes: tuple[StringClass, ...]
    numbers: dict[str, int]
    terms: int
    impossible: bool


def script(
    assertions: Iterable[tuple[str, Term]],
    named: Mapping[str, Term] = MappingProxyType({}),
    lines: bool = False,
) -> Script:
    """The query as text: declarations, what bounds and strings demand, then each assertion under its
    comment. `named`: conditions that are not asserted, but have a name there. `lines`: broken into lines, for
    people.
    """
    given = list(assertions)
    roots = [term for _, term in given] + list(named.values())
    classes = string_classes(roots)
    facts = axioms(classes)
    roots += facts
    order = list(t.walk(roots))
    variables = tuple(term for term in order if term.op in ("var", "atom"))
    numbers: dict[str, int] = {}
    for term in order:
        if term.op == "text":
            numbers.setdefault(str(term.value), len(numbers))
    names = _shared(order, roots)
    text_of = _laid_out(names) if lines else _Plain(order, names)
    out = ["(set-logic QF_LIA)"]
    out += [f"(define-fun {constant_name(text)} () Int {n})" for text, n in numbers.items()]
    out += [f"(declare-const {name_of(v)} {'Bool' if v.sort == t.BOOL else 'Int'})" for v in variables]
    out += [line for v in variables for line in _bounds(v)]
    for term in order:
        if term in names:
            head = f"(define-fun {names[term]} () {'Bool' if term.sort == t.BOOL else 'Int'} "
            out.append(f"{head}{text_of(term, len(head), True)})")
    out += [f"(define-fun {name} () Bool {text_of(term, 0, False)})" for name, term in named.items()]
    if facts:
        out.append("; strings: facts about constants, and among facts")
        out += [f"(assert {text_of(fact, 0, False)})" for fact in facts]
    for comment, term in given:
        out += [f"; {line}" for line in comment.splitlines()]
        out.append(f"(assert {text_of(term, len('(assert '), False)})")
    impossible = any(term is t.FALSE for _, term in given)
    return Script("\n".join(out) + "\n", variables, tuple(classes), numbers, len(order), impossible)


TextOf: TypeAlias = Callable[[Term, int, bool], str]
"""The text of a term that stands so many characters from the left; if it has a name, that, or (true) what the
name is of.
"""


def _laid_out(names: Mapping[Term, str]) -> TextOf:
    return lambda term, taken, top: laid_out(term, names, taken, top=top)


LONG = 2000
"""A text longer than this is given a name, so that none is copied again and again."""


class _Plain:
    """The texts of all terms, made once, in the order in which they are used; long ones get names."""

    def __init__(self, order: Iterable[Term], names: dict[Term, str]) -> None:
        self.texts: dict[Term, str] = {}
        self.shown: dict[Term, str] = {}
        for term in order:
            if not term.args or term.op == "atom":
                self.shown[term] = self.texts[term] = show(term)
                continue
            shown = [self.shown[arg] for arg in term.args]
            if term.op in ("mul", "div"):
                shown.append(integer_text(term.value))
            text = self.texts[term] = f"({_OPERATORS[term.op]} {' '.join(shown)})"
            if len(text) > LONG:
                names.setdefault(term, f"${len(names) + 1}")
            self.shown[term] = names.get(term, text)

    def __call__(self, term: Term, taken: int, top: bool) -> str:
        return self.texts[term] if top else self.shown[term]


def name_of(variable: Term) -> str:
    """The name of a variable or of a fact about a string, as an SMT-LIB symbol."""
    if variable.op == "atom":
        function, text = variable.value if isinstance(variable.value, tuple) else ("", "")
        return _symbol(f"{variable.args[0].value}.{function}({text!r})")
    return _symbol(str(variable.value))


def constant_name(text: str) -> str:
    """The name of the integer that stands for a constant string."""
    return _symbol(f'"{text}"')


@lru_cache(maxsize=100_000)
def _symbol(text: str) -> str:
    if _SIMPLE.match(text) and text not in _WORDS:
        return text
    for char, code in (("%", "%25"), ("|", "%7C"), ("\\", "%5C"), ("\n", "%0A"), ("\r", "%0D")):
        text = text.replace(char, code)
    return f"|{''.join(c if c.isprintable() and c.isascii() else f'%u{ord(c):X}' for c in text)}|"


def _bounds(variable: Term) -> list[str]:
    name = name_of(variable)
    if variable.low is not None and variable.high is not None:
        return [f"(assert (<= {integer_text(variable.low)} {name} {integer_text(variable.high)}))"]
    if variable.low is not None:
        return [f"(assert (<= {integer_text(variable.low)} {name}))"]
    return [] if variable.high is None else [f"(assert (<= {name} {integer_text(variable.high)}))"]


def _shared(order: list[Term], roots: list[Term]) -> dict[Term, str]:
    """A name for every compound term that is used more than once."""
    uses: dict[Term, int] = {}
    for term in order:
        for arg in term.args:
            uses[arg] = uses.get(arg, 0) + 1
    for root in roots:
        uses[root] = uses.get(root, 0) + 1
    compound = [term for term in order if term.args and term.op != "atom" and uses[term] > 1]
    return {term: f"${n}" for n, term in enumerate(compound, 1)}


_OPERATORS = {
    "not": "not",
    "and": "and",
    "or": "or",
    "eq": "=",
    "le": "<=",
    "ite": "ite",
    "add": "+",
    "mul": "*",
    "div": "div",
}


def show(root: Term, names: Mapping[Term, str] = MappingProxyType({}), top: bool = False) -> str:
    """The text of a term in which named parts appear by name (but for the term itself when `top`)."""
    out: list[str] = []
    stack: list[Term | str] = [root]
    first = top
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        if not first and item in names:
            out.append(names[item])
        elif item.op in ("var", "atom"):
            out.append(name_of(item))
        elif item.op == "const":
            out.append(str(item.value).lower() if item.sort == t.BOOL else integer_text(item.value))
        elif item.op == "text":
            out.append(constant_name(str(item.value)))
        else:
            stack.append(f" {integer_text(item.value)})" if item.op in ("mul", "div") else ")")
            for arg in reversed(item.args):
                stack.extend((arg, " "))
            out.append(f"({_OPERATORS[item.op]}")
        first = False
    return "".join(out)


WIDTH = 110
DEPTH_MAX = 6


def laid_out(
    term: Term, names: Mapping[Term, str], taken: int, indent: int = 0, depth: int = 0, top: bool = False
) -> str:
    """The text of a term, `taken` characters of its first line being used by others. What is too wide for a
    line has its operands on lines of their own, down to some depth.
    """
    text = show(term, names, top)
    if taken + len(text) < WIDTH or (term in names and not top) or term.op not in ("and", "or", "not"):
        return text
    if depth >= DEPTH_MAX:
        return text
    inner = indent + 2
    parts = (" " * inner + laid_out(arg, names, inner, inner, depth + 1) for arg in term.args)
    return "\n".join([f"({_OPERATORS[term.op]}", *parts]) + ")"


def integer_text(value: object) -> str:
    """An integer as SMT-LIB writes it."""
    assert isinstance(value, int)
    return str(value) if value >= 0 else f"(- {-value})"
