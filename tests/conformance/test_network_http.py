"""Ingress and HTTPRoute, case by case: where a request goes."""

from __future__ import annotations

from support.networks import check


def ingress(name: str, rules: str, more: str = "") -> str:
    return (
        "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, "
        f"metadata: {{name: {name}, namespace: 'n'}}, spec: {{rules: [{rules}] {more}}}}}\n"
    )


def rule(host: str, *paths: str) -> str:
    return f"{{host: '{host}', http: {{paths: [{', '.join(paths)}]}}}}"


def path(value: str, service: str, type_: str = "Prefix") -> str:
    backend = f"{{service: {{name: {service}, port: {{number: 80}}}}}}"
    return f"{{path: '{value}', pathType: {type_}, backend: {backend}}}"


def goes(host: str, where: str, service: str, call: str = "routeIngress") -> str:
    wanted = [service] if service else []
    return f"{call}({{ host: '{host}'  path: '{where}' }}).backends.map(b, b.name) == {wanted}"


def test_paths_by_their_elements() -> None:
    made = ingress(
        "i", rule("h", path("/foo", "foo"), path("/foo/bar/", "bar"), path("/foo", "exact", "Exact"))
    )
    check(
        made,
        "\n".join(
            (
                goes("h", "/foo", "exact"),
                goes("h", "/foo/", "foo"),
                goes("h", "/foobar", ""),
                goes("h", "/foo/bar", "bar"),
                goes("h", "/foo/bar/baz", "bar"),
                goes("h", "/foo/barbaz", "foo"),
                goes("h", "/Foo", ""),
                goes("x", "/foo", ""),
            )
        ),
    )


def test_hosts() -> None:
    made = ingress(
        "i",
        ", ".join(
            (rule("*.a.b", path("/", "wild")), rule("x.a.b", path("/y", "one")), rule("", path("/", "any")))
        ),
    )
    check(
        made,
        "\n".join(
            (
                goes("x.a.b", "/y", "one"),
                goes("y.a.b", "/y", "wild"),
                goes("z.y.a.b", "/", "any"),
                goes("a.b", "/", "any"),
                goes("x.a.b", "/", ""),
            )
        ),
    )


def test_default_backends_and_classes() -> None:
    default = ", ingressClassName: q, defaultBackend: {service: {name: d, port: {number: 80}}}"
    made = ingress("i", rule("h", path("/a", "a")), default)
    check(made, f"{goes('h', '/b', 'd')}\n{goes('x', '/a', 'd')}\n{goes('h', '/a', 'a')}")
    check(made, "routeIngress({ host: 'h'  path: '/a' }, 'other').backends == []")


def test_what_several_ingresses_claim() -> None:
    two = ingress("i", rule("h", path("/", "a"))) + ingress("j", rule("h", path("/", "b"), path("/c", "c")))
    check(two, f"?{goes('h', '/', 'a')}\n{goes('h', '/c', 'c')}")


def test_paths_that_are_left_to_the_class() -> None:
    made = ingress("i", rule("h", path("/a", "a", "ImplementationSpecific")))
    check(made, goes("h", "/a/b", "a"))
    check(made, f"?{goes('h', '/a/b', 'a')}", implementationSpecificIsPrefix=False)


GATEWAY = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: infra}
spec:
  gatewayClassName: c
  listeners:
  - {name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: tls, port: 443, protocol: HTTPS, hostname: '*.a.b', allowedRoutes: {namespaces: {from: Same}}}
"""


def route(name: str, rules: str, hosts: str = "", parent: str = "{name: g, namespace: infra}") -> str:
    return (
        "---\n{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, "
        f"metadata: {{name: {name}, namespace: 'n'}}, "
        f"spec: {{parentRefs: [{parent}], hostnames: [{hosts}], rules: [{rules}]}}}}\n"
    )


def match(conditions: str, service: str) -> str:
    return f"{{matches: [{{{conditions}}}], backendRefs: [{{name: {service}, port: 80}}]}}"


def gateway(host: str, where: str, service: str) -> str:
    return goes(host, where, service, "routeHttp")


def test_routes_by_path() -> None:
    made = GATEWAY + route(
        "r",
        ", ".join(
            (
                match("path: {value: /}", "rest"),
                match("path: {type: PathPrefix, value: /foo}", "foo"),
                match("path: {type: Exact, value: /foo}", "exact"),
                match("path: {type: RegularExpression, value: '/v[0-9]+/.*'}", "regex"),
            )
        ),
    )
    wanted = (("/", "rest"), ("/foo", "exact"), ("/foo/x", "foo"), ("/foox", "rest"), ("/v1/x", "regex"))
    check(made, "\n".join(gateway("h", where, service) for where, service in wanted))


def test_routes_by_method_header_and_query() -> None:
    made = GATEWAY + route(
        "r",
        ", ".join(
            (
                match("path: {value: /}", "rest"),
                match("method: POST", "post"),
                match("headers: [{name: X-A, value: '1'}]", "one"),
                match(
                    "headers: [{name: X-A, value: '1'}, {name: x-b, type: RegularExpression, value: 'a+'}]",
                    "two",
                ),
                match("queryParams: [{name: q, value: z}]", "query"),
            )
        ),
    )

    def asked(more: str, service: str) -> str:
        return f"routeHttp({{ host: 'h'  path: '/' {more} }}).backends[0].name == '{service}'"

    check(
        made,
        "\n".join(
            (
                asked("", "rest"),
                asked("method: 'POST'", "post"),
                asked("headers: {\"x-a\": '1'}", "one"),
                asked("headers: {\"x-a\": '1', \"x-b\": 'aa'}", "two"),
                asked("headers: {\"x-a\": '1', \"x-b\": 'ab'}", "one"),
                asked("queryParams: { q: 'z' }", "query"),
            )
        ),
    )


def test_routes_by_host() -> None:
    made = (
        GATEWAY
        + route("any", match("", "any"))
        + route("wild", match("", "wild"), "'*.a.b'")
        + route("one", match("", "one"), "x.a.b")
    )
    wanted = (("x.a.b", "one"), ("y.x.a.b", "wild"), ("a.b", "any"))
    check(made, "\n".join(gateway(host, "/", service) for host, service in wanted))


def test_attachment() -> None:
    tls = "routeHttp({ host: 'x.a.b'  path: '/'  tls: true }).backends.size()"
    check(GATEWAY + route("r", match("", "s")), f"{tls} == 0\n{gateway('x.a.b', '/', 's')}")
    own = route("r", match("", "s")).replace("namespace: 'n'", "namespace: infra")
    check(GATEWAY + own, f"{tls} == 1")
    only = route("r", match("", "s"), parent="{name: g, namespace: infra, sectionName: tls}")
    check(GATEWAY + only, gateway("x.a.b", "/", ""))
    other = route("r", match("", "s"), parent="{name: g}")
    check(GATEWAY + other, gateway("x.a.b", "/", ""))


def test_weights_filters_and_grants() -> None:
    rules = """{filters: [{type: RequestMirror}], backendRefs: [{name: s, port: 80, weight: 0},
    {name: t, namespace: m, port: 80}]}"""
    made = GATEWAY + route("r", rules)
    found = "routeHttp({ host: 'h'  path: '/' })"
    check(
        made,
        f"""{found}.backends.map(b, b.weight) == [0, 1]
        {found}.backends.map(b, b.granted) == [true, false]
        {found}.filters == ['RequestMirror']""",
    )
    grant = """---
{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: g, namespace: m},
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: 'n'}],
to: [{group: '', kind: Service}]}}
"""
    check(made + grant, f"{found}.backends.map(b, b.granted) == [true, true]")
