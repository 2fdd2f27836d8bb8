"""The solver finds a connection that one cluster alone lets through just when ends show it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.network import ADDRESSES, END, NAMESPACES, NETWORK_POLICY, NUMBERS, PROTOCOLS, clusters

from kspec.conform.cluster import rulebook, table
from kspec.runtime.ip import parse_ip
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.parts import Parts
from kspec.verify.network.ports import point
from kspec.verify.network.possible import only_in
from kspec.verify.setting import Setting, standard_setting

pytestmark = pytest.mark.slow


@cache
def parts() -> Parts:
    return Parts(rulebook(), table())


@cache
def setting() -> Setting:
    return standard_setting(table())


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A cluster with NetworkPolicies, and the same with one of them put in the place of another."""
    cluster = draw(clusters())
    plain = {"namespaces": cluster["namespaces"], "networkPolicies": cluster["networkPolicies"][:2]}
    other = draw(st.lists(NETWORK_POLICY, max_size=1))
    return plain, {**plain, "networkPolicies": plain["networkPolicies"][:1] + other}


def is_open(cluster: dict[str, Any], a: dict[str, Any], b: dict[str, Any], at: int) -> bool | None:
    found = Connectivity([a, b], cluster, parts())
    numbers = [next(n for n, its in enumerate(found.classes) if i in its) for i in (0, 1)]
    open_, unclear = found.answer(*numbers)
    if any(low <= at <= high for low, high in unclear):
        return None
    return any(low <= at <= high for low, high in open_)


@settings(max_examples=12, deadline=None)
@given(edits(), st.lists(END, min_size=2, max_size=2))
def test_the_solver_and_the_classes_agree(
    edit: tuple[dict[str, Any], dict[str, Any]], ends: list[dict[str, Any]]
) -> None:
    old, new = edit
    found = only_in(new, old, ("pod", "pod"), setting())
    assert not isinstance(found, str)
    if found is not None:
        at = point(found.port, found.protocol)
        assert is_open(new, found.origin, found.destination, at) is True
        assert is_open(old, found.origin, found.destination, at) is False
        return
    known = NAMESPACES[:-1]  # of others a pod that could exist has labels that the ends here do not say
    pods = [
        {**end, "name": f"p{i}", "address": parse_ip(ADDRESSES[i]), "hostNetwork": False}
        for i, end in enumerate(ends)
        if end["namespace"] in known
    ]
    for a in pods:
        for b in pods:
            for at in (point(port, protocol) for port in NUMBERS for protocol in PROTOCOLS):
                if a is not b and is_open(new, a, b, at):
                    assert is_open(old, a, b, at) is not False
