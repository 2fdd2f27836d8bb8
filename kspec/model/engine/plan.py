"""Knows how a pod of one class is judged: what changed is taken in, then the best nodes are read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kspec.model.cluster import ClusterSource
from kspec.model.engine.cells import PASSES, Regroup
from kspec.model.engine.classes import PodClass
from kspec.model.engine.fleet import Fleet, Row
from kspec.model.engine.roles import Roles
from kspec.model.engine.seats import Group, Seats
from kspec.model.engine.seen import NotKept
from kspec.model.engine.values import BROKEN, Recount, Values
from kspec.model.placement import Before, rejection

TRIES_MAX = 1_000
"""How often nodes may be grouped anew for one pod, each time because a rule looked at something new."""


@dataclass(slots=True)
class Ranking:
    """The nodes with the most points, as ordered lists of places; by score, the least and most raw points."""

    fitting: int
    best: Sequence[Sequence[int]]
    bounds: dict[int, tuple[int, int]]

    @property
    def ties(self) -> int:
        return sum(map(len, self.best))


class Plan:
    """All that is kept for one class of pods."""

    def __init__(self, roles: Roles, fleet: Fleet, cluster: ClusterSource, pod: PodClass) -> None:
        self._roles = roles
        self._fleet = fleet
        self._position = len(fleet.log)
        self._normal: dict[tuple[int, int, int, int], int] = {}
        self.stamp: object = None
        self.values = Values(roles, fleet, cluster, pod)
        with self.values.tracing() as trace:
            self.before = self._before()
        self.values.reads(BROKEN, trace)
        self.seats: Seats | None = None
        if not self.before.plugin and self.before.nodes is None:
            with self.values.tracing() as trace:
                self.seats = Seats(self.values)
            self.values.reads(BROKEN, trace)

    def _before(self) -> Before:
        for role in self._roles.filters:
            if not role.before or (role.when and not self.values.value(role.when)):
                continue
            said = self.values.value(role.before)
            if said.get("findings"):
                no = rejection("", role.plugin, said["findings"])
                return Before(no.plugin, no.code, no.reasons)
            if said.get("restricted"):
                raise NotKept("a pod may go to a few nodes only")
        return Before()

    # ------------------------------------------------------------ up to date

    def update(self) -> None:
        """Takes in what has changed since the last time."""
        log, seats = self._fleet.log, self.seats
        if self._position < len(log):
            changed: dict[Row, None] = {}
            for row, its, by in log[self._position :]:
                self.values.pods_changed(row, its, by)
                changed[row] = None
            self._position = len(log)
            for row in changed if seats is not None else ():
                assert seats is not None
                seats.changed(row)
        if seats is None:
            self.values.settle()
            return
        self.settle(seats)

    def settle(self, seats: Seats) -> None:
        """Asks the rules again where that is needed."""
        for _ in range(TRIES_MAX):
            try:
                seats.cells.settle()
                break
            except Regroup:
                seats.regroup()
        else:
            raise NotKept("nodes are ever other")
        seats.rehome()

    # ------------------------------------------------------------ the best

    def rank(self, score_one: bool) -> Ranking:
        """The nodes with the most points; of one that alone fits, none are counted."""
        assert self.seats is not None
        groups = [g for g in self.seats.groups.values() if g.outcome.failed == PASSES]
        fitting = sum([g.count for g in groups])
        if fitting < 2 and not (score_one and fitting):
            return Ranking(fitting, [next(iter(g.by_points.values())) for g in groups], {})
        bounds = self._bounds(groups)
        most: int | None = None
        best: list[Sequence[int]] = []
        for group in groups:
            top = group.most()
            points = top + self.points(group.outcome.raws, group.outcome.among, group.raws, bounds)
            if most is None or points > most:
                most, best = points, [group.by_points[top]]
            elif points == most:
                best.append(group.by_points[top])
        return Ranking(fitting, best, bounds)

    def _bounds(self, groups: Sequence[Group]) -> dict[int, tuple[int, int]]:
        """The least and the most raw points by each score that is normalised."""
        assert self.seats is not None
        bounds = {}
        for at, i in enumerate(self.seats.wide_scores):
            if not self._roles.scores[i].plain:
                raws = [g.outcome.raws[at] for g in groups if g.outcome.among[at]]
                bounds[i] = (min(raws, default=0), max(raws, default=0))
        for at, i in enumerate(self.seats.local_raws):
            raws = [g.raws[at] for g in groups]
            bounds[i] = (min(raws), max(raws))
        return bounds

    def points(
        self,
        raws: tuple[int, ...],
        among: tuple[bool, ...],
        local: tuple[int, ...],
        bounds: dict[int, tuple[int, int]],
    ) -> int:
        """What the wide scores, and those that are normalised, give a node."""
        assert self.seats is not None
        total = 0
        for i, raw, counts in zip(self.seats.wide_scores, raws, among, strict=True):
            total += self._roles.scores[i].weight * (self.normal(i, raw, bounds) if counts else 0)
        for i, raw in zip(self.seats.local_raws, local, strict=True):
            total += self._roles.scores[i].weight * self.normal(i, raw, bounds)
        return total

    def normal(self, score: int, raw: int, bounds: dict[int, tuple[int, int]]) -> int:
        """The raw points of a score as 0 to 100."""
        role = self._roles.scores[score]
        if role.normalize == "none":
            return raw
        least, most = bounds[score]
        key = (score, raw, least, most)
        found = self._normal.get(key)
        if found is None:
            if len(self._normal) > TRIES_MAX:
                self._normal.clear()
            found = self._normal[key] = self.values.normalized(role.normalize, raw, least, most)
        return found


__all__ = ["NotKept", "Plan", "Ranking", "Recount"]
