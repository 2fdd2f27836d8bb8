"""Knows a question of placement as facts: classes of like pods, nodes, and what the rules demand of both.

Pods are alike when the rules demand the same of them, and of others with them, everywhere; so are nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kspec.model.objects import Object, canonical, metadata, name_of
from kspec.verify.placement.demands import Demands, Spreading, label_of


@dataclass(frozen=True, slots=True)
class PodClass:
    """Pods of which the rules demand the same. `name` is for people and for the solver."""

    name: str
    pods: tuple[Object, ...]
    amounts: dict[str, int]
    company: tuple[str, ...]
    goes: bool

    @property
    def sample(self) -> Object:
        return self.pods[0]


@dataclass(frozen=True, slots=True)
class Evenness:
    """Classes that must be spread by one and the same constraint: which pods it counts, over which nodes."""

    spreading: Spreading
    members: tuple[int, ...]
    counted: tuple[int, ...]
    staying: tuple[int, ...]
    covered: frozenset[int]


@dataclass(frozen=True, slots=True)
class Problem:
    """`refused[c][n]`: which filter keeps class c from node n, "" if none. `room[n]`: what is left beside the
    pods that stay. `apart`: pairs of classes with label and filter. `near[c]`: classes that are company for
    class c. `staying`: pods that do not move, with the node that they are on; `pinned` are those of them that
    wait too, but can be nowhere else. `unseen`: pods with what no filter looks at; `claims`: pods whose
    volumes are claimed.
    """

    nodes: tuple[Object, ...]
    classes: tuple[PodClass, ...]
    refused: tuple[tuple[str, ...], ...]
    room: tuple[dict[str, int], ...]
    apart: tuple[tuple[int, int, str, str], ...] = ()
    near: tuple[frozenset[int], ...] = ()
    near_staying: tuple[frozenset[int], ...] = ()
    evenness: tuple[Evenness, ...] = ()
    staying: tuple[tuple[Object, int], ...] = ()
    pinned: tuple[tuple[Object, int], ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def pods(self) -> int:
        """How many want a node."""
        return sum(len(c.pods) for c in self.classes) + len(self.pinned)

    def domains(self, key: str) -> list[str | None]:
        """The domain of each node by a label; "" is the node itself, and `*` all nodes together."""
        if not key:
            return [str(at) for at in range(len(self.nodes))]
        return [label_of(node, key) for node in self.nodes]

    def keys(self) -> tuple[str, ...]:
        """The labels that matter to where pods are together."""
        found = [key for _, _, key, _ in self.apart]
        found += [key for c in self.classes for key in c.company]
        found += [e.spreading.key for e in self.evenness]
        return tuple(dict.fromkeys(found))

    def is_per_node(self, key: str) -> bool:
        """Is each domain of this label a single node?"""
        known = [d for d in self.domains(key) if d is not None]
        return len(set(known)) == len(known)

    def without(self, lost: frozenset[int]) -> Problem:
        """The same with fewer nodes. Pods that are for one node only go with it."""
        kept = [n for n in range(len(self.nodes)) if n not in lost]
        place = {n: at for at, n in enumerate(kept)}
        gone = [_goes(self, c, lost) for c in range(len(self.classes))]
        classes = tuple(
            replace(c, pods=c.pods[: len(c.pods) - g]) for c, g in zip(self.classes, gone, strict=True)
        )
        return replace(
            self,
            nodes=tuple(self.nodes[n] for n in kept),
            classes=classes,
            refused=tuple(tuple(row[n] for n in kept) for row in self.refused),
            room=tuple(self.room[n] for n in kept),
            near_staying=tuple(frozenset(place[n] for n in s if n in place) for s in self.near_staying),
            evenness=tuple(_fewer(e, self, place) for e in self.evenness),
            staying=tuple((pod, place[n]) for pod, n in self.staying if n in place),
            pinned=tuple((pod, place[n]) for pod, n in self.pinned if n in place),
        )


def _goes(problem: Problem, c: int, lost: frozenset[int]) -> int:
    """How many pods of a class go with the lost nodes: all, if they could be nowhere else."""
    if not problem.classes[c].goes:
        return 0
    places = {n for n, why in enumerate(problem.refused[c]) if not why}
    return len(problem.classes[c].pods) if places and places <= lost else 0


def _fewer(evenness: Evenness, problem: Problem, place: dict[int, int]) -> Evenness:
    staying = tuple(at for at in evenness.staying if problem.staying[at][1] in place)
    renumbered = {
        old: new for new, old in enumerate(at for at, (_, n) in enumerate(problem.staying) if n in place)
    }
    return replace(
        evenness,
        staying=tuple(renumbered[at] for at in staying),
        covered=frozenset(place[n] for n in evenness.covered if n in place),
    )


# ---------------------------------------------------------------- making one


def problem_of(
    demands: Demands,
    nodes: Sequence[Object],
    free: Sequence[Object],
    staying: Sequence[tuple[Object, str]] = (),
    origin: Callable[[Object], str] | None = None,
    pin: bool = True,
    merge: bool = True,
) -> Problem:
    """The facts about these pods: `free` ones want a node, `staying` ones have theirs, by name. `origin` says
    what a pod comes from, in the words of a reference. `pin`: a pod that is for one node only counts as being
    there from the beginning. `merge`: classes that no fact tells apart are one.
    """
    made = _Making(demands, nodes, free, staying, origin or origin_of, pin).made()
    return named(merged(made) if merge else made)


class _Making:
    def __init__(
        self,
        demands: Demands,
        nodes: Sequence[Object],
        free: Sequence[Object],
        staying: Sequence[tuple[Object, str]],
        origin: Callable[[Object], str],
        pin: bool,
    ) -> None:
        self.ask = demands
        self.nodes = tuple(nodes)
        at = {name_of(n): i for i, n in enumerate(nodes)}
        self.staying = tuple((pod, at[name]) for pod, name in staying if name in at)
        self.pinned: list[tuple[Object, int]] = []
        self.groups = [g for g in grouped(free) if not (pin and self._pins(g))]
        self.samples = [g[0] for g in self.groups]
        self.origin = origin

    def _pins(self, group: Sequence[Object]) -> bool:
        """Puts a pod that is for one node only there, if nothing that stays is in the way."""
        pod = group[0]
        if len(group) > 1 or not self.ask.call("goesWithItsNode", pod) or self.ask.company(pod):
            return False
        places = [n for n, node in enumerate(self.nodes) if not self.ask.refuses(pod, node)]
        amounts = self.ask.amounts(pod)
        if len(places) != 1 or self.ask.spreadings(pod):
            return False
        room = self._room(sorted(amounts), places)[0]
        crowded = any(room[r] < a for r, a in amounts.items())
        if crowded or any(self.ask.keeps_out(pod, other) for other, _ in self.staying):
            return False
        self.pinned.append((pod, places[0]))
        self.staying = (*self.staying, (pod, places[0]))
        return True

    def made(self) -> Problem:
        amounts = [self.ask.amounts(p) for p in self.samples]
        resources = sorted({r for a in amounts for r in a})
        company = [self.ask.company(p) for p in self.samples]
        count = range(len(self.samples))
        near = [
            frozenset(
                d for d in count if company[c] and self.ask.is_company(self.samples[c], self.samples[d])
            )
            for c in count
        ]
        near_staying = [
            frozenset(
                n for pod, n in self.staying if company[c] and self.ask.is_company(self.samples[c], pod)
            )
            for c in count
        ]
        classes = [
            PodClass(self.origin(g[0]), tuple(g), a, k, bool(self.ask.call("goesWithItsNode", g[0])))
            for g, a, k in zip(self.groups, amounts, company, strict=True)
        ]
        return Problem(
            self.nodes,
            tuple(classes),
            self._refused(),
            tuple(self._room(resources)),
            self._apart(),
            tuple(near),
            tuple(near_staying),
            self._evenness(),
            self.staying,
            tuple(self.pinned),
            self._unseen(),
            self._claims(),
        )

    def _refused(self) -> tuple[tuple[str, ...], ...]:
        rows = [[self.ask.refuses(pod, node) for node in self.nodes] for pod in self.samples]
        for pod, where in self.staying:
            for c, sample in enumerate(self.samples):
                for key, plugin in self.ask.keeps_out(sample, pod):
                    for n in self._beside(where, key):
                        rows[c][n] = rows[c][n] or plugin
        return tuple(tuple(row) for row in rows)

    def _beside(self, where: int, key: str) -> list[int]:
        """The nodes in the domain of this one."""
        if not key:
            return [where]
        value = label_of(self.nodes[where], key)
        return [n for n, node in enumerate(self.nodes) if value is not None and label_of(node, key) == value]

    def _room(self, resources: Sequence[str], nodes: Sequence[int] | None = None) -> list[dict[str, int]]:
        """What is left on these nodes beside the pods that stay."""
        wanted = range(len(self.nodes)) if nodes is None else nodes
        room = {n: {r: self.ask.offered(self.nodes[n], r) for r in resources} for n in wanted}
        for pod, where in self.staying:
            if where in room:
                for resource, amount in self.ask.taken(pod).items():
                    if resource in room[where]:
                        room[where][resource] -= amount
        return [room[n] for n in wanted]

    def _apart(self) -> tuple[tuple[int, int, str, str], ...]:
        found = []
        for a, one in enumerate(self.samples):
            for b in range(a, len(self.samples)):
                found += [(a, b, key, plugin) for key, plugin in self.ask.separations(one, self.samples[b])]
        return tuple(found)

    def _evenness(self) -> tuple[Evenness, ...]:
        """Classes with the same constraint are taken together."""
        found: dict[object, Evenness] = {}
        for c, pod in enumerate(self.samples):
            for s in self.ask.spreadings(pod):
                counts = tuple(
                    d for d, o in enumerate(self.samples) if self.ask.spreading_counts(pod, s.index, o)
                )
                if c not in counts:
                    continue  # what does not count itself limits nothing in the end
                stay = tuple(
                    i for i, (o, _) in enumerate(self.staying) if self.ask.spreading_counts(pod, s.index, o)
                )
                covered = frozenset(
                    n for n, node in enumerate(self.nodes) if self.ask.spreading_covers(pod, s.index, node)
                )
                key = (s.key, s.most, s.domains, counts, stay, covered)
                same = found.get(key)
                members = (*same.members, c) if same else (c,)
                found[key] = Evenness(s, members, counts, stay, covered)
        return tuple(found.values())

    def _unseen(self) -> tuple[tuple[str, str], ...]:
        """What no filter looks at, by pod."""
        pods = [*self.samples, *(pod for pod, _ in self.pinned)]
        return tuple((shown_pod(p), str(what)) for p in pods for what in self.ask.call("unmodelled", p))

    def _claims(self) -> tuple[str, ...]:
        return tuple(shown_pod(p) for p in self.samples if self.ask.call("hangsOnClaims", p))


def grouped(pods: Sequence[Object]) -> list[list[Object]]:
    """Pods that differ in nothing but their name."""
    groups: dict[object, list[Object]] = {}
    for pod in pods:
        meta = metadata(pod)
        spec = {k: v for k, v in (pod.get("spec") or {}).items() if k not in ("nodeName", "hostname")}
        owners = [
            (o.get("kind"), o.get("name")) for o in meta.get("ownerReferences") or () if o.get("controller")
        ]
        key = canonical([meta.get("namespace", ""), meta.get("labels") or {}, spec, owners])
        groups.setdefault(key, []).append(pod)
    return list(groups.values())


def merged(raw: Problem) -> Problem:
    """Classes between which no fact tells, and that one owner made, become one."""
    apart: dict[int, set[tuple[int, str]]] = {c: set() for c in range(len(raw.classes))}
    for a, b, key, _ in raw.apart:
        apart[a].add((b, key))
        apart[b].add((a, key))
    kinds: list[object] = [
        (k.name, canonical(k.amounts), k.company, k.goes, raw.refused[c], priority_of(k.sample))
        for c, k in enumerate(raw.classes)
    ]
    number = _numbered(kinds)
    while True:
        # What a class means to each kind of class: by what it keeps apart, who is company, who counts whom.
        finer = [
            (
                number[c],
                _sorted_kinds((key, number[b], c == b) for b, key in apart[c]),
                _sorted_kinds((number[d], c == d) for d in raw.near[c]),
                _sorted_kinds((number[d], c == d) for d, its in enumerate(raw.near) if c in its),
                _sorted_kinds((at, c in e.members, c in e.counted) for at, e in enumerate(raw.evenness)),
                tuple(sorted(raw.near_staying[c])),
            )
            for c in range(len(raw.classes))
        ]
        again = _numbered(finer)
        if len(set(again)) == len(set(number)):
            return _joined(raw, again)
        number = again


def _sorted_kinds(found: Any) -> tuple[object, ...]:
    return tuple(sorted(found, key=repr))


def _numbered(kinds: Sequence[object]) -> list[int]:
    seen: dict[object, int] = {}
    return [seen.setdefault(k, len(seen)) for k in kinds]


def _joined(raw: Problem, number: Sequence[int]) -> Problem:
    """One class for each number: only if being alike to one another is the same as being alike to itself."""
    first: dict[int, int] = {}
    for c, n in enumerate(number):
        first.setdefault(n, c)
    firsts = list(first.values())
    pairs = {(a, b, key) for a, b, key, _ in raw.apart} | {(b, a, key) for a, b, key, _ in raw.apart}
    keys = {key for _, _, key in pairs}
    whole = {n: [c for c, m in enumerate(number) if m == n] for n in first}
    for its in whole.values():
        if len(its) > 1 and not _uniform(its, pairs, keys, raw.near):
            return raw
    place = {n: at for at, n in enumerate(first)}

    def renumber(found: Any) -> tuple[int, ...]:
        return tuple(dict.fromkeys(place[number[c]] for c in found))

    apart = {}
    for a, b, key, plugin in raw.apart:
        low, high = sorted((place[number[a]], place[number[b]]))
        apart[low, high, key] = plugin
    return replace(
        raw,
        classes=tuple(
            replace(raw.classes[c], pods=tuple(p for d in whole[number[c]] for p in raw.classes[d].pods))
            for c in firsts
        ),
        refused=tuple(raw.refused[c] for c in firsts),
        apart=tuple((a, b, key, plugin) for (a, b, key), plugin in sorted(apart.items())),
        near=tuple(frozenset(renumber(raw.near[c])) for c in firsts),
        near_staying=tuple(raw.near_staying[c] for c in firsts),
        evenness=tuple(
            replace(e, members=renumber(e.members), counted=renumber(e.counted)) for e in raw.evenness
        ),
    )


def _uniform(
    its: Sequence[int],
    pairs: set[tuple[int, int, str]],
    keys: set[str],
    near: Sequence[frozenset[int]],
) -> bool:
    """Does each of these mean to each other what it means to itself?"""
    for key in keys:
        if len({(a, b, key) in pairs for a in its for b in its}) > 1:
            return False
    return len({b in near[a] for a in its for b in its}) <= 1


# ---------------------------------------------------------------- names


def origin_of(pod: Object) -> str:
    """What made the pod, or itself."""
    meta = metadata(pod)
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner.get('kind', '')}/{meta.get('namespace', '')}/{owner.get('name', '')}".lower()
    return f"pod/{shown_pod(pod)}"


def priority_of(pod: Object) -> int:
    return int((pod.get("spec") or {}).get("priority") or 0)


def shown_pod(pod: Object) -> str:
    meta = metadata(pod)
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}"


def named(problem: Problem) -> Problem:
    """Classes that come from one thing are numbered."""
    names = [c.name for c in problem.classes]
    made, seen = [], dict[str, int]()
    for c in problem.classes:
        seen[c.name] = seen.get(c.name, 0) + 1
        several = names.count(c.name) > 1
        made.append(replace(c, name=f"{c.name}#{seen[c.name]}" if several else c.name))
    return replace(problem, classes=tuple(made))
