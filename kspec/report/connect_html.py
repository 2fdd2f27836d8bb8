"""Knows how connectivity becomes one page of HTML: a matrix of what policies treat alike."""

from __future__ import annotations

from pathlib import Path

from kspec.report.connect import OUTSIDE, Group, Unit, View, group_text, headline, notes
from kspec.report.style import printable
from kspec.verify.network.ports import show

TITLE_NAMES = 30


def to_html(view: View) -> str:
    """The whole page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    template = environment.get_template("connect.html.j2")
    return template.render(headline=list(headline(view)), notes=list(notes(view)), data=page_data(view))


def page_data(view: View) -> dict[str, object]:
    """Nodes (units that policies treat alike, ranges of the outside) and groups of them by number."""
    alike: dict[tuple[str, int], list[Unit]] = {}
    for unit in view.units:
        alike.setdefault((unit.namespace, unit.number), []).append(unit)
    nodes = [_node(units) for units in alike.values()]
    of_unit = {unit: number for number, units in enumerate(alike.values()) for unit in units}
    ranges = dict.fromkeys(r for g in view.groups for r in (*g.origin_ranges, *g.destination_ranges))
    of_range = {r: len(nodes) + i for i, r in enumerate(ranges)}
    for text in ranges:
        label = text if text == OUTSIDE else f"{OUTSIDE} {text}"
        nodes.append({"label": label, "title": label, "search": label, "count": 1})
    return {
        "nodes": nodes,
        "groups": [_group(group, view.reason(group), of_unit, of_range) for group in view.groups],
    }


def _node(units: list[Unit]) -> dict[str, object]:
    names = [printable(unit.id) for unit in units]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    title = ", ".join(names[:TITLE_NAMES]) + (" …" if len(names) > TITLE_NAMES else "")
    return {
        "label": names[0] + more,
        "title": title,
        "search": " ".join(names).lower(),
        "count": len(names),
    }


def _group(
    group: Group, reason: str, of_unit: dict[Unit, int], of_range: dict[str, int]
) -> dict[str, object]:
    open_, unclear = group.answer
    return {
        "from": _numbers(group.origins, group.origin_ranges, of_unit, of_range),
        "to": _numbers(group.destinations, group.destination_ranges, of_unit, of_range),
        "open": show(open_) if open_ else "",
        "maybe": bool(unclear),
        "text": group_text(group),
        "family": group.family or 0,
        "free": group.free,
        "reason": reason,
    }


def _numbers(
    units: tuple[Unit, ...], ranges: tuple[str, ...], of_unit: dict[Unit, int], of_range: dict[str, int]
) -> list[int]:
    return list(dict.fromkeys([of_unit[u] for u in units] + [of_range[r] for r in ranges]))
