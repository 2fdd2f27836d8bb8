"""Knows what an analysis found: findings by section, and how they look as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kspec.report.diagnostics import place_to_json
from kspec.report.diagnostics import render as render_diagnostic
from kspec.report.style import PLAIN, Style, plural, printable
from kspec.report.values import show_value, to_plain
from kspec.solve.verdict import Witness
from kspec.source import Diagnostic, Severity, Span

PROVED, SHOWN, UNDECIDED = "proved", "shown", "undecided"
VERDICTS = (PROVED, SHOWN, UNDECIDED)
"""`proved`: for all that could exist. `shown`: by what is at hand, or by a witness that has been replayed.
`undecided`: whether it is so could not be decided."""

WORDS = {PROVED: "proved", SHOWN: "shown", UNDECIDED: "not decided"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an analysis has to say.

    `code` is stable and has a page in docs/diagnostics; `span` is the place of the object, rule or peer that
    it is about; `reason` says why it is so, `notes` name other places; `subject` names the object as `Kind
    namespace/name`.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    verdict: str
    reason: str = ""
    subject: str = ""
    help: str = ""
    notes: tuple[tuple[Span, str], ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of an analysis found. `examined` says what was looked at: `policies: 12`."""

    title: str
    findings: tuple[Finding, ...] = ()
    examined: Mapping[str, int] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """All sections, and what they are about."""

    sections: tuple[Section, ...]
    kubernetes: str
    objects: int
    custom: Mapping[str, int]
    seconds: float

    def of(self, severity: Severity) -> int:
        """How many decided findings are of this severity."""
        return sum(f.severity is severity and f.verdict != UNDECIDED for f in self._all())

    @property
    def undecided(self) -> int:
        return sum(f.verdict == UNDECIDED for f in self._all())

    @property
    def wrong(self) -> int:
        """How many findings are more than a note."""
        return self.of(Severity.ERROR) + self.of(Severity.WARNING)

    def _all(self) -> Iterator[Finding]:
        for section in self.sections:
            yield from section.findings


def render(analysis: Analysis, style: Style = PLAIN) -> str:
    """Totals first, then the sections, then what was assumed."""
    parts = [summary(analysis, style), *(_section(s, style) for s in analysis.sections)]
    assumed = dict.fromkeys(a for s in analysis.sections for a in s.assumptions)
    bounds = dict.fromkeys(b for s in analysis.sections for b in s.bounds)
    custom = [
        f"{plural(n, 'object')} of {kind}: what it says is not modelled"
        for kind, n in analysis.custom.items()
    ]
    parts += [
        _list("Assumed", assumed, style),
        _list("Bounds", bounds, style),
        _list("Not modelled", custom, style),
    ]
    return "\n\n".join(p for p in parts if p)


def summary(analysis: Analysis, style: Style = PLAIN) -> str:
    """`2 warnings, 1 note in 0.4s (48 objects)`."""
    counted = [(analysis.of(s), s.value) for s in Severity]
    said = [plural(n, word) for n, word in counted if n]
    if analysis.undecided:
        said.append(f"{analysis.undecided:,} undecided")
    line = f"{', '.join(said) or 'nothing found'} in {analysis.seconds:.1f}s"
    line += f" ({plural(analysis.objects, 'object')})"
    return style.warn(line) if analysis.wrong or analysis.undecided else style.good(line)


def _section(section: Section, style: Style) -> str:
    examined = ", ".join(f"{what}: {n:,}" for what, n in section.examined.items())
    head = style.bold(section.title) + (f" ({examined})" if examined else "")
    if not section.findings:
        return f"{head}\n  nothing found"
    return "\n\n".join([head, *("\n".join(_finding(f, style)) for f in section.findings)])


def _finding(finding: Finding, style: Style) -> Iterator[str]:
    """As a diagnostic looks, and how it is known."""
    yield render_diagnostic(as_diagnostic(finding), style)
    how = f": {printable(finding.reason)}" if finding.reason else ""
    yield f"  {WORDS[finding.verdict]}{how}"
    if finding.witness is not None:
        yield "  for example with"
        for name, value in finding.witness.values.items():
            yield from (f"    {line}" for line in f"{name} = {show_value(value)}".splitlines())


def as_diagnostic(finding: Finding) -> Diagnostic:
    """The part of a finding that a diagnostic has too."""
    message = finding.message if finding.verdict != UNDECIDED else f"{finding.message}?"
    return Diagnostic(finding.code, message, finding.span, finding.severity, finding.help, finding.notes)


def _list(title: str, lines: Iterable[str], style: Style) -> str:
    shown = [f"  {printable(line)}" for line in lines]
    return "\n".join([style.bold(title), *shown]) if shown else ""


def to_json(analysis: Analysis) -> dict[str, object]:
    """The document of schema `kspec/analyze/1`."""
    return {
        "kubernetes": analysis.kubernetes,
        "summary": {
            **{f"{s.value}s": analysis.of(s) for s in Severity},
            "undecided": analysis.undecided,
            "objects": analysis.objects,
            "seconds": round(analysis.seconds, 3),
        },
        "sections": [
            {
                "title": s.title,
                "examined": dict(s.examined),
                "findings": [finding_to_json(f) for f in s.findings],
                "assumptions": list(s.assumptions),
                "bounds": list(s.bounds),
                "seconds": round(s.seconds, 3),
            }
            for s in analysis.sections
        ],
        "notModelled": dict(analysis.custom),
    }


def finding_to_json(finding: Finding) -> dict[str, object]:
    made: dict[str, object] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "verdict": finding.verdict,
        "message": finding.message,
        "place": place_to_json(finding.span),
    }
    for name in ("subject", "reason", "help"):
        if getattr(finding, name):
            made[name] = getattr(finding, name)
    if finding.notes:
        made["notes"] = [{"message": label, "place": place_to_json(span)} for span, label in finding.notes]
    if finding.witness is not None:
        values = {name: to_plain(value) for name, value in finding.witness.values.items()}
        made["witness"] = {"values": values, "objects": list(finding.witness.objects)}
    return made
