"""Knows how PATHS become a question about placement: which pods there will be, on which nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.inputs import Inputs
    from kspec.model.profile import Profile
    from kspec.plan import Declared, Rules
    from kspec.verify.placement.source import Source

Object = dict[str, Any]
POD, NODE, POD_SPEC = "core.Pod", "core.Node", "core.PodSpec"
NO_PODS = "KS5101"
STEPS_AT_ONCE = 200
STILL_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Range:
    """A pool with the numbers of nodes that it may have, and the indices of its nodes, in order."""

    pool: str
    least: int
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """A source of questions, and what is known besides: pools, assumptions, what is left out, what the API
    server refuses.
    """

    source: Source
    ranges: Mapping[str, Range]
    cluster: str
    assumptions: tuple[str, ...]
    left_out: tuple[str, ...]
    refused: tuple[str, ...] = ()


def placing(
    inputs: Inputs,
    given: Sequence[Object] | None,
    timeout: float,
    priority: int | None = None,
    move: bool = False,
) -> Placing:
    """What is asked about. `priority`: only pods of so much or more. `move`: no pod stays where it is."""
    from kspec.cli.inputs import declared, standard
    from kspec.plan.cluster import choose_nodes

    rules, workspace = standard(inputs), inputs.workspace
    found = [o.decoded for o in workspace.objects if o.kind and o.kind.record == NODE and o.decoded]
    clusters = declared(workspace)
    chosen = choose_nodes(rules.rules, given, clusters, found)
    return _Gathering(inputs, rules, chosen, monotonic() + timeout).placing(priority, move, clusters, given)


class _Gathering:
    def __init__(self, inputs: Inputs, rules: Rules, chosen: Any, deadline: float) -> None:
        self.inputs = inputs
        self.rules = rules
        self.chosen = chosen
        self.deadline = deadline
        # A node takes as many pods as come, so that controllers make all pods that there will be.
        refused: list[str] = []
        self.world = self._world(self._open(), chosen.objects, refused)
        self.unquiet = not _run(self.world, deadline)
        self.refused = (*refused, *(f"{key}: {why}" for key, why in self.world.failures.items()))
        self.origins = _Origins(self.world, inputs)

    def _open(self) -> Rules:
        first, *others = (_roomy(self.rules, p) for p in self.rules.profiles)
        return replace(self.rules, profile=first, others=tuple(others))

    def _world(self, rules: Rules, nodes: Sequence[Object], refused: list[str] | None = None) -> Any:
        """Live objects as they are, others as they are applied."""
        from kspec.plan.prepared import prepared_world

        given, said = self.inputs.workspace, self.inputs.choices
        return prepared_world(rules, given.table, given.objects, nodes, refused=refused, options=said)

    def placing(
        self, priority: int | None, move: bool, clusters: Sequence[Declared], given: Sequence[Object] | None
    ) -> Placing:
        from kspec.model.rules import call_function
        from kspec.verify.placement.replay import unbound
        from kspec.verify.placement.source import Source

        awaits = self.rules.rules.function("scheduling/awaitsNode")
        holds = self.rules.rules.function("scheduling/holdsNode")
        bound = self._bound()
        free, staying, left_out = [], list[tuple[Object, str]](), list[str]()
        finished = 0
        for pod in self.world.store.objects(POD):
            name = _name(pod)
            if priority is not None and int((pod.get("spec") or {}).get("priority") or 0) < priority:
                continue
            finished += not _unfinished(pod)
            fresh = unbound(pod)
            if name in bound and not move:
                if call_function(holds, pod):
                    staying.append((pod, bound[name]))
            elif call_function(awaits, fresh) and _unfinished(pod) and self._is_ours(pod):
                free.append(fresh)
            elif _unfinished(pod):
                left_out.append("/".join(name))
        if not free and not staying:
            raise DiagnosticError([self._no_pods()])
        nodes = tuple(self.world.store.objects(NODE))
        source = Source(
            self.rules.rules,
            self.rules.profiles,
            self.world.cluster,
            nodes,
            tuple(free),
            tuple(staying),
            self.origins.name,
            self.origins.place,
            self._pending,
        )
        ranges = _ranges(clusters, nodes) if given is None else {}
        assumed = self._assumed(finished, priority)
        return Placing(source, ranges, self.chosen.source, assumed, tuple(left_out), self.refused)

    def _no_pods(self) -> Diagnostic:
        if self.refused:
            why = f"there is no pod to place: the API server refuses {self.refused[-1]}"
            return Diagnostic(NO_PODS, why, help="`kspec plan` shows all that is refused")
        help_ = "name manifests of pods, or of what makes them"
        return Diagnostic(NO_PODS, "there is no pod to place in the input", help=help_)

    def _assumed(self, finished: int, priority: int | None) -> tuple[str, ...]:
        assumed = [a for a in self.chosen.assumptions if "the most of" not in a]
        if finished:
            assumed.append(f"pods that have run to their end by then are not counted: {finished}")
        if self.unquiet:
            assumed.append("the pods are those that were there when the time for making them was over")
        if priority is not None:
            assumed.append(f"pods of a priority below {priority} are not counted: they may have to go")
        return tuple(assumed)

    def _is_ours(self, pod: Object) -> bool:
        from kspec.model.rules import call_function

        wanted: Any = call_function(self.rules.rules.function("scheduling/schedulerOf"), pod)
        return wanted in {p.scheduler for p in self.rules.profiles}

    def _bound(self) -> dict[tuple[str, str], str]:
        """The pods that the input itself binds to nodes."""
        found = {}
        for each in self.inputs.workspace.objects:
            node = ((each.decoded or {}).get("spec") or {}).get("nodeName")
            if each.kind is not None and each.kind.record == POD and node:
                found[each.key.namespace, each.key.name] = str(node)
        return found

    def _pending(self, lost: frozenset[str]) -> list[str] | None:
        """Which pods the model, with the scheduler as it is, leaves pending without these nodes."""
        nodes = [n for n in self.chosen.objects if n["metadata"]["name"] not in lost]
        world = self._world(self.rules, nodes)
        if not _run(world, self.deadline):
            return None
        waiting = [p for p in world.store.objects(POD) if not (p.get("spec") or {}).get("nodeName")]
        return ["/".join(_name(p)) for p in waiting if _unfinished(p)]


def _roomy(rules: Rules, profile: Profile) -> Profile:
    """The profile with only those filters that look at nothing but a pod and a node."""
    from kspec.verify.placement.demands import static_filters

    static = {plugin for plugin, _, _ in static_filters(profile, rules.rules)}
    kept = tuple(f for f in profile.filters if f.plugin in static)
    return replace(profile, filters=kept, scores=(), preempts=False, percentage=None)


def _run(world: Any, deadline: float) -> bool:
    """Until nothing changes any more; False if that took too long."""
    from kspec.model.world import Bounds

    while monotonic() < deadline:
        if world.run_until_quiet(Bounds(steps_max=STEPS_AT_ONCE, still_seconds=STILL_SECONDS)).quiet:
            return True
    return False


def _name(pod: Object) -> tuple[str, str]:
    metadata = pod["metadata"]
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def _unfinished(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _ranges(clusters: Sequence[Declared], nodes: Sequence[Object]) -> dict[str, Range]:
    """The pools of the declared cluster."""
    at = {str(n["metadata"]["name"]): i for i, n in enumerate(nodes)}
    found = {}
    for pool in clusters[0].pools if clusters else ():
        count = pool.fields.get("nodes", 1)
        least, most = count if isinstance(count, (list, tuple)) else (0, count)
        names = [f"{pool.name}-{i}" for i in range(most)]
        found[pool.name] = Range(pool.name, least, tuple(at[n] for n in names if n in at))
    return found


class _Origins:
    """What a pod comes from: the object of the input at the end of its chain of owners, and its places."""

    def __init__(self, world: Any, inputs: Inputs) -> None:
        self._table = inputs.workspace.table
        self._objects = {
            (o.key.kind, o.key.namespace, o.key.name): o
            for o in inputs.workspace.objects
            if o.kind is not None
        }
        self._made: dict[tuple[str, str, str], Object] = {}
        for record in world.store.records():
            kind = self._table.kind_of_record(record)
            if kind is None:
                continue
            for obj in world.store.objects(record):
                self._made[(kind.kind, *_name(obj))] = obj
        self._fields: dict[str, tuple[str, ...]] = {}

    def name(self, pod: Object) -> str:
        """`deployment/shop/web`."""
        return "/".join(part for part in self._end(pod) if part).lower()

    def place(self, pod: Object, plugin: str) -> str:
        """`web.yaml:14`: where the input says what a filter heeds; without one, where the object stands."""
        from kspec.model.rules import call_function
        from kspec.runtime.rulebook import load_rulebook

        found = self._objects.get(self._end(pod))
        if found is None:
            return ""
        span = found.span
        if plugin and found.kind is not None:
            rule = load_rulebook().get("scheduling/heededField")
            fields: Any = call_function(rule, plugin) if rule is not None else ()
            path = self._spec(found.kind.record)
            value: Any = found.value
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            said = [f for f in fields if isinstance(value, dict) and f in value]
            span = found.locate_key((*path, *said[:1])) if said else span
        return f"{span.file.path}:{span.line}"

    def _end(self, pod: Object) -> tuple[str, str, str]:
        namespace, name = _name(pod)
        end, obj = ("Pod", namespace, name), pod
        for _ in range(8):
            owners = [o for o in obj["metadata"].get("ownerReferences") or () if o.get("controller")]
            if not owners or end in self._objects:
                break
            end = (str(owners[0].get("kind", "")), namespace, str(owners[0].get("name", "")))
            if end not in self._made:
                break
            obj = self._made[end]
        return end

    def _spec(self, record: str) -> tuple[str, ...]:
        """The path of the pod spec inside an object of this type, found in its types."""
        if record not in self._fields:
            self._fields[record] = _path_to(self._table, record)
        return self._fields[record]


def _path_to(table: Any, record: str) -> tuple[str, ...]:
    from kspec.ir.types import Record

    waiting: list[tuple[str, tuple[str, ...]]] = [(record, ())]
    seen = {record}
    while waiting:
        name, path = waiting.pop(0)
        if name == POD_SPEC:
            return path
        definition = table.record(name)
        for field, its in (definition.fields if definition else {}).items():
            inner = its.type.name if isinstance(its.type, Record) else ""
            if inner and inner not in seen:
                seen.add(inner)
                waiting.append((inner, (*path, field)))
    return ()
