"""`kspec place`, as a user meets it: what can be placed, what cannot and why, and what never comes about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

CLUSTER = 'cluster prod { pool worker { nodes: 0..4  zones: ["a", "b"]  cpu: 4  memory: 16Gi } }\n'
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
%s
      containers:
        - name: web
          image: shop/web:2.4
          resources: {requests: {cpu: "%s", memory: 256Mi}}
"""
APART = """      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: %s
              labelSelector: {matchLabels: {app: web}}"""
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cluster.kspec").write_text(CLUSTER)
    return tmp_path


def web(folder: Path, replicas: int, cpu: str = "1", extra: str = "") -> Path:
    (folder / "web.yaml").write_text(DEPLOYMENT % (replicas, extra, cpu))
    return folder


def test_what_can_be_placed_is_shown_with_the_placement(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 3))
    assert ran.code == 0, ran.out + ran.err
    assert "yes  all 3 pods can have a place on the 4 nodes at once" in ran.out
    assert "3 deployment/shop/web" in ran.out
    assert "the scheduler's own order finds one too" in ran.out


def test_what_cannot_be_placed_names_the_lines_that_contradict_each_other(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 3, extra=APART % ZONE))
    assert ran.code == 1
    assert "no  no order and no tie-break gives all 3 pods a place on the 4 nodes" in ran.out
    assert "3 pods of deployment/shop/web are wanted" in ran.out
    assert f"no two pods of deployment/shop/web may be in one {ZONE}; there are 2: a and b" in ran.out
    lines = (folder / "web.yaml").read_text().splitlines()
    at = lines.index("      affinity:") + 1
    assert f"{folder / 'web.yaml'}:{at}" in ran.out
    assert "the scheduler, run on the model, leaves 1 pod pending: shop/web-" in ran.out


def test_sums_are_told_where_they_alone_show_it(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 6, cpu="3"))
    assert ran.code == 1
    assert "6 pods of deployment/shop/web ask for 3 CPU each" in ran.out
    assert "worker-0 to worker-3 each have 4 CPU, of which such pods can fill 3 CPU" in ran.out
    assert "which is 18 CPU asked for, where 12 CPU can be filled" in ran.out


def test_a_loss_that_leaves_too_little_is_named(kspec: Kspec, folder: Path) -> None:
    fits = kspec("place", web(folder, 3, cpu="3"), "--lose-nodes", "1")
    assert fits.code == 0, fits.out
    assert "all pods can be placed again after the loss of any node" in fits.out
    ran = kspec("place", web(folder, 3, cpu="3"), "--lose-nodes", "2", "--lose-zone")
    assert ran.code == 1
    assert "leaves too little for all 3 pods" in ran.out
    assert "the loss of zone a leaves too little" in ran.out


def test_the_least_number_of_nodes_comes_with_why_fewer_are_too_few(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 3, cpu="3"), "--min-nodes", "worker")
    assert ran.code == 0, ran.out
    assert "3 nodes of pool worker are needed" in ran.out
    assert "fewer are too few, since" in ran.out
    again = kspec("place", folder, "--min-nodes", "worker", "--lose-nodes", "1", "--format", "json")
    assert again.json["answers"][0]["count"] == 4


def test_what_the_filters_exclude_never_comes_about(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 3, extra=APART % HOST), "--never", "together=deployment/shop/web")
    assert ran.code == 0, ran.out
    assert "in no order and by no tie-break are two pods of deployment/shop/web on one node" in ran.out
    assert "proved for all orders" in ran.out


def test_what_can_come_about_is_shown_step_by_step(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 5), "--never", "together=web", "--format", "json")
    assert ran.code == 1
    assert_valid("place", ran.json)
    answer = ran.json["answers"][0]
    assert answer["verdict"] == "violated"
    assert len(answer["choices"]) == 5


def test_every_document_has_the_shape_of_its_schema(kspec: Kspec, folder: Path) -> None:
    for extra in ("", APART % ZONE):
        ran = kspec("place", web(folder, 3, extra=extra), "--lose-zone", "--possible", "--format", "json")
        assert_valid("place", ran.json)


def test_the_questions_to_the_solver_can_be_kept(kspec: Kspec, folder: Path) -> None:
    ran = kspec("place", web(folder, 3), "--emit-smt2", folder / "smt")
    assert ran.code == 0
    text = (folder / "smt" / "possible-by-kinds.smt2").read_text()
    assert "; count of deployment/shop/web" in text
    assert text.endswith("(check-sat)\n")


def test_properties_ask_the_same_questions(kspec: Kspec, folder: Path) -> None:
    (folder / "checks.kspec").write_text(
        'prove "all": placeable()\n'
        'prove "one may go": survivesNodes(1)\n'
        'prove "apart": neverTogether("deployment/shop/web")\n'
        'forbid "not so": placeable()\n'
    )
    ran = kspec("verify", web(folder, 5))
    assert ran.code == 1, ran.out
    assert 'holds        prove "all"' in ran.out
    assert 'holds        prove "one may go"' in ran.out
    assert 'VIOLATED     prove "apart"' in ran.out
    assert 'unsupported  forbid "not so"' in ran.out


def test_a_live_pod_stays_unless_it_may_move(kspec: Kspec, folder: Path) -> None:
    """Three CPU of four are taken on every node by a pod of one CPU beside one of two; moved together they
    leave a node free.
    """
    pods = "\n---\n".join(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{i}, namespace: shop}}\n"
        f"spec:\n  nodeName: worker-{i}\n"
        '  containers: [{name: c, image: "c:1", resources: {requests: {cpu: "2"}}}]'
        for i in range(4)
    )
    (folder / "live.yaml").write_text(pods)
    stays = kspec("place", web(folder, 1, cpu="4"))
    assert stays.code == 1
    assert "2 CPU left beside what stays" in stays.out
    assert kspec("place", folder, "--move").code == 0


def test_mistakes_are_told(kspec: Kspec, folder: Path) -> None:
    web(folder, 1)
    for code, options in {
        "KS5102": ["--min-nodes", "wroker"],
        "KS5103": ["--never", "together=nothing"],
    }.items():
        ran = kspec("place", folder, *options)
        assert ran.code == 2
        assert code in ran.err


def test_a_loss_says_that_volumes_are_taken_to_outlive_it(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "db.yaml").write_text(
        """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
    )
    ran = kspec("place", tmp_path / "db.yaml", "--lose-zone")
    assert ran.code == 0
    assert "the claims of default/db-0 are as a quiet run leaves them, and no volume is lost" in ran.out
