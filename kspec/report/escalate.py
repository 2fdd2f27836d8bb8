"""Knows how ways to gain more look as text: the total and the strongest first, then each way as requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kspec.report.access import show_rule
from kspec.report.style import PLAIN, Style, plural, printable
from kspec.verify.access.certificate import Certificate
from kspec.verify.access.edges import Asked, Power
from kspec.verify.access.escalation import Climber, Climbers, Gains, Path, Step
from kspec.verify.access.nobody import Nobody
from kspec.verify.access.policy import Grant
from kspec.verify.access.words import SOMEONE, show_request

GAINS_MAX, ALREADY_MAX = 6, 8


def render(
    found: Gains | Climbers | Nobody,
    assumed_and_unknown: tuple[Sequence[str], Sequence[str]],
    shown_max: int,
    style: Style = PLAIN,
) -> str:
    """The answer about one user, or about everyone."""
    assumed, unknown = assumed_and_unknown
    if isinstance(found, Nobody):
        lines = _nobody(found, bool(unknown), style)
    else:
        lines = _gains(found, shown_max, style) if isinstance(found, Gains) else _climbers(found, style)
    tail = [style.dim("assumed"), *(style.dim(f"  {printable(a)}") for a in assumed)]
    open_ = [f"{style.warn('not decided')}  {printable(u)}" for u in unknown]
    return "\n".join([*lines, *([""] if open_ else []), *open_, "", *tail])


def _gains(found: Gains, shown_max: int, style: Style) -> Iterator[str]:
    name = style.bold(printable(show_identity(Power("identity", "", found.user, found.groups))))
    strongest = found.strongest
    ways = sorted(_by_requests(found.paths), key=lambda its: strongest not in its)
    if any(p.gains.what == "cluster-admin" for p in found.already):
        yield f"{name} is cluster-admin already: there is nothing to gain"
        return
    if strongest is None:
        known = found.certificate is None or found.certificate.holds
        told = style.good("no way") if known else style.warn("no way found")
        yield f"{told}  {name} can gain nothing by what RBAC allows"
        yield from _certified(found.certificate)
    else:
        most = show_gain(strongest.gains, strongest.title)
        total = f"{plural(len(ways), 'way')} to gain more; the strongest: {most}"
        yield f"{name}: {style.bad(printable(total))}"
    if found.already:
        shown = ", ".join(p.title for p in found.already[:ALREADY_MAX])
        yield f"  has already: {printable(shown)}"
    for paths in ways[:shown_max]:
        yield ""
        yield from _way(paths, style)
    if len(ways) > shown_max:
        yield ""
        yield f"and {plural(len(ways) - shown_max, 'way')} more (--all shows them)"


def _by_requests(paths: Sequence[Path]) -> list[list[Path]]:
    """Paths that begin with the same requests together."""
    found: dict[tuple[tuple[str, Power | None, tuple[Asked, ...]], ...], list[Path]] = {}
    for path in paths:
        key = tuple(
            (s.rule, s.actor, tuple(m.asked for m in s.requests)) for s in path.steps if s.requests and s.how
        )
        found.setdefault(key, []).append(path)
    return list(found.values())


def _way(paths: Sequence[Path], style: Style) -> Iterator[str]:
    """The requests that some paths share, and what each of them gains."""
    first = paths[0]
    yield style.bold(plural(first.requests, "request"))
    asked = [s for s in first.shown if s.requests]
    for number, step in enumerate(asked, 1):
        yield from _step(step, f"{number}.", style)
    ranked = sorted(paths, key=lambda p: (-p.rank, p.title))
    for path in ranked[:GAINS_MAX]:
        beside = [s.how for s in path.shown if not s.requests]
        by = f", by {'; '.join(beside)}" if beside else ""
        yield f"  gains {style.bold(printable(show_gain(path.gains, path.title)))}{printable(by)}"
        for assumption in path.assumed:
            yield style.dim(f"    if {printable(assumption)}")
    if len(ranked) > GAINS_MAX:
        yield f"  and {len(ranked) - GAINS_MAX} more"


def _step(step: Step, number: str, style: Style) -> Iterator[str]:
    assert step.actor is not None
    yield f"  {number} as {printable(show_identity(step.actor))}: {style.bold(printable(step.how))}"
    by_grant: dict[Grant | None, list[str]] = {}
    for made in step.requests:
        by_grant.setdefault(next(iter(made.grants), None), []).append(show_request(made.asked.value()))
    for grant, requests in by_grant.items():
        yield f"     {printable(' and '.join(requests))}"
        if grant is None:
            yield style.dim("       by rules gained before")
            continue
        yield f"       {grant.binding}  {style.place(grant.binding.place)}"
        yield f"       {grant.role}: {style.dim(show_rule(grant.rule))}  {style.place(grant.origin.place)}"


def show_identity(power: Power) -> str:
    """Who acts: a service account as `sa:shop/web`, someone in a group by the group."""
    if "<any>" in power.name or power.name == SOMEONE:
        return f"someone in {', '.join(g for g in power.groups if g != 'system:authenticated')}"
    return show_user(power.name)


def show_user(name: str) -> str:
    """A user's name as it is spelt on the command line."""
    parts = name.split(":")
    return f"sa:{parts[2]}/{parts[3]}" if len(parts) == 4 and parts[1] == "serviceaccount" else name


def show_gain(power: Power, title: str) -> str:
    """What is gained: an identity as one that acts, anything else by its title."""
    return f"the identity {show_identity(power)}" if power.what == "identity" else title


def _nobody(found: Nobody, undecided: bool, style: Style) -> Iterator[str]:
    """The proof, or the smallest identities that break it."""
    but = " and ".join(f"anyone in {b[6:]}" if b.startswith("group:") else show_user(b) for b in found.but)
    claim = f"nobody but {but} comes to {found.target}"
    if not found.paths:
        yield f"{style.warn('UNDECIDED') if undecided else style.good('proved')}  {printable(claim)}"
        together = found.certificate is not None and found.certificate.together
        whom = "for any user that could exist, in any other groups"
        yield f"  {whom}{', and for all of them together' if together else ''}"
        yield from _certified(found.certificate)
    else:
        yield f"{style.bad('VIOLATED')}  {printable(claim)}"
    if found.trusted:
        yield f"  trusted: {plural(found.trusted, 'user')} that only the default bindings name"
    for gains in found.paths:
        who = Power("identity", "", gains.user, gains.groups)
        for path in (*gains.paths, *gains.already):
            yield ""
            yield from _climber(Climber("", show_identity(who), gains.user, gains.groups, False, path), style)


def _certified(certificate: Certificate | None) -> Iterator[str]:
    """How large what they come to have is, and that the solver has found it to be closed."""
    if certificate is None or not certificate.holds:
        return
    size = (
        f"{plural(certificate.identities, 'identity', 'identities')}, {plural(certificate.powers, 'power')}"
    )
    yield f"  the closure ({size}) is inductive: no request leads out of it, by Z3"


def _climbers(found: Climbers, style: Style) -> Iterator[str]:
    climbers = found.climbers
    people = plural(found.subjects, "subject")
    if climbers:
        yield f"{style.bad(str(len(climbers)))} of {people} can come to {style.bold(printable(found.target))}"
    else:
        yield f"{style.good('nobody')} of {people} can come to {style.bold(printable(found.target))}"
        yield from _certified(found.certificate)
    if found.already:
        shown = ", ".join(f"{c.kind} {show_user(c.name)}" for c in found.already[:ALREADY_MAX])
        more = f" and {len(found.already) - ALREADY_MAX} more" if len(found.already) > ALREADY_MAX else ""
        yield f"  without doing anything: {printable(shown)}{more}"
    for climber in sorted((c for c in climbers if c.path), key=lambda c: c.path.requests if c.path else 0):
        yield ""
        yield from _climber(climber, style)
    rest = [c for c in climbers if c.path is None]
    if rest:
        shown = ", ".join(show_user(c.name) for c in rest[:ALREADY_MAX])
        more = f" and {len(rest) - ALREADY_MAX} more" if len(rest) > ALREADY_MAX else ""
        what = "and the built-in controllers" if all(c.built_in for c in rest) else f"and {len(rest)} more"
        yield ""
        yield f"{what} (--all shows their ways): {printable(shown)}{more}"


def _climber(climber: Climber, style: Style) -> Iterator[str]:
    path = climber.path
    assert path is not None
    name = style.bold(printable(show_user(climber.name)))
    yield f"{climber.kind} {name}: {plural(path.requests, 'request')}".lstrip()
    for number, step in enumerate((s for s in path.shown), 1):
        if step.requests:
            yield from _step(step, f"{number}.", style)
        else:
            yield f"  {number}. {printable(step.how)}"
        yield f"     gains {printable(show_gain(step.gains, step.title))}"
    for assumption in path.assumed:
        yield style.dim(f"    if {printable(assumption)}")
