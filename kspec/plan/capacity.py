"""Knows how many more pods like one would fit, and what keeps out the next.

Where a pod does not mind what runs on other nodes, each node is filled by itself, and no placement holds
more. Where it does (spreading, affinity, claims), copies are placed one after another as the scheduler would,
and another placement might hold more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.model.objects import Object, metadata, name_of
from kspec.model.place import Place, kind_of, kinds_of_nodes
from kspec.model.placement import NO_PODS, Judge, NodePods, Verdict

COPIES_MAX = 100_000
NAMES_MAX = 3
"""More copies than these are not looked for."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many more one node takes, and why no further one: the first filter to refuse it, in its words."""

    node: str
    more: int
    plugin: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Nodes that differ by name alone. `used`: of each resource that the pod asks for, percent in the end."""

    nodes: tuple[Room, ...]
    used: Mapping[str, int]

    @property
    def more(self) -> int:
        return sum(r.more for r in self.nodes)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many more pods fit. `minding` are the plug-ins for which it matters what runs on other nodes: then
    the number is that of placing them one after another. `cut`: the search was ended at so many; `late`:
    since the time for it was up, so that it is not decided how many fit.
    """

    pod: Object
    pools: tuple[Pool, ...]
    minding: tuple[str, ...] = ()
    cut: int | None = None
    late: bool = False

    @property
    def more(self) -> int:
        return sum(p.more for p in self.pools)

    @property
    def exact(self) -> bool:
        """Does no placement hold more?"""
        return self.cut is None and (not self.minding or not self.more)

    def first(self) -> list[tuple[tuple[str, ...], int]]:
        """What keeps the next pod out, on how many nodes, the most frequent first; nodes that take some come
        before those that take none at all.
        """
        rooms = [r for p in self.pools for r in p.nodes]
        counted = [r for r in rooms if r.more] or rooms
        counts: dict[tuple[str, ...], int] = {}
        for room in counted:
            counts[room.reasons] = counts.get(room.reasons, 0) + 1
        return sorted(counts.items(), key=lambda c: (-c[1], c[0]))


def capacity(
    place: Place,
    pod: Object,
    limit: int = COPIES_MAX,
    is_late: Callable[[], bool] = lambda: False,
) -> Capacity:
    """How many more pods like this one fit; counting ends once it `is_late`."""
    pod = _unplaced(pod)
    judge = place.judge()
    minding = _minding(judge, place, pod)
    filled = _one_by_one if minding else _node_by_node
    rooms, placed, cut = filled(judge, place, pod, limit, is_late)
    asked = [r for r in place.function("askedResources", pod) if place.function("podRequest", pod, r) > 0]
    pools: dict[object, list[Object]] = {}
    for node in place.nodes:
        pools.setdefault(kind_of(place, node), []).append(node)
    made = (
        Pool(tuple(rooms[name_of(n)] for n in its), {r: _used(place, its, placed, r) for r in asked})
        for its in pools.values()
    )
    pools_made = tuple(made)
    counted = sum(pool.more for pool in pools_made)
    late = cut and is_late() and counted < limit
    return Capacity(pod, pools_made, minding, (counted if late else limit) if cut else None, late)


def _unplaced(pod: Object) -> Object:
    """The pod as it was before it had a node."""
    spec = {k: v for k, v in pod["spec"].items() if k != "nodeName"}
    return {**pod, "spec": spec, "status": {}}


def _copy(pod: Object, node: str, number: int) -> Object:
    named = {**metadata(pod), "name": f"{name_of(pod)}-{number}", "uid": f"copy-{number}"}
    return {**pod, "metadata": named, "spec": {**pod["spec"], "nodeName": node}}


def _minding(judge: Judge, place: Place, pod: Object) -> tuple[str, ...]:
    """The filters that have a say of this pod and look further than one node."""
    given = judge.given(pod, _infos(place))
    return tuple(
        plugin.plugin
        for plugin, rule in zip(judge.profile.filters, judge.filters, strict=True)
        if not judge.is_local(rule)
        and (not plugin.when or bool(given.ask(judge.rules.function(plugin.when))))
    )


def _infos(place: Place) -> list[Object]:
    return [{"node": n, "pods": place.pods_on(n)} for n in place.nodes]


Filled = tuple[dict[str, Room], Mapping[str, NodePods], bool]


def _node_by_node(judge: Judge, place: Place, pod: Object, limit: int, is_late: Callable[[], bool]) -> Filled:
    """Each node filled by itself; of nodes that are alike, one."""
    before = {v.node: v for v in judge.judge(pod, place.nodes, place.placed).verdicts}
    given = judge.given(pod, _infos(place))
    rooms: dict[str, Room] = {}
    placed = dict(place.placed)
    cut = False
    for alike in kinds_of_nodes(place):
        node = alike[0]
        pods = list(place.pods_on(node))
        verdict, more = before[name_of(node)], 0
        while verdict.fits and more < limit and not is_late():
            pods.append(_copy(pod, name_of(node), more))
            more += 1
            verdict = judge.verdict_on(node, tuple(pods), given)
        cut = cut or verdict.fits
        for each in alike:
            rooms[name_of(each)] = _room(name_of(each), more, verdict)
            copies = (_copy(pod, name_of(each), i) for i in range(more))
            placed[name_of(each)] = NodePods((*place.pods_on(each), *copies))
    return rooms, placed, cut


def _one_by_one(judge: Judge, place: Place, pod: Object, limit: int, is_late: Callable[[], bool]) -> Filled:
    """One copy after another, each where the scheduler would put it, the first by name of equal nodes."""
    placed = {name: NodePods(its.pods, its.version) for name, its in place.placed.items()}
    counts = dict.fromkeys((name_of(n) for n in place.nodes), 0)
    for number in range(limit):
        if is_late():
            break
        placement = judge.judge(pod, place.nodes, placed)
        best = placement.best()
        if not best:
            verdicts = {v.node: v for v in placement.verdicts}
            return {n: _room(n, more, verdicts[n]) for n, more in counts.items()}, placed, False
        here = placed.get(best[0], NO_PODS)
        placed[best[0]] = NodePods((*here.pods, _copy(pod, best[0], number)), here.version + 1)
        counts[best[0]] += 1
    return {n: Room(n, more, "", ()) for n, more in counts.items()}, placed, True


def _room(node: str, more: int, verdict: Verdict) -> Room:
    return Room(node, more, verdict.plugin, verdict.reasons)


def _used(place: Place, nodes: Sequence[Object], placed: Mapping[str, NodePods], resource: str) -> int:
    """How much of a resource pods ask for in the end, in percent of what these nodes have."""
    whole = sum(int(place.function("offered", n, resource)) for n in nodes)
    taken = sum(
        int(place.function("taken", list(placed.get(name_of(n), NO_PODS).pods), resource)) for n in nodes
    )
    return 100 * taken // whole if whole else 100


def capacity_to_json(found: Capacity, whose: Mapping[str, Any]) -> dict[str, object]:
    """As the schema `capacity` says; `whose` is the owner of the pod, or the pod."""
    return {
        **whose,
        "more": found.more,
        "exact": found.exact,
        "minding": list(found.minding),
        "cutAt": found.cut,
        "timedOut": found.late,
        "runsOut": [{"reasons": list(reasons), "nodes": nodes} for reasons, nodes in found.first()],
        "pools": [
            {
                "more": pool.more,
                "used": dict(pool.used),
                "nodes": [
                    {"name": r.node, "more": r.more, "plugin": r.plugin, "reasons": list(r.reasons)}
                    for r in pool.nodes
                ],
            }
            for pool in found.pools
        ],
    }


def capacity_text(found: Capacity, whose: str) -> list[str]:
    """Totals first; then pool by pool, and what the number means."""
    at_least = "at least " if found.cut is not None else ""
    lines = [f"{whose}: {at_least}{found.more} more fit" if found.more else f"{whose}: no more fit"]
    if found.late:
        lines[0] = f"{whose}: not decided: at least {found.more} more fit, and then time was up (--timeout)"
    nodes = sum(len(p.nodes) for p in found.pools)
    reasons = found.first()
    if reasons and found.cut is None:
        (first, on), *others = reasons
        lines.append(f"  what keeps the next out, on {on} of {nodes} nodes: {_said(first)}")
        lines += [f"  on {many}: {_said(why)}" for why, many in others]
    titles = [_title(p) for p in found.pools]
    width = max((len(t) for t in titles), default=0)
    for pool, title in zip(found.pools, titles, strict=True):
        lines.append(f"    {title:{width}}  {_pool(pool)}")
    if found.minding and found.more:
        minding = ", ".join(found.minding)
        lines.append(
            "  counted by placing one after another as the scheduler would; another placement may hold"
        )
        lines.append(f"  more, since it matters what runs on other nodes ({minding})")
    return lines


def _title(pool: Pool) -> str:
    names = [r.node for r in pool.nodes]
    if len(names) <= NAMES_MAX:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1:,} like it"


def _pool(pool: Pool) -> str:
    counts = sorted(r.more for r in pool.nodes)
    each = ""
    if len(counts) > 1 and counts[-1]:
        each = f" ({counts[0]} each)" if counts[0] == counts[-1] else f" ({counts[0]} to {counts[-1]} each)"
    used = ", ".join(f"{r} {percent}%" for r, percent in pool.used.items())
    reasons = list(dict.fromkeys(r.reasons for r in pool.nodes))
    why = "; ".join(_said(r) for r in reasons[:2] if r)
    return (
        f"{pool.more} more{each}"
        + (f", then {used}" if pool.more and used else "")
        + (f": {why}" if why else "")
    )


def _said(reasons: Sequence[str]) -> str:
    return " and ".join(reasons) or "nothing"
