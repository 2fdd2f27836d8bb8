"""Laws: no member of a domain that a test thinks of refutes what `holds`; what is `violated` is so for its
witness, and again for the objects that the witness is, once they are applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir.evaluate import evaluate, evaluate_rule
from kspec.ir.properties import Property
from kspec.ir.types import TypeTable
from kspec.resources.load import load_library, load_workspace
from kspec.runtime.ip import parse_ip
from kspec.runtime.values import EvalError
from kspec.solve import query
from kspec.solve.units import units
from kspec.solve.verdict import Holds, Violated
from kspec.verify.cluster import Defaulting, Object, with_objects
from kspec.verify.properties import verify_property
from kspec.verify.setting import Setting, standard_setting

NETWORK = """
prove "none": forall p in pods, q in pods, port in 1..65535: !reaches(p, q, port)
prove "same namespace": forall p in pods, q in pods, port in 1..65535:
  reaches(p, q, port) implies p.namespace == q.namespace
prove "labelled": forall p in pods, q in pods: reaches(p, q, 80) implies p.labels["app"] == "web"
prove "udp": forall p in pods, q in pods where q.namespace == "shop": !reaches(p, q, 53, "UDP")
prove "both ways": forall p in pods, q in pods: reaches(p, q, 80) == reaches(q, p, 80)
prove "family": forall p in pods, q in pods, port in 1..65535:
  reaches(p, q, port) implies p.address.family() == q.address.family()
prove "port": forall p in pods, q in pods, port in 1..65535 where q.namespace == "shop":
  reaches(p, q, port) implies port == 80 || (80 < port && port <= 90) || q.ports.exists(c, c.name == "http")
prove "namespace labels": forall p in pods, q in pods
  where p.namespace == q.namespace && p.namespace != "shop":
  has(p.namespaceLabels.team) == has(q.namespaceLabels.team) && (reaches(p, q, 80) || q.labels["app"] == "db")
prove "at hand": forall e in network.endpoints(), p in pods, port in 79..91: !reaches(p, e, port)
prove "some": exists p in pods, q in pods, port in 1..65535:
  q.namespace == "shop" && reaches(p, q, port) && !reaches(q, p, port)
forbid "any": exists p in pods, q in pods:
  [80, 443].exists(port, reaches(p, q, port)) && p.namespace == "other"
prove "closed outside": forall p in pods where p.ports.all(c, c.hostPort == 0): !exposed(p)
prove "exposed on": forall p in pods, port in 1..65535:
  exposed(p, port) implies port == 80 || p.ports.exists(c, c.containerPort == port)
prove "services": forall p in pods:
  cluster.services.exists(s, reaches(p, s, 8080)) implies p.namespace == "shop"
prove "isolated": forall p in pods where p.namespace == "shop": isolated(p, "Ingress") || reaches(p, p, 80)
prove "outside": forall p in pods, port in 79..91: network.outsiders().all(o, !reaches(o, p, port))
prove "three": forall p in pods, q in pods, r in pods:
  reaches(p, q, 80) && reaches(q, r, 80) implies reaches(p, r, 80)
"""

ACCESS = """
prove "alice": forall s in subjects: can(s, "get", "secrets", "shop") implies s.user == "alice"
prove "ops": forall s in subjects: can(s, "delete", "pods") implies "ops" in s.groups
prove "no more": forall s in subjects:
  can(s, "get", "secrets", "shop") implies can(s, "list", "secrets", "shop") || s.groups.exists(g, g == "ops")
forbid "names": exists s in subjects where s.user != "alice": can(s, "get", "pods", "shop", "", "one")
prove "logs": exists s in subjects:
  can(s, "get", "pods", "shop", "", "", "log") && !can(s, "get", "pods", "shop")
prove "two": forall s in subjects, t in subjects:
  can(s, "get", "pods", "shop") == can(t, "get", "pods", "shop")
"""


@dataclass(frozen=True)
class World:
    properties: Mapping[str, Property]
    setting: Setting
    table: TypeTable


@cache
def world(text: str) -> World:
    library = load_library()
    with TemporaryDirectory() as folder:
        path = Path(folder, "properties.kspec")
        path.write_text(text)
        found = load_workspace([str(path)], library=library)
    assert found.ok, found.diagnostics
    table = library.types(found.table)
    return World({p.title: p for p in found.properties}, standard_setting(table, found.rules), table)


@cache
def defaulting(table_of: str) -> Defaulting:
    from kspec.model.defaults import Defaults
    from kspec.model.rules import call_function
    from kspec.model.standard import standard_rules
    from kspec.runtime.rulebook import load_rulebook

    table = world(table_of).table
    defaults = Defaults(table, standard_rules(load_rulebook(), table))
    return lambda record, obj: defaults.applied(record, obj, lambda rule, value: call_function(rule, value))


# ---------------------------------------------------------------- objects at hand

few = st.sampled_from
KEYS, VALUES, TEAMS, NAMES = ("app", "tier"), ("web", "db", ""), ("a", "b"), ("shop", "dev")
BLOCKS = (
    ("10.0.0.0/8", ["10.1.0.0/16"]), ("0.0.0.0/0", []), ("::/0", ["fd00::/8"]), ("10.0.0.1/32", []),
    ("fd00::/8", []),
)  # fmt: skip


def requirement(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[Object]:
    listed = st.fixed_dictionaries(
        {
            "key": few(keys),
            "operator": few(("In", "NotIn")),
            "values": st.lists(few(values), min_size=1, max_size=2),
        }
    )
    return listed | st.fixed_dictionaries({"key": few(keys), "operator": few(("Exists", "DoesNotExist"))})


def selector(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.dictionaries(few(keys), few(values), max_size=1),
            "matchExpressions": st.lists(requirement(keys, values), max_size=2),
        },
    )


pod_selector = selector(KEYS, VALUES)
namespace_selector = selector(("team",), TEAMS) | selector(
    ("kubernetes.io/metadata.name",), (*NAMES, "other")
)
peer = (
    st.fixed_dictionaries({"podSelector": pod_selector})
    | st.fixed_dictionaries({"namespaceSelector": namespace_selector}, optional={"podSelector": pod_selector})
    | few(BLOCKS).map(lambda b: {"ipBlock": {"cidr": b[0], "except": b[1]}})
)
port = (
    st.fixed_dictionaries(
        {}, optional={"protocol": few(("TCP", "UDP")), "port": few((80, 443, "http", "dns"))}
    )
    | st.just({"port": 80, "endPort": 90})
)  # fmt: skip


def rule(ends: str) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {}, optional={ends: st.lists(peer, max_size=2), "ports": st.lists(port, max_size=2)}
    )


policy_spec = st.fixed_dictionaries(
    {},
    optional={
        "podSelector": pod_selector,
        "ingress": st.lists(rule("from"), max_size=2),
        "egress": st.lists(rule("to"), max_size=2),
        "policyTypes": few([[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
    },
)


service_spec = st.fixed_dictionaries(
    {"type": few(("ClusterIP", "NodePort", "LoadBalancer"))},
    optional={
        "selector": st.dictionaries(few(KEYS), few(VALUES), min_size=1, max_size=1),
        "clusterIP": few(("None", "10.96.0.9", "fd01::9")),
        "externalTrafficPolicy": few(("Cluster", "Local")),
        "loadBalancerSourceRanges": few([[], ["10.0.0.0/8"]]),
        "ipFamilies": few([["IPv4"], ["IPv6"], ["IPv4", "IPv6"]]),
    },
).flatmap(
    lambda spec: few((80, "http", 443)).map(lambda p: {**spec, "ports": [{"port": 8080, "targetPort": p}]})
)
ranges = few([{"number": 80}, {"range": {"start": 80, "end": 90}}])
protocol = few(("tcp", "udp")).flatmap(lambda p: ranges.map(lambda r: {p: {"destinationPort": r}}))
admin_peer = (
    st.fixed_dictionaries({"namespaces": namespace_selector})
    | st.fixed_dictionaries({"namespaceSelector": namespace_selector, "podSelector": pod_selector}).map(
        lambda p: {"pods": p}
    )
    | st.just({})
)
networks_peer = few([["10.0.0.0/8"], ["0.0.0.0/0", "::/0"]]).map(lambda n: {"networks": n})


def cluster_rule(ends: str, peers: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {"action": few(("Accept", "Deny", "Pass")), ends: st.lists(peers, min_size=1, max_size=2)},
        optional={"protocols": st.lists(protocol | st.just({"destinationNamedPort": "http"}), max_size=2)},
    )


cluster_policy_spec = st.fixed_dictionaries(
    {
        "tier": few(("Admin", "Baseline")),
        "priority": few((1, 2)),
        "subject": st.fixed_dictionaries({"namespaces": namespace_selector}),
    },
    optional={
        "ingress": st.lists(cluster_rule("from", admin_peer), max_size=2),
        "egress": st.lists(cluster_rule("to", admin_peer | networks_peer), max_size=2),
    },
)


def named(kind: str, version: str, name: str, namespace: str = "", **body: object) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


@st.composite
def networks(draw: st.DrawFn) -> list[Object]:
    made = [
        named("NetworkPolicy", "networking.k8s.io/v1", f"np{n}", draw(few(NAMES)), spec=draw(policy_spec))
        for n in range(draw(st.integers(0, 3)))
    ]
    made += [
        named("Service", "v1", f"s{n}", draw(few(NAMES)), spec=draw(service_spec))
        for n in range(draw(st.integers(0, 1)))
    ]
    made += [
        named(
            "ClusterNetworkPolicy",
            "policy.networking.k8s.io/v1alpha2",
            f"c{n}",
            spec=draw(cluster_policy_spec),
        )
        for n in range(draw(st.integers(0, 2)))
    ]
    for name in NAMES:
        if draw(st.booleans()):
            space = named("Namespace", "v1", name)
            space["metadata"]["labels"] = draw(st.dictionaries(st.just("team"), few(TEAMS), max_size=1))
            made.append(space)
    pod = named("Pod", "v1", "here", "shop", spec={"containers": [{"name": "c", "image": "i"}]})
    pod["metadata"]["labels"] = {"app": draw(few(VALUES))}
    if draw(st.booleans()):
        pod["spec"]["hostNetwork"] = draw(st.booleans())
    return [*made, pod]


subject = few([
    {"kind": "User", "name": "alice"}, {"kind": "User", "name": "*"}, {"kind": "Group", "name": "ops"},
    {"kind": "Group", "name": "system:authenticated"}, {"kind": "ServiceAccount", "name": "sa"},
    {"kind": "ServiceAccount", "name": "sa", "namespace": "shop"},
])  # fmt: skip
policy_rule = st.fixed_dictionaries(
    {
        "apiGroups": few([[""], ["*"], ["apps"], ["", "apps"]]),
        "resources": few(
            [["pods"], ["secrets"], ["*"], ["pods/log"], ["*/log"], ["pods", "secrets"], ["pods/*"]]
        ),
        "verbs": few([["get"], ["*"], ["list", "delete"], ["get", "list"]]),
    },
    optional={"resourceNames": few([[], ["one"], ["*"], [""]])},
)


@st.composite
def accesses(draw: st.DrawFn) -> list[Object]:
    group = "rbac.authorization.k8s.io/v1"
    made = []
    for n in range(draw(st.integers(0, 3))):
        kind = draw(few(("Role", "ClusterRole")))
        rules = draw(st.lists(policy_rule, max_size=2))
        made.append(named(kind, group, f"r{n}", "shop" if kind == "Role" else "", rules=rules))
    for n in range(draw(st.integers(0, 3))):
        kind = draw(few(("RoleBinding", "ClusterRoleBinding")))
        ref = {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": draw(few(("Role", "ClusterRole"))),
            "name": f"r{draw(st.integers(0, 2))}",
        }
        space = "" if kind == "ClusterRoleBinding" else draw(few(NAMES))
        subjects = draw(st.lists(subject, max_size=2))
        made.append(named(kind, group, f"b{n}", space, roleRef=ref, subjects=subjects))
    return made


# ---------------------------------------------------------------- members to try

ADDRESSES = tuple(map(parse_ip, ("10.0.0.1", "10.1.2.3", "192.0.2.1", "fd00::1", "2001:db8::1", "10.0.0.2")))
PORTS: tuple[list[Object], ...] = (
    [], [{"name": "http", "containerPort": 80}], [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
    [{"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "http", "containerPort": 443}],
)  # fmt: skip
NUMBERS = (1, 53, 79, 80, 81, 90, 91, 443, 8080, 65535)


def some_pod(random: Random, name: str, cluster: Mapping[str, Any]) -> Object:
    space = random.choice((*NAMES, "other"))
    own = {"kubernetes.io/metadata.name": space}
    known = [n["metadata"]["labels"] for n in cluster.get("namespaces", ()) if n["metadata"]["name"] == space]
    team = random.choice((None, *TEAMS, "c"))
    free = own if team is None else {**own, "team": team}
    return {
        "name": name,
        "namespace": space,
        "labels": {key: random.choice((*VALUES, "new")) for key in KEYS if random.random() < 0.7},
        "namespaceLabels": known[0] if known else free,
        "address": random.choice(ADDRESSES),
        "ports": random.choice(PORTS),
    }


def some_subject(random: Random, name: str, cluster: Mapping[str, Any]) -> Object:
    user = random.choice(
        ("alice", "*", "bob", "system:serviceaccount:shop:sa", "system:serviceaccount:dev:sa")
    )
    return {
        "user": user,
        "groups": [g for g in ("ops", "system:authenticated", "x") if random.random() < 0.4],
    }


def tries(
    prop: Property, cluster: Object, setting: Setting, make: Callable[..., Object], random: Random
) -> Iterator[dict[str, Any]]:
    """Members that could exist at the same time, and numbers; the last may be the first once more."""
    listed = next((q for q in prop.quantifiers if q.members is not None), None)
    members = [None] if listed is None else evaluate(listed.members, {"cluster": cluster}, setting.rules)
    assert isinstance(members, list)
    while True:
        env: dict[str, Any] = {"cluster": cluster}
        for q in prop.quantifiers:
            if q.domain:
                env[q.name] = make(random, q.name, cluster)
            elif q.members is not None:
                env[q.name] = random.choice(members) if members else None
            else:
                low, high = (evaluate(e, {}, {}) for e in (q.low, q.high) if e is not None)
                env[q.name] = random.choice([n for n in (*NUMBERS, low, high) if low <= n <= high])
        free = [q.name for q in prop.quantifiers if q.domain]
        if len(free) > 1 and random.random() < 0.2:
            env[free[-1]] = env[free[0]]
        yield env


def possible(prop: Property, env: Mapping[str, Any], setting: Setting) -> bool:
    """By the rules of the domain; two pods have two addresses of one family, a namespace its labels."""
    free = {id(env[q.name]): (q, env[q.name]) for q in prop.quantifiers if q.domain}
    for q, value in free.values():
        found = evaluate_rule(setting.rules[q.domain], (value, env["cluster"]), setting.rules)
        assert isinstance(found, dict)
        if not found["valid"]:
            return False
    ends = [value for _, value in free.values() if "address" in value]
    spaces = {e["namespace"]: e["namespaceLabels"] for e in ends}
    if len({e["address"].version for e in ends}) > 1:
        return False
    return len({str(e["address"]) for e in ends}) == len(ends) and all(
        spaces[e["namespace"]] == e["namespaceLabels"] for e in ends
    )


def held(prop: Property, env: Mapping[str, Any], setting: Setting) -> bool | None:
    """By the evaluator; an error is no yes; None: it depends on what nobody knows."""
    try:
        return evaluate(prop.holds, env, setting.rules) is True
    except EvalError as error:
        return None if error.code == "undetermined" else False


# ---------------------------------------------------------------- the laws


def check(
    text: str, title: str, objects: list[Object], make: Callable[..., Object], seed: int, tried: int
) -> None:
    here = world(text)
    prop, setting = here.properties[title], here.setting
    cluster = with_objects({}, objects, here.table, defaulting(text))
    verdict = verify_property(prop, cluster, setting)
    decided_by_one = Holds if prop.some else Violated
    if isinstance(verdict, decided_by_one):
        assert verdict.witness is not None
        env = {"cluster": cluster, **verdict.witness.values}
        assert held(prop, env, setting) is prop.some
        applied = with_objects(cluster, verdict.witness.objects, here.table, defaulting(text))  # type: ignore[arg-type]
        again = {**as_applied(prop, env, applied, setting), "cluster": applied}
        assert held(prop, again, setting) is prop.some
    elif isinstance(verdict, (Holds, Violated)):
        for env in islice(tries(prop, cluster, setting, make, Random(seed)), tried):
            if possible(prop, env, setting):
                assert held(prop, env, setting) is not prop.some, env


def as_applied(prop: Property, env: Mapping[str, Any], applied: Object, setting: Setting) -> dict[str, Any]:
    """The members of `pods` as the ends that the applied pods are; other members as they are."""
    made = dict(env)
    for q in prop.quantifiers:
        if q.domain == "network/pods":
            value = env[q.name]
            (pod,) = [
                p
                for p in applied["pods"]
                if (p["metadata"]["namespace"], p["metadata"]["name"]) == (value["namespace"], value["name"])
            ]
            end = evaluate_rule(setting.rules["network/endpoint"], (pod,), setting.rules)
            assert isinstance(end, dict)
            made[q.name] = {**end, "namespaceLabels": value["namespaceLabels"]}
    return made


@settings(max_examples=40)
@given(few(sorted(world(NETWORK).properties)), networks(), st.integers(0, 10**6))
def test_verdicts_on_networks(title: str, objects: list[Object], seed: int) -> None:
    check(NETWORK, title, objects, some_pod, seed, 40)


@settings(max_examples=40)
@given(few(sorted(world(ACCESS).properties)), accesses(), st.integers(0, 10**6))
def test_verdicts_on_access(title: str, objects: list[Object], seed: int) -> None:
    check(ACCESS, title, objects, some_subject, seed, 40)


@pytest.mark.slow
@settings(max_examples=200)
@given(few(sorted(world(NETWORK).properties)), networks(), st.integers(0, 10**6))
def test_many_verdicts_on_networks(title: str, objects: list[Object], seed: int) -> None:
    check(NETWORK, title, objects, some_pod, seed, 150)


@pytest.mark.slow
@settings(max_examples=200)
@given(few(sorted(world(ACCESS).properties)), accesses(), st.integers(0, 10**6))
def test_many_verdicts_on_access(title: str, objects: list[Object], seed: int) -> None:
    check(ACCESS, title, objects, some_subject, seed, 150)


# ---------------------------------------------------------------- what follows from what is assumed


def check_in_place(title: str, objects: list[Object]) -> None:
    """The verdict is the same where nothing that follows is put in place before the goal is read."""
    here = world(NETWORK)
    cluster = with_objects({}, objects, here.table, defaulting(NETWORK))
    found = verify_property(here.properties[title], cluster, here.setting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "units", lambda assumed: {})
        assert type(verify_property(here.properties[title], cluster, here.setting)) is type(found)


@pytest.mark.slow
@settings(max_examples=25)
@given(few(sorted(world(NETWORK).properties)), networks())
def test_proofs_with_and_without_what_follows(title: str, objects: list[Object]) -> None:
    check_in_place(title, objects)


def test_what_does_not_follow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = named("NetworkPolicy", "networking.k8s.io/v1", "n", "shop", spec={"policyTypes": ["Egress"]})
    check_in_place("none", [closed])
    monkeypatch.setattr(query, "units", lambda assumed: {**units(assumed), "p.namespace": "shop"})
    with pytest.raises(AssertionError):
        check_in_place("none", [closed])
