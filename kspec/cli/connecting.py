"""Knows how inputs become connectivity: who talks, named; the filters of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kspec.cli.inputs import Inputs
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.report.connect import Filters, Unit, View
    from kspec.resources.objects import KubeObject
    from kspec.verify.cluster import Sharing
    from kspec.verify.network.connectivity import Connectivity
    from kspec.verify.network.parts import Parts
    from kspec.verify.network.ports import Intervals
    from kspec.verify.network.talkers import Talker
    from kspec.verify.network.treatment import Answer

NO_ONE, NO_SUCH, BAD_PORT, BAD_BLOCK = "KS1920", "KS1921", "KS1922", "KS1923"
OUTSIDE = "outside"
PORT = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/([A-Za-z]+))?")


class Network:
    """The network of some inputs: the cluster, who talks, and their connectivity."""

    def __init__(
        self,
        inputs: Inputs,
        by: str = "workload",
        pod_cidr: Sequence[str] = (),
        *,
        left_out: Sequence[str] = (),
        sharing: Sharing | None = None,
    ) -> None:
        """`pod_cidr`: pods whose address is not known have one of these. `left_out`: policies of other
        engines that are not looked at. `sharing`: with the clusters of other inputs.
        """
        from kspec.resources.load import paused_collector

        self.inputs, self.by = inputs, by
        with paused_collector():
            self._connect(pod_cidr, left_out, sharing)

    def _connect(self, pod_cidr: Sequence[str], left_out: Sequence[str], sharing: Sharing | None) -> None:
        from kspec.runtime.rulebook import load_rulebook
        from kspec.verify.choices import Choosing
        from kspec.verify.cluster import cluster_of, objects_in
        from kspec.verify.foreign import without
        from kspec.verify.network.connectivity import placed
        from kspec.verify.network.parts import Parts
        from kspec.verify.network.talkers import talkers

        workspace, by = self.inputs.workspace, self.by
        table = self.inputs.library.types(workspace.table)
        known = objects_in(workspace, table)
        self.choosing = Choosing(self.inputs.choices, table)
        at_hand = without(cluster_of(known, table, share=sharing is not None, sharing=sharing), left_out)
        self.cluster: dict[str, Any] = self.choosing.within(at_hand)
        self.parts: Parts = Parts(load_rulebook(), table)
        talking = talkers(self.parts.talkers(self.cluster), by)
        self.talkers: list[Talker] = talking.talkers
        self.unlike = sorted(talking.unlike)
        blocks = [read_block(text) for text in pod_cidr]
        self.ends, given = placed(talking.ends, self.cluster, self.parts, blocks)
        self.seconds = {**talking.seconds, **given}
        self.texts: set[str] = set()
        """What else may matter about ends, beside what the policies mention."""
        self.like: Network | None = None
        """Another one that is compared with this."""

    @cached_property
    def found(self) -> Connectivity:
        """Who may talk to whom."""
        from kspec.resources.load import paused_collector
        from kspec.verify.network.connectivity import Connectivity

        like = self.like.found if self.like else None
        with paused_collector():
            return Connectivity(self.ends, self.cluster, self.parts, self.texts, self.seconds, like)

    @cached_property
    def units(self) -> list[Unit]:
        """Everyone who talks; a workload whose pods policies tell apart is several."""
        from kspec.report.connect import Unit

        number_of = self.number_of
        found = []
        for talker in self.talkers:
            numbers = sorted({number_of[end] for end in talker.ends})
            for number in numbers:
                its = [self.ends[e]["name"] for e in talker.ends if number_of[e] == number]
                pods = tuple(its) if len(numbers) > 1 else ()
                on_node = bool(self.found.ends[number].get("hostNetwork"))
                found.append(Unit(talker.kind, talker.namespace, talker.name, number, pods, on_node))
        return found

    @cached_property
    def number_of(self) -> dict[int, int]:
        """Of each end its class."""
        return {end: number for number, its in enumerate(self.found.classes) for end in its}

    def view(self, filters: Filters | None = None) -> View:
        from kspec.report.connect import View

        policies = {str(p.object.get("kind")) for p in self.found.policies}
        unseen = sorted({kind for _, kind in self.inputs.workspace.unmodelled} - policies)
        return View(self.found, self.units, self.by, filters, self.reason, unseen, self.unlike)

    def place(self, unit: Unit) -> str:
        """Where its object stands; "" if it is not in the input, as an owner of pods may be."""
        at = self.named(unit.kind, unit.namespace, unit.name)
        return str(at.span) if at else ""

    def named(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The object of the input of this kind and name."""
        return self._objects.get((kind, namespace, name))

    @cached_property
    def _objects(self) -> dict[tuple[str, str, str], KubeObject]:
        return {(o.key.kind, o.key.namespace, o.key.name): o for o in self.inputs.workspace.objects}

    def object(self, record: str, namespace: str, name: str) -> KubeObject | None:
        """The object of the input of this type and name."""
        return self._records.get((record, namespace, name))

    @cached_property
    def _records(self) -> dict[tuple[str, str, str], KubeObject]:
        objects = self.inputs.workspace.objects
        return {(o.kind.record, o.key.namespace, o.key.name): o for o in objects if o.kind}

    def reason(self, origin: int, destination: int, answer: Answer) -> str:
        """Why it is undetermined whether a connection may pass between two ends, of the first port of which
        it is.
        """
        from kspec.runtime.values import EvalError
        from kspec.verify.network.ports import port_of

        port, protocol = port_of(answer[1][0][0])
        ends = self.found.ends
        try:
            cluster = self.found.about_both(origin, destination)
            self.parts.reaches(ends[origin], ends[destination], port, protocol, cluster)
        except EvalError as error:
            return error.message
        return ""


def filters(
    network: Network, from_: str | None, to: str | None, port: str | None, namespace: str | None
) -> Filters:
    """What `--from`, `--to`, `--port` and `-n` ask for."""
    from kspec.report.connect import Filters
    from kspec.verify.network.ports import ALL

    units = network.units
    if not units:
        help_ = "give the manifests of workloads or pods too"
        raise DiagnosticError(
            [Diagnostic(NO_ONE, "there is no pod and no workload in the input", help=help_)]
        )
    if namespace is not None and not any(u.namespace == namespace for u in units):
        raise DiagnosticError([no_such(f"namespace `{namespace}`", namespace, {u.namespace for u in units})])
    return Filters(
        _who(units, from_),
        _who(units, to),
        ALL if port is None else read_ports(port),
        namespace,
    )


def _who(units: Sequence[Unit], wanted: str | None) -> Callable[[Unit | None], bool]:
    """A test of units; None is the outside."""
    if wanted is None:
        return lambda unit: True
    if wanted == OUTSIDE:
        return lambda unit: unit is None
    meant = {unit for unit in units if is_meant(unit, wanted)}
    if not meant:
        raise DiagnosticError([no_such(f"`{wanted}`", wanted, {u.id for u in units} | {OUTSIDE})])
    return lambda unit: unit in meant


def is_meant(unit: Unit, wanted: str) -> bool:
    """`shop/db`, `db` in any namespace, `deployment/shop/db`; or one of its pods."""
    *kind, place = wanted.split("/", 1) if wanted.count("/") == 2 else (wanted,)
    namespace, _, name = place.rpartition("/")
    if kind and kind[0].lower() != unit.kind.lower():
        return False
    return (not namespace or namespace == unit.namespace) and name in (unit.name, *unit.pods)


def read_ports(text: str) -> Intervals:
    """`443`, `443/TCP`, `8000-8100/UDP`; without a protocol TCP is meant, as everywhere in Kubernetes."""
    from kspec.verify.network.ports import PORT_MAX, PROTOCOLS, point

    found = PORT.fullmatch(text.strip())
    protocol = (found[3] or "TCP").upper() if found else ""
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not found or protocol not in PROTOCOLS or not 1 <= low <= high <= PORT_MAX:
        help_ = "such as 443, 443/TCP or 8000-8100/UDP; protocols are TCP, UDP and SCTP"
        raise DiagnosticError([Diagnostic(BAD_PORT, f"`{text}` is no port", help=help_)])
    return ((point(low, protocol), point(high, protocol)),)


def read_block(text: str) -> tuple[int, int]:
    """The places of a block of addresses."""
    from kspec.verify.network.addresses import range_of

    found = range_of(text)
    if found is None:
        message, help_ = f"`{text}` is no block of addresses", "such as 10.244.0.0/16 or fd00:10:244::/56"
        raise DiagnosticError([Diagnostic(BAD_BLOCK, message, help=help_)])
    return found


def no_such(what: str, wanted: str, known: set[str]) -> Diagnostic:
    """What the user may have meant: names that look like it, with or without what stands before them."""
    lasts: dict[str, list[str]] = {}
    for name in sorted(known):
        lasts.setdefault(name, []).append(name)
        lasts.setdefault(name.rpartition("/")[2], []).append(name)
    close = get_close_matches(wanted, sorted(known), n=3, cutoff=0.6)
    close += get_close_matches(wanted.rpartition("/")[2], sorted(lasts), n=3, cutoff=0.6)
    near = list(dict.fromkeys(name for text in close for name in lasts[text]))[:3]
    if near:
        help_ = f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
    else:
        more = " and others" if len(known) > 3 else ""
        help_ = f"there are {', '.join(sorted(known)[:3])}{more}" if known else "there is none"
    return Diagnostic(NO_SUCH, f"there is no {what} in the input", help=help_)
