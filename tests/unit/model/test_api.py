"""The API server: its reasons, its chain of rules, its subresources."""

from typing import Any

from support.toy_world import FARM, HEN, RULES, farm, rule, toy_world

from kspec.model.api import Request
from kspec.model.objects import Key
from kspec.model.rules import Listed, RuleSet
from kspec.runtime.rulebook import Clause
from kspec.runtime.values import EvalError

A = Key(FARM, "land", "a")


def world_with(*rules: Any) -> Any:
    return toy_world(rules=RuleSet(Listed((*RULES.book.rules, *rules)), RULES.cluster_fields), barns=0)  # type: ignore[attr-defined]


def test_reasons_are_the_apis_own() -> None:
    world = toy_world(barns=0)
    assert world.api.delete(A).reason == "NotFound"
    assert world.api.update(FARM, farm("a", 1)).reason == "NotFound"
    assert world.api.create(FARM, {"metadata": {"namespace": "land"}, "spec": {}}).reason == "Invalid"
    made = world.api.create(FARM, farm("a", 1))
    assert made.ok
    assert world.api.create(FARM, farm("a", 1)).reason == "AlreadyExists"
    assert world.api.update(FARM, {**made.object, "spec": {"hens": 2}}).ok
    assert world.api.update(FARM, {**made.object, "spec": {"hens": 3}}).reason == "Conflict"
    assert world.api.delete(A, uid="someone-else").reason == "Conflict"


def test_create_drops_status_and_names_kind_and_namespace() -> None:
    world = toy_world(barns=0)
    given = {"metadata": {"name": "a"}, "spec": {"hens": 1}, "status": {"hens": 99}}
    made = world.api.create(FARM, given).object
    assert "status" not in made
    assert (made["apiVersion"], made["kind"], made["metadata"]["namespace"]) == ("toy/v1", "Farm", "default")
    assert made["metadata"]["generation"] == 1


def test_status_and_spec_are_written_apart() -> None:
    world = toy_world(barns=0)
    world.api.create(FARM, farm("a", 1))
    world.api.patch_status(A, {"hens": 1})
    world.api.patch(A, {"spec": {"hens": 2}, "status": {"hens": 7}})
    now = world.store.get(A)
    assert now["spec"] == {"hens": 2} and now["status"] == {"hens": 1}
    assert now["metadata"]["generation"] == 2


def test_a_change_that_changes_nothing_makes_no_event() -> None:
    world = toy_world(barns=0)
    world.api.create(FARM, farm("a", 1))
    before = world.store.revision
    assert world.api.patch(A, {"spec": {"hens": 1}}).ok
    assert world.store.revision == before


def test_defaults_come_before_admission_and_admission_before_validation() -> None:
    seen: list[str] = []

    def default(self: Any) -> Any:
        seen.append("default")
        return {**self, "spec": {"eats": 3, **self["spec"]}}

    def admit(self: Any, cluster: Any) -> Any:
        seen.append(f"admit {self['spec']['eats']} {sorted(cluster)}")
        return {"object": {**self, "spec": {**self["spec"], "admitted": True}}, "findings": []}

    def validate(self: Any) -> Any:
        seen.append(f"validate {self['spec']['admitted']}")
        return []

    world = world_with(
        rule("default", "D", "self: toy.Farm", default),
        rule(
            "admit", "A", "self: toy.Farm, cluster: Cluster", admit, Clause("on", "create", constant="create")
        ),
        rule("validate", "V", "self: toy.Farm", validate),
    )
    world.api.create(FARM, farm("a", 1))
    assert seen == ["default", "admit 3 ['nodes', 'pods']", "validate True"]
    world.api.patch(A, {"spec": {"hens": 2}})
    assert seen[3:] == ["default", "validate True"]


def test_findings_refuse_with_the_field_and_nothing_is_stored() -> None:
    finding = {"code": "Required", "reason": "farms need hens", "field": "spec.hens"}
    world = world_with(
        rule("validate", "V", "self: toy.Farm", lambda self: [] if self["spec"]["hens"] else [finding])
    )
    reply = world.api.create(FARM, farm("a", 0))
    assert (reply.reason, reply.message) == ("Invalid", "spec.hens: Required: farms need hens")
    assert world.store.get(A) is None
    assert world.api.create(FARM, farm("a", 1)).ok


def test_a_rule_that_takes_the_old_object_is_asked_only_of_changes() -> None:
    fixed = [{"code": "Invalid", "reason": "field is immutable", "field": "spec.eats"}]
    same = rule(
        "validate",
        "V",
        "self: toy.Farm, old: toy.Farm",
        lambda self, old: [] if self["spec"].get("eats") == old["spec"].get("eats") else fixed,
    )
    world = world_with(same)
    assert world.api.create(FARM, farm("a", 1, eats=1)).ok
    assert world.api.patch(A, {"spec": {"eats": 2}}).reason == "Invalid"
    assert world.api.patch(A, {"spec": {"hens": 2}}).ok


def test_a_rule_without_an_answer_refuses_and_says_which() -> None:
    def broken(self: Any) -> Any:
        raise EvalError("no_such_key", "no such key: hens")

    world = world_with(rule("validate", "farms/V", "self: toy.Farm", broken))
    reply = world.api.create(FARM, farm("a", 1))
    assert (reply.reason, reply.message) == ("InternalError", "farms/V: no such key: hens")
    assert world.store.get(A) is None


def test_a_dry_run_answers_and_stores_nothing() -> None:
    world = toy_world(barns=0)
    reply = world.api.create(FARM, farm("a", 1), dry_run=True)
    assert reply.ok and reply.object["metadata"]["uid"]
    assert world.store.get(A) is None and world.store.revision == 0


def test_hooks_refuse_strangers_and_the_unauthorised() -> None:
    world = toy_world(barns=0)
    world.api.authenticate = lambda r: "who is it?" if not r.user else None

    def only_reading(request: Request) -> str | None:
        return None if request.user == "farmer" else f"{request.user} cannot {request.verb} {request.key}"

    world.api.authorize = only_reading
    assert world.api.create(FARM, farm("a", 1)).reason == "Unauthorized"
    refused = world.api.create(FARM, farm("a", 1), user="fox")
    assert (refused.reason, refused.message) == ("Forbidden", "fox cannot create Farm land/a")
    assert world.api.create(FARM, farm("a", 1), user="farmer").ok


def test_a_pod_is_bound_once() -> None:
    world = toy_world(barns=0)
    world.api.create(HEN, {"metadata": {"name": "h", "namespace": "land"}, "spec": {}})
    key = Key(HEN, "land", "h")
    assert world.api.bind(key, "barn-0").ok
    assert world.api.bind(key, "barn-1").reason == "Conflict"
    assert world.store.get(key)["spec"]["nodeName"] == "barn-0"


def test_grace_marks_first_and_the_second_request_may_only_shorten() -> None:
    world = toy_world(barns=0)
    world.api.create(HEN, {"metadata": {"name": "h", "namespace": "land"}, "spec": {"nodeName": "x"}})
    key = Key(HEN, "land", "h")
    assert world.api.delete(key).ok
    assert world.store.get(key)["metadata"]["deletionGracePeriodSeconds"] == 30
    world.api.delete(key, grace_seconds=60)
    assert world.store.get(key)["metadata"]["deletionGracePeriodSeconds"] == 30
    world.api.delete(key, grace_seconds=0)
    assert world.store.get(key) is None
