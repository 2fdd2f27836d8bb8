"""NetworkPolicy and the administrator's tiers, case by case, as the API has them in words."""

from __future__ import annotations

from support.networks import check, cluster_policy, node, pod, policy

A = pod("a", "app: a", status="podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::1'}]")
B = pod("b", "app: b", status="podIP: 10.1.0.2, podIPs: [{ip: 10.1.0.2}, {ip: 'fd00::2'}]")
TWO = A + B
AB, BA = "reaches(endpoint(pod/n/a), pod/n/b, 80)", "reaches(endpoint(pod/n/b), pod/n/a, 80)"
OUT = "reaches(endpoint(pod/n/a), ip('203.0.113.1'), 80)"
EVERYONE = "podSelector: {}"


def test_types_that_are_not_said() -> None:
    check(TWO + policy(EVERYONE), f"!{AB}\n{OUT}")
    check(TWO + policy(f"{EVERYONE}, egress: []"), f"!{AB}\n{OUT}")
    check(TWO + policy(f"{EVERYONE}, egress: [{{}}]"), f"!{AB}\n{OUT}")
    check(TWO + policy("podSelector: {matchLabels: {app: a}}, egress: [{to: [{podSelector: {}}]}]"),
          f"{AB}\n!{BA}\n!{OUT}")  # fmt: skip


def test_types_that_are_said() -> None:
    check(TWO + policy(f"{EVERYONE}, policyTypes: [Ingress], egress: []"), f"!{AB}\n{OUT}")
    check(TWO + policy(f"{EVERYONE}, policyTypes: [Egress], ingress: []"), f"!{AB}\n!{OUT}")
    check(TWO + policy(f"{EVERYONE}, policyTypes: [Egress], egress: [{{}}]"), f"{AB}\n{OUT}")


def test_empty_lists_and_empty_rules() -> None:
    check(TWO + policy(f"{EVERYONE}, ingress: [{{}}]"), AB)
    check(TWO + policy(f"{EVERYONE}, ingress: [{{from: [], ports: []}}]"), AB)
    check(TWO + policy(f"{EVERYONE}, ingress: []"), f"!{AB}")
    check(TWO + policy(f"{EVERYONE}, ingress: [{{ports: [{{}}]}}]"),
          f'{AB}\n!reaches(endpoint(pod/n/a), pod/n/b, 80, "UDP")')  # fmt: skip


def test_a_peer_with_both_selectors_and_two_peers() -> None:
    both = "from: [{namespaceSelector: {matchLabels: {team: x}}, podSelector: {matchLabels: {app: a}}}]"
    two = "from: [{namespaceSelector: {matchLabels: {team: x}}}, {podSelector: {matchLabels: {app: a}}}]"
    space = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: 'n'}}\n"
    check(TWO + space + policy(f"{EVERYONE}, ingress: [{{{both}}}]"), f"!{AB}")
    check(TWO + space + policy(f"{EVERYONE}, ingress: [{{{two}}}]"), f"{AB}\n!{BA}")


def test_the_own_name_of_a_namespace_without_a_manifest() -> None:
    by_name = "from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: '%s'}}}]"
    check(TWO + policy(f"{EVERYONE}, ingress: [{{{by_name % 'n'}}}]"), AB)
    check(TWO + policy(f"{EVERYONE}, ingress: [{{{by_name % 'm'}}}]"), f"!{AB}")
    team = "from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]"
    check(TWO + policy(f"{EVERYONE}, ingress: [{{{team}}}]"), f"?{AB}")


def test_blocks_of_either_family() -> None:
    four = policy(f"{EVERYONE}, ingress: [{{from: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}]}}]")
    six = policy(f"{EVERYONE}, ingress: [{{from: [{{ipBlock: {{cidr: '::/0', except: ['fd00::1/128']}}}}]}}]")
    check(
        TWO + four,
        f"{AB}\n!ends(pod/n/a).filter(e, e.address.family() == 6).exists(e, reaches(e, pod/n/b, 80))",
    )
    check(
        TWO + six,
        f"""!{AB}
        !ends(pod/n/a).filter(e, e.address.family() == 6).exists(e, reaches(e, pod/n/b, 80))
        ends(pod/n/b).filter(e, e.address.family() == 6).exists(e, reaches(e, pod/n/a, 80))""",
    )


def test_blocks_with_host_bits_and_exceptions() -> None:
    block = "ipBlock: {cidr: 10.1.0.7/16, except: [10.1.0.1/32]}"
    check(TWO + policy(f"{EVERYONE}, ingress: [{{from: [{{{block}}}]}}]"), f"!{AB}\n{BA}")
    again = "{ipBlock: {cidr: 10.1.0.1/32}}"
    check(TWO + policy(f"{EVERYONE}, ingress: [{{from: [{{{block}}}, {again}]}}]"), f"{AB}\n{BA}")


def test_blocks_need_not_match_pods() -> None:
    blocks = policy(f"{EVERYONE}, ingress: [{{from: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}]}}]")
    outside = "reaches(endAt('203.0.113.1'), pod/n/b, 80)"
    check(TWO + blocks, f"{AB}\n{outside}")
    check(TWO + blocks, f"!{AB}\n{outside}", ipBlocksMatchPods=False)


def test_a_block_has_no_named_ports() -> None:
    four = pod("b", "app: b", status="podIP: 10.1.0.2")
    block, pods = "{ipBlock: {cidr: 10.0.0.0/8}}", "{podSelector: {}}"

    def out(peers: str, port: str = "http") -> str:
        egress = f"egress: [{{to: [{peers}], ports: [{{port: {port}}}]}}]"
        return A + four + policy(f"{EVERYONE}, {egress}, policyTypes: [Egress]")

    check(out(block), f"!{AB}")
    check(out(block), AB, namedPortsMatchBlocks=True)
    check(out(block, "80"), AB)
    check(out(f"{block}, {pods}"), AB)
    check(out(""), AB)


def test_ports() -> None:
    def ports(text: str) -> str:
        return TWO + policy(f"{EVERYONE}, ingress: [{{ports: [{text}]}}]")

    def reach(port: int, protocol: str = "TCP") -> str:
        return f'reaches(endpoint(pod/n/a), pod/n/b, {port}, "{protocol}")'

    check(ports("{port: 80, endPort: 82}"), f"{reach(80)}\n{reach(82)}\n!{reach(83)}\n!{reach(80, 'UDP')}")
    check(ports("{port: 80, endPort: 80}"), f"{reach(80)}\n!{reach(81)}")
    check(ports("{protocol: SCTP}"), f"{reach(7, 'SCTP')}\n!{reach(7)}")
    check(ports("{protocol: UDP, port: dns}"), f"{reach(53, 'UDP')}\n!{reach(53)}")
    check(ports("{port: dns}"), f"!{reach(53, 'UDP')}\n!{reach(53)}")
    check(ports("{port: http}"), f"{reach(80)}\n!{reach(81)}")


def test_named_ports_are_the_destinations_and_no_address_has_any() -> None:
    other = pod("c", status="podIP: 10.1.0.3").replace("containerPort: 80}", "containerPort: 8080}")
    to = "policyTypes: [Egress], egress: [{ports: [{port: http}]}]"
    check(
        TWO + other + policy(f"{EVERYONE}, {to}"),
        f"""{AB}
        reaches(endpoint(pod/n/a), pod/n/c, 8080)
        !reaches(endpoint(pod/n/a), pod/n/c, 80)
        !{OUT}""",
    )


def test_sidecars_declare_ports_and_init_containers_do_not() -> None:
    def with_init(policy_: str) -> str:
        ports = "ports: [{name: side, containerPort: 90}]"
        init = f"initContainers: [{{name: i, image: i, {policy_} {ports}}}]"
        return A + pod("b", "app: b", init) + policy(f"{EVERYONE}, ingress: [{{ports: [{{port: side}}]}}]")

    check(with_init("restartPolicy: Always,"), "reaches(endpoint(pod/n/a), pod/n/b, 90)")
    check(with_init(""), "!reaches(endpoint(pod/n/a), pod/n/b, 90)")


def test_pods_that_have_ended_have_no_address() -> None:
    done = A + pod("b", "app: b").replace("phase: Running", "phase: Succeeded")
    check(done, f"!{AB}\nendpoints().size() == 1")


def test_policies_do_not_govern_the_network_of_a_node() -> None:
    host = pod("h", "app: b", "hostNetwork: true, nodeName: n1", status="podIP: 10.9.0.1")
    elsewhere = pod("b", "app: b", "nodeName: n2", status="podIP: 10.1.0.2")
    own = pod("o", "app: o", "nodeName: n1", status="podIP: 10.1.0.3")
    deny = policy(f"{EVERYONE}, policyTypes: [Ingress, Egress], ingress: [{{from: [{{podSelector: {{}}}}]}}]")
    to_host = "reaches(endpoint(pod/n/b), pod/n/h, 80)"
    from_host = "reaches(endpoint(pod/n/h), pod/n/b, 80)"
    from_own = "reaches(endpoint(pod/n/h), pod/n/o, 80)"
    check(host + elsewhere + own + deny, f"!{to_host}\n!{from_host}\n{from_own}")
    check(host + elsewhere + own + deny, f"{from_host}", hostNetworkAsPods=True)
    check(host + elsewhere + own + deny, f"!{from_own}", nodesReachOwnPods=False)
    check(host + elsewhere + own + deny, f"{from_host}", nodesReachAllPods=True)
    somewhere = host.replace("nodeName: n1", "nodeName: ''")
    check(somewhere + own + deny, f"?{from_own}")
    block = policy(f"{EVERYONE}, ingress: [{{from: [{{ipBlock: {{cidr: 10.9.0.1/32}}}}]}}]")
    check(host + elsewhere + block, from_host)


# ---------------------------------------------------------------- ClusterNetworkPolicy

ALL = "subject: {namespaces: {}}"
FROM_A = "from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}}]"


def rule(action: str, more: str = FROM_A) -> str:
    return f"ingress: [{{action: {action}, {more}}}]"


def test_the_tiers_of_cluster_policies() -> None:
    closed = policy(EVERYONE)
    admin, base = f"tier: Admin, priority: 5, {ALL}", f"tier: Baseline, priority: 5, {ALL}"
    check(TWO + closed + cluster_policy("x", f"{admin}, {rule('Accept')}"), f"{AB}\n!{BA}")
    check(TWO + cluster_policy("x", f"{admin}, {rule('Deny')}"), f"!{AB}\n{BA}")
    check(TWO + cluster_policy("x", f"{base}, {rule('Deny')}"), f"!{AB}\n{BA}")
    check(TWO + closed + cluster_policy("x", f"{base}, {rule('Accept')}"), f"!{AB}")
    opened = policy(f"{EVERYONE}, ingress: [{{}}]")
    check(TWO + opened + cluster_policy("x", f"{base}, {rule('Deny')}"), AB)


def test_passing_skips_the_rest_of_the_tier() -> None:
    first = cluster_policy("x", f"tier: Admin, priority: 1, {ALL}, {rule('Pass')}")
    second = cluster_policy("y1", f"tier: Admin, priority: 2, {ALL}, {rule('Deny')}")
    check(TWO + first + second, AB)
    base = cluster_policy("z", f"tier: Baseline, priority: 1, {ALL}, {rule('Deny')}")
    check(TWO + first + second + base, f"!{AB}")
    passing = cluster_policy("w", f"tier: Baseline, priority: 0, {ALL}, {rule('Pass')}")
    check(TWO + first + second + base + passing, AB)


def test_equal_priorities_leave_it_open() -> None:
    yes = cluster_policy("x", f"tier: Admin, priority: 1, {ALL}, {rule('Accept')}")
    no = cluster_policy("y1", f"tier: Admin, priority: 1, {ALL}, {rule('Deny')}")
    check(TWO + yes + no, f"?{AB}\n{BA}")
    check(TWO + yes + no, f"{AB}\n{BA}", tiesByName=True)
    older = """---
{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: z},
spec: {priority: %d, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}}
"""
    check(TWO + yes + older % 1, f"?{AB}")
    check(TWO + yes + older % 0, f"!{AB}")
    check(TWO + yes + older % 2, AB)


def test_protocols_of_cluster_policies() -> None:
    def denied(protocols: str, port: int, protocol: str = "TCP") -> str:
        made = cluster_policy("x", f"tier: Admin, priority: 1, {ALL}, ingress: [{{action: Deny, {FROM_A}, "
                                   f"protocols: [{protocols}]}}]")  # fmt: skip
        check(TWO + made, f'!reaches(endpoint(pod/n/a), pod/n/b, {port}, "{protocol}")')
        check(TWO + made, f'reaches(endpoint(pod/n/a), pod/n/b, 7, "{protocol}")' if port != 7 else "true")
        return made

    denied("{tcp: {destinationPort: {number: 80}}}", 80)
    denied("{udp: {destinationPort: {range: {start: 80, end: 90}}}}", 90, "UDP")
    denied("{sctp: {}}", 7, "SCTP")
    denied("{destinationNamedPort: dns}", 53, "UDP")


def test_peers_that_are_not_known_fail_closed() -> None:
    unknown = "from: [{}, {namespaces: {}}]"
    closed = policy(EVERYONE)
    check(
        TWO + closed + cluster_policy("x", f"tier: Admin, priority: 1, {ALL}, {rule('Accept', unknown)}"),
        f"!{AB}",
    )
    for action in ("Deny", "Pass"):
        made = cluster_policy("x", f"tier: Admin, priority: 1, {ALL}, {rule(action, unknown)}")
        check(TWO + made, f"!{AB}")


def test_networks_and_nodes_of_cluster_policies() -> None:
    def to(peer: str) -> str:
        return TWO + node("n1", "10.9.0.1") + cluster_policy(
            "x", f"tier: Admin, priority: 1, {ALL}, egress: [{{action: Deny, to: [{peer}]}}]"
        )  # fmt: skip

    to_node = "reaches(endpoint(pod/n/a), ip('10.9.0.1'), 10250)"
    check(to("{networks: [0.0.0.0/0]}"), f"!{OUT}\n!{AB}\n!{to_node}")
    check(to("{nodes: {}}"), f"{OUT}\n{AB}\n!{to_node}")
    check(to("{nodes: {matchLabels: {disk: hdd}}}"), to_node)
    check(to("{domainNames: [example.com]}"), f"{AB}\n?{OUT}")


OLDER = """---
{apiVersion: policy.networking.k8s.io/v1alpha1, kind: %sAdminNetworkPolicy, metadata: {name: default},
spec: {%s subject: {namespaces: {}}, ingress: [{action: %s, from: [{namespaces: {}}]}]}}
"""


def test_ties_between_the_kinds_of_a_tier() -> None:
    for older, newer, sign in (
        ("Allow", "Deny", "?"), ("Allow", "Accept", ""), ("Deny", "Deny", "!"), ("Pass", "Accept", ""),
        ("Pass", "Deny", "?"),
    ):  # fmt: skip
        both = OLDER % ("", "priority: 5,", older) + cluster_policy(
            "x", f"tier: Admin, priority: 5, {ALL}, {rule(newer)}"
        )
        check(TWO + both, f"{sign}{AB}")
        check(TWO + both, f"{sign}{AB}", tiesByName=True)  # names of two kinds are in no order
    base = cluster_policy("x", f"tier: Baseline, priority: 0, {ALL}, {rule('Deny')}")
    check(TWO + OLDER % ("Baseline", "", "Allow") + base, f"?{AB}")
    check(TWO + OLDER % ("Baseline", "", "Deny") + base, f"!{AB}")


def test_what_the_plug_in_does_not_do() -> None:
    shut = policy(EVERYONE)
    check(TWO + shut, f"!{AB}\n{OUT}")
    check(TWO + shut, f"{AB}\n{OUT}", policiesEnforced=False)
    check(TWO + shut, f"?{AB}\n{OUT}", policiesHoldFromStart=False)
    check(TWO + shut, AB, policiesEnforced=False, policiesHoldFromStart=False)
