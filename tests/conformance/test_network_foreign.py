"""Policies and routes of other engines: no verdict that they could change is taken for sure."""

from __future__ import annotations

from support.networks import check, pod, policy, service

A = pod("a", "app: a", status="podIP: 10.1.0.1")
B = pod("b", "app: b", status="podIP: 10.1.0.2")
C = pod("c", "app: b", status="podIP: 10.1.0.3", ns="m")
DENY = policy("podSelector: {}")


def foreign(version: str, kind: str, spec: str = "{}", ns: str = "n", name: str = "f") -> str:
    place = f", namespace: '{ns}'" if ns else ""
    return f"---\n{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}{place}}}, spec: {spec}}}\n"


def reach(origin: str, destination: str) -> str:
    return f"reaches(endpoint(pod/{origin}), endpoint(pod/{destination}), 80)"


IN, OUT, THERE = reach("n/a", "n/b"), reach("n/b", "n/a"), reach("n/a", "m/c")


def cilium(spec: str) -> str:
    return foreign("cilium.io/v2", "CiliumNetworkPolicy", spec)


def test_a_policy_that_may_open_and_shut() -> None:
    about_b = cilium("{endpointSelector: {matchLabels: {'k8s:app': b}}, ingress: [{}]}")
    check(A + B + C + about_b, f"?{IN}\n{OUT}\n{THERE}")
    check(A + B + C + about_b + DENY, f"?{IN}\n!{OUT}")
    check(A + B + C + about_b, f"{IN}\n{OUT}", otherPoliciesMatter=False)
    check(A + B + C + cilium("{endpointSelector: {}, egress: [{}]}"), f"?{IN}\n?{OUT}\n?{THERE}")
    both = foreign("cilium.io/v2", "CiliumNetworkPolicy").replace("spec: {}", "specs: [{ingress: [{}]}]")
    check(A + B + C + both, f"?{IN}\n?{THERE}")


def test_what_is_about_all_namespaces() -> None:
    calico = foreign("projectcalico.org/v3", "GlobalNetworkPolicy", "{types: [Ingress]}", ns="")
    check(A + B + C + calico, f"?{IN}\n?{THERE}")
    check(A + B + C + calico + DENY, f"?{IN}")
    check(A + B + C + foreign("k8s.ovn.org/v1", "EgressFirewall"), f"?{OUT}\n?{THERE}\n{reach('m/c', 'n/a')}")


def test_a_policy_that_only_refuses_leaves_a_refusal() -> None:
    istio = foreign("security.istio.io/v1", "AuthorizationPolicy", "{selector: {matchLabels: {app: b}}}")
    check(A + B + C + istio, f"?{IN}\n{OUT}\n{THERE}")
    check(A + B + C + istio + DENY, f"!{IN}")
    root = foreign("security.istio.io/v1", "PeerAuthentication", ns="istio-system")
    check(A + B + C + root, f"?{IN}\n?{THERE}")


def test_kinds_that_have_nothing_to_do_with_it() -> None:
    others = foreign("monitoring.coreos.com/v1", "ServiceMonitor")
    others += foreign("projectcalico.org/v3", "StagedNetworkPolicy")
    check(A + B + C + others, f"{IN}\n{OUT}\n{THERE}")
    check(A + B + C + foreign("example.com/v1", "MyNetworkPolicy"), f"?{IN}\n{reach('m/c', 'm/c')}")


def test_pods_that_could_exist() -> None:
    about_b = cilium("{endpointSelector: {matchLabels: {app: b}}, ingress: [{}]}")
    others = "p.namespace != 'n' && p.address.family() == 4"
    stranger = f"forall p in pods where {others}: reaches(p, endpoint(pod/n/a), 80)"
    check(A + B + about_b, stranger)
    check(A + B + about_b, f"?{stranger.replace('n/a', 'n/b')}")


def test_ways_in_of_other_controllers() -> None:
    web = service("web", "selector: {app: b}, ports: [{port: 80}]")
    route = "{routes: [{services: [{name: %s, port: 80}]}]}"
    traefik = foreign("traefik.io/v1alpha1", "IngressRoute", route % "web")
    check(A + B + web, "!exposed(pod/n/b)")
    check(
        A + B + web + traefik,
        "?exposed(pod/n/b)\n?exposed(pod/n/b, 80)\n!exposed(pod/n/b, 81)\n!exposed(pod/n/a)",
    )
    check(A + B + web + traefik + DENY, "!exposed(pod/n/b)")
    check(A + B + web + foreign("traefik.io/v1alpha1", "IngressRoute", route % "other"), "!exposed(pod/n/b)")
    far = foreign("networking.istio.io/v1", "VirtualService", "{host: web.n.svc.cluster.local}", ns="m")
    check(A + B + web + far, "?exposed(pod/n/b)")


def test_isolation_that_another_engine_may_undo() -> None:
    isolated = "isolated(pod/n/b, 'Ingress')"
    check(A + B + DENY, isolated)
    check(A + B + DENY, f"!{isolated}", policiesEnforced=False)
    check(A + B + DENY + cilium("{endpointSelector: {}, ingress: [{}]}"), f"?{isolated}")
    check(A + B + DENY + foreign("security.istio.io/v1", "AuthorizationPolicy"), isolated)
    check(A + B + cilium("{endpointSelector: {}, ingress: [{}]}"), f"!{isolated}")


def test_services_behind_ways_in_of_other_controllers() -> None:
    web = service("web", "selector: {app: b}, ports: [{port: 80}]")
    route = foreign("route.openshift.io/v1", "Route", "{to: {kind: Service, name: web}}")
    check(A + B + web, "!exposed(service/n/web)")
    check(A + B + web + route, "?exposed(service/n/web)")
