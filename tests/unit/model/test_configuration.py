"""Configurations of the scheduler: how lists of plug-ins are merged, and what arguments do."""

from __future__ import annotations

from typing import Any

import pytest

from kspec.conform.cluster import rulebook, table
from kspec.conform.scheduler_input import rules, snapshot
from kspec.model.configuration import scheduler_profiles
from kspec.model.defaults import Defaults
from kspec.model.placement import Placement
from kspec.model.profile import Catalogue, Profile, catalogue_of
from kspec.model.rules import call_function
from kspec.model.standard import DEFAULT_PROFILE, standard_profile
from kspec.resources.configurations import Configuration
from kspec.resources.load import load_library
from kspec.resources.yaml import load_yaml
from kspec.runtime.values import Quantity
from kspec.source import Diagnostic, SourceFile

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def offered() -> Catalogue:
    return catalogue_of(load_library().profiles[DEFAULT_PROFILE].fields)


def read(text: str) -> tuple[tuple[Profile, ...], list[Diagnostic]]:
    (document,), _ = load_yaml(SourceFile("scheduler.yaml", HEAD + text))
    found = Configuration(document.value, document)
    return scheduler_profiles(found, offered(), rules(), table())


def profile(text: str) -> Profile:
    (found,), mistakes = read("profiles:\n- " + text.replace("\n", "\n  "))
    assert not mistakes
    return found


def codes(text: str) -> list[tuple[str, int]]:
    return [(m.code, m.span.line if m.span else 0) for m in read(text)[1]]


def scores(p: Profile) -> dict[str, int]:
    return {s.plugin: s.weight for s in p.scores}


def node(name: str, cpu: str = "4", memory: str = "8Gi", zone: str = "a", **more: Any) -> dict[str, Any]:
    labels = {HOST: name, ZONE: zone, **more.pop("labels", {})}
    there = {"cpu": cpu, "memory": memory, "pods": "10", **more.pop("allocatable", {})}
    return {"metadata": {"name": name, "labels": labels}, "status": {"allocatable": there, **more}}


def pod(name: str, on: str = "", cpu: str = "1", memory: str = "1Gi", **spec: Any) -> dict[str, Any]:
    asked = {"cpu": cpu, "memory": memory, **spec.pop("requests", {})}
    labels = spec.pop("labels", {"app": "web"})
    container = {"name": "c", "image": "i:1", "resources": {"requests": asked}}
    where = {"nodeName": on} if on else {}
    return {
        "metadata": {"name": name, "namespace": "n", "labels": labels},
        "spec": {"containers": [container], **where, **spec},
        "status": {"phase": "Running"} if on else {},
    }


def placed(text: str, nodes: list[Any], pods: list[Any], wanted: Any, **more: Any) -> Placement:
    case = {"nodes": nodes, "pods": pods, "pending": [wanted], "namespaces": [{"metadata": {"name": "n"}}]}
    found = snapshot({**case, **more}, profile(text) if text else None)
    (one,) = found.pending
    assert isinstance(one, dict)
    return found.judge.judge(one, found.nodes, found.placed)


def raw(placement: Placement, plugin: str) -> dict[str, int]:
    return {n: s.raw for n, its in placement.scores.items() for s in its if s.plugin == plugin}


def reasons(placement: Placement) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {v.node: (v.plugin, v.reasons) for v in placement.verdicts if not v.fits}


# ------------------------------------------------------------ plug-ins


def test_without_a_word_the_profile_is_the_default() -> None:
    """Law: an empty configuration is the data of the default profile, though rules make it."""
    default = standard_profile({DEFAULT_PROFILE: load_library().profiles[DEFAULT_PROFILE].fields})
    (found,), _ = read("")
    assert (found.filters, found.scores, found.helpers) == (default.filters, default.scores, default.helpers)
    assert found.settings == default.settings and found.preempts and found.scheduler == "default-scheduler"
    fill = Defaults(table(), rules())
    for name, args in default.settings.items():
        record = f"scheduling.{name}Args"
        assert fill.applied(record, {}, lambda rule, obj: call_function(rule, obj)) == args, name


def test_the_list_of_a_point_comes_before_what_multi_point_enables() -> None:
    """Overridden ones first, then those of multiPoint, then what is added: upstream's order."""
    found = profile(
        "plugins:\n  score: {enabled: [{name: ImageLocality, weight: 7}], disabled: [{name: NodeAffinity}]}\n"
        "  multiPoint: {enabled: [{name: TaintToleration}]}"
    )
    assert [*scores(found).items()] == [
        ("ImageLocality", 7),
        ("TaintToleration", 1),
        ("NodeResourcesFit", 1),
        ("PodTopologySpread", 2),
        ("InterPodAffinity", 2),
        ("DynamicResources", 2),
        ("NodeResourcesBalancedAllocation", 1),
    ]


def test_a_star_disables_all_that_is_not_enabled() -> None:
    one = profile('plugins: {score: {disabled: [{name: "*"}], enabled: [{name: NodeResourcesFit}]}}')
    assert scores(one) == {"NodeResourcesFit": 1} and len(one.filters) == 13
    keep = "{name: PrioritySort}, {name: SchedulingGates}, {name: DefaultBinder}, {name: NodeName}"
    keep += ", {name: DynamicResources}, {name: DefaultPreemption}"
    many = profile(f'plugins: {{multiPoint: {{disabled: [{{name: "*"}}], enabled: [{keep}]}}}}')
    assert [f.plugin for f in many.filters] == ["NodeName"] and scores(many) == {"DynamicResources": 1}
    none = profile('plugins: {postFilter: {disabled: [{name: "*"}]}}')
    assert not none.preempts and none.helpers == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("percentageOfNodesToScore: 101", [("KS2702", 3)]),
        ("profiles: [{schedulerName: a}, {schedulerName: a}]", [("KS2702", 3)]),
        ("profiles:\n- plugins: {filter: {enabled: [{name: Nodename}]}}", [("KS2701", 4)]),
        ("profiles:\n- plugins: {score: {enabled: [{name: ImageLocality, weight: 0}]}}", [("KS2703", 4)]),
        ("profiles:\n- plugins: {score: {enabled: [{name: NodeName}]}}", [("KS2706", 4)]),
        ("extenders: [{urlPrefix: x}]", [("KS2705", 3)]),
        (
            "profiles:\n- pluginConfig: [{name: NodeResourcesFit, args: {\n    scoringStrategy: {typ: x}}}]",
            [("KS2501", 5)],
        ),
        ("profiles:\n- pluginConfig: [{name: NodeAffinity, args: {kind: NodeArgs}}]", [("KS2702", 4)]),
    ],
)
def test_mistakes_have_a_line(text: str, expected: list[tuple[str, int]]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("nodes", "percentage", "enough"),
    [
        (99, 1, 99),
        (1000, 30, 300),
        (1000, 5, 100),
        (1000, 0, 420),
        (5000, 0, 500),
        (6000, 0, 300),
        (200, 100, 200),
    ],
)
def test_how_many_nodes_are_enough(nodes: int, percentage: int, enough: int) -> None:
    found = rulebook().get("scheduling/enoughNodes")
    assert found is not None and call_function(found, nodes, percentage) == enough


# ------------------------------------------------------------ arguments

MOST = "pluginConfig:\n- name: NodeResourcesFit\n  args: {scoringStrategy: {type: MostAllocated"
RATIO = "pluginConfig:\n- name: NodeResourcesFit\n  args: {scoringStrategy: {type: RequestedToCapacityRatio"


def test_the_fullest_node_is_wanted() -> None:
    """(1+2)/4 of the cpu and (1+4)/8 of the memory: 75 and 62, of which 68 is the mean."""
    nodes, there = [node("n1"), node("n2")], [pod("p", "n1", "2", "4Gi")]
    assert raw(placed("", nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 31, "n2": 81}
    assert raw(placed(MOST + "}}", nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 68, "n2": 18}
    weighed = MOST + ", resources: [{name: cpu, weight: 3}, {name: memory}]}}"
    assert raw(placed(weighed, nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 71, "n2": 21}


def test_a_shape_joins_its_points_and_leaves_out_what_scores_nothing() -> None:
    """cpu at 75 %: 0 + 100 * 75 / 100; memory at 62 %; rounded to the nearest: (75 + 62) / 2 = 68.5."""
    shape = "{shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}"
    nodes, there = [node("n1"), node("n2")], [pod("p", "n1", "2", "4Gi")]
    rising = RATIO + f", requestedToCapacityRatio: {shape}}}}}"
    assert raw(placed(rising, nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 69, "n2": 19}
    falling = "{shape: [{utilization: 30, score: 10}, {utilization: 70, score: 0}]}"
    text = RATIO + f", requestedToCapacityRatio: {falling}}}}}"
    assert raw(placed(text, nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 20, "n2": 100}


def test_a_resource_of_someones_own_counts_where_the_pod_asks_for_it() -> None:
    gpu = {"example.com/gpu": "4"}
    nodes = [node("n1", allocatable=gpu), node("n2", allocatable=gpu)]
    there = [pod("p", "n1", requests={"example.com/gpu": "2"})]
    text = MOST + ", resources: [{name: example.com/gpu}]}}"
    wants = pod("q", requests={"example.com/gpu": "1"})
    assert raw(placed(text, nodes, there, wants), "NodeResourcesFit") == {"n1": 75, "n2": 25}
    assert raw(placed(text, nodes, there, pod("q")), "NodeResourcesFit") == {"n1": 0, "n2": 0}


def test_ignored_resources_never_run_short() -> None:
    wants = pod("q", requests={"example.com/gpu": "1", "other.org/card": "1"})
    text = "pluginConfig:\n- name: NodeResourcesFit\n  args: {ignoredResources: [other.org/card]"
    assert reasons(placed(text + "}", [node("n1")], [], wants)) == {
        "n1": ("NodeResourcesFit", ("Insufficient example.com/gpu",))
    }
    assert placed(text + ", ignoredResourceGroups: [example.com]}", [node("n1")], [], wants).fitting == ["n1"]


def test_balance_over_three_resources_is_a_standard_deviation() -> None:
    """Before 0, 0, 0; after 1/4, 1/8, 1/2: deviation 0.155, so 84 after 100: 50 + (50 + 84 - 100) / 2."""
    nodes = [node(n, allocatable={"ephemeral-storage": "4Gi"}) for n in ("n1", "n2")]
    text = (
        "pluginConfig:\n- name: NodeResourcesBalancedAllocation\n"
        "  args: {resources: [{name: cpu}, {name: memory}, {name: ephemeral-storage}]}"
    )
    wants = pod("q", requests={"ephemeral-storage": "2Gi"})
    found = raw(placed(text, nodes, [], wants), "NodeResourcesBalancedAllocation")
    assert found == {"n1": 67, "n2": 67}


def test_affinity_that_the_profile_adds() -> None:
    nodes = [node("n1", labels={"disk": "ssd"}), node("n2", labels={"disk": "hdd"})]
    term = "nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]"
    must = f"{{requiredDuringSchedulingIgnoredDuringExecution: {{{term}}}}}"
    text = f"pluginConfig: [{{name: NodeAffinity, args: {{addedAffinity: {must}}}}}]"
    assert reasons(placed(text, nodes, [], pod("q"))) == {
        "n2": ("NodeAffinity", ("node(s) didn't match scheduler-enforced node affinity",))
    }
    like = "[{weight: 5, preference: {matchExpressions: [{key: disk, operator: Exists}]}}]"
    text = text.replace(must, f"{{preferredDuringSchedulingIgnoredDuringExecution: {like}}}")
    assert raw(placed(text, nodes, [], pod("q")), "NodeAffinity") == {"n1": 5, "n2": 5}


def test_the_weight_of_what_other_pods_demand() -> None:
    near = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": HOST}
    demands = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [near]}}
    likes = {
        "podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 4, "podAffinityTerm": near}]
        }
    }
    there = [pod("p", "n1", affinity=demands), pod("r", "n2", affinity=likes)]
    nodes = [node("n1"), node("n2"), node("n3")]
    text = "pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: %s}}]"
    assert raw(placed("", nodes, there, pod("q")), "InterPodAffinity") == {"n1": 1, "n2": 4, "n3": 0}
    assert raw(placed(text % 9, nodes, there, pod("q")), "InterPodAffinity") == {"n1": 9, "n2": 4, "n3": 0}
    assert raw(placed(text % 0, nodes, there, pod("q")), "InterPodAffinity") == {"n1": 0, "n2": 4, "n3": 0}
    ignoring = text % "3, ignorePreferredTermsOfExistingPods: true"
    assert raw(placed(ignoring, nodes, there, pod("q")), "InterPodAffinity") == {}
    own = raw(placed(ignoring, nodes, there, pod("q", affinity=likes)), "InterPodAffinity")
    assert own == {"n1": 7, "n2": 8, "n3": 0}


def test_default_constraints_of_the_profile() -> None:
    """Hard ones are a filter; nodes without the label are out, and System's are in force no more."""
    service = {"metadata": {"name": "s", "namespace": "n"}, "spec": {"selector": {"app": "web"}}}
    text = (
        "pluginConfig:\n- name: PodTopologySpread\n  args: {defaultingType: List, defaultConstraints: "
        "[{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}]}"
    )
    nodes = [node("n1"), node("n2", zone="b")]
    found = placed(text, nodes, [pod("p", "n1")], pod("q"), services=[service])
    assert reasons(found) == {
        "n1": ("PodTopologySpread", ("node(s) didn't match pod topology spread constraints",))
    }
    assert placed(text, nodes, [pod("p", "n1")], pod("q")).fitting == ["n1", "n2"]
    none = "pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List}}]"
    assert raw(placed(none, nodes, [pod("p", "n1")], pod("q"), services=[service]), "PodTopologySpread") == {}


# ------------------------------------------------------------ what no recorded case exercises


def volume(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]}


def test_a_driver_that_says_how_much_room_there_is() -> None:
    claim = {
        "metadata": {"name": "c", "namespace": "n"},
        "spec": {"storageClassName": "s", "accessModes": ["ReadWriteOnce"]},
    }
    claim["spec"]["resources"] = {"requests": {"storage": "5Gi"}}  # type: ignore[index]
    given: dict[str, Any] = {
        "pvcs": [claim],
        "storageClasses": [
            {"metadata": {"name": "s"}, "provisioner": "d", "volumeBindingMode": "WaitForFirstConsumer"}
        ],
        "csiDrivers": [{"metadata": {"name": "d"}, "spec": {"storageCapacity": True}}],
    }
    nodes = [node("n1"), node("n2", zone="b")]
    full = ("VolumeBinding", ("node(s) did not have enough free storage",))
    assert reasons(placed("", nodes, [], pod("q", **volume("c")), **given)) == {"n1": full, "n2": full}
    room = {"metadata": {"name": "k", "namespace": "n"}, "storageClassName": "s", "capacity": "10Gi"}
    here = {**room, "nodeTopology": {"matchLabels": {ZONE: "a"}}}
    found = placed("", nodes, [], pod("q", **volume("c")), **given, csiStorageCapacities=[here])
    assert reasons(found) == {"n2": full}
    small = {**here, "maximumVolumeSize": "4Gi"}
    found = placed("", nodes, [], pod("q", **volume("c")), **given, csiStorageCapacities=[small])
    assert found.fitting == []
    given["csiDrivers"][0]["spec"]["storageCapacity"] = False
    assert placed("", nodes, [], pod("q", **volume("c")), **given).fitting == ["n1", "n2"]


def test_a_claim_that_is_missing_is_found_by_the_first_plug_in_that_looks() -> None:
    found = placed("", [node("n1")], [], pod("q", **volume("c")))
    assert (found.before.plugin, found.before.reasons) == (
        "VolumeRestrictions",
        ('persistentvolumeclaim "c" not found',),
    )


def bound(name: str, volume: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "n",
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": {"volumeName": volume, "storageClassName": "s", "accessModes": ["ReadWriteOnce"]},
        "status": {"phase": "Bound"},
    }


def test_a_volume_that_is_gone() -> None:
    found = placed("", [node("n1")], [], pod("q", **volume("c")), pvcs=[bound("c", "v")])
    assert (found.before.plugin, found.before.reasons) == ("VolumeZone", ('persistentvolume "v" not found',))


def test_the_zone_of_a_volume() -> None:
    """Former labels of the volume, present ones of the node, several zones in one value; or none at all."""
    there = {
        "metadata": {"name": "v", "labels": {"failure-domain.beta.kubernetes.io/zone": "b__c"}},
        "spec": {},
    }
    nodes = [node("n1"), node("n2", zone="c"), {**node("n3"), "metadata": {"name": "n3"}}]
    found = placed("", nodes, [], pod("q", **volume("c")), pvcs=[bound("c", "v")], pvs=[there])
    assert reasons(found) == {"n1": ("VolumeZone", ("node(s) had no available volume zone",))}


def test_a_volume_that_is_kept_for_a_claim_is_its_only_one() -> None:
    claim = {"metadata": {"name": "c", "namespace": "n"}, "spec": {"storageClassName": "s"}}
    asked = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
    claim["spec"].update(asked)
    here = {"key": HOST, "operator": "In", "values": ["n1"]}
    kept: dict[str, Any] = {
        "metadata": {"name": "v1"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "claimRef": {"name": "c", "namespace": "n"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
    free = {"metadata": {"name": "v2"}, "spec": {"capacity": {"storage": "1Gi"}, "storageClassName": "s"}}
    free["spec"].update({"accessModes": ["ReadWriteOnce"]})
    given: dict[str, Any] = {
        "pvcs": [claim],
        "storageClasses": [
            {
                "metadata": {"name": "s"},
                "provisioner": "kubernetes.io/no-provisioner",
                "volumeBindingMode": "WaitForFirstConsumer",
            }
        ],
    }
    nodes = [node("n1"), node("n2")]
    assert placed("", nodes, [], pod("q", **volume("c")), **given, pvs=[free]).fitting == ["n1", "n2"]
    assert placed("", nodes, [], pod("q", **volume("c")), **given, pvs=[kept, free]).fitting == ["n1"]


def test_the_search_ends_when_enough_nodes_fit_and_goes_on_from_there() -> None:
    """Of 200 nodes, 100 are enough; the second pod's search begins at the 101st."""
    from kspec.model.world import World

    world = World(rules(), table(), profile("percentageOfNodesToScore: 1"))
    for i in range(200):
        one = {"metadata": {"name": f"n{i:03}"}, "spec": {}, "status": {}}
        one["status"] = {"allocatable": {"cpu": Quantity(4_000_000_000), "pods": Quantity(10_000_000_000)}}
        world.store.restore("core.Node", world.api.kinds.identified("core.Node", one))
    world.api.create("core.Namespace", {"metadata": {"name": "n"}})
    for name in ("p", "q", "r"):
        made = {
            "metadata": {"name": name, "namespace": "n"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        assert world.api.create("core.Pod", made).ok
        world.run_until_quiet()
    on = {p["metadata"]["name"]: p["spec"]["nodeName"] for p in world.store.objects("core.Pod")}
    assert (on["p"], on["q"]) == ("n000", "n100") and on["r"] < "n100"


def test_features_that_a_node_declares() -> None:
    nodes = [node("n1"), node("n2", declaredFeatures=["UserNamespacesHostNetworkSupport"])]
    found = placed("", nodes, [], pod("q", hostNetwork=True, hostUsers=False))
    text = "node declared features check failed - unsatisfied requirements: UserNamespacesHostNetworkSupport"
    assert reasons(found) == {"n1": ("NodeDeclaredFeatures", (text,))}


def test_names_of_nodes_that_exclude_one_another() -> None:
    fields = [{"key": "metadata.name", "operator": "In", "values": [n]} for n in ("n1", "n2")]
    terms = {"nodeSelectorTerms": [{"matchFields": fields}]}
    must = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    found = placed("", [node("n1"), node("n2")], [], pod("q", affinity=must))
    assert (found.before.plugin, found.before.reasons) == ("NodeAffinity", ("pod affinity terms conflict",))


def test_preemption_can_be_left_out_everywhere_but_gates_cannot() -> None:
    without = profile("plugins: {multiPoint: {disabled: [{name: DefaultPreemption}]}}")
    assert not without.preempts and without.helpers == ("DynamicResources",)
    gates = "profiles:\n- plugins: {multiPoint: {disabled: [{name: SchedulingGates}]}}"
    assert codes(gates) == [("KS2705", 4)]
