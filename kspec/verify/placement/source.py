"""Knows a cluster as questions about placement see it: its nodes, the pods that want one, those that stay;
and
the facts about it with some nodes lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations_with_replacement

from kspec.model.cluster import ClusterSource
from kspec.model.objects import Object, canonical, metadata, name_of
from kspec.model.placement import Judge
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet
from kspec.verify.placement.demands import Demands, label_of
from kspec.verify.placement.encode import like_nodes
from kspec.verify.placement.making import problem_of
from kspec.verify.placement.problem import Problem, origin_of
from kspec.verify.placement.replay import Judges, unbound
from kspec.verify.placement.words import Naming

Pending = Callable[[frozenset[str]], "Sequence[str] | None"]
"""Which pods the model leaves without a node once these nodes are gone; None if there was no time to see."""


@dataclass(frozen=True)
class Source:
    """`free` pods want a node, `staying` ones keep theirs (by name) while it is there."""

    rules: RuleSet
    profiles: tuple[Profile, ...]
    cluster: ClusterSource
    nodes: tuple[Object, ...]
    free: tuple[Object, ...]
    staying: tuple[tuple[Object, str], ...] = ()
    origin: Callable[[Object], str] = origin_of
    place: Callable[[Object, str], str] = field(default=lambda pod, plugin: "")
    pending: Pending = field(default=lambda lost: None)

    @cached_property
    def demands(self) -> Demands:
        return Demands(self.profiles, self.rules, self.cluster)

    def judges(self) -> Judges:
        """Judges that remember nothing yet."""
        made = {p.scheduler: Judge(p, self.rules, self.cluster) for p in self.profiles}
        return lambda pod: made[self.demands.scheduler(pod)]

    @cached_property
    def naming(self) -> Naming:
        def amount(resource: str, count: int) -> str:
            return str(self.demands.call("shownAmount", resource, count))

        return Naming(self.place, amount)

    @cached_property
    def whole(self) -> Problem:
        """The facts with all nodes there."""
        return problem_of(self.demands, self.nodes, self.free, self.staying, self.origin)

    def without(self, lost: frozenset[int]) -> Problem:
        """The facts with these nodes, by index, gone. Pods that stayed there want a node again."""
        names = {name_of(self.nodes[n]) for n in lost}
        again = [pod for pod, name in self.staying if name in names]
        if not again:
            return self.whole.without(lost)
        nodes = [node for n, node in enumerate(self.nodes) if n not in lost]
        freed = [unbound(pod) for pod in again if not self.demands.call("goesWithItsNode", pod)]
        staying = [(pod, name) for pod, name in self.staying if name not in names]
        free = [p for p in self.free if not self._goes_with(p, lost)]
        return problem_of(self.demands, nodes, [*free, *freed], staying, self.origin)

    def _goes_with(self, pod: Object, lost: frozenset[int]) -> bool:
        if not self.demands.call("goesWithItsNode", pod):
            return False
        places = {n for n, node in enumerate(self.nodes) if not self.demands.refuses(pod, node)}
        return bool(places) and places <= lost

    # ------------------------------------------------------------ losses

    def losses(self, most: int, among: frozenset[int] | None = None) -> Iterator[frozenset[int]]:
        """Of every loss of one node, two, and so on, one for each that differs in a fact."""
        kinds = [[n for n in its if among is None or n in among] for its in self._kinds()]
        kinds = [its for its in kinds if its]
        for count in range(1, most + 1):
            for chosen in combinations_with_replacement(range(len(kinds)), count):
                if all(chosen.count(k) <= len(kinds[k]) for k in chosen):
                    taken = [kinds[k][-1 - i] for k in sorted(set(chosen)) for i in range(chosen.count(k))]
                    yield frozenset(taken)

    def _kinds(self) -> list[list[int]]:
        """Nodes that are alike, also in the pods that stay on them."""
        stay: dict[str, list[str]] = {}
        for pod, name in self.staying:
            stay.setdefault(name, []).append(repr(_shape(pod)))
        found: dict[object, list[int]] = {}
        for cell in like_nodes(self.whole):
            for n in cell.nodes:
                look = (cell.kind, tuple(sorted(stay.get(name_of(self.nodes[n]), ()))))
                found.setdefault(look, []).append(n)
        return list(found.values())

    def domains(self, key: str) -> dict[str, frozenset[int]]:
        """The nodes of each value of a label."""
        found: dict[str, set[int]] = {}
        for n, node in enumerate(self.nodes):
            value = label_of(node, key)
            if value is not None:
                found.setdefault(value, set()).add(n)
        return {value: frozenset(its) for value, its in sorted(found.items())}


def _shape(pod: Object) -> object:
    meta, spec = metadata(pod), dict(pod.get("spec") or {})
    return canonical([meta.get("namespace", ""), meta.get("labels") or {}, {**spec, "nodeName": ""}])
