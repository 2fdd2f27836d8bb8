"""`kspec plan` and what `kubectl get -o yaml` printed: what is there stays there, whatever its hashes are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.command_line import Ran

Kspec = Callable[..., Ran]
Object = dict[str, object]

CONTAINER = {
    "name": "c",
    "image": "shop/web:1",
    "imagePullPolicy": "IfNotPresent",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
SPEC = {
    "containers": [CONTAINER],
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
BARE = {"containers": [{"name": "c", "image": "shop/web:1"}]}
OBSERVED = {"observedGeneration": 1}


def live(
    version: str, kind: str, name: str, spec: object, status: object, owner: Object | None = None
) -> Object:
    """An object as the API server gives it back."""
    meta = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "generation": 1,
        "labels": {"app": "web"},
    }
    if owner:
        its = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **owner["metadata"]}  # type: ignore[dict-item]
        kept = {k: its[k] for k in ("apiVersion", "kind", "name", "uid")}
        meta["ownerReferences"] = [{**kept, "controller": True, "blockOwnerDeletion": True}]
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec, "status": status}


def workload(kind: str, hashed: str = "", **more: object) -> Object:
    labels = {"app": "web", **({"pod-template-hash": hashed} if hashed else {})}
    return {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": SPEC},
        **more,
    }


def pod(name: str, node: str, owner: Object, **labels: str) -> Object:
    made = live("v1", "Pod", name, {**SPEC, "nodeName": node}, {
        "phase": "Running", "podIP": "10.244.0.9", "conditions": [{"type": "Ready", "status": "True"}],
    }, owner)  # fmt: skip
    made["metadata"]["labels"] |= labels  # type: ignore[index]
    return made


def node(name: str) -> Object:
    has = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    ready = [{"type": "Ready", "status": "True"}]
    status = {"capacity": has, "allocatable": has, "conditions": ready}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name}, "status": status}


def deployment() -> list[Object]:
    d = live("apps/v1", "Deployment", "web", workload("Deployment", replicas=2), {**OBSERVED, "replicas": 2})
    r = live("apps/v1", "ReplicaSet", "web-1a2b", workload("ReplicaSet", "1a2b", replicas=2), OBSERVED, d)
    r["metadata"]["labels"] |= {"pod-template-hash": "1a2b"}  # type: ignore[index]
    return [d, r, *(pod(f"web-1a2b-{n}", f"n{n}", r, **{"pod-template-hash": "1a2b"}) for n in (0, 1))]


def stateful_set() -> list[Object]:
    revision = {"currentRevision": "web-5d8f", "updateRevision": "web-5d8f"}
    more = {"replicas": 2, "serviceName": "web"}
    s = live(
        "apps/v1",
        "StatefulSet",
        "web",
        workload("StatefulSet", **more),
        {**OBSERVED, "replicas": 2, **revision},
    )
    return [s, *(pod(f"web-{n}", f"n{1 - n}", s, **{"controller-revision-hash": "web-5d8f"}) for n in (0, 1))]


def daemon_set() -> list[Object]:
    counts = {"currentNumberScheduled": 2, "updatedNumberScheduled": 2, "desiredNumberScheduled": 2}
    s = live("apps/v1", "DaemonSet", "web", workload("DaemonSet"), {**OBSERVED, "numberMisscheduled": 0,
        "numberReady": 2, **counts})  # fmt: skip
    return [s, *(pod(f"web-x{n}", f"n{n}", s, **{"controller-revision-hash": "5d8f"}) for n in (0, 1))]


def written(path: Path, objects: list[Object]) -> Path:
    path.write_text(yaml.safe_dump_all([*objects, node("n0"), node("n1")]))
    return path


ALL = {"Deployment": deployment, "StatefulSet": stateful_set, "DaemonSet": daemon_set}


@pytest.mark.parametrize("kind", list(ALL))
def test_a_snapshot_alone_changes_nothing(kspec: Kspec, tmp_path: Path, kind: str) -> None:
    objects = ALL[kind]()
    ran = kspec("plan", written(tmp_path / "live.yaml", objects))
    assert ran.code == 0 and ran.out.startswith(
        f"No changes: {len(objects)} objects are as they should be"
    ), ran.out
    assert "new" not in ran.out and "gone" not in ran.out


@pytest.mark.parametrize("kind", list(ALL))
def test_the_same_manifest_leaves_every_pod_where_it_is(kspec: Kspec, tmp_path: Path, kind: str) -> None:
    objects = ALL[kind]()
    spec = {k: v for k, v in objects[0]["spec"].items() if k != "template"}  # type: ignore[attr-defined]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": BARE}
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {**spec, "template": template},
    }
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(manifest))
    snapshot = written(tmp_path / "live.yaml", objects)
    ran = kspec("plan", tmp_path / "new.yaml", "--from", snapshot)
    assert ran.code == 0 and ran.out.startswith("No changes"), ran.out
    assert all(str(o["metadata"]["name"]) in ran.out for o in objects[1:])  # type: ignore[index]
    if "replicas" not in spec:
        return
    manifest["spec"]["replicas"] = 3  # type: ignore[index]
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(manifest))
    ran = kspec("plan", tmp_path / "new.yaml", "--from", snapshot)
    assert "~ spec.replicas: 2 -> 3" in ran.out and "Pods: 3 of 3 running on 2 nodes (1 new)" in ran.out, (
        ran.out
    )
