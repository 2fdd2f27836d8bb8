"""Knows how it is told what the scheduler found of each node: nodes of which it found the same together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kspec.report.style import Style, plural

if TYPE_CHECKING:
    from kspec.model.placement import Placement, Score, Verdict

NODES_MAX = 6
NAMES_MAX = 2
GROUPS_MAX = 3
"""So many groups of nodes with one score are shown side by side."""


def fitting_text(node: str, placement: Placement, style: Style) -> list[str]:
    """The nodes that fit with their scores, and why this one was taken."""
    fitting = placement.fitting
    if not fitting:
        return []
    totals = placement.totals()
    if not totals:
        return [f"  it fits only on {fitting[0]}, so nothing is scored"]
    groups = _alike(placement)
    best = placement.best()
    lines = [f"  it fits on {plural(len(fitting), 'node')}: {_why(node, best, totals)}"]
    shown = groups[:GROUPS_MAX]
    titles = [_names(names) + (style.good(" *") if node in names else "") for names, _ in shown]
    widths = [max(22, len(_names(names)) + 2) for names, _ in shown]
    pad = max(len(_label(s)) for _, scores in shown for s in scores)
    head = "".join(f"  {title:>{w}}" for title, w in zip(titles, widths, strict=True))
    lines += [f"    {'raw, of 100, points':{pad}}{head}"]
    for i, first in enumerate(shown[0][1]):
        cells = [_cell(scores[i]).rjust(w) for (_, scores), w in zip(shown, widths, strict=True)]
        lines.append(f"    {_label(first):{pad}}  {'  '.join(cells)}")
    sums = [
        str(sum(s.weighted for s in scores)).rjust(w) for (_, scores), w in zip(shown, widths, strict=True)
    ]
    lines.append(f"    {'total':{pad}}  {'  '.join(sums)}")
    if len(groups) > GROUPS_MAX:
        rest = [n for names, _ in groups[GROUPS_MAX:] for n in names]
        highest = max(totals[n] for n in rest)
        lines.append(f"    {plural(len(rest), 'node')} more, with {highest} or less")
    return lines


def _why(node: str, best: Sequence[str], totals: Mapping[str, int]) -> str:
    if node not in best:
        return "another was taken, since things have changed" if node else "none was taken"
    if len(best) == 1:
        return f"{node} has the highest total"
    return f"{node} is the first by name of {len(best)} with the highest total"


def _alike(placement: Placement) -> list[tuple[list[str], tuple[Score, ...]]]:
    """Nodes with the same scores together, the highest total first."""
    groups: dict[tuple[Score, ...], list[str]] = {}
    for node in placement.fitting:
        groups.setdefault(placement.scores[node], []).append(node)
    return sorted(
        ((names, scores) for scores, names in groups.items()),
        key=lambda g: (-sum(s.weighted for s in g[1]), g[0][0]),
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= NAMES_MAX else f"{names[0]} and {len(names) - 1:,} like it"


def _label(score: Score) -> str:
    return f"{score.plugin} x{score.weight}" if score.weight != 1 else score.plugin


def _cell(score: Score) -> str:
    return f"{score.raw} {score.normalized:>4} {score.weighted:>5}"


def rejected_text(placement: Placement) -> list[str]:
    """Nodes that a filter refused, those of one reason together."""
    if placement.before.plugin:
        reasons = "; ".join(placement.before.reasons)
        return [f"  no node was asked: {reasons} ({placement.before.plugin})"]
    groups: dict[tuple[str, str, tuple[str, ...]], list[Verdict]] = {}
    for verdict in placement.verdicts:
        if not verdict.fits:
            groups.setdefault((verdict.plugin, verdict.code, verdict.reasons), []).append(verdict)
    lines = ["  it does not fit on"] if groups else []
    for (plugin, _, why), verdicts in groups.items():
        names = ", ".join(v.node for v in verdicts[:NODES_MAX])
        more = f" and {len(verdicts) - NODES_MAX} more" if len(verdicts) > NODES_MAX else ""
        lines.append(f"    {names}{more}: {'; '.join(why)} ({plugin})")
    return lines


def verdicts_to_json(placement: Placement) -> list[dict[str, object]]:
    totals = placement.totals()
    return [_verdict_to_json(v, placement, totals) for v in placement.verdicts]


def _verdict_to_json(verdict: Verdict, placement: Placement, totals: Mapping[str, int]) -> dict[str, object]:
    made: dict[str, object] = {"name": verdict.node, "fits": verdict.fits}
    if not verdict.fits:
        return {**made, "plugin": verdict.plugin, "code": verdict.code, "reasons": list(verdict.reasons)}
    if verdict.node in totals:
        scores = {
            s.plugin: {
                "raw": s.raw,
                "normalized": s.normalized,
                "weight": s.weight,
                "weighted": s.weighted,
            }
            for s in placement.scores[verdict.node]
        }
        return {**made, "total": totals[verdict.node], "scores": scores}
    return made
