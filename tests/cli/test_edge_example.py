"""examples/edge: what its Gateway lets in, and the addresses of both families that it is given."""

from __future__ import annotations

import json
from collections.abc import Callable

from support.command_line import ROOT, Ran

Kspec = Callable[..., Ran]
EDGE = ROOT / "examples" / "edge" / "edge.kspec"


def test_what_comes_in(kspec: Kspec) -> None:
    ran = kspec("verify", EDGE)
    assert ran.code == 0 and "3 hold" in ran.out, ran.out + ran.err
    ran = kspec("explain", "service", "shop/cart", EDGE)
    assert "the GRPCRoute shop/cart, by HTTPS on 443" in ran.out, ran.out
    assert "trafficDistribution PreferSameZone: ends in the zone of the client, else all" in ran.out


def test_addresses_of_both_families(kspec: Kspec) -> None:
    ran = kspec("plan", EDGE, "--format", "json")
    given = {r["object"]["name"]: r["given"] for r in json.loads(ran.out)["addresses"]["given"]}
    assert given["cart"] == {"clusterIP": "10.96.1.1", "clusterIPs[1]": "fd00:10:96::101"}
    assert given["db"] == {"clusterIP": "10.96.1.2"}
    assert given["worker-1"] == {"podCIDR": "10.244.1.0/24", "podCIDRs[1]": "fd00:10:244:1::/64"}
    pods = [its for its in given.values() if "podIP" in its]
    assert len(pods) == 9 and all("podIPs[1]" in its for its in pods)
