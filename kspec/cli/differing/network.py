"""Knows which connections an edit of manifests opens and shuts, for what is at hand and what could exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kspec.cli.connecting import Network
from kspec.cli.explaining.teller import Teller
from kspec.cli.inputs import Inputs
from kspec.cli.session import Session
from kspec.report.diff import Cause, Change, Section
from kspec.report.style import PLAIN
from kspec.source import InternalError

if TYPE_CHECKING:
    from kspec.cli.verifying import Verification
    from kspec.ir.nodes import Rule
    from kspec.report.connect import Unit
    from kspec.runtime.ip import CIDR
    from kspec.verify.network.changes import Both, Differs
    from kspec.verify.network.ports import Intervals
    from kspec.verify.network.possible import Possible
    from kspec.verify.setting import Setting

Whose = tuple[str, str, str]
TITLE = "Network"
CAUSES_MAX = 4
ASSUMED = (
    "a workload that is in one of the two inputs only is no change: as a pod that could exist it is in both"
)
SAME_ON_BOTH = " (they are the same on both sides, so that nothing changes by them alone)"
CHANGED_UNSEEN = "objects differ of kinds that are taken to be nothing to the network: {}"
OVER = "all pods, namespaces, labels, addresses and ports"
CUT = "at most {0} possible connections from {2} to {3} are listed as {1}: there are more"
PLURAL = {"pod": "pods", "outside": "the outside"}


def compare(session: Session, old: Inputs, new: Inputs, timeout: float) -> Section:
    """What is at hand on both sides first; then connections that could exist, one for each part of
    a policy that is responsible for any.
    """
    from kspec.cli.verifying import Verification
    from kspec.verify.choices import Choosing
    from kspec.verify.cluster import Sharing
    from kspec.verify.foreign import POLICIES, left_out, without

    shared = Sharing()
    before, after = (Verification(inputs, timeout, sharing=shared) for inputs in (old, new))
    alike = shared_foreign(before.cluster, after.cluster)
    for each in (before, after):
        each.cluster = without(each.cluster, alike)
    sides = _Sides(old, new, before.setting, alike)
    gained, lost, unknown = sides.at_hand()
    assumed = [ASSUMED] if sides.come_and_go() else []
    assumed += [left_out(alike) + SAME_ON_BOTH] if alike else []
    told = {p["kind"] for each in (before, after) for p in each.cluster.get(POLICIES) or ()}
    differ = [kind for kind in changed_unseen(old, new) if kind not in told]
    assumed += [CHANGED_UNSEEN.format(", ".join(differ))] if differ else []
    if sides.policies_differ():
        _possible(sides, before, after, (gained, lost, unknown, assumed))
    looked_at = (before.choosing, after.choosing, sides.old.choosing, sides.new.choosing)
    assumed += Choosing.all_rested_on(looked_at)
    return Section("network", tuple(gained), tuple(lost), tuple(dict.fromkeys(unknown)), tuple(assumed), OVER)


def _possible(
    sides: _Sides,
    before: Verification,
    after: Verification,
    told: tuple[list[Change], list[Change], list[str], list[str]],
) -> None:
    """Adds what could exist to what is gained, lost, not known, and assumed."""
    from kspec.verify.network.possible import KINDS, WITNESSES_MAX, Between, More, all_only_in, betweens
    from kspec.verify.network.responsible import Left

    gained, lost, unknown, assumed = told
    for kinds in KINDS:
        asked: list[Between] = []
        for one, other, changes in ((after, before, gained), (before, after, lost)):
            if not all(each.read_once for each in asked) or not asked:
                asked = betweens(sides.new.parts, one.cluster, other.cluster, kinds, one.setting)
            left = Left(sides.new.parts, one.cluster, other.cluster)
            for found in all_only_in(asked, left, sides.declared()):
                if isinstance(found, str):
                    unknown.append(found)
                elif isinstance(found, More):
                    word = "gained" if one is after else "lost"
                    assumed.append(CUT.format(WITNESSES_MAX, word, *(PLURAL[kind] for kind in kinds)))
                else:
                    changes.append(sides.possible(found, opened=one is after))


def shared_foreign(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The policies of other engines that are the same on both sides. Whatever they make of what the others
    allow, they make of it on both, so that they change nothing.
    """
    from kspec.verify.foreign import POLICIES, named

    before, after = ({named(p): p for p in side.get(POLICIES) or ()} for side in (old, new))
    return [name for name, policy in before.items() if after.get(name) == policy]


def changed_unseen(old: Inputs, new: Inputs) -> list[str]:
    """The kinds that no rule has a type for and whose objects differ."""
    before, after = (
        {o.key: o.value for o in inputs.workspace.objects if o.kind is None} for inputs in (old, new)
    )
    keys = before.keys() | after.keys()
    return sorted({key.kind for key in keys if before.get(key) != after.get(key)})


class _Sides:
    """Both networks, and words for what differs between them."""

    def __init__(self, old: Inputs, new: Inputs, setting: Setting, left_out: Sequence[str] = ()) -> None:
        """`left_out`: policies of other engines of which nothing hangs."""
        from kspec.verify.cluster import Sharing
        from kspec.verify.network.columns import texts_in

        shared = Sharing()
        self.old, self.new = (
            Network(inputs, "pod", left_out=left_out, sharing=shared) for inputs in (old, new)
        )
        both = [p.object for n in (self.old, self.new) for p in n.parts.policies(n.cluster)]
        self.old.texts = self.new.texts = texts_in(both)
        self.new.like = self.old
        self.setting = setting
        self.tellers = {"old": Teller(self.old, PLAIN), "new": Teller(self.new, PLAIN)}

    def come_and_go(self) -> bool:
        """Is someone at hand on one side only?"""
        old, new = ({(t.kind, t.short) for t in network.talkers} for network in (self.old, self.new))
        return old != new

    def policies_differ(self) -> bool:
        """Does anything differ that the rules of the network read of a cluster?"""
        return any(self.old.cluster.get(name) != self.new.cluster.get(name) for name in self.new.parts.read)

    def declared(self) -> set[int]:
        """The ports that workloads at hand declare."""
        ends = [*self.old.ends, *self.new.ends]
        return {port["containerPort"] for end in ends for port in end.get("ports") or ()}

    # ---------------------------------------------------------------- what is at hand

    def at_hand(self) -> tuple[list[Change], list[Change], list[str]]:
        from kspec.verify.network.changes import differing, outside_of

        same = (self.old.ends, self.old.seconds) == (self.new.ends, self.new.seconds)
        if same and not self.policies_differ():
            return [], [], []
        units, ends = self._both()
        ends += outside_of(self.old.found, self.new.found)
        differences = list(differing(self.old.found, self.new.found, ends))
        gained = [self._change(units, ends, *group, True) for group in _grouped(differences, "opened")]
        lost = [self._change(units, ends, *group, False) for group in _grouped(differences, "shut")]
        unknown = [self._unclear(units, ends, *group) for group in _grouped(differences, "unclear")]
        return gained, lost, unknown

    def _both(self) -> tuple[list[list[Unit]], list[Both]]:
        """Who is at hand on both sides, those together that are treated alike on both."""
        from kspec.report.connect import Unit
        from kspec.verify.network.changes import Both

        before, after = numbers_of(self.old), numbers_of(self.new)
        pods: dict[Whose, dict[tuple[int, int], list[str]]] = {}
        for (whose, pod), number in after.items():
            if (whose, pod) in before:
                alike = pods.setdefault(whose, {})
                alike.setdefault((before[whose, pod], number), []).append(pod)
        found: dict[tuple[int, int], list[Unit]] = {}
        for whose, alike in pods.items():
            for key, names in alike.items():
                named = tuple(names) if len(alike) > 1 else ()
                found.setdefault(key, []).append(Unit(*whose, key[1], named))
        return list(found.values()), [Both(*key, len(units)) for key, units in found.items()]

    def _change(
        self,
        units: list[list[Unit]],
        ends: list[Both],
        origins: Sequence[int],
        destinations: Sequence[int],
        ports: Intervals,
        opened: bool,
    ) -> Change:
        from kspec.verify.network.ports import by_protocol, port_of, show

        a, b = ends[origins[0]], ends[destinations[0]]
        port, protocol = port_of(ports[0][0])
        pairs = {
            "old": (self.old.found.ends[a.old], self.old.found.ends[b.old]),
            "new": (self.new.found.ends[a.new], self.new.found.ends[b.new]),
        }
        self._replay(pairs, port, protocol, opened)
        names = self._names(units, ends, origins), self._names(units, ends, destinations)
        details = {"from": names[0], "to": names[1], "ports": by_protocol(ports)}
        what = f"{_listed(names[0])} -> {_listed(names[1])} on {show(ports)}"
        return Change(what, False, tuple(self._causes(pairs, port, protocol, opened)), (), details)

    def _unclear(
        self,
        units: list[list[Unit]],
        ends: list[Both],
        origins: Sequence[int],
        destinations: Sequence[int],
        ports: Intervals,
    ) -> str:
        from kspec.verify.network.ports import show

        names = self._names(units, ends, origins), self._names(units, ends, destinations)
        reason = ""
        for network, side in ((self.old, "old"), (self.new, "new")):
            a, b = getattr(ends[origins[0]], side), getattr(ends[destinations[0]], side)
            reason = reason or network.reason(a, b, ((), ports))
        return f"{_listed(names[0])} -> {_listed(names[1])} on {show(ports)}: {reason}"

    def _names(self, units: list[list[Unit]], ends: list[Both], numbers: Sequence[int]) -> list[str]:
        """The names of units, and ranges of the outside."""
        from kspec.report.connect import OUTSIDE, address_ranges

        named = sorted(u.id for n in numbers if not ends[n].outside for u in units[n])
        cells = [self.new.found.outside[n - len(units)] for n in numbers if ends[n].outside]
        if len(cells) == len(self.new.found.outside):
            return [*named, OUTSIDE]
        return named + [f"{OUTSIDE} {text}" for text in address_ranges(self.new.found, cells)]

    # ---------------------------------------------------------------- replay and causes

    def _replay(self, pairs: dict[str, tuple[Any, Any]], port: int, protocol: str, opened: bool) -> None:
        """The reference evaluator says the same of both sides."""
        from kspec.ir.evaluate import evaluate
        from kspec.verify.network.possible import REACHES

        rule: Rule = self.setting.rules[REACHES]
        for side, network in (("old", self.old), ("new", self.new)):
            args = (*pairs[side], port, protocol, network.cluster)
            env = {p.name: a for p, a in zip(rule.params, args, strict=True)}
            if evaluate(rule.body, env, self.setting.rules) is not ((side == "new") is opened):
                raise InternalError(f"classes of ends and the evaluator disagree about {pairs[side]!r}")

    def _causes(
        self, pairs: dict[str, tuple[Any, Any]], port: int, protocol: str, opened: bool
    ) -> Iterator[Cause]:
        """Of each direction in which the verdict differs: what lets it pass on one side, and what holds it
        up on the other.
        """
        from kspec.verify.network.responsible import responsible
        from kspec.verify.network.why import explain

        stories = {
            side: explain(network.parts, network.cluster, *pairs[side], port, protocol)
            for side, network in (("old", self.old), ("new", self.new))
        }
        lets, holds = ("new", "old") if opened else ("old", "new")
        clusters = self.new.cluster, self.old.cluster
        for each in responsible(stories[lets], stories[holds], *(clusters if opened else clusters[::-1])):
            for policy, path in each.lets[:CAUSES_MAX]:
                yield self.tellers[lets].cause(lets, policy, path, "lets it pass")
            if not each.governed:
                yield Cause(f"no policy selects the end for {each.direction.lower()}", lets)
            for policy, path in each.holds[:CAUSES_MAX]:
                yield self.tellers[holds].cause(holds, policy, path, "holds it up")

    # ---------------------------------------------------------------- what could exist

    @cached_property
    def _blocks(self) -> list[CIDR]:
        from kspec.runtime.ip import is_cidr, parse_cidr
        from kspec.verify.network.columns import texts_in

        networks = self.old, self.new
        texts = texts_in([n.cluster.get(name) for n in networks for name in sorted(n.parts.read)])
        return [parse_cidr(text) for text in sorted(texts) if is_cidr(text)]

    def _at(self, end: dict[str, Any]) -> str:
        """The address of a pod, where it is one that policies name."""
        from kspec.runtime.ip import contains_ip

        address = end.get("address")
        named = not end.get("outside") and address and any(contains_ip(b, address) for b in self._blocks)
        return f", address {address}" if named else ""

    def possible(self, found: Possible, opened: bool) -> Change:
        ends = [_end(end) + self._at(end) for end in (found.origin, found.destination)]
        what = f"{' -> '.join(ends)} on {found.port}/{found.protocol}"
        pairs = dict.fromkeys(("old", "new"), (found.origin, found.destination))
        causes = tuple(self._causes(pairs, found.port, found.protocol, opened))
        details = {"port": found.port, "protocol": found.protocol}
        return Change(what, True, causes, found.objects, details)


def _grouped(
    differences: Sequence[Differs], name: str
) -> list[tuple[tuple[int, ...], tuple[int, ...], Intervals]]:
    """What differs in one respect as (origins, destinations, ports), few of them: fewest ports first."""
    reached: dict[tuple[int, Intervals], list[int]] = {}
    for each in differences:
        ports: Intervals = getattr(each, name)
        if ports:
            reached.setdefault((each.origin, ports), []).append(each.destination)
    alike: dict[tuple[tuple[int, ...], Intervals], list[int]] = {}
    for (origin, ports), destinations in reached.items():
        alike.setdefault((tuple(destinations), ports), []).append(origin)
    found = [(tuple(origins), to, ports) for (to, ports), origins in alike.items()]
    return sorted(found, key=lambda g: (sum(high - low + 1 for low, high in g[2]), g))


def _listed(names: Sequence[str], limit: int = 6) -> str:
    more = f", {len(names) - limit:,} more" if len(names) > limit + 1 else ""
    return ", ".join(names[:limit] if more else names) + more


def _end(end: dict[str, Any]) -> str:
    if end.get("outside"):
        return f"the outside ({end['address']})"
    labels = ", ".join(f"{k}={v}" for k, v in sorted((end.get("labels") or {}).items()))
    own = {"kubernetes.io/metadata.name"}
    of_namespace = {k: v for k, v in (end.get("namespaceLabels") or {}).items() if k not in own}
    labelled = ", ".join(f"{k}={v}" for k, v in sorted(of_namespace.items()))
    where = f"namespace {end['namespace']}" + (f" ({labelled})" if labelled else "")
    return f"a possible pod in {where}" + (f" with {labels}" if labels else "")


def numbers_of(network: Network) -> dict[tuple[Whose, str], int]:
    """Of everyone who talks and each of its pods the number of the end that stands for it."""
    number_of = {end: number for number, its in enumerate(network.found.classes) for end in its}
    return {
        ((t.kind, t.namespace, t.name), str(network.ends[end]["name"])): number_of[end]
        for t in network.talkers
        for end in t.ends
    }
