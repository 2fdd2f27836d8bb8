"""Knows how names of rules and of their values become names in emitted Python, for every back end alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kspec.ir.nodes import Rule


@dataclass(frozen=True, slots=True)
class Place:
    """Where the function of a rule is: the module below the generated package, slashes between, and its name
    there.
    """

    module: str
    name: str


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name if it is free, else with an underscore, else with a number behind it."""
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


def places_of(
    rules: Iterable[Rule], reserved: Collection[str], taken: Mapping[str, Collection[str]] | None = None
) -> dict[str, Place]:
    """The place of each rule, by id. Functions keep their name; other kinds have theirs in front of it.
    `taken` are names that a module has already.
    """
    places: dict[str, Place] = {}
    used: dict[str, set[str]] = {module: set(names) for module, names in (taken or {}).items()}
    for rule in rules:
        base = identifier(rule.name if rule.kind == "function" else f"{rule.kind}_{rule.name}")
        number = rule.id.partition("#")[2]
        wanted = f"{base}_{number}" if number and rule.kind == "function" else base
        names = used.setdefault(rule.path, set())
        name = free_name(wanted, names.union(reserved))
        names.add(name)
        places[rule.id] = Place(rule.path, name)
    return places
