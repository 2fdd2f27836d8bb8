"""What the API server would refuse is not shown as running, and what pods need of others is said."""

import json
from typing import Any

import pytest
from support.standard import plan_of

POD: dict[str, Any] = {"containers": [{"name": "c", "image": "i"}]}


def job(**spec: object) -> dict[str, Any]:
    body = {"template": {"spec": {**POD, **spec}}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "namespace": "shop"},
        "spec": body,
    }


@pytest.mark.parametrize(
    ("policy", "pods"), [({}, 0), ({"restartPolicy": "Always"}, 0), ({"restartPolicy": "Never"}, 1)]
)
def test_the_pods_of_a_job_must_be_able_to_end(policy: dict[str, str], pods: int) -> None:
    plan = plan_of(json.dumps(job(**policy)))
    assert len(plan.pods) == pods
    assert plan.totals.pods == pods


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet", "DaemonSet"])
def test_pods_that_are_kept_must_not_end(kind: str) -> None:
    labels = {"app": "a"}
    template = {"metadata": {"labels": labels}, "spec": {**POD, "restartPolicy": "Never"}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    made = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": spec,
    }
    assert plan_of(json.dumps(made)).pods == ()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, False),
        ({"serviceAccountName": "robot"}, True),
        ({"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}, True),
        ({"containers": [{"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "key"}}]}]}, True),
    ],
)
def test_what_pods_name_is_taken_to_exist(spec: dict[str, Any], said: bool) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {**POD, **spec},
    }
    assert any("config maps" in each for each in plan_of(json.dumps(pod)).assumptions) is said
