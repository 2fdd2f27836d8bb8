"""Knows what a piece of generated Python is, and what a place in it sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from kspec.backends.names import free_name
from kspec.backends.python.layout import Doc, in_brackets
from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir

LAMBDA, TERNARY, OR, AND, NOT, COMPARE, SUM, ATOM = range(8)
"""How tightly the outermost operator of a text binds."""


class Code(NamedTuple):
    """Python text and how tightly it binds."""

    doc: Doc
    level: int = ATOM

    def at(self, level: int) -> Doc:
        """The text for a place that wants it to bind at least so tightly."""
        return self.doc if self.level >= level else in_brackets(self.doc)


@dataclass(frozen=True, slots=True)
class Scope:
    """What stands for each variable in one place, and what is known of their types. `taken`: further names
    to avoid.
    """

    names: dict[str, str]
    known: Known
    taken: frozenset[str]

    def python_name(self, name: str) -> str:
        return free_name(name, self.taken | set(self.names.values()))

    def inside(self, expr: ir.Let | ir.Loop | ir.Fold, names: tuple[str, ...]) -> Scope:
        """The scope of what the expression binds; each variable keeps its name unless that hides another."""
        scope = self
        for name in names:
            hidden = {scope.names[name]} if name in scope.names else set()
            scope = replace(scope, taken=scope.taken | hidden)
            scope = replace(scope, names={**scope.names, name: scope.python_name(name)})
        return replace(scope, known=self.known.inside(expr))

    def assuming(self, condition: ir.Expr, truth: bool) -> Scope:
        """The same where the condition is true, or false."""
        return replace(self, known=self.known.assuming(condition, truth))

    def named(self, expr: ir.Let | ir.Loop | ir.Fold, names: dict[str, str]) -> Scope:
        """The same with the Python names given."""
        return replace(self, names={**self.names, **names}, known=self.known.inside(expr))
