"""Small random networks: few labels, namespaces, ports and blocks, so that things meet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from kspec.runtime.ip import parse_ip

Object = dict[str, Any]

NAMESPACES = ("a", "b", "c")  # the last has no manifest
LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y", ""]), max_size=2)
NAMESPACE_LABELS = st.dictionaries(st.sampled_from(["team", "app"]), st.sampled_from(["x", "y"]), max_size=2)
ADDRESSES = ["10.0.0.1", "10.0.1.7", "10.1.0.1", "192.168.0.9", "fd00::1", "fd00:1::1", "::1"]
BLOCKS = ["0.0.0.0/0", "10.0.0.0/8", "10.0.1.0/24", "10.0.1.7/32", "::/0", "fd00::/32", "10.9.9.9/16"]
PROTOCOLS = ("TCP", "UDP", "SCTP")
NUMBERS = (1, 53, 80, 81, 8080, 65535)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({}, optional=fields)


def requirement(keys: list[str]) -> st.SearchStrategy[Object]:
    valued = st.fixed_dictionaries(
        {
            "key": st.sampled_from(keys),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(["x", "y", "a", ""]), min_size=1, max_size=2),
        }
    )
    bare = st.fixed_dictionaries(
        {"key": st.sampled_from(keys), "operator": st.sampled_from(["Exists", "DoesNotExist"])}
    )
    return valued | bare


def selector(keys: list[str]) -> st.SearchStrategy[Object]:
    return _some(
        matchLabels=st.dictionaries(st.sampled_from(keys), st.sampled_from(["x", "y", "a"]), max_size=2),
        matchExpressions=st.lists(requirement(keys), max_size=1),
    )


POD_SELECTOR = selector(["app", "tier"])
NAMESPACE_SELECTOR = selector(["team", "app", "kubernetes.io/metadata.name"])
BLOCK = st.fixed_dictionaries(
    {"cidr": st.sampled_from(BLOCKS)}, optional={"except": st.lists(st.sampled_from(BLOCKS), max_size=1)}
)
PEER = (
    st.fixed_dictionaries({"podSelector": POD_SELECTOR})
    | st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTOR})
    | st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTOR, "podSelector": POD_SELECTOR})
    | st.fixed_dictionaries({"ipBlock": BLOCK})
)
PORT = _some(
    protocol=st.sampled_from(PROTOCOLS), port=st.sampled_from([*NUMBERS, "web", "dns"])
) | st.fixed_dictionaries({"port": st.sampled_from([80, 1]), "endPort": st.sampled_from([80, 8080, 65535])})


def _meta(name: st.SearchStrategy[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({"name": name, **more})


def _rule(side: str, peer: st.SearchStrategy[Object], port: st.SearchStrategy[Object]) -> Any:
    return _some(**{side: st.lists(peer, max_size=2), "ports": st.lists(port, max_size=2)})


NETWORK_POLICY = st.fixed_dictionaries(
    {
        "metadata": _meta(st.sampled_from("pqrs"), namespace=st.sampled_from(NAMESPACES)),
        "spec": _some(
            podSelector=POD_SELECTOR,
            policyTypes=st.lists(st.sampled_from(["Ingress", "Egress"]), max_size=2, unique=True),
            ingress=st.lists(_rule("from", PEER, PORT), max_size=2),
            egress=st.lists(_rule("to", PEER, PORT), max_size=2),
        ),
    }
)

PODS = st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTOR, "podSelector": POD_SELECTOR})
SUBJECT = st.fixed_dictionaries({"namespaces": NAMESPACE_SELECTOR}) | st.fixed_dictionaries({"pods": PODS})
ADMIN_PORT = (
    st.fixed_dictionaries(
        {
            "portNumber": st.fixed_dictionaries(
                {"protocol": st.sampled_from(PROTOCOLS), "port": st.sampled_from(NUMBERS)}
            )
        }
    )
    | st.just({"portRange": {"protocol": "TCP", "start": 53, "end": 81}})
    | st.fixed_dictionaries({"namedPort": st.sampled_from(["web", "dns"])})
)
EGRESS_PEER = (
    SUBJECT
    | st.just({})
    | st.fixed_dictionaries({"networks": st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=2)})
    | st.fixed_dictionaries({"nodes": selector(["app"])})
    | st.just({"domainNames": ["example.com"]})
)


def admin_rule(side: str, peer: st.SearchStrategy[Object], actions: list[str]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {"action": st.sampled_from(actions), side: st.lists(peer, min_size=1, max_size=2)},
        optional={"ports": st.lists(ADMIN_PORT, min_size=1, max_size=2)},
    )


def _destination(number: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({}, optional={"destinationPort": number})


CLUSTER_PORT = st.builds(
    lambda protocol, match: {protocol: match},
    st.sampled_from(["tcp", "udp", "sctp"]),
    _destination(st.sampled_from([{"number": 80}, {"number": 53}, {"range": {"start": 53, "end": 81}}])),
) | st.sampled_from([{"destinationNamedPort": "web"}, {"destinationNamedPort": "dns"}])


def cluster_rule(side: str, peer: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {
            "action": st.sampled_from(["Accept", "Deny", "Pass"]),
            side: st.lists(peer, min_size=1, max_size=2),
        },
        optional={"protocols": st.lists(CLUSTER_PORT, min_size=1, max_size=2)},
    )


CLUSTER_POLICY = st.fixed_dictionaries(
    {
        "metadata": _meta(st.sampled_from("pqrs")),
        "spec": st.fixed_dictionaries(
            {
                "tier": st.sampled_from(["Admin", "Baseline"]),
                "subject": SUBJECT,
                "priority": st.integers(0, 2),
            },
            optional={
                "ingress": st.lists(cluster_rule("from", SUBJECT | st.just({})), max_size=2),
                "egress": st.lists(cluster_rule("to", EGRESS_PEER), max_size=2),
            },
        ),
    }
)
FOREIGN_POLICY = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["CiliumNetworkPolicy", "AuthorizationPolicy"]),
        "metadata": _meta(st.sampled_from("pqrs"), namespace=st.sampled_from(NAMESPACES)),
        "spec": st.fixed_dictionaries(
            {
                "opens": st.booleans(),
                "everywhere": st.booleans(),
                "directions": st.lists(st.sampled_from(["Ingress", "Egress"]), min_size=1, unique=True),
                "podLabels": st.dictionaries(st.just("app"), st.sampled_from(["x", "y"])),
            }
        ),
    }
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        [
            "ipBlocksMatchPods",
            "namedPortsMatchBlocks",
            "hostNetworkAsPods",
            "nodesReachOwnPods",
            "nodesReachAllPods",
            "tiesByName",
            "otherPoliciesMatter",
            "policiesEnforced",
            "policiesHoldFromStart",
        ],
        st.booleans(),
    ),
).map(lambda network: {"network": network})


def admin_policies(actions: list[str], priority: bool) -> st.SearchStrategy[Object]:
    more = {"priority": st.integers(0, 2)} if priority else {}
    return st.fixed_dictionaries(
        {
            "metadata": _meta(st.sampled_from("pqrs")),
            "spec": st.fixed_dictionaries(
                {"subject": SUBJECT, **more},
                optional={
                    "ingress": st.lists(admin_rule("from", SUBJECT | st.just({}), actions), max_size=2),
                    "egress": st.lists(admin_rule("to", EGRESS_PEER, actions), max_size=2),
                },
            ),
        }
    )


END = st.fixed_dictionaries(
    {"name": st.sampled_from("klmn"), "namespace": st.sampled_from(NAMESPACES)},
    optional={
        "labels": LABELS,
        "address": st.sampled_from(ADDRESSES).map(parse_ip),
        "ports": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["web", "dns", "x"]), "containerPort": st.sampled_from(NUMBERS)},
                optional={"protocol": st.sampled_from(PROTOCOLS)},
            ),
            max_size=2,
        ),
        "hostNetwork": st.booleans(),
        "node": st.sampled_from(["n", "m"]),
    },
)
OUTSIDE = st.sampled_from(ADDRESSES).map(lambda text: {"outside": True, "address": parse_ip(text)})


@st.composite
def clusters(draw: st.DrawFn) -> Object:
    """Decoded objects by field of the cluster: namespaces and policies of each kind."""
    named = [
        {
            "metadata": {
                "name": name,
                "labels": {**draw(NAMESPACE_LABELS), "kubernetes.io/metadata.name": name},
            }
        }
        for name in NAMESPACES[:-1]
    ]
    return {
        "namespaces": named,
        "nodes": draw(
            st.just([])
            | st.just(
                [
                    {
                        "metadata": {"name": "n", "labels": {"app": "x"}},
                        "status": {"addresses": [{"address": "10.1.0.1"}]},
                    }
                ]
            )
        ),
        "networkPolicies": draw(st.lists(NETWORK_POLICY, max_size=4)),
        "adminNetworkPolicies": draw(st.lists(admin_policies(["Allow", "Deny", "Pass"], True), max_size=3)),
        "clusterNetworkPolicies": draw(st.lists(CLUSTER_POLICY, max_size=2)),
        "foreignPolicies": draw(st.just([]) | st.lists(FOREIGN_POLICY, max_size=2)),
        "options": draw(st.just({}) | OPTIONS),
        "baselineAdminNetworkPolicies": draw(st.lists(admin_policies(["Allow", "Deny"], False), max_size=1)),
    }
