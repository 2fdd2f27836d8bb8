"""Knows why one may talk to another or not: which policies and rules say so, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kspec.cli import exits
from kspec.cli.connecting import OUTSIDE, Network, is_meant, no_such, read_ports
from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session
from kspec.report.diff import Cause
from kspec.report.style import Style, printable
from kspec.source import Diagnostic, DiagnosticError, Span

if TYPE_CHECKING:
    from kspec.verify.network.parts import Policy
    from kspec.verify.network.why import Path, RuleStory, SideStory, Story

STORIES_MAX = 3
SERVICE = "service/"
VERDICTS = {True: "open", False: "shut", None: "undetermined"}
NO_SERVICE_PORT = "KS1924"

Named = tuple[str, dict[str, Any]]


def explain_connect(
    session: Session, origin: str, destination: str, port: str, paths: Sequence[str], **options: Any
) -> int:
    """The stories of all connections that are meant: one, but for a Service or pods that are not alike."""
    from kspec.cli.inputs import load_accepted
    from kspec.verify.network.ports import port_of
    from kspec.verify.network.why import explain

    options.pop("nodes", None)
    with session.progress("explaining"):
        number, protocol = port_of(read_ports(port)[0][0])
        network = Network(load_accepted(session, paths, ClusterOptions(**options)), "pod")
        stories = []
        for name, end in ends_of(network, origin):
            for other, target, at in _targets(network, destination, number, protocol):
                if origin == OUTSIDE:
                    name, end = _outside(network, target)
                if destination == OUTSIDE:
                    other, target = _outside(network, end)
                if target is not end:
                    story = explain(network.parts, network.cluster, end, target, at, protocol)
                    stories.append((name, other, story))
    teller = Teller(network, session.style)
    if session.json:
        told = [teller.to_json(*each) for each in stories]
        session.document("explain", {"topic": "connect", "name": f"{origin} {destination}", "stories": told})
    else:
        shown = ["\n".join(teller.text(*each)) for each in stories[:STORIES_MAX]]
        more = len(stories) - STORIES_MAX
        session.result("\n\n".join(shown + ([f"and {more} more: --format json has all"] if more > 0 else [])))
    return exits.UNDECIDED if any(s.verdict is None for _, _, s in stories) else exits.OK


def ends_of(network: Network, text: str) -> list[Named]:
    """The ends that are meant: an address, the outside, pods, or one pod of each sort that a workload has."""
    from kspec.runtime.ip import is_ip, parse_ip

    if text == OUTSIDE:
        return [_outside(network)]
    if is_ip(text):
        at = network.parts.end_at(str(parse_ip(text)), network.cluster)
        return [(f"{at['namespace']}/{at['name']}" if at.get("namespace") else text, at)]
    found = _workload_ends(network, text)
    if not found:
        known = {t.short for t in network.talkers} | {OUTSIDE}
        raise DiagnosticError([no_such(f"`{text}`", text, known)])
    return found


def _outside(network: Network, other: Mapping[str, Any] | None = None) -> Named:
    """An address of no pod or node, of the family of the other end if that has an address."""
    cells = network.found.ends[network.found.inside :]
    address = (other or {}).get("address")
    its = [c for c in cells if address is not None and c["address"].version == address.version]
    return f"the outside ({(its or cells)[0]['address']})", (its or cells)[0]


def _workload_ends(network: Network, text: str) -> list[Named]:
    """By workload, then by pod: of those that policies treat alike one each."""
    from kspec.report.connect import Unit
    from kspec.verify.network.talkers import talkers

    number_of = {end: number for number, its in enumerate(network.found.classes) for end in its}
    by_workload, _ = talkers(network.parts.talkers(network.cluster), "workload")
    for some in (by_workload, network.talkers):
        found: dict[int, Named] = {}
        for talker in some:
            if is_meant(Unit(talker.kind, talker.namespace, talker.name, 0), text):
                for end in talker.ends:
                    found.setdefault(number_of[end], (talker.short, network.ends[end]))
        if found:
            return [_told_apart(named) for named in found.values()] if len(found) > 1 else [*found.values()]
    ends = [(t, network.ends[e]) for t in network.talkers for e in t.ends]
    named = [(t.short, e) for t, e in ends if is_meant(Unit("Pod", t.namespace, str(e["name"]), 0), text)]
    return [_told_apart(each) for each in named[:1]]


def _told_apart(named: Named) -> Named:
    """With the name of the pod: policies tell it apart from others of its workload."""
    short, end = named
    return (f"{short} ({end['name']})" if end.get("name") else short), end


def _targets(network: Network, text: str, port: int, protocol: str) -> list[tuple[str, dict[str, Any], int]]:
    """The ends and their ports that a destination means; behind a Service its ends, with the ports there."""
    if not text.startswith(SERVICE):
        return [(name, end, port) for name, end in ends_of(network, text)]
    namespace, _, name = text.removeprefix(SERVICE).rpartition("/")
    services = [
        s
        for s in network.cluster.get("services") or ()
        if s["metadata"]["name"] == name and namespace in ("", s["metadata"].get("namespace"))
    ]
    if not services:
        known = {
            f"{SERVICE}{s['metadata'].get('namespace')}/{s['metadata']['name']}"
            for s in network.cluster.get("services") or ()
        }
        raise DiagnosticError([no_such(f"`{text}`", text, known)])
    found = []
    for service in services:
        for entry in (service.get("spec") or {}).get("ports") or ():
            if entry.get("port") == port and (entry.get("protocol") or "TCP") == protocol:
                for backend in network.parts.backends(service, entry, network.cluster):
                    end = backend["endpoint"]
                    found.append((f"{end.get('namespace')}/{end.get('name')}", end, backend["port"]))
    if not found:
        message = f"`{text}` leads nowhere on {port}/{protocol}"
        help_ = "no port of the Service is this one, or no pod is behind it"
        raise DiagnosticError([Diagnostic(NO_SERVICE_PORT, message, help=help_)])
    return found


class Teller:
    """Puts stories into words, with places."""

    def __init__(self, network: Network, style: Style) -> None:
        self.network, self.style = network, style
        self.labels = {
            n["metadata"]["name"]: n["metadata"].get("labels")
            for n in network.cluster.get("namespaces") or ()
        }

    def text(self, origin: str, destination: str, story: Story) -> Iterator[str]:
        verdict = VERDICTS[story.verdict]
        paint = {True: self.style.good, False: self.style.bad, None: self.style.warn}[story.verdict]
        head = f"{origin} -> {destination} on {story.port}/{story.protocol}"
        yield f"{self.style.bold(printable(head))}: {paint(verdict)}"
        if not story.is_one_family:
            yield f"  {_families(story)}"
        for side, name in zip(story.sides, (origin, destination), strict=True):
            yield from self._side(side, name, story)

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
