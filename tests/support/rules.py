"""What the tests of elaboration share: the standard rules, elaborated once, and a text beside them."""

from __future__ import annotations

from functools import cache

from support.source_tree import ROOT

from kspec.elaborate.library import Library, library_of
from kspec.elaborate.modules import Elaborated, elaborate_rules
from kspec.elaborate.reading import read_rules
from kspec.elaborate.user import User, elaborate_user
from kspec.ir.nodes import Rule
from kspec.ir.types import TypeTable
from kspec.resources.types import load_types
from kspec.source import Diagnostic, SourceFile
from kspec.syntax import ast
from kspec.syntax.parse import parse_module


@cache
def table() -> TypeTable:
    return load_types()


@cache
def standard_modules() -> tuple[tuple[str, ast.Module], ...]:
    modules, diagnostics = read_rules(ROOT / "rules")
    assert not diagnostics, diagnostics
    return tuple(modules)


@cache
def standard() -> Elaborated:
    """All rules of the project."""
    return elaborate_rules(standard_modules(), table())


@cache
def library() -> Library:
    return library_of(standard())


ADMIN_KINDS = "network/admin_kinds"


@cache
def common_modules() -> tuple[tuple[str, ast.Module], ...]:
    """The files of rules/types, and the kinds that they list: what every rule needs."""
    return tuple(m for m in standard_modules() if m[0].startswith("types/") or m[0] == ADMIN_KINDS)


def parsed(text: str, name: str = "test.kspec") -> ast.Module:
    module, diagnostics = parse_module(SourceFile(name, text))
    assert not diagnostics, diagnostics
    return module


def rules_of(text: str, path: str = "golden/test") -> Elaborated:
    """The text as a file of rules beside those of rules/types."""
    return elaborate_rules((*common_modules(), (path, parsed(text))), table())


def rule_of(text: str, path: str = "golden/test") -> Rule:
    """The last rule of a text without mistakes."""
    made = rules_of(text, path)
    assert not made.diagnostics, shown(made.diagnostics)
    return [r for r in made.program.rules if r.path == path][-1]


def user_of(text: str, **params: object) -> User:
    """The text as a user's own file."""
    return elaborate_user(parsed(text), library(), table(), params)


def shown(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Each mistake as `line:column CODE message`, with its help and its notes below."""
    lines = []
    for d in diagnostics:
        place = f"{d.span.line}:{d.span.column}" if d.span is not None else "-"
        lines.append(f"{place} {d.code} {d.message}")
        lines += [f"  help: {d.help}"] if d.help else []
        lines += [f"  {span.line}:{span.column} {label}" for span, label in d.notes]
    return "\n".join(lines) + "\n" if lines else ""
