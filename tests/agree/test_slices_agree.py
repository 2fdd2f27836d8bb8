"""Laws: what diff leaves out of its questions changes no answer.

It asks only about ends that a changed policy is about, and reads both sides as one: with and without that,
the answer is the same; and a slice that leaves out too much is seen.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.network import CLUSTER_POLICY, NETWORK_POLICY, admin_policies, clusters

from kspec.conform.cluster import rulebook, table
from kspec.verify.network import possible
from kspec.verify.network.parts import Parts
from kspec.verify.network.possible import KINDS, Between, Possible, only_in
from kspec.verify.network.responsible import Left
from kspec.verify.network.touched import Touched, touched
from kspec.verify.setting import Setting, standard_setting

Cluster = dict[str, Any]
LISTS = {
    "networkPolicies": NETWORK_POLICY,
    "clusterNetworkPolicies": CLUSTER_POLICY,
    "adminNetworkPolicies": admin_policies(["Allow", "Deny", "Pass"], True),
}


@cache
def parts() -> Parts:
    return Parts(rulebook(), table())


@cache
def setting() -> Setting:
    return standard_setting(table())


@st.composite
def edits(draw: st.DrawFn) -> tuple[Cluster, Cluster]:
    """A cluster, and the same with a policy or two more, less, or in the place of another."""
    drawn = draw(clusters())
    old = {field: named(its) if field in LISTS else its for field, its in drawn.items()}
    new: Cluster = {**old}
    for field, policy in draw(
        st.lists(st.sampled_from(sorted(LISTS.items(), key=str)), min_size=1, max_size=2)
    ):
        its = list(old.get(field) or ())
        if its and bool(draw(st.booleans())):
            del its[draw(st.integers(0, len(its) - 1))]
        if draw(st.booleans()):
            its.append(draw(policy))
        new[field] = named(its)
    return old, new


def named(policies: list[Cluster]) -> list[Cluster]:
    """Each name once, in order."""
    its = {(p["metadata"].get("namespace") or "", p["metadata"]["name"]): p for p in policies}
    return [its[key] for key in sorted(its)]


def sort_of(found: Possible | str | None) -> str:
    return "not known" if isinstance(found, str) else "none" if found is None else "some"


def check_diff(old: Cluster, new: Cluster, kinds: tuple[str, str]) -> None:
    """With the slice and without it there is a connection, or none, or it is not known. Of ends that no
    changed policy is about, the slice knows that what is not known is the same on both sides.
    """
    whole = sort_of(Between(parts(), new, old, kinds, setting()).ask(Left(parts(), new, old)))
    found = sort_of(only_in(new, old, kinds, setting()))
    assert found == whole or (found, whole) == ("none", "not known")


@pytest.mark.slow
@settings(max_examples=25)
@given(edits(), st.sampled_from(KINDS))
def test_diff_with_and_without_its_slices(edit: tuple[Cluster, Cluster], kinds: tuple[str, str]) -> None:
    check_diff(*edit, kinds)


# ---------------------------------------------------------------- slices that leave out too much are seen


def policy(name: str, **spec: object) -> Cluster:
    return {"metadata": {"name": name, "namespace": "a"}, "spec": {"podSelector": {}, **spec}}


NAMESPACES = [{"metadata": {"name": n, "labels": {"kubernetes.io/metadata.name": n}}} for n in "ab"]
SHUT = policy("p", policyTypes=["Egress"], egress=[])
OPEN = policy("p", policyTypes=["Egress"], egress=[{"ports": [{"port": 80}]}])


def both_ways(change: Cluster) -> tuple[Cluster, Cluster]:
    return {"namespaces": NAMESPACES, "networkPolicies": [SHUT]}, {
        "namespaces": NAMESPACES,
        "networkPolicies": [change],
    }


def test_the_slice_of_one_direction_is_right() -> None:
    old, new = both_ways(OPEN)
    check_diff(old, new, ("pod", "pod"))
    assert isinstance(only_in(new, old, ("pod", "outside"), setting()), Possible)
    assert only_in(old, new, ("pod", "pod"), setting()) is None


@pytest.mark.parametrize("gone", ["Egress", "a policy"])
def test_a_slice_that_leaves_out_too_much_is_seen(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_little(*args: Any) -> list[Touched]:
        found = touched(*args)
        return [t for t in found if t.direction != gone] if gone == "Egress" else found[1:1]

    monkeypatch.setattr(possible, "touched", too_little)
    with pytest.raises(AssertionError):
        check_diff(*both_ways(OPEN), ("pod", "pod"))
