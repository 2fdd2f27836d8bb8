"""Routes of the Gateway API, case by case: which listeners take them, and whom they let in from outside."""

from __future__ import annotations

import pytest
from support.networks import check, pod, policy, service

B = pod("b", "app: b", status="podIP: 10.1.0.2")
WEB = service("web", "selector: {app: b}, ports: [{port: 80, targetPort: 8080}]")
NAMES = service("names", "selector: {app: b}, ports: [{port: 53, protocol: UDP}]")
GROUP = "gateway.networking.k8s.io"
LISTENS = {
    "HTTPRoute": "protocol: HTTP",
    "GRPCRoute": "protocol: HTTPS",
    "TLSRoute": "protocol: TLS, tls: {mode: Passthrough}",
    "TCPRoute": "protocol: TCP",
}


def made(kind: str, name: str, spec: str, ns: str = "n", version: str = "v1", meta: str = "") -> str:
    return (
        f"---\n{{apiVersion: {GROUP}/{version}, kind: {kind}, "
        f"metadata: {{name: {name}, namespace: '{ns}'{meta}}}, spec: {{{spec}}}}}\n"
    )


def gateway(listener: str, more: str = "", ns: str = "n") -> str:
    listeners = f"listeners: [{{name: l, port: 443, {listener}}}]"
    return made("Gateway", "g", f"gatewayClassName: c, {listeners}{more}", ns)


def route(
    kind: str, more: str = "", parent: str = "name: g", to: str = "name: web, port: 80", **at: str
) -> str:
    version = at.pop("version", "v1alpha2" if kind in ("TCPRoute", "UDPRoute") else "v1")
    spec = f"parentRefs: [{{{parent}}}], rules: [{{backendRefs: [{{{to}}}]}}]{more}"
    return made(kind, at.pop("name", "r"), spec, version=version, **at)


EXPOSED, ON = "exposed(pod/n/b)", "exposed(pod/n/b, 8080)"


@pytest.mark.parametrize("kind", list(LISTENS))
def test_every_kind_lets_in_by_a_listener_of_its_protocol(kind: str) -> None:
    check(B + WEB + gateway(LISTENS[kind]) + route(kind), f"{EXPOSED}\n{ON}\n!exposed(pod/n/b, 80)")
    check(B + WEB + route(kind), f"!{EXPOSED}")
    other = LISTENS["TCPRoute" if kind != "TCPRoute" else "HTTPRoute"]
    check(B + WEB + gateway(other) + route(kind), f"!{EXPOSED}")
    check(B + WEB + gateway(LISTENS[kind]) + route(kind, parent="name: g, sectionName: m"), f"!{EXPOSED}")
    check(
        B + WEB + gateway(LISTENS[kind]) + route(kind, parent="name: g, kind: Service, group: ''"),
        f"!{EXPOSED}",
    )
    check(B + WEB + gateway(LISTENS[kind]) + route(kind) + policy("podSelector: {}"), f"!{EXPOSED}")
    check(B + WEB + gateway(LISTENS[kind]) + route(kind, to="name: web, port: 80, weight: 0"), f"!{EXPOSED}")


def test_udp() -> None:
    by = route("UDPRoute", to="name: names, port: 53")
    check(B + NAMES + gateway("protocol: UDP") + by, 'exposed(pod/n/b, 53, "UDP")\n!exposed(pod/n/b, 53)')


def test_a_listener_that_terminates_tls_serves_tcp_routes_too() -> None:
    ends = gateway("protocol: TLS, tls: {mode: Terminate}")
    for kind, sign in (("TLSRoute", ""), ("TCPRoute", ""), ("HTTPRoute", "!")):
        check(B + WEB + ends + route(kind), f"{sign}{EXPOSED}")


def test_host_names_must_meet() -> None:
    for kind in ("GRPCRoute", "TLSRoute"):
        listens = gateway(f"{LISTENS[kind]}, hostname: '*.a.b'")
        check(B + WEB + listens + route(kind, ", hostnames: [x.a.b]"), EXPOSED)
        check(B + WEB + listens + route(kind, ", hostnames: [x.a.c, a.b]"), f"!{EXPOSED}")


def test_which_routes_a_listener_allows() -> None:
    def listens(allowed: str) -> str:
        return gateway(f"protocol: TCP, allowedRoutes: {{{allowed}}}", ns="m")

    by = route("TCPRoute", parent="name: g, namespace: m")
    check(B + WEB + listens("kinds: [{kind: TCPRoute}]") + by, f"!{EXPOSED}")
    check(B + WEB + listens("namespaces: {from: All}") + by, EXPOSED)
    check(B + WEB + listens("namespaces: {from: All}, kinds: [{kind: TLSRoute}]") + by, f"!{EXPOSED}")
    chosen = "namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: 'n'}}}"
    check(B + WEB + listens(chosen) + by, EXPOSED)
    check(B + WEB + listens(chosen.replace("name: 'n'", "name: o")) + by, f"!{EXPOSED}")


def test_backends_elsewhere_need_a_grant() -> None:
    far = B + WEB + gateway("protocol: TCP", ns="m")
    by = route("TCPRoute", to="name: web, namespace: 'n', port: 80", ns="m")
    grant = (
        "from: [{group: gateway.networking.k8s.io, kind: %s, namespace: m}], to: [{group: '', kind: Service}]"
    )
    check(far + by, f"!{EXPOSED}")
    check(far + by + made("ReferenceGrant", "r", grant % "TCPRoute"), EXPOSED)
    check(far + by + made("ReferenceGrant", "r", grant % "HTTPRoute", version="v1beta1"), f"!{EXPOSED}")


def test_sets_of_listeners() -> None:
    by = route("TCPRoute", parent="name: s, kind: ListenerSet")
    more = made("ListenerSet", "s", "parentRef: {name: g}, listeners: [{name: t, port: 99, protocol: TCP}]")
    check(B + WEB + gateway("protocol: HTTP") + more + by, f"!{EXPOSED}")
    check(
        B + WEB + gateway("protocol: HTTP", ", allowedListeners: {namespaces: {from: Same}}") + more + by,
        EXPOSED,
    )


def test_of_two_kinds_that_want_the_same_names_the_older_is_taken() -> None:
    old, new = (f", creationTimestamp: '202{n}-01-01T00:00:00Z'" for n in (1, 2))
    other = pod("c", "app: c", status="podIP: 10.1.0.3")
    api = service("api", "selector: {app: c}, ports: [{port: 80}]")
    both = B + WEB + other + api + gateway("protocol: HTTP")
    for http, grpc, signs in ((old, new, ("", "!")), (new, old, ("!", ""))):
        routes = route("HTTPRoute", meta=http) + route("GRPCRoute", to="name: api, port: 80", meta=grpc)
        check(both + routes, f"{signs[0]}{EXPOSED}\n{signs[1]}exposed(pod/n/c)")
    apart = route("HTTPRoute", ", hostnames: [a.b]") + route(
        "GRPCRoute", ", hostnames: [a.c]", to="name: api, port: 80"
    )
    check(both + apart, f"{EXPOSED}\nexposed(pod/n/c)")


def test_who_is_shown_requests_besides() -> None:
    mirror = "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 80}}}]"
    spec = f"parentRefs: [{{name: g}}], rules: [{{{mirror}}}]"
    check(B + WEB + gateway("protocol: HTTP") + made("HTTPRoute", "r", spec), EXPOSED)


def test_older_versions_are_served() -> None:
    check(B + WEB + gateway("protocol: HTTP") + route("HTTPRoute", version="v1beta1"), EXPOSED)
    check(B + WEB + gateway(LISTENS["TLSRoute"]) + route("TLSRoute", version="v1alpha2"), EXPOSED)


def goes(call: str, name: str) -> str:
    return f"{call}.backends.map(b, b.name) == {[name] if name else []}"


def test_where_a_grpc_call_goes() -> None:
    def ruled(to: str, method: str = "") -> str:
        matches = f"matches: [{{method: {{{method}}}}}], " if method else ""
        return f"{{{matches}backendRefs: [{{name: {to}, port: 80}}]}}"

    rules = ", ".join(
        [
            ruled("any"),
            ruled("cart", "service: shop.Cart"),
            ruled("add", "service: shop.Cart, method: Add"),
            ruled("odd", "type: RegularExpression, service: 'shop[.].*', method: 'Z.*'"),
        ]
    )
    made_ = gateway("protocol: HTTP") + made("GRPCRoute", "r", f"parentRefs: [{{name: g}}], rules: [{rules}]")
    for path, to in (
        ("/shop.Cart/Add", "add"), ("/shop.Cart/Remove", "cart"), ("/shop.Pay/Zap", "odd"), ("/x.Y/Z", "any"),
    ):  # fmt: skip
        check(made_, goes(f"routeGrpc({{ host: 'a.b'  path: '{path}' }})", to))
    check(made_, goes("routeGrpc({ host: 'a.b'  path: '/shop.Cart/Add'  tls: true })", ""))
    check(made_, goes("routeHttp({ host: 'a.b'  path: '/shop.Cart/Add' })", ""))


def test_where_a_tls_connection_goes() -> None:
    wide = route("TLSRoute", ", hostnames: ['*.a.b']", name="wide", to="name: wide, port: 80")
    one = route("TLSRoute", ", hostnames: [x.a.b]", name="one", to="name: one, port: 80")
    passes = gateway(LISTENS["TLSRoute"])
    check(passes + wide + one, goes("routeTls('x.a.b')", "one"))
    check(passes + wide + one, goes("routeTls('y.a.b', 443)", "wide"))
    check(passes + wide + one, goes("routeTls('y.a.b', 444)", ""))
    check(passes + wide + one, goes("routeTls('a.b')", ""))


def test_a_service_behind_a_route_or_an_ingress_is_exposed() -> None:
    at = "exposed(service/n/web, %d)"
    listens = gateway("protocol: TCP")
    check(B + WEB + listens + route("TCPRoute"), f"exposed(service/n/web)\n{at % 80}\n!{at % 81}")
    check(B + WEB + listens + route("TCPRoute") + policy("podSelector: {}"), "!exposed(service/n/web)")
    ingress = """---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: 'n'},
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}
"""
    check(B + WEB + ingress, f"{at % 80}\n!exposed(service/n/web, 80, 'UDP')")
    check(B + WEB, f"!{at % 80}")
