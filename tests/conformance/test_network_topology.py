"""Near ends, ends of one's own node and ends that end: which pods of a Service a client is given."""

from __future__ import annotations

from support.networks import check, node, pod, policy, service


def zoned(name: str, address: str, zone: str) -> str:
    return node(name, address).replace("{disk: ssd}", f"{{topology.kubernetes.io/zone: {zone}}}")


NODES = "".join(
    zoned(f"n{n}", f"10.9.0.{n}", zone) for n, zone in enumerate(("east", "west", "north"), start=1)
)
A = pod("a", "app: a", "nodeName: n1", "podIP: 10.1.0.1")
FAR_A = pod("a", "app: a", "nodeName: n3", "podIP: 10.1.0.1")
EAST = pod("b", "app: b, side: east", "nodeName: n1", "podIP: 10.1.0.2")
WEST = pod("c", "app: b, side: west", "nodeName: n2", "podIP: 10.1.0.3")
LOST = pod("d", "app: b, side: west", "nodeName: n9", "podIP: 10.1.0.4")
ENDING = EAST.replace("labels", "deletionTimestamp: '2026-01-01T00:00:00Z', labels")
SPEC = "selector: {app: b}, ports: [{port: 80}]"
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
ALL = NODES + A + EAST + WEST
REACH = "reaches(endpoint(pod/n/a), service/n/s, 80)"


def near(how: str) -> str:
    return service("s", f"{SPEC}, trafficDistribution: {how}")


def shut(side: str) -> str:
    return policy(f"podSelector: {{matchLabels: {{side: {side}}}}}")


def test_the_ends_of_the_zone_are_given_alone() -> None:
    for how in ("PreferClose", "PreferSameZone", "PreferSameNode"):
        check(ALL + near(how) + shut("west"), REACH)
        check(ALL + near(how) + shut("east"), f"!{REACH}")
        check(NODES + FAR_A + EAST + WEST + near(how) + shut("east"), REACH)
    check(ALL + service("s", SPEC) + shut("east"), REACH)


def test_hints_count_only_if_every_end_has_one() -> None:
    bare = node("n9", "10.9.0.9").replace("{disk: ssd}", "{}")
    check(ALL + LOST + bare + near("PreferSameZone") + shut("east"), REACH)
    check(ALL + LOST + bare + near("PreferSameNode") + shut("east"), f"!{REACH}")


def test_where_it_is_not_known_which_are_near() -> None:
    check(ALL + LOST + near("PreferClose") + shut("west"), f"?{REACH}")
    check(ALL + LOST + near("PreferClose"), REACH)
    check(ALL + LOST + near("PreferClose") + policy("podSelector: {}"), f"!{REACH}")
    free = A.replace("nodeName: n1", "nodeName: ''")
    check(NODES + free + EAST + WEST + near("PreferClose") + shut("east"), f"?{REACH}")


SLICE = """---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
metadata: {name: s1, namespace: 'n', labels: {kubernetes.io/service-name: s,
endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}},
ports: [{port: 80}], endpoints: [{addresses: [10.1.0.2], hints: {forZones: [{name: west}]}},
{addresses: [10.1.0.3], hints: {forZones: [{name: east}]}}]}
"""


def test_what_the_controller_makes_of_capacity_is_known_from_its_slices_alone() -> None:
    auto = service("s", SPEC).replace(
        "namespace: 'n'}", "namespace: 'n', annotations: {service.kubernetes.io/topology-mode: Auto}}"
    )
    check(ALL + auto + shut("east"), f"?{REACH}")
    check(ALL + auto + SLICE + shut("east"), REACH)
    check(ALL + auto + SLICE + shut("west"), f"!{REACH}")


def test_each_node_falls_back_by_itself() -> None:
    local = service("s", f"{SPEC}, internalTrafficPolicy: Local")
    check(NODES + A + ENDING + WEST + local, REACH)
    check(NODES + A + ENDING + WEST + service("s", SPEC) + shut("west"), f"!{REACH}")
    outside = service("s", f"{SPEC}, type: LoadBalancer, externalTrafficPolicy: Local")
    check(NODES + ENDING + WEST + outside + shut("west"), "exposed(service/n/s, 80)")
    check(
        NODES + ENDING + EAST.replace("name: b", "name: e") + outside + shut("east"),
        "!exposed(service/n/s, 80)",
    )


def test_ranges_by_the_older_annotation() -> None:
    only = f"{SPEC}, type: LoadBalancer, allocateLoadBalancerNodePorts: false"
    old = f"annotations: {{{RANGES}: ' 192.0.2.0/24,2001:db8::/32 '}}"
    made = NODES + EAST + service("s", only).replace("namespace: 'n'}", f"namespace: 'n', {old}}}")
    for address, sign in (("192.0.2.7", ""), ("198.51.100.1", "!")):
        check(made, f"{sign}reaches(endAt('{address}'), service/n/s, 80)")
    field = made.replace(SPEC, f"{SPEC}, loadBalancerSourceRanges: [198.51.100.0/24]")
    check(
        field,
        "reaches(endAt('198.51.100.1'), service/n/s, 80)\n!reaches(endAt('192.0.2.7'), service/n/s, 80)",
    )


def test_the_proxy_of_a_node_takes_near_ends() -> None:
    view = "proxyView(service/n/s, '%s').map(v, v.nat.filter(l, l.contains('DNAT'))).flatten().size() == %d"
    made = ALL + service("s", f"{SPEC}, clusterIP: 10.96.0.9, trafficDistribution: PreferClose")
    check(made, "\n".join(view % each for each in (("n1", 1), ("n2", 1), ("n3", 2), ("", 2))))
    check(made, "proxyView(service/n/s, 'n1')[0].nat.exists(l, l.endsWith('--to-destination 10.1.0.2:80'))")


def test_the_port_for_health_checks_is_let_in() -> None:
    comment = '-m comment --comment "n/s health check node port"'
    line = f"-A KUBE-NODEPORTS {comment} -m tcp -p tcp --dport 31999 -j ACCEPT"
    local = "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 31999"
    made = ALL + service("s", f"{SPEC}, clusterIP: 10.96.0.9, {local}")
    check(made, f"'{line}' in proxyView(service/n/s, 'n1')[0].filter")
