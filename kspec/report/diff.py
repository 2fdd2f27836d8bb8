"""Knows what the difference between two sets of manifests means, and how it looks: text, JSON, Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.report.diagnostics import place_to_json
from kspec.report.style import PLAIN, Style, plural, printable
from kspec.source import Span

REQUIRED = {
    "same": "OLD and NEW allow the same",
    "no-more": "NEW allows nothing that OLD does not",
    "no-less": "NEW allows all that OLD does",
}
"""What may be asked of the two inputs."""
SHOWN_MAX = 20
"""So many changes of a kind are shown as text; JSON has all."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An object, or a rule of one, that is responsible: `NetworkPolicy shop/db, ingress[0].from[1]`.

    `side` says in which of the two inputs it stands: old or new.
    """

    text: str
    side: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that becomes possible, or no longer is.

    `what` says it in one line. `possible`: it is about something that could exist, not about what is at
    hand; `witness` are then the objects that one would apply to see it. `details` is for programs.
    """

    what: str
    possible: bool = False
    because: tuple[Cause, ...] = ()
    witness: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """What changed in one respect (`name`: network, access); the smallest change comes first.

    `unknown` are the reasons why something could not be decided; without any, and without a change, there
    is none. `over`: what it is then proved for.
    """

    name: str
    gained: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()
    unknown: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    over: str = "anything"

    @property
    def changed(self) -> bool:
        return bool(self.gained or self.lost)


@dataclass(frozen=True, slots=True)
class Difference:
    """All sections with their titles; how many objects of the input were added, removed and changed.
    `required`: which relation of the two inputs is asked for, if one is.
    """

    sections: tuple[tuple[str, Section], ...]
    added: int
    removed: int
    changed: int
    seconds: float
    required: str = ""

    @property
    def verdict(self) -> str:
        """Does what is required hold? What is not decided is no pass."""
        gained, lost = (any(getattr(s, name) for _, s in self.sections) for name in ("gained", "lost"))
        broken = {"same": gained or lost, "no-more": gained, "no-less": lost}[self.required]
        return "violated" if broken else "undecided" if self.undecided else "holds"

    @property
    def any_change(self) -> bool:
        return any(s.changed for _, s in self.sections)

    @property
    def undecided(self) -> bool:
        return any(s.unknown for _, s in self.sections)

    @property
    def assumptions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for _, s in self.sections for a in s.assumptions))


def counts(difference: Difference) -> str:
    """`2 objects added, 0 removed, 1 changed`."""
    added = plural(difference.added, "object")
    return f"{added} added, {difference.removed:,} removed, {difference.changed:,} changed"


# ---------------------------------------------------------------- text


def render(difference: Difference, style: Style = PLAIN, witnesses: bool = False) -> str:
    """The totals, then each section; with `witnesses`, the objects of each change as YAML."""
    lines = [style.bold(f"Input: {counts(difference)}.")]
    lines += [_verdict(title, section, style) for title, section in difference.sections]
    if difference.required:
        paint = {"holds": style.good, "violated": style.bad, "undecided": style.warn}[difference.verdict]
        lines.append(paint(answer(difference)))
    for _, section in difference.sections:
        lines += _section(section, style, witnesses)
    if difference.assumptions:
        lines += ["", style.bold("Assumed"), *(f"  {printable(a)}" for a in difference.assumptions)]
    return "\n".join(lines)


def _verdict(title: str, section: Section, style: Style) -> str:
    text = f"{title}: {totals(section)}."
    return style.warn(text) if section.changed or section.unknown else style.good(text)


def answer(difference: Difference) -> str:
    """Whether what is required holds, and for what that is proved."""
    asked, verdict = REQUIRED[difference.required], difference.verdict
    if verdict == "violated":
        return f"Violated: {asked}."
    if verdict == "undecided":
        return f"Undecided: {asked}."
    over = "; ".join(dict.fromkeys(s.over for _, s in difference.sections))
    return f"Proved: {asked}, for {over} that could exist."


def totals(section: Section) -> str:
    """What there is of changes, in words."""
    parts = []
    if section.gained:
        parts.append(f"{len(section.gained):,} gained")
    if section.lost:
        parts.append(f"{len(section.lost):,} lost")
    if not parts:
        parts.append("no change found" if section.unknown else "no change, for anything that could exist")
    if section.unknown:
        parts.append(f"{len(section.unknown):,} undecided")
    return ", ".join(parts)


def _section(section: Section, style: Style, witnesses: bool) -> Iterator[str]:
    for sign, changes, paint in (("+", section.gained, style.warn), ("-", section.lost, style.bad)):
        if changes:
            yield ""
        for change in changes[:SHOWN_MAX]:
            yield from _change(change, paint(sign), style, witnesses)
        if len(changes) > SHOWN_MAX:
            yield f"  and {plural(len(changes) - SHOWN_MAX, 'more')}; --format json has all"
    if section.unknown:
        yield ""
    for reason in section.unknown:
        yield f"{style.warn('?')} not decided: {printable(reason)}"


def _change(change: Change, painted: str, style: Style, witnesses: bool) -> Iterator[str]:
    yield f"{painted} {printable(change.what)}"
    for cause in change.because:
        place = f"  {style.place(str(cause.span))}" if cause.span else ""
        yield f"    {cause.side}: {printable(cause.text)}{place}"
    if change.witness and witnesses:
        yield "    for example with"
        yield from (style.dim(f"      {line}") for line in manifests(change.witness).splitlines())


def manifests(objects: Sequence[Mapping[str, Any]]) -> str:
    """Objects as YAML."""
    from kspec.resources.export import to_yaml

    return to_yaml([dict(o) for o in objects]).rstrip("\n")


# ---------------------------------------------------------------- Markdown


def to_markdown(difference: Difference) -> str:
    """As a comment under a change wants it."""
    lines = [f"**Input:** {counts(difference)}.", ""]
    lines += [f"**{answer(difference)}**", ""] if difference.required else []
    for title, section in difference.sections:
        lines += [f"### {title}: {totals(section)}", ""]
        for sign, changes in (("gained", section.gained), ("lost", section.lost)):
            for change in changes[:SHOWN_MAX]:
                lines.append(f"- **{sign}**: {escaped(change.what)}")
                for cause in change.because:
                    place = f" (`{cause.span}`)" if cause.span else ""
                    lines.append(f"  - {cause.side}: {escaped(cause.text)}{place}")
                if change.witness:
                    text = manifests(change.witness).splitlines()
                    lines += ["", "  ```yaml", *(f"  {line}" for line in text), "  ```", ""]
            if len(changes) > SHOWN_MAX:
                lines.append(f"- and {plural(len(changes) - SHOWN_MAX, 'more')} {sign}")
        lines += [f"- **not decided**: {escaped(reason)}" for reason in section.unknown]
        lines.append("")
    if difference.assumptions:
        lines += ["Assumed:", "", *(f"- {escaped(a)}" for a in difference.assumptions), ""]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + c if c in "\\`*_{}[]<>#|" else c for c in printable(text))


# ---------------------------------------------------------------- JSON


def to_json(difference: Difference) -> dict[str, object]:
    """The body of the document `kspec/diff/1`."""
    required = {
        "relation": difference.required,
        "verdict": difference.verdict,
        "text": answer(difference),
    } if difference.required else None  # fmt: skip
    return {
        **({"required": required} if required else {}),
        "objects": {
            "added": difference.added,
            "removed": difference.removed,
            "changed": difference.changed,
        },
        "changed": difference.any_change,
        "sections": [_section_to_json(title, s) for title, s in difference.sections],
        "seconds": round(difference.seconds, 3),
    }


def _section_to_json(title: str, section: Section) -> dict[str, object]:
    return {
        "name": section.name,
        "title": title,
        "gained": [_change_to_json(c) for c in section.gained],
        "lost": [_change_to_json(c) for c in section.lost],
        "unknown": list(section.unknown),
        "assumptions": list(section.assumptions),
    }


def _change_to_json(change: Change) -> dict[str, object]:
    return {
        "what": change.what,
        "possible": change.possible,
        "because": [
            {"text": c.text, "side": c.side, **({"place": place_to_json(c.span)} if c.span else {})}
            for c in change.because
        ],
        "witness": [dict(o) for o in change.witness],
        "details": dict(change.details),
    }
