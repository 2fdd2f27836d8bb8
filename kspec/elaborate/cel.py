"""Knows how strict CEL that stands in an object of Kubernetes' own becomes a typed expression."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import CEL, Scope
from kspec.ir.nodes import Expr
from kspec.ir.types import Type, TypeTable
from kspec.source import DiagnosticError, SourceFile, has_errors
from kspec.syntax.parse import parse_expression


def elaborate_cel(
    text: str, path: str, variables: Mapping[str, Type], types: TypeTable | None = None
) -> Expr:
    """The expression, with these variables; raises every mistake in it."""
    parsed, mistakes = parse_expression(SourceFile(path, text), True)
    if parsed is None or has_errors(mistakes):
        raise DiagnosticError(mistakes)
    expr, problems = elaborate_expression(parsed, Scope(variables, types=types or TypeTable(), mode=CEL))
    if has_errors(problems):
        raise DiagnosticError(problems)
    return expr
