"""`kspec explain connect`: the rules that decide, with their places; of a shut connection how it misses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

from kspec.report.document import json_schema

Kspec = Callable[..., Ran]
SHOP = "examples/shop/yaml"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_an_open_connection_names_what_lets_it_pass(kspec: Kspec) -> None:
    ran = kspec("explain", "connect", "shop/checkout", "shop/db", "5432", SHOP)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "shop/checkout -> shop/db on 5432/TCP: open"
    assert "no policy selects it for egress" in ran.out
    assert f"NetworkPolicy shop/db-from-checkout, ingress[0].from[0]  {SHOP}/4-db.yaml:34:7" in ran.out


@pytest.mark.parametrize(
    ("origin", "port", "miss"),
    [
        ("shop/cart", "5432", "from[0]: the pod would need app=checkout, and has app=cart"),
        ("shop/checkout", "80", "ports: it wants 5432/TCP, and this is 80/TCP"),
        ("outside", "5432", "from[0]: it means pods, and this is outside of the cluster"),
        ("192.0.2.1", "5432", "from[0]: it means pods, and this is outside of the cluster"),
    ],
)
def test_a_shut_one_names_what_isolates_and_how_the_nearest_rule_misses(
    kspec: Kspec, origin: str, port: str, miss: str
) -> None:
    ran = kspec("explain", "connect", origin, "deployment/shop/db", port, SHOP)
    assert ran.code == 0
    assert ran.out.splitlines()[0].endswith(": shut")
    assert f"NetworkPolicy shop/db-from-checkout isolates it  {SHOP}/4-db.yaml:26:1" in ran.out
    assert miss in ran.out


def test_the_namespace_is_named_where_it_is_what_differs(kspec: Kspec, tmp_path: Path) -> None:
    pod = (ROOT / SHOP / "3-checkout.yaml").read_text().replace("namespace: shop", "namespace: other")
    (tmp_path / "other.yaml").write_text(pod)
    ran = kspec("explain", "connect", "other/checkout", "shop/db", "5432", SHOP, tmp_path)
    assert "from[0]: it means pods of namespace shop, and this one is in other" in ran.out


def test_behind_a_service_stand_its_pods_with_their_port(kspec: Kspec) -> None:
    ran = kspec("explain", "connect", "shop/cart", "service/shop/checkout", "80", SHOP)
    assert ran.out.startswith("shop/cart -> service/shop/checkout on 80/TCP: open\n")
    assert "\nshop/cart -> shop/checkout on 8080/TCP: open\n" in ran.out
    ran = kspec("explain", "connect", "outside", "service/shop/checkout", "80", SHOP)
    assert ran.out.startswith("outside -> service/shop/checkout on 80/TCP: shut\n  it has no port of nodes,")


def test_an_exception_of_a_block_is_nearer_than_a_selector_of_pods(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(EXCEPTED)
    ran = kspec("explain", "connect", "fd00:1::1", "shop/db", "5432", tmp_path)
    assert "from[1]: fd00:1::1 is excluded by except fd00:1::/32" in ran.out
    ran = kspec("explain", "connect", "10.0.0.1", "shop/db", "5432", tmp_path)
    assert "from[1]: it wants fd00::/8 except fd00:1::/32" in ran.out


EXCEPTED = """\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {}
  ingress:
  - from: [{podSelector: {}}, {ipBlock: {cidr: "fd00::/8", except: ["fd00:1::/32"]}}]
"""


TWO = """\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}, {ip: 'fd00::2'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: six, namespace: shop, labels: {app: six}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 'fd00::3', podIPs: [{ip: 'fd00::3'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: four, namespace: shop, labels: {app: four}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.4, podIPs: [{ip: 10.0.0.4}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: b}, ports: [{port: 8, targetPort: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: b, namespace: shop}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress:
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]
    ports: [{port: 80}]
  - from: [{ipBlock: {cidr: 'fd00::/8'}}]
    ports: [{port: 81}]
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


def test_each_family_has_its_answer_and_options_that_would_change_it_are_told(
    kspec: Kspec, two: Path
) -> None:
    ran = kspec("explain", "connect", "shop/a", "shop/b", "80", two)
    assert ran.out.startswith("2 answers: 1 open, 1 shut.\n\nshop/a -> shop/b on 80/TCP over IPv4: open\n")
    assert "\n  with network.ipBlocksMatchPods=false it would be shut\n" in ran.out
    assert "\nshop/a -> shop/b on 80/TCP over IPv6: shut\n" in ran.out
    assert ran.out.endswith("\nWhere implementations differ: network.ipBlocksMatchPods=true.\n")


def test_families_that_get_one_answer_are_told_once(kspec: Kspec, two: Path) -> None:
    ran = kspec("explain", "connect", "shop/b", "shop/a", "80", two)
    assert ran.out.startswith("shop/b -> shop/a on 80/TCP: open\n")
    assert (ran.out.count("->"), "differ" in ran.out) == (1, False)


def test_addresses_of_two_families_never_meet(kspec: Kspec, two: Path) -> None:
    ran = kspec("explain", "connect", "shop/four", "shop/six", "80", two)
    assert ran.out.startswith(
        "shop/four -> shop/six on 80/TCP: shut\n  10.0.0.4 and fd00::3 are addresses of different"
    )


def test_a_block_is_told_apart_where_policies_do(kspec: Kspec, two: Path) -> None:
    ran = kspec("explain", "connect", "10.0.0.0/7", "shop/b", "80", two)
    assert "\noutside 10.0.0.0/8 -> shop/b on 80/TCP: open\n" in ran.out
    assert "\noutside 11.0.0.0/8 -> shop/b on 80/TCP: shut\n" in ran.out
    assert "Pods at hand have addresses in 10.0.0.0/7 (shop/a, shop/b, shop/four)" in ran.out
    ran = kspec("explain", "connect", "shop/b", "outside", "80", two)
    assert ran.out.startswith("shop/b -> outside on 80/TCP: open\n")


def test_the_address_of_a_service_is_the_service(kspec: Kspec, two: Path) -> None:
    ran = kspec("explain", "connect", "shop/a", "10.96.0.7", "8", two)
    assert ran.out.startswith("shop/a -> service/shop/b on 8/TCP: open\n")
    assert "shop/a -> shop/b on 80/TCP: open" in ran.out


def test_pods_that_get_other_answers_are_named(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "db.yaml").write_text(TOLD_APART)
    ran = kspec("explain", "connect", "shop/web", "shop/db", "5432", tmp_path)
    assert "\nshop/web -> shop/db (db-0) on 5432/TCP: open\n" in ran.out
    assert "\nshop/web -> shop/db (db-1, db-2) on 5432/TCP: shut\n" in ran.out
    assert "shop/web -> shop/web" in kspec("explain", "connect", "shop/web", "shop/web", "1", tmp_path).out


TOLD_APART = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: apps.kubernetes.io/pod-index, operator: In, values: ["1", "2"]}]}
"""


FAMILIES = """
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]},
 status: {podIP: "fd00::1"}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: c, image: i}]},
 status: {podIP: 10.0.0.1}}
"""


def test_between_addresses_of_two_families_there_is_no_connection(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "pods.yaml").write_text(FAMILIES)
    for destination in ("default/b", "10.9.9.9"):
        ran = kspec("explain", "connect", "default/a", destination, "80", tmp_path)
        assert ran.out.splitlines()[0].endswith("on 80/TCP: shut")
        assert "are addresses of different families" in ran.out
    ran = kspec("explain", "connect", "outside", "default/a", "80", tmp_path)
    assert ran.out.splitlines()[0].endswith(": open"), "from an address of its own family"


def test_json(kspec: Kspec) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    ran = kspec("explain", "connect", "shop/cart", "shop/db", "5432", SHOP, "--format", "json")
    found = json.loads(ran.out)
    jsonschema.validate(found, json_schema("explain"))
    egress, ingress = found["stories"][0]["sides"]
    assert (egress["verdict"], egress["policies"]) == ("open", [])
    assert ingress["nearest"]["name"] == "NetworkPolicy shop/db-from-checkout, ingress[0]"
    assert ingress["nearest"]["place"]["line"] == 33


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("nobody", "shop/db", "1"), "KS1921"),
        (("shop/cart", "service/shop/none", "1"), "KS1921"),
        (("shop/cart", "service/shop/cart", "1"), "KS1924"),
        (("shop/cart", "shop/db", "http"), "KS1922"),
        (("10.0.0.0/99", "shop/db", "80"), "KS1923"),
        (("service/shop/cart", "shop/db", "80"), "KS1921"),
    ],
)
def test_mistakes(kspec: Kspec, args: tuple[str, ...], code: str) -> None:
    ran = kspec("explain", "connect", *args, SHOP)
    assert (ran.code, ran.out) == (2, "")
    assert code in ran.err
