"""Knows a question of placement as facts: classes of like pods, nodes, and what the rules demand of both.

Pods are alike when the rules demand the same of them, and of others with them, everywhere; so are nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kspec.model.objects import Object, metadata
from kspec.verify.placement.demands import Spreading, label_of


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

    def labels(self) -> tuple[str, ...]:
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
