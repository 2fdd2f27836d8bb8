"""Laws: without all that is found superfluous the evaluator says the same of every connection of a grid that
tells apart all that the policies can; without anything else, it says something else of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pytest

from kspec.resources.load import load_library
from kspec.resources.types import load_types
from kspec.runtime.ip import parse_ip
from kspec.runtime.rulebook import load_rulebook
from kspec.verify.network.needed import Needed
from kspec.verify.network.parts import Parts
from kspec.verify.network.superfluous import Removal, Superfluous
from kspec.verify.setting import Setting, standard_setting
from kspec.verify.switches import Path, elements, siblings, without

Value = dict[str, Any]
OWN = "kubernetes.io/metadata.name"
LISTS = ((), ("spec", "ingress"), ("spec", "egress"), ("spec", "ingress", "from"), ("spec", "egress", "to"))
PORTS = (("spec", "ingress", "ports"), ("spec", "egress", "ports"))
BLOCKS = (
    {"cidr": "10.0.0.0/8"},
    {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]},
    {"cidr": "fd00::/8"},
    {"cidr": "0.0.0.0/0"},
)


@cache
def setting() -> Setting:
    return standard_setting(load_library().types(load_types()), timeout=60)


def selector(draw: Random) -> Value:
    terms: list[Value] = [
        {},
        {"matchLabels": {"app": "a"}},
        {"matchLabels": {"app": "b"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]},
        {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
        {
            "matchLabels": {"app": "a"},
            "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}],
        },
    ]
    return draw.choice(terms)


def peer(draw: Random) -> Value:
    return draw.choice(
        [
            {"podSelector": selector(draw)},
            {"namespaceSelector": {}},
            {"namespaceSelector": {"matchLabels": {"team": "x"}}, "podSelector": selector(draw)},
            {"ipBlock": draw.choice(BLOCKS)},
        ]
    )


def port(draw: Random) -> Value:
    return draw.choice(
        [
            {"protocol": "TCP", "port": 80},
            {"protocol": "TCP", "port": 80, "endPort": 90},
            {"protocol": "UDP"},
            {"protocol": "TCP", "port": "web"},
        ]
    )


def policy(draw: Random, number: int) -> Value:
    def rules(peers: str) -> list[Value]:
        return [
            {
                peers: [peer(draw) for _ in range(draw.randint(0, 2))],
                "ports": [port(draw) for _ in range(draw.randint(0, 2))],
            }
            for _ in range(draw.randint(0, 2))
        ]

    types = draw.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
    spec = {
        "podSelector": selector(draw),
        "policyTypes": types,
        "ingress": rules("from"),
        "egress": rules("to"),
    }
    return {"metadata": {"name": f"p{number}", "namespace": "shop"}, "spec": spec}


def ends() -> Iterator[Value]:
    """Pods of both namespaces with each label that is told apart, and addresses of each block."""
    addresses = [parse_ip(text) for text in ("10.0.0.9", "10.1.0.9", "172.16.0.9", "fd00::9", "2001:db8::9")]
    named = [[{"name": "web", "containerPort": n, "protocol": "TCP"}] for n in (85, 91)]
    spaces = (("shop", {OWN: "shop"}), ("far", {OWN: "far", "team": "x"}), ("off", {OWN: "off"}))
    for (space, labels), app, address, ports in product(spaces, ("a", "b", "c", ""), addresses, ([], *named)):
        own = {"app": app} if app else {}
        yield {
            "name": "p",
            "namespace": space,
            "namespaceLabels": labels,
            "labels": own,
            "address": address,
            "ports": ports,
        }
    yield from ({"outside": True, "address": address} for address in addresses)


def said(cluster: Mapping[str, object]) -> list[tuple[bool, ...]]:
    """What may enter and leave one pod of each sort."""
    enter, leave = (load_rulebook().get(f"network/{name}") for name in ("mayEnter", "mayLeave"))
    assert enter is not None and leave is not None
    own = [e for e in ends() if e.get("namespace") == "shop"]
    return [
        (enter(x, s, n, protocol, cluster), leave(s, x, n, protocol, cluster))
        for s in own
        if str(s["address"]) in ("10.0.0.9", "fd00::9")
        for x in ends()
        for n, protocol in ((80, "TCP"), (85, "TCP"), (90, "TCP"), (91, "TCP"), (53, "UDP"), (80, "SCTP"))
        if x["address"].version == s["address"].version
    ]


def parts_of(cluster: Mapping[str, Any]) -> list[Path]:
    """All that could be taken away of NetworkPolicies."""
    parts: list[Path] = []
    for fields in (*LISTS, *PORTS):
        found = elements(cluster, ("networkPolicies", *fields))
        parts += [p for p in found if len(fields) < 3 or siblings(cluster, p) > 1]
    return parts


@pytest.mark.parametrize("seed", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (5, 9, 13))])
def test_with_connections_that_are_guessed_the_same_is_found(seed: int) -> None:
    """Guesses only spare the solver questions, also once others have gone."""
    draw, book = Random(seed), load_rulebook()
    cluster = {"networkPolicies": [policy(draw, n) for n in range(3)]}
    parts = parts_of(cluster)
    needed = Needed(cluster, Parts(book, setting().table).kinds, book)
    guessed = needed.shown(parts)
    assert guessed
    plain = Removal(cluster, tuple(parts), setting())
    helped = Removal(cluster, tuple(parts), setting(), needed, guessed)
    found = [[path for path in parts if isinstance(r.ask(path), Superfluous)] for r in (plain, helped)]
    assert found[0] == found[1]
    assert not guessed.keys() & set(found[0][:1])


def test_policies_that_may_not_govern_one_pod_govern_none_together() -> None:
    """The rule that narrows questions agrees with the one that says whom a policy is about."""
    may, about = (load_rulebook().get(f"network/{name}") for name in ("mayGovernOne", "subjectOf"))
    assert may is not None and about is not None
    draw = Random(3)
    policies = [policy(draw, n) for n in range(60)]
    of = [{n for n, end in enumerate(ends()) if about(each, end)} for each in policies]
    apart = [
        (a, b) for a, one in enumerate(policies) for b, other in enumerate(policies) if not may(one, other)
    ]
    assert apart
    assert not any(of[a] & of[b] for a, b in apart)


@pytest.mark.parametrize("seed", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, 3))])
def test_what_is_superfluous_is_so_for_the_evaluator_and_nothing_else_is(seed: int) -> None:
    draw = Random(seed)
    cluster = {"networkPolicies": [policy(draw, n) for n in range(3)]}
    parts = parts_of(cluster)
    removal = Removal(cluster, tuple(parts), setting())
    gone = [path for path in parts if isinstance(removal.ask(path), Superfluous)]
    before = said(cluster)
    assert said(without(cluster, gone)) == before  # type: ignore[arg-type]
    for path in parts:
        if path not in gone and not any(path[: len(g)] == g for g in gone):
            assert said(without(cluster, [*gone, path])) != before, path  # type: ignore[arg-type]
