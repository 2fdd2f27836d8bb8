"""Knows connections that show a part of a policy to be needed, without a solver: ends made to the measure of
the part, of which the rules say something else when it is gone.

How the ends are made is a guess and proves nothing; what the rules say of them does. Of a part for which no
guess is right nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from kspec.runtime.rulebook import Rulebook
from kspec.runtime.values import EvalError
from kspec.verify.network.addresses import AddressCells, address_at, range_of
from kspec.verify.network.columns import End, texts_in
from kspec.verify.network.ends import MEET, POSSIBLE
from kspec.verify.network.families import VERSIONS
from kspec.verify.network.parts import Object, Policy, PolicyKind
from kspec.verify.network.ports import PORT_MAX, PROTOCOLS
from kspec.verify.switches import Path, without

SAYS = {"Ingress": "network/policiesAdmit", "Egress": "network/mayLeave"}
OWN = "kubernetes.io/metadata.name"
ELSEWHERE, OTHER = "elsewhere", "other"
SUBJECTS_MAX, ENDS_MAX, PORTS_MAX, TRIES_MAX = 8, 6, 6, 32
"""So many guesses of each sort."""
KEPT_MAX = 100
RULE = 5
"""So long is the path of a rule."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A connection of which something else is said without the part."""

    direction: str
    origin: End
    destination: End
    port: int
    protocol: str


class Needed:
    """The parts of a cluster's policies that are needed, each with a connection that shows it."""

    def __init__(self, cluster: Object, kinds: Sequence[PolicyKind], book: Rulebook) -> None:
        self.cluster = cluster
        self.kinds = {kind.field: kind for kind in kinds}
        self._says = {direction: _function(book, rule_id) for direction, rule_id in SAYS.items()}
        self._possible, self._meet = _function(book, POSSIBLE), _function(book, MEET)
        self.guesses = _Guesses(cluster, kinds)
        self._without: dict[frozenset[Path], object] = {}

    def shown(self, asked: Iterable[Path], off: frozenset[Path] = frozenset()) -> dict[Path, Shown]:
        """Of these parts those that are needed as far as guesses tell, where others are `off`."""
        by_policy: dict[Path, set[Path]] = {}
        for path in asked:
            by_policy.setdefault(path[:2], set()).add(path)
        found: dict[Path, Shown] = {}
        for whose, left in by_policy.items():
            for wanted, guesses in self._guessed(whose):
                for shown in guesses if left.intersection(wanted) else ():
                    for path in self._flipped([p for p in wanted if p in left], shown, off):
                        found[path] = shown
                        left.discard(path)
                    if not left.intersection(wanted):
                        break
        return found

    def _flipped(self, paths: Sequence[Path], shown: Shown, off: frozenset[Path]) -> list[Path]:
        """Of these parts, each inside of the next, those without which something else is said. Where that is
        not so of a rule, its peers and ports are not asked.
        """
        before = self._outcome(shown, self._less(off))
        found: list[Path] = []
        for path in reversed(paths):
            if len(path) > RULE and path[:RULE] in paths and path[:RULE] not in found:
                break
            if self._outcome(shown, self._less(off | {path})) != before:
                found.append(path)
        return found if found and self._could_be(shown) else []

    def says_else(self, path: Path, shown: Shown, off: frozenset[Path] = frozenset()) -> bool:
        """Is something else said of the connection when this part goes as well, where others are `off`?"""
        return bool(self._flipped([path], shown, off))

    def _less(self, off: frozenset[Path]) -> object:
        """The cluster without some parts; a few of the last are kept."""
        known = self._without.get(off)
        if known is None:
            if len(self._without) > KEPT_MAX:
                self._without.clear()
            known = self._without[off] = without(self.cluster, off) if off else self.cluster
        return known

    def _outcome(self, shown: Shown, cluster: object) -> object:
        ends = shown.origin, shown.destination
        try:
            return self._says[shown.direction](*ends, shown.port, shown.protocol, cluster)
        except EvalError:
            return None

    def _guessed(self, whose: Path) -> Iterator[tuple[tuple[Path, ...], Iterator[Shown]]]:
        """For each peer and port of a policy: the parts that a connection could show to be needed, and
        connections that both mean.
        """
        field, number = str(whose[0]), int(whose[1])
        policy = Policy(self.kinds[field], self.cluster[field][number])
        for direction, names in policy.kind.fields.items():
            yield (whose,), self._made(policy, direction, None, None)
            for place, rule in enumerate(policy.rules(direction)):
                at: Path = (*whose, "spec", names.rules, place)
                for peer, entry in product(
                    [*enumerate(rule.get(names.peers) or ())] or [(-1, None)],
                    [*enumerate(rule.get(names.ports) or ())] or [(-1, None)],
                ):
                    paths = [(*at, names.peers, peer[0])] if peer[0] >= 0 else []
                    paths += [(*at, names.ports, entry[0])] if entry[0] >= 0 else []
                    yield (*paths, at, whose), self._made(policy, direction, peer[1], entry[1])

    def _made(
        self, policy: Policy, direction: str, peer: Object | None, entry: Object | None
    ) -> Iterator[Shown]:
        """Connections of the policy's subject with what a peer means, on what an entry of ports means."""
        subjects = list(islice(self.guesses.subjects(policy), SUBJECTS_MAX))
        others = list(islice(self.guesses.others(peer, policy), ENDS_MAX))
        ports = list(islice(self.guesses.ports(entry), PORTS_MAX))
        combined = (
            each
            for each in product(subjects, ports, others)
            if each[0]["address"].version == each[2]["address"].version
        )
        for subject, (port, protocol, declared), other in islice(combined, TRIES_MAX):
            origin, destination = (other, subject) if direction == "Ingress" else (subject, other)
            if declared and not destination.get("outside"):
                destination = {**destination, "ports": declared}
            yield Shown(direction, origin, destination, port, protocol)

    def _could_be(self, shown: Shown) -> bool:
        """Could both ends exist, and meet?"""
        ends = shown.origin, shown.destination
        names = [end.get("namespace") for end in ends]
        their_own = [n for n in self.cluster.get("namespaces") or () if n["metadata"]["name"] in names]
        cluster = {**self.cluster, "namespaces": their_own}
        try:
            possible = all(self._possible(end, cluster) is True for end in ends)
            return possible and self._meet(*ends) is True
        except EvalError:
            return False


class _Guesses:
    """Ends and ports that selectors, blocks and entries of ports mean, with as little else as may be."""

    def __init__(self, cluster: Object, kinds: Sequence[PolicyKind]) -> None:
        policies = [cluster.get(kind.field) or () for kind in kinds]
        texts = texts_in([policies, cluster.get("nodes")])
        self.cells = AddressCells(texts)
        blocks = list(_blocks(policies))
        self.covered = []
        for cell in range(self.cells.count):
            first, last = self.cells.bounds(cell)
            held = [any(a <= first and last <= b for a, b in its) for each in blocks for its in each]
            self.covered.append(sum(on and not off for on, off in zip(held[::2], held[1::2], strict=True)))
        self.narrow = [
            Policy(kind, policy)
            for kind in kinds
            for policy in cluster.get(kind.field) or ()
            if (policy.get("metadata") or {}).get("namespace")
        ]
        mentioned = set(_numbers(policies))
        self.fresh = next(n for n in range(1, PORT_MAX) if n not in mentioned)
        self.namespaces = {
            n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in cluster.get("namespaces") or ()
        }
        self.free = {v: self._free(v) for v in (4, 6)}

    def _free(self, version: int) -> tuple[Any, Any]:
        """Two addresses that as few blocks as can be hold."""
        cells = [
            (self.covered[c], c)
            for c in range(self.cells.count)
            if (at := self.cells.address_in(c)) is not None
            and at.version == version
            and self.cells.bounds(c)[1] > self.cells.bounds(c)[0]
        ]
        cell = min(cells)[1]
        first = self.cells.address_in(cell)
        assert first is not None
        return first, address_at(self.cells.bounds(cell)[1])

    # ---------------------------------------------------------------- pods

    def subjects(self, policy: Policy) -> Iterator[End]:
        """Pods that a policy is about; of one of all namespaces also such that others are about too."""
        spec = policy.object.get("spec") or {}
        subject = spec.get("subject") or {"podSelector": spec.get("podSelector")}
        own = self._pods(subject, policy, "a")
        for end in (*islice(own, 1), *self._governed(subject, policy), *own):
            for version in VERSIONS:
                yield {**end, "address": self.free[version][0]}

    def _governed(self, subject: Object, policy: Policy) -> Iterator[End]:
        """Of what a policy of all namespaces may be about: pods that other policies are about too."""
        wanted = subject.get("namespaces") or (subject.get("pods") or {}).get("namespaceSelector") or {}
        for other in self.narrow if not policy.namespace else ():
            labels = {**self.namespaces.get(other.namespace, {}), OWN: other.namespace}
            if all(labels.get(k) == v for k, v in (wanted.get("matchLabels") or {}).items()):
                selector = (other.object.get("spec") or {}).get("podSelector") or {}
                yield from self._pods({"podSelector": selector}, other, "a")

    def others(self, peer: Object | None, policy: Policy) -> Iterator[End]:
        """What a peer means, or, without one, anything."""
        if peer is None:
            yield from ({"outside": True, "address": self.free[version][1]} for version in VERSIONS)
            peer = {"podSelector": {}}
        blocks = [(peer.get("ipBlock") or {}).get("cidr"), *(peer.get("networks") or ())]
        if any(blocks):
            yield from self._within([text for text in blocks if text], peer)
            return
        for end in self._pods(peer, policy, "b"):
            for version in VERSIONS:
                yield {**end, "address": self.free[version][1]}

    def _within(self, blocks: Sequence[str], peer: Object) -> Iterator[End]:
        """Addresses in some blocks: first those that few others hold."""
        excepted = [r for t in (peer.get("ipBlock") or {}).get("except") or () if (r := range_of(t))]
        for text in blocks:
            within = range_of(text)
            if within is None:
                continue
            cells = range(*self.cells.cells_in(*within))
            for cell in sorted(cells, key=lambda c: (self.covered[c], c)):
                first, last = self.cells.bounds(cell)
                address = self.cells.address_in(cell)
                if address is not None and not any(a <= first and last <= b for a, b in excepted):
                    yield {"outside": True, "address": address}

    def _pods(self, peer: Object, policy: Policy, name: str) -> Iterator[End]:
        selectors = {**peer, **(peer.get("pods") or {})}
        spaces = selectors.get("namespaceSelector", selectors.get("namespaces"))
        for labels in _labels(selectors.get("podSelector") or {}):
            for namespace, own in self._namespaces(spaces, policy.namespace, f"{ELSEWHERE}-{name}"):
                yield {"name": name, "namespace": namespace, "namespaceLabels": own, "labels": labels}

    def _namespaces(
        self, selector: Object | None, own: str, new: str
    ) -> Iterator[tuple[str, Mapping[str, str]]]:
        """A new namespace that a selector matches, and those at hand."""
        if selector is None and own:
            yield own, {**self.namespaces.get(own, {}), OWN: own}
            return
        for labels in _labels(selector or {}):
            name = labels.get(OWN, new)
            yield name, {**self.namespaces.get(name, labels), OWN: name}
        for name, labels in self.namespaces.items():
            if all(
                labels.get(k) == v for k, v in ((selector or {}).get("matchLabels") or {}).items() if k != OWN
            ):
                yield name, {**labels, OWN: name}

    # ---------------------------------------------------------------- ports

    def ports(self, entry: Object | None) -> Iterator[tuple[int, str, list[Object]]]:
        """Ports that an entry means: number, protocol, and what the destination must declare."""
        if entry is None:
            yield from ((self.fresh, protocol, []) for protocol in PROTOCOLS)
            return
        texts = texts_in(entry)
        protocols = [p for p in PROTOCOLS if p in texts or p.lower() in texts] or [*PROTOCOLS]
        names = sorted(t for t in texts_of_values(entry) if t not in PROTOCOLS)
        numbers = _numbers(entry)
        for protocol in protocols:
            for name in names:
                declared = {"name": name, "containerPort": self.fresh, "protocol": protocol}
                yield self.fresh, protocol, [declared]
            between = [(numbers[0] + numbers[-1]) // 2] if len(numbers) > 1 else []
            meant = [*between, *numbers] or ([] if names else [self.fresh])
            for number in dict.fromkeys(meant):
                if 1 <= number <= PORT_MAX:
                    yield number, protocol, []


def _labels(selector: Object) -> Iterator[dict[str, str]]:
    """Labels that a selector matches: as few as may be, then such with other values."""
    base: dict[str, str] = dict(selector.get("matchLabels") or {})
    choices: list[list[dict[str, str]]] = []
    for term in selector.get("matchExpressions") or ():
        key, values = term.get("key") or "", term.get("values") or ()
        if term.get("operator") == "In":
            choices.append([{key: value} for value in values])
        elif term.get("operator") == "Exists" and key not in base:
            choices.append([{key: OTHER}])
        elif term.get("operator") == "NotIn" and key not in base:
            choices.append([{}, {key: OTHER}])
    for each in islice(product(*choices), 4):
        labels = dict(base)
        for more in each:
            labels.update(more)
        yield labels


def _blocks(value: object) -> Iterator[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """Every block of addresses in some policies: its places, and those that are taken out of it."""
    if isinstance(value, Mapping):
        named = [value["cidr"]] if isinstance(value.get("cidr"), str) else []
        for text in (*named, *(value.get("networks") or ())):
            whole, less = (
                [r for t in texts if (r := range_of(t))] for texts in ([text], value.get("except") or ())
            )
            yield whole, less
        for each in value.values():
            yield from _blocks(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _blocks(each)


def _numbers(value: object) -> list[int]:
    if isinstance(value, Mapping):
        return [n for each in value.values() for n in _numbers(each)]
    if isinstance(value, (list, tuple)):
        return [n for each in value for n in _numbers(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def texts_of_values(value: object) -> set[str]:
    """Every string in a value but the names of fields."""
    if isinstance(value, Mapping):
        return {text for each in value.values() for text in texts_of_values(each)}
    if isinstance(value, (list, tuple)):
        return {text for each in value for text in texts_of_values(each)}
    return {value} if isinstance(value, str) else set()


def _function(book: Rulebook, rule_id: str) -> Any:
    found = book.get(rule_id)
    assert found is not None, rule_id
    return found.fn
