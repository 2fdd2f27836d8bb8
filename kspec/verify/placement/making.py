"""Knows how the facts of a problem are found: by asking the rules about each kind of pod, pair and node."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kspec.model.objects import Object, canonical, metadata, name_of
from kspec.verify.placement.demands import Demands, label_of
from kspec.verify.placement.merging import merged
from kspec.verify.placement.problem import Evenness, PodClass, Problem, named, origin_of, shown_pod


def problem_of(
    demands: Demands,
    nodes: Sequence[Object],
    free: Sequence[Object],
    staying: Sequence[tuple[Object, str]] = (),
    origin: Callable[[Object], str] | None = None,
    pin: bool = True,
    merge: bool = True,
) -> Problem:
    """The facts about these pods: `free` ones want a node, `staying` ones have theirs. `origin` says
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
        groups = grouped(free)
        self.groups = [g for g in groups if not (pin and self._pins(g, groups))]
        self.samples = [g[0] for g in self.groups]
        self.origin = origin

    def _pins(self, group: Sequence[Object], groups: Sequence[Sequence[Object]]) -> bool:
        """Puts a pod that is for one node only there, if nothing that stays is in the way, and if it matters
        to no other when it comes.
        """
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
        if any(self._minds_when(other[0], pod) for other in groups):
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
        near_staying = [self._company_staying(p, keys) for p, keys in zip(self.samples, company, strict=True)]
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

    def _minds_when(self, other: Object, pod: Object) -> bool:
        """May it matter to another whether this pod is there before it or comes after it?"""
        if self.ask.company(other) and self.ask.is_company(other, pod):
            return True
        spreadings = self.ask.spreadings(other)
        return any(self.ask.spreading_counts(other, s.index, pod) for s in spreadings)

    def _company_staying(self, pod: Object, keys: Sequence[str]) -> frozenset[int]:
        """Where company stays. On a node that has none of the labels it is company to nobody."""
        return frozenset(
            n
            for other, n in self.staying
            if any(label_of(self.nodes[n], key) is not None for key in keys)
            and self.ask.is_company(pod, other)
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
