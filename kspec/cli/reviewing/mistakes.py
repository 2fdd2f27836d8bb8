"""Knows how mistakes in roles and bindings are reported: what is refused, and what allows nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from kspec.cli.reviewing.access import Reviewed
from kspec.ir.types import TypeTable
from kspec.report.analysis import SHOWN, Finding
from kspec.source import Severity
from kspec.verify.access.edges import call
from kspec.verify.access.policy import Binding, Role

DOUBTFUL_SUBJECT, DOUBTFUL_RULE, REFUSED = "KS4111", "KS4112", "KS4113"
REFUSES = "the API server refuses it"
NEAR = 0.85


def mistakes(reviewed: Reviewed) -> Iterator[Finding]:
    """Of every role and binding that was written here."""
    for binding in reviewed.bindings:
        for mistake in call("refusedReference")(binding.ref, binding.namespace):
            yield _refused(binding, _path(mistake["path"]), mistake["message"])
        for place, subject in enumerate(binding.subjects):
            yield from _subject(binding, place, subject)
    serves = call("servesOf")(served(reviewed.table))
    for role in reviewed.roles:
        for place, rule in enumerate((role.written.decoded or {}).get("rules") or ()):
            why = call("refusedRule")(rule, role.namespace)
            if why:
                yield _refused(role, ("rules", place), why)
            else:
                yield from _rule(role, place, rule, serves)


def served(table: TypeTable) -> list[dict[str, Any]]:
    """The resources that the API server serves; those of custom kinds at hand too."""
    return [
        {"apiGroup": k.group, "resource": k.plural, "namespaced": k.namespaced}
        for k in table.kinds
        if k.plural
    ]


def _subject(binding: Binding, place: int, subject: Mapping[str, Any]) -> Iterator[Finding]:
    why = call("refusedSubject")(subject, binding.namespace)
    if why:
        yield _refused(binding, ("subjects", place), why)
        return
    name = str(subject.get("name"))
    why = call("doubtfulSubject")(subject) or _misspelt(subject)
    if why:
        yield Finding(
            DOUBTFUL_SUBJECT,
            Severity.WARNING,
            f"{binding} is not for whom it seems: {subject.get('kind')} {name}",
            binding.written.locate(("subjects", place)),
            SHOWN,
            reason=why,
            subject=str(binding),
        )


def _misspelt(subject: Mapping[str, Any]) -> str:
    """A group that is called nearly as one of Kubernetes' own."""
    near = get_close_matches(str(subject.get("name")), call("groupsLike")(subject), n=1, cutoff=NEAR)
    return f"a group of Kubernetes' own is `{near[0]}`" if near else ""


def _rule(role: Role, place: int, rule: Mapping[str, Any], serves: Mapping[str, Any]) -> Iterator[Finding]:
    for mistake in call("doubtfulRule")(rule, role.namespace, serves):
        path = ("rules", place, *_path(mistake["path"]))
        yield Finding(
            DOUBTFUL_RULE,
            Severity.WARNING,
            f"rule {place + 1} of {role} does not allow what it seems to: {mistake['message']}",
            role.written.locate(path),
            SHOWN,
            reason=mistake.get("reason") or "it allows nothing by that",
            subject=str(role),
            help=_near(rule, path, serves),
        )


def _near(rule: Mapping[str, Any], path: tuple[str | int, ...], serves: Mapping[str, Any]) -> str:
    """The resource that may be meant."""
    if path[-2] != "resources":
        return ""
    name = str(rule["resources"][path[-1]]).partition("/")[0].lower()
    if name in serves["resources"]:
        return ""
    near = get_close_matches(name, sorted(serves["resources"]), n=1, cutoff=NEAR)
    return f"did you mean `{near[0]}`?" if near else ""


def _refused(thing: Role | Binding, path: tuple[str | int, ...], message: str) -> Finding:
    return Finding(
        REFUSED,
        Severity.ERROR,
        f"{thing} is not valid: {message}",
        thing.written.locate(path),
        SHOWN,
        reason=REFUSES,
        subject=str(thing),
    )


def _path(text: str) -> tuple[str | int, ...]:
    return tuple(int(p) if p.isdigit() else p for p in text.split("."))
