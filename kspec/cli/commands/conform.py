"""`kspec conform`: does the model decide as Kubernetes does?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.options import policy_options
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.conform.main import Disagreement, Outcome

VALUE_WIDTH = 400

EPILOG = """\
\b
Examples:
  kspec conform recorded.jsonl.gz
  kspec conform --audit audit.log k8s/ --bootstrap

\b
Exit codes: 0 all agree, 1 some differ, 3 none differs but some are
unsupported (their area is not built yet).
"""


@command("conform", epilog=EPILOG)
@click.argument("suites", nargs=-1, metavar="FILE...|PATHS...")
@click.option("--limit", default=20, show_default=True, help="Disagreements shown in text; JSON has all.")
@click.option("--audit", metavar="FILE", help="An audit log, replayed against the access policy in PATHS.")
@policy_options
def run(session: Session, suites: tuple[str, ...], limit: int, audit: str | None, **options: Any) -> int:
    """Compare the model's decisions with recorded ones.

    FILE is JSON Lines (plain or gzipped, `-` for standard input), one case a line:
    {"id", "area", "input", "expected"}. Prints a row per area, then each disagreement.

    With --audit, a log of the API server (events of audit.k8s.io, one a line) is replayed against the roles
    and bindings in PATHS, and every decision that they do not explain is shown.
    """
    from kspec.conform.main import run_suites

    if audit is not None:
        from kspec.cli.auditing import replay_audit

        return replay_audit(session, audit, suites, limit, options)
    if not suites:
        raise click.UsageError("Name a suite, as in `kspec conform recorded.jsonl.gz`, or `--audit FILE`.")
    with session.progress("conform") as progress:
        outcome = run_suites(suites, lambda case: progress.step(f"{progress.done + 1:,} cases, {case.area}"))
    if session.json:
        session.document("conform", to_json(outcome))
    else:
        session.result(_text(outcome, session, limit))
    if outcome.disagreements:
        return exits.VIOLATED
    return exits.UNDECIDED if outcome.unsupported else exits.OK


def to_json(outcome: Outcome) -> dict[str, object]:
    """The document, as `docs/conformance.md` lays it down."""
    return {
        "areas": [
            {
                "area": t.area,
                "cases": t.cases,
                "agreed": t.agreed,
                "disagreed": t.disagreed,
                "unsupported": t.unsupported,
            }
            for t in outcome.tallies.values()
        ],
        "disagreements": [
            {"id": d.id, "area": d.area, "path": d.path, "expected": d.expected, "actual": d.actual}
            for d in outcome.disagreements
        ],
    }


def _text(outcome: Outcome, session: Session, limit: int) -> str:
    style = session.style
    width = max([len(name) for name in outcome.tallies] + [len("area")])
    head = f"{'area':{width}}  {'cases':>9}  {'agreed':>9}  {'disagreed':>9}  {'unsupported':>11}"
    lines = [style.bold(head)]
    for t in outcome.tallies.values():
        lines.append(f"{t.area:{width}}  {t.cases:9,}  {t.agreed:9,}  {t.disagreed:9,}  {t.unsupported:11,}")
        for reason, count in sorted(outcome.reasons.get(t.area, {}).items(), key=lambda item: -item[1]):
            lines.append(style.dim(f"{'':{width}}    unsupported ({count:,}): {reason}"))
    for d in outcome.disagreements[:limit]:
        lines += ["", *_disagreement(d, session)]
    hidden = outcome.disagreed - limit
    if hidden > 0:
        lines += ["", f"and {hidden:,} more: --limit {outcome.disagreed} shows them, --format json has them"]
    agreed = sum(t.agreed for t in outcome.tallies.values())
    summary = f"{agreed:,} of {outcome.cases:,} agree, {outcome.disagreed:,} disagree"
    summary += f", {outcome.unsupported:,} unsupported"
    return "\n".join([*lines, "", (style.bad if outcome.disagreed else style.bold)(summary)])


def _disagreement(d: Disagreement, session: Session) -> list[str]:
    return [
        f"{session.style.bad('differs')} {d.area} {d.id} at {d.path}",
        f"  expected  {_value(d.expected)}",
        f"  actual    {_value(d.actual)}",
    ]


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"
