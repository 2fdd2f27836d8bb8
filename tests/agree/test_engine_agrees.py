"""The engine says what the judge says: of every node, whatever pods and nodes came and went before.

Law: for every pod, after any changes, `engine.rank(pod).placement() == judge.judge(pod)`, and so the best.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.conform.cluster import decoded, table
from kspec.conform.scheduler_input import profile, rules
from kspec.model.engine.engine import Engine
from kspec.model.objects import Key, Object, name_of
from kspec.model.placement import Judge, NodePods, Verdict
from kspec.model.world import World

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
APPS = st.sampled_from(["a", "b"])
SOME = st.integers(0, 3)


def maybe(strategy: st.SearchStrategy[Any], rarely: int = 3) -> st.SearchStrategy[Any]:
    return st.integers(0, rarely).flatmap(lambda n: strategy if n == 0 else st.none())


def without_none(**fields: Any) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if v is not None}


SELECTORS = st.builds(lambda app: {"matchLabels": {"app": app}}, APPS) | st.just({})
TERMS = st.builds(
    lambda key, selector, spaces: without_none(
        topologyKey=key, labelSelector=selector, namespaceSelector=spaces
    ),
    st.sampled_from([ZONE, HOST]),
    SELECTORS,
    maybe(st.sampled_from([{}, {"matchLabels": {"team": "x"}}]), 5),
)
WEIGHED = st.builds(lambda w, t: {"weight": w, "podAffinityTerm": t}, st.integers(1, 100), TERMS)


def affinity_of(hard: list[Any], soft: list[Any]) -> dict[str, Any]:
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": hard,
        "preferredDuringSchedulingIgnoredDuringExecution": soft,
    }


NEARNESS = st.builds(affinity_of, st.lists(TERMS, max_size=2), st.lists(WEIGHED, max_size=2))
NODE_WISHES = st.builds(
    lambda disk, zone, names: {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": names}]}
                if names
                else {"matchExpressions": [{"key": "disk", "operator": "In", "values": [disk]}]}
            ]
        },
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 7,
                "preference": {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]},
            }
        ],
    },
    st.sampled_from(["ssd", "hdd"]),
    st.sampled_from(["z0", "z1"]),
    st.lists(st.sampled_from(["n0", "n1"]), max_size=2),
)
SPREAD = st.builds(
    lambda skew, key, when, selector, least: without_none(
        maxSkew=skew,
        topologyKey=key,
        whenUnsatisfiable=when,
        labelSelector=selector,
        minDomains=least if when == "DoNotSchedule" else None,
        nodeTaintsPolicy="Honor" if skew == 2 else None,
        matchLabelKeys=["version"] if skew == 1 else None,
    ),
    st.integers(1, 3),
    st.sampled_from([ZONE, HOST]),
    st.sampled_from(["DoNotSchedule", "ScheduleAnyway"]),
    SELECTORS,
    maybe(st.integers(1, 3)),
)
TOLERATIONS = st.lists(
    st.sampled_from([{"operator": "Exists"}, {"key": "t", "operator": "Exists"}]), max_size=1
)
VOLUMES = st.sampled_from(
    [
        {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
        {"name": "v", "gcePersistentDisk": {"pdName": "d"}},
        {"name": "v", "persistentVolumeClaim": {"claimName": "c"}},
    ]
)


@st.composite
def pod_specs(draw: st.DrawFn) -> dict[str, Any]:
    requests = without_none(
        cpu=draw(st.sampled_from([None, "100m", "1"])), memory=draw(st.sampled_from([None, "1Gi"]))
    )
    container = {"name": "c", "image": draw(st.sampled_from(["i", "j"])), "resources": {"requests": requests}}
    port = draw(maybe(st.sampled_from([80, 81]), 4))
    if port:
        container["ports"] = [{"containerPort": port, "hostPort": port}]
    affinity = without_none(
        podAffinity=draw(maybe(NEARNESS)),
        podAntiAffinity=draw(maybe(NEARNESS)),
        nodeAffinity=draw(maybe(NODE_WISHES, 4)),
    )
    return without_none(
        containers=[container],
        affinity=affinity or None,
        topologySpreadConstraints=draw(maybe(st.lists(SPREAD, min_size=1, max_size=2), 2)),
        tolerations=draw(TOLERATIONS),
        volumes=draw(maybe(st.lists(VOLUMES, min_size=1, max_size=1), 5)),
    )


PODS = st.builds(
    lambda app, version, space, spec: {
        "metadata": {"namespace": space, "labels": {"app": app, "version": version}},
        "spec": spec,
    },
    APPS,
    st.sampled_from(["1", "2"]),
    st.sampled_from(["default", "other"]),
    pod_specs(),
)
NODES = st.builds(
    lambda zone, disk, cpu, taint, images: {
        "metadata": {"labels": without_none(**{ZONE: zone, "disk": disk})},
        "spec": {"taints": [{"key": "t", "effect": taint}] if taint else []},
        "status": {
            "allocatable": {"cpu": cpu, "memory": "4Gi", "pods": "5"},
            "images": [{"names": ["i:latest"], "sizeBytes": 200 * 1024 * 1024}] if images else [],
        },
    },
    st.sampled_from(["z0", "z1", None]),
    st.sampled_from(["ssd", None]),
    st.sampled_from(["2", "4"]),
    maybe(st.sampled_from(["NoSchedule", "PreferNoSchedule"])),
    st.booleans(),
)
STEPS = st.one_of(
    st.tuples(st.just("pod"), SOME, SOME),
    st.tuples(st.just("pod"), SOME, SOME),
    st.tuples(st.just("pod"), SOME, SOME),
    st.tuples(st.just("gone"), SOME, SOME),
    st.tuples(st.just("going"), SOME, SOME),
    st.tuples(st.just("node"), SOME, NODES),
    st.tuples(st.just("lost"), SOME, SOME),
    st.tuples(st.just("team"), SOME, SOME),
    st.tuples(st.just("service"), SOME, SOME),
    st.tuples(st.just("refused"), SOME, SOME),
)


class Side:
    """One cluster, held by the engine and, plainly, for the judge."""

    def __init__(self, nodes: list[Any]) -> None:
        self.world = World(rules(), table(), profile())
        assert self.world.scheduler is not None
        self.judge = self.world.scheduler.judge
        self.engine = Engine(self.judge)
        self.nodes = {f"n{i}": self.node(f"n{i}", raw) for i, raw in enumerate(nodes)}
        self.pods: dict[str, dict[str, Object]] = {}
        self.count = 0
        self.team(0)

    def node(self, name: str, raw: Any) -> Object:
        labels = {**raw["metadata"]["labels"], HOST: name}
        return decoded({**raw, "metadata": {"name": name, "labels": labels}}, "core.Node")

    def pod(self, raw: Any) -> Object:
        self.count += 1
        return decoded({**raw, "metadata": {**raw["metadata"], "name": f"p{self.count}"}}, "core.Pod")

    def team(self, number: int) -> None:
        meta = {"name": "other", "labels": {"team": "x"} if number % 2 else {}}
        self.world.store.shelf("core.Namespace").put(decoded({"metadata": meta}, "core.Namespace"))

    def service(self, number: int) -> None:
        spec = {"selector": {"app": "ab"[number % 2]}}
        raw = {"metadata": {"name": "s", "namespace": "default"}, "spec": spec}
        self.world.store.shelf("core.Service").put(decoded(raw, "core.Service"))

    def in_order(self) -> list[Object]:
        return [self.nodes[name] for name in sorted(self.nodes)]

    def check(self, pod: Object, refused: dict[str, Verdict], chosen: int) -> str:
        """Asks both, and gives the chosen one of the best nodes."""
        self.engine.with_nodes(self.in_order(), lambda name: [*self.pods.get(name, {}).values()])
        ranked = self.engine.rank(pod, refused)
        fresh = Judge(self.judge.profile, self.judge.rules, self.judge.cluster)
        placed = {name: NodePods(tuple(its.values())) for name, its in self.pods.items()}
        plain = fresh.judge(pod, self.in_order(), placed, refused)
        assert ranked.placement() == plain
        assert [ranked.nth(i) for i in range(ranked.ties)] == plain.best()
        assert [n for n in self.nodes if ranked.fits(n)] == [n for n in self.nodes if n in plain.fitting]
        return plain.best()[chosen % ranked.ties] if ranked.ties else ""

    def put(self, node: str, pod: Object) -> None:
        self.pods.setdefault(node, {})[name_of(pod)] = pod
        self.engine.put(node, pod)

    def drop(self, node: str, name: str) -> None:
        pod = self.pods[node].pop(name)
        self.engine.drop(node, Key("core.Pod", pod["metadata"]["namespace"], name))

    def some_pod(self, number: int) -> tuple[str, Object] | None:
        all_ = [(node, pod) for node in sorted(self.pods) for pod in self.pods[node].values()]
        return all_[number % len(all_)] if all_ else None

    def step(self, kind: str, number: int, what: Any, templates: list[Any]) -> None:
        names, template = sorted(self.nodes), templates[number % len(templates)]
        match kind:
            case "pod":
                pod = self.pod(template)
                node = self.check(pod, {}, what)
                if node:
                    self.put(node, pod)
            case "gone" if found := self.some_pod(number):
                self.drop(found[0], name_of(found[1]))
            case "going" if found := self.some_pod(number):
                meta = {**found[1]["metadata"], "deletionTimestamp": self.world.clock.now}
                self.put(found[0], {**found[1], "metadata": meta})
            case "node":
                self.nodes[f"n{number}"] = self.node(f"n{number}", what)
            case "lost" if len(names) > 1:
                del self.nodes[names[number % len(names)]]
            case "team":
                self.team(number)
            case "service":
                self.service(number)
            case "refused" if names:
                name = names[number % len(names)]
                self.check(self.pod(template), {name: Verdict(name, "Other", "", ("kept for another",))}, 0)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(NODES, min_size=1, max_size=4),
    st.lists(PODS, min_size=1, max_size=3),
    st.lists(STEPS, min_size=1, max_size=14),
)
def test_the_engine_agrees_with_the_judge(nodes: list[Any], templates: list[Any], steps: list[Any]) -> None:
    side = Side(nodes)
    for kind, number, what in steps:
        side.step(kind, number, what, templates)
