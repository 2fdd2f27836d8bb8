"""Knows which kind a resource declaration means."""

from __future__ import annotations

from kspec.elaborate.context import Context
from kspec.elaborate.mistakes import either, near
from kspec.ir.types import Kind
from kspec.source import Span
from kspec.syntax import ast


def find_kind(node: ast.Resource, api_version: str | None, context: Context) -> Kind | None:
    """The kind of a resource; None if it is not known, which is reported unless `apiVersion` says all there
    is to say.
    """
    kinds = context.view.table.kinds
    simple = node.kind.rpartition(".")[2]
    if api_version is not None:
        return context.view.table.find_kind(api_version, simple)
    if "." in node.kind:
        found = [k for k in kinds if k.record == node.kind]
    else:
        named = [k for k in kinds if k.kind == node.kind]
        found = [k for k in named if is_preferred(k)] or named
    if len({k.group for k in found}) > 1:
        choices = sorted(k.record for k in found)
        message = f"`{node.kind}` is a kind of more than one group"
        context.report("KS2232", message, _head_span(node), f"write {either(choices)}")
    elif not found:
        known = [k.record if "." in node.kind else k.kind for k in kinds]
        help_ = (
            near(node.kind, known) or "for a custom resource, give its `apiVersion` or import its definition"
        )
        context.report("KS2232", f"there is no kind `{node.kind}`", _head_span(node), help_)
        return None
    return found[0]


def is_preferred(kind: Kind) -> bool:
    """Is this the version that the group's short type name means?"""
    return kind.record.count(".") <= 1


def _head_span(node: ast.Resource) -> Span:
    return node.span._replace(end=max(node.span.start + 1, node.name.span.end))
