"""`kspec escalate`, as a user runs it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran
from support.readme import check
from support.schemas import assert_valid

Kspec = Callable[..., Ran]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "rbac.yaml"
    path.write_text((ROOT / "examples" / "escalation" / "ci.yaml").read_text())
    return path


def test_the_strongest_way_comes_first_with_its_requests_and_places(kspec: Kspec, policy: Path) -> None:
    ran = kspec("escalate", "group:dev", policy)
    assert ran.code == 1
    head, _, rest = ran.out.partition("\n")
    assert head.endswith("to gain more; the strongest: cluster-admin")
    first = rest.split("\n\n")[0]
    assert "3 requests" in first
    assert "1. as someone in dev: kubectl create -f deployments.yaml -n ci" in first
    assert (
        "2. as sa:ci/robot: kubectl create clusterrolebinding escalated --clusterrole=cluster-admin" in first
    )
    assert f"RoleBinding ci/deployers  {policy}:7" in first
    assert f"ClusterRole binder: bind on clusterroles of rbac.authorization.k8s.io  {policy}:22" in first


def test_who_can_gain_nothing_is_told_so(kspec: Kspec, policy: Path) -> None:
    ran = kspec("escalate", "lou", policy)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "no way  lou can gain nothing by what RBAC allows")
    assert "no other admission policy is in the way" in ran.out
    assert "is inductive: no request leads out of it, by Z3" in ran.out
    assert (
        json.loads(kspec("escalate", "lou", policy, "--format", "json").out)["certificate"]["verdict"]
        == "holds"
    )


def test_an_answer_that_was_not_checked_in_time_is_undecided(kspec: Kspec, policy: Path) -> None:
    for words in (["lou"], ["--to", "node", "--but", "group:dev", "--but", "sa:ci/robot"]):
        ran = kspec("escalate", *words, policy, "--timeout", "0s")
        assert ran.code == 3
        assert "not decided  whether what was found is all: the solver says timeout" in ran.out
        assert "proved" not in ran.out
    found = json.loads(kspec("escalate", "lou", policy, "--timeout", "0s", "--format", "json").out)
    assert_valid("escalate", found)
    assert found["certificate"]["verdict"] == "undecided"


def test_everyone_who_comes_to_be_cluster_admin(kspec: Kspec, policy: Path) -> None:
    ran = kspec("escalate", policy)
    assert ran.code == 1
    assert ran.out.startswith("2 of 3 subjects can come to cluster-admin")
    assert ran.out.index("ServiceAccount sa:ci/robot: 2 requests") < ran.out.index("Group dev: 3 requests")
    assert "User lou" not in ran.out


@pytest.mark.parametrize(
    ("target", "code", "told"),
    [
        ("sa:ci/robot", 1, "gains the identity sa:ci/robot"),
        ("node", 1, "gains root on a node"),
        ("get secrets -n ci", 1, "cluster-admin"),
        ("mutation", 1, "cluster-admin"),
    ],
)
def test_a_target_is_asked_for(kspec: Kspec, policy: Path, target: str, code: int, told: str) -> None:
    ran = kspec("escalate", "group:dev", "--to", target, policy)
    assert ran.code == code
    assert told in ran.out
    assert kspec("escalate", "lou", "--to", target, policy).code == 0


def test_pod_security_is_an_assumption_that_can_be_made(kspec: Kspec, policy: Path) -> None:
    easy = kspec("escalate", "group:dev", "--to", "node", policy)
    strict = kspec("escalate", "group:dev", "--to", "node", "--pod-security", "baseline", policy)
    assert "gains root on a node" in easy.out
    assert "gains root on a node" not in strict.out


def test_json_is_as_its_schema_says(kspec: Kspec, policy: Path) -> None:
    one = json.loads(kspec("escalate", "group:dev", policy, "--format", "json").out)
    all_ = json.loads(kspec("escalate", policy, "--format", "json").out)
    assert_valid("escalate", one)
    assert_valid("escalate", all_)
    steps = next(p for p in one["paths"] if p["gains"] == "cluster-admin")["steps"]
    assert [s["edge"] for s in steps] == [
        "access/writeTemplates",
        "access/podsRunAs",
        "access/eachAccount",
        "access/bindRoles",
        "access/administers",
    ]
    assert all(r["grants"] for s in steps if s["how"] for r in s["requests"])
    assert [(s["kind"], s["path"]["requests"]) for s in all_["subjects"]] == [
        ("Group", 3),
        ("ServiceAccount", 2),
    ]


class Titles(HTMLParser):
    titles = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.titles += tag == "title"


def test_graphs_have_all_of_it(kspec: Kspec, policy: Path) -> None:
    dot = kspec("escalate", "group:dev", policy, "--format", "dot").out
    html = kspec("escalate", "group:dev", policy, "--format", "html").out
    assert dot.startswith("digraph escalation {")
    assert '[label="cluster-admin", color="#b3382c"]' in dot
    reader = Titles()
    reader.feed(html)
    assert reader.titles > 10
    assert "http" not in html.replace('lang="en"', "")


def test_what_others_decide_is_no_proof(kspec: Kspec, policy: Path) -> None:
    ran = kspec("escalate", "lou", policy, "--authorization-mode", "RBAC,Webhook")
    assert ran.code == 3
    assert "not decided  what Webhook allows beside RBAC" in ran.out


def test_what_a_role_that_is_not_at_hand_allows_is_not_known(kspec: Kspec, policy: Path) -> None:
    path = policy.with_name("lost.yaml")
    path.write_text(policy.read_text().replace("name: looker}", "name: lost}", 1))
    ran = kspec("escalate", "lou", path)
    assert ran.code == 3
    assert "roles allow that are not in the input: ClusterRole looker" in ran.out


def test_nobody_but_some_is_proved_or_broken_by_the_smallest_identity(kspec: Kspec, policy: Path) -> None:
    target = ("--to", "get secrets -n shop")
    proved = kspec("escalate", policy, *target, "--but", "group:dev", "--but", "sa:ci/robot")
    broken = kspec("escalate", policy, *target, "--but", "sa:ci/robot", "--format", "json")
    assert (proved.code, broken.code) == (0, 1)
    assert proved.out.startswith(
        "proved  nobody but anyone in dev and sa:ci/robot comes to get secrets -n shop"
    )
    document = json.loads(broken.out)
    assert_valid("escalate", document)
    (witness,) = document["witnesses"]
    assert (witness["user"], witness["groups"]) == ("someone", ["dev", "system:authenticated"])


def test_a_target_that_is_none_is_a_diagnostic(kspec: Kspec, policy: Path) -> None:
    ran = kspec("escalate", "jane", "--to", "root", policy)
    assert ran.code == 2
    assert "KS4020" in ran.err


def test_a_folder_in_the_place_of_the_user_is_pointed_out(
    kspec: Kspec, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(policy.parent.parent)
    ran = kspec("escalate", policy.parent.name, "--bootstrap")
    assert ran.code == 2
    assert f"./{policy.parent.name}" in ran.err


def test_a_real_operator_comes_to_be_cluster_admin(kspec: Kspec, shared: Path) -> None:
    """An operator that writes StatefulSets everywhere is any service account of kube-system."""
    ran = kspec("escalate", shared / "corpus" / "kube-prometheus", "--bootstrap")
    assert ran.code == 1
    assert "ServiceAccount sa:monitoring/prometheus-operator: 3 requests" in ran.out
    assert "prometheusOperator-clusterRole.yaml:39" in ran.out


SECRETS = '{ verb: "get"  resource: "secrets" }'


def verdict(kspec: Kspec, folder: Path, formula: str, *options: str) -> tuple[int, str]:
    (folder / "asked.kspec").write_text(f"{formula}\n")
    ran = kspec("verify", folder, *options)
    assert not ran.err.startswith("error"), ran.err
    return ran.code, ran.out


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (f'prove "dev": forall s in subjects where "dev" in s.groups: escalates(s, {SECRETS})', 0),
        (f'assert "lou": !escalates({{ user: "lou" }}, {SECRETS})', 0),
        (f'assert "lou in dev": escalates({{ user: "lou"  groups: ["dev"] }}, {SECRETS})', 0),
        (f'prove "some": exists s in subjects: s.user == "zed" && escalates(s, {SECRETS})', 0),
        (f'prove "x": forall s in subjects: escalates(s, {SECRETS}) implies can(s, "get", "secrets")', 1),
        (
            'prove "no less": forall s in subjects: can(s, "get", "pods")'
            ' implies escalates(s, { verb: "get"  resource: "pods"  namespace: "ci"  name: "web" })',
            0,
        ),
        ('prove "open": forall s in subjects: !escalates(s, { verb: s.user  resource: "secrets" })', 3),
        ('prove "no verb": forall s in subjects: !escalates(s, { resource: "secrets" })', 3),
        (
            "function comes(s: access.Identity): bool { return escalates(s, " + SECRETS + ") }\n"
            'prove "hidden": forall s in subjects: !comes(s)',
            3,
        ),
        (
            'forbid "zed by some verb": exists s in subjects where s.user == "zed":'
            ' ["get", "list"].exists(v, escalates(s, { verb: v  resource: "secrets" }))',
            1,
        ),
        (
            'assert "lou by each of two": ["get", "list"].all(v, ["configmaps", "secrets"].all(r,'
            ' !escalates({ user: "lou" }, { verb: v  resource: r  namespace: "shop" })))',
            0,
        ),
        ('assert "of none": ["get"].filter(v, v == "x").all(v, escalates({ user: "a" }, { verb: v }))', 0),
    ],
)
def test_a_property_may_ask_who_comes_to_a_request(
    kspec: Kspec, policy: Path, formula: str, code: int
) -> None:
    found, out = verdict(kspec, policy.parent, formula)
    assert found == code, out


def test_a_property_that_fails_shows_each_request_that_leads_there(kspec: Kspec, policy: Path) -> None:
    formula = f'forbid "by dev": exists s in subjects where s.user == "zed": escalates(s, {SECRETS})'
    code, out = verdict(kspec, policy.parent, formula)
    assert code == 1
    assert "zed comes to get secrets: as zed kubectl create -f deployments.yaml -n ci" in out
    assert ", then as sa:ci/robot kubectl create clusterrolebinding" in out
    assert f"(RoleBinding ci/deployers at {policy}:7)" in out


def test_cases_are_worked_out_with_their_objects(kspec: Kspec, policy: Path) -> None:
    binding = (
        "when ClusterRoleBinding NAME {\n"
        '  roleRef: { apiGroup: "rbac.authorization.k8s.io"  kind: "ClusterRole"  name: "binder" }\n'
        '  subjects: [{ kind: "User"  name: "lou"  apiGroup: "rbac.authorization.k8s.io" }]\n}\n'
    )
    formula = (
        f'forbid "by lou": exists s in subjects where s.user == "lou" && size(s.groups) == 0:'
        f' escalates(s, {SECRETS})\nexpect "by lou" {{\n  violated {binding.replace("NAME", "one")}'
        '  holds when ConfigMap other { metadata.namespace: "ci" }\n'
        f"  holds {binding.replace('NAME', 'two')}}}"
    )
    code, out = verdict(kspec, policy.parent, formula)
    assert code == 1
    assert out.count("holds        ") == 3, out
    assert "because it is violated then; lou comes to get secrets: as lou kubectl create clusterrole" in out
    assert "(ClusterRoleBinding two at " in out


def test_a_role_that_is_not_at_hand_leaves_open_who_does_not_come_to_a_request(
    kspec: Kspec, policy: Path
) -> None:
    text = policy.read_text().replace("kind: ClusterRole, name: looker}", "kind: ClusterRole, name: view}")
    policy.write_text(text)
    lou = f'forbid "x": exists s in subjects where s.user == "lou": escalates(s, {SECRETS})'
    alone = lou.replace('"lou":', '"lou" && size(s.groups) == 0:')
    code, out = verdict(kspec, policy.parent, alone)
    assert (code, "which are bound: ClusterRole view" in out) == (3, True), out
    assert verdict(kspec, policy.parent, alone, "--bootstrap")[0] == 0
    assert verdict(kspec, policy.parent, lou)[0] == 1


def test_a_role_includes_another_for_every_request(kspec: Kspec, policy: Path) -> None:
    """Of the default roles edit includes view, and not the other way round."""
    asked = (
        'prove "x": forall q in requests where grants(clusterrole/{}.rules, q):'
        " grants(clusterrole/{}.rules, q)"
    )
    assert verdict(kspec, policy.parent, asked.format("view", "edit"), "--bootstrap")[0] == 0
    code, out = verdict(kspec, policy.parent, asked.format("edit", "view"), "--bootstrap")
    assert code == 1 and 'q = {"verb": ' in out


def test_the_page_shows_real_runs(kspec: Kspec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert check(ROOT / "docs" / "escalation.md", lambda command: kspec(*shlex.split(command)[1:]).out) == []
