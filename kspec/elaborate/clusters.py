"""Knows how a `cluster` block becomes data: pools of nodes, each with a number or a range of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kspec.elaborate.constants import constant
from kspec.elaborate.context import Context
from kspec.elaborate.values import TEXT_MAPS, Surroundings
from kspec.ir.types import INT, Record
from kspec.source import Span
from kspec.syntax import ast

POOL = "nodes.Pool"
"""The type that the rules give to a pool; its fields are what a `pool` block may say."""

NODES = "nodes"


@dataclass(frozen=True, slots=True)
class Pool:
    """`pool gpu { nodes: 0..4 ... }`. `nodes` is a number, or the least and the greatest; `fields` are
    runtime values.
    """

    name: str
    nodes: int | tuple[int, int]
    fields: Mapping[str, object]
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False)
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """`cluster prod { ... }`; `fields` are what stands beside its pools."""

    name: str
    pools: tuple[Pool, ...]
    fields: Mapping[str, object]
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False)
    span: Span | None = field(default=None, compare=False)


def cluster_of(node: ast.Block, context: Context, around: Surroundings) -> ClusterSpec:
    pools: dict[str, Pool] = {}
    for block in node.blocks:
        pool = _pool(block, context, around)
        if block.name in pools:
            first = pools[block.name].span
            notes = ((first, "first here"),) if first is not None else ()
            context.report("KS2203", f"there is a pool `{block.name}` already", block.span, "", *notes)
        pools.setdefault(block.name, pool)
    fields = _evaluated(node.fields, node.span, None, context, around)
    return ClusterSpec(node.name, tuple(pools.values()), fields, _spans(node.fields), node.span)


def _pool(node: ast.Block, context: Context, around: Surroundings) -> Pool:
    counts = [f for f in node.fields if _name(f) == NODES]
    others = tuple(f for f in node.fields if _name(f) != NODES)
    if not counts:
        help_ = "write `nodes: 3`, or `nodes: 0..4` to leave the number open"
        context.report("KS2236", f"pool `{node.name}` does not say how many nodes it has", node.span, help_)
    for extra in counts[1:]:
        context.report("KS2231", "`nodes` is given twice", extra.span, "", (counts[0].span, "first here"))
    nodes = _count(counts[0].value, context, around) if counts else 0
    record = POOL if POOL in context.view.table.records else None
    fields = _evaluated(others, node.span, record, context, around)
    return Pool(node.name, nodes, fields, _spans(node.fields), node.span)


def _count(value: ast.Expr, context: Context, around: Surroundings) -> int | tuple[int, int]:
    if not isinstance(value, ast.Range):
        return _whole(value, context, around)
    before = len(context.diagnostics)
    low, high = _whole(value.low, context, around), _whole(value.high, context, around)
    if low > high and len(context.diagnostics) == before:
        context.report(
            "KS2236", f"there is no number from {low} to {high}", value.span, "the least comes first"
        )
    return low, high


def _whole(node: ast.Expr, context: Context, around: Surroundings) -> int:
    """A number of nodes; 0 after a mistake."""
    value = constant(node, around.scope, around.env, context, INT, around.rules)
    if not isinstance(value, int):
        return 0
    if value < 0:
        context.report("KS2236", "there are no fewer nodes than none", node.span)
    return max(0, value)


def _evaluated(
    fields: tuple[ast.Field | ast.ComputedField, ...],
    span: Span,
    record: str | None,
    context: Context,
    around: Surroundings,
) -> Mapping[str, object]:
    node = ast.ObjectExpr(tuple(_with_texts(f) for f in fields), span)
    expected = Record(record) if record is not None else None
    value = constant(node, around.scope, around.env, context, expected, around.rules)
    return value if isinstance(value, dict) else {}


def _name(entry: ast.Field | ast.ComputedField) -> str:
    first = entry.path[0] if isinstance(entry, ast.Field) else None
    return first.text if isinstance(first, ast.Name) else ""


def _spans(fields: tuple[ast.Field | ast.ComputedField, ...]) -> dict[str, Span]:
    return {_name(f): f.value.span for f in fields if _name(f)}


def _with_texts(entry: ast.Field | ast.ComputedField) -> ast.Field | ast.ComputedField:
    """Scalars among labels and annotations are texts, as in a manifest."""
    if _name(entry) not in TEXT_MAPS or not isinstance(entry, ast.Field):
        return entry
    if isinstance(entry.value, ast.ObjectExpr):
        inner = tuple(replace(f, value=_as_text(f.value)) for f in entry.value.fields)
        return replace(entry, value=replace(entry.value, fields=inner))
    return replace(entry, value=_as_text(entry.value))


def _as_text(value: ast.Expr) -> ast.Expr:
    if isinstance(value, ast.Literal) and value.kind not in ("string", "null", "bytes"):
        return ast.Literal("string", value.raw or str(value.value), value.raw, value.span)
    return value
