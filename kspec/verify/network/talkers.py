"""Knows who is named in an answer: pods, or the workloads that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.runtime.ip import IP, is_ip, parse_ip
from kspec.verify.network.columns import End
from kspec.verify.network.families import of_two_families

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Talker:
    """Who talks, and the numbers of its ends: one, or those of its pods that are at hand."""

    kind: str
    namespace: str
    name: str
    ends: tuple[int, ...]
    is_pod: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def short(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Talking:
    """Everyone who talks, with all ends. `seconds`: of ends by number, the IPv6 address beside an IPv4 one;
    `unlike`: pods with more addresses than one of each family, by name.
    """

    talkers: list[Talker]
    ends: list[End]
    seconds: dict[int, IP]
    unlike: list[str]


def talkers(found: Sequence[Mapping[str, Any]], by: str) -> Talking:
    """Everyone who talks, by workload or by pod.

    `found` is what the rule `talkers` says. A workload whose pods are at hand has their ends, any other the
    one of its template. By pod, a workload without pods stands for the pods that it would make.
    """
    known: dict[Key, Mapping[str, Any]] = {_key(each): each for each in found}
    tops = {key: _top(key, known) for key in known}
    with_pods = {tops[key] for key, each in known.items() if each.get("isPod")}
    ends: list[End] = []
    seconds: dict[int, IP] = {}
    unlike: list[str] = []
    grouped: dict[Key, list[int]] = {}
    for key, each in known.items():
        is_pod, top = bool(each.get("isPod")), tops[key]
        if not is_pod and (top in with_pods or top != key):
            continue
        named = key if is_pod and by == "pod" else top
        for end in (each["end"], *(each.get("otherEnds") or ())):
            grouped.setdefault(named, []).append(len(ends))
            ends.append(end)
        addresses = _addresses(each)
        if len(addresses) > 1:
            pair = of_two_families(addresses)
            if pair is not None:
                ends[-1] = {**each["end"], "address": pair[0]}
                seconds[len(ends) - 1] = pair[1]
            if pair is None or len(addresses) > len(pair):
                unlike.append(f"{key[1]}/{key[2]}")
    pods = {key for key, each in known.items() if each.get("isPod")}
    made = [Talker(*key, tuple(its), key in pods) for key, its in grouped.items()]
    return Talking(sorted(made, key=lambda t: (t.namespace, t.name, t.kind)), ends, seconds, unlike)


def _addresses(each: Mapping[str, Any]) -> list[IP]:
    """All addresses of a pod; none, if the first is not known."""
    first = each["end"].get("address")
    more = [parse_ip(text) for text in each.get("moreAddresses") or () if is_ip(text)]
    return [] if first is None else [first, *more]


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
