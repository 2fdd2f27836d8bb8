"""Sets of ports, cells of addresses, and that every policy the rules read comes apart into known parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kspec.conform.cluster import rulebook, table
from kspec.verify.network.addresses import AddressCells, range_of, show_range
from kspec.verify.network.columns import bits_of, members, split
from kspec.verify.network.connectivity import Connectivity
from kspec.verify.network.parts import CONTEXT, DIRECTIONS, Parts
from kspec.verify.network.ports import (
    ALL,
    PORT_MAX,
    by_protocol,
    complement,
    difference,
    intersection,
    normal,
    point,
    port_of,
    show,
    union,
)
from kspec.verify.network.treatment import SHUT

PLACES = st.builds(point, st.integers(1, 12) | st.just(PORT_MAX), st.sampled_from(["TCP", "UDP", "SCTP"]))
SETS = st.lists(PLACES, max_size=8).map(lambda places: normal((p, p) for p in places))


def places(intervals: object) -> set[int]:
    assert isinstance(intervals, tuple)
    return {p for low, high in intervals for p in range(low, min(high, low + 20) + 1)}


@given(SETS, SETS)
def test_operations_on_ports_are_those_on_sets(a: object, b: object) -> None:
    assert isinstance(a, tuple) and isinstance(b, tuple)
    assert places(union(a, b)) == places(a) | places(b)
    assert places(intersection(a, b)) == places(a) & places(b)
    assert places(difference(a, b)) == places(a) - places(b)
    assert complement(complement(a)) == a
    assert union(a, complement(a)) == ALL


def test_ports_in_words() -> None:
    assert show(ALL) == "all ports"
    assert show(()) == "none"
    some = normal([(point(80, "TCP"), point(90, "TCP")), (point(53, "UDP"), point(53, "UDP"))])
    assert show(some) == "80-90/TCP, 53/UDP"
    assert by_protocol(some) == {"TCP": [[80, 90]], "UDP": [[53, 53]]}
    assert show(((point(1, "SCTP"), point(PORT_MAX, "SCTP")),)) == "all SCTP"
    assert port_of(point(53, "UDP")) == (53, "UDP")


def test_protocols_do_not_run_into_one_another() -> None:
    assert len(normal([(point(PORT_MAX, "TCP"),) * 2, (point(1, "UDP"),) * 2])) == 2


def test_addresses_are_cut_where_blocks_begin_and_end() -> None:
    cells = AddressCells(["10.0.0.0/8", "fd00::/16", "web", "10.1.2.3"])
    shown = [show_range(*cells.bounds(n)) for n in range(cells.count)]
    assert ["10.1.2.3/32"] in shown
    assert ["fd00::/16"] in shown
    assert ["10.0.0.0-10.1.2.2"] in shown
    assert sum(cells.address_in(n) is not None for n in range(cells.count)) == cells.count


def test_ipv4_in_disguise_is_no_ipv6_address() -> None:
    cells = AddressCells([])
    cell = cells.count - 1
    address = cells.address_in(cell)
    assert address is not None and address.version == 6
    assert range_of("::ffff:10.0.0.1") is None
    assert range_of("2001:db8::1") is not None


@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 200)))
def test_sets_of_ends(a: set[int], b: set[int]) -> None:
    assert list(members(bits_of(a))) == sorted(a)
    parts = split([bits_of(a)], [bits_of(b)])
    assert [set(members(p)) for p in parts] == [s for s in (a & b, a - b) if s]


def test_whatever_the_rules_read_of_a_cluster_comes_apart() -> None:
    parts = Parts(rulebook(), table())
    assert parts.read <= {kind.field for kind in parts.kinds} | set(CONTEXT)
    assert all(set(kind.fields) in (set(), set(DIRECTIONS)) for kind in parts.kinds)
    assert sum(bool(kind.fields) for kind in parts.kinds) >= 4


def test_a_peer_that_means_nodes_cuts_at_their_addresses() -> None:
    """What it compares an address with stands in the cluster, not in the policy."""
    peer = {"nodes": {"matchLabels": {"role": "edge"}}}
    policy = {
        "metadata": {"name": "p"},
        "spec": {
            "tier": "Admin",
            "subject": {"namespaces": {}},
            "egress": [{"action": "Deny", "to": [peer]}],
        },
    }
    node = {
        "metadata": {"name": "n", "labels": {"role": "edge"}},
        "status": {"addresses": [{"address": "10.1.0.1"}]},
    }
    parts = Parts(rulebook(), table())
    cluster = {"nodes": [node], "clusterNetworkPolicies": [policy]}
    found = Connectivity([{"name": "k", "namespace": "a"}], cluster, parts)
    shut = [
        show_range(*found.cells.bounds(cell))
        for number, cell in enumerate(found.outside, found.inside)
        if found.answer(0, number) == SHUT
    ]
    assert shut == [["10.1.0.1/32"]]
