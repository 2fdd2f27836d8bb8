"""Services, case by case: what stands behind them, what reaches it, and what comes in from outside."""

from __future__ import annotations

from support.networks import check, node, pod, policy, service

A = pod("a", "app: a", "nodeName: n1", "podIP: 10.1.0.1")
B = pod("b", "app: b", "nodeName: n1", "podIP: 10.1.0.2")
NOT_READY = pod("c", "app: b", status="podIP: 10.1.0.3, conditions: [{type: Ready, status: 'False'}]")
SELECT = "selector: {app: b}"
DEFAULT = f"{SELECT}, ports: [{{port: 8080, targetPort: 80}}]"
DENY = policy("podSelector: {}")


def reach(port: int, protocol: str = "TCP", name: str = "s") -> str:
    return f'reaches(endpoint(pod/n/a), service/n/{name}, {port}, "{protocol}")'


def test_target_ports() -> None:
    check(A + B + service("s", DEFAULT), f"{reach(8080)}\n!{reach(80)}\n!{reach(8080, 'UDP')}")
    check(A + B + service("s", f"{SELECT}, ports: [{{port: 8080, targetPort: http}}]"), reach(8080))
    check(A + B + service("s", f"{SELECT}, ports: [{{port: 8080, targetPort: dns}}]"), f"!{reach(8080)}")
    check(A + B + service("s", f"{SELECT}, ports: [{{port: 5, protocol: UDP, targetPort: dns}}]"),
          reach(5, "UDP"))  # fmt: skip


def test_policies_see_the_port_of_the_pod() -> None:
    eighty = policy("podSelector: {}, ingress: [{ports: [{port: %d}]}]")
    check(A + B + service("s", DEFAULT) + eighty % 80, f"{reach(8080)}\nserves(service/n/s, 8080)")
    check(A + B + service("s", DEFAULT) + eighty % 8080, f"!{reach(8080)}\n!serves(service/n/s, 8080)")


def test_only_ready_pods_stand_behind_a_service() -> None:
    ports = "backends(service/n/s, service/n/s.spec.ports[0])"
    check(A + NOT_READY + service("s", DEFAULT), f"!{reach(8080)}\n{ports}.size() == 1\n!{ports}[0].ready")
    check(A + NOT_READY + service("s", f"{DEFAULT}, publishNotReadyAddresses: true"), reach(8080))
    ending = B.replace("labels", "deletionTimestamp: '2026-01-01T00:00:00Z', labels")
    check(A + ending + service("s", DEFAULT), f"usable({ports}).size() == 1\n{reach(8080)}")
    other = pod("d", "app: b", status="podIP: 10.1.0.4")
    check(A + ending + other + service("s", DEFAULT), f"usable({ports}).map(b, b.endpoint.name) == ['d']")


def test_addresses_of_services_are_translated_first() -> None:
    made = A + B + service("s", f"clusterIP: 10.96.0.9, {DEFAULT}")
    to = "reaches(endpoint(pod/n/a), ip('10.96.0.9'), 8080)"
    check(made, f"{to}\n!reaches(endpoint(pod/n/a), ip('10.96.0.9'), 80)")
    check(made + DENY, f"!{to}")


def test_headless_services_do_not_translate() -> None:
    check(A + B + service("s", f"clusterIP: None, {DEFAULT}"), f"{reach(80)}\n{reach(8080)}")
    eighty = policy("podSelector: {}, ingress: [{ports: [{port: 80}]}]")
    check(A + B + eighty + service("s", f"clusterIP: None, {DEFAULT}"), f"{reach(80)}\n!{reach(8080)}")


def test_services_without_a_selector_have_what_is_written_by_hand() -> None:
    open_ = service("s", "ports: [{name: w, port: 8080}]")
    check(A + open_, f"?{reach(8080)}")
    slices = """---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: s1, namespace: 'n',
labels: {kubernetes.io/service-name: s}}, ports: [{name: w, port: 80}], endpoints: [{addresses: [%s]}]}
"""
    check(A + B + open_ + slices % "10.1.0.2", reach(8080))
    check(A + B + open_ + slices % "10.1.0.2" + DENY, f"!{reach(8080)}")
    check(A + B + open_ + slices % "192.0.2.7" + DENY, reach(8080))
    endpoints = """---
{apiVersion: v1, kind: Endpoints, metadata: {name: s, namespace: 'n'},
subsets: [{addresses: [{ip: 10.1.0.2}], ports: [{name: w, port: 80}]}]}
"""
    check(A + B + open_ + endpoints, reach(8080))
    check(A + B + open_ + endpoints + DENY, f"!{reach(8080)}")


def test_names_outside_are_not_followed() -> None:
    check(A + service("s", "type: ExternalName, externalName: example.com"), f"?{reach(80)}")


def test_traffic_that_stays_on_its_node() -> None:
    local = service("s", f"{DEFAULT}, internalTrafficPolicy: Local")
    far = pod("b", "app: b", "nodeName: n2", "podIP: 10.1.0.2")
    check(A + B + local, reach(8080))
    check(A + far + local, f"!{reach(8080)}")
    check(A + B.replace("nodeName: n1", "nodeName: ''") + local, f"?{reach(8080)}")


def test_dual_stack() -> None:
    both = pod("b", "app: b", status="podIP: 10.1.0.2, podIPs: [{ip: 10.1.0.2}, {ip: 'fd00::2'}]")
    count = "backends(service/n/s, service/n/s.spec.ports[0]).map(b, b.endpoint.address.family())"
    check(both + service("s", DEFAULT), f"{count} == [4]")
    check(both + service("s", f"{DEFAULT}, ipFamilies: [IPv6]"), f"{count} == [6]")
    check(both + service("s", f"{DEFAULT}, ipFamilyPolicy: PreferDualStack"), f"{count} == [4, 6]")
    check(both + service("s", f"{DEFAULT}, clusterIP: 'fd00:1::5'"), f"{count} == [6]")


# ---------------------------------------------------------------- from outside

EXPOSED = "exposed(pod/n/b)"
ANY = """forall p in pods where p.namespace == 'n' && 'app' in p.labels && p.labels['app'] == 'b':
exposed(p, 80)""".replace("\n", " ")
FOUR = " && p.address.family() == 4: "


def test_what_is_exposed() -> None:
    check(A + B + service("s", DEFAULT), f"!{EXPOSED}\n!{ANY}\n!exposed(service/n/s)")
    for type_ in ("NodePort", "LoadBalancer"):
        made = A + B + service("s", f"type: {type_}, {DEFAULT}")
        check(made, f"{EXPOSED}\n{ANY}\nexposed(pod/n/b, 80)\n!exposed(pod/n/b, 81)\n!exposed(pod/n/a)")
        check(made, "exposed(service/n/s, 8080)")
    check(B + service("s", f"{DEFAULT}, externalIPs: [192.0.2.1]"), EXPOSED)
    check(pod("b", "app: b", "hostNetwork: true"), EXPOSED)
    host = pod("b", "app: b").replace("containerPort: 80", "containerPort: 80, hostPort: 8080")
    check(host, f"{EXPOSED}\n!exposed(pod/n/b, 53)")
    check(host + DENY, f"!{EXPOSED}")


def test_policies_close_what_is_exposed() -> None:
    nodes = node("n1", "10.9.0.1") + node("n2", "10.9.0.2")
    one = "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: %s}}]}]"
    made = A + B + nodes + service("s", f"type: NodePort, {DEFAULT}")
    check(made + DENY, f"!{EXPOSED}\n!{ANY}")
    check(made + policy(one % "198.51.100.0/24"), f"{EXPOSED}\n{ANY.replace(': ', FOUR)}")
    check(made + policy(one % "10.9.0.2/32"), f"{EXPOSED}")
    local = A + B + nodes + service("s", f"type: NodePort, externalTrafficPolicy: Local, {DEFAULT}")
    check(local + policy(one % "10.9.0.2/32"), f"!{EXPOSED}")
    check(local + policy(one % "10.1.0.0/16, except: [10.1.0.0/16]"), f"!{EXPOSED}")


def test_source_ranges_of_load_balancers() -> None:
    ranges = f"type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerSourceRanges: [192.0.2.0/24], {DEFAULT}"  # noqa: E501
    made = A + B + service("s", ranges)
    check(
        made,
        f"""{EXPOSED}
        reaches(endAt('192.0.2.1'), service/n/s, 8080)
        !reaches(endAt('198.51.100.1'), service/n/s, 8080)""",
    )
    other = policy("podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]")
    local = service("s", f"externalTrafficPolicy: Local, {ranges}")
    check(A + B + local + other, f"!{EXPOSED}")


def test_the_ports_of_nodes() -> None:
    made = (
        A
        + B
        + service("s", f"type: NodePort, {SELECT}, ports: [{{port: 8080, targetPort: 80, nodePort: 30080}}]")
    )
    check(
        made,
        """reaches(endAt('192.0.2.1'), service/n/s, 30080)
        !reaches(endAt('192.0.2.1'), service/n/s, 8080)""",
    )


def test_isolation() -> None:
    closed = "isolated(pod/n/b)\nisolated(pod/n/b, 'Ingress')"
    check(B + policy("podSelector: {}, policyTypes: [Ingress, Egress]"), closed)
    check(B + DENY, "!isolated(pod/n/b)\nisolated(pod/n/b, 'Ingress')\n!isolated(pod/n/b, 'Egress')")
    check(B + DENY, "forall p in pods where p.namespace == 'n': isolated(p, 'Ingress')")
    check(B + DENY, "!forall p in pods: isolated(p, 'Ingress')")


INGRESS = """---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: 'n'}, spec: {rules: [{http: {
paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 8080}}}}]}}]}}
"""


def test_ingresses_expose() -> None:
    made = A + B + service("s", DEFAULT) + INGRESS
    through = "reaches(endAt('192.0.2.1'), ingress/n/i, 80)"
    check(made, f"{EXPOSED}\n{ANY}\n!exposed(pod/n/a)\n{through}")
    check(made + DENY, f"!{EXPOSED}\n!{through}")
    some = policy("podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]")
    check(made + some, f"?{EXPOSED}\n?{through}")
    check(made + some, f"{EXPOSED}\n{through}", ingressNamespace="n")
    elsewhere = pod("c", "app: a", ns="m", status="podIP: 10.1.0.5")
    check(made + some + elsewhere, f"!{EXPOSED}\n!{through}", ingressNamespace="m")
