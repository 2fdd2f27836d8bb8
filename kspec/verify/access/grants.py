"""Knows which of the requests that matter a role's rules allow: asked of the rule once for each cell of verb,
resource and name, not once for each request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from kspec.verify.access.edges import Asked, call

Rule = Mapping[str, Any]
Shape = tuple[str, str, str, str]


class Allowed:
    """Requests by number, as bits; and which of them a list of rules allows in a scope."""

    def __init__(self, requests: Iterable[Asked]) -> None:
        self.allows, self.verb_matches = call("ruleAllows"), call("verbMatches")
        self.any_name: str = call("anyName")()
        self.shapes: dict[str, list[Shape]] = defaultdict(list)
        self.places: dict[Shape, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.named: dict[Shape, dict[str, dict[str, int]]] = {}
        self.whole: dict[Shape, int] = defaultdict(int)
        self._cells: dict[tuple[Any, ...], tuple[tuple[Shape, str | None], ...]] = {}
        for number, request in enumerate(requests):
            self._add(1 << number, request)

    def _add(self, bit: int, request: Asked) -> None:
        shape = (request.verb, request.api_group, request.resource, request.subresource)
        if shape not in self.named:
            self.shapes[request.verb].append(shape)
            self.named[shape] = defaultdict(lambda: defaultdict(int))
        self.whole[shape] |= bit
        self.places[shape][request.namespace] |= bit
        self.named[shape][request.name][request.namespace] |= bit

    def by(self, rules: Iterable[Rule], scope: str) -> int:
        """The requests that these rules allow, held in a namespace, or ("") everywhere."""
        found = 0
        for rule in rules:
            for shape, name in self.cells(rule):
                if name is None:
                    found |= self.places[shape].get(scope, 0) if scope else self.whole[shape]
                else:
                    places = self.named[shape][name]
                    found |= places.get(scope, 0) if scope else _union(places.values())
        return found

    def cells(self, rule: Rule) -> tuple[tuple[Shape, str | None], ...]:
        """The shapes that a rule allows, each for all names (None) or for one that it lists."""
        key = tuple(
            tuple(rule.get(field) or ()) for field in ("verbs", "apiGroups", "resources", "resourceNames")
        )
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = tuple(self._cells_of(rule))
        return found

    def _cells_of(self, rule: Rule) -> Iterable[tuple[Shape, str | None]]:
        listed = rule.get("resourceNames") or ()
        for verb, shapes in self.shapes.items():
            if not self.verb_matches(rule, verb):
                continue
            for shape in shapes:
                if self.allows(rule, _request(shape, self.any_name)):
                    yield shape, None
                    continue
                for name in listed:
                    if name in self.named[shape] and self.allows(rule, _request(shape, name)):
                        yield shape, name


def _request(shape: Shape, name: str) -> dict[str, Any]:
    verb, group, resource, subresource = shape
    return {
        "resourceRequest": True,
        "verb": verb,
        "apiGroup": group,
        "resource": resource,
        "subresource": subresource,
        "name": name,
    }


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
