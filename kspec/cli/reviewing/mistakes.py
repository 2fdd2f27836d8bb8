"""Knows how mistakes in roles and bindings are reported: what allows nothing, or is for nobody."""

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

DOUBTFUL_SUBJECT, DOUBTFUL_RULE = "KS4111", "KS4112"
NEAR = 0.85


def mistakes(reviewed: Reviewed) -> Iterator[Finding]:
    """Of every role and binding that was written here."""
    for binding in reviewed.bindings:
        for place, subject in enumerate(binding.subjects):
            yield from _subject(binding, place, subject)
    serves = call("servesOf")(served(reviewed.table))
    for role in reviewed.roles:
        for place, rule in enumerate((role.written.decoded or {}).get("rules") or ()):
            yield from _rule(role, place, rule, serves)


def served(table: TypeTable) -> list[dict[str, Any]]:
    """The resources that the API server serves; those of custom kinds at hand too."""
    return [
        {"apiGroup": k.group, "resource": k.plural, "namespaced": k.namespaced}
        for k in table.kinds
        if k.plural
    ]


def _subject(binding: Binding, place: int, subject: Mapping[str, Any]) -> Iterator[Finding]:
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


def _path(text: str) -> tuple[str | int, ...]:
    return tuple(int(p) if p.isdigit() else p for p in text.split("."))
