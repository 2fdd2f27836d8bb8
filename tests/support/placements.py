"""Small clusters for questions about placement, and the answer that trying everything gives."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from support.standard import rules

from kspec.model.cluster import FixedCluster
from kspec.model.objects import name_of
from kspec.runtime.quantity import parse_quantity
from kspec.verify.placement.replay import bound, judged
from kspec.verify.placement.source import Source

Object = dict[str, Any]
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def node(name: str, zone: str = "", cpu: int = 4, pods: int = 10, **more: Any) -> Object:
    labels = {HOST: name, **({ZONE: zone} if zone else {}), **more.get("labels", {})}
    room = {
        "cpu": parse_quantity(str(cpu)),
        "memory": parse_quantity("16Gi"),
        "pods": parse_quantity(str(pods)),
    }
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": more.get("taints", [])},
        "status": {"allocatable": room, "capacity": room},
    }


def pod(name: str, app: str = "web", cpu: str = "1", **spec: Any) -> Object:
    containers = [{"name": "c", "resources": {"requests": {"cpu": parse_quantity(cpu)}}}]
    ports = spec.pop("ports", [])
    if ports:
        containers[0]["ports"] = [{"containerPort": p, "hostPort": p, "protocol": "TCP"} for p in ports]
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}},
        "spec": {"containers": containers, **spec},
    }


def agent(name: str, where: str, app: str, **spec: Any) -> Object:
    """A pod of a DaemonSet: for one node only, with which it goes."""
    made = pod(name, app, **spec)
    made["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "agent", "controller": True}]
    fields = [{"key": "metadata.name", "operator": "In", "values": [where]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    only = {"requiredDuringSchedulingIgnoredDuringExecution": required}
    made["spec"]["affinity"] = {**made["spec"].get("affinity", {}), "nodeAffinity": only}
    return made


def term(key: str, app: str) -> Object:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}


def affinity(near: list[Object] | None = None, far: list[Object] | None = None) -> Object:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    made: Object = {}
    if near:
        made["podAffinity"] = {required: near}
    if far:
        made["podAntiAffinity"] = {required: far}
    return made


def spread(key: str, app: str, most: int = 1, least: int | None = None) -> Object:
    made: Object = {
        "topologyKey": key,
        "maxSkew": most,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": app}},
    }
    return {**made, "minDomains": least} if least is not None else made


def source(
    nodes: list[Object], free: list[Object], staying: list[tuple[Object, str]] | None = None
) -> Source:
    """The question about these; pods of one app come from one thing."""
    its = rules()
    cluster = FixedCluster({"namespaces": [{"metadata": {"name": "shop"}}], "nodes": nodes, "pods": free})
    return Source(
        its.rules,
        its.profiles,
        cluster,
        tuple(nodes),
        tuple(free),
        tuple((bound(p, n), n) for p, n in staying or []),
        lambda p: p["metadata"]["labels"]["app"],
    )


def some_order_places_all(its: Source) -> bool:
    """Is there an order, and a node for each pod, such that all filters accept every one? All are tried."""
    seen: set[object] = set()
    judges = its.judges()
    start = {name_of(n): tuple(p for p, where in its.staying if where == name_of(n)) for n in its.nodes}

    def goes_on(on: dict[str, tuple[Object, ...]], waiting: tuple[Object, ...]) -> bool:
        key = tuple(tuple(sorted(name_of(p) for p in pods)) for pods in on.values())
        if key in seen:
            return False
        seen.add(key)
        if not waiting:
            return True
        infos = [{"node": n, "pods": on[name_of(n)]} for n in its.nodes]
        for each in waiting:
            rest = tuple(p for p in waiting if p is not each)
            for at, n in enumerate(its.nodes):
                if judged(judges(each), each, infos, at).fits:
                    there = (*on[name_of(n)], bound(each, name_of(n)))
                    if goes_on({**on, name_of(n): there}, rest):
                        return True
        return False

    return goes_on(start, its.free)


# ---------------------------------------------------------------- drawn


@st.composite
def clusters(draw: st.DrawFn, pods_max: int = 5, stays: bool = True) -> Source:
    """Two to four nodes, two to five pods of up to three apps, each app with some demands."""
    nodes = [
        node(
            f"n-{i}",
            draw(st.sampled_from(["a", "a", "b", "b", "c", ""])),
            draw(st.sampled_from([2, 3, 4])),
            draw(st.sampled_from([1, 2, 10])),
            labels=draw(st.sampled_from([{}, {}, {"disk": "ssd"}])),
            taints=draw(st.sampled_from([[], [], [], [{"key": "gpu", "effect": "NoSchedule"}]])),
        )
        for i in range(draw(st.integers(2, 4)))
    ]
    apps = {app: draw(_demanding()) for app in ("web", "db", "cache")}
    names = draw(st.lists(st.sampled_from(sorted(apps)), min_size=2, max_size=pods_max))
    free = [pod(f"p-{i}", app, **apps[app]) for i, app in enumerate(names)]
    if draw(st.integers(0, 3)) == 0:
        app = draw(st.sampled_from(sorted(apps)))
        free.append(agent("agent", draw(st.sampled_from(nodes))["metadata"]["name"], app, **apps[app]))
    staying = []
    if stays and draw(st.booleans()):
        app = draw(st.sampled_from(sorted(apps)))
        where = draw(st.sampled_from(nodes))["metadata"]["name"]
        staying.append((pod("stays", app, **apps[app]), where))
    return source(nodes, free, staying)


@st.composite
def _demanding(draw: st.DrawFn) -> Object:
    """What the pods of one app ask for."""
    keys, apps = st.sampled_from([ZONE, ZONE, HOST]), st.sampled_from(["web", "db", "cache"])
    made: Object = {"cpu": draw(st.sampled_from(["0", "500m", "1", "1500m", "2"]))}
    far = draw(st.lists(st.builds(term, keys, apps), max_size=1))
    near = draw(st.one_of(st.just([]), st.lists(st.builds(term, keys, apps), max_size=2)))
    if (far or near) and draw(st.booleans()):
        made["affinity"] = affinity(near, far)
    if draw(st.integers(0, 2)) == 0:
        made["topologySpreadConstraints"] = draw(
            st.lists(
                st.builds(spread, keys, apps, st.integers(1, 2), st.sampled_from([None, None, 2, 3])),
                min_size=1,
                max_size=2,
            )
        )
    if draw(st.integers(0, 5)) == 0:
        made["ports"] = draw(st.sampled_from([[80], [80, 443]]))
    if draw(st.integers(0, 5)) == 0:
        made["nodeSelector"] = {"disk": "ssd"}
    if draw(st.integers(0, 4)) == 0:
        made["tolerations"] = [{"key": "gpu", "operator": "Exists"}]
    return made
