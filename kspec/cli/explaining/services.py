"""Knows how what the rules tell of a Service is printed: its addresses and names, who reaches it, what stands
behind it, and what kube-proxy makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.cli import exits
from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session
from kspec.report.style import Style
from kspec.source import Diagnostic, DiagnosticError

NO_SERVICE = "KS1931"
SERVICES = "services"
FAMILIES = (4, 6)
Story = Mapping[str, Any]
Call = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which Service, and whether kube-proxy's rules are wanted, as the node of this name has them."""

    name: str
    iptables: bool = False
    node: str = ""


def explain_services(session: Session, wish: Wish, paths: Sequence[str], options: ClusterOptions) -> int:
    """The stories of all Services of that name."""
    from kspec.cli.inputs import load_accepted
    from kspec.cli.verifying import Verification
    from kspec.runtime.rulebook import load_rulebook

    inputs = load_accepted(session, paths, options)
    cluster = Verification(inputs, 0).cluster
    book = load_rulebook()

    def calls_on(seen: Mapping[str, Any]) -> Call:
        def call(rule: str, *args: object) -> Any:
            found = book.get(f"network/{rule}")
            assert found is not None, rule
            return found.fn(*args, seen)

        return call

    known = cluster.get(SERVICES) or []
    meant = [s for s in known if wish.name in (_name(s), _name(s).partition("/")[2])]
    if not meant:
        raise DiagnosticError([_no_service(wish.name, [_name(s) for s in known])])
    stories = [_story(service, wish, calls_on(cluster)) for service in meant]
    if wish.iptables and any(not s["nat"] and not s["filter"] for s in stories):
        from kspec.cli.explaining.planned import planned_cluster

        planned, assumed = planned_cluster(session, inputs, options, cluster)
        for story in stories:
            if not story["nat"] and not story["filter"]:
                _proxy_as_planned(story, planned, assumed, wish, calls_on(planned))
    if session.json:
        session.document("explain", {"topic": "service", "name": wish.name, "services": stories})
    else:
        session.result("\n\n".join("\n".join(_text(s, session.style)) for s in stories))
    return exits.OK


def _name(obj: Mapping[str, Any]) -> str:
    metadata = obj["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


def _story(service: dict[str, Any], wish: Wish, call: Call) -> dict[str, Any]:
    """What the rules tell, without absent fields; with kube-proxy's lines if they are wanted."""
    told = call("serviceStory", service)
    made = {
        **{k: told.get(k) or "" for k in ("namespace", "name", "type")},
        **{k: list(told.get(k) or ()) for k in ("addresses", "names", "inside", "outside")},
        "selector": dict(told.get("selector") or {}),
        "ends": "" if call("endsKnown", service) else "not known: none are at hand",
        "ports": [_port(p, service, call) for p in told.get("ports") or ()],
    }
    return {**made, **_proxy(service, wish, call)} if wish.iptables else made


def _proxy(service: dict[str, Any], wish: Wish, call: Call) -> dict[str, list[str]]:
    """What kube-proxy makes of a Service on the node."""
    views = [call("proxyView", service, wish.node, family) for family in FAMILIES]
    made = {}
    for table in ("nat", "filter"):
        lines = [line for found in views for view in found for line in view.get(table) or ()]
        made[table] = list(dict.fromkeys(lines))
    return made


def _proxy_as_planned(
    story: dict[str, Any], planned: Mapping[str, Any], assumed: Sequence[str], wish: Wish, call: Call
) -> None:
    """Where no address is at hand: kube-proxy's rules with those that a plan gives. No other word changes."""
    name = f"{story['namespace']}/{story['name']}"
    for service in planned.get(SERVICES) or []:
        if _name(service) == name:
            made = _proxy(service, wish, call)
            if made["nat"] or made["filter"]:
                story |= {**made, "assumptions": list(assumed)}


def _port(told: Story, service: dict[str, Any], call: Call) -> dict[str, Any]:
    from kspec.runtime.values import EvalError

    try:
        served = "yes" if call("serves", service, told["port"], told["protocol"]) else "no"
    except EvalError as error:
        served = error.message
    return {
        "name": told.get("name") or "",
        "port": told["port"],
        "protocol": told["protocol"],
        "target": told["target"],
        "nodePort": told.get("nodePort") or 0,
        "served": served,
        "backends": [_backend(b) for b in told.get("backends") or ()],
    }


def _backend(told: Story) -> dict[str, Any]:
    return {
        **{k: told.get(k) or "" for k in ("namespace", "name", "address", "node", "kind")},
        "port": told["port"],
        **{k: bool(told.get(k)) for k in ("ready", "terminating", "used")},
        "policies": list(told.get("policies") or ()),
    }


def _no_service(name: str, there: list[str]) -> Diagnostic:
    from difflib import get_close_matches

    near = get_close_matches(name, there, n=3, cutoff=0.4) or sorted(there)[:3]
    return Diagnostic(
        NO_SERVICE,
        f"there is no Service `{name}`",
        help=f"there are {', '.join(near)}" if near else "there is no Service at all",
    )


# ---------------------------------------------------------------- text


def _text(story: Story, style: Style) -> list[str]:
    where = ", ".join(story["addresses"]) or ("" if story["type"] != "ClusterIP" else "address not given")
    title = style.bold(f"Service {story['namespace']}/{story['name']}")
    lines = [f"{title}  {story['type']}  {where}".rstrip()]
    selector = ", ".join(f"{k}={v}" for k, v in sorted(story["selector"].items()))
    lines.append(f"  selects {selector}" if selector else "  has no selector")
    lines += [f"  {line}" for line in story["inside"]]
    lines.append("  from outside through:" if story["outside"] else "  not reached from outside")
    lines += [f"    {line}" for line in story["outside"]]
    lines.append("  names")
    lines += [f"    {name}" for name in story["names"]]
    for port in story["ports"]:
        lines += _port_text(port, story["ends"], style)
    for table in ("nat", "filter"):
        if story.get(table):
            lines += [f"  *{table}", *(f"    {line}" for line in story[table])]
    if story.get("assumptions"):
        lines.append("  none of the addresses above is at hand: they are as a plan gives them")
        lines += [f"    {line}" for line in story["assumptions"]]
    if "nat" in story and not story["nat"] and not story["filter"]:
        lines.append("  kube-proxy has no rules for it: no address of it or of its ends is at hand")
    return lines


def _port_text(port: Story, ends: str, style: Style) -> list[str]:
    named = f"{port['name']} " if port["name"] else ""
    node = f", on nodes {port['nodePort']}" if port["nodePort"] else ""
    head = f"  port {named}{port['port']}/{port['protocol']} -> {port['target']}{node}"
    if ends:
        return [head, f"    its ends are {ends}"]
    if not port["backends"]:
        return [head, style.warn("    nothing stands behind it")]
    rows = [_backend_row(b) for b in port["backends"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [head]
    for row, backend in zip(rows, port["backends"], strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(f"    {line if backend['used'] else style.dim(line)}")
    if port["served"] == "no":
        lines.append(style.warn("    no end at hand and no address outside may enter any of them"))
    return lines


def _backend_row(backend: Story) -> tuple[str, str, str, str]:
    name = "/".join(part for part in (backend["namespace"], backend["name"]) if part)
    kind = "" if backend["kind"] == "pod" else f" ({backend['kind']})"
    on = f" on {backend['node']}" if backend["node"] else ""
    port = str(backend["port"])
    at = (f"{backend['address']}:{port}" if backend["address"] else f"port {port}") + on
    state = "terminating" if backend["terminating"] else "ready" if backend["ready"] else "not ready"
    policies = f"closed but for {', '.join(backend['policies'])}" if backend["policies"] else "open to all"
    return name + kind, at, state, policies
