"""Knows how every order of arrival and every tie-break is tried on the filters and scores, as far as a bound.

A state is which pods are on which node. Pods that differ in nothing but their names are alike; so are nodes
that differ in nothing but theirs, if no pod names one. From each state every kind of pod that waits may come
next, and each of the best nodes may be taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kspec.model.clock import Clock
from kspec.model.objects import Object, canonical, metadata, name_of
from kspec.model.placement import NodePods
from kspec.model.preemption import Candidate, Preemption
from kspec.model.rng import Rng
from kspec.verify.placement.making import grouped
from kspec.verify.placement.problem import priority_of, shown_pod
from kspec.verify.placement.replay import Judges, bound
from kspec.verify.placement.source import Source

STATES_MAX = 20_000
RANDOM_RUNS = 30
SEED = 1

State = tuple[tuple[tuple[int, str], ...], ...]
"""Of each node, the pods on it: their kind and name, in order."""


@dataclass(frozen=True, slots=True)
class Move:
    """A pod gets a node; `victims` were pushed out for it. Of the best nodes it was one of `ties`."""

    kind: int
    pod: str
    node: int
    ties: int
    victims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A state, how it came about, which kinds wait, and whether none of them can go anywhere."""

    state: State
    moves: tuple[Move, ...]
    waiting: Mapping[int, int]
    at_rest: bool


Wrong = Callable[[Seen], str]
"""What is wrong in a state, or about the last move to it; "" if nothing."""


@dataclass(frozen=True, slots=True)
class Explored:
    """A run to what is wrong; or none, and whether all were looked at. `pushed`: pods were pushed out."""

    moves: tuple[Move, ...]
    wrong: str
    complete: bool
    states: int
    pushed: bool


class Explorer:
    """The runs of one cluster."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.judges: Judges = source.judges()
        self.kinds = grouped(source.free)
        self.nodes = source.nodes
        self._pods = {shown_pod(p): p for its in self.kinds for p in its}
        self._alike = self._alike_nodes()
        self._versions: dict[object, NodePods] = {}
        self._stay = [
            tuple(pod for pod, where in source.staying if where == name_of(node)) for node in self.nodes
        ]
        self._now = Clock().now
        self.pushed = False

    def start(self) -> State:
        return tuple(() for _ in self.nodes)

    # ------------------------------------------------------------ one step

    def waiting(self, state: State) -> dict[int, list[str]]:
        """The pods that have no node, by kind."""
        placed = {name for its in state for _, name in its}
        found = {
            k: [shown_pod(p) for p in its if shown_pod(p) not in placed] for k, its in enumerate(self.kinds)
        }
        return {k: names for k, names in found.items() if names}

    def moves(self, state: State, kind: int, name: str) -> list[Move]:
        """What may become of this pod now; nothing, if it fits nowhere and nobody makes way."""
        pod = self._pods[name]
        judge = self.judges(pod)
        placed = {name_of(node): self._on(state, n) for n, node in enumerate(self.nodes)}
        placement = judge.judge(pod, self.nodes, placed)
        at = {name_of(node): n for n, node in enumerate(self.nodes)}
        best = placement.best()
        if best:
            return [Move(kind, name, at[node], len(best)) for node in best]
        if not judge.profile.preempts or not self._has_lesser(state, pod):
            return []
        attempt = Preemption(judge).attempt(pod, placement, self.nodes, placed, self._now)
        return [self._push(kind, name, at, c, len(attempt.best)) for c in attempt.best if c.victims]

    def _push(self, kind: int, name: str, at: Mapping[str, int], found: Candidate, ties: int) -> Move:
        self.pushed = True
        return Move(kind, name, at[found.node], ties, tuple(shown_pod(v) for v in found.victims))

    def _has_lesser(self, state: State, pod: Object) -> bool:
        there = [self._pods[name] for its in state for _, name in its] + [
            p for its in self._stay for p in its
        ]
        return any(priority_of(p) < priority_of(pod) for p in there)

    def after(self, state: State, move: Move) -> State:
        gone = set(move.victims)
        kept = [tuple(p for p in its if p[1] not in gone) for its in state]
        kept[move.node] = tuple(sorted((*kept[move.node], (move.kind, move.pod))))
        return tuple(kept)

    def _on(self, state: State, n: int) -> NodePods:
        """The pods on a node; the same for the same, so that what a judge found of them is known again."""
        key = (n, state[n])
        found = self._versions.get(key)
        if found is None:
            its = tuple(bound(self._pods[name], name_of(self.nodes[n])) for _, name in state[n])
            found = self._versions[key] = NodePods((*self._stay[n], *its), len(self._versions) + 1)
        return found

    # ------------------------------------------------------------ runs

    def random(
        self, wrong: Wrong, deadline: float, about: frozenset[int], runs: int = RANDOM_RUNS
    ) -> Explored | None:
        """Some runs by chance; the first that goes wrong. In the first one the kinds that it is about come
        first, in the second they come last.
        """
        rng, seen = Rng(SEED), 0
        for run in range(runs):
            early = (about, frozenset(range(len(self.kinds))) - about, frozenset[int]())[min(run, 2)]
            state, moves = self.start(), list[Move]()
            while time.monotonic() < deadline:
                found, at_rest = self._drawn(state, rng, early)
                seen += 1
                counts = {k: len(names) for k, names in self.waiting(state).items()}
                text = wrong(Seen(state, tuple(moves), counts, at_rest))
                if text:
                    return Explored(tuple(moves), text, False, seen, self.pushed)
                if found is None or len(moves) > 4 * len(self._pods):
                    break
                moves.append(found)
                state = self.after(state, found)
        return None

    def _drawn(self, state: State, rng: Rng, early: frozenset[int]) -> tuple[Move | None, bool]:
        """A move by chance, of these kinds if they wait; kinds that fit nowhere are passed over."""
        waiting = self.waiting(state)
        left = [*waiting]
        while left:
            first = [k for k in left if k in early] or left
            kind = first[rng.below(len(first))]
            left.remove(kind)
            moves = self.moves(state, kind, waiting[kind][0])
            if moves:
                return moves[rng.below(len(moves))], False
        return None, True

    def all(self, wrong: Wrong, deadline: float, states_max: int = STATES_MAX) -> Explored:
        """Every run, each state but once; the first that goes wrong."""
        seen: set[object] = set()
        stack: list[tuple[State, tuple[Move, ...]]] = [(self.start(), ())]
        while stack:
            state, moves = stack.pop()
            if time.monotonic() > deadline or len(seen) >= states_max:
                return Explored((), "", False, len(seen), self.pushed)
            look = self.look(state)
            if look in seen and not (moves and moves[-1].victims):
                continue
            seen.add(look)
            waiting = self.waiting(state)
            next_ = [m for kind, names in waiting.items() for m in self.moves(state, kind, names[0])]
            counts = {k: len(names) for k, names in waiting.items()}
            text = wrong(Seen(state, moves, counts, not next_))
            if text:
                return Explored(moves, text, False, len(seen), self.pushed)
            after = ((self.after(state, m), m) for m in next_)
            stack += [(s, (*moves, m)) for s, m in self._different(after, seen)]
        return Explored((), "", True, len(seen), self.pushed)

    def _different(self, states: Iterator[tuple[State, Move]], seen: set[object]) -> list[tuple[State, Move]]:
        """One of each that is alike, new ones only; those that push out pods are all kept."""
        found: dict[object, tuple[State, Move]] = {}
        for state, move in states:
            look = self.look(state)
            if look not in seen or move.victims:
                found.setdefault((look, move.victims), (state, move))
        return [*found.values()]

    def look(self, state: State) -> object:
        """Equal for states that differ only in the names of like pods and like nodes."""
        its = [(alike, tuple(k for k, _ in pods)) for alike, pods in zip(self._alike, state, strict=True)]
        return tuple(sorted(its))

    def _alike_nodes(self) -> list[int]:
        """A number for each node, equal for those that differ in nothing but their name."""
        texts = [
            repr(canonical([p.get("spec"), metadata(p).get("annotations")]))
            for its in self.kinds
            for p in its[:1]
        ]
        texts += [repr(canonical(p.get("spec"))) for p, _ in self.source.staying]
        stays = {where for _, where in self.source.staying}
        if any(self.source.demands.call("hangsOnClaims", its[0]) for its in self.kinds):
            return [*range(len(self.nodes))]  # volumes may be for nodes by name
        labels = [(metadata(node).get("labels") or {}) for node in self.nodes]
        own = {
            k
            for k in {k for its in labels for k in its}
            if len({its[k] for its in labels if k in its}) == sum(k in its for its in labels) > 1
        }
        number: dict[object, int] = {}
        found = []
        for node, its in zip(self.nodes, labels, strict=True):
            name = name_of(node)
            values = {name, *(its[k] for k in own if k in its)}
            named = name in stays or any(repr(v) in text for v in values for text in texts)
            spec, status = node.get("spec") or {}, node.get("status") or {}
            rest = {k: v for k, v in its.items() if k not in own}
            said = {k: status.get(k) for k in ("allocatable", "capacity", "images", "declaredFeatures")}
            key: object = name if named else repr(canonical([sorted(own & {*its}), rest, spec, said]))
            found.append(number.setdefault(key, len(number)))
        return found


def replay(source: Source, moves: Sequence[Move]) -> State | None:
    """The state after these moves, if each is one of those that judges who remember nothing allow."""
    fresh = Explorer(source)
    state = fresh.start()
    for move in moves:
        if move not in fresh.moves(state, move.kind, move.pod):
            return None
        state = fresh.after(state, move)
    return state
