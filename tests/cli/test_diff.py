"""`kspec diff`: an edit that changes nothing in meaning says so; one that does shows the smallest witness."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

from kspec.report.document import json_schema

Kspec = Callable[..., Ran]
SHOP = ROOT / "examples" / "shop" / "yaml"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], Path]:
    """The shop with one text replaced in all of its files."""

    def edit(old: str, new: str) -> Path:
        for path in SHOP.glob("*.yaml"):
            (tmp_path / path.name).write_text(path.read_text().replace(old, new))
        return tmp_path

    return edit


def test_nothing_changed(kspec: Kspec) -> None:
    ran = kspec("diff", SHOP, SHOP)
    assert ran.code == 0
    assert "0 objects added, 0 removed, 0 changed" in ran.out
    assert "Network: no change, for anything that could exist." in ran.out


@pytest.mark.slow
def test_an_edit_of_no_meaning_is_none(kspec: Kspec, edited: Callable[[str, str], Path]) -> None:
    folder = edited("    - port: 5432\n", "    - port: 5432\n      protocol: TCP\n")
    ran = kspec("diff", SHOP, folder, "--only", "network")
    assert ran.code == 0, ran.out
    assert "1 changed" in ran.out


@pytest.mark.slow
def test_another_label_opens_to_one_and_closes_to_another(
    kspec: Kspec, edited: Callable[[str, str], Path]
) -> None:
    folder = edited("          app: checkout\n    ports:", "          app: cart\n    ports:")
    ran = kspec("diff", SHOP, folder, "--only", "network", "--format", "json")
    assert ran.code == 1
    section = json.loads(ran.out)["sections"][0]
    assert [c["possible"] for c in section["gained"]].count(True) == 1
    gained = next(c for c in section["gained"] if c["possible"])
    lost = next(c for c in section["lost"] if c["possible"])
    assert gained["details"] == {"port": 5432, "protocol": "TCP"}
    labels = [{**o["metadata"]["labels"]} for o in gained["witness"]]
    assert labels == [{"app": "cart"}, {"app": "db"}]
    assert lost["witness"][0]["metadata"]["labels"] == {"app": "checkout"}


@pytest.mark.parametrize(
    ("relation", "code", "verdict"),
    [("same", 1, "violated"), ("no-more", 0, "holds"), ("no-less", 1, "violated")],
)
def test_a_relation_that_is_required(
    kspec: Kspec, tmp_path: Path, relation: str, code: int, verdict: str
) -> None:
    for name, port in (("old", ""), ("new", "    ports: [{port: 5432}]\n")):
        (tmp_path / f"{name}.yaml").write_text(DATABASE + "  - from: [{podSelector: {}}]\n" + port)
    args = ("diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--only", "network", "--require", relation)
    ran = kspec(*args, "--format", "json")
    assert (ran.code, json.loads(ran.out)["required"]["verdict"]) == (code, verdict)


@pytest.mark.slow
def test_each_new_peer_has_a_witness_of_its_own(kspec: Kspec, tmp_path: Path) -> None:
    for name, peers in (("old", OLD_PEERS), ("new", NEW_PEERS)):
        (tmp_path / f"{name}.yaml").write_text(DATABASE + f"  - from: {peers}\n")
    sides = tmp_path / "old.yaml", tmp_path / "new.yaml"
    section = json.loads(kspec("diff", *sides, "--only", "network", "--format", "json").out)["sections"][0]
    found = [(c["what"], c["because"][0]["text"]) for c in section["gained"] if c["possible"]]
    assert [peer for what, _ in found for peer in ("team=a", "fd00::", "team=b") if peer in what] == [
        *("team=a", "team=b", "fd00::", "fd00::")
    ]
    assert [cause for _, cause in found] == [
        f"NetworkPolicy shop/db, ingress[0].from[{n}] lets it pass" for n in (0, 2, 1, 1)
    ]
    assert all(what.endswith(" on 5432/TCP") for what, _ in found)
    lost = [c["because"][0]["text"] for c in section["lost"]]
    assert lost == ["NetworkPolicy shop/db, ingress[0].from[0] lets it pass"]


OLD_PEERS = "[{podSelector: {matchLabels: {app: web}}}]"
NEW_PEERS = (
    "[{namespaceSelector: {matchLabels: {team: a}}}, {ipBlock: {cidr: 'fd00::/8'}}, "
    "{namespaceSelector: {matchLabels: {team: b}}}]"
)
DATABASE = """\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: x, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
"""


def test_what_is_at_hand_comes_first_with_the_rules_responsible(
    kspec: Kspec, edited: Callable[[str, str], Path]
) -> None:
    folder = edited("          app: checkout\n    ports:", "          app: cart\n    ports:")
    ran = kspec("diff", SHOP, folder, "--only", "network")
    text = ran.out
    assert "Network: 2 gained, 2 lost." in text
    assert "+ shop/cart -> shop/db on 5432/TCP\n" in text
    assert "- shop/checkout -> shop/db on 5432/TCP\n" in text
    new = (
        f"new: NetworkPolicy shop/db-from-checkout, ingress[0].from[0] lets it pass  {folder}/4-db.yaml:34:7"
    )
    old = f"old: NetworkPolicy shop/db-from-checkout holds it up  {SHOP}/4-db.yaml:26:1"
    assert new in text and old in text
    assert text.index("+ shop/cart") < text.index("+ a possible pod in namespace shop")


@pytest.mark.slow
def test_a_policy_that_goes_opens_to_everyone(kspec: Kspec, edited: Callable[[str, str], Path]) -> None:
    folder = edited("kind: NetworkPolicy", "kind: NetworkPolicy")
    database = folder / "4-db.yaml"
    database.write_text(database.read_text().partition("---\n")[0])
    ran = kspec("diff", SHOP, folder, "--only", "network", "--format", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["objects"]["removed"]) == (1, 1)
    section = found["sections"][0]
    assert section["lost"] == []
    whats = [c["what"] for c in section["gained"]]
    assert any("outside" in what and "shop/db" in what for what in whats)
    causes = [b["text"] for c in section["gained"] for b in c["because"]]
    assert "no policy selects the end for ingress" in causes
    assert "NetworkPolicy shop/db-from-checkout holds it up" in causes


def test_a_label_of_a_namespace_matters_where_a_policy_asks_for_it(kspec: Kspec, tmp_path: Path) -> None:
    policy = (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\n"
        "spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}\n"
    )
    for side, team in (("old", "x"), ("new", "z")):
        (tmp_path / side).mkdir()
        namespaces = (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n"
            f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: b, labels: {{team: {team}}}}}\n"
        )
        (tmp_path / side / "all.yaml").write_text(namespaces + policy)
    ran = kspec("diff", tmp_path / "old", tmp_path / "new", "--only", "network")
    assert ran.code == 1
    assert "Network: 1 lost." in ran.out
    assert "- a possible pod in namespace b" in ran.out


@pytest.mark.slow
def test_markdown(kspec: Kspec, edited: Callable[[str, str], Path]) -> None:
    folder = edited("          app: checkout\n    ports:", "          app: cart\n    ports:")
    ran = kspec("diff", SHOP, folder, "--only", "network", "--format", "markdown")
    assert "### Network: 2 gained, 2 lost" in ran.out
    assert "- **gained**: shop/cart -\\> shop/db on 5432/TCP" in ran.out
    assert "```yaml" in ran.out


@pytest.mark.slow
def test_json_has_its_schema(kspec: Kspec, edited: Callable[[str, str], Path]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    folder = edited("    - port: 5432\n", "    - port: 5433\n")
    found = json.loads(kspec("diff", SHOP, folder, "--only", "network", "--format", "json").out)
    jsonschema.validate(found, json_schema("diff"))
    ports = [c["details"]["ports"] for c in found["sections"][0]["gained"] if not c["possible"]]
    assert ports == [{"TCP": [[5433, 5433]]}]


ACCESS = ROOT / "examples" / "escalation" / "ci.yaml"


def edited_access(folder: Path, old: str, new: str) -> Path:
    """The roles of the escalation example, with one text replaced."""
    path = folder / "ci.yaml"
    text = ACCESS.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_a_right_that_is_new_is_shown_by_its_smallest_request(kspec: Kspec, tmp_path: Path) -> None:
    new = edited_access(
        tmp_path, "resources: [pods], verbs: [get]", "resources: [pods, pods/log], verbs: [get]"
    )
    ran = kspec("diff", ACCESS, new, "--only", "access")
    assert ran.code == 1
    assert "Access: 1 gained." in ran.out
    assert "+ lou: get pods/log everywhere" in ran.out
    assert f"new: ClusterRole looker, rule 1  {new}:33" in ran.out
    assert "- lou: get pods/log everywhere" in kspec("diff", new, ACCESS, "--only", "access").out


def test_several_rights_of_one_rule_are_all_told(kspec: Kspec, tmp_path: Path) -> None:
    more = "resources: [pods, pods/log, services], verbs: [get, list]"
    new = edited_access(tmp_path, "resources: [pods], verbs: [get]", more)
    out = kspec("diff", ACCESS, new, "--only", "access").out
    assert "+ lou: list pods; get, list pods/log, services everywhere" in out


def test_an_edit_of_rules_without_meaning_is_none(kspec: Kspec, tmp_path: Path) -> None:
    """Two rules say what one said."""
    one = "- {apiGroups: [apps], resources: [deployments], verbs: [create, patch]}"
    two = one.replace("create, patch", "create") + "\n" + one.replace("create, patch", "patch")
    ran = kspec("diff", ACCESS, edited_access(tmp_path, one, two), "--only", "access")
    assert (ran.code, ran.out.splitlines()[1]) == (0, "Access: no change, for anything that could exist.")


def test_somebody_new_who_can_come_to_be_cluster_admin(kspec: Kspec, tmp_path: Path) -> None:
    """A named secret that one may write and read is enough, by way of a service account."""
    old = 'rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]'
    new = 'rules: [{apiGroups: [""], resources: [secrets], resourceNames: [x], verbs: [create, patch, get]}]'
    ran = kspec("diff", ACCESS, edited_access(tmp_path, old, new), "--only", "access")
    assert "+ lou can come to cluster-admin: kubectl create -f token-secret.yaml -n ci; then " in ran.out
    assert "- lou: get pods" in ran.out


def test_pods_of_a_stateful_set_are_compared_each_with_itself(kspec: Kspec, tmp_path: Path) -> None:
    old = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db}]}}
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
  ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 5432}]}]
"""
    before, same, after = (tmp_path / f"{name}.yaml" for name in ("before", "same", "after"))
    before.write_text(old)
    same.write_text(old.replace("port: 5432", "protocol: TCP, port: 5432"))
    after.write_text(old.replace("db-0", "db-1"))
    assert kspec("diff", before, same, "--only", "network").code == 0
    ran = kspec("diff", before, after, "--only", "network")
    assert "+ outside 192.0.2.0/24 -> shop/db (db-1) on 5432/TCP" in ran.out, ran.out
    assert "- outside 192.0.2.0/24 -> shop/db (db-0) on 5432/TCP" in ran.out, ran.out


@pytest.mark.parametrize(("there_too", "code"), [(False, 3), (True, 0)])
def test_a_difference_in_policies_of_another_engine_is_never_proved_harmless(
    kspec: Kspec, tmp_path: Path, there_too: bool, code: int
) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    foreign = "---\napiVersion: example.io/v1\nkind: FirewallRule\nmetadata: {name: shut, namespace: shop}\n"
    (tmp_path / "old.yaml").write_text(namespace + foreign)
    (tmp_path / "new.yaml").write_text(namespace + (foreign if there_too else ""))
    args = ("diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--only", "network")
    ran = kspec(*args, "--require", "no-more")
    assert ran.code == code and "FirewallRule" in ran.out
    assert ("Proved" in ran.out) is there_too


SERVICE_MONITOR = (
    "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\nspec: {}\n"
)
EGRESS_FIREWALL = """---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: egressfirewalls.k8s.ovn.org}
spec:
  group: k8s.ovn.org
  names: {kind: EgressFirewall, plural: egressfirewalls}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object,
    properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}]
---
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec: {egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0}}]}
"""


def test_a_difference_in_what_an_operator_makes_is_told_and_is_none(kspec: Kspec, tmp_path: Path) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    (tmp_path / "old.yaml").write_text(namespace)
    (tmp_path / "new.yaml").write_text(namespace + SERVICE_MONITOR)
    args = ("diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--only", "network")
    ran = kspec(*args, "--require", "same")
    assert ran.code == 0 and "taken to be nothing to the network: ServiceMonitor" in ran.out, ran.out
    (tmp_path / "new.yaml").write_text(namespace + EGRESS_FIREWALL)
    ran = kspec(*args, "--require", "same")
    assert ran.code == 3 and "the EgressFirewall shop/default may have a say" in ran.out, ran.out


def test_policies_of_another_engine_that_stay_hide_no_change(kspec: Kspec, tmp_path: Path) -> None:
    deny = (
        "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}}\n"
    )
    (tmp_path / "old.yaml").write_text(EGRESS_FIREWALL)
    (tmp_path / "new.yaml").write_text(EGRESS_FIREWALL + deny.replace("}}", "}, spec: {podSelector: {}}}"))
    ran = kspec("diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--only", "network")
    assert ran.code == 1 and "they are left out: EgressFirewall shop/default" in ran.out, ran.out
    assert "not decided" not in ran.out


ONE_ADDRESS = """
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop},
 spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/32}}], ports: [{port: 80}]}]}}
"""


def test_no_pod_has_the_address_of_what_is_outside(kspec: Kspec, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(ONE_ADDRESS)
    new.write_text(ONE_ADDRESS.replace("port: 80", "port: 81"))
    ran = kspec("diff", old, new, "--only", "network", "--format", "json")
    gained = json.loads(ran.out)["sections"][0]["gained"]
    (one,) = [g for g in gained if g["what"].startswith("the outside (10.0.0.1) -> a possible pod")]
    (pod,) = [o for o in one["witness"] if o["kind"] == "Pod"]
    assert pod["status"]["podIP"] != "10.0.0.1"
