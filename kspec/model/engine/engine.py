"""Knows how to judge many pods on many nodes: rules are asked once for all that they cannot tell apart, and
again only where something that they looked at has changed.

What it says is what `Judge` says. A rule that cannot be followed is asked by `Judge`, each time anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kspec.model.engine.cells import PASSES
from kspec.model.engine.classes import ClassBook, PodClass
from kspec.model.engine.fleet import Fleet, Row
from kspec.model.engine.plan import Plan, Ranking
from kspec.model.engine.roles import Roles
from kspec.model.engine.seats import Seats, nth
from kspec.model.engine.seen import NotKept
from kspec.model.engine.values import Recount
from kspec.model.objects import Key, Object, name_of
from kspec.model.placement import Judge, NodePods, Placement, Score, Verdict, rejection
from kspec.model.rules import RuleFailed

PLANS_MAX = 256
"""For how many classes of pods the nodes' places are kept at once."""
RECOUNTS_MAX = 20

PodsOn = Callable[[str], Sequence[Object]]


@dataclass(slots=True)
class Ranked:
    """The best nodes for a pod. It is good until the next change."""

    fitting: int
    ties: int
    nth: Callable[[int], str]
    """The n-th of the best nodes, in order."""
    fits: Callable[[str], bool]
    placement: Callable[[], Placement]
    """Every node's verdict."""


class Engine:
    """Holds nodes with their pods, and judges pods by the rules of a judge."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._slow = Judge(judge.profile, judge.rules, judge.cluster)
        self._roles = Roles(judge.profile, judge.rules)
        self._asked = ClassBook(self._roles.asked_reads())
        self.fleet = Fleet(ClassBook(self._roles.placed_reads()))
        self._plans: dict[PodClass, Plan] = {}
        self._nodes: Sequence[Object] = ()
        self.kept = 0
        self.asked_anew = 0
        """How many pods were judged by what is kept, and how many were not."""

    # ------------------------------------------------------------ nodes and pods

    def with_nodes(self, nodes: Sequence[Object], pods_on: PodsOn) -> None:
        """These are the nodes. Where they are others than before, everything is counted anew."""
        if nodes is self._nodes and not self._outgrown():
            return
        self._nodes = nodes
        same = [row.name for row in self.fleet.rows] == [name_of(node) for node in nodes]
        if not same or self._outgrown():
            self._plans.clear()
            self._asked.forget()
            self.fleet.renew(nodes, pods_on)
        elif not self.fleet.replace(nodes, self._roles.node_tree):
            self._plans.clear()

    def put(self, node: str, pod: Object) -> None:
        row = self.fleet.by_name.get(node)
        if row is not None:
            self.fleet.put(row, pod)

    def drop(self, node: str, pod: Key) -> None:
        row = self.fleet.by_name.get(node)
        key = (pod.namespace, pod.name)
        if row is not None and key in row.pods:
            self.fleet.drop(row, key)

    def forget(self) -> None:
        """Forgets all nodes."""
        self._nodes = ()
        self._plans.clear()
        self.fleet.renew((), lambda name: ())

    def _outgrown(self) -> bool:
        """Has a rule told pods apart that were counted as one, or is too much kept?"""
        return self.fleet.sites_full() or self.fleet.book.mixed()

    # ------------------------------------------------------------ judging

    def rank(self, pod: Object, refused: Mapping[str, Verdict] | None = None) -> Ranked:
        """The best nodes for a pod; some may be refused, as far as they would fit."""
        its = self._asked.of(pod)
        try:
            ranked = self._ranked(its, refused or {})
            if self._asked.stands_for(its, pod) and not self._outgrown():
                self.kept += 1
                return ranked
        except (NotKept, RuleFailed):
            pass
        self._plans.pop(its, None)
        self.asked_anew += 1
        return ranked_by(self.anew(pod, refused))

    def anew(self, pod: Object, refused: Mapping[str, Verdict] | None = None) -> Placement:
        """The judge's own verdict, from what the nodes hold."""
        rows = self.fleet.rows
        placed = {r.name: NodePods(tuple([p for p, _ in r.pods.values()]), len(r.history)) for r in rows}
        self._slow.score_one = self.judge.score_one
        return self._slow.judge(pod, [row.node for row in rows], placed, refused)

    def _ranked(self, its: PodClass, refused: Mapping[str, Verdict]) -> Ranked:
        plan = self._plan(its)
        if plan.seats is None:
            return ranked_by(expanded(self, plan, Ranking(0, [], {}), refused))
        ranking = self._refusing(plan, plan.seats, refused)
        rows, best = self.fleet.rows, ranking.best
        return Ranked(
            ranking.fitting,
            ranking.ties,
            lambda n: rows[nth(best, n)].name,
            lambda name: _fits(self, plan, name, refused),
            lambda: expanded(self, plan, ranking, refused),
        )

    def _refusing(self, plan: Plan, seats: Seats, refused: Mapping[str, Verdict]) -> Ranking:
        """The ranking without the nodes that are refused."""
        score_one = self.judge.score_one
        rows = [row for name in refused if (row := self.fleet.by_name.get(name)) is not None]
        away = [(row, seats.refuse(row)) for row in rows if seats.locals[row.index].failed == PASSES]
        if not away:
            return plan.rank(score_one)
        try:
            plan.settle(seats)
            ranking = plan.rank(score_one)
        except Recount as recount:
            raise NotKept("what is prepared hangs on the nodes that are refused") from recount
        ranking.best = [[*one] for one in ranking.best]  # those at hand change with the next line
        for row, local in away:
            seats.restore(row, local)
        return ranking

    def _plan(self, its: PodClass) -> Plan:
        """What is kept for the class, up to date."""
        for _ in range(RECOUNTS_MAX):
            plan = self._plans.pop(its, None)
            try:
                if plan is None or self._is_stale(plan):
                    plan = Plan(self._roles, self.fleet, self.judge.cluster, its)
                    plan.stamp = self._stamp()
                plan.update()
            except Recount:
                continue
            if len(self._plans) >= PLANS_MAX:
                self._plans.pop(next(iter(self._plans)))
            self._plans[its] = plan  # the last is the one that was used last
            return plan
        raise NotKept("what is prepared is ever other")

    def _is_stale(self, plan: Plan) -> bool:
        now = self._stamp()
        if plan.stamp == now:
            return False
        plan.stamp = now
        return plan.values.cluster_changed()

    def _stamp(self) -> object:
        of = getattr(self.judge.cluster, "versions", None)
        return of(self.judge.records) if of is not None else ()


# ---------------------------------------------------------------- every node's verdict


def ranked_by(placement: Placement) -> Ranked:
    """What a placement says."""
    best = placement.best()
    fitting = frozenset(placement.fitting)
    return Ranked(len(fitting), len(best), best.__getitem__, fitting.__contains__, lambda: placement)


def _fits(engine: Engine, plan: Plan, name: str, refused: Mapping[str, Verdict]) -> bool:
    row = engine.fleet.by_name.get(name)
    return row is not None and _verdict(engine, plan, row, refused).fits


def _verdict(engine: Engine, plan: Plan, row: Row, refused: Mapping[str, Verdict]) -> Verdict:
    seats, filters = plan.seats, engine.judge.filters
    assert seats is not None
    local, outcome = seats.locals[row.index], seats.cell_of[row.index].outcome
    assert outcome is not None
    failing = [
        (f, s) for f, s in ((local.failed, local.findings), (outcome.failed, outcome.findings)) if f >= 0
    ]
    if failing:
        at, findings = min(failing, key=lambda its: its[0])
        return rejection(row.name, filters[at].name, findings)
    return refused.get(row.name, Verdict(row.name))


def expanded(engine: Engine, plan: Plan, ranking: Ranking, refused: Mapping[str, Verdict]) -> Placement:
    """The verdict on each node, with the scores of those that fit."""
    rows, before = engine.fleet.rows, plan.before
    if before.plugin:
        everywhere = (Verdict(r.name, before.plugin, before.code, before.reasons) for r in rows)
        return Placement(tuple(everywhere), before=before)
    verdicts = [_verdict(engine, plan, row, refused) for row in rows]
    if ranking.fitting < 2 and not (engine.judge.score_one and ranking.fitting):
        return Placement(tuple(verdicts), before=before)
    scores = {
        v.node: _scores(engine, plan, row, ranking) for v, row in zip(verdicts, rows, strict=True) if v.fits
    }
    raws = {name: tuple([s.raw for s in its]) for name, its in scores.items()}
    told = [Verdict(v.node, raw=raws[v.node]) if v.node in raws else v for v in verdicts]
    return Placement(tuple(told), scores, before)


def _scores(engine: Engine, plan: Plan, row: Row, ranking: Ranking) -> tuple[Score, ...]:
    seats = plan.seats
    assert seats is not None
    local, outcome = seats.locals[row.index], seats.cell_of[row.index].outcome
    assert outcome is not None and local.failed == PASSES
    raws = dict(zip(seats.local_scores, local.every, strict=True))
    raws.update(zip(seats.wide_scores, outcome.raws, strict=True))
    counts = dict(zip(seats.wide_scores, outcome.among, strict=True))
    return tuple(
        Score(
            role.plugin,
            raws[i],
            plan.normal(i, raws[i], ranking.bounds) if counts.get(i, True) else 0,
            role.weight,
        )
        for i in seats.scores
        if (role := engine.judge.profile.scores[i])
    )


__all__ = ["Engine", "Ranked", "ranked_by"]
