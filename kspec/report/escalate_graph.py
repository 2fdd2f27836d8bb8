"""Knows how ways to gain more are drawn: what is held, left, leads by requests to what is gained, right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from kspec.report.escalate import show_identity
from kspec.verify.access.edges import Power
from kspec.verify.access.escalation import Climbers, Gains, Path, Step
from kspec.verify.access.nobody import Nobody
from kspec.verify.access.words import show_request

ROW, WIDTH, GAP, TOP, TEXT_MAX = 44, 300, 190, 50, 46
STRONG, PLAIN_COLOUR = "#b3382c", "#2b5c9e"
STRONG_RANK = 70


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one power to another, and by what."""

    start: str
    end: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: tuple[tuple[str, int], ...]
    """Titles with their rank."""
    arrows: tuple[Arrow, ...]


def graph_of(found: Gains | Climbers | Nobody) -> Graph:
    """All paths of an answer, laid over one another."""
    if isinstance(found, Nobody):
        paths = [
            (show_identity(Power("identity", "", g.user, g.groups)), p) for g in found.paths for p in g.paths
        ]
    elif isinstance(found, Gains):
        paths = [(found.user, p) for p in found.paths]
    else:
        paths = [(f"{c.kind} {c.name}", c.path) for c in found.climbers if c.path is not None]
    nodes: dict[str, int] = {}
    arrows: dict[Arrow, None] = {}
    for user, path in paths:
        nodes.setdefault(user, 0)
        for arrow in _arrows(user, path):
            arrows[arrow] = None
            nodes.setdefault(arrow.start, 0)
            nodes.setdefault(arrow.end, 0)
        nodes[path.title] = path.rank
    return Graph(tuple(nodes.items()), tuple(arrows))


def _arrows(user: str, path: Path) -> Iterator[Arrow]:
    """An arrow for each step: from whoever acts, or from what was gained last."""
    first: Power | None = next((s.actor for s in path.steps if s.actor is not None), None)
    last = user
    for step in path.steps:
        start = last if step.actor is None else user if step.actor == first else f"identity {step.actor.name}"
        yield Arrow(start, step.title, _label(step), _detail(step))
        last = step.title


def _label(step: Step) -> str:
    asked = step.requests[-1].asked.value() if step.requests else None
    return show_request(asked) if asked else ""


def _detail(step: Step) -> str:
    lines = [f"as {show_identity(step.actor)}"] if step.actor else []
    for made in step.requests:
        by = f"  ({made.grants[0].binding}, {made.grants[0].origin.place})" if made.grants else ""
        lines.append(show_request(made.asked.value()) + by)
    lines += [text for text in (step.how, f"if {step.assumes}" if step.assumes else "") if text]
    return "\n".join(lines)


def to_dot(graph: Graph) -> str:
    """For Graphviz: `dot -Tsvg`."""
    ids = {title: f"n{number}" for number, (title, _) in enumerate(graph.nodes)}
    lines = [
        "digraph escalation {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ]
    for title, rank in graph.nodes:
        lines.append(f'  {ids[title]} [label="{_quoted(title)}", color="{_colour(rank)}"];')
    for arrow in graph.arrows:
        tip = f'label="{_quoted(arrow.label)}", tooltip="{_quoted(arrow.detail)}"'
        lines.append(f"  {ids[arrow.start]} -> {ids[arrow.end]} [{tip}];")
    return "\n".join([*lines, "}"])


def _colour(rank: int) -> str:
    return STRONG if rank >= STRONG_RANK else PLAIN_COLOUR


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def to_html(graph: Graph) -> str:
    """One file, without a network: the graph as SVG, with requests and their places as titles."""
    spots = _layout(graph)
    width = (max([c for c, _ in spots.values()], default=0) + 1) * (WIDTH + GAP)
    height = TOP + (max([r for _, r in spots.values()], default=0) + 2) * ROW
    body = "\n".join([*_lines(graph, spots), *_boxes(graph, spots)])
    svg = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n{body}\n</svg>'
    count = f"{len(graph.nodes)} things that are held or gained, {len(graph.arrows)} steps"
    return PAGE.replace("@@SVG@@", svg).replace("@@COUNT@@", count)


def _layout(graph: Graph) -> dict[str, tuple[int, int]]:
    """Column and row of each node: the column is the number of steps that lead there."""
    column = {title: 0 for title, _ in graph.nodes}
    leads = {a.end for a in graph.arrows}
    seen = {title for title, _ in graph.nodes if title not in leads}
    front = set(seen)
    depth = 0
    while front:
        depth += 1
        front = {a.end for a in graph.arrows if a.start in front} - seen
        column |= dict.fromkeys(front, depth)
        seen |= front
    rows: dict[int, int] = {}
    spots = {}
    for title, _ in graph.nodes:
        row = rows.get(column[title], 0)
        rows[column[title]] = row + 1
        spots[title] = (column[title], row)
    return spots


def _lines(graph: Graph, spots: dict[str, tuple[int, int]]) -> Iterator[str]:
    for arrow in graph.arrows:
        (left, upper), (right, lower) = spots[arrow.start], spots[arrow.end]
        x1, y1 = left * (WIDTH + GAP) + WIDTH, TOP + upper * ROW + 12
        x2, y2 = right * (WIDTH + GAP), TOP + lower * ROW + 12
        bend = (x1 + x2) / 2
        yield (
            f"<g><title>{escape(arrow.detail)}</title>"
            f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"/>'
            f'<text class="by" x="{x2 - GAP + 10}" y="{y2 - 4}">{escape(_short(arrow.label, 30))}</text></g>'
        )


def _boxes(graph: Graph, spots: dict[str, tuple[int, int]]) -> Iterator[str]:
    for title, rank in graph.nodes:
        column, row = spots[title]
        x, y = column * (WIDTH + GAP), TOP + row * ROW
        shown = escape(_short(title, TEXT_MAX))
        yield (
            f'<g><title>{escape(title)}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="24" rx="5" '
            f'stroke="{_colour(rank)}"/><text x="{x + 8}" y="{y + 16}">{shown}</text></g>'
        )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>kspec escalate</title>
<style>
:root { color-scheme: light dark; --ink: #1c2024; --paper: #ffffff; --line: #9aa4ae; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #16191c; --line: #5b646d; } }
body { margin: 1.5rem; font: 13px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
svg text { fill: var(--ink); font: 12px ui-monospace, monospace; }
svg .by { font-size: 10px; opacity: .75; }
svg rect { fill: var(--paper); stroke-width: 1.5; }
svg path { fill: none; stroke: var(--line); stroke-width: 1; }
svg g:hover path { stroke: #b3382c; stroke-width: 2; }
svg g:hover rect { stroke-width: 3; }
</style>
<h1>Ways to gain more</h1>
<p>@@COUNT@@. Point at a line to see its requests, and where it is written what allows them.</p>
@@SVG@@
</html>
"""
