"""Knows which names emitted functions have: those of their rules wherever Python lets them be."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kspec.ir.nodes import Rule

RESERVED = frozenset(keyword.kwlist) | {"ops", "float", "RULES"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the function of a rule is: the path of its module below the generated package, and its name
    there.
    """

    module: str
    name: str


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name if it is free, else with an underscore, else with a number behind it."""
    wanted = identifier(wanted)
    if wanted not in taken:
        return wanted
    if f"{wanted}_" not in taken:
        return f"{wanted}_"
    count = 2
    while f"{wanted}_{count}" in taken:
        count += 1
    return f"{wanted}_{count}"


def identifier(text: str) -> str:
    """Any text as a Python identifier."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "x"
    return f"_{name}" if name[0].isdigit() else name


def rule_places(rules: Iterable[Rule]) -> dict[str, Place]:
    """The place of each rule, by id. Functions keep their name; other kinds have theirs in front of it."""
    places: dict[str, Place] = {}
    used: dict[str, set[str]] = {}
    for rule in rules:
        base = identifier(rule.name if rule.kind == "function" else f"{rule.kind}_{rule.name}")
        number = rule.id.partition("#")[2]
        wanted = f"{base}_{number}" if number and rule.kind == "function" else base
        names = used.setdefault(rule.path, set())
        name = free_name(wanted, RESERVED | names)
        names.add(name)
        places[rule.id] = Place(rule.path, name)
    return places
