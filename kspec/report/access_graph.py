"""Knows how access is drawn: users, bindings, roles and rights from left to right, as DOT and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from kspec.report.access import show_rule
from kspec.verify.access.decision import show_subject
from kspec.verify.access.policy import Binding

COLUMNS = ("who", "binding", "role", "rights")
COLOURS = {"who": "#2f6f4f", "binding": "#2b5c9e", "role": "#7a4a9e", "rights": "#8a5a1c"}
ROW, WIDTH, GAP, TOP, TEXT_MAX = 34, 330, 70, 60, 52


@dataclass(frozen=True, slots=True)
class Node:
    column: str
    label: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: tuple[Node, ...]
    edges: tuple[tuple[Node, Node], ...]


def graph_of(bindings: Iterable[Binding], who: Mapping[str, Any] | None = None) -> Graph:
    """The graph of some bindings: of all their subjects, or of the one who asks."""
    nodes: dict[Node, None] = {}
    edges: dict[tuple[Node, Node], None] = {}
    for binding in bindings:
        if binding.role is None or not binding.subjects:
            continue
        middle = Node("binding", str(binding), binding.place)
        role = Node("role", str(binding.role), binding.role.place)
        subjects = [str(who["user"])] if who else [show_subject(s) for s in binding.subjects]
        for subject in subjects:
            edges[(Node("who", subject), middle)] = None
        edges[(middle, role)] = None
        for rule, origin in zip(binding.role.rules, binding.role.origins, strict=True):
            edges[(role, Node("rights", show_rule(rule), origin.place))] = None
    for start, end in edges:
        nodes[start] = nodes[end] = None
    return Graph(tuple(nodes), tuple(edges))


def to_dot(graph: Graph) -> str:
    """For Graphviz: `dot -Tsvg`."""
    ids = {node: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["digraph access {", "  rankdir=LR;", '  node [shape=box, style=rounded, fontname="sans-serif"];']
    for column in COLUMNS:
        own = [n for n in graph.nodes if n.column == column]
        if not own:
            continue
        lines.append(f'  subgraph "{column}" {{')
        lines.append("    rank=same;")
        for node in own:
            tip = f', tooltip="{_quoted(node.place)}"' if node.place else ""
            label = f'label="{_quoted(node.label)}", color="{COLOURS[column]}"'
            lines.append(f"    {ids[node]} [{label}{tip}];")
        lines.append("  }")
    lines += [f"  {ids[start]} -> {ids[end]};" for start, end in graph.edges]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def to_html(graph: Graph) -> str:
    """One file, without a network: the graph as SVG, with the places of everything as titles."""
    spots = _layout(graph)
    height = TOP + ROW * max([row for _, row in spots.values()], default=0) + 2 * ROW
    width = len(COLUMNS) * (WIDTH + GAP)
    body = "\n".join([*_heads(), *_edges(graph, spots), *_boxes(graph, spots)])
    svg = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n{body}\n</svg>'
    return PAGE.replace("@@SVG@@", svg).replace(
        "@@COUNT@@", f"{len(graph.nodes)} nodes, {len(graph.edges)} edges"
    )


def _layout(graph: Graph) -> dict[Node, tuple[int, int]]:
    """Column and row of each node; in a column, in the order of what leads to it."""
    spots: dict[Node, tuple[int, int]] = {}
    for index, column in enumerate(COLUMNS):
        own = [n for n in graph.nodes if n.column == column]
        before = {n: [spots[s][1] for s, e in graph.edges if e == n and s in spots] for n in own}
        if index:
            own.sort(key=lambda n: sum(before[n]) / max(1, len(before[n])))
        spots |= {node: (index, row) for row, node in enumerate(own)}
    return spots


def _heads() -> Iterator[str]:
    for index, column in enumerate(COLUMNS):
        yield f'<text class="head" x="{index * (WIDTH + GAP) + 8}" y="28">{column}</text>'


def _edges(graph: Graph, spots: Mapping[Node, tuple[int, int]]) -> Iterator[str]:
    for start, end in graph.edges:
        (left, upper), (right, lower) = spots[start], spots[end]
        x1, y1 = left * (WIDTH + GAP) + WIDTH, TOP + upper * ROW + 12
        x2, y2 = right * (WIDTH + GAP), TOP + lower * ROW + 12
        bend = (x1 + x2) / 2
        yield f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"/>'


def _boxes(graph: Graph, spots: Mapping[Node, tuple[int, int]]) -> Iterator[str]:
    for node in graph.nodes:
        column, row = spots[node]
        x, y = column * (WIDTH + GAP), TOP + row * ROW
        short = node.label if len(node.label) <= TEXT_MAX else node.label[: TEXT_MAX - 1] + "…"
        title = f"{node.label}\n{node.place}" if node.place else node.label
        yield (
            f'<g><title>{escape(title)}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="24" rx="5" '
            f'stroke="{COLOURS[node.column]}"/><text x="{x + 8}" y="{y + 16}">{escape(short)}</text></g>'
        )


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>kspec access</title>
<style>
:root { color-scheme: light dark; --ink: #1c2024; --paper: #ffffff; --line: #9aa4ae; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #16191c; --line: #5b646d; } }
body { margin: 1.5rem; font: 13px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
svg text { fill: var(--ink); font: 12px ui-monospace, monospace; }
svg .head { font: 600 14px system-ui, sans-serif; }
svg rect { fill: var(--paper); stroke-width: 1.5; }
svg path { fill: none; stroke: var(--line); stroke-width: 1; }
svg g:hover rect { stroke-width: 3; }
</style>
<h1>Access</h1>
<p>@@COUNT@@. Point at a box to see all of its text and where it is written.</p>
@@SVG@@
</html>
"""
