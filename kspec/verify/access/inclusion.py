"""Knows whether one list of rules allows all that another allows, for every request that could exist.

A rule is a box: verbs by API groups by resources by names, or verbs by paths. Of each of them only those
matter that a rule mentions, and one that none does; so boxes are made of finitely many cells, and one list
includes another when nothing is left of its boxes once those of the other are taken away. What is left is a
request, which is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from kspec.source import InternalError
from kspec.verify.access.edges import call

Rule = Mapping[str, Any]
Box = tuple[int, ...]
Request = dict[str, Any]
FRESH = "other"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is known of two lists of rules: what the second allows and the first does not (None: nothing), and
    the rights that RBAC's own check, which goes by what is written, does not find covered.
    """

    beyond: Request | None
    uncovered: tuple[Rule, ...]

    @property
    def differ(self) -> bool:
        """Included in meaning, and yet the API server would refuse to hand it out."""
        return self.beyond is None and bool(self.uncovered)


def compare(owner: Sequence[Rule], servant: Sequence[Rule], paths: bool = True) -> Verdicts:
    """Both verdicts on whether the owner's rules include the servant's."""
    return Verdicts(beyond(owner, servant, paths), tuple(call("uncovered")(list(owner), list(servant))))


def includes(owner: Sequence[Rule], servant: Sequence[Rule], paths: bool = True) -> bool:
    return beyond(owner, servant, paths) is None


def beyond(owner: Sequence[Rule], servant: Sequence[Rule], paths: bool = True) -> Request | None:
    """A request that the servant's rules allow and the owner's do not; None if there is none.

    `paths`: whether paths count, which no binding in a namespace grants.
    """
    cells = _Cells([*owner, *servant])
    sorts = (cells.resources, cells.urls) if paths else (cells.resources,)
    for box_of, request_of in sorts:
        mine = [b for b in map(box_of, owner) if all(b)]
        for rule in servant:
            left = _left([b for b in (box_of(rule),) if all(b)], mine)
            found = next((r for r in map(request_of, left) if r is not None), None)
            if found is not None:
                return _replayed(found, owner, rule)
    return None


def _left(boxes: list[Box], taken: Iterable[Box]) -> list[Box]:
    """What is left of some boxes without others."""
    for other in taken:
        if not boxes:
            break
        boxes = [piece for box in boxes for piece in _without(box, other)]
    return boxes


def _without(box: Box, other: Box) -> Iterable[Box]:
    """The pieces of a box outside of another: one for each side that sticks out."""
    if not all(a & b for a, b in zip(box, other, strict=True)):
        return [box]
    pieces = []
    for side, (a, b) in enumerate(zip(box, other, strict=True)):
        if a & ~b:
            pieces.append(
                (*(x & y for x, y in zip(box[:side], other[:side], strict=True)), a & ~b, *box[side + 1 :])
            )
    return pieces


def _replayed(request: Request, owner: Sequence[Rule], rule: Rule) -> Request:
    allows = call("ruleAllows")
    if not allows(rule, request) or any(allows(o, request) for o in owner):
        raise InternalError(f"the rules decide {request!r} otherwise than its cell")
    return request


class _Cells:
    """The words that tell apart what some rules say; the one that none mentions comes last."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.verbs = _words(rules, "verbs")
        self.groups = _words(rules, "apiGroups")
        listed = dict.fromkeys(n for r in rules for n in r.get("resourceNames") or ())
        self.names = [*listed, _fresh(" ".join(listed)) if "" in listed else ""]
        entries = dict.fromkeys(e for r in rules for e in r.get("resources") or ())
        fresh = _fresh(" ".join(entries))
        parts = [e.partition("/") for e in entries]
        subresources = dict.fromkeys(sub for _, slash, sub in parts if slash)
        exact = [(r, sub) for r, _, sub in parts]
        self.parts = list(
            dict.fromkeys([*exact, (fresh, ""), (fresh, fresh), *((fresh, s) for s in subresources)])
        )
        paths = dict.fromkeys(u for r in rules for u in r.get("nonResourceURLs") or ())
        strip = call("withoutStars")
        self.paths = list(
            dict.fromkeys(
                [f"/{fresh}", *(strip(u) for u in paths), *(strip(u) + "\x7f" for u in paths), *paths]
            )
        )
        self._entry: dict[str, int] = {}

    @property
    def resources(self) -> tuple[Callable[[Rule], Box], Callable[[Box], Request | None]]:
        return self._resource_box, self._resource_request

    @property
    def urls(self) -> tuple[Callable[[Rule], Box], Callable[[Box], Request | None]]:
        return self._url_box, self._url_request

    def _resource_box(self, rule: Rule) -> Box:
        resources = 0
        for entry in rule.get("resources") or ():
            resources |= self._entry_cells(entry)
        return (
            _cells(call("verbMatches"), rule, self.verbs),
            _cells(call("groupMatches"), rule, self.groups),
            resources,
            _cells(call("nameMatches"), rule, self.names),
        )

    def _entry_cells(self, entry: str) -> int:
        found = self._entry.get(entry)
        if found is None:
            matches, rule, found = call("resourceMatches"), {"resources": [entry]}, 0
            for place, (resource, subresource) in enumerate(self.parts):
                if matches(rule, resource, subresource):
                    found |= 1 << place
            self._entry[entry] = found
        return found

    def _resource_request(self, box: Box) -> Request | None:
        """A request of a box; None if none could be made: to create in a collection is to name nothing."""
        verbs, groups, places, names = box
        name_sent = call("requestedName")
        for verb, place in product(_all(verbs), _all(places)):
            resource, subresource = self.parts[place]
            for name in map(self.names.__getitem__, _all(names)):
                if name_sent(self.verbs[verb], subresource, name, "") == name:
                    made = {
                        "resourceRequest": True,
                        "verb": self.verbs[verb],
                        "apiGroup": self.groups[_first(groups)],
                        "resource": resource,
                        "subresource": subresource,
                        "name": name,
                    }
                    return {key: value for key, value in made.items() if value != ""}
        return None

    def _url_box(self, rule: Rule) -> Box:
        return _cells(call("verbMatches"), rule, self.verbs), _cells(call("pathMatches"), rule, self.paths)

    def _url_request(self, box: Box) -> Request:
        verb, path = (_first(side) for side in box)
        return {"resourceRequest": False, "verb": self.verbs[verb], "path": self.paths[path]}


def _words(rules: Sequence[Rule], field: str) -> list[str]:
    said = dict.fromkeys(w for r in rules for w in r.get(field) or ())
    return [*said, _fresh(" ".join(said))]


def _fresh(said: str) -> str:
    """A word that occurs in none of those that were said."""
    word = FRESH
    while word in said:
        word += "-one"
    return word


def _cells(matches: Callable[[Rule, str], bool], rule: Rule, words: Sequence[str]) -> int:
    found = 0
    for place, word in enumerate(words):
        if matches(rule, word):
            found |= 1 << place
    return found


def _all(side: int) -> Iterator[int]:
    return (place for place in range(side.bit_length()) if side >> place & 1)


def _first(side: int) -> int:
    return (side & -side).bit_length() - 1
