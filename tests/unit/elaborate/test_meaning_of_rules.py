"""What lowered rules yield when they are evaluated: one small rule of each kind, on values by hand."""

from __future__ import annotations

from typing import Any

import pytest
from support.rules import rules_of, shown

from kspec.elaborate.modules import Elaborated
from kspec.ir.evaluate import evaluate_rule
from kspec.runtime.values import Duration, EvalError


def elaborated(text: str) -> Elaborated:
    made = rules_of(text)
    assert not made.diagnostics, shown(made.diagnostics)
    return made


def call(text: str, *args: Any, name: str = "") -> Any:
    """The value of the (last, or named) rule of the text for these arguments."""
    program = elaborated(text).program
    own = [r for r in program.rules if r.path == "golden/test" and name in ("", r.name)]
    return plain(evaluate_rule(own[-1], args, program.by_id()))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


def pod(*images: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]
    return {"metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize(("n", "word"), [(3, "plus"), (-3, "minus"), (0, "zero")])
def test_returns_under_conditions(n: int, word: str) -> None:
    text = """function sign(n: int): string {
      when n > 0 { return "plus" }
      when n < 0 { let m = "minus"  return m }
      return "zero"
    }"""
    assert call(text, n) == word


# ---------------------------------------------------------------- filter: the first failure wins

FIRST = """filter F(pod: core.Pod) {
  require size(pod.spec.containers) > 0 else "empty"
  let first = pod.spec.containers[0]
  each c in pod.spec.containers { require c.image != "bad" else ["bad", c.name] code "X" }
  when first.image == "odd" { require false else "odd" }
  require pod.spec.nodeName == "" else "bound"
}"""


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (pod("a"), []),
        (pod(), ["empty"]),
        (pod("bad", nodeName="n"), ["bad", "c0"]),
        (pod("odd", nodeName="n"), ["odd"]),
        (pod("a", nodeName="n"), ["bound"]),
    ],
)
def test_first_failing_requirement(given: dict[str, Any], reasons: list[str]) -> None:
    assert [f["reason"] for f in call(FIRST, given)] == reasons


def test_what_stands_after_a_failure_is_not_evaluated() -> None:
    """`first` would be an error for a pod without containers."""
    assert call(FIRST, pod())[0]["reason"] == "empty"


# ---------------------------------------------------------------- validate: all failures, with places


def test_places_count_loops_and_stars() -> None:
    text = """validate V(self: core.Pod) {
      require self.spec.nodeName != "" at spec.nodeName else "unbound" code "Required"
      require item.image != "" at spec.containers[*].image else item.name
      each c in self.spec.containers {
        require item.containerPort > 0 at spec.containers[*].ports[*].containerPort else c.name
      }
    }"""
    given = pod("a", "")
    given["spec"]["containers"][1]["ports"] = [{"containerPort": 1}, {}]
    assert call(text, given) == [
        {"code": "Required", "reason": "unbound", "field": "spec.nodeName"},
        {"code": "", "reason": "c1", "field": "spec.containers[1].image"},
        {"code": "", "reason": "c1", "field": "spec.containers[1].ports[1].containerPort"},
    ]


# ---------------------------------------------------------------- default: absent only, in order


def test_defaults_fill_only_what_is_absent() -> None:
    text = """default D(self: core.Pod) {
      spec.restartPolicy: "Always"
      set spec.priority: self.spec.restartPolicy == "Always" ? 1 : 2
      metadata.labels["app"]: self.metadata.name
      spec.securityContext.fsGroup: self.spec.hostNetwork ? 5 : null
    }"""
    assert call(text, pod("a")) == {
        "metadata": {"name": "p", "labels": {"app": "p"}},
        "spec": {"containers": [{"name": "c0", "image": "a"}], "restartPolicy": "Always", "priority": 1},
    }
    given = pod(restartPolicy="Never", priority=9, hostNetwork=True)
    given["metadata"]["labels"] = {"app": "own", "b": "c"}
    made = call(text, given)
    assert made["metadata"]["labels"] == {"app": "own", "b": "c"}
    assert made["spec"]["restartPolicy"] == "Never"
    assert made["spec"]["priority"] == 2
    assert made["spec"]["securityContext"] == {"fsGroup": 5}


def test_stars_touch_every_element_and_make_no_lists() -> None:
    text = """default D(self: core.Pod) {
      spec.containers[*].ports[*].protocol: item.containerPort == 53 ? "UDP" : "TCP"
      spec.initContainers[*].image: "x"
    }"""
    given = pod("a", "b")
    given["spec"]["containers"][1]["ports"] = [
        {"containerPort": 53},
        {"containerPort": 80, "protocol": "SCTP"},
    ]
    made = call(text, given)
    assert "ports" not in made["spec"]["containers"][0]
    assert [p["protocol"] for p in made["spec"]["containers"][1]["ports"]] == ["UDP", "SCTP"]
    assert "initContainers" not in made["spec"]
    assert given["spec"]["containers"][1]["ports"][0] == {"containerPort": 53}, (
        "the object itself is not changed"
    )


def test_an_element_by_name_is_changed_or_added() -> None:
    text = """default D(self: core.Pod) {
      set spec.containers[c1].image: "new"
      spec.containers[side].image: "proxy"
    }"""
    made = call(text, pod("a", "b"))["spec"]["containers"]
    assert [(c["name"], c["image"]) for c in made] == [("c0", "a"), ("c1", "new"), ("side", "proxy")]


def test_conditions_and_loops_thread_the_object() -> None:
    text = """default D(self: core.Pod) {
      each c in self.spec.containers {
        set metadata.annotations["last"]: c.image + "," + self.metadata.labels["n"]
      }
      when has(self.metadata.annotations) {
        set metadata.labels["n"]: "seen"
      } otherwise {
        set metadata.labels["n"]: "no"
      }
    }"""
    given = pod("a", "b")
    given["metadata"]["labels"] = {"n": "1"}
    made = call(text, given)
    assert made["metadata"] == {"name": "p", "labels": {"n": "seen"}, "annotations": {"last": "b,1"}}
    assert call(text, pod())["metadata"]["labels"] == {"n": "no"}


# ---------------------------------------------------------------- admit


def test_admission_yields_object_and_findings() -> None:
    text = """admit A(self: core.Pod) {
      require self.spec.priority == 0 else "before"
      set spec.priority: 7
      require self.spec.priority == 0 else "after " + string(self.spec.priority)
    }"""
    made = call(text, pod())
    assert made["object"]["spec"]["priority"] == 7
    assert [f["reason"] for f in made["findings"]] == ["after 7"]


# ---------------------------------------------------------------- authorizer

DECIDE = """type Ask { user: string  groups: list(string) }
authorizer A(r: Ask) {
  deny when r.user == "nobody"
  each g in r.groups { deny when g == "banned" because g  allow when g == "admins" because g }
  when r.user.startsWith("system:") { pass when r.user == "system:x"  allow when true because "system" }
  allow when r.user == "root"
}"""


@pytest.mark.parametrize(
    ("user", "groups", "expected"),
    [
        ("nobody", ["admins"], ("deny", "")),
        ("a", ["x", "admins", "banned"], ("allow", "admins")),
        ("a", ["banned", "admins"], ("deny", "banned")),
        ("system:x", [], ("noopinion", "")),
        ("system:y", [], ("allow", "system")),
        ("root", ["x"], ("allow", "")),
        ("b", [], ("noopinion", "")),
    ],
)
def test_the_first_decision_counts(user: str, groups: list[str], expected: tuple[str, str]) -> None:
    made = call(DECIDE, {"user": user, "groups": groups})
    assert (made["decision"], made["reason"]) == expected


# ---------------------------------------------------------------- controller


def test_writes_in_order() -> None:
    text = """controller C(self: apps.ReplicaSet) owns core.Pod as pods matching self.spec.selector {
      let missing = self.spec.replicas - size(pods)
      when missing > 0 {
        create core.Pod from self.spec.template times missing {
          metadata.labels["n"]: "1"
          spec.containers[c0].image: "z"
        }
      } otherwise { delete pods.slice(0, -missing) }
      each p in pods { update p { metadata.labels["seen"]: p.metadata.name } }
      status { replicas: size(pods) }
      requeue 5s
    }"""
    template = {
        "metadata": {"labels": {"app": "a"}},
        "spec": {"containers": [{"name": "c0", "image": "a"}], "hostNetwork": True},
    }
    self = {"metadata": {"name": "rs"}, "spec": {"replicas": 3, "template": template}}
    running = pod("x")
    writes = call(text, self, [running], None)
    assert [w["action"] for w in writes] == ["create", "update", "status", "requeue"]
    create, update, status, requeue = writes
    assert (create["type"], create["times"]) == ("core.Pod", 2)
    assert create["object"]["metadata"]["labels"] == {"app": "a", "n": "1"}
    assert create["object"]["spec"] == {"containers": [{"name": "c0", "image": "z"}], "hostNetwork": True}
    assert update["object"] == {"metadata": {"labels": {"seen": "p"}}}
    assert update["target"] == running
    assert (status["type"], status["object"], status["target"]) == ("apps.ReplicaSet", {"replicas": 1}, self)
    assert requeue["after"] == Duration(5 * 10**9)
    self["spec"]["replicas"] = 0
    assert [w["action"] for w in call(text, self, [running], None)] == [
        "delete",
        "update",
        "status",
        "requeue",
    ]


# ---------------------------------------------------------------- domain


def test_a_domain_says_members_validity_witness() -> None:
    text = """type Port { number: int  node: string }
    domain ports(p: Port) using cluster: Cluster {
      return cluster.nodes.map(n, { number: 80  node: n.metadata.name })
      require p.number > 0
      let known = cluster.nodes.map(n, n.metadata.name)
      require p.number < 65536
      when !(p.node in known) { create core.Node { metadata.name: p.node } }
    }"""
    cluster = {"nodes": [{"metadata": {"name": "a"}}]}
    made = call(text, {"number": 70000, "node": "b"}, cluster)
    assert made["members"] == [{"number": 80, "node": "a"}]
    assert made["valid"] is False
    assert [w["object"] for w in made["witness"]] == [{"metadata": {"name": "b"}}]
    assert call(text, {"number": 7, "node": "a"}, cluster)["witness"] == []


# ---------------------------------------------------------------- names


def test_overloads_and_using_reach_their_functions() -> None:
    text = """function name(p: core.Pod): string { return "pod " + p.metadata.name }
    function name(n: core.Node): string { return "node " + n.metadata.name }
    function first() using cluster: Cluster: string { return name(cluster.nodes[0]) }
    function both(p: core.Pod, sep: string = "/") using cluster: Cluster: string {
      return name(p) + sep + first()
    }
    function last(p: core.Pod) using cluster: Cluster: string { return golden.both(p) }"""
    assert call(text, pod(), {"nodes": [{"metadata": {"name": "n"}}]}, name="last") == "pod p/node n"


def test_a_rule_with_an_error_in_a_let_has_that_error() -> None:
    with pytest.raises(EvalError) as caught:
        call("function f(a: int): int { let b = 1 / a  return 1 }", 0)
    assert caught.value.code == "divide_by_zero"
