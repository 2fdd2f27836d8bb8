"""Knows how one end is treated by the policies that are about it: which ends, on which ports, it may talk to.

What policies come to is asked of the rules `mayLeave` and `mayEnter`, with only those policies at hand, once
for each way in which their parts can answer: policies of one shape whose parts answer alike decide alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from kspec.verify.network.columns import Columns, End, answered, first_member, flags, members, texts_in
from kspec.verify.network.parts import Object, Parts, Policy, addresses_of_nodes
from kspec.verify.network.ports import (
    ALL,
    NONE,
    PORT_MAX,
    PROTOCOLS,
    SPAN,
    Intervals,
    intersection,
    normal,
    port_of,
    union,
)

NO, YES, UNCLEAR = 0, 1, 2
CODES = 3
"""What a part says of an end or a port; several parts make a number of as many digits in this base."""

Answer = tuple[Intervals, Intervals]
"""The ports that are open, and those of which that is undetermined."""
SHUT: Answer = (NONE, NONE)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How ends are treated in one direction: the sets of other ends that get one answer, those that get none
    at all left out.
    """

    answers: Mapping[Answer, int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A policy taken apart for one direction: what is left is `form`, the same for policies of one shape."""

    form: int
    peers: tuple[tuple[int, int], ...]  # of each peer of each rule: ends that it means, ends where unclear
    ports: tuple[tuple[str, Object, Any], ...]  # of each port entry: its text, itself, what says its meaning


class Side:
    """All treatments in one direction."""

    def __init__(
        self,
        direction: str,
        parts: Parts,
        policies: Sequence[Policy],
        columns: Columns,
        cluster: Object,
        by_node: bool = False,
        like: Side | None = None,
    ) -> None:
        """`like`: a side of the same ends in the same surroundings; what was found out there holds here."""
        self.direction = direction
        self.may = parts.may[direction]
        self.policies, self.columns = policies, columns
        policy_fields = {kind.field for kind in parts.kinds}
        self.context = {k: v for k, v in cluster.items() if k not in policy_fields}
        self.manifests = {n["metadata"]["name"]: [n] for n in cluster.get("namespaces") or ()}
        self.of_nodes = addresses_of_nodes(cluster)
        self.profiles: dict[tuple[object, ...], int] = {}
        for index, end in enumerate(columns.ends):
            profile = profile_of(end)
            self.profiles[profile] = self.profiles.get(profile, 0) | 1 << index
        self.nodes: dict[object, int] = {}  # of each node its ends; None: those of which it is not known
        for index, end in enumerate(columns.ends if by_node else ()):
            self.nodes[end.get("node")] = self.nodes.get(end.get("node"), 0) | 1 << index
        self.port_names = {p["name"] for end in columns.ends for p in end.get("ports") or () if p.get("name")}
        self._surroundings: dict[tuple[str, str], dict[str, Any]] = {}
        self._asked: dict[object, tuple[int, int]] = {} if like is None else like._asked
        self._entries: dict[object, tuple[tuple[int, Intervals], ...]] = {} if like is None else like._entries
        self._verdicts: dict[object, bool | None] = {} if like is None else like._verdicts
        self._made: dict[object, Treatment] = {} if like is None else like._made
        self._shapes: dict[int, _Shape] = {} if like is None else like._shapes
        self._forms: dict[object, int] = {} if like is None else like._forms
        self._dependent: dict[str, bool] = {} if like is None else like._dependent
        self.like = like  # the ids of its policies stay theirs
        self.flags = [flags(end) for end in columns.ends]
        self.about = self._about()

    # ---------------------------------------------------------------- whom policies are about

    def _about(self) -> list[tuple[int, ...]]:
        """For each end the numbers of the policies that are about it; `~number` where that is unclear."""
        found: list[list[int]] = [[] for _ in self.columns.ends]
        for number, policy in enumerate(self.policies):
            yes, unclear = self._ask(
                (policy.kind.record, policy.subject, policy.namespace),
                policy.texts,
                lambda e, p=policy: p.kind.is_about(p.object, self.direction, e, self._around(e)),
            )
            for index in members(yes):
                found[index].append(number)
            for index in members(unclear):  # what comes of that, `mayLeave` and `mayEnter` find out
                found[index].append(~number)
        return [tuple(numbers) for numbers in found]

    def _ask(self, key: object, texts: Callable[[], set[str]], question: Any) -> tuple[int, int]:
        known = self._asked.get(key)
        if known is None:
            known = self._asked[key] = self.columns.asked(texts(), question)
        return known

    def _around(self, end: End, other: End | None = None) -> dict[str, Any]:
        """What the rules see beside policies. A namespace is looked up by the name that an end gives."""
        names = (end.get("namespace") or "", "" if other is None else other.get("namespace") or "")
        known = self._surroundings.get(names)
        if known is None:
            its = [n for name in dict.fromkeys(names) for n in self.manifests.get(name, ())]
            known = self._surroundings[names] = {**self.context, "namespaces": its}
        return known

    # ---------------------------------------------------------------- policies taken apart

    def shape(self, number: int) -> _Shape:
        policy = self.policies[max(number, ~number)]
        key = id(policy.object)
        if key not in self._shapes:
            self._shapes[key] = self._take_apart(policy)
        return self._shapes[key]

    def _take_apart(self, policy: Policy) -> _Shape:
        others = tuple(
            (f.rules, bool(policy.rules(d))) for d, f in policy.kind.fields.items() if d != self.direction
        )
        peers: list[tuple[int, int]] = []
        ports: list[tuple[str, Object, Any]] = []
        form: list[object] = [policy.kind.record, others, self._form(policy)]
        fields = policy.kind.fields.get(self.direction)
        for rule in policy.rules(self.direction):
            assert fields is not None
            its_peers, its_ports = rule.get(fields.peers) or (), rule.get(fields.ports) or ()
            peers += [self._peer(policy, peer) for peer in its_peers]
            ports += [(repr(entry), entry, fields.means_port) for entry in its_ports]
            rest = {k: v for k, v in rule.items() if k not in (fields.peers, fields.ports, "name")}
            form.append(
                (repr(rest) if rest else "", tuple(map(_given, its_peers)), tuple(map(_given, its_ports)))
            )
        form_number = self._forms.setdefault(tuple(form), len(self._forms))
        return _Shape(form_number, tuple(peers), tuple(ports))

    def _form(self, policy: Policy) -> str:
        """What it says of itself, beside its rules and whom it is about (which are mappings)."""
        spec, rules = policy.object.get("spec") or {}, {f.rules for f in policy.kind.fields.values()}
        return repr({k: v for k, v in spec.items() if k not in rules and not isinstance(v, Mapping)})

    def _peer(self, policy: Policy, peer: Object) -> tuple[int, int]:
        fields, namespace = policy.kind.fields[self.direction], policy.namespace
        means, more = fields.means_end, self.of_nodes if fields.of_nodes else set()
        return self._ask(
            (means, repr(peer), namespace),
            lambda: texts_in(peer) | {namespace} | more,
            lambda e: means(peer, namespace, e, self._around(e)),
        )

    # ---------------------------------------------------------------- ports

    def _depends(self, text: str, entry: Object) -> bool:
        """Does what it means depend on what the destination declares?"""
        known = self._dependent.get(text)
        if known is None:
            known = self._dependent[text] = not self.port_names.isdisjoint(texts_in(entry))
        return known

    def port_regions(self, shapes: Iterable[_Shape], destination: End) -> list[tuple[Intervals, int]]:
        """All ports, cut so that all entries say the same within a region, with what they say."""
        regions: list[tuple[Intervals, int]] = [(ALL, 0)]
        for shape in shapes:
            for text, entry, means in shape.ports:
                said = self._entry(text, entry, means, destination)
                if len(said) == 1:
                    regions = [(where, code * CODES + said[0][0]) for where, code in regions]
                    continue
                regions = [
                    (part, code * CODES + digit)
                    for where, code in regions
                    for digit, its in said
                    if (part := intersection(where, its))
                ]
        return regions

    def _entry(
        self, text: str, entry: Object, means: Any, destination: End
    ) -> tuple[tuple[int, Intervals], ...]:
        """What the entry says of which ports."""
        profile = profile_of(destination) if self._depends(text, entry) else ()
        key = (means, text, profile)
        known = self._entries.get(key)
        if known is None:
            numbers = _numbers(entry)
            numbers += [p.get("containerPort") or 0 for p in (destination.get("ports") or ()) if profile]
            known = self._entries[key] = entry_regions(means, entry, destination, numbers)
        return known

    # ---------------------------------------------------------------- what it comes to

    def treatment(self, index: int) -> Treatment:
        """How the end of this number is treated."""
        end, about = self.columns.ends[index], self.about[index]
        shapes = [self.shape(number) for number in about]
        depends = any(self._depends(text, entry) for shape in shapes for text, entry, _ in shape.ports)
        own = profile_of(end) if depends and self.direction == "Ingress" else ()
        node = end.get("node") if self.nodes else None
        its = tuple((id(self.policies[max(n, ~n)].object), n < 0) for n in about)
        key = (its, own, self.flags[index], node)
        if key not in self._made:
            self._made[key] = Treatment(self._answers(index, about, shapes, depends))
        return self._made[key]

    def _answers(
        self, index: int, about: tuple[int, ...], shapes: list[_Shape], depends: bool
    ) -> dict[Answer, int]:
        end = self.columns.ends[index]
        by_profile = depends and self.direction == "Egress"
        shaped = tuple((shape.form, number < 0) for shape, number in zip(shapes, about, strict=True))
        key = self._forms.setdefault(
            (shaped, self.flags[index], end.get("node") is not None), len(self._forms)
        )
        known: dict[tuple[object, ...], list[tuple[Intervals, int]]] = {}
        found: dict[Answer, int] = {}
        for region, code in self._regions(shapes, by_profile, end.get("node")):
            number = first_member(region)
            other = self.columns.ends[number]
            destination = end if self.direction == "Ingress" else other
            profile = profile_of(destination) if by_profile else ()
            if profile not in known:
                known[profile] = self.port_regions(shapes, destination)
            open_, unclear = NONE, NONE
            for where, port_code in known[profile]:
                verdict = self._verdict((key, code, port_code, self.flags[number]), end, other, where, about)
                if verdict is None:
                    unclear = union(unclear, where)
                elif verdict:
                    open_ = union(open_, where)
            if open_ or unclear:
                found[open_, unclear] = found.get((open_, unclear), 0) | region
        return found

    def _regions(self, shapes: list[_Shape], by_profile: bool, node: object) -> list[tuple[int, int]]:
        """All ends, cut so that all peers say the same within a region, with what they say; and, where that
        matters, apart by whether they are on this node.
        """
        regions = [(bits, 0) for bits in self.columns.sorts.values()]
        if self.nodes:
            unknown = self.nodes.get(None, 0)
            same = 0 if node is None else self.nodes.get(node, 0)
            other = self.columns.all & ~(unknown | same)
            regions = [
                (part, code)
                for bits, _ in regions
                for code, its in enumerate((unknown, other, same))
                if (part := bits & its)
            ]
        if by_profile:
            regions = [(p, 0) for bits, _ in regions for its in self.profiles.values() if (p := bits & its)]
        for yes, unclear in (peer for shape in shapes for peer in shape.peers):
            cut = []
            for bits, code in regions:
                code *= CODES
                meant = bits & yes
                if meant:
                    cut.append((meant, code + YES))
                    bits ^= meant
                if unclear and bits & unclear:
                    cut.append((bits & unclear, code + UNCLEAR))
                    bits &= ~unclear
                if bits:
                    cut.append((bits, code))
            regions = cut
        return regions

    def _verdict(
        self, key: object, end: End, other: End, where: Intervals, about: tuple[int, ...]
    ) -> bool | None:
        if key not in self._verdicts:
            cluster = dict(self._around(end, other))
            for number in about:
                policy = self.policies[max(number, ~number)]
                cluster.setdefault(policy.kind.field, []).append(policy.object)
            port, protocol = port_of(where[0][0])
            origin, destination = (other, end) if self.direction == "Ingress" else (end, other)
            self._verdicts[key] = answered(
                lambda _: self.may(origin, destination, port, protocol, cluster), end
            )
        return self._verdicts[key]


def entry_regions(
    means: Any, entry: Object, destination: End, numbers: Iterable[int]
) -> tuple[tuple[int, Intervals], ...]:
    """The line of ports by what an entry says, asked once between any two numbers that occur."""
    cuts = sorted({1, PORT_MAX + 1, *(c for n in numbers for c in (n, n + 1) if 1 < c <= PORT_MAX)})
    said: dict[int, list[tuple[int, int]]] = {}
    for place, protocol in enumerate(PROTOCOLS):
        for low, after in pairwise(cuts):
            answer = answered(partial(_swapped, means, entry, low, protocol), destination)
            digit = UNCLEAR if answer is None else int(answer)
            said.setdefault(digit, []).append((place * SPAN + low, place * SPAN + after - 1))
    return tuple((digit, normal(parts)) for digit, parts in sorted(said.items()))


def _swapped(means: Any, entry: Object, port: int, protocol: str, destination: End) -> object:
    return means(entry, destination, port, protocol)


def profile_of(end: End) -> tuple[object, ...]:
    """The ports that it declares by name."""
    ports = end.get("ports") or ()
    return tuple((p.get("name"), p.get("containerPort"), p.get("protocol")) for p in ports if p.get("name"))


def _numbers(entry: object) -> list[int]:
    if isinstance(entry, Mapping):
        return [n for value in entry.values() for n in _numbers(value)]
    return [entry] if isinstance(entry, int) and not isinstance(entry, bool) else []


def _given(part: Object) -> tuple[object, ...]:
    """Which fields of a peer or a port entry say something; a port's number is not the same as a name."""
    return tuple([(name, type(value)) for name, value in part.items() if value is not None and value != []])
