"""Knows how answers about access look as text: the verdict first, then binding, role and rule behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

from kspec.report.style import PLAIN, Style, plural, printable
from kspec.verify.access.acting import Acting
from kspec.verify.access.decision import ALLOWED, UNDETERMINED, Answer, Miss
from kspec.verify.access.holders import Holder, Holders
from kspec.verify.access.policy import Binding, Grant
from kspec.verify.access.rights import Right, Rights, Scope
from kspec.verify.access.words import show_request

MARKS = {"allowed": "allowed", "denied": "DENIED", "undetermined": "UNDETERMINED"}
GRANTS_MAX, LIST_MAX, ABOUT_WIDTH = 3, 6, 90


def render_can(
    answer: Answer,
    assumed: Sequence[str],
    style: Style = PLAIN,
    acting: Acting | None = None,
    user: str = "",
) -> str:
    """One verdict with what grants it, or what comes nearest. `acting`: whether `user` may ask as another."""
    lines = [] if acting is None else [*_acting(acting, user, style)]
    if acting is not None and acting.verdict != ALLOWED:
        return "\n".join([*lines, *_assumed(assumed, style)])
    lines += _answer(answer, style)
    for further in answer.further:
        lines += ["", style.dim("and this is asked as well"), *_answer(further, style)]
    return "\n".join([*lines, *_assumed(assumed, style)])


def _acting(acting: Acting, user: str, style: Style) -> Iterator[str]:
    paint = {ALLOWED: style.good, UNDETERMINED: style.warn}.get(acting.verdict, style.bad)
    yield f"{paint(MARKS[acting.verdict])}  {style.bold(printable(user))}: act as {printable(acting.user)}"
    if acting.mode:
        yield f"  by the mode {acting.mode}"
    for needed in acting.needed:
        yield f"  it lacks: {printable(needed)}"


def _answer(answer: Answer, style: Style) -> Iterator[str]:
    paint = {ALLOWED: style.good, UNDETERMINED: style.warn}.get(answer.verdict, style.bad)
    user = printable(str(answer.request.get("user")))
    yield f"{paint(MARKS[answer.verdict])}  {style.bold(user)}: {printable(show_request(answer.request))}"
    if answer.verdict == ALLOWED and answer.grants:
        for grant in answer.grants[:GRANTS_MAX]:
            yield from _grant(grant, style, "  ")
        if len(answer.grants) > GRANTS_MAX:
            yield f"  and by {plural(len(answer.grants) - GRANTS_MAX, 'rule')} more"
        return
    if answer.verdict == UNDETERMINED and not answer.by:
        yield f"  not known: {printable(answer.reason)}"
        return
    if answer.whatever is not None:
        yield f"  {printable(answer.reason)}"
        for grant in answer.grants[:GRANTS_MAX]:
            yield from _grant(grant, style, "  ")
        yield from _nearest(answer, style)
        return
    if answer.by:
        what = {"allowed": "allows it", "denied": "denies it"}.get(answer.verdict, "decides")
        yield f"  {answer.by} {what}" + (f": {printable(answer.reason)}" if answer.reason else "")
        return
    yield "  no authorizer allows it" + (f": {printable(answer.reason)}" if answer.reason else "")
    yield from _nearest(answer, style)


def _nearest(answer: Answer, style: Style) -> Iterator[str]:
    for number, miss in enumerate(answer.misses):
        yield from _miss(miss, "nearest" if number == 0 else "or", style)


def _grant(grant: Grant, style: Style, indent: str) -> Iterator[str]:
    yield f"{indent}{grant.binding}  {style.place(grant.binding.place)}"
    yield f"{indent}{_role(grant)}  {style.place(grant.origin.place)}"
    yield f"{indent}  {style.dim(show_rule(grant.rule))}"


def _role(grant: Grant) -> str:
    """`ClusterRole view, rule 3`; of an aggregated role also whose rule that is."""
    own = grant.origin.name
    from_ = f", from ClusterRole {own}" if own and own != grant.role.name else ""
    return f"{grant.role}{from_}, rule {grant.origin.index + 1}"


def show_rule(rule: Any) -> str:
    """`get, list on pods, pods/log of ""`."""
    verbs = ", ".join(rule.get("verbs") or ())
    if rule.get("nonResourceURLs"):
        return f"{verbs} on {_short(rule['nonResourceURLs'])}"
    groups = ", ".join(g or '""' for g in rule.get("apiGroups") or ())
    names = f" named {_short(rule['resourceNames'])}" if rule.get("resourceNames") else ""
    return f"{verbs} on {_short(rule.get('resources') or ())}{names} of {groups}"


def _short(items: Sequence[str]) -> str:
    shown = ", ".join(i or '""' for i in items[:LIST_MAX])
    return shown + (f" and {len(items) - LIST_MAX} more" if len(items) > LIST_MAX else "")


WORDS = {
    "verb": "for the verbs {}",
    "apiGroup": "in the groups {}",
    "resource": "on {}",
    "name": "to objects named {}",
    "path": "on the paths {}",
    "namespace": "in namespace {}",
    "subject": "to {}",
}


def _miss(miss: Miss, word: str, style: Style) -> Iterator[str]:
    only = " and ".join(WORDS[field].format(_short(said)) for field, said in miss.differs)
    yield f"  {word}: a rule that gives it only {style.bold(printable(only))}"
    yield from _grant(miss.grant, style, "    ")


def render_holders(found: Holders, assumed: Sequence[str], style: Style = PLAIN) -> str:
    """Everyone who may, users, groups and service accounts apart; the total first."""
    people = {(h.kind, h.namespace, h.name) for h in found.holders}
    scope = f" in {found.namespace}" if found.namespace else ""
    what = f"{found.verb} {found.asked}" + (f" {found.name}" if found.name else "") + scope
    numbers = [(sum(k == kind for k, _, _ in people), word) for kind, word in KINDS]
    counts = [plural(n, word) for n, word in numbers if n]
    lines = [f"{style.bold(printable(what))}: {', '.join(counts) or 'nobody'}"]
    order = {kind: n for n, (kind, _) in enumerate(KINDS)}
    ranked = sorted(found.holders, key=lambda h: (order.get(h.kind, 9), h.namespace, h.name))
    for _, same in groupby(ranked, key=lambda h: (h.kind, h.namespace, h.name)):
        lines += ["", *_holder(list(same), style)]
    lines += _unknown(found.unknown, style)
    return "\n".join([*lines, *_assumed(assumed, style)])


KINDS = (("Group", "group"), ("User", "user"), ("ServiceAccount", "service account"))


def _holder(same: Sequence[Holder], style: Style) -> Iterator[str]:
    first = same[0]
    means = f"  {style.dim('(' + first.means + ')')}" if first.means else ""
    yield f"{first.kind} {style.bold(printable(str(first).partition(' ')[2]))}{means}"
    for holder in same:
        if holder.grant is None:
            where = f" in {holder.limit_namespace}" if holder.limit_namespace else ""
            yield f"  {holder.why}{where}"
        else:
            limits = _limits(holder)
            yield f"  {limits}{holder.grant.binding}  {style.place(holder.grant.binding.place)}"
            yield f"    {_role(holder.grant)}  {style.place(holder.grant.origin.place)}"
        if holder.unless:
            yield f"    {style.warn('unless ' + ' or '.join(holder.unless) + ' decides otherwise before')}"


def _limits(holder: Holder) -> str:
    names = f"only {_short(holder.limit_names)} " if holder.limit_names else ""
    where = f"in {holder.limit_namespace} " if holder.limit_namespace else ""
    return f"{names}{where}by " if names or where else "everywhere by "


def render_rights(rights: Rights, assumed: Sequence[str], style: Style = PLAIN) -> str:
    """What someone may do: scope by scope, with a letter for each binding that gives it."""
    letters = {b: letter(n) for n, b in enumerate(_used(rights))}
    count = sum(len(s.rights) for s in rights.scopes)
    lines = [
        f"{style.bold(printable(rights.user))}: {plural(count, 'right')} by {plural(len(letters), 'binding')}"
    ]
    if rights.groups:
        lines.append(style.dim(f"groups: {', '.join(map(printable, rights.groups))}"))
    lines += [f"  {b}" for b in rights.beside]
    for scope in rights.scopes:
        lines += ["", *_scope(scope, letters, style)]
    if letters:
        lines += ["", "by"]
    for binding, mark in letters.items():
        assert binding.role is not None
        lines.append(f"  {mark}  {binding}  {style.place(binding.place)}")
        lines.append(f"     {binding.role}  {style.place(binding.role.place)}")
    lines += _unknown(rights.unknown, style)
    return "\n".join([*lines, *_assumed(assumed, style)])


def _used(rights: Rights) -> list[Binding]:
    grants = (g for s in rights.scopes for r in s.rights for g in r.grants)
    return list(dict.fromkeys(g.binding for g in grants))


def letter(number: int) -> str:
    """a, b, … z, aa, ab, …"""
    text = chr(ord("a") + number % 26)
    return letter(number // 26 - 1) + text if number >= 26 else text


def _scope(scope: Scope, letters: dict[Binding, str], style: Style) -> Iterator[str]:
    yield style.bold(f"in namespace {scope.namespace}" if scope.namespace else "everywhere")
    width = min(40, max(len(" ".join(r.verbs)) for r in scope.rights))
    for right in scope.rights:
        marks = "".join(dict.fromkeys(letters[g.binding] + " " for g in right.grants)).strip()
        first, *more = _about(right)
        yield f"  {' '.join(right.verbs):{width}}  {first}" + ("" if more else style.dim(f"  [{marks}]"))
        for number, line in enumerate(more, 1):
            yield f"  {'':{width}}  {line}" + (style.dim(f"  [{marks}]") if number == len(more) else "")


def _about(right: Right) -> list[str]:
    """What a right is about: on one line, or else a paragraph for each API group."""
    names = f" named {', '.join(n or chr(34) * 2 for n in right.names)}" if right.names else ""
    line = ", ".join(right.resources or right.paths) + names
    if len(line) <= ABOUT_WIDTH or not right.resources:
        return [printable(line)]
    groups: dict[str, dict[str, list[str]]] = {}
    for resource in right.resources:
        name, _, subresource = resource.partition("/")
        base, _, group = name.partition(".")
        groups.setdefault(group, {}).setdefault(base, []).append(subresource)
    found = []
    for group, resources in sorted(groups.items()):
        shown = ", ".join(_with_parts(base, parts) for base, parts in resources.items())
        text = f"{group}: {shown}" if group else shown
        found += wrap(printable(text), ABOUT_WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return [*found[:-1], found[-1] + names]


def _with_parts(base: str, parts: list[str]) -> str:
    """`deployments`, `pods/log`, `deployments and /scale, /status`."""
    own = [p for p in parts if p]
    if "" not in parts:
        return ", ".join(f"{base}/{p}" for p in own)
    return f"{base} (and /{', /'.join(own)})" if own else base


def _unknown(unknown: Sequence[str], style: Style) -> list[str]:
    """What keeps the answer from being whole."""
    return ["", *(style.warn(f"not known: {printable(u)}") for u in unknown)] if unknown else []


def _assumed(assumed: Sequence[str], style: Style) -> list[str]:
    return ["", style.dim("assumed"), *(style.dim(f"  {a}") for a in assumed)] if assumed else []
