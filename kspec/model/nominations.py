"""Knows which pods the scheduler has promised a node once others have left, and keeps them the place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kspec.model.objects import Key, Object, name_of
from kspec.model.placement import NO_PODS, Judge, NodePods, Verdict

Respects = Callable[[Object, Object], bool]
"""Must the first pod leave the second the place that it was promised?"""


class Nominations:
    """Pods by key, each with the node that it was promised."""

    def __init__(self, respects: Respects) -> None:
        self._respects = respects
        self._promised: dict[Key, tuple[str, Object]] = {}

    def forget(self, key: Key) -> None:
        self._promised.pop(key, None)

    def forget_all(self) -> None:
        self._promised.clear()

    def promise(self, key: Key, node: str, pod: Object) -> None:
        """What less important pods were promised there is void."""
        for other, (where, its) in [*self._promised.items()]:
            if where == node and not self._respects(pod, its):
                self.forget(other)
        self._promised[key] = (node, pod)

    def node_of(self, key: Key) -> str:
        return self._promised.get(key, ("", {}))[0]

    def with_promised(self, key: Key, pod: Object, placed: Mapping[str, NodePods]) -> Mapping[str, NodePods]:
        """The pods on each node, with those to come that this pod must respect."""
        coming: dict[str, list[Object]] = {}
        for other, (node, its) in sorted(self._promised.items()):
            if other != key and self._respects(pod, its):
                coming.setdefault(node, []).append(its)
        if not coming:
            return placed
        full = {node: NodePods((*placed.get(node, NO_PODS).pods, *its)) for node, its in coming.items()}
        return {**placed, **full}

    def state(self) -> object:
        return tuple(sorted((key, node) for key, (node, _) in self._promised.items()))


def refused_for_others(
    judge: Judge,
    pod: Object,
    nodes: Sequence[Object],
    placed: Mapping[str, NodePods],
    full: Mapping[str, NodePods],
) -> dict[str, Verdict]:
    """The nodes that would not fit if the pods that are to come were there already."""
    if full is placed:
        return {}
    infos: list[Object] = [{"node": n, "pods": full.get(name_of(n), NO_PODS).pods} for n in nodes]
    given = judge.given(pod, infos)
    found = {}
    for info in infos:
        name = name_of(info["node"])
        if full.get(name) is not placed.get(name):
            verdict = judge.verdict_on(info["node"], info["pods"], given)
            if not verdict.fits:
                found[name] = verdict
    return found
