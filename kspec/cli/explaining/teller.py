"""Knows how the story of a connection is told: in words with places, and in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kspec.cli.connecting import Network
from kspec.report.diff import Cause
from kspec.report.style import Style, printable
from kspec.source import Span

if TYPE_CHECKING:
    from kspec.verify.network.parts import Policy
    from kspec.verify.network.why import Path, RuleStory, SideStory, Story

VERDICTS = {True: "open", False: "shut", None: "undetermined"}


class Teller:
    """Puts stories into words, with places."""

    def __init__(self, network: Network, style: Style) -> None:
        self.network, self.style = network, style
        self.labels = {
            n["metadata"]["name"]: n["metadata"].get("labels")
            for n in network.cluster.get("namespaces") or ()
        }

    def text(self, origin: str, destination: str, story: Story, over: str = "") -> Iterator[str]:
        """The verdict, and what each side says; `over`: a family that it is about alone."""
        head = f"{origin} -> {destination} on {story.port}/{story.protocol}{over}"
        yield self.verdict(head, story.verdict)
        if not story.is_one_family:
            yield f"  {_families(story)}"
            return
        for side, name in zip(story.sides, (origin, destination), strict=True):
            yield from self._side(side, name, story)

    def verdict(self, head: str, verdict: bool | None) -> str:
        paint = {True: self.style.good, False: self.style.bad, None: self.style.warn}[verdict]
        return f"{self.style.bold(printable(head))}: {paint(VERDICTS[verdict])}"

    def _side(self, side: SideStory, name: str, story: Story) -> Iterator[str]:
        word = "leave" if side.direction == "Egress" else "enter"
        said = {True: f"may {word}", False: f"may not {word}", None: f"not known whether it may {word}"}
        end = story.origin if side.direction == "Egress" else story.destination
        yield f"  {said[side.verdict]} {printable(name)}" + (f": {side.reason}" if side.reason else "")
        if not side.about:
            yield f"    {self._ungoverned(end, side)}"
            return
        deciding = side.deciding
        for rule in deciding:
            for path in rule.reasons:
                yield self._named(rule.policy, path, rule.action)
        if not deciding:
            for policy in side.about:
                yield self._named(policy, (), "isolates it" if side.verdict is False else "")
        if side.verdict is False and not deciding:
            yield from self._nearest(side, story)

    def _ungoverned(self, end: Mapping[str, Any], side: SideStory) -> str:
        if end.get("outside"):
            return "it is outside of the cluster: policies do not govern it"
        if end.get("hostNetwork"):
            return "it is in the network of its node: policies do not govern it"
        return f"no policy selects it for {side.direction.lower()}"

    def _nearest(self, side: SideStory, story: Story) -> Iterator[str]:
        rule = side.nearest
        if rule is None:
            yield "    none of them has a rule that lets anything pass"
            return
        other = story.destination if side.direction == "Egress" else story.origin
        yield f"    nearest is {self._named(rule.policy, rule.path, '').strip()}"
        for text in self._why_not(rule, other, story):
            yield f"      {printable(text)}"

    def _why_not(self, rule: RuleStory, other: dict[str, Any], story: Story) -> Iterator[str]:
        from kspec.verify.network.why import misses

        labels = self.labels.get(other.get("namespace") or "")
        if rule.peer is False:
            found = [(part, misses(part.value, rule.policy, other, labels)) for part in rule.peers]
            part, texts = min(found, key=lambda each: (not each[1], each[0].far, len(each[1])))
            where = _shown(part.path[3:])
            yield from (f"{where}: {text}" for text in texts or ["it means others"])
        if rule.port is False:
            wanted = ", ".join(_port_text(part.value) for part in rule.ports)
            field = rule.ports[0].path[-2]
            yield f"{field}: it wants {wanted}, and this is {story.port}/{story.protocol}"

    def _named(self, policy: Policy, path: Path, what: str) -> str:
        title, span = self.title(policy), self.span(policy, path)
        where = f", {_shown(path[1:])}" if path else ""
        place = f"  {self.style.place(str(span))}" if span else ""
        return f"    {title}{where}" + (f" {what}" if what else "") + place

    def title(self, policy: Policy) -> str:
        kind = _kind(policy)
        return f"{kind} {policy.namespace}/{policy.name}" if policy.namespace else f"{kind} {policy.name}"

    def span(self, policy: Policy, path: Path) -> Span | None:
        place = policy.namespace, policy.name
        found = self.network.object(policy.kind.record, *place) or self.network.named(_kind(policy), *place)
        return found.locate(path) if found else None

    def cause(self, side: str, policy: Policy, path: Path, what: str) -> Cause:
        """A policy or a part of one as what is responsible for a difference."""
        where = f", {_shown(path[1:])}" if path else ""
        return Cause(f"{self.title(policy)}{where} {what}", side, self.span(policy, path))

    # ---------------------------------------------------------------- JSON

    def to_json(self, origin: str, destination: str, story: Story) -> dict[str, object]:
        return {
            "from": origin,
            "to": destination,
            "port": story.port,
            "protocol": story.protocol,
            "verdict": VERDICTS[story.verdict],
            **({} if story.is_one_family else {"reason": _families(story)}),
            "sides": [self._side_to_json(side, story) for side in story.sides],
        }

    def _side_to_json(self, side: SideStory, story: Story) -> dict[str, object]:
        other = story.destination if side.direction == "Egress" else story.origin
        made: dict[str, object] = {
            "direction": side.direction,
            "verdict": VERDICTS[side.verdict],
            "policies": [self._policy_to_json(p, ()) for p in side.about],
            "rules": [
                {**self._policy_to_json(rule.policy, path), "action": rule.action or "Allow"}
                for rule in side.deciding
                for path in rule.reasons
            ],
        }
        if side.reason:
            made["reason"] = side.reason
        if side.verdict is False and not side.deciding and side.nearest is not None:
            near = side.nearest
            missing = list(self._why_not(near, other, story))
            made["nearest"] = {**self._policy_to_json(near.policy, near.path), "misses": missing}
        return made

    def _policy_to_json(self, policy: Policy, path: Path) -> dict[str, object]:
        from kspec.report.diagnostics import place_to_json

        span = self.span(policy, path)
        named = f"{self.title(policy)}, {_shown(path[1:])}" if path else self.title(policy)
        return {"name": named, **({"place": place_to_json(span)} if span else {})}


def _shown(path: Path) -> str:
    """`ingress[0].from[1]`."""
    text = ""
    for segment in path:
        text += f"[{segment}]" if isinstance(segment, int) else f".{segment}" if text else segment
    return text


def _families(story: Story) -> str:
    """Why there is no connection at all between two addresses."""
    addresses = f"{story.origin['address']} and {story.destination['address']}"
    return f"{addresses} are addresses of different families: there are no connections between them"


def _port_text(entry: Mapping[str, Any]) -> str:
    """A port entry in short."""
    if "port" in entry or "protocol" in entry or not entry:
        last = f"-{entry['endPort']}" if entry.get("endPort") else ""
        return f"{entry.get('port', 'all')}{last}/{entry.get('protocol') or 'TCP'}"
    from kspec.report.values import show_value

    return show_value(dict(entry))


def _kind(policy: Policy) -> str:
    return str(policy.object.get("kind") or policy.kind.record.rpartition(".")[2])
