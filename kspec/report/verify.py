"""Knows how the results of properties look: as text with the witness in YAML, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from kspec.report.diagnostics import place_to_json
from kspec.report.results import VERDICTS, Report, Result
from kspec.report.style import PLAIN, Style, plural, printable
from kspec.report.values import show_value
from kspec.solve.verdict import Witness

MARKS = {"holds": "holds", "violated": "VIOLATED", "unknown": "unknown", "unsupported": "unsupported"}
WIDTH = max(map(len, MARKS.values()))


def render(report: Report, style: Style = PLAIN) -> str:
    """Every property with its verdict, what was assumed, and the summary as the last line."""
    parts = [_blocks(report, style)]
    parts.append(_section("Assumed", report.assumptions, style))
    parts.append(_section("Bounds", report.bounds, style))
    custom = [
        f"{plural(n, 'object')} of {kind}: carried along; what it says is not modelled"
        for kind, n in report.custom.items()
    ]
    parts.append(_section("Not modelled", custom, style))
    return "\n\n".join([p for p in parts if p] + [summary(report, style)])


def _blocks(report: Report, style: Style) -> str:
    """The results, one below the other; a blank line around those that say more than a line."""
    blocks = ["\n".join(_result(r, style)) for r in report.results]
    out = blocks[:1]
    for before, block in pairwise(blocks):
        out.append("\n\n" if "\n" in before + block else "\n")
        out.append(block)
    return "".join(out)


def summary(report: Report, style: Style = PLAIN) -> str:
    """`2 hold, 1 violated, 1 undecided in 0.4s (48 objects)`."""
    undecided = report.count("unknown") + report.count("unsupported")
    counted = [
        (report.count("holds"), "hold"),
        (report.count("violated"), "violated"),
        (undecided, "undecided"),
    ]
    text = ", ".join(f"{n} {word}" for n, word in counted if n or word == "hold")
    line = f"{text} in {report.seconds:.1f}s ({plural(report.objects, 'object')})"
    return (
        style.bad(line) if report.count("violated") else style.warn(line) if undecided else style.good(line)
    )


def _result(result: Result, style: Style) -> Iterator[str]:
    paint = {"holds": style.good, "violated": style.bad}.get(result.verdict, style.warn)
    mark = paint(f"{MARKS[result.verdict]:{WIDTH}}")
    yield f"{mark}  {result.verb} {style.bold(chr(34) + printable(result.title) + chr(34))}{_case(result)}"
    if result.verdict != "holds":
        yield f"  {style.place('-->')} {result.span}"
    if result.verdict == "holds" and result.bounds:
        yield f"  {style.warn('within bounds')}: {printable('; '.join(result.bounds))}"
    if result.reason:
        yield f"  because {printable(result.reason)}"
    if result.witness is not None:
        yield from _witness(result, result.witness, style)
    elif result.verdict == "violated" and not result.expected and not result.reason:
        yield "  there is nothing for which it holds"


def _case(result: Result) -> str:
    if not result.expected:
        return ""
    names = ", ".join(_name(o) for o in result.added)
    return f": {result.expected} when there is {names}"


def _name(raw: Mapping[str, Any]) -> str:
    metadata = raw.get("metadata") or {}
    place = "/".join(str(metadata[k]) for k in ("namespace", "name") if metadata.get(k))
    return f"{raw.get('kind', 'object')} {place}"


def _witness(result: Result, witness: Witness, style: Style) -> Iterator[str]:
    """What breaks it (or, of an `exists` that holds, shows it): each value, then objects one can apply."""
    if result.verdict == "holds":
        yield "  for example with"
    elif witness.values:
        yield "  it fails with"
    for name, value in witness.values.items():
        yield from _indented(f"{name} = {show_value(value)}", "    ")
    if witness.error:
        yield f"  since then {printable(witness.error)}"
    if not witness.minimal:
        yield "  (there was no time to look for a simpler one)"
    if witness.objects:
        yield "  which is, as manifests:"
        yield from (style.dim(line) for line in _indented(manifests(witness), "    "))


def manifests(witness: Witness) -> str:
    """The objects of a witness as YAML."""
    from kspec.resources.export import to_yaml

    return to_yaml([o for o in witness.objects if isinstance(o, dict)]).rstrip("\n")


def all_manifests(report: Report) -> str:
    """The objects of all witnesses as one YAML stream, each headed by the property that it breaks."""
    parts = []
    for result in report.results:
        if result.witness is not None and result.witness.objects:
            values = [f"# {k} = {v}" for k, v in shown_values(result.witness).items()]
            head = [f"# {result.verdict}: {result.verb} {printable(result.title)}"]
            text = "\n".join(line for v in values for line in v.replace("\n", "\n# ").splitlines())
            parts.append("\n".join([*head, text, manifests(result.witness)]))
    return "\n---\n".join(parts)


def shown_values(witness: Witness) -> dict[str, str]:
    return {name: show_value(value) for name, value in witness.values.items()}


def _indented(text: str, indent: str) -> Iterator[str]:
    return (indent + line for line in text.splitlines())


def _section(title: str, lines: Iterable[str], style: Style) -> str:
    made = [f"  {line}" for line in lines]
    return "\n".join([style.bold(title), *made]) if made else ""


# ---------------------------------------------------------------- JSON


def to_json(report: Report) -> dict[str, object]:
    """The body of the document `kspec/verify/1`."""
    return {
        "kubernetes": report.kubernetes,
        "results": [_result_to_json(r) for r in report.results],
        "assumptions": list(report.assumptions),
        "bounds": list(report.bounds),
        "notModelled": dict(report.custom),
        "summary": {
            **{verdict: report.count(verdict) for verdict in VERDICTS},
            "objects": report.objects,
            "seconds": round(report.seconds, 3),
        },
    }


def _result_to_json(result: Result) -> dict[str, object]:
    made: dict[str, object] = {
        "verb": result.verb,
        "title": result.title,
        "verdict": result.verdict,
        "place": place_to_json(result.span),
        "seconds": round(result.stats.seconds, 3),
        "solver": {
            "checks": result.stats.checks,
            "variables": result.stats.variables,
            "terms": result.stats.terms,
        },
    }
    if result.expected:
        made |= {"expected": result.expected, "added": [dict(o) for o in result.added]}
    if result.reason:
        made["reason"] = result.reason
    if result.witness is not None:
        made["witness"] = _witness_to_json(result.witness)
    for name, lines in (("assumptions", result.assumptions), ("bounds", result.bounds)):
        if lines:
            made[name] = list(lines)
    return made


def _witness_to_json(witness: Witness) -> dict[str, object]:
    from kspec.report.values import to_plain

    made: dict[str, object] = {
        "values": {name: to_plain(value) for name, value in witness.values.items()},
        "objects": list(witness.objects),
        "minimal": witness.minimal,
    }
    return {**made, "error": witness.error} if witness.error else made
