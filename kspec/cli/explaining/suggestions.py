"""Knows how it is told what would let a pod in: what to change, from what to what, and at which line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kspec.ir.types import Record, TypeTable
from kspec.report.style import Style
from kspec.resources.objects import KubeObject, encode
from kspec.source import Span

if TYPE_CHECKING:
    from kspec.verify.fitting.change import Made
    from kspec.verify.fitting.search import Suggestion, Suggestions

TEMPLATE = "core.PodTemplateSpec"


class Sources:
    """Where the fields of a pod, and of nodes, stand in the files."""

    def __init__(self, table: TypeTable, whose: KubeObject | None, nodes: Sequence[KubeObject]) -> None:
        self.whose = whose
        self.nodes = {n.key.name: n for n in nodes}
        self.base: tuple[str, ...] = ()
        if whose is not None and whose.kind is not None and whose.kind.record != "core.Pod":
            self.base = template_path(table, whose.kind.record) or ()

    def place(self, made: Made, node: str) -> Span | None:
        if made.change.of == "node":
            found = self.nodes.get(node)
            return found.locate(_steps(made.change.path)) if found else None
        if self.whose is None:
            return None
        return self.whose.locate((*self.base, *_steps(made.change.path)))


def template_path(table: TypeTable, record: str, depth: int = 4) -> tuple[str, ...] | None:
    """The way to the pod template in objects of a type; None if they have none."""
    found = table.record(record)
    for definition in found.fields.values() if found and depth else ():
        if definition.type == Record(TEMPLATE):
            return (definition.name,)
        if isinstance(definition.type, Record):
            inner = template_path(table, definition.type.name, depth - 1)
            if inner is not None:
                return (definition.name, *inner)
    return None


def _steps(path: Sequence[str]) -> tuple[str | int, ...]:
    return tuple(int(s) if s.isdigit() else s for s in path)


# ---------------------------------------------------------------- text


def suggestions_text(found: Suggestions, pod: Any, nodes: Any, sources: Sources, style: Style) -> list[str]:
    lines = [style.bold("  any of these would let it in, as tried on the model")] if found.found else []
    for each in found.found:
        lines += [] if each.more else _text(each, pod, nodes, sources)
    more = [each.node for each in found.found if each.more]
    if more:
        lines.append(f"    - one node more like {', '.join(more[:-1])}{' or ' if more[1:] else ''}{more[-1]}")
    if not found.found:
        lines.append("  nothing was found that would let it in")
    for about, reason in found.open:
        lines.append(f"    {about or 'several changes'}: not decided, {reason}")
    return lines + [f"    only {bound} were looked at" for bound in found.bounds]


def _text(each: Suggestion, pod: Any, nodes: Any, sources: Sources) -> list[str]:
    where = f"{each.fits[0]}" + (f" and {len(each.fits) - 1} more" if len(each.fits) > 1 else "")
    told = [described(m, pod, nodes, each.node) for m in each.made]
    alike = ", in all pods of its owner" if each.all_alike else ""
    lines = [f"    - {'; '.join(told)}{alike}: then it fits on {where}"]
    for made in each.made:
        span = sources.place(made, each.node)
        if span is not None:
            lines.append(f"      --> {span}")
    return lines


def described(made: Made, pod: Any, nodes: Any, node: str) -> str:
    """The change in words, with the old and the new value where there are some."""
    before, after = values(made, pod, nodes, node)
    text = made.change.text if made.change.of == "pod" else f"of {node}, {made.change.text}"
    return f"{text}: {after} instead of {before}" if after is not None else text


def values(made: Made, pod: Any, nodes: Any, node: str) -> tuple[Any, Any]:
    """The old value as JSON, and the new one if the change is to a number."""
    from kspec.verify.fitting.change import at, new_value

    source = pod if made.change.of == "pod" else nodes[node]
    old = at(source, made.change.path)
    new = new_value(old, made) if made.change.action in ("lower", "raise") else None
    return encode(old), encode(new)


# ---------------------------------------------------------------- JSON


def suggestions_to_json(found: Suggestions, pod: Any, nodes: Any, sources: Sources) -> dict[str, object]:
    return {
        "suggestions": [_to_json(each, pod, nodes, sources) for each in found.found],
        "undecided": [{"about": about or "several", "reason": reason} for about, reason in found.open],
        "bounds": list(found.bounds),
    }


def _to_json(each: Suggestion, pod: Any, nodes: Any, sources: Sources) -> dict[str, object]:
    changes = []
    for made in each.made:
        old, new = values(made, pod, nodes, each.node)
        span = sources.place(made, each.node)
        changes.append(
            {
                "of": made.change.of,
                "action": made.change.action,
                "path": list(made.change.path),
                "text": made.change.text,
                "from": old,
                "to": new if new is not None else encode(made.change.added),
                "place": None if span is None else str(span),
            }
        )
    return {
        "about": each.about,
        "oneMoreNodeLike": each.node if each.more else None,
        "node": each.node,
        "allPodsOfItsOwner": each.all_alike,
        "fits": list(each.fits),
        "changes": changes,
    }
