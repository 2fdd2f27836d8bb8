"""The parts of a proof about placement: sums that can be reached, names, classes, and what was once wrong."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from support.placements import (
    HOST,
    ZONE,
    affinity,
    agent,
    node,
    pod,
    some_order_places_all,
    source,
    spread,
    term,
)

from kspec.runtime.symbolic import terms as t
from kspec.solve.core import Contradiction, contradiction, solve
from kspec.verify.placement.encode import like_nodes, most_used
from kspec.verify.placement.possible import Impossible, Possible, possible
from kspec.verify.placement.words import listed


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 4)), min_size=1, max_size=3).map(tuple),
)
def test_the_most_that_is_used_is_the_best_of_all_combinations(
    room: int, amounts: tuple[tuple[int, int], ...]
) -> None:
    """most_used = the greatest sum that is no more than the room, over all combinations."""
    counts = product(*(range(count + 1) for _, count in amounts))
    sums = (sum(n * amount for n, (amount, _) in zip(chosen, amounts, strict=True)) for chosen in counts)
    assert most_used(room, amounts) == max(total for total in sums if total <= room)


def test_names_that_count_up_are_taken_together() -> None:
    assert listed(["w-1", "w-0", "w-2", "w-10"]) == "w-0 to w-2 and w-10"
    assert listed(["a", "c", "e", "g", "i"]) == "a, c, e and 2 more"


def test_a_contradiction_names_no_more_than_is_needed() -> None:
    x, y = t.int_var("x", 0, 9), t.int_var("y", 0, 9)
    asked = [
        ("x is large", t.le(t.number(5), x)),
        ("y is large", t.le(t.number(5), y)),
        ("y is not small", t.le(t.number(1), y)),
        ("together they are not", t.le(t.add(x, y), t.number(8))),
    ]
    assert contradiction(asked, 10) == Contradiction((0, 1, 3), True)
    assert contradiction(asked[:3], 10) is None
    assert solve(asked[:3], 10) is not None


def test_nodes_that_no_fact_tells_apart_are_one_kind() -> None:
    nodes = [node(f"n-{i}", "ab"[i % 2]) for i in range(6)]
    plain = source(nodes, [pod(f"p-{i}") for i in range(3)]).whole
    assert [c.size for c in like_nodes(plain)] == [6]
    far = {"affinity": affinity(far=[term(ZONE, "web")])}
    zoned = source(nodes, [pod(f"p-{i}", **far) for i in range(2)]).whole
    assert [c.size for c in like_nodes(zoned)] == [3, 3]
    host = {"affinity": affinity(far=[term(HOST, "web")])}
    apart = source(nodes, [pod(f"p-{i}", **host) for i in range(2)]).whole
    assert [c.size for c in like_nodes(apart)] == [6]


def test_pods_that_no_fact_tells_apart_are_one_class() -> None:
    """Labels that no selector is about make no class, as those of the pods of a StatefulSet."""
    pods = [pod(f"db-{i}", "db") for i in range(4)]
    for i, each in enumerate(pods):
        each["metadata"]["labels"]["pod-name"] = f"db-{i}"
    assert [len(c.pods) for c in source([node("n-0")], pods).whole.classes] == [4]


def test_company_on_a_node_without_the_label_is_company_to_nobody() -> None:
    """A pod may be the first though another that it wants to be near stays where there is no zone."""
    near = {"affinity": affinity(near=[term(ZONE, "web")])}
    its = source([node("n-0", "a"), node("n-1")], [pod("p", **near)], [(pod("stays", **near), "n-1")])
    assert some_order_places_all(its)
    assert isinstance(possible(its.whole, its.judges(), 20), Possible)


def test_a_placement_that_the_greedy_order_misses_is_found() -> None:
    """Four pods of 2 and 3 CPU fill nodes of 5 only in pairs."""
    pods = [pod(f"s-{i}", "db", "2") for i in range(2)] + [pod(f"l-{i}", "web", "3") for i in range(2)]
    its = source([node("n-0", cpu=5), node("n-1", cpu=5)], pods)
    found = possible(its.whole, its.judges(), 20)
    assert isinstance(found, Possible)
    assert sorted(p.node for p in found.placement) == ["n-0", "n-0", "n-1", "n-1"]


def test_spreading_over_zones_of_which_one_is_full_is_impossible() -> None:
    even = {"topologySpreadConstraints": [spread(ZONE, "web")]}
    its = source([node("n-0", "a"), node("n-1", "b", pods=1)], [pod(f"p-{i}", **even) for i in range(4)])
    found = possible(its.whole, its.judges(), 20)
    assert isinstance(found, Impossible)
    assert {d.kind for d in found.core} == {"count", "amount", "even"}
    assert not some_order_places_all(its)


def test_a_pod_that_goes_with_its_node_is_not_placed_again() -> None:
    its = source(
        [node("n-0", cpu=2), node("n-1", cpu=2)], [agent("agent", "n-1", "agent"), pod("p", cpu="2")]
    )
    assert its.whole.pods == 2
    assert its.without(frozenset([1])).pods == 1
    assert isinstance(possible(its.without(frozenset([1])), its.judges(), 20), Possible)
