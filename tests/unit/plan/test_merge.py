"""Laws of applying a manifest, and of telling what differs."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.standard import table

from kspec.plan.diff import field_changes, wanted_part
from kspec.plan.merge import three_way
from kspec.runtime.quantity import parse_quantity

RECORD = "core.Pod"

variables = st.lists(
    st.builds(lambda n, v: {"name": n, "value": v}, st.sampled_from("EF"), st.sampled_from("12")),
    unique_by=lambda e: e["name"],
    max_size=2,
)
containers = st.lists(
    st.builds(
        lambda name, image, env: {"name": name, "image": image, "env": env},
        st.sampled_from("abc"),
        st.sampled_from(["x:1", "x:2"]),
        variables,
    ),
    unique_by=lambda c: c["name"],
    max_size=3,
)
pods = st.builds(
    lambda labels, found, node, volumes: {
        "metadata": {"name": "p", "labels": labels},
        "spec": {"containers": found, "nodeSelector": node, "hostAliases": volumes},
    },
    st.dictionaries(st.sampled_from("klm"), st.sampled_from("12"), max_size=3),
    containers,
    st.dictionaries(st.sampled_from("klm"), st.sampled_from("12"), max_size=2),
    st.lists(st.builds(lambda ip: {"ip": ip}, st.sampled_from(["1.1.1.1", "2.2.2.2"])), max_size=1),
)


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Equal but for the order of lists whose elements have keys."""
    return field_changes(table(), RECORD, a, b) == ()


@settings(deadline=None)
@given(pods, pods)
def test_where_nobody_else_wrote_the_manifest_is_what_comes_of_it(
    last: dict[str, Any], new: dict[str, Any]
) -> None:
    assert same(three_way(table(), RECORD, last, new, last), new)


@settings(deadline=None)
@given(pods, pods)
def test_applying_twice_is_applying_once(last: dict[str, Any], new: dict[str, Any]) -> None:
    once = three_way(table(), RECORD, last, new, last)
    assert same(three_way(table(), RECORD, new, new, once), once)


@settings(deadline=None)
@given(pods, pods)
def test_no_changes_are_told_exactly_if_nothing_differs(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert same(a, a)
    assert same(a, b) == same(b, a)


def test_what_others_have_added_stays() -> None:
    last = {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}
    new = {"spec": {"containers": [{"name": "a", "image": "x:2"}]}}
    live = {
        "metadata": {"labels": {"injected": "yes"}},
        "spec": {
            "nodeName": "n",
            "containers": [{"name": "a", "image": "x:1", "stdin": True}, {"name": "sidecar"}],
        },
    }
    assert three_way(table(), RECORD, last, new, live) == {
        "metadata": {"labels": {"injected": "yes"}},
        "spec": {
            "nodeName": "n",
            "containers": [{"name": "a", "image": "x:2", "stdin": True}, {"name": "sidecar"}],
        },
    }


def test_what_was_applied_before_and_is_no_longer_said_goes() -> None:
    last = {
        "metadata": {"labels": {"a": "1", "b": "1"}},
        "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
    }
    new = {"metadata": {"labels": {"a": "1"}}, "spec": {"containers": [{"name": "a"}]}}
    assert same(three_way(table(), RECORD, last, new, last), new)


def test_changes_name_the_element_by_its_key_and_show_quantities_as_the_api_does() -> None:
    def container(memory: str) -> dict[str, Any]:
        return {"name": "web", "resources": {"requests": {"memory": parse_quantity(memory)}}}

    old, new = ({"spec": {"containers": [container(m)]}} for m in ("1Gi", "2048Mi"))
    changes = field_changes(table(), RECORD, old, new)
    assert [(c.path, c.old, c.new) for c in changes] == [
        ('spec.containers[web].resources.requests["memory"]', "1Gi", "2Gi")
    ]
    assert field_changes(table(), RECORD, new, {"spec": {"containers": [container("2Gi")]}}) == ()


def test_what_only_the_server_writes_is_no_change() -> None:
    obj = {
        "metadata": {"name": "p", "uid": "u", "resourceVersion": "7", "managedFields": []},
        "status": {"phase": "x"},
    }
    assert wanted_part(obj) == {"metadata": {"name": "p"}}
