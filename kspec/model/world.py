"""Knows the whole model: store, API server and components, stepped one action at a time by a chooser.

Safety can be checked after any step; `run_until_quiet` lets things settle within named bounds. The same
inputs and the same choices give the same trace, on every machine and under every hash seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kspec.ir.types import TypeTable
from kspec.model.api import Api
from kspec.model.chooser import Chooser, First
from kspec.model.clock import SECOND_NANOS, START_NANOS, Clock
from kspec.model.cluster import ClusterValues
from kspec.model.component import Component
from kspec.model.controller import Controller
from kspec.model.gc import GarbageCollector
from kspec.model.kinds import Kinds
from kspec.model.objects import Object, canonical, digest_of, with_metadata
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet
from kspec.model.scheduler import Scheduler
from kspec.model.store import Event, Store
from kspec.model.view import LaggingView, LiveView, View


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a run ends: nothing has changed for `still_seconds` of virtual time, or a limit is reached."""

    steps_max: int = 1_000_000
    still_seconds: int = 300
    seconds_max: int = 86_400


@dataclass(frozen=True, slots=True)
class Options:
    """What may go wrong.

    `lag`: views fall behind, event by event, as the chooser likes. `restarts`: how often a component may lose
    its memory.
    """

    lag: bool = False
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `quiet`: nothing changes any more; else `why` names the limit that was reached."""

    quiet: bool
    steps: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that may happen next: a component works, observes an event of a type, or restarts."""

    verb: str
    component: Component
    record: str = ""


class World:
    """A cluster that runs. Give it objects through `api`, nodes and snapshots through `store.restore`."""

    def __init__(
        self,
        rules: RuleSet,
        table: TypeTable,
        profile: Profile | Sequence[Profile] | None = None,
        chooser: Chooser | None = None,
        options: Options | None = None,
        start_nanos: int = START_NANOS,
    ) -> None:
        self.chooser: Chooser = chooser or First()
        self.options = options or Options()
        self.clock = Clock(start_nanos)
        self.store = Store(self.clock)
        self.cluster = ClusterValues(self.store, rules.cluster_fields)
        self.api = Api(self.store, rules, Kinds(table), self.cluster)
        self.trace: list[str] = []
        self._restarts_left = self.options.restarts
        self._turn = 0
        self.scheduler: Scheduler | None = None
        self.collector = GarbageCollector(self.store, self.api, self.clock)
        self.components: list[Component] = [self.collector, *self._controllers(rules)]
        if profile is not None:
            profiles = (profile,) if isinstance(profile, Profile) else tuple(profile)
            self.scheduler = Scheduler(
                profiles, rules, self._view, self.api, self.clock, self.chooser, self.cluster
            )
            self.components.append(self.scheduler)
        self._watchers = _watchers(self.components)
        self.store.on_event = self._tell

    @property
    def schedulers(self) -> list[str]:
        """The names by which pods may ask for a scheduler."""
        return [*self.scheduler.judges] if self.scheduler else []

    # ------------------------------------------------------------ what went wrong

    @property
    def problems(self) -> dict[str, str]:
        """Objects about which a rule had no answer, with what it said."""
        return {k: v for c in self.components for k, v in sorted(c.problems.items())}

    @property
    def failures(self) -> dict[str, str]:
        """Objects about which a component did not get what it asked for at the last attempt, and why."""
        return {k: v for c in self.components for k, v in sorted(c.failures.items())}

    # ------------------------------------------------------------ running

    def step(self) -> bool:
        """One action, taken by the chooser. False: there is nothing to do at this time."""
        acts = self._enabled()
        if not acts:
            return False
        act = acts[self.chooser.choose("who acts next", len(acts)) if len(acts) > 1 else 0]
        self._do(act)
        return True

    def pass_time(self, until: int | None = None) -> bool:
        """Moves the clock to when the next thing happens by itself. False: nothing will, or not by then."""
        times = [t for c in self.components if (t := c.next_time()) is not None]
        if not times or (until is not None and min(times) > until):
            return False
        self.clock.advance_to(max(min(times), self.clock.nanos))
        return True

    def run_until_quiet(self, bounds: Bounds | None = None) -> Outcome:
        """Acts until nothing changes any more, or a limit is reached."""
        bounds = bounds or Bounds()
        latest = self.clock.nanos + bounds.seconds_max * SECOND_NANOS
        changed, since = self.store.revision, self.clock.nanos
        for steps in range(bounds.steps_max):
            acted = self.step()
            if self.store.revision != changed:
                changed, since = self.store.revision, self.clock.nanos
            if not acted and not self.pass_time(since + bounds.still_seconds * SECOND_NANOS):
                return Outcome(True, steps)
            if self.clock.nanos > latest:
                return Outcome(
                    False, steps, f"still changing after seconds_max = {bounds.seconds_max} seconds"
                )
        return Outcome(False, bounds.steps_max, f"still changing after steps_max = {bounds.steps_max} steps")

    def digest(self) -> str:
        """A digest of the trace: equal for equal runs."""
        return digest_of(self.trace)

    def state(self) -> str:
        """A digest of all that future behaviour depends on; of resourceVersions, only who has seen which."""
        now = self.clock.nanos
        objects = (
            canonical(with_metadata(obj, resourceVersion=None))
            for record in self.store.records()
            for obj in self.store.objects(record)
        )
        minds = (
            (c.name, c.state(now), c.view.lag() if isinstance(c.view, LaggingView) else ())
            for c in self.components
        )
        return digest_of([*objects, *minds, self._restarts_left, now])

    # ------------------------------------------------------------ inside

    def _controllers(self, rules: RuleSet) -> Iterable[Controller]:
        for rule in rules.of_kind("controller"):
            yield Controller(rule, self._view, self.api, self.clock)

    def _view(self, records: Iterable[str]) -> View:
        return LaggingView(self.store, records) if self.options.lag else LiveView(self.store)

    def _tell(self, event: Event) -> None:
        """Without lag everyone observes at once; the garbage collector does so always."""
        self.collector.observe(event)
        if not self.options.lag:
            for component in self._watchers.get(event.key.record, ()):
                component.observe(event)

    def _enabled(self) -> list[Act]:
        """What may happen now, the quiet choice first: observe, go on with what one was at, then others."""
        acts = []
        if self.options.lag:
            for component in self.components:
                view = component.view
                if isinstance(view, LaggingView):
                    acts += [Act("observe", component, r) for r in view.records if view.is_behind(r)]
        now = self.clock.nanos
        turn = self._turn
        for component in self.components[turn:] + self.components[:turn]:
            if component.has_ready(now):
                acts.append(Act("run", component))
        if acts and self._restarts_left:
            acts += [Act("restart", c) for c in self.components]
        return acts

    def _do(self, act: Act) -> None:
        component = act.component
        if act.verb == "run":
            keys = component.ready(self.clock.nanos)
            at = self.chooser.choose(f"key of {component.name}", len(keys)) if len(keys) > 1 else 0
            self._turn = self.components.index(component)
            self._log(component.name, component.run(keys[at]))
        elif act.verb == "observe":
            assert isinstance(component.view, LaggingView)
            for event in component.view.deliver(act.record):
                component.observe(event)
                self._log(component.name, f"observes {event.key} {event.action.value}")
        else:
            self._restarts_left -= 1
            if isinstance(component.view, LaggingView):
                component.view.relist()
            component.restart()
            self._log(component.name, "restarts")

    def _log(self, who: str, what: str) -> None:
        seconds = (self.clock.nanos - START_NANOS) / SECOND_NANOS
        self.trace.append(f"{seconds:>10.3f}s  {who:<18} {what}")


def _watchers(components: Iterable[Component]) -> dict[str, list[Component]]:
    watchers: dict[str, list[Component]] = {}
    for component in components:
        for record in component.records:
            watchers.setdefault(record, []).append(component)
    return watchers


def started(world: World, objects: Iterable[tuple[str, Object]]) -> World:
    """The world with these objects put back as they are, each with its record type."""
    for record, obj in objects:
        world.store.restore(record, world.api.kinds.identified(record, obj))
    return world


Check = Callable[[World], str | None]
"""Says what is wrong with the state of a world, or None."""
