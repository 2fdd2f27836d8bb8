"""What is drawn from supplies: the first free block, none twice; and what nodes, pods and Services draw."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
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


def give(said: Object | None = None, **objects: list[Object]) -> dict[str, Given]:
    names = {"nodes": "core.Node", "pods": "core.Pod", "services": "core.Service"}
    cluster = {**objects, "options": {"nodes": said or {}}}
    supplies = Supplies(rules().rules, cluster)
    return {g.key.name: g for g in supplies.give({names[k]: v for k, v in objects.items() if k in names})}


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


# ---------------------------------------------------------------- two families, ranges that are said

BOTH = {
    "clusterCIDR": "10.0.0.0/16, fd00:1::/56",
    "serviceClusterIPRange": "10.1.0.0/24,fd00:2::/112",
    "nodeCIDRMaskSizeIPv4": 25,
}


def test_each_family_has_its_blocks_and_addresses() -> None:
    made = give(
        BOTH, nodes=[node("n0"), node("n1")], pods=[pod("p0", "n1"), pod("p1", "n0"), pod("p2", "n0")]
    )
    assert made["n1"].object["spec"]["podCIDRs"] == ["10.0.0.128/25", "fd00:1:0:1::/64"]
    assert made["p0"].object["status"]["podIPs"] == [{"ip": "10.0.0.130"}, {"ip": "fd00:1:0:1::2"}]
    assert made["p2"].drawn == {"podIP": "10.0.0.3", "podIPs[1]": "fd00:1::3"}


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        ({}, ["10.1.0.17"]),
        ({"ipFamilyPolicy": "PreferDualStack"}, ["10.1.0.17", "fd00:2::101"]),
        ({"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6"]}, ["fd00:2::101", "10.1.0.17"]),
        ({"ipFamilies": ["IPv6"]}, ["fd00:2::101"]),
        ({"ipFamilyPolicy": "RequireDualStack", "clusterIP": "fd00:2::9"}, ["fd00:2::9", "10.1.0.17"]),
    ],
)
def test_families_of_a_service(spec: Object, addresses: list[str]) -> None:
    made = give(BOTH, services=[service("s", **spec)])["s"].object["spec"]
    assert made["clusterIPs"] == addresses and made["clusterIP"] == addresses[0]
    assert made["ipFamilies"] == ["IPv6" if ":" in a else "IPv4" for a in addresses]


def test_one_family_where_the_cluster_has_one() -> None:
    single = {"serviceClusterIPRange": "10.1.0.0/24"}
    made = give(single, services=[service("s", ipFamilyPolicy="PreferDualStack")])
    assert made["s"].drawn == {"clusterIP": "10.1.0.17"}


def test_service_ranges_of_objects_are_used_when_the_first_is_full() -> None:
    said = {"serviceClusterIPRange": "10.1.0.0/30"}
    more = [{"metadata": {"name": "more"}, "spec": {"cidrs": ["10.2.0.0/28"]}}]
    services = [service(f"s{n}") for n in range(4)]
    made = give(said, services=services, serviceCIDRs=more)
    assert [made[f"s{n}"].drawn.get("clusterIP") for n in range(4)] == [
        "10.1.0.2", "10.2.0.1", "10.2.0.2", "10.2.0.3",
    ]  # fmt: skip
    alone = give(said, services=services)
    assert alone["s1"].shortage.startswith("would be refused: failed to allocate a serviceIP: range is full")


def test_pods_in_the_network_of_a_node_have_its_addresses() -> None:
    known = node("n")
    known["status"] = {"addresses": [{"type": "InternalIP", "address": a} for a in ("10.9.0.1", "fd09::1")]}
    hosts = [pod(name, "n", hostNetwork=True) for name in ("p0", "p1")]
    made = give(nodes=[known], pods=[*hosts, pod("p2", "bare", hostNetwork=True)])
    assert made["p0"].object["status"] == made["p1"].object["status"]
    assert made["p1"].drawn == {"podIP": "10.9.0.1", "podIPs[1]": "fd09::1"}
    assert "p2" not in made


def test_what_comes_of_a_shortage() -> None:
    made = give(
        {"clusterCIDR": "10.0.0.0/25", "nodeCIDRMaskSizeIPv4": 30, "serviceNodePortRange": "30000-30000"},
        nodes=[node(f"n{n:02}") for n in range(33)],
        pods=[pod("p0", "n00"), pod("p1", "n00"), pod("p2", "n32")],
        services=[
            service("balanced", type="LoadBalancer", externalTrafficPolicy="Local", ports=[{"port": 1}])
        ],
    )
    assert made["n31"].drawn and made["n32"].shortage.startswith("has no block of addresses")
    assert made["p1"].shortage.startswith("stays in ContainerCreating") and not made["p0"].short
    assert made["p2"].short == ("pods of n32",)
    assert made["balanced"].shortage == "would be refused: failed to allocate a nodePort: range is full"


def test_load_balancers_that_stay_local_have_a_port_for_health_checks() -> None:
    made = give(
        services=[service("s", type="LoadBalancer", externalTrafficPolicy="Local", ports=[{"port": 1}])]
    )
    assert made["s"].object["spec"]["healthCheckNodePort"] == 30087


FAMILIES = {"IPv4": "10.1.0.0/28", "IPv6": "fd00:2::/124"}
A_SERVICE = st.fixed_dictionaries(
    {},
    optional={
        "ipFamilyPolicy": st.sampled_from(["SingleStack", "PreferDualStack", "RequireDualStack"]),
        "ipFamilies": st.sampled_from([["IPv4"], ["IPv6"]]),
        "clusterIP": st.sampled_from(["10.1.0.5", "fd00:2::5", "None"]),
    },
)


@settings(max_examples=40, deadline=None)
@given(st.lists(A_SERVICE, max_size=14), st.permutations(list(FAMILIES)), st.integers(1, 2))
def test_services_hold_addresses_of_their_families_and_no_two_the_same(
    specs: list[Object], order: list[str], count: int
) -> None:
    """What is given is in a range of the family that is due, and nobody else holds it."""
    families = order[:count]
    said = {"serviceClusterIPRange": ",".join(FAMILIES[f] for f in families)}
    asked = [s for s in specs if s.get("clusterIP", "None") != "None"]
    services = [service(f"s{n}", **spec) for n, spec in enumerate(specs)]
    made = give(said, services=services)
    drawn = [ip_address(a) for g in made.values() for k, a in g.drawn.items() if not g.short]
    held = [ip_address(s["clusterIP"]) for s in asked]
    assert len(set(drawn)) == len(drawn) and not set(drawn) & set(held)
    assert ip_network(FAMILIES[families[0]])[1] not in drawn  # it is the API server's own
    for n, spec in enumerate(specs):
        found = made.get(f"s{n}")
        if spec.get("clusterIP") == "None":
            assert found is None
        elif found is not None and not found.short:
            its = found.object["spec"]["clusterIPs"]
            of = ["IPv6" if ":" in a else "IPv4" for a in its]
            dual = spec.get("ipFamilyPolicy") in ("PreferDualStack", "RequireDualStack")
            assert len(set(of)) == len(of)
            if dual and set(of) <= set(families):
                assert len(of) == count
            assert all(ip_address(a) in ip_network(FAMILIES[f]) for a, f in zip(its, of, strict=True))
            if "ipFamilies" in spec and "clusterIP" not in spec:
                assert of[0] == spec["ipFamilies"][0]
