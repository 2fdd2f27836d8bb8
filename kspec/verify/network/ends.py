"""Knows the open values of a question about all connections there could be: two ends, a port, a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kspec.ir.types import INT, Record
from kspec.runtime.symbolic import ops
from kspec.runtime.symbolic.inputs import Shape
from kspec.solve.query import Reading
from kspec.solve.shapes import shape_of
from kspec.verify.setting import Setting

ENDPOINT = "network.Endpoint"
POSSIBLE, MEET = "network/isPossibleEnd", "network/mayMeet"
PORT_MAX = 65535
PROTOCOLS = ("TCP", "UDP", "SCTP")
ASSUMED = (
    "ends are all pods that could exist, with any labels, in any namespace, pods in the network of their "
    "node, and all addresses outside, of IPv4 and IPv6"
)

SHAPES: Mapping[str, Shape] = {
    "origin": shape_of(Record(ENDPOINT)),
    "destination": shape_of(Record(ENDPOINT)),
    "port": shape_of(INT, 1, PORT_MAX),
    "protocol": Shape("string", enum=PROTOCOLS),
}


def assumptions(setting: Setting, cluster: Mapping[str, Any]) -> list[tuple[str, Reading]]:
    """That both ends could exist, and could meet."""
    functions = setting.functions
    possible, meet = functions[POSSIBLE], functions[MEET]
    return [
        ("`origin` could exist", lambda **v: possible(v["origin"], cluster)),
        ("`destination` could exist", lambda **v: possible(v["destination"], cluster)),
        ("they could meet", lambda **v: meet(v["origin"], v["destination"])),
        ("there is a protocol", lambda **v: ops.call("!_", ops.call("_==_", v["protocol"], ""))),
    ]
