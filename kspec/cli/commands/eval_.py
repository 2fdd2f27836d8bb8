"""`kspec eval`: the value of one expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span

if TYPE_CHECKING:
    from kspec.elaborate.scope import Scope
    from kspec.ir.nodes import Expr
    from kspec.runtime.values import EvalError

NO_VALUE = "KS2901"

EPILOG = """\
\b
Examples:
  kspec eval '1 + size("abc")'
  kspec eval 'x.exists(i, i > limit)' --bind 'x=[1,2,3]' --bind limit=2
  kspec eval 'pod.spec.containers.map(c, c.image)' --bind pod=@pod.yaml
  kspec eval --strict '{"a": 1}.a'

\b
Exit codes: 0 a value, 1 an error (division by zero, no such key ...),
2 not an expression, or names and types that do not fit.
"""


@command("eval", epilog=EPILOG)
@click.argument("expression")
@click.option(
    "--bind",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable; VALUE is JSON, @FILE (YAML or JSON), or else a string.",
)
@click.option(
    "--bind-json", multiple=True, metavar="FILE", help="Variables from a file: a map of names to values."
)
@click.option(
    "--strict", is_flag=True, help="Plain CEL: braces make maps, and nothing is added to the language."
)
@click.option("--k8s-version", metavar="VERSION", help="Kubernetes whose types are known. [default: 1.36]")
def run(
    session: Session,
    expression: str,
    bind: tuple[str, ...],
    bind_json: tuple[str, ...],
    strict: bool,
    k8s_version: str | None,
) -> int:
    """Evaluate one CEL EXPRESSION (`-`: from standard input) and print its value.

    An object with apiVersion and kind is read against the types of Kubernetes: its absent fields
    read as zero.
    """
    from kspec.cli.bindings import read_binding_files, read_bindings
    from kspec.cli.files import read_source
    from kspec.runtime.values import EvalError

    file = read_source("-") if expression == "-" else SourceFile("<expression>", expression)
    bindings = read_binding_files(bind_json) | read_bindings(bind, "--bind")
    scope, values = make_scope(bindings, strict, k8s_version)
    expr = compile_expression(file, scope, strict)
    try:
        value = evaluate(expr, values)
    except EvalError as error:
        return _no_value(session, error, expr, file)
    _show(session, value)
    return exits.OK


def make_scope(
    bindings: dict[str, object], strict: bool, version: str | None
) -> tuple[Scope, dict[str, object]]:
    """The names that the expression may use, and their values."""
    from kspec.conform.cel import type_of
    from kspec.elaborate.scope import CEL, KSPEC, Scope
    from kspec.ir.types import TypeTable

    if strict:
        types = {name: type_of(value) for name, value in bindings.items()}
        return Scope(types, mode=CEL), bindings
    if not any(_is_object(v) for v in bindings.values()):
        types = {name: type_of(value) for name, value in bindings.items()}
        return Scope(types, types=TypeTable(), mode=KSPEC), bindings
    return _typed_scope(bindings, version)


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and "apiVersion" in value and "kind" in value


def _typed_scope(bindings: dict[str, object], version: str | None) -> tuple[Scope, dict[str, object]]:
    """Kubernetes objects among the values are decoded, and have the type of their kind."""
    from kspec.conform.cel import type_of
    from kspec.elaborate.scope import KSPEC, Scope
    from kspec.ir.types import Record, Type
    from kspec.resources.decode import decode
    from kspec.resources.types import DEFAULT_VERSION, load_types

    table = load_types(version or DEFAULT_VERSION)
    types: dict[str, Type] = {}
    values: dict[str, object] = {}
    mistakes: list[Diagnostic] = []
    for name, value in bindings.items():
        types[name], values[name] = type_of(value), value
        if isinstance(value, dict) and _is_object(value):
            kind = table.find_kind(str(value["apiVersion"]), str(value["kind"]))
            if kind is not None:
                types[name] = Record(kind.record)
                values[name], found = decode(value, types[name], table)
                mistakes += found
    if mistakes:
        raise DiagnosticError(mistakes)
    return Scope(types, types=table, mode=KSPEC), values


def compile_expression(file: SourceFile, scope: Scope, strict: bool) -> Expr:
    """The typed expression; raises every mistake in it."""
    from kspec.elaborate.expressions import elaborate_expression
    from kspec.source import has_errors
    from kspec.syntax.parse import parse_expression

    parsed, mistakes = parse_expression(file, strict)
    if parsed is None or has_errors(mistakes):
        raise DiagnosticError(mistakes)
    expr, problems = elaborate_expression(parsed, scope)
    if has_errors(problems):
        raise DiagnosticError(problems)
    return expr


def evaluate(expr: Expr, values: dict[str, object]) -> object:
    from kspec.ir.evaluate import evaluate

    return evaluate(expr, values)


def _show(session: Session, value: object) -> None:
    from kspec.report.values import show_value, to_tagged

    if session.json:
        session.document("eval", {"value": to_tagged(value)})
    else:
        session.result(show_value(value))


def _no_value(session: Session, error: EvalError, expr: Expr, file: SourceFile) -> int:
    """An error is an answer too: exit 1, with a caret at the part that has no value."""
    from kspec.report.diagnostics import all_to_json

    span = getattr(error, "span", None) or expr.span
    if not span.file.text:
        span = Span(file, 0, len(file.text))
    diagnostic = Diagnostic(NO_VALUE, f"{error.message} ({error.code})", span)
    session.show_diagnostics([diagnostic])
    if session.json:
        body = {
            "error": {"code": error.code, "message": error.message},
            "diagnostics": all_to_json([diagnostic]),
        }
        session.document("eval", body)
    return exits.VIOLATED
