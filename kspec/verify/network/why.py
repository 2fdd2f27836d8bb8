"""Knows why one connection may pass or not: on each side the policies that are about the end, the rules of
them that match, and of those that do not how they miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kspec.runtime.ip import contains_ip, is_cidr, parse_cidr
from kspec.runtime.values import EvalError
from kspec.verify.network.columns import End
from kspec.verify.network.parts import DIRECTIONS, Object, Parts, Policy

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A peer or a port entry of a rule; `means`: does it mean the other end, or the port; None: not known.
    `far`: how far a peer that does not mean the end is from it, by its sort.
    """

    path: Path
    value: Object
    means: bool | None
    far: int = 0


@dataclass(frozen=True, slots=True)
class RuleStory:
    """A rule of a policy: its action (where its kind has any), and what its parts say."""

    policy: Policy
    path: Path
    action: str
    peers: tuple[Part, ...]
    ports: tuple[Part, ...]

    @property
    def peer(self) -> bool | None:
        return _some(self.peers)

    @property
    def port(self) -> bool | None:
        return _some(self.ports)

    @property
    def matches(self) -> bool | None:
        if self.peer is False or self.port is False:
            return False
        return True if self.peer and self.port else None

    @property
    def reasons(self) -> list[Path]:
        """The parts by which it matches; the rule itself, where it has no parts."""
        parts = [p.path for p in self.peers if p.means] + [p.path for p in self.ports if p.means]
        return parts or [self.path]


@dataclass(frozen=True, slots=True)
class SideStory:
    """One side of the connection. `verdict`: may it pass here; None with the reason: undetermined."""

    direction: str
    verdict: bool | None
    reason: str
    about: tuple[Policy, ...]
    rules: tuple[RuleStory, ...]

    @property
    def signature(self) -> object:
        policies = tuple(id(policy.object) for policy in self.about)
        reasons = tuple((id(rule.policy.object), tuple(rule.reasons)) for rule in self.deciding)
        near = self.nearest if self.verdict is False and not reasons else None
        missing = near and (id(near.policy.object), near.path, near.peer, near.port)
        return self.direction, self.verdict, bool(self.reason), policies, reasons, missing

    @property
    def deciding(self) -> list[RuleStory]:
        """The rules that match."""
        return [rule for rule in self.rules if rule.matches]

    @property
    def nearest(self) -> RuleStory | None:
        """Of the rules that let something pass, the one that misses by least."""
        candidates = [r for r in self.rules if r.matches is False and r.action in ("", "Allow", "Accept")]
        return min(candidates, key=_distance, default=None)


@dataclass(frozen=True, slots=True)
class Story:
    """A connection between two ends, side by side. `is_one_family`: have they addresses of one family?"""

    origin: End
    destination: End
    port: int
    protocol: str
    sides: tuple[SideStory, ...] = field(default=())
    is_one_family: bool = True

    @property
    def signature(self) -> object:
        """What is told of it: stories of one signature are one."""
        return self.verdict, self.is_one_family, tuple(side.signature for side in self.sides)

    @property
    def verdict(self) -> bool | None:
        if not self.is_one_family:
            return False
        verdicts = [side.verdict for side in self.sides]
        return False if False in verdicts else None if None in verdicts else True


def explain(parts: Parts, cluster: Object, origin: End, destination: End, port: int, protocol: str) -> Story:
    """The story of a connection."""
    policies = parts.policies(cluster)
    sides = []
    for direction in DIRECTIONS:
        may = parts.may[direction]
        verdict, reason = asked(may, origin, destination, port, protocol, cluster)
        subject, other = (origin, destination) if direction == "Egress" else (destination, origin)
        about = [
            p
            for p in policies
            if asked(p.kind.is_about, p.object, direction, subject, cluster)[0] is not False
        ]
        rules = [
            story
            for policy in about
            for story in _rules(policy, direction, other, destination, port, protocol, cluster)
        ]
        sides.append(SideStory(direction, verdict, reason, tuple(about), tuple(rules)))
    return Story(origin, destination, port, protocol, tuple(sides), can_meet(parts, origin, destination))


def reached(
    parts: Parts, cluster: Object, origin: End, destination: End, port: int, protocol: str
) -> bool | None:
    """The verdict alone."""
    if not can_meet(parts, origin, destination):
        return False
    said = [asked(may, origin, destination, port, protocol, cluster)[0] for may in parts.may.values()]
    return False if False in said else None if None in said else True


def can_meet(parts: Parts, origin: End, destination: End) -> bool:
    """Are their addresses of one family?"""
    return parts.is_one_family is None or parts.is_one_family(origin, destination) is True


def asked(function: Callable[..., object], *args: object) -> tuple[bool | None, str]:
    """What a rule says, or why it says nothing."""
    try:
        return function(*args) is True, ""
    except EvalError as error:
        return None, error.message


def _rules(
    policy: Policy, direction: str, other: End, destination: End, port: int, protocol: str, cluster: Object
) -> Iterator[RuleStory]:
    fields = policy.kind.fields.get(direction)
    for number, rule in enumerate(policy.rules(direction)):
        assert fields is not None
        path: Path = ("spec", fields.rules, number)
        peers = tuple(
            Part(
                (*path, fields.peers, i),
                peer,
                asked(fields.means_end, peer, policy.namespace, other, cluster)[0],
                _far(peer, other),
            )
            for i, peer in enumerate(rule.get(fields.peers) or ())
        )
        ports = tuple(
            Part(
                (*path, fields.ports, i),
                entry,
                asked(fields.means_port, entry, destination, port, protocol)[0],
            )
            for i, entry in enumerate(rule.get(fields.ports) or ())
        )
        yield RuleStory(policy, path, str(rule.get("action") or ""), peers, ports)


def _some(parts: tuple[Part, ...]) -> bool | None:
    """Does one of them mean it? Without any, everything is meant."""
    found = [part.means for part in parts]
    return True if not found or True in found else None if None in found else False


def _distance(rule: RuleStory) -> tuple[int, int, int]:
    """A rule that misses by its ports alone is nearer than one that misses by whom it means."""
    far = min((p.far for p in rule.peers), default=0) if rule.peer is False else 0
    return (2 if rule.peer is False else 0) + (1 if rule.port is False else 0), far, len(rule.peers)


def _far(peer: Object, end: End) -> int:
    """A block that names the address and takes it out again is nearest; then what is of the end's sort."""
    address = end.get("address")
    texts = [(peer.get("ipBlock") or {}).get("cidr"), *(peer.get("networks") or ())]
    blocks = [parse_cidr(text) for text in texts if text and is_cidr(text)]
    if address is not None and any(contains_ip(block, address) for block in blocks):
        return 0
    if not end.get("outside"):
        return 2 if blocks else 1
    of_family = any(address is not None and block.address.version == address.version for block in blocks)
    return 1 if of_family else 2 if blocks else 3


# ---------------------------------------------------------------- how a peer misses


def misses(peer: Object, policy: Policy, end: End, namespace_labels: Mapping[str, str] | None) -> list[str]:
    """What would have to be different for the peer to mean this end, in words; [] if nothing can be said."""
    taken_out = _taken_out(peer, end)
    if taken_out:
        return [f"{end['address']} is excluded by except {taken_out}"]
    if end.get("outside"):
        blocks = _blocks(peer)
        return [f"it wants {blocks}"] if blocks else ["it means pods, and this is outside of the cluster"]
    if end.get("hostNetwork"):
        return ["the pod is in the network of its node: selectors do not see it"]
    blocks = _blocks(peer)
    if blocks:
        return [f"it wants {blocks}"]
    return list(_selector_misses(peer, policy, end, namespace_labels))


def _selector_misses(
    peer: Object, policy: Policy, end: End, namespace_labels: Mapping[str, str] | None
) -> Iterator[str]:
    selectors = {**peer, **(peer.get("pods") or {})}
    pods = selectors.get("podSelector")
    namespaces = selectors.get("namespaceSelector", selectors.get("namespaces"))
    namespace = end.get("namespace") or ""
    if namespaces is None and policy.namespace and policy.namespace != namespace:
        yield f"it means pods of namespace {policy.namespace}, and this one is in {namespace}"
    known = {"kubernetes.io/metadata.name": namespace, **(namespace_labels or {})}
    yield from (f"namespace {namespace} {text}" for text in _unmet(namespaces or {}, known))
    yield from (f"the pod {text}" for text in _unmet(pods or {}, end.get("labels") or {}))


def _unmet(selector: Object, labels: Mapping[str, str]) -> Iterator[str]:
    """The terms of a selector that labels do not meet."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            yield f"would need {key}={value}, and has {_has(key, labels)}"
    for term in selector.get("matchExpressions") or ():
        key, values = term["key"], ", ".join(term.get("values") or ())
        wanted = {
            "In": (labels.get(key) in (term.get("values") or ()), f"{key} in ({values})"),
            "NotIn": (labels.get(key) not in (term.get("values") or ()), f"{key} not in ({values})"),
            "Exists": (key in labels, f"a label {key}"),
            "DoesNotExist": (key not in labels, f"no label {key}"),
        }
        met, text = wanted.get(str(term.get("operator")), (True, ""))
        if not met:
            yield f"would need {text}, and has {_has(key, labels)}"


def _has(key: str, labels: Mapping[str, str]) -> str:
    return f"{key}={labels[key]}" if key in labels else f"no {key}"


def _taken_out(peer: Object, end: End) -> str:
    """The exception by which a block that holds the address does not mean it."""
    block, address = peer.get("ipBlock") or {}, end.get("address")
    if address is None or not is_cidr(block.get("cidr") or ""):
        return ""
    excepted = [text for text in block.get("except") or () if is_cidr(text)]
    within = contains_ip(parse_cidr(block["cidr"]), address)
    return next((t for t in excepted if within and contains_ip(parse_cidr(t), address)), "")


def _blocks(peer: Object) -> str:
    """The address blocks that a peer names."""
    block: Mapping[str, Any] = peer.get("ipBlock") or {}
    excepted = f" except {', '.join(block['except'])}" if block.get("except") else ""
    return f"{block['cidr']}{excepted}" if block else ", ".join(peer.get("networks") or ())
