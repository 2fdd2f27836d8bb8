"""Knows what is at hand while one declaration is lowered: its names, its block, and where mistakes go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from kspec.elaborate import build
from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.folders import View
from kspec.elaborate.mistakes import failed, mistake
from kspec.elaborate.scope import Scope
from kspec.elaborate.types import TypeNames, resolve_type
from kspec.ir.nodes import Expr, Lit
from kspec.ir.types import BOOL, DYN, Type
from kspec.source import Diagnostic, Span
from kspec.syntax import ast

ITEM = "item"
"""The name of the innermost element of a `[*]`."""


@dataclass(slots=True)
class Context:
    """One declaration that is being lowered. `subject` is its first parameter, which paths start from."""

    view: View
    kind: str
    subject: str = ""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def report(self, code: str, message: str, span: Span, help: str = "", *notes: tuple[Span, str]) -> None:
        self.diagnostics.append(mistake(code, message, span, help, *notes))

    def type(self, ref: ast.TypeRef) -> Type:
        return resolve_type(ref, TypeNames(self.view.table, self.view.folder), self.diagnostics)

    def expr(self, node: ast.Expr, scope: Scope, expected: Type | None = None) -> Expr:
        """The expression, typed. After a mistake in it, something of type `dyn`, so that nothing else
        complains.
        """
        expr, found = elaborate_expression(node, scope, expected)
        self.diagnostics += found
        return Lit(None, expected or DYN, node.span) if failed(found) else expr

    def condition(self, node: ast.Expr, scope: Scope) -> Expr:
        return self.expr(node, scope, BOOL)


@dataclass(frozen=True, slots=True)
class LoopPlace:
    """An `each` over a list of the subject: the path of the list, and the name that its index would have."""

    path: tuple[str, ...]
    variable: str
    index: str


@dataclass(frozen=True, slots=True)
class Block:
    """What a block of statements sees. `spans` says where a name was introduced."""

    scope: Scope
    spans: Mapping[str, Span] = field(default_factory=dict)
    loops: tuple[LoopPlace, ...] = ()

    def bind(self, name: str, type_: Type, span: Span, context: Context) -> Block:
        """The block with a name more. A name that is taken is reported: one name means one thing within a
        rule.
        """
        if self.scope.variable(name) is not None:
            first = self.spans.get(name)
            notes = ((first, "first here"),) if first is not None else ()
            context.report("KS2211", f"the name `{name}` is taken", span, "choose another name", *notes)
        return replace(self, scope=self.scope.bind(name, type_), spans={**self.spans, name: span})

    def rebind(self, name: str, type_: Type) -> Block:
        """The block with a name that lowering itself introduces."""
        return replace(self, scope=self.scope.bind(name, type_))

    def type_of(self, name: str) -> Type:
        found = self.scope.variable(name)
        return found.type if found is not None else DYN

    def fresh(self, name: str, *beside: Iterable[str]) -> str:
        """The name, or one like it that neither the block nor those beside it use."""
        return build.fresh(name, {*self.scope.visible_names(), *chain.from_iterable(beside)})
