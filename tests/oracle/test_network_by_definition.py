"""Laws: of random networks kspec says what the API's own definitions say, worked out by brute force."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

import pytest
from oracle.network import PROTOCOLS, End, Network, blocks_in, outside, telling_addresses, telling_ports
from oracle.networks import NAMES, NODES, SPACES, VALUES, Networks, Raw
from oracle.said import Kspec, connections, written

NODE_ADDRESSES = {ipaddress.ip_address(a) for a in NODES.values()}
EXPECTED = {frozenset({True}): "open", frozenset({False}): "shut"}


def answer(network: Network, source: End, target: End, protocol: str, port: int) -> str:
    return EXPECTED.get(frozenset(network.verdicts(source, target, protocol, port)), "undetermined")


def ports_of(objects: list[Raw]) -> list[int]:
    return telling_ports([o for o in objects if o["kind"] != "Node"])


def outsiders(objects: list[Raw], network: Network) -> list[End]:
    taken = {p.address for p in network.pods} | NODE_ADDRESSES
    return [outside(a) for a in telling_addresses(objects) if ipaddress.ip_address(a) not in taken]


def pairs(network: Network, others: list[End]) -> Iterator[tuple[End, End]]:
    for a, b in product([*network.pods, *others], repeat=2):
        if a.address == b.address or (a.outside and b.outside):
            continue
        assert a.address is not None and b.address is not None
        if not (a.outside or b.outside) or a.address.version == b.address.version:
            yield a, b


@pytest.mark.parametrize("tiers", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_connect(kspec: Kspec, tmp_path: Path, seed: int, tiers: bool) -> None:
    draw = Random(seed)
    objects = Networks(draw, tiers).objects()
    network = Network(objects)
    ran = kspec("connect", written(tmp_path / "a.yaml", objects), "--by", "pod", "--format", "json")
    assert ran.code in (0, 3), ran.err
    document, ports = ran.json, ports_of(objects)
    for a, b in pairs(network, outsiders(objects, network)):
        for protocol in PROTOCOLS:
            for port in draw.sample(ports, min(4, len(ports))):
                found = connections(document, a, b, protocol, port)
                assert found == answer(network, a, b, protocol, port), (a, b, protocol, port)


@pytest.mark.parametrize("tiers", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_explain_connect(kspec: Kspec, tmp_path: Path, seed: int, tiers: bool) -> None:
    draw = Random(seed)
    objects = Networks(draw, tiers).objects()
    network = Network(objects)
    path = written(tmp_path / "a.yaml", objects)
    many = list(pairs(network, outsiders(objects, network)))
    for a, b in draw.sample(many, min(5, len(many))):
        protocol, port = draw.choice(PROTOCOLS), draw.choice(ports_of(objects))
        ran = kspec("explain", "connect", a.id, b.id, f"{port}/{protocol}", path, "--format", "json")
        (story,) = ran.json["stories"]
        assert story["verdict"] == answer(network, a, b, protocol, port), (a, b, protocol, port)


# ---- every pod that could exist

LABELS = (None, *VALUES, "other")


def possible(objects: list[Raw], network: Network, node: str) -> Iterator[tuple[Network, End]]:
    """Pods of every sort that the policies can tell apart, in namespaces at hand and in a new one."""
    blocks = blocks_in(objects)
    sorts: dict[tuple[object, ...], str] = {}
    for end in outsiders(objects, network):
        assert end.address is not None
        within = [b.version == end.address.version and end.address in b for b in blocks]
        sorts.setdefault((end.address.version, *within), str(end.address))
    spaces = [(network, name) for name in SPACES]
    for env in LABELS:
        labels = {} if env is None else {"env": env}
        new = {"kind": "Namespace", "metadata": {"name": "z", "labels": labels}}
        spaces.append((Network([*objects, new]), "z"))
    for (its, space), app, tier, address in product(spaces, LABELS, LABELS, sorts.values()):
        own = {k: v for k, v in (("app", app), ("tier", tier)) if v is not None}
        yield its, End("new", space, own, ipaddress.ip_address(address), node=node)


@pytest.mark.slow
@pytest.mark.parametrize("out", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_proved_has_no_counterexample_and_what_is_violated_has_one(
    kspec: Kspec, tmp_path: Path, seed: int, out: bool
) -> None:
    draw = Random(seed)
    objects = Networks(draw).objects()
    network = Network(objects)
    mine, protocol = draw.choice(network.pods), draw.choice(PROTOCOLS)
    low, high = sorted(draw.sample(ports_of(objects), 2))
    end = f"pod/{mine.id}"
    asked = f"endpoint({end}), p" if out else f"p, {end}"
    text = (
        f'prove "x": forall p in pods, port in {low}..{high} where p.namespace != "b": !reaches({asked}, port'
    )
    (tmp_path / "b.kspec").write_text(f'{text}, "{protocol}")\n')
    path = written(tmp_path / "a.yaml", objects)
    ran = kspec("verify", path, tmp_path / "b.kspec", "--format", "json")
    ports = [p for p in ports_of(objects) if low <= p <= high]
    found = any(
        its.verdicts(*((mine, other) if out else (other, mine)), protocol, port) == {True}
        for its, pod in possible(objects, network, mine.node)
        if pod.namespace != "b"
        for port in ports
        for other in (pod, *(_declaring(pod, port, protocol) if out else ()))
    )
    assert ran.json["results"][0]["verdict"] == ("violated" if found else "holds")


def _declaring(pod: End, port: int, protocol: str) -> Iterator[End]:
    for names in [(n,) for n in NAMES] + [NAMES]:
        ports = tuple((n, port, protocol) for n in names)
        yield End(pod.id, pod.namespace, pod.labels, pod.address, ports, node=pod.node)
