"""`kspec connect`: who may talk to whom, in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

from kspec.report.document import json_schema

Kspec = Callable[..., Ran]
SHOP = ROOT / "examples" / "shop" / "yaml"

NETWORK = (ROOT / "tests" / "golden" / "connect" / "network.yaml").read_text()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.yaml"
    path.write_text(NETWORK)
    return path


def document(ran: Ran) -> dict[str, object]:
    jsonschema = pytest.importorskip("jsonschema")
    found: dict[str, object] = json.loads(ran.out)
    jsonschema.validate(found, json_schema("connect"))
    return found


def test_pods_stand_for_their_workload_and_ended_ones_for_nothing(kspec: Kspec, network: Path) -> None:
    ran = kspec("connect", network)
    assert ran.code == 0
    assert ran.out.startswith("2 workloads, 1 policy.\n2 pairs: 1 open, 1 open on some ports, 0 shut; 1 only")
    assert "n/web\n  -> " in ran.out
    assert re.search(r"-> n/db +5432/TCP\n", ran.out)
    assert "outside 2001:db8::/32\n  -> n/db" in ran.out


def test_by_pod(kspec: Kspec, network: Path) -> None:
    found = document(kspec("connect", network, "--by", "pod", "--format", "json"))
    assert [u["id"] for u in found["units"]] == ["n/db", "n/web-1", "n/web-2"]  # type: ignore[index]
    assert found["totals"]["pairs"] == 6  # type: ignore[index]


def test_pods_that_policies_tell_apart_are_named(kspec: Kspec, network: Path) -> None:
    block = "    - from: [{ipBlock: {cidr: 10.0.1.0/24}}]\n"
    network.write_text(NETWORK + block)
    ran = kspec("connect", network, "--to", "db", "--from", "web")
    assert re.search(r"n/web \(web-1\)\n  -> n/db +5432/TCP\n", ran.out)
    assert re.search(r"n/web \(web-2\)\n  -> n/db +all ports", ran.out)


def test_what_hangs_on_an_unknown_address_is_undetermined(kspec: Kspec, network: Path) -> None:
    egress = "  policyTypes: [Ingress, Egress]\n  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]\n"
    policy = NETWORK.rpartition("---\n")[2].partition("spec:")[0].replace("name: db", "name: web")
    selected = "spec:\n  podSelector: {matchLabels: {app: web}}\n"
    network.write_text(f"{NETWORK}---\n{policy}{selected}{egress}")
    ran = kspec("connect", network, "--from", "web", "--to", "db")
    assert ran.code == 3
    assert re.search(r"n/db +perhaps 5432/TCP", ran.out)
    assert "undetermined: the address of n/db-0 is not known, and a policy asks for 10.0.0.0/8" in ran.out
    assert "1 undetermined" in ran.out
    inside = kspec("connect", network, "--from", "web", "--to", "db", "--pod-cidr", "10.244.0.0/16")
    assert (inside.code, "n/db" in inside.out) == (0, True)
    apart = kspec("connect", network, "--from", "web", "--to", "db", "--pod-cidr", "172.16.0.0/12")
    assert "\nNothing may talk to anything here.\n" in apart.out
    cut = kspec("connect", network, "--from", "web", "--to", "db", "--pod-cidr", "0.0.0.0/0")
    assert cut.code == 3
    assert "KS1923" in kspec("connect", network, "--pod-cidr", "10").err


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--from", "web"), ["n/web"]),
        (("--from", "n/web", "--to", "statefulset/n/db"), ["n/web"]),
        (("--from", "outside"), []),
        (("--port", "5432/TCP", "--to", "n/db"), ["n/web"]),
        (("--port", "5433", "--to", "n/db"), []),
        (("--to", "n/db", "-n", "n"), ["n/web"]),
    ],
)
def test_filters(kspec: Kspec, network: Path, options: tuple[str, ...], shown: list[str]) -> None:
    found = document(kspec("connect", network, *options, "--format", "json"))
    origins = {name for group in found["groups"] for name in group["from"]}  # type: ignore[attr-defined]
    assert sorted(origins) == shown


def test_open_for_want_of_a_policy_is_marked(kspec: Kspec, network: Path) -> None:
    network.write_text(NETWORK.rsplit("---", 1)[0])
    ran = kspec("connect", network)
    assert (
        "2 pairs: 2 open, 0 open on some ports, 0 shut; 2 only because no policy selects either end."
        in ran.out
    )
    assert "all ports  no policy" in ran.out


def test_csv_has_a_line_for_each_pair(kspec: Kspec, network: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(kspec("connect", network, "--format", "csv").out)))
    pairs = {(r["from"], r["to"]): r["open"] for r in rows}
    assert pairs == {
        ("n/web", "n/db"): "5432/TCP",
        ("n/db", "n/web"): "all ports",
        ("n/db", "outside"): "all ports",
        ("n/web", "outside"): "all ports",
        ("outside", "n/web"): "all ports",
        ("2001:db8::/32", "n/db"): "53/UDP",
    }


def test_markdown_and_dot(kspec: Kspec, network: Path) -> None:
    assert "| n/web | n/db | 5432/TCP |  |" in kspec("connect", network, "--format", "markdown").out
    dot = kspec("connect", network, "--format", "dot").out
    assert 'u1 -> u0 [label="5432/TCP"];' in dot
    assert dot.startswith("digraph connectivity {") and dot.endswith("}\n")


def test_html_is_one_page_that_fetches_nothing_and_escapes(kspec: Kspec, network: Path) -> None:
    network.write_text(NETWORK.replace('name: "n",', "name: \"n\", annotations: {x: '</script>'},"))
    page = kspec("connect", network, "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert not re.search(r"(src|href)=|@import|url\(|https?://", page)
    assert page.count("</script>") == 1
    data = json.loads(re.search(r"const data = (\{.*\});", page)[1])  # type: ignore[index]
    assert [n["label"] for n in data["nodes"]][:2] == ["n/db", "n/web"]


def test_nothing_at_hand_and_names_that_are_not_there(kspec: Kspec, network: Path, tmp_path: Path) -> None:
    assert "KS1921" in kspec("connect", network, "--from", "wbe").err
    assert "n/web" in kspec("connect", network, "--from", "wbe").err
    assert "KS1922" in kspec("connect", network, "--port", "70000").err
    empty = tmp_path / "empty.yaml"
    empty.write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    ran = kspec("connect", empty)
    assert (ran.code, ran.out) == (2, "")
    assert "KS1920" in ran.err


def test_the_shop(kspec: Kspec) -> None:
    ran = kspec("connect", SHOP, "--to", "shop/db")
    assert ran.code == 0
    assert re.search(r"shop/checkout\n  -> shop/db +5432/TCP\n", ran.out)


def dual(tmp_path: Path, *more: str) -> Path:
    """Two pods of both families, one of IPv4 alone; `b` is open to a block, and to `a`."""
    made = (
        "{apiVersion: v1, kind: Pod, metadata: {name: %s, namespace: shop, labels: {app: %s}}, spec: %s, %s}"
    )
    spec = "{containers: [{name: c, image: i}]}"
    two = "status: {podIP: 10.0.0.%d, podIPs: [{ip: 10.0.0.%d}, {ip: 'fd00::%d'}]}"
    parts = [made % (name, name, spec, two % (n, n, n)) for n, name in ((1, "a"), (2, "b"))]
    parts.append(made % ("c", "c", spec, "status: {podIP: 10.0.0.3}"))
    parts.append(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: b, namespace: shop}, spec: "
        "{podSelector: {matchLabels: {app: b}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: "
        "[{port: 80}]}, {from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 81}]}]}}"
    )
    path = tmp_path / "dual.yaml"
    path.write_text("\n---\n".join([*parts, *more]))
    return path


def test_families_that_differ_have_a_row_each(kspec: Kspec, tmp_path: Path) -> None:
    path = dual(tmp_path)
    out = kspec("connect", path).out
    assert "6 pairs: 4 open, 2 open on some ports, 0 shut; 4 only because no policy selects either" in out
    assert "end; 1 not alike over IPv4 and IPv6.\n" in out
    assert re.search(r"shop/a\n  -> shop/b +80-81/TCP over IPv4\n  -> shop/b +81/TCP over IPv6\n", out)
    assert re.search(r"shop/c\n(.*\n)*  -> shop/b +80/TCP\n", out)
    assert re.search(r"outside 10.0.0.0/8\n  -> shop/b +80/TCP\n", out)
    assert re.search(r"outside\n  -> shop/a, shop/c +all ports", out)
    found = document(kspec("connect", path, "--format", "json"))
    assert found["totals"]["differByFamily"] == 1  # type: ignore[index]
    families = [(g["family"], g["from"], g["to"]) for g in found["groups"] if "family" in g]  # type: ignore[attr-defined]
    assert families == [("IPv4", ["shop/a"], ["shop/b"]), ("IPv6", ["shop/a"], ["shop/b"])]
    rows = list(csv.DictReader(io.StringIO(kspec("connect", path, "--format", "csv").out)))
    apart = {(r["family"], r["open"]) for r in rows if (r["from"], r["to"]) == ("shop/a", "shop/b")}
    assert apart == {("IPv4", "80-81/TCP"), ("IPv6", "81/TCP")}
    assert "| shop/a | shop/b | 81/TCP over IPv6 |  |" in kspec("connect", path, "--format", "markdown").out
    assert '[label="81/TCP over IPv6"]' in kspec("connect", path, "--format", "dot").out
    assert '"81/TCP over IPv6"' in kspec("connect", path, "--format", "html").out


def test_families_that_agree_on_the_ports_asked_about_have_one_row(kspec: Kspec, tmp_path: Path) -> None:
    out = kspec("connect", dual(tmp_path), "--port", "81").out
    assert re.search(r"shop/a\n  -> shop/b +81/TCP\n", out)
    assert "IPv6" not in out


def test_two_blocks_of_pods_make_a_cluster_of_both_families(kspec: Kspec, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    block = "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"
    path.write_text(
        ONE_OF_TWO.replace("spec: {podSelector: {}}", f"spec: {{podSelector: {{}}, ingress: {block}}}")
    )
    args = ("connect", path, "--from", "shop/copy", "--to", "db", "--pod-cidr", "10.1.0.0/16")
    assert re.search(r"-> shop/db \(db-0\), shop/db \(db-1\) +all ports\n", kspec(*args).out)
    out = kspec(*args, "--pod-cidr", "fd00:1::/64").out
    assert re.search(r"-> shop/db \(db-0\), shop/db \(db-1\) +all ports over IPv4\n", out)
    assert re.search(r"-> shop/db \(db-0\) +5432/TCP over IPv6\n", out)


def test_more_addresses_of_a_family_than_one_are_told(kspec: Kspec, tmp_path: Path) -> None:
    text = "{ip: 10.0.0.1}, {ip: 'fd00::1'}"
    path = dual(tmp_path)
    path.write_text(path.read_text().replace(text, f"{text}, {{ip: 10.9.9.9}}"))
    note = "shop/a has more than one address of a family: the first of each counts."
    assert document(kspec("connect", path, "--format", "json"))["notes"][0] == note  # type: ignore[index]


ONE_OF_TWO = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: copy, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: first, namespace: shop}
spec:
  podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: db-0}}
  ingress: [{from: [{podSelector: {matchLabels: {job-name: copy}}}], ports: [{port: 5432}]}]
"""


def test_pods_of_a_stateful_set_are_told_apart_by_their_own_labels(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(ONE_OF_TWO)
    assert re.search(r"shop/copy\n  -> shop/db \(db-0\) +5432/TCP\n", kspec("connect", tmp_path).out)
    story = ("explain", "connect", "shop/copy")
    assert "db-0 on 5432/TCP: open" in kspec(*story, "shop/db-0", "5432", tmp_path).out
    assert "db-1 on 5432/TCP: shut" in kspec(*story, "shop/db-1", "5432", tmp_path).out


MADE_LABELS = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: a}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: jobs, namespace: a}
spec: {podSelector: {matchExpressions: [{key: job-name, operator: Exists}]}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: others, namespace: a}
spec:
  podSelector: {matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}
  policyTypes: [Egress]
"""


def test_labels_that_controllers_put_on_pods_are_there(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MADE_LABELS)
    ran = kspec("connect", tmp_path, "--format", "json")
    groups = [(g["from"] or g["fromOutside"], g["to"] or g["toOutside"]) for g in ran.json["groups"]]
    assert groups == [(["a/web"], ["outside"]), (["outside"], ["a/web"])]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("policyTypes: [ingress]", 'supported values: "Egress", "Ingress"'),
        ('ingress: [{ports: [{port: "80"}]}]', "must contain at least one letter"),
        ("ingress: [{ports: [{protocol: tcp}]}]", "supported values"),
        ("ingress: [{ports: [{port: 90, endPort: 80}]}]", "must be greater than or equal to `port`"),
        ("ingress: [{from: [{}]}]", "must specify a peer"),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]", "must be a valid CIDR value"),
        (
            "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]",
            "must be a strict subset of `cidr`",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}",
            "not a valid selector operator",
        ),
    ],
)
def test_a_policy_that_the_api_server_refuses_protects_nobody(
    kspec: Kspec, tmp_path: Path, spec: str, reason: str
) -> None:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
    selector = "" if "podSelector" in spec else "podSelector: {}, "
    (tmp_path / "a.yaml").write_text(f"{head}spec: {{{selector}{spec}}}\n")
    for command in ("connect", "analyze"):
        ran = kspec(command, tmp_path)
        assert ran.code == 2
        assert f"error[KS2617]: the API server refuses this NetworkPolicy: {reason}" in ran.err


CILIUM = """
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: c, namespace: "n"}
spec: {ingress: [{}]}
"""


def test_what_policies_of_other_engines_do_is_not_guessed(kspec: Kspec, network: Path) -> None:
    (network.parent / "cilium.yaml").write_text(CILIUM)
    ran = kspec("connect", network.parent)
    assert ran.code == 3 and "the CiliumNetworkPolicy n/c may have a say" in ran.out, ran.out
    assert kspec("connect", network.parent, "--option", "network.otherPoliciesMatter=false").code == 0
    ran = kspec("analyze", network.parent, "--only", "network")
    assert "they are left out: CiliumNetworkPolicy n/c" in ran.out, ran.out
