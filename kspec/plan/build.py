"""Knows how a plan is made: the state it starts from, the change applied to it, and a quiet day after
that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kspec.ir.types import Record, TypeTable
from kspec.model.objects import Key, Object, metadata, uid_of
from kspec.model.profile import Profile
from kspec.model.rules import RuleSet, call_function
from kspec.model.scheduler import NODE, POD
from kspec.model.world import Bounds, World
from kspec.plan.addresses import planned_addresses
from kspec.plan.cluster import Declared, choose_nodes
from kspec.plan.compare import Comparer, Given, ref_of
from kspec.plan.custom import custom_changes, custom_kinds
from kspec.plan.diff import LAST_APPLIED
from kspec.plan.rows import inert_kinds, made_besides, node_rows, overlooked, pod_rows, workloads
from kspec.plan.snapshot import restore
from kspec.plan.value import ObjectChange, Plan, PodRow, Totals, Verb
from kspec.resources.decode import decode
from kspec.resources.objects import KubeObject

NAMESPACE = "core.Namespace"
OPTIONS = "options"
ADDRESSED_MAX = 5_000
"""Of more pods it is not looked at whether addresses suffice, unless they are asked for."""
RUN = Bounds(steps_max=2_000_000, still_seconds=3_600)


class Input(Protocol):
    """What a plan needs of a workspace."""

    @property
    def objects(self) -> Sequence[KubeObject]: ...

    @property
    def table(self) -> TypeTable: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that decide, with the scheduler's profile, and the Kubernetes version that they are of."""

    rules: RuleSet
    profile: Profile
    kubernetes: str
    others: tuple[Profile, ...] = ()
    """Further profiles, which pods ask for by name."""

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return (self.profile, *self.others)


def make_plan(
    workspace: Input,
    rules: Rules,
    from_workspace: Input | None = None,
    nodes: Sequence[Object] | None = None,
    clusters: Sequence[Declared] = (),
    addressed: bool = False,
    options: Mapping[str, object] | None = None,
) -> Plan:
    """What applying the workspace does to the state of `from_workspace`: nothing given, an empty cluster.
    With the addresses of all if it is to be `addressed`. `options`: what is said of the cluster, by area.
    """
    old = from_workspace.objects if from_workspace else _live(workspace)
    world = World(rules.rules, workspace.table, rules.profiles)
    world.cluster.said = {OPTIONS: options or {}}
    found = [o.decoded for o in (*old, *workspace.objects) if o.decoded and o.kind and o.kind.record == NODE]
    chosen = choose_nodes(rules.rules, nodes, clusters, _last_of_each(found))
    for node in chosen.objects:
        world.store.restore(NODE, world.api.kinds.identified(NODE, node))
    before = _Before(world, _given(old))
    pods_before = {uid_of(p): p for p in world.store.objects(POD)}
    there = {key for record in world.store.records() for key in world.store.shelf(record).ordered()}
    changes = _apply(world, _given(workspace.objects), before) + custom_changes(old, workspace.objects)
    outcome = world.run_until_quiet(RUN)
    problems = [f"{key}: {text}" for key, text in {**world.failures, **world.problems}.items()]
    problems += [] if outcome.quiet else [outcome.why]
    pods, made_of = pod_rows(world, pods_before), workloads(world)
    assumed = [*chosen.assumptions, *before.assumptions, *_namespaces(world, workspace)]
    assumed += _generally_assumed(world, rules, len(chosen.objects))
    addresses = planned_addresses(world) if addressed or len(pods) <= ADDRESSED_MAX else None
    return Plan(
        kubernetes=rules.kubernetes,
        cluster=chosen.source,
        totals=_totals(changes, pods, len(chosen.objects)),
        changes=tuple(changes),
        workloads=made_of,
        pods=pods,
        nodes=node_rows(world),
        made=made_besides(world, there, {g.key for g in _given(workspace.objects)}, made_of),
        custom=custom_kinds(workspace.objects),
        overlooked=overlooked(world, pods),
        inert=inert_kinds(world),
        assumptions=tuple(assumed),
        problems=tuple(problems),
        failures=len(world.failures),
        addresses=addresses if addressed else None,
        short=() if addresses is None else addresses.short,
        trace=tuple(world.trace),
    )


def _generally_assumed(world: World, rules: Rules, nodes: int) -> list[str]:
    """What a plan takes for granted by what there is in the end."""
    general = world.api.rules.function("nodes/planAssumptions")
    assumed: list[str] = list(call_function(general, world.cluster.of(general)))
    if any(p.percentage is None for p in rules.profiles):
        sampled = world.api.rules.function("scheduling/samplingAssumption")
        assumed += [text for text in [call_function(sampled, nodes)] if text]
    return assumed


def _live(workspace: Input) -> Sequence[KubeObject]:
    """The objects of the input that come from a cluster: they are there, and nothing makes them anew."""
    return [o for o in workspace.objects if uid_of(o.value)]


class _Before:
    """The state that the plan starts from, brought to rest; `last` is what was applied, `manifests` what
    may go, `there` what comes from a cluster, as it came.
    """

    def __init__(self, world: World, given: Sequence[Given]) -> None:
        self.last: dict[Key, Object] = {}
        self.manifests: list[Key] = []
        self.assumptions: list[str] = []
        live = [g for g in given if uid_of(g.object)]
        self.there = {one.key: one.object for one in live}
        restore(world, [(one.key.record, one.object) for one in live])
        self.last |= {one.key: _last_applied(world, one) for one in live}
        for one in _in_order(world, [g for g in given if not uid_of(g.object)]):
            reply = world.api.create(one.key.record, one.object)
            self.last[one.key] = one.object
            self.manifests.append(one.key)
            if not reply.ok:
                self.assumptions.append(f"{one.key} of the old state is refused: {reply.message}")
        if given:
            world.run_until_quiet(RUN)
        if live:
            self.assumptions.append("objects of the snapshot that the input does not name are left alone")


def _apply(world: World, given: Sequence[Given], before: _Before) -> list[ObjectChange]:
    """Asks for every object of the input, and for the end of those that are no longer in it."""
    comparer = Comparer(world.api, before.last)
    changes: dict[Key, ObjectChange] = {}
    for one in _in_order(world, given):
        if before.there.get(one.key) == one.object:
            changes[one.key] = ObjectChange(Verb.KEEP, ref_of(one.object), where=one.where)
        else:
            changes[one.key] = comparer.apply(one)
    replaced = [g for g in given if changes[g.key].verb is Verb.REPLACE]
    if replaced:
        world.run_until_quiet(RUN)
    for one in replaced:
        reply = world.api.create(one.key.record, one.object)
        if not reply.ok:
            changes[one.key] = replace(changes[one.key], refusal=f"{reply.reason}: {reply.message}")
    named = {g.key for g in given}
    gone = comparer.delete(k for k in before.manifests if k not in named)
    return [changes[g.key] for g in given] + gone


def _given(objects: Iterable[KubeObject]) -> list[Given]:
    """The objects that the model knows, nodes apart: they are the cluster, not the change."""
    return [
        Given(Key(o.kind.record, o.key.namespace, o.key.name), o.decoded, str(o.span))
        for o in objects
        if o.kind is not None and o.decoded is not None and o.kind.record != NODE
    ]


def _in_order(world: World, given: Sequence[Given]) -> list[Given]:
    """Cluster-scoped objects first, since namespaced ones may need them; otherwise as they come."""
    return sorted(given, key=lambda g: world.api.kinds.is_namespaced(g.key.record))


def _last_of_each(nodes: Iterable[Object]) -> list[Object]:
    return list({metadata(n).get("name"): n for n in nodes}.values())


def _last_applied(world: World, given: Given) -> Object:
    """What `kubectl apply` last applied to a live object, if it says so."""
    text = (metadata(given.object).get("annotations") or {}).get(LAST_APPLIED)
    if not text:
        return {}
    try:
        raw = json.loads(text)
    except ValueError:
        return {}
    decoded, _ = decode(raw, Record(given.key.record), world.api.kinds.table, strict=False)
    return decoded if isinstance(decoded, dict) else {}


def _namespaces(world: World, workspace: Input) -> list[str]:
    """Namespaces that objects are in but that nothing declares."""
    used = {o.key.namespace for o in workspace.objects if o.key.namespace}
    known = {k.name for k in world.store.shelf(NAMESPACE).ordered()}
    always: Any = call_function(world.api.rules.function("nodes/systemNamespaces"))
    missing = sorted(used - known - set(always))
    if not missing:
        return []
    what = f"namespaces {', '.join(missing)} exist" if len(missing) > 1 else f"namespace {missing[0]} exists"
    return [f"the {what} already"]


def _totals(changes: Sequence[ObjectChange], pods: Sequence[PodRow], nodes: int) -> Totals:
    counts = {verb: sum(c.verb is verb and not c.refusal for c in changes) for verb in Verb}
    present = [p for p in pods if p.fate != "gone"]
    return Totals(
        create=counts[Verb.CREATE],
        change=counts[Verb.CHANGE],
        replace=counts[Verb.REPLACE],
        delete=counts[Verb.DELETE],
        keep=counts[Verb.KEEP],
        refused=sum(bool(c.refusal) for c in changes),
        pods=len(present),
        running=sum(p.ready for p in present),
        pending=sum(not p.ready and p.phase not in ("Succeeded", "Failed") for p in present),
        new_pods=sum(p.fate == "new" for p in present),
        gone_pods=sum(p.fate == "gone" for p in pods),
        nodes=nodes,
    )
