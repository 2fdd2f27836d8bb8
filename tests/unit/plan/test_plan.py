"""Plans of small inputs: what is created, changed, replaced, deleted; where pods run, and why not."""

import json

import pytest
from support.standard import NODES, deployment, plan_of, world_of

from kspec.plan import Declared, Plan, Pool, Verb, plan_to_json, render_text
from kspec.plan.diff import LAST_APPLIED
from kspec.report.document import json_schema, to_json
from kspec.resources.objects import encode


def verbs(plan: Plan) -> list[tuple[str, str]]:
    return [(c.verb.value, str(c.object)) for c in plan.changes]


def fields(plan: Plan) -> list[tuple[str, object, object]]:
    return [(f.path, f.old, f.new) for c in plan.changes for f in c.fields]


def nodes_of(plan: Plan) -> list[str]:
    return sorted(p.node for p in plan.pods if p.fate != "gone")


def test_a_deployment_becomes_pods_on_the_assumed_cluster() -> None:
    plan = plan_of(deployment("web", 3))
    assert verbs(plan) == [("create", "Deployment shop/web")]
    assert nodes_of(plan) == ["node-0", "node-1", "node-2"]
    assert [str(p.workload) for p in plan.pods] == ["Deployment shop/web"] * 3
    assert {p.owner.kind for p in plan.pods if p.owner} == {"ReplicaSet"}
    assert (plan.totals.pods, plan.totals.running, plan.totals.pending) == (3, 3, 0)
    assert plan.cluster.startswith("assumed, 3 nodes with 4 CPU, 16Gi memory, 110 pods each, in zone-a")
    assert "the namespace shop exists already" in plan.assumptions
    assert plan.settles and plan.has_changes


def test_the_same_input_gives_the_same_plan() -> None:
    assert plan_of(deployment("web", 3)) == plan_of(deployment("web", 3))


def test_against_itself_there_is_nothing_to_do() -> None:
    plan = plan_of(deployment("web", 2), deployment("web", 2))
    assert verbs(plan) == [("keep", "Deployment shop/web")]
    assert not plan.has_changes
    assert {p.fate for p in plan.pods} == {"kept"}
    assert render_text(plan).startswith("No changes: 1 objects are as they should be.\n")


def test_scaling_changes_one_field_and_makes_one_pod() -> None:
    plan = plan_of(deployment("web", 3), deployment("web", 2))
    assert fields(plan) == [("spec.replicas", 2, 3)]
    assert sorted(p.fate for p in plan.pods) == ["kept", "kept", "new"]


def test_another_image_rolls_all_pods_over() -> None:
    plan = plan_of(deployment("web", 2, image="shop/web:2"), deployment("web", 2))
    assert fields(plan) == [("spec.template.spec.containers[c].image", "shop/web:1", "shop/web:2")]
    assert sorted(p.fate for p in plan.pods) == ["gone", "gone", "new", "new"]
    assert plan.totals.running == 2
    assert len(plan.workloads[0].owned) == 2


def test_a_slow_rollout_is_followed_to_its_end() -> None:
    """Each step waits until new pods have been ready for ten minutes of virtual time."""
    slow = "minReadySeconds: 600"
    plan = plan_of(deployment("web", 3, image="b", spec=slow), deployment("web", 3, spec=slow))
    assert sorted(p.fate for p in plan.pods) == ["gone"] * 3 + ["new"] * 3
    assert plan.problems == ()


def test_a_removed_field_goes_back_to_its_default() -> None:
    with_field = deployment("web", 1, spec="minReadySeconds: 5\n  revisionHistoryLimit: 3")
    plan = plan_of(deployment("web", 1), with_field)
    assert fields(plan) == [("spec.minReadySeconds", 5, None), ("spec.revisionHistoryLimit", 3, 10)]


def test_another_notation_of_a_quantity_is_no_change() -> None:
    assert not plan_of(deployment("web", cpu="0.1"), deployment("web", cpu="100m")).has_changes


def test_an_immutable_field_forces_a_replacement() -> None:
    plan = plan_of(deployment("web", 2, app="other"), deployment("web", 2))
    assert [v for v, _ in verbs(plan)] == ["replace"]
    forced = {f.path: f.forces for f in plan.changes[0].fields}
    assert forced['spec.selector.matchLabels["app"]'] == "field is immutable"
    assert forced['spec.template.metadata.labels["app"]'] == ""
    assert sorted(p.fate for p in plan.pods) == ["gone", "gone", "new", "new"]
    text = render_text(plan)
    assert "-/+ Deployment shop/web  must be replaced" in text
    assert "(forces replacement: field is immutable)" in text


def test_what_is_no_longer_in_the_input_is_deleted_with_its_pods() -> None:
    plan = plan_of(deployment("web", 1), deployment("web", 1) + deployment("old", 2))
    assert verbs(plan) == [("keep", "Deployment shop/web"), ("delete", "Deployment shop/old")]
    assert (plan.totals.gone_pods, plan.totals.running) == (2, 1)
    assert [str(w.object) for w in plan.workloads] == ["Deployment shop/web"]


def test_a_pod_that_fits_nowhere_says_why() -> None:
    plan = plan_of(
        deployment("web", 1, cpu="3") + deployment("picky", 1, template="nodeSelector: {disk: ssd}") + NODES
    )
    why = {str(p.workload): p.why for p in plan.pods}
    assert why["Deployment shop/web"] == (
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )
    assert why["Deployment shop/picky"] == ""
    assert (plan.totals.running, plan.totals.pending) == (1, 1)
    assert not plan.settles
    assert "Pod shop/" in render_text(plan).split("Not running")[1]


def test_reasons_of_different_nodes_are_counted() -> None:
    taint = (
        "{apiVersion: v1, kind: Node, metadata: {name: n2}, spec: {taints: [{key: k, effect: NoSchedule}]}}"
    )
    plan = plan_of(deployment("web", 1, cpu="3") + NODES + f"\n---\n{taint}\n")
    why = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
    assert plan.pods[0].why.startswith(why)


def test_an_object_that_the_api_would_refuse_is_told_and_not_made() -> None:
    text = deployment("web").replace("labels: {app: web}", "labels: {app: elsewhere}")
    plan = plan_of(text)
    assert plan.totals.refused == 1 and plan.totals.create == 0
    assert plan.changes[0].refusal.startswith("Invalid: spec.template.metadata.labels: Invalid: `selector`")
    assert plan.pods == ()


def test_secrets_are_masked_wherever_they_change() -> None:
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: {a: %s}}"
    plan = plan_of(secret % "aHVudGVyMg==", secret % "c2VjcmV0")
    assert fields(plan) == [('data["a"]', "*** (before)", "*** (after)")]
    assert plan.changes[0].fields[0].sensitive
    for shown in (render_text(plan), json.dumps(plan_to_json(plan))):
        assert "aHVudGVyMg" not in shown and "c2VjcmV0" not in shown


def test_custom_resources_are_carried_along_and_named() -> None:
    custom = "{apiVersion: farm.example/v1, kind: Cow, metadata: {name: berta}, spec: {milk: %d}}"
    plan = plan_of(custom % 2, custom % 1)
    assert verbs(plan) == [("change", "Cow berta")]
    assert fields(plan) == [("spec.milk", 1, 2)]
    assert plan.custom[0][0] == "Cow.farm.example"
    assert "custom resource Cow.farm.example, carried along: berta" in render_text(plan)


def test_what_no_rule_looks_at_is_named() -> None:
    claims = "resourceClaims: [{name: gpu, resourceClaimName: gpu}]"
    plan = plan_of(deployment("web", 2, template=claims))
    assert [(aspect, [str(r) for r in refs]) for aspect, refs in plan.overlooked] == [
        ("resource claims", ["Deployment shop/web"])
    ]
    assert "resource claims of Deployment shop/web" in render_text(plan)


def test_a_live_state_keeps_what_others_have_set_and_loses_what_was_applied_before() -> None:
    """As `kubectl apply` does it: the last applied manifest says what may be removed."""
    applied = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "shop"},
        "data": {"kept": "1", "dropped": "1"},
    }
    meta = {
        "name": "c",
        "namespace": "shop",
        "uid": "u-1",
        "annotations": {LAST_APPLIED: json.dumps(applied)},
    }
    data = {"kept": "1", "dropped": "1", "others": "1"}
    unrelated = {**applied, "metadata": {"name": "unrelated", "namespace": "shop", "uid": "u-2"}}
    live = "\n---\n".join(map(json.dumps, ({**applied, "metadata": meta, "data": data}, unrelated)))
    new = '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {kept: "2"}}'
    plan = plan_of(new, live)
    assert fields(plan) == [('data["dropped"]', "1", None), ('data["kept"]', "1", "2")]
    assert verbs(plan) == [("change", "ConfigMap shop/c")]


def test_a_snapshot_of_a_running_cluster_is_where_a_plan_may_start() -> None:
    """Its ReplicaSets and pods are kept or rolled over, though they are not in the input."""
    world = world_of(NODES + deployment("web", 2))
    world.run_until_quiet()
    running = [encode(o) for record in world.store.records() for o in world.store.objects(record)]
    live = "\n---\n".join(map(json.dumps, running))
    same = plan_of(deployment("web", 2), live)
    assert not same.has_changes and {p.fate for p in same.pods} == {"kept"}
    assert same.cluster == "2 nodes of the input"
    new = plan_of(deployment("web", 3, image="shop/web:2"), live)
    assert [c.object.kind for c in new.changes] == ["Deployment"]
    assert [f.path for f in new.changes[0].fields] == [
        "spec.replicas",
        "spec.template.spec.containers[c].image",
    ]
    assert sorted(p.fate for p in new.pods) == ["gone", "gone", "new", "new", "new"]


def test_declared_pools_become_nodes_and_a_range_is_taken_at_its_most() -> None:
    pools = (
        Pool("worker", {"nodes": 2, "cpu": None, "zones": ["a", "b"]}),
        Pool("gpu", {"nodes": (0, 3), "labels": {"gpu": "yes"}}),
    )
    plan = plan_of(deployment("web", 1), clusters=[Declared("prod", pools)])
    assert [n.name for n in plan.nodes] == ["gpu-0", "gpu-1", "gpu-2", "worker-0", "worker-1"]
    assert plan.cluster == "prod, as declared: 5 nodes"
    assert "pool gpu has 3 nodes, the most of 0..3" in plan.assumptions


def test_a_daemon_set_runs_once_on_every_node_that_takes_it() -> None:
    daemon = deployment("agent").replace("kind: Deployment", "kind: DaemonSet").replace("  replicas: 1\n", "")
    plan = plan_of(daemon + NODES)
    assert nodes_of(plan) == ["n0", "n1"]
    assert plan.workloads[0].wanted == 2


def test_a_stateful_set_has_pods_by_number_and_claims() -> None:
    size = "resources: {requests: {storage: 1Gi}}"
    claim = f"{{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce], {size}}}}}"
    spec = f"serviceName: db\n  volumeClaimTemplates: [{claim}]"
    plan = plan_of(deployment("db", 3, spec=spec).replace("kind: Deployment", "kind: StatefulSet"))
    made = [str(r) for r in plan.made]
    assert made[3:] == [f"PersistentVolumeClaim shop/data-db-{i}" for i in range(3)]
    assert all(volume.startswith("PersistentVolume pvc-") for volume in made[:3])
    assert (
        "a claim of a class that is not declared gets a volume that every node can reach" in plan.assumptions
    )
    assert [p.object.name for p in plan.pods] == ["db-0", "db-1", "db-2"]
    assert plan.totals.running == 3


def test_the_json_document_follows_its_schema() -> None:
    import jsonschema

    plan = plan_of(deployment("web", 2, cpu="3") + NODES, deployment("web", 2, app="x") + NODES)
    document = json.loads(to_json("plan", plan_to_json(plan)))
    jsonschema.validate(document, json_schema("plan"))
    assert document["schema"] == "kspec/plan/1"
    assert document["totals"]["replace"] == 1


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_has_a_mark(verb: Verb) -> None:
    assert verb.mark in {"+", "~", "-/+", "-", " "}


def test_only_the_first_pods_of_an_owner_are_printed() -> None:
    text = render_text(plan_of(deployment("web", 30)))
    assert "and 18 more on 3 nodes" in text
    assert text.count("+ web-") == 12
