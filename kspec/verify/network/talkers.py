"""Knows who is named in an answer: pods, or the workloads that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.verify.network.columns import End

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Talker:
    """Who talks, and the numbers of its ends: one, or those of its pods that are at hand."""

    kind: str
    namespace: str
    name: str
    ends: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def short(self) -> str:
        return f"{self.namespace}/{self.name}"


def talkers(found: Sequence[Mapping[str, Any]], by: str) -> tuple[list[Talker], list[End]]:
    """Everyone who talks, by workload or by pod, with all ends.

    `found` is what the rule `talkers` says. A workload whose pods are at hand has their ends, any other the
    one of its template. By pod, a workload without pods stands for the pods that it would make.
    """
    known: dict[Key, Mapping[str, Any]] = {_key(each): each for each in found}
    tops = {key: _top(key, known) for key in known}
    with_pods = {tops[key] for key, each in known.items() if each.get("isPod")}
    ends: list[End] = []
    grouped: dict[Key, list[int]] = {}
    for key, each in known.items():
        is_pod, top = bool(each.get("isPod")), tops[key]
        if not is_pod and (top in with_pods or top != key):
            continue
        named = key if is_pod and by == "pod" else top
        for end in (each["end"], *(each.get("otherEnds") or ())):
            grouped.setdefault(named, []).append(len(ends))
            ends.append(end)
    made = [Talker(*key, tuple(its)) for key, its in grouped.items()]
    return sorted(made, key=lambda t: (t.namespace, t.name, t.kind)), ends


def _key(each: Mapping[str, Any]) -> Key:
    return each.get("kind") or "", each.get("namespace") or "", each.get("name") or ""


def _top(key: Key, known: Mapping[Key, Mapping[str, Any]]) -> Key:
    """The workload that owns it in the end; an owner that is not at hand counts where nobody knows more."""
    seen = {key}
    while key in known and known[key].get("ownerKind"):
        each = known[key]
        key = (each["ownerKind"], key[1], each.get("ownerName") or "")
        if key in seen:
            break
        seen.add(key)
    return key
