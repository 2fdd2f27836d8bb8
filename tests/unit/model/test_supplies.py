"""What is drawn from supplies: the first free block, none twice; and what nodes, pods and Services draw."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.standard import rules

from kspec.model.supplies import Block, Given, Supplies, Supply, Taken, block_of

Object = dict[str, Any]


def blocks() -> st.SearchStrategy[Block]:
    """Blocks that often overlap: within one /24, of all sizes."""
    return st.builds(
        lambda number, bits: Block(4, (0x0A000000 | number) >> (32 - bits) << (32 - bits), bits),
        st.integers(0, 255),
        st.integers(24, 32),
    )


@given(st.lists(st.tuples(blocks(), st.booleans()), max_size=30))
def test_what_overlaps_is_what_shares_an_address(steps: list[tuple[Block, bool]]) -> None:
    """`Taken.overlaps` says of any block what comparing it with each held one says."""
    taken, held = Taken(), []
    for block, holds in steps:
        network = ip_network(f"{block_text(block)}")
        assert taken.overlaps(block) == any(network.overlaps(h) for h in held)
        if holds:
            taken.add(block)
            held.append(network)


def block_text(block: Block) -> str:
    text = str(block)
    return text if "/" in text else f"{text}/32"


@given(st.lists(blocks(), max_size=8), st.integers(26, 32))
def test_a_supply_gives_each_free_block_once_and_in_order(held: list[Block], bits: int) -> None:
    """Drawn until there is none left, they are the blocks of the range that nothing held overlaps."""
    taken = Taken()
    for block in held:
        taken.add(block)
    span = {"range": "10.0.0.0/24", "bits": bits, "from": 0, "to": -1}
    supply = Supply({"spans": [span]}, taken)
    drawn = []
    while (block_or_none := supply.draw()) is not None:
        drawn.append(str(block_or_none))
    networks = [ip_network(block_text(h)) for h in held]
    free = ip_network("10.0.0.0/24").subnets(new_prefix=bits)
    expected = [n for n in free if not any(n.overlaps(h) for h in networks)]
    assert [d if "/" in d else f"{d}/32" for d in drawn] == [str(n) for n in expected]


@pytest.mark.parametrize(
    ("text", "again"),
    [("10.0.0.7", "10.0.0.7"), ("10.0.0.7/24", "10.0.0.0/24"), ("fd00::1", "fd00::1"), ("30000", "30000")],
)
def test_blocks_are_read_and_written(text: str, again: str) -> None:
    assert str(block_of(text)) == again


def test_what_is_no_block() -> None:
    assert block_of("None") is None and block_of("") is None


# ---------------------------------------------------------------- the rules


def node(name: str, block: str = "") -> Object:
    return {"metadata": {"name": name}, "spec": {"podCIDR": block} if block else {}}


def pod(name: str, on: str, phase: str = "Running", address: str = "", **spec: object) -> Object:
    status = {"phase": phase, **({"podIP": address} if address else {})}
    return {"metadata": {"name": name, "namespace": "a"}, "spec": {"nodeName": on, **spec}, "status": status}


def service(name: str, **spec: object) -> Object:
    return {"metadata": {"name": name, "namespace": "a"}, "spec": {"type": "ClusterIP", **spec}}


def give(**objects: list[Object]) -> dict[str, Given]:
    names = {"nodes": "core.Node", "pods": "core.Pod", "services": "core.Service"}
    return {g.key.name: g for g in Supplies(rules().rules).give({names[k]: v for k, v in objects.items()})}


def test_nodes_have_blocks_and_pods_addresses_of_them() -> None:
    made = give(
        nodes=[node("n0"), node("n1", "10.244.0.0/24")],
        pods=[
            pod("p0", "n0"),
            pod("p1", "n1"),
            pod("p2", "n1", address="10.244.0.2"),
            pod("p3", "n1", hostNetwork=True),
            pod("p4", "n1", phase="Pending"),
            pod("p5", "n1", phase="Succeeded", address="10.244.0.4"),
            pod("p6", "n1"),
        ],
    )
    assert made["n0"].object["spec"] == {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]}
    assert {n: g.object["status"]["podIP"] for n, g in made.items() if n != "n0"} == {
        "p0": "10.244.1.2",
        "p1": "10.244.0.3",
        "p6": "10.244.0.4",
    }
    assert made["p0"].object["status"]["podIPs"] == [{"ip": "10.244.1.2"}]


def test_a_node_whose_block_is_used_up_gives_none() -> None:
    made = give(nodes=[node("n", "10.9.0.0/30")], pods=[pod("p0", "n"), pod("p1", "n"), pod("p2", "gone")])
    assert made["p0"].drawn == {"podIP": "10.9.0.2"}
    assert (made["p1"].drawn, made["p1"].short) == ({}, ("pods of n",))
    assert made["p2"].short == ("pods of gone",)


def test_services_have_addresses_and_ports_of_nodes() -> None:
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    made = give(
        services=[
            service("asked", clusterIP="10.96.1.1"),
            service("away", type="ExternalName"),
            service("balanced", type="LoadBalancer", ports=[{"port": 80, "nodePort": 30086}, *dns]),
            service("bare", type="LoadBalancer", allocateLoadBalancerNodePorts=False, ports=dns),
            service("headless", clusterIP="None"),
            service("sixth", ipFamilies=["IPv6"]),
            service("shared", type="NodePort", ports=[{**dns[0], "nodePort": 30053}, dns[1]]),
        ]
    )
    assert sorted(made) == ["balanced", "bare", "shared"]
    assert {n: g.object["spec"]["clusterIP"] for n, g in made.items()} == {
        "balanced": "10.96.1.2",
        "bare": "10.96.1.3",
        "shared": "10.96.1.4",
    }
    ports = {n: [p.get("nodePort") for p in g.object["spec"]["ports"]] for n, g in made.items()}
    assert ports["balanced"] == [30086, 30087, 30087]
    assert ports["shared"] == [30053, 30053]
    assert not any(ports["bare"])
    assert made["balanced"].object["spec"]["ports"][1]["protocol"] == "UDP"


@settings(max_examples=15, deadline=None)
@given(st.permutations([pod(f"p{i}", f"n{i % 3}") for i in range(9)]))
def test_no_address_is_given_twice(pods: list[Object]) -> None:
    """Whatever the order, all have addresses, and no two the same."""
    made = give(nodes=[node(f"n{i}") for i in range(3)], pods=pods)
    addresses = [g.drawn["podIP"] for n, g in made.items() if n.startswith("p")]
    assert len(addresses) == len(set(addresses)) == 9
