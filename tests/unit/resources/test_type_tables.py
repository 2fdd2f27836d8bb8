"""The tables of types: what they must say of well-known records, for every version that is shipped."""

from __future__ import annotations

import importlib.util
import time

import pytest

from kspec.data import root
from kspec.ir.types import BOOL, DYN, INT, QUANTITY, STRING, TIMESTAMP, ListOf, MapOf, Record, TypeTable, show
from kspec.resources.types import DEFAULT_VERSION, load_types, parse_type, versions


@pytest.fixture(scope="module")
def table() -> TypeTable:
    return load_types()


def test_versions_reach_from_1_32_to_the_newest() -> None:
    assert versions()[0] == "1.32"
    assert DEFAULT_VERSION in versions()
    assert list(versions()) == sorted(versions(), key=lambda v: int(v.split(".")[1]))


@pytest.mark.parametrize("version", versions())
def test_every_type_that_is_named_exists(version: str) -> None:
    table = load_types(version)

    def records_in(text: str) -> list[str]:
        return [w for w in text.replace("(", " ").replace(")", " ").replace(",", " ").split() if "." in w]

    for record in table:
        for field in record.fields.values():
            assert parse_type(show(field.type)) == field.type
            for name in records_in(show(field.type)):
                assert table.record(name), f"{record.name}.{field.name}: {name}"


@pytest.mark.parametrize("version", versions())
def test_kinds_are_served_once_and_have_records(version: str) -> None:
    table = load_types(version)
    assert len({(k.api_version, k.kind) for k in table.kinds}) == len(table.kinds)
    for kind in table.kinds:
        record = table.record(kind.record)
        assert record is not None
        assert {"apiVersion", "kind", "metadata"} <= set(record.fields)
        assert kind.plural.islower() and kind.singular == kind.kind.lower()


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("core.Pod.spec", Record("core.PodSpec")),
        ("core.PodSpec.containers", ListOf(Record("core.Container"))),
        ("core.ResourceRequirements.limits", MapOf(STRING, QUANTITY)),
        ("core.ServicePort.targetPort", DYN),
        ("core.Toleration.tolerationSeconds", INT),
        ("core.Secret.immutable", BOOL),
        ("meta.ObjectMeta.creationTimestamp", TIMESTAMP),
        ("meta.ObjectMeta.managedFields", ListOf(Record("meta.ManagedFieldsEntry"))),
        ("meta.ManagedFieldsEntry.fieldsV1", DYN),
        ("apps.ControllerRevision.data", DYN),
        ("coordination.LeaseSpec.renewTime", TIMESTAMP),
        ("authorization.SubjectAccessReviewSpec.extra", MapOf(STRING, ListOf(STRING))),
        ("autoscaling.HorizontalPodAutoscalerSpec.metrics", ListOf(Record("autoscaling.MetricSpec"))),
        ("autoscaling.v1.HorizontalPodAutoscalerSpec.targetCPUUtilizationPercentage", INT),
        ("core.DownwardAPIVolumeFile.resourceFieldRef", Record("core.ResourceFieldSelector")),
    ],
)
def test_types_of_fields(table: TypeTable, path: str, type_: object) -> None:
    record, _, field = path.rpartition(".")
    assert table.records[record].fields[field].type == type_


def test_what_else_is_known_of_a_field(table: TypeTable) -> None:
    ports = table.records["core.ServiceSpec"].fields["ports"]
    assert (ports.list_type, ports.list_keys, ports.merge_keys) == ("map", ("port", "protocol"), ("port",))
    assert table.records["core.ServicePort"].fields["port"].required
    assert table.records["core.ServicePort"].fields["targetPort"].format == "int-or-string"
    assert table.records["core.ServicePort"].fields["port"].format == "int32"
    assert table.records["core.Secret"].fields["data"].format == "byte"
    assert table.records["coordination.LeaseSpec"].fields["renewTime"].format == "micro"
    spread = table.records["core.PodSpec"].fields["topologySpreadConstraints"]
    assert spread.list_keys == ("topologyKey", "whenUnsatisfiable")
    assert table.records["apps.DeploymentSpec"].fields["selector"].list_type == "atomic"
    assert 0 < len(table.records["core.Pod"].description) < 125


def test_how_kinds_are_served(table: TypeTable) -> None:
    deployment = table.find_kind("apps/v1", "Deployment")
    assert deployment is not None
    assert (deployment.plural, deployment.namespaced) == ("deployments", True)
    assert deployment.short_names == ("deploy",)
    node = table.find_kind("v1", "Node")
    assert node is not None and not node.namespaced and node.short_names == ("no",)
    policy = table.find_kind("networking.k8s.io/v1", "NetworkPolicy")
    assert policy is not None and policy.record == "networking.NetworkPolicy"
    assert policy.plural == "networkpolicies"
    assert table.find_kind("v1", "PodList") is None
    assert table.find_kind("policy/v1", "Eviction") is None


def test_older_versions_have_names_of_their_own(table: TypeTable) -> None:
    old = table.find_kind("autoscaling/v1", "HorizontalPodAutoscaler")
    assert old is not None and old.record == "autoscaling.v1.HorizontalPodAutoscaler"
    assert table.record("autoscaling.Scale") is not None  # only v1 has it, so the short name is free


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(KeyError):
        load_types("1.9")


def test_loading_one_version_is_quick() -> None:
    def once() -> float:
        load_types.cache_clear()
        start = time.process_time()
        assert load_types().records["core.Pod"].fields
        return time.process_time() - start

    assert min(once() for _ in range(3)) < 0.03


@pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None, reason="kubernetes-validate ships the schemas"
)
def test_the_committed_tables_are_what_the_schemas_give() -> None:
    from kspec.resources.openapi import make_types

    made = make_types(root())
    assert sorted(made) == sorted(f"generated/types/{v}.json" for v in versions())
    for path, text in made.items():
        assert (root() / path).read_text(encoding="utf-8") == text, f"{path} is stale: run `kspec generate`"
