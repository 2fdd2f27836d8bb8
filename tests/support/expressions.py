"""From the text of an expression to its typed form, its mistakes, its value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from kspec.conform.cel import type_of
from kspec.elaborate.expressions import elaborate_expression
from kspec.elaborate.scope import CEL, KSPEC, FunctionSig, Scope
from kspec.ir import nodes as ir
from kspec.ir.evaluate import evaluate
from kspec.ir.types import FieldDef, ListOf, Record, RecordDef, Type, TypeTable
from kspec.resources.types import load_types
from kspec.runtime.values import EvalError
from kspec.source import Diagnostic, SourceFile
from kspec.syntax.parse import parse_expression


@cache
def table() -> TypeTable:
    """The built-in types, and a Cluster with nodes, services and deployments."""
    built_in = load_types()
    lists = {"nodes": "core.Node", "services": "core.Service", "deployments": "apps.Deployment"}
    fields = {name: FieldDef(name, ListOf(Record(record))) for name, record in lists.items()}
    return TypeTable({**built_in.records, "Cluster": RecordDef("Cluster", fields)}, built_in.kinds)


def elaborate(
    source: str,
    mode: str = KSPEC,
    variables: Mapping[str, Type] | None = None,
    expected: Type | None = None,
    functions: Mapping[str, tuple[FunctionSig, ...]] | None = None,
    checked: bool = True,
    container: str = "",
) -> tuple[ir.Expr, list[Diagnostic]]:
    node, problems = parse_expression(SourceFile("<test>", source), strict=mode == CEL)
    assert node is not None and not problems, problems
    types = table() if mode == KSPEC else TypeTable()
    scope = Scope(variables or {}, functions or {}, types, container, mode, checked)
    return elaborate_expression(node, scope, expected)


def typed(source: str, **options: object) -> ir.Expr:
    """The typed expression of a text without mistakes."""
    expr, problems = elaborate(source, **options)  # type: ignore[arg-type]
    assert not problems, problems
    return expr


def mistakes(source: str, **options: object) -> list[tuple[str, str]]:
    """Code and message of each mistake."""
    return [(d.code, d.message) for d in elaborate(source, **options)[1]]  # type: ignore[arg-type]


def value(source: str, mode: str = CEL, **env: object) -> object:
    """The value of an expression; of one that has none, the code of its error behind a `!`."""
    expr = typed(source, mode=mode, variables={name: type_of(v) for name, v in env.items()})
    try:
        return evaluate(expr, env)
    except EvalError as error:
        return f"!{error.code}"
