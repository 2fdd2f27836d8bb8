"""Knows the way from a file to its syntax tree and its mistakes."""

from __future__ import annotations

import gc
from typing import Any

from kspec.source import Diagnostic, Severity, SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.declarations import Declarations
from kspec.syntax.machine import DEPTH_MAX, Machine, TooDeep
from kspec.syntax.recover import Recoverer
from kspec.syntax.tree import Expressions

SIZE_MAX = 16 * 1024 * 1024
BINARY_LOOK = 8192
"""How many characters are searched for the NUL that text never has."""


def parse_module(file: SourceFile) -> tuple[ast.Module, tuple[Diagnostic, ...]]:
    """The tree of a .kspec file, as far as it could be read, and every mistake in it."""
    builder = Declarations(file)
    module, comments = _parse("kspec", "start", file, builder)
    _unclaimed_docs(builder, comments)
    declarations = module.declarations if isinstance(module, ast.Module) else ()
    comments.sort(key=lambda c: c.span.start)
    return ast.Module(declarations, tuple(comments), Span(file, 0, len(file.text))), _problems(builder)


def parse_expression(file: SourceFile, strict: bool = True) -> tuple[ast.Expr | None, tuple[Diagnostic, ...]]:
    """The tree of one expression: of strict CEL, or of the rule language."""
    builder = Expressions(file, strict=True) if strict else Declarations(file)
    expr, _ = _parse("cel" if strict else "kspec", "expr", file, builder)
    return expr, _problems(builder)


def _parse(name: str, start: str, file: SourceFile, builder: Expressions) -> tuple[Any, list[ast.Comment]]:
    refused = _refused(file, text_only=start == "start")
    if refused is not None:
        builder.problems.append(refused)
        return None, []
    machine = Machine(name, start, file, builder)
    collecting = gc.isenabled()
    gc.disable()  # half a million small objects, none of them garbage
    try:
        result = machine.run(Recoverer(machine, builder))
    except TooDeep:
        builder.problem(
            "KS1201", f"this is nested more than {DEPTH_MAX} levels deep", machine.end - 1, machine.end,
            "name parts of it with `let`, or split it",
        )  # fmt: skip
        result = None
    finally:
        if collecting:
            gc.enable()
    for literal in builder.too_large.values():
        span = literal.span
        builder.problem(
            "KS1105",
            "this number is too large",
            span.start,
            span.end,
            "an `int` goes up to 9223372036854775807",
        )
    return result if result is not None else machine.partial(), machine.comments


def _refused(file: SourceFile, text_only: bool) -> Diagnostic | None:
    """Why a file is not even looked at. An expression may hold any character in its strings."""
    if len(file.text) > SIZE_MAX:
        return Diagnostic(
            "KS1202", f"the file has more than {SIZE_MAX:,} characters", Span(file, 0, 0), help="split it"
        )
    nul = file.text.find("\0", 0, BINARY_LOOK) if text_only else -1
    if nul >= 0:
        return Diagnostic("KS1203", "this is not a text file: it has a NUL byte", Span(file, nul, nul + 1))
    return None


def _unclaimed_docs(builder: Declarations, comments: list[ast.Comment]) -> None:
    """Doc comments that document nothing are comments, and worth a warning."""
    for tokens in builder.docs.values():
        for token in tokens:
            span = Span(builder.file, token.start, token.end)
            comments.append(ast.Comment(token.text[3:].removeprefix(" ").rstrip(), True, span))
        span = Span(builder.file, tokens[0].start, tokens[-1].end)
        builder.problems.append(
            Diagnostic(
                "KS1301", "this doc comment documents nothing", span, Severity.WARNING,
                "write `//`, or move it before a declaration or the field of a type",
            )
        )  # fmt: skip


def _problems(builder: Expressions) -> tuple[Diagnostic, ...]:
    return tuple(sorted(builder.problems, key=Diagnostic.sort_key))
