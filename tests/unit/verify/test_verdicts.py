"""Verdicts on properties that are easily got wrong, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kspec.resources.load import load_library, load_workspace
from kspec.solve.verdict import Holds, Unknown, Unsupported, Verdict, Violated
from kspec.verify.cluster import cluster_of
from kspec.verify.properties import verify_property
from kspec.verify.setting import standard_setting

Decide = Callable[[str], Verdict]


@pytest.fixture
def decide(tmp_path: Path) -> Decide:
    """The verdict on the only property of a text."""

    def run(text: str) -> Verdict:
        path = tmp_path / "property.kspec"
        path.write_text(text)
        library = load_library()
        found = load_workspace([str(path)], library=library)
        assert found.ok, found.diagnostics
        table = library.types(found.table)
        objects = ((o.kind.record, o.decoded) for o in found.objects if o.kind and o.decoded)
        (prop,) = found.properties
        return verify_property(prop, cluster_of(objects, table), standard_setting(table, found.rules))

    return run


class TestSeveralPods:
    @pytest.mark.parametrize(
        "formula",
        [
            "p.address == q.address implies p.name == q.name && p.namespace == q.namespace",
            "p.name == q.name && p.namespace == q.namespace implies p.address == q.address",
            'p.namespace == q.namespace implies ("x" in p.namespaceLabels) == ("x" in q.namespaceLabels)',
        ],
    )
    def test_one_address_is_one_pod_and_one_namespace_has_one_set_of_labels(
        self, decide: Decide, formula: str
    ) -> None:
        assert isinstance(decide(f'prove "x": forall p in pods, q in pods: {formula}'), Holds)

    def test_two_variables_may_be_one_pod(self, decide: Decide) -> None:
        found = decide('prove "x": forall p in pods, q in pods: p != q')
        assert isinstance(found, Violated) and found.witness is not None
        assert found.witness.values["p"] == found.witness.values["q"]
        kinds = [each["kind"] for each in found.witness.objects if isinstance(each, dict)]
        assert kinds == ["Namespace", "Pod"]

    def test_the_namespace_of_two_pods_is_made_once(self, decide: Decide) -> None:
        found = decide(
            'prove "x": forall p in pods, q in pods where p.name != q.name: p.namespace != q.namespace'
        )
        assert isinstance(found, Violated) and found.witness is not None
        kinds = [each["kind"] for each in found.witness.objects if isinstance(each, dict)]
        assert kinds == ["Namespace", "Pod", "Pod"]


class TestNamespaces:
    SPACE = 'namespace shop { labels: { "kubernetes.io/metadata.name": "shop"  team: "a" } }\n'

    def test_one_with_a_manifest_has_its_labels(self, decide: Decide) -> None:
        text = self.SPACE + 'prove "x": forall p in pods where p.namespace == "shop": '
        assert isinstance(
            decide(text + 'p.namespaceLabels["team"] == "a" && !("b" in p.namespaceLabels)'), Holds
        )
        assert isinstance(decide(text + 'p.namespaceLabels["team"] == "b"'), Violated)

    POLICY = """
    Pod db { metadata.namespace: "shop"  spec.containers[db]: { image: "db" } }
    Deployment web {
      metadata.namespace: "front"
      spec.selector.matchLabels: { app: "web" }
      spec.template.metadata.labels: { app: "web" }
      spec.template.spec.containers[web]: { image: "web" }
    }
    NetworkPolicy guard {
      metadata.namespace: "shop"
      spec: { podSelector: {}  ingress: [{ from: [{ namespaceSelector.matchLabels: SELECTOR }] }] }
    }
    forbid "x": exists e in network.endpoints(), port in 1..65535:
      e.namespace == "front" && reaches(e, pod/shop/db, port)
    """

    @pytest.mark.parametrize(
        ("selector", "expected"),
        [
            ('{ team: "a" }', Unknown),
            ('{ "kubernetes.io/metadata.name": "front" }', Violated),
            ('{ "kubernetes.io/metadata.name": "other"  team: "a" }', Holds),
            ("{}", Violated),
        ],
    )
    def test_of_one_without_a_manifest_only_the_name_is_known(
        self, decide: Decide, selector: str, expected: type
    ) -> None:
        assert isinstance(decide(self.POLICY.replace("SELECTOR", selector)), expected)


@pytest.mark.parametrize(
    "workload",
    [
        'ReplicaSet web { SHOP  spec.selector.matchLabels: { app: "web" }  spec.template: POD }',
        'CronJob web { SHOP  spec.schedule: "* * * * *"  spec.jobTemplate.spec.template: POD }',
    ],
)
def test_every_workload_stands_behind_a_service(decide: Decide, workload: str) -> None:
    pod = '{ metadata.labels: { app: "web" }  spec: { containers: [{ name: "c"  image: "i" }] } }'
    service = 'Service web { SHOP  spec: { selector: { app: "web" }  ports: [{ port: 80 }] } }'
    text = f"{workload}\n{service}\n".replace("POD", pod).replace("SHOP", 'metadata.namespace: "shop"')
    found = decide(text + 'forbid "x": exists p in pods: reaches(p, service/shop/web, 80)')
    assert isinstance(found, Violated), found


class TestOpenLists:
    def test_loops_within_loops_over_one_list(self, decide: Decide) -> None:
        """Three ports with different names need three elements, though each question is answered by one."""
        found = decide(
            'prove "x": forall p in pods: !p.ports.exists(c, p.ports.exists(d, c.name != d.name'
            " && p.ports.exists(e, e.name != c.name && e.name != d.name)))"
        )
        assert isinstance(found, Violated), found

    def test_what_grows_with_the_list_holds_within_bounds_only(self, decide: Decide) -> None:
        found = decide(
            'prove "x": forall p in pods: p.ports.all(c, p.ports.exists(d, '
            "d.containerPort >= c.containerPort))"
        )
        assert isinstance(found, Holds) and found.bounds


def test_a_list_may_depend_on_an_earlier_one(decide: Decide) -> None:
    pod = 'Pod a { spec.containers: [{ name: "c"  image: "i" }, { name: "d"  image: "i" }] }\n'
    formula = 'prove "x": forall a in cluster.pods, c in a.spec.containers: c.name == "c"'
    found = decide(pod + formula)
    assert isinstance(found, Violated) and found.witness is not None
    assert isinstance(decide('prove "x": forall p in pods, c in p.ports: true'), Unsupported)
