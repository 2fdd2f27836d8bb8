"""Knows how pods get their nodes: one at a time, in the order of a queue, ties by the chooser.

Which pods wait, in what order, and what they are told when nothing fits are functions of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import Any

from kspec.model.api import Api
from kspec.model.chooser import Chooser
from kspec.model.clock import SECOND_NANOS, Clock
from kspec.model.cluster import ClusterValues
from kspec.model.engine.engine import Engine, Ranked, ranked_by
from kspec.model.nominations import Nominations, refused_for_others
from kspec.model.objects import Key, Object, merge_patch, metadata, name_of, with_metadata, without
from kspec.model.placement import Judge, NodePods, Placement, Verdict
from kspec.model.preemption import Candidate, Preemption
from kspec.model.profile import Profile
from kspec.model.queue import WorkQueue
from kspec.model.rules import RuleFailed, RuleSet, call_function
from kspec.model.store import Action, Event
from kspec.model.view import ViewOf

BACKOFF_BASE_NANOS = 1 * SECOND_NANOS
BACKOFF_MAX_NANOS = 10 * SECOND_NANOS
"""podInitialBackoffSeconds and podMaxBackoffSeconds of the default configuration."""

POD, NODE = "core.Pod", "core.Node"
NOT_SEEN = "percentageOfNodesToScore"
"""Stands in place of a plug-in where a node is not looked at."""


class Scheduler:
    """Gives waiting pods their nodes. A pod that fits nowhere waits until something changes that may help."""

    name = "Scheduler"

    def __init__(
        self,
        profiles: Sequence[Profile],
        rules: RuleSet,
        view_of: ViewOf,
        api: Api,
        clock: Clock,
        chooser: Chooser,
        cluster: ClusterValues,
    ) -> None:
        self.problems: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.judges = {p.scheduler: Judge(p, rules, cluster) for p in profiles}
        """By the name under which pods ask for them."""
        self._engines = {name: Engine(judge) for name, judge in self.judges.items()}
        self.records = tuple(sorted({NODE, POD, *(r for j in self.judges.values() for r in j.records)}))
        self.view = view_of(self.records)
        self._nominations = Nominations(
            lambda pod, other: bool(call_function(rules.function("scheduling/respects"), pod, other))
        )
        self._rules = rules
        self._api = api
        self._clock = clock
        self._chooser = chooser
        self._wanted = rules.function("scheduling/schedulerOf").fn
        self._waits = rules.function("scheduling/awaitsNode").fn
        self._holds = rules.function("scheduling/holdsNode").fn
        self._rank = rules.function("scheduling/queueRank").fn
        self._forget_all()

    @property
    def judge(self) -> Judge:
        """The judge of the first profile."""
        return next(iter(self.judges.values()))

    def judge_of(self, pod: Object) -> Judge:
        """The judge of the profile that the pod asks for."""
        return self.judges[str(self._wanted(pod))]

    def _awaits(self, pod: Object) -> bool:
        return bool(self._waits(pod)) and self._wanted(pod) in self.judges

    def _forget_all(self) -> None:
        self._placed: dict[str, NodePods] = {}
        for engine in self._engines.values():
            engine.forget()
        self._node_of: dict[Key, str] = {}
        self._heap: list[tuple[Any, int, Key]] = []
        self._active: dict[Key, int] = {}
        self._arrivals = 0
        self._searched = 0
        self._backoff: WorkQueue[Key] = WorkQueue(BACKOFF_BASE_NANOS, BACKOFF_MAX_NANOS)
        self._stuck: dict[Key, None] = {}
        self._nominations.forget_all()

    # ------------------------------------------------------------ events

    def observe(self, event: Event) -> None:
        if event.key.record != POD:
            self._wake()
        elif event.action is Action.DELETED:
            self._drop(event.key)
        elif self._holds(event.object):
            self._place(event.key, event.object)
        elif self._awaits(event.object):
            if event.old is None or _asks(event.old) != _asks(event.object):
                self._enqueue(event.key, event.object)
            promised = str((event.object.get("status") or {}).get("nominatedNodeName", ""))
            if event.old is None and promised:
                self._nominations.promise(event.key, promised, event.object)
        else:
            self._drop(event.key)

    def restart(self) -> None:
        self._forget_all()
        for pod in self.view.shelf(POD).all():
            key = Key(POD, str(metadata(pod).get("namespace", "")), name_of(pod))
            self.observe(Event(0, Action.ADDED, key, pod, None))

    @property
    def placed(self) -> Mapping[str, NodePods]:
        """The pods on each node, as the scheduler sees them."""
        return self._placed

    def pods_on(self, node: str) -> tuple[Object, ...]:
        return self._placed.get(node, NodePods()).pods

    def _enqueue(self, key: Key, pod: Object) -> None:
        self._stuck.pop(key, None)
        if key not in self._active:
            self._arrivals += 1
            self._active[key] = self._arrivals
            heappush(self._heap, (self._rank(pod), self._arrivals, key))

    def _place(self, key: Key, pod: Object) -> None:
        self._leave_queue(key)
        node = str((pod.get("spec") or {}).get("nodeName", ""))
        if self._node_of.get(key, node) != node:
            self._unplace(key)
        here = self._placed.setdefault(node, NodePods())
        before = [p for p in here.pods if _is(key, p)]
        fresh = not before
        if fresh:
            here.pods = (*here.pods, pod)
        else:
            here.pods = tuple(pod if _is(key, p) else p for p in here.pods)
        here.version += 1
        self._node_of[key] = node
        for engine in self._engines.values():
            engine.put(node, pod)
        if fresh and any(j.reads_cluster for j in self.judges.values()):
            self._wake()

    def _unplace(self, key: Key) -> None:
        node = self._node_of.pop(key, None)
        if node is not None:
            here = self._placed[node]
            for engine in self._engines.values():
                engine.drop(node, key)
            here.pods = tuple(p for p in here.pods if not _is(key, p))
            here.version += 1
            self._wake()

    def _drop(self, key: Key) -> None:
        self._leave_queue(key)
        self._backoff.forget(key)
        self._unplace(key)

    def _leave_queue(self, key: Key) -> None:
        self._active.pop(key, None)
        self._stuck.pop(key, None)
        self._nominations.forget(key)

    def _wake(self) -> None:
        """Something changed that may help: pods that fitted nowhere are tried again, after a wait."""
        for key in self._stuck:
            self._backoff.retry(key, self._clock.nanos)
        self._stuck = {}

    # ------------------------------------------------------------ one cycle

    def has_ready(self, now: int) -> bool:
        return bool(self.ready(now))

    def ready(self, now: int) -> Sequence[Key]:
        """The head of the queue: the scheduler never takes another."""
        for key in [*self._backoff.ready(now)]:
            self._backoff.take(key)
            pod = self.view.get(key)
            if pod is not None and self._awaits(pod):
                self._enqueue(key, pod)
        while self._heap and self._active.get(self._heap[0][2]) != self._heap[0][1]:
            heappop(self._heap)
        return [self._heap[0][2]] if self._heap else []

    def next_time(self) -> int | None:
        return self._backoff.next_time()

    def run(self, key: object) -> str:
        assert isinstance(key, Key)
        self._active.pop(key, None)
        pod = self.view.get(key)
        if pod is None or not self._awaits(pod):
            return f"{key}: gone"
        try:
            ranked = self._ranked(key, pod)
            if not ranked.ties:
                return self._fail(key, pod, ranked.placement())
        except RuleFailed as failed:
            self.problems[str(key)] = str(failed)
            return f"{key}: {failed}"
        self.problems.pop(str(key), None)
        promised = self._nominations.node_of(key)
        if promised and ranked.fits(promised):
            return self._bind(key, pod, promised)
        taken = self._chooser.choose("tie of nodes", ranked.ties) if ranked.ties > 1 else 0
        return self._bind(key, pod, ranked.nth(taken))

    def _ranked(self, key: Key, pod: Object) -> Ranked:
        nodes = self.view.shelf(NODE).all()
        full = self._nominations.with_promised(key, pod, self._placed)
        judge = self.judge_of(pod)
        refused = refused_for_others(judge, pod, nodes, self._placed, full)
        ranked = self._ranked_by(judge, pod, nodes, refused)
        if judge.profile.percentage is None:
            return ranked
        unseen = self._unseen(ranked.placement(), judge.profile.percentage)
        return self._ranked_by(judge, pod, nodes, {**refused, **unseen}) if unseen else ranked

    def _ranked_by(
        self, judge: Judge, pod: Object, nodes: Sequence[Object], refused: Mapping[str, Verdict]
    ) -> Ranked:
        """The best nodes: by the engine, unless another judge has taken the place of the one that it asks."""
        engine = self._engines[str(self._wanted(pod))]
        if engine.judge is not judge:
            return ranked_by(judge.judge(pod, nodes, self._placed, refused))
        engine.with_nodes(nodes, self.pods_on)
        return engine.rank(pod, refused)

    def _unseen(self, placement: Placement, percentage: int | None) -> dict[str, Verdict]:
        """The nodes that would fit but are not looked at, since enough were found before: the search goes
        round, and begins where the last one ended.
        """
        verdicts = placement.verdicts
        if percentage is None or not verdicts:
            return {}
        enough = self._function("enoughNodes", len(verdicts), percentage)
        start = self._searched % len(verdicts)
        unseen: dict[str, Verdict] = {}
        found = looked = 0
        for verdict in (*verdicts[start:], *verdicts[:start]):
            if found == enough:
                unseen[verdict.node] = Verdict(verdict.node, NOT_SEEN, "", ("enough other nodes fit",))
            else:
                looked += 1
                found += verdict.fits
        self._searched = (start + looked) % len(verdicts)
        return unseen

    def _bind(self, key: Key, pod: Object, node: str) -> str:
        reply = self._api.bind(key, node)
        if not reply.ok:
            self._backoff.retry(key, self._clock.nanos)
            return f"{key}: bind refused, {reply.reason}: {reply.message}"
        self._backoff.forget(key)
        # Assumed at once: the next pod must see this one, even if the event is still under way.
        self._place(key, {**pod, "spec": {**(pod.get("spec") or {}), "nodeName": node}})
        return f"{key}: to {node}"

    def _fail(self, key: Key, pod: Object, placement: Placement) -> str:
        judge = self.judge_of(pod)
        message, nominated = judge.message(placement), {}
        if judge.profile.preempts:
            preemption = Preemption(judge)
            full = self._nominations.with_promised(key, pod, self._placed)
            nodes = self.view.shelf(NODE).all()
            attempt = preemption.attempt(pod, placement, nodes, full, self._clock.now)
            message = preemption.message(placement, attempt)
            if attempt.best:
                ties = len(attempt.best)
                taken = attempt.best[self._chooser.choose("tie of nodes", ties) if ties > 1 else 0]
                nominated = self._preempt(key, pod, taken)
        patch: Any = self._function("unschedulableStatus", pod, message, self._clock.now)
        status = pod.get("status") or {}
        self._stuck[key] = None
        if merge_patch(status, {**patch, **nominated}) != status:
            self._api.patch_status(key, {**patch, **nominated})
        return f"{key}: {message}"

    def _preempt(self, key: Key, pod: Object, taken: Candidate) -> Object:
        """Sends the victims away and promises the node; what the pod's status says of it."""
        for victim in taken.victims:
            its = Key(POD, str(metadata(victim).get("namespace", "")), name_of(victim))
            if "deletionTimestamp" not in metadata(victim):
                self._api.patch_status(its, self._function("preemptedStatus", victim, self._clock.now))
                self._api.delete(its)
        self._nominations.promise(key, taken.node, pod)
        nominated: Object = self._function("nominatedStatus", taken.node)
        return nominated

    def _function(self, name: str, *args: object) -> Any:
        return call_function(self._rules.function(f"scheduling/{name}"), *args)

    def state(self, now: int) -> object:
        order = tuple(k for _, n, k in sorted(self._heap) if self._active.get(k) == n)
        placed = tuple(sorted((k, n) for k, n in self._node_of.items()))
        stuck = tuple(sorted(self._stuck))
        return (order, self._backoff.state(now), stuck, placed, self._nominations.state(), self._searched)


def _is(key: Key, pod: Object) -> bool:
    meta = metadata(pod)
    return meta.get("name") == key.name and meta.get("namespace", "") == key.namespace


def _asks(pod: Object) -> Object:
    """The pod without what changes by itself: a change of status is no reason to try again."""
    return without(with_metadata(pod, resourceVersion=None, generation=None, managedFields=None), "status")
