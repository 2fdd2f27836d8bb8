"""Knows why one may talk to another or not: one story for each answer, where pods, addresses or families get
different ones, and the options that the verdict rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kspec.cli import exits
from kspec.cli.connecting import Network, read_ports
from kspec.cli.explaining.parties import Party, Sort, parties, texts_of
from kspec.cli.explaining.teller import VERDICTS, Teller
from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.verify.network.why import Story

STORIES_MAX = 8
ITSELF = "KS1925"

Verdict = bool | None


@dataclass(slots=True)
class Way:
    """One answer: for these sorts of both ends, over these families, with a story that stands for all."""

    origins: list[Sort]
    destinations: list[Sort]
    families: tuple[int, ...]
    story: Story
    otherwise: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of two who are meant. `overall`: of a Service, by itself, with the reason."""

    origin: Party
    destination: Party
    ways: list[Way]
    overall: tuple[Verdict, str] | None = None


def explain_connect(
    session: Session,
    origin: str,
    destination: str,
    port: str,
    paths: Sequence[str],
    pod_cidr: Sequence[str] = (),
    **options: Any,
) -> int:
    """The stories of all connections that are meant."""
    from kspec.cli.inputs import load_accepted
    from kspec.verify.network.ports import port_of

    options.pop("nodes", None)
    with session.progress("explaining"):
        number, protocol = port_of(read_ports(port)[0][0])
        inputs = load_accepted(session, paths, ClusterOptions(**options))
        network = Network(inputs, "pod", pod_cidr)
        network.texts |= set(texts_of(origin, destination))
        asking = _Asking(network, number, protocol)
        sources = parties(network, origin)
        targets = parties(network, destination, (number, protocol))
        answers = [asking.answer(a, b) for a in sources for b in targets]
        assumed = network.choosing.rested_on()
        for answer in answers:
            asking.flip(answer, assumed)
    telling = _Telling(Teller(network, session.style), answers, number, protocol)
    if session.json:
        name = f"{origin} {destination}"
        session.document("explain", {"topic": "connect", "name": name, **telling.to_json(assumed)})
    else:
        session.result("\n".join(telling.text(assumed)).strip("\n"))
    verdicts = {way.story.verdict for answer in answers for way in answer.ways}
    verdicts |= {answer.overall[0] for answer in answers if answer.overall}
    return exits.UNDECIDED if None in verdicts else exits.OK


class _Asking:
    """Asks the rules about two who are meant, on one port."""

    def __init__(self, network: Network, port: int, protocol: str) -> None:
        self.network, self.port, self.protocol = network, port, protocol
        self.network.choosing.rested_on()  # what was looked at so far is not about these two
        options = {area: dict(values) for area, values in network.choosing.value.items()}
        self.unwatched = {**network.cluster, "options": options}

    def answer(self, origin: Party, destination: Party) -> Answer:
        single: list[Way] = []
        for a in origin.sorts:
            for b in destination.sorts:
                single += self._ways(a, b)
        if not single and (origin.sorts and destination.sorts):
            message = f"`{origin.name}` is one pod: policies do not govern what it says to itself"
            raise DiagnosticError([Diagnostic(ITSELF, message, help="name another end")])
        overall = None
        if destination.service is not None:
            said = {self._reaches(sort, destination.service) for sort in origin.sorts}
            overall = said.pop() if len(said) == 1 else None
            if overall is not None and overall[0] is False:
                overall = (False, self._why_no_way(origin, destination.service))
        met = [way for way in single if way.families]
        return Answer(origin, destination, _merged(met or single), overall)

    def _reaches(self, sort: Sort, service: Mapping[str, Any]) -> tuple[Verdict, str]:
        """A Service, from any address of a pod."""
        from kspec.verify.network.why import asked

        reaches, cluster = self.network.parts.reaches_service, self.network.cluster
        ends = sort.ends.values()
        said = [asked(reaches, end, service, self.port, self.protocol, cluster) for end in ends]
        return next((each for wanted in (True, None) for each in said if each[0] is wanted), said[0])

    def _why_no_way(self, origin: Party, service: Mapping[str, Any]) -> str:
        """Why a Service is shut, if that is no matter of policies."""
        outside = all(end.get("outside") for sort in origin.sorts for end in sort.ends.values())
        if outside and not self.network.parts.is_open_to_outside(service):
            return "it has no port of nodes, load balancer or external address: nothing outside finds it"
        return ""

    def _ways(self, a: Sort, b: Sort) -> Iterator[Way]:
        """Over each family in which they meet; over none, where their addresses never do."""
        port = b.port or self.port
        found = [(v, a.ends[v], b.ends[v]) for v in a.ends if v in b.ends]
        if not found:
            ends = next(iter(a.ends.values())), next(iter(b.ends.values()))
            yield Way([a], [b], (), self._story(*ends, port))
        for (from_, to), its in groupby(found, key=lambda each: (id(each[1]), id(each[2]))):
            ways = list(its)
            _, origin, destination = ways[0]
            if _is_itself(origin, destination) and not (a is b or a.several):
                continue
            if from_ == to and not a.several:
                continue
            yield Way([a], [b], tuple(v for v, _, _ in ways), self._story(origin, destination, port))

    def _story(self, origin: dict[str, Any], destination: dict[str, Any], port: int) -> Story:
        from kspec.verify.network.why import explain, reached

        parts, at = self.network.parts, (origin, destination, port, self.protocol)
        reached(parts, self.network.cluster, *at)  # an option that only the story looks at does not matter
        return explain(parts, self.unwatched, *at)

    def flip(self, answer: Answer, assumed: Sequence[str]) -> None:
        """For each option that was looked at and is yes or no: what the verdict would be otherwise."""
        from kspec.verify.network.why import reached

        if not assumed:
            return
        network = self.network
        for choice, value in network.choosing.consulted:
            if not isinstance(value, bool):
                continue
            area = {**network.choosing.value[choice.area], choice.name: not value}
            options = {**network.choosing.value, choice.area: area}
            cluster = {**network.cluster, "options": options}
            for way in answer.ways:
                story = way.story
                at = story.origin, story.destination, story.port, story.protocol
                otherwise = reached(network.parts, cluster, *at)
                if otherwise is not story.verdict:
                    way.otherwise[f"{choice.full_name}={str(not value).lower()}"] = otherwise


def _is_itself(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Are both one pod?"""
    return not a.get("outside") and (a.get("namespace"), a.get("name")) == (b.get("namespace"), b.get("name"))


def _merged(single: list[Way]) -> list[Way]:
    """Families that get one answer stand together, then destinations, then origins."""
    ways = list(single)
    steps: tuple[tuple[Callable[[Way], object], Callable[[Way, Way], None]], ...] = (
        (lambda w: (_ids(w.origins), _ids(w.destinations)), _add_family),
        (lambda w: (_ids(w.origins), _families_of(w, w.destinations)), _add_destination),
        (lambda w: (_ids(w.destinations), _families_of(w, w.origins)), _add_origin),
    )
    for key, add in steps:
        found: dict[object, Way] = {}
        for way in ways:
            at = (key(way), way.story.signature)
            if at in found:
                add(found[at], way)
            else:
                found[at] = way
        ways = list(found.values())
    return ways


def _ids(sorts: Sequence[Sort]) -> tuple[int, ...]:
    return tuple(map(id, sorts))


def _families_of(way: Way, sorts: Sequence[Sort]) -> tuple[int, ...]:
    """The families; addresses outside have but one, so that those of both can stand together."""
    return way.families if sorts[0].cell is None else ()


def _add_family(way: Way, more: Way) -> None:
    way.families += more.families


def _add_destination(way: Way, more: Way) -> None:
    way.destinations += more.destinations


def _add_origin(way: Way, more: Way) -> None:
    way.origins += more.origins


class _Telling:
    """Puts answers into words."""

    def __init__(self, teller: Teller, answers: Sequence[Answer], port: int, protocol: str) -> None:
        self.teller, self.answers, self.port, self.protocol = teller, answers, port, protocol

    def text(self, assumed: Sequence[str]) -> Iterator[str]:
        style = self.teller.style
        ways = [(answer, way) for answer in self.answers for way in answer.ways]
        yield from self._head(ways)
        for answer, way in ways[:STORIES_MAX]:
            yield from self.teller.text(*self._names(answer, way), way.story, self._over(answer, way))
            for option, verdict in way.otherwise.items():
                yield style.dim(f"  with {option} it would be {VERDICTS[verdict]}")
            yield ""
        if len(ways) > STORIES_MAX:
            yield f"and {len(ways) - STORIES_MAX} more: --format json has all"
            yield ""
        notes = [note for party in self._parties() for note in party.notes]
        said = [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys((*notes, *assumed))]
        yield from map(style.dim, said or [])

    def _head(self, ways: Sequence[tuple[Answer, Way]]) -> Iterator[str]:
        """Of a Service what holds of it; how many answers there are, if not one."""
        for answer in self.answers:
            if answer.overall is not None:
                verdict, reason = answer.overall
                head = f"{answer.origin.name} -> {answer.destination.name} on {self.port}/{self.protocol}"
                yield self.teller.verdict(head, verdict)
                yield from [f"  {reason}"] if reason else []
                yield "  what policies say of the pods behind it:"
                yield ""
        if len(ways) > 1 and not any(answer.overall for answer in self.answers):
            counted = {v: sum(way.story.verdict is v for _, way in ways) for v in (True, False, None)}
            said = ", ".join(f"{count} {VERDICTS[v]}" for v, count in counted.items() if count)
            yield f"{len(ways)} answers: {said}."
            yield ""

    def _parties(self) -> list[Party]:
        found = [party for answer in self.answers for party in (answer.origin, answer.destination)]
        return list({id(party): party for party in found}.values())

    def _names(self, answer: Answer, way: Way) -> tuple[str, str]:
        return (
            self._name(answer.origin, way.origins),
            self._name(answer.destination, way.destinations),
        )

    def _name(self, party: Party, sorts: Sequence[Sort]) -> str:
        """The party; with what tells these ends apart, where they are not all that are meant."""
        from kspec.report.connect import address_ranges

        if party.service is not None:
            return ", ".join(dict.fromkeys(sort.label for sort in sorts))
        if len(sorts) == len(party.sorts) or not sorts:
            return party.name
        if sorts[0].cell is not None:
            cells = sorted(sort.cell for sort in sorts if sort.cell is not None)
            ranges = address_ranges(self.teller.network.found, cells)
            more = f" and {len(ranges) - 4} more ranges" if len(ranges) > 4 else ""
            return f"outside {', '.join(ranges[:4])}{more}"
        return f"{party.name} ({', '.join(sort.label for sort in sorts)})"

    def _over(self, answer: Answer, way: Way) -> str:
        """The family, where the other one gets another answer."""
        others = {
            v
            for other in answer.ways
            if other is not way
            and {*map(id, other.origins)} & {*map(id, way.origins)}
            and {*map(id, other.destinations)} & {*map(id, way.destinations)}
            for v in other.families
        }
        return f" over IPv{way.families[0]}" if others and way.families else ""

    def to_json(self, assumed: Sequence[str]) -> dict[str, object]:
        stories = []
        for answer in self.answers:
            for way in answer.ways:
                made = self.teller.to_json(*self._names(answer, way), way.story)
                if over := self._over(answer, way):
                    made["family"] = over.removeprefix(" over ")
                if way.otherwise:
                    made["otherwise"] = {option: VERDICTS[v] for option, v in way.otherwise.items()}
                if answer.destination.service is not None:
                    made["service"] = answer.destination.name
                stories.append(made)
        made = {"stories": stories, "assumptions": list(assumed)}
        notes = [note for party in self._parties() for note in party.notes]
        overall = [
            {
                "from": answer.origin.name,
                "service": answer.destination.name,
                "verdict": VERDICTS[answer.overall[0]],
                **({"reason": answer.overall[1]} if answer.overall[1] else {}),
            }
            for answer in self.answers
            if answer.overall is not None
        ]
        return {**made, **({"notes": notes} if notes else {}), **({"through": overall} if overall else {})}
