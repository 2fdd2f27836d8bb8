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
    assert ran.out.startswith("shop/cart -> shop/checkout on 8080/TCP: ")


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
    ],
)
def test_mistakes(kspec: Kspec, args: tuple[str, ...], code: str) -> None:
    ran = kspec("explain", "connect", *args, SHOP)
    assert (ran.code, ran.out) == (2, "")
    assert code in ran.err
