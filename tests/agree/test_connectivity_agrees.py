"""Connectivity by classes says of every two ends, address and port what the rule `reaches` says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.network import ADDRESSES, BLOCK, END, NAMESPACES, NUMBERS, PROTOCOLS, clusters

from kspec.conform.cluster import rule, rulebook, table
from kspec.runtime.ip import parse_ip
from kspec.runtime.values import EvalError
from kspec.verify.network.blocks import Block
from kspec.verify.network.columns import members
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.parts import Parts
from kspec.verify.network.ports import ALL, PORT_MAX, Intervals, intersection, point
from kspec.verify.network.treatment import SHUT


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


SECOND = st.sampled_from([text for text in ADDRESSES if ":" in text]).map(parse_ip)
FIRST = st.sampled_from([text for text in ADDRESSES if ":" not in text]).map(parse_ip)
OF_TWO = st.builds(
    lambda end, first, second: ({**end, "hostNetwork": False, "address": first}, second), END, FIRST, SECOND
)
PODS = st.lists(OF_TWO, min_size=2, max_size=3) | st.lists(
    st.tuples(END, st.none() | SECOND), min_size=1, max_size=4
)
BLOCKED = st.builds(
    lambda namespace, block, field: {
        "metadata": {"name": "block", "namespace": namespace},
        "spec": {"policyTypes": [field[0]], field[0].lower(): [{field[1]: [{"ipBlock": block}]}]},
    },
    st.sampled_from(NAMESPACES),
    BLOCK,
    st.sampled_from([("Ingress", "from"), ("Egress", "to")]),
)
"""A policy for which families differ."""


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Clusters, about half of them with nothing but policies of blocks."""
    cluster = draw(clusters())
    if draw(st.booleans()):
        none: dict[str, Any] = {field: [] for field in ADMIN}
        return {**cluster, **none, "networkPolicies": draw(st.lists(BLOCKED, min_size=1, max_size=3))}
    return cluster


ADMIN = ("adminNetworkPolicies", "baselineAdminNetworkPolicies", "clusterNetworkPolicies")


def both(pods: list[tuple[dict[str, Any], Any]]) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    """The ends, and the second addresses of those that have an IPv4 address too."""
    ends = [end for end, _ in pods]
    seconds = {
        number: second
        for number, (end, second) in enumerate(pods)
        if second is not None and "address" in end and end["address"].version == 4
    }
    return ends, seconds


@settings(max_examples=60, deadline=None)
@given(
    clusters(),
    PODS,
    st.lists(st.sampled_from(ADDRESSES), max_size=3, unique=True),
    st.lists(
        st.tuples(st.sampled_from(NUMBERS) | st.integers(1, PORT_MAX), st.sampled_from(PROTOCOLS)),
        min_size=3,
        max_size=6,
    ),
)
def test_classes_and_the_rule_agree(
    cluster: dict[str, Any],
    pods: list[tuple[dict[str, Any], Any]],
    addresses: list[str],
    ports: list[tuple[int, str]],
) -> None:
    ends, seconds = both(pods)
    found = Connectivity(ends, cluster, parts(), (), seconds)
    places = [(number, ends[i]) for number, its in enumerate(found.classes) for i in its]
    for number, its in enumerate(found.classes):
        second = found.families.end(number, 6)
        places += [(second, {**ends[i], "address": seconds[i]}) for i in its if i in seconds]  # type: ignore[misc]
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


@settings(max_examples=40, deadline=None)
@given(networks(), PODS, st.sampled_from([ALL, ((80, 8080),)]))
def test_the_blocks_are_all_that_is_not_shut_by_family(
    cluster: dict[str, Any], pods: list[tuple[dict[str, Any], Any]], ports: Intervals
) -> None:
    """Each way in which two may meet is in one block with its answer, or it is shut; where a block names a
    family, the other one has another answer.
    """
    found = Connectivity(*both(pods)[:1], cluster, parts(), (), both(pods)[1])
    families = found.families
    said: dict[tuple[int, int, int | None], Any] = {}
    for block in found.blocks_of(ports):
        for a, b in pairs_of(found, block):
            assert (a, b, block.family) not in said
            said[a, b, block.family] = block.answer
            assert block.free == (not found.egress.about[a] and not found.ingress.about[b])
    numbers = [*range(families.count), *range(found.inside, len(found.ends))]
    for a, b in product(numbers, numbers):
        if a >= found.inside and b >= found.inside:
            continue
        ways = [(f, *(intersection(x, ports) for x in found.answer(i, j))) for f, i, j in families.ways(a, b)]
        by_family = {family: answer for family, *answer in ways}
        if len({tuple(answer) for answer in by_family.values()}) == 1:
            by_family = {None: next(iter(by_family.values()))}
        wanted = {(a, b, f): tuple(x) for f, x in by_family.items() if tuple(x) != SHUT}
        assert wanted == {key: said.pop(key) for key in [*said] if key[:2] == (a, b)}
    assert not said


def pairs_of(found: Connectivity, block: Block) -> Iterator[tuple[int, int]]:
    """The pairs of classes and addresses in a block; all that an end could meet stand for themselves."""
    everywhere = found.families.everywhere
    yield from product(members(block.origins & ~everywhere), members(block.destinations & ~everywhere))
    if block.origins & everywhere:
        for to in members(block.destinations):
            yield from ((outside, to) for outside in members(found.families.meets_outside(to)))
    if block.destinations & everywhere:
        for origin in members(block.origins):
            yield from ((origin, outside) for outside in members(found.families.meets_outside(origin)))
