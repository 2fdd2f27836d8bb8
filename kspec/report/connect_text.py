"""Knows how connectivity looks as text, CSV, Markdown and DOT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from kspec.report.connect import Group, Unit, View, group_text, headline, names, notes, pairs, ports_text
from kspec.report.diff import escaped
from kspec.report.style import PLAIN, Style, plural, printable

GROUPS_MAX = 60
"""So many groups are shown as text; the other formats have all."""
DOT_UNITS_MAX = 40
"""A picture of more units shows those that are treated alike as one."""
FREE = "no policy"
NAME_WIDTH = 44
WRAP_WIDTH = 100


def to_text(view: View, style: Style = PLAIN) -> str:
    """The totals, then every group: who, to whom, on which ports."""
    lines = [style.bold(next(headline(view))), *list(headline(view))[1:]]
    total = len(view.units)
    groups = view.groups
    for who, its in groupby(groups[:GROUPS_MAX], key=lambda g: (g.origins, g.origin_ranges)):
        named = wrap(
            printable(names(*who, total)), WRAP_WIDTH, break_long_words=False, break_on_hyphens=False
        )
        lines += ["", *(style.bold(line) for line in named)]
        for group in its:
            to = printable(names(group.destinations, group.destination_ranges, total))
            lines += _row(to, _ports(group, style))
            if reason := view.reason(group):
                lines.append(f"     {style.warn('undetermined')}: {printable(reason)}")
    if len(groups) > GROUPS_MAX:
        more = plural(len(groups) - GROUPS_MAX, "group")
        lines += ["", f"and {more} more: --from, --to and --port narrow it, --format html shows all"]
    if not groups:
        lines += ["", "Nothing may talk to anything here."]
    said = list(notes(view))
    return "\n".join([*lines, *([""] if said else []), *(style.dim(printable(n)) for n in said)])


def _row(to: str, ports: str) -> Iterator[str]:
    """One line, or where the names are long two, and the ports under one another."""
    if len(to) <= NAME_WIDTH:
        yield f"  -> {to:{NAME_WIDTH}}  {ports}"
        return
    lines = wrap(to, WRAP_WIDTH, break_long_words=False, break_on_hyphens=False)
    yield f"  -> {lines[0]}"
    yield from (f"     {line}" for line in lines[1:])
    yield f"     {'':{NAME_WIDTH}}  {ports}"


def _ports(group: Group, style: Style) -> str:
    text = group_text(group)
    return f"{text}  {style.warn(FREE)}" if group.free else text


def to_csv(view: View) -> str:
    """One line for each pair that is not shut."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["from", "from_kind", "to", "to_kind", "open", "undetermined", "for_want_of_policy", "family"]
    )
    for group, origins, destinations in pairs(view):
        open_, unclear = (ports_text((part, ())) if part else "" for part in group.answer)
        family = f"IPv{group.family}" if group.family else ""
        rest = (open_, unclear, "yes" if group.free else "no", family)
        writer.writerows(
            (*origin, *destination, *rest)
            for origin in origins
            for destination in destinations
            if origin != destination
        )
    return out.getvalue().rstrip("\n")


def to_markdown(view: View) -> str:
    """The totals and a table of groups."""
    total = len(view.units)
    lines = [*headline(view), "", "| from | to | ports | |", "|---|---|---|---|"]
    for group in view.groups:
        origins = escaped(names(group.origins, group.origin_ranges, total))
        destinations = escaped(names(group.destinations, group.destination_ranges, total))
        note = FREE if group.free else escaped(view.reason(group))
        lines.append(f"| {origins} | {destinations} | {escaped(group_text(group))} | {note} |")
    return "\n".join([*lines, *(f"\n{escaped(note)}" for note in notes(view))])


# ---------------------------------------------------------------- DOT


def to_dot(view: View) -> str:
    """A graph: namespaces as boxes, an arrow for each group of ports; dashed where no policy selects an
    end.
    """
    nodes = _nodes(view)
    lines = [
        "digraph connectivity {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ]
    namespaces = sorted({units[0].namespace for units in nodes.values()})
    for number, namespace in enumerate(namespaces):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(namespace)};"]
        for node, units in nodes.items():
            if units[0].namespace == namespace:
                lines.append(f"    {node} [label={_quoted(_label(units))}];")
        lines.append("  }")
    edges = list(dict.fromkeys(_edges(view, nodes)))
    if any("outside" in edge for edge in edges):
        lines.append("  outside [shape=ellipse];")
    return "\n".join([*lines, *edges, "}"])


def _nodes(view: View) -> dict[str, list[Unit]]:
    """The units of each node; many units are drawn as one where policies treat them alike."""
    if len(view.units) <= DOT_UNITS_MAX:
        return {f"u{i}": [unit] for i, unit in enumerate(view.units)}
    found: dict[tuple[str, int], list[Unit]] = {}
    for unit in view.units:
        found.setdefault((unit.namespace, unit.number), []).append(unit)
    return {f"u{i}": units for i, units in enumerate(found.values())}


def _edges(view: View, nodes: dict[str, list[Unit]]) -> Iterator[str]:
    of_unit = {unit: node for node, units in nodes.items() for unit in units}
    for group in view.groups:
        style = ", style=dashed" if group.free else ""
        label = _quoted(group_text(group))
        for origin in _ends(group.origins, group.origin_ranges, of_unit):
            for destination in _ends(group.destinations, group.destination_ranges, of_unit):
                if origin != destination:
                    yield f"  {origin} -> {destination} [label={label}{style}];"


def _ends(units: tuple[Unit, ...], ranges: tuple[str, ...], of_unit: dict[Unit, str]) -> list[str]:
    return list(dict.fromkeys([of_unit[unit] for unit in units] + (["outside"] if ranges else [])))


def _label(units: list[Unit]) -> str:
    return units[0].name if len(units) == 1 else f"{units[0].name} and {len(units) - 1} like it"


def _quoted(text: str) -> str:
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
