"""Knows how `kspec conform --audit` reads a log and a policy, and what it prints of their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kspec.cli import exits
from kspec.cli.session import Session
from kspec.report.style import Style, plural, printable

if TYPE_CHECKING:
    from kspec.conform.audit import Difference, Replay

REQUEST = ("verb", "apiGroup", "resource", "subresource", "namespace", "name", "path")


def replay_audit(
    session: Session, log: str, paths: tuple[str, ...], limit: int, options: dict[str, Any]
) -> int:
    """Replay a log; 1 if a decision differs, 3 if none does but some, or all, could not be judged."""
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.conform.audit import read_events, replay
    from kspec.conform.protocol import read_lines

    access = load_access(session, paths, PolicyOptions(**options))
    with session.progress("replaying") as progress:
        events = read_events(log, read_lines(log))
        found = replay(access.policy, events, lambda n: progress.step(f"{n:,} events"))
    if session.json:
        session.document("audit", to_json(found, access.assumed))
    else:
        session.result(render(found, access.assumed, limit, session.style))
    if found.differences:
        return exits.VIOLATED
    return exits.UNDECIDED if found.undecided or not found.judged else exits.OK


def render(found: Replay, assumed: tuple[str, ...], limit: int, style: Style) -> str:
    """The totals, then each difference, the most frequent first."""
    agreed = found.judged - sum(d.count for d in found.differences if d.what == "authorization")
    head = f"{plural(found.events, 'event')}: {found.judged:,} judged, {agreed:,} agree"
    head += f", {found.differing:,} differ"
    lines = [(style.bad if found.differences else style.good if found.judged else style.warn)(head)]
    for words, counter in (("not judged", found.skipped), ("undecided", found.undecided)):
        lines += [f"  {count:,} {words}: {reason}" for reason, count in sorted(counter.items())]
    for difference in found.differences[:limit]:
        lines += ["", *_difference(difference, style)]
    hidden = len(found.differences) - limit
    if hidden > 0:
        lines += [
            "",
            f"and {hidden:,} more: --limit {len(found.differences)} shows them, --format json has them",
        ]
    if assumed:
        lines += ["", style.dim("assumed"), *(style.dim(f"  {a}") for a in assumed)]
    return "\n".join(lines)


def _difference(difference: Difference, style: Style) -> list[str]:
    from kspec.verify.access.words import show_request

    user = printable(str(difference.request["user"]))
    asked = printable(show_request(difference.request))
    times = f"  {difference.count:,} times" if difference.count > 1 else ""
    lines = [f"{style.bad('differs')}  {style.bold(user)}: {asked}{times}  (line {difference.line})"]
    if difference.what == "impersonation":
        return [*lines, f"  recorded as impersonated; in the model {printable(difference.reason)}"]
    lines.append(f"  recorded {difference.recorded}, the model says {difference.decided}")
    if difference.reason:
        lines.append(f"  recorded reason: {printable(difference.reason)}")
    return lines


def to_json(found: Replay, assumed: tuple[str, ...]) -> dict[str, object]:
    return {
        "events": found.events,
        "judged": found.judged,
        "differing": found.differing,
        "notJudged": dict(sorted(found.skipped.items())),
        "undecided": dict(sorted(found.undecided.items())),
        "differences": [_to_json(d) for d in found.differences],
        "assumed": list(assumed),
    }


def _to_json(difference: Difference) -> dict[str, object]:
    request = difference.request
    return {
        "what": difference.what,
        "user": request["user"],
        "groups": list(request["groups"]),
        "request": {name: request[name] for name in REQUEST if request.get(name)},
        "recorded": difference.recorded,
        "decided": difference.decided,
        "reason": difference.reason,
        "count": difference.count,
        "line": difference.line,
        "auditID": difference.audit_id,
    }
