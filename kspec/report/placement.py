"""Knows how answers about placement are shown: the answer, what shows it, what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kspec.report.style import PLAIN, Style, plural, printable
from kspec.verify.placement.answer import HOLDS, UNKNOWN, UNSUPPORTED, VIOLATED, Answer
from kspec.verify.placement.words import Reason, listed

WORDS = {HOLDS: "yes", VIOLATED: "no", UNKNOWN: "undecided", UNSUPPORTED: "undecided"}
NODES_MAX = 12
CHOICES_MAX = 30
WIDTH = 64


@dataclass(frozen=True, slots=True)
class Placements:
    """All answers about one cluster. `origin` says what a pod comes from."""

    kubernetes: str
    cluster: str
    nodes: int
    pods: int
    answers: tuple[Answer, ...]
    origin: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    seconds: float = 0.0

    def count(self, *verdicts: str) -> int:
        return sum(a.verdict in verdicts for a in self.answers)


def render(report: Placements, style: Style = PLAIN) -> str:
    """The report as text."""
    blocks = [_head(report, style)]
    blocks += ["\n".join(_answer(a, report, style)) for a in report.answers]
    assumed = dict.fromkeys([*report.assumptions, *(line for a in report.answers for line in a.assumptions)])
    blocks.append(_section("Assumed", assumed, style))
    blocks.append(
        _section("Left out, since no scheduler here is to place them", _some(report.left_out), style)
    )
    blocks.append(_section("Refused by the API server, and so never there", _some(report.refused), style))
    return "\n\n".join(b for b in blocks if b)


def _head(report: Placements, style: Style) -> str:
    yes, no = report.count(HOLDS), report.count(VIOLATED)
    open_ = report.count(UNKNOWN, UNSUPPORTED)
    counted = [(yes, "yes"), (no, "no"), (open_, "undecided")]
    text = ", ".join(f"{n} {word}" for n, word in counted if n)
    size = f"{plural(report.pods, 'pod')} on {plural(report.nodes, 'node')}"
    refused = f", {plural(len(report.refused), 'request')} refused" if report.refused else ""
    line = f"{text}{refused} in {report.seconds:.1f}s ({size}: {printable(report.cluster)})"
    return style.bad(line) if no or refused else style.warn(line) if open_ else style.good(line)


def _answer(answer: Answer, report: Placements, style: Style) -> Iterator[str]:
    paint = {HOLDS: style.good, VIOLATED: style.bad}.get(answer.verdict, style.warn)
    yield f"{paint(WORDS[answer.verdict])}  {style.bold(printable(answer.headline))}"
    if answer.reasons:
        yield from _reasons(answer, style)
    if answer.lost and len(answer.lost) > 1:
        yield f"  lost: {printable(listed(answer.lost))}"
    if answer.choices:
        yield "  it comes about like this, replayed by filters and scores:"
        yield from (f"    {n}. {printable(line)}" for n, line in enumerate(answer.choices[:CHOICES_MAX], 1))
        if len(answer.choices) > CHOICES_MAX:
            yield f"    and {plural(len(answer.choices) - CHOICES_MAX, 'step')} more"
    if answer.placement:
        yield "  such as this, in which every filter accepted each pod as it came:"
        yield from _placement(answer, report.origin)
    for note in answer.notes:
        yield f"  {printable(note)}"
    if answer.method:
        yield style.dim(f"  {printable(answer.method)}")


def _reasons(answer: Answer, style: Style) -> Iterator[str]:
    alone = len(answer.reasons) == 1
    if answer.count is not None:
        yield "  fewer are too few, since"
    elif alone:
        yield "  because"
    elif answer.minimal:
        yield "  because of these together, none of which can be left out:"
    else:
        yield "  because of these together (there was no time to leave out what is not needed):"
    for reason in answer.reasons:
        yield from _reason(reason, style)


def _reason(reason: Reason, style: Style) -> Iterator[str]:
    text = printable(reason.text)
    if not reason.place:
        yield f"    {text}"
    elif len(text) <= WIDTH:
        yield f"    {text:{WIDTH}}  {style.place(printable(reason.place))}"
    else:
        yield f"    {text}"
        yield f"    {'':{WIDTH}}  {style.place(printable(reason.place))}"


def _placement(answer: Answer, origin: Mapping[str, str]) -> Iterator[str]:
    """Nodes with the same pods on them share a line."""
    lines: dict[str, list[str]] = {}
    for node, its in by_node(answer, origin).items():
        text = ", ".join(f"{count} {name}" for name, count in its.items())
        lines.setdefault(text, []).append(node)
    for text, nodes in [*lines.items()][:NODES_MAX]:
        each = " each" if len(nodes) > 1 else ""
        yield f"    {printable(listed(nodes))}: {printable(text)}{each}"
    if len(lines) > NODES_MAX:
        others = sum(len(nodes) for nodes in [*lines.values()][NODES_MAX:])
        yield f"    and other pods on {plural(others, 'node')} more"


def by_node(answer: Answer, origin: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Of each node that gets pods, in order of name: how many of what."""
    found: dict[str, dict[str, int]] = {}
    for put in answer.placement:
        its = found.setdefault(put.node, {})
        name = origin.get(put.pod, put.pod)
        its[name] = its.get(name, 0) + 1
    return {node: dict(sorted(found[node].items())) for node in sorted(found)}


def _section(title: str, lines: Iterable[str], style: Style) -> str:
    made = [f"  {printable(line)}" for line in lines]
    return "\n".join([style.bold(title), *made]) if made else ""


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:5], *([f"and {len(names) - 5} more"] if len(names) > 5 else [])]


# ---------------------------------------------------------------- JSON


def to_json(report: Placements) -> dict[str, object]:
    """The body of the document `kspec/place/1`."""
    return {
        "kubernetes": report.kubernetes,
        "cluster": report.cluster,
        "nodes": report.nodes,
        "pods": report.pods,
        "answers": [_to_json(a, report.origin) for a in report.answers],
        "assumptions": list(report.assumptions),
        "leftOut": list(report.left_out),
        "refused": list(report.refused),
        "summary": {
            "yes": report.count(HOLDS),
            "no": report.count(VIOLATED),
            "undecided": report.count(UNKNOWN, UNSUPPORTED),
            "seconds": round(report.seconds, 3),
        },
    }


def _to_json(answer: Answer, origin: Mapping[str, str]) -> dict[str, object]:
    made: dict[str, object] = {
        "question": answer.question,
        "verdict": answer.verdict,
        "headline": answer.headline,
        "method": answer.method,
        "seconds": round(answer.seconds, 3),
        "assumptions": list(answer.assumptions),
        "notes": list(answer.notes),
    }
    if answer.reasons:
        made["reasons"] = [{"text": r.text, "place": r.place} for r in answer.reasons]
        made["minimal"] = answer.minimal
    if answer.placement:
        made["placement"] = [{"pod": p.pod, "node": p.node} for p in answer.placement]
    if answer.count is not None:
        made["count"] = answer.count
    lists: tuple[tuple[str, Sequence[str]], ...] = (
        ("lost", answer.lost),
        ("pending", answer.pending),
        ("choices", answer.choices),
    )
    return made | {name: list(lines) for name, lines in lists if lines}
