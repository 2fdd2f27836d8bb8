"""Knows how a `profile` becomes plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kspec.elaborate.constants import Plain, constant, plain
from kspec.elaborate.context import Context
from kspec.elaborate.folders import View
from kspec.source import NOWHERE, Diagnostic, Span
from kspec.syntax import ast


@dataclass(frozen=True, slots=True)
class Profile:
    """`profile NAME { ... }`: its fields, evaluated."""

    name: str
    fields: Mapping[str, Plain]
    doc: str = ""
    span: Span = NOWHERE


def evaluate_profile(node: ast.Block, seen: View, diagnostics: list[Diagnostic]) -> Profile:
    context = Context(seen, "profile", diagnostics=diagnostics)
    value = constant(ast.ObjectExpr(node.fields, node.span), seen.scope({}), {}, context)
    fields = plain(value)
    return Profile(node.name, fields if isinstance(fields, dict) else {}, node.doc, node.span)
