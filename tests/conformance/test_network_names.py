"""DNS and kube-proxy, case by case; the names of chains and the rules are those of upstream's own tests."""

from __future__ import annotations

import pytest
from support.networks import check, node, pod, service, values

A = pod("a", "app: a")
WEB = service("web", "clusterIP: 10.96.0.9, selector: {app: b}, ports: [{name: http, port: 80}]")
PEERS = "clusterIP: None, selector: {app: b}, ports: [{name: http, port: 80}]"
HEADLESS = service("db", PEERS)


def named(name: str, address: str, hostname: str = "", subdomain: str = "db") -> str:
    host = f"hostname: {hostname}, subdomain: {subdomain}" if hostname else ""
    return pod(name, "app: b", host, f"podIP: {address}")


def told(name: str, addresses: str, who: str = "pod/n/a") -> str:
    return f"resolve({who}, '{name}').addresses == {addresses}"


def test_names_of_services() -> None:
    whole = "web.n.svc.cluster.local"
    names = ("web", "web.n", "web.n.svc", whole, f"{whole}.")
    check(A + WEB, "\n".join(told(name, "['10.96.0.9']") for name in names))
    check(A + WEB, f"{told('web.m', '[]')}\nserviceNames(service/n/web)[0] == '{whole}'")
    check(A + WEB, "resolve(pod/n/a, 'example.com').outside\n!resolve(pod/n/a, 'example.com').found")
    check(
        pod("a", ns="m") + WEB,
        told("web.n", "['10.96.0.9']", "pod/m/a") + "\nresolve(pod/m/a, 'web').outside",
    )
    other = "resolve(pod/n/a, 'web').name == 'web.n.svc.example.org.'"
    check(A + WEB, other, clusterDomain="example.org")


def test_headless_services_lead_to_ready_pods() -> None:
    two = named("b", "10.1.0.2", "zero") + named("c", "10.1.0.3") + HEADLESS
    check(A + two, told("db", "['10.1.0.2', '10.1.0.3']"))
    check(A + two, told("zero.db", "['10.1.0.2']") + "\n" + told("c.db", "[]"))
    other = named("b", "10.1.0.2", "zero", "other") + HEADLESS
    check(A + other, told("zero.db", "[]"))


def test_ports_and_addresses_have_names() -> None:
    port = "resolve(pod/n/a, '_http._tcp.web').services"
    check(A + WEB, f"{port}[0].port == 80\n{port}[0].target == 'web.n.svc.cluster.local.'")
    check(A + WEB, told("10-1-0-7.n.pod", "['10.1.0.7']"))
    away = service("away", "type: ExternalName, externalName: example.com")
    check(A + away, "resolve(pod/n/a, 'away').cname == 'example.com.'")


def test_dns_policies() -> None:
    def asks(spec: str, name: str, wanted: str) -> None:
        check(pod("a", spec=spec), f"asksFor(pod/n/a, '{name}') == {wanted}")

    near = "['x.n.svc.cluster.local.', 'x.svc.cluster.local.', 'x.cluster.local.', 'x.']"
    asks("", "x", near)
    asks("hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet", "x", near)
    asks("hostNetwork: true", "x", "['x.']")
    asks("dnsPolicy: Default", "x", "['x.']")
    asks("", "x.", "['x.']")
    own = "nameservers: [1.1.1.1], searches: [s], options: [{name: ndots, value: '2'}]"
    config = f"dnsPolicy: None, dnsConfig: {{{own}}}"
    asks(config, "x.y", "['x.y.s.', 'x.y.']")
    asks(config, "x.y.z", "['x.y.z.', 'x.y.z.s.']")


def test_what_a_pod_calls_itself() -> None:
    for spec, name in (
        ("", "a"),
        ("hostname: h", "h"),
        ("hostname: h, subdomain: s", "h"),
        ("hostname: h, subdomain: s, setHostnameAsFQDN: true", "h.s.n.svc.cluster.local"),
    ):
        check(pod("a", spec=spec), f"hostnameOf(pod/n/a) == '{name}'")


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("default/kubernetes:httpstcp", "NPX46M4PTMTKRN6Y"),
        ("kube-system/kube-dns:dnsudp", "TCOU7JCQXEZGVUNU"),
        ("ns1/svc1:p80tcp", "XPGD46QRK7WJZT7O"),
        ("ns2/svc2:p80tcp", "GNZBNJ2PO5MGZ6GT"),
        ("ns2/svc2:p80tcp10.180.0.2:80", "RS4RBKLTHTF2IUXJ"),
    ],
)
def test_names_of_chains(text: str, chain: str) -> None:
    check("", f"portHash('{text}') == '{chain}'")


def view(manifests: str, call: str = "proxyView(service/ns2/svc2, 'n1')") -> dict[str, list[str]]:
    [found] = values(manifests, [call])
    made: dict[str, list[str]] = {"nat": [], "filter": []}
    for part in found:
        for table in made:
            made[table] += part.get(table) or []
    return made


ENDS = pod("p", "app: w", "nodeName: n1", "podIP: 10.180.0.2", "ns2")
FIELDS = "clusterIP: 172.30.0.42, selector: {app: w}, ports: [{name: p80, port: 80, nodePort: 3001}]"


def test_a_service_of_the_cluster() -> None:
    made = view(ENDS + service("svc2", FIELDS.replace(", nodePort: 3001", ""), "ns2"))
    assert made["nat"] == [
        '-A KUBE-SERVICES -m comment --comment "ns2/svc2:p80 cluster IP" -m tcp -p tcp -d 172.30.0.42 '
        "--dport 80 -j KUBE-SVC-GNZBNJ2PO5MGZ6GT",
        '-A KUBE-SVC-GNZBNJ2PO5MGZ6GT -m comment --comment "ns2/svc2:p80 -> 10.180.0.2:80" '
        "-j KUBE-SEP-RS4RBKLTHTF2IUXJ",
        "-A KUBE-SEP-RS4RBKLTHTF2IUXJ -m comment --comment ns2/svc2:p80 -s 10.180.0.2 -j KUBE-MARK-MASQ",
        "-A KUBE-SEP-RS4RBKLTHTF2IUXJ -m comment --comment ns2/svc2:p80 -m tcp -p tcp -j DNAT "
        "--to-destination 10.180.0.2:80",
    ]
    assert made["filter"] == []


def test_ports_of_nodes_and_who_is_masqueraded() -> None:
    cluster = view(ENDS + service("svc2", f"type: NodePort, {FIELDS}", "ns2"))["nat"]
    assert (
        "-A KUBE-NODEPORTS -m comment --comment ns2/svc2:p80 -m tcp -p tcp --dport 3001 "
        "-j KUBE-EXT-GNZBNJ2PO5MGZ6GT" in cluster
    )
    assert (
        '-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -m comment --comment "masquerade traffic for ns2/svc2:p80 external '
        'destinations" -j KUBE-MARK-MASQ' in cluster
    )
    local = ENDS + service("svc2", f"type: NodePort, externalTrafficPolicy: Local, {FIELDS}", "ns2")
    assert "-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -j KUBE-SVL-GNZBNJ2PO5MGZ6GT" in view(local)["nat"]
    elsewhere = view(local, "proxyView(service/ns2/svc2, 'n2')")
    assert "-A KUBE-EXT-GNZBNJ2PO5MGZ6GT -j KUBE-SVL-GNZBNJ2PO5MGZ6GT" not in elsewhere["nat"]
    assert elsewhere["filter"] == [
        '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns2/svc2:p80 has no local endpoints" -m addrtype '
        "--dst-type LOCAL -m tcp -p tcp --dport 3001 -j DROP"
    ]


def test_chances_affinity_and_the_pods_of_the_node() -> None:
    three = "".join(pod(f"p{n}", "app: w", "nodeName: n1", f"podIP: 10.180.0.{n}", "ns2") for n in (2, 3, 4))
    sticky = service("svc2", f"sessionAffinity: ClientIP, {FIELDS.replace(', nodePort: 3001', '')}", "ns2")
    nat = view(three + node("n1", "10.9.0.1", "podCIDR: 10.180.0.0/24") + sticky)["nat"]
    chances = [line.split("--probability ")[1].split()[0] for line in nat if "--probability" in line]
    assert chances == ["0.3333333333", "0.5000000000"]
    assert sum("--rcheck --seconds 10800 --reap" in line for line in nat) == 3
    assert sum("--set -m tcp" in line for line in nat) == 3
    assert any("! -s 10.180.0.0/24 -j KUBE-MARK-MASQ" in line for line in nat)


def test_load_balancers_with_source_ranges() -> None:
    wall = service("svc2", f"type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/25], {FIELDS}", "ns2")
    wall = wall.rstrip()[:-1] + ", status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}\n"
    made = view(ENDS + wall)
    assert (
        '-A KUBE-FW-GNZBNJ2PO5MGZ6GT -m comment --comment "ns2/svc2:p80 loadbalancer IP" '
        "-s 203.0.113.0/25 -j KUBE-EXT-GNZBNJ2PO5MGZ6GT" in made["nat"]
    )
    assert any("-A KUBE-PROXY-FIREWALL" in line and "-d 1.2.3.4" in line for line in made["filter"])


def test_a_service_without_ends_refuses() -> None:
    made = view(service("svc2", FIELDS, "ns2"))
    assert made["nat"] == []
    assert made["filter"] == [
        '-A KUBE-SERVICES -m comment --comment "ns2/svc2:p80 has no endpoints" -m tcp -p tcp '
        "-d 172.30.0.42 --dport 80 -j REJECT"
    ]
    assert view(service("svc2", "clusterIP: None, ports: [{port: 1}]", "ns2"))["nat"] == []
