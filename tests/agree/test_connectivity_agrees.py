"""Connectivity by classes says of every two ends, address and port what the rule `reaches` says."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.network import ADDRESSES, END, NUMBERS, PROTOCOLS, clusters

from kspec.conform.cluster import rule, rulebook, table
from kspec.runtime.ip import parse_ip
from kspec.runtime.values import EvalError
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.parts import Parts
from kspec.verify.network.ports import PORT_MAX, point


@cache
def parts() -> Parts:
    return Parts(rulebook(), table())


def said(a: dict[str, Any], b: dict[str, Any], port: int, protocol: str, cluster: object) -> bool | None:
    """What the rule says; None where it has no answer."""
    try:
        return rule("network/reaches")(a, b, port, protocol, cluster) is True
    except EvalError:
        return None


def answered(answer: tuple[Any, Any], port: int, protocol: str) -> bool | None:
    at = point(port, protocol)
    open_, unclear = (any(low <= at <= high for low, high in part) for part in answer)
    assert not (open_ and unclear)
    return None if unclear else open_


@settings(max_examples=60, deadline=None)
@given(
    clusters(),
    st.lists(END, min_size=1, max_size=4),
    st.lists(st.sampled_from(ADDRESSES), max_size=3, unique=True),
    st.lists(
        st.tuples(st.sampled_from(NUMBERS) | st.integers(1, PORT_MAX), st.sampled_from(PROTOCOLS)),
        min_size=3,
        max_size=6,
    ),
)
def test_classes_and_the_rule_agree(
    cluster: dict[str, Any],
    ends: list[dict[str, Any]],
    addresses: list[str],
    ports: list[tuple[int, str]],
) -> None:
    found = Connectivity(ends, cluster, parts())
    places = [(number, ends[i]) for number, its in enumerate(found.classes) for i in its]
    for text in addresses:
        address = parse_ip(text)
        number = found.inside + found.outside.index(found.cells.cell_of(address))
        places.append((number, {"outside": True, "address": address}))
    for a, origin in places:
        for b, destination in places:
            if a >= found.inside and b >= found.inside:
                continue
            answer = found.answer(a, b)
            for port, protocol in ports:
                assert answered(answer, port, protocol) == said(origin, destination, port, protocol, cluster)


@settings(max_examples=30, deadline=None)
@given(clusters(), st.lists(END, min_size=1, max_size=5))
def test_the_blocks_are_all_that_is_not_shut(cluster: dict[str, Any], ends: list[dict[str, Any]]) -> None:
    found = Connectivity(ends, cluster, parts())
    pairs: dict[tuple[int, int], Any] = {}
    for block in found.blocks:
        for a in range(len(found.ends)):
            for b in range(len(found.ends)):
                if block.origins >> a & 1 and block.destinations >> b & 1:
                    assert (a, b) not in pairs
                    pairs[a, b] = block.answer
                    assert block.free == (not found.egress.about[a] and not found.ingress.about[b])
    for a in range(len(found.ends)):
        for b in range(len(found.ends)):
            if a < found.inside or b < found.inside:
                assert pairs.get((a, b), ((), ())) == found.answer(a, b)
