"""Knows which policies, or parts of them, are superfluous, and which contradict one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Any

from kspec.cli.reviewing.manifests import Cluster, Reviewed
from kspec.source import Severity, Span

if TYPE_CHECKING:
    from kspec.report.analysis import Finding
    from kspec.verify.network.superfluous import Superfluous, Undecidable
    from kspec.verify.switches import Path

Ranked = tuple[str, Mapping[str, Any]]
"""A policy of administrators, with the field of the cluster that it is in."""

SUPERFLUOUS = {"policy": "KS3101", "rule": "KS3102", "peer": "KS3103", "port": "KS3104"}
NO_EFFECT, SHADOWED, CONFLICT = "KS3105", "KS3107", "KS3120"
NAMES_MAX = 5
LISTED = ("peer", "port")
CAN_GO = "without all that is found so, the same may enter and leave, whatever pods and addresses there are"


def superfluous(reviewed: Reviewed) -> Iterator[Finding]:
    """Parts of policies that can go, all together, without any change of what may enter or leave."""
    return _Policies(reviewed).superfluous()


def conflicts(reviewed: Reviewed) -> Iterator[Finding]:
    """Policies of one priority of which it is not laid down which decides, where they differ."""
    return _Policies(reviewed).conflicts()


class _Policies:
    """The policies under review."""

    def __init__(self, reviewed: Reviewed) -> None:
        self.of = reviewed

    # ---------------------------------------------------------------- what can go

    def superfluous(self) -> Iterator[Finding]:
        """Parts of policies that can go, all together, without any change of what may enter or leave."""
        groups = list(self.groups())
        with self.of.session.progress("looking for what can go", len(groups)) as progress:
            for label, cluster, own in groups:
                progress.step(label)
                yield from self.superfluous_in(cluster, own)

    def groups(self) -> Iterator[tuple[str, Cluster, set[str]]]:
        """Clusters in each of which policies can make one another superfluous, and which kinds are asked
        about: policies with a namespace meet those of the same namespace, others meet all.
        """
        from kspec.verify.network.columns import texts_in

        wide = [k for k in self.of.kinds if not self.has_namespaces(k)]
        base = {
            k: self.of.cluster[k] for k in ("namespaces", "nodes", "options", *wide) if k in self.of.cluster
        }
        narrow = [k for k in self.of.kinds if k not in wide and k in self.of.cluster]
        for kind in narrow:
            for namespace, its in groupby(self.of.cluster[kind], lambda o: o["metadata"]["namespace"]):
                members = list(its)
                named = texts_in([members, *(base.get(k) for k in wide)])
                # a namespace that no policy names is like one that could exist, with the same labels
                at_hand = [n for n in base.get("namespaces", ()) if n["metadata"]["name"] in named]
                yield namespace, {**base, "namespaces": at_hand, kind: members}, {kind}
        if any(self.of.cluster.get(k) for k in wide):
            yield "the cluster", {**base, **{k: self.of.cluster[k] for k in narrow}}, set(wide)

    def has_namespaces(self, kind: str) -> bool:
        return any(o["metadata"].get("namespace") for o in self.of.cluster.get(kind, ()))

    def superfluous_in(self, cluster: Cluster, own: set[str]) -> Iterator[Finding]:
        from kspec.verify.network.needed import Needed
        from kspec.verify.network.superfluous import Removal, Superfluous, removable

        called = self.elements(cluster, own)
        if not called:
            return
        needed = Needed(cluster, self.of.policy_kinds, self.of.functions)
        shown = needed.shown(called)
        rest = {path[:2] for path in called if path not in shown}
        if not rest:
            return
        near = self.near(cluster, own, rest)
        if near is not None:
            yield from self.superfluous_in(near, own)
            return
        above = {path: parent for path in called if (parent := nearest(path, called)) is not None}
        removal = Removal(cluster, tuple(called), self.of.setting, needed, shown)
        self.of.bounds += removal.query.bounds
        order = sorted(called, key=lambda path: (len(path), *(-p if isinstance(p, int) else 0 for p in path)))
        for found in removable(removal, order, above):
            if isinstance(found, Superfluous):
                yield self.can_go(cluster, found, called)
            else:
                yield self.not_known(cluster, found, called)

    def near(self, cluster: Cluster, own: set[str], rest: set[Path]) -> Cluster | None:
        """The cluster with no other policies with a namespace than can be about a pod that some of these are
        about; None if it has no others.
        """
        narrow = [kind for kind in own if self.has_namespaces(kind)]
        kept = {
            kind: [
                policy
                for number, policy in enumerate(cluster[kind])
                if any(
                    (kind, number) == path or self.of.call("mayGovernOne", cluster[kind][path[1]], policy)
                    for path in rest
                    if path[0] == kind
                )
            ]
            for kind in narrow
        }
        return {**cluster, **kept} if any(len(kept[k]) < len(cluster[k]) for k in narrow) else None

    def elements(self, cluster: Cluster, own: set[str]) -> dict[Path, str]:
        """The parts that could go, and what each is called; an only peer or port goes with its rule."""
        from kspec.verify.switches import elements, siblings

        found: dict[Path, str] = {}
        for each in self.of.removable:
            if each["objects"] not in own:
                continue
            for path in elements(cluster, (each["objects"], *each.get("path", ()))):
                if each["element"] in ("policy", "rule") or siblings(cluster, path) > 1:
                    found[path] = each["element"]
        return found

    def can_go(self, cluster: Cluster, found: Superfluous, called: Mapping[Path, str]) -> Finding:
        """Why the part can go: it has no effect, others say the same, or others decide before it."""
        from kspec.report.analysis import PROVED, Finding

        path, element = found.path, called[found.path]
        covering = [p for p in leaves(found.thanks_to) if p[: len(path)] != path and path[: len(p)] != p]
        if covering and element in LISTED and self.matches_nothing(cluster, path):
            covering = []
        subject = self.of.name(str(path[0]), self.object_at(cluster, path))
        what = subject if element == "policy" else f"a {element} of {subject}"
        opposed = bool(covering) and all(self.opposes(cluster, path, p) for p in covering)
        shadowed = element == "rule" and opposed
        code = SHADOWED if shadowed else SUPERFLUOUS[element] if covering else NO_EFFECT
        message, label = {
            SHADOWED: (f"{what} never decides anything", "this {0} decides first"),
            NO_EFFECT: (f"{what} has no effect on anything that could exist", ""),
        }.get(code, (f"{what} is superfluous", "this {0} covers it"))
        notes = tuple(
            (self.span_of(cluster, p), label.format(called[p])) for p in covering[:NAMES_MAX] if p in called
        )
        severity = Severity.WARNING
        if code == NO_EFFECT and self.opens_what_is_open(cluster, path):
            severity, message = Severity.NOTE, f"{what} opens what no policy at hand closes"
        span = self.span_of(cluster, path)
        return Finding(code, severity, message, span, PROVED, CAN_GO, subject, "", notes)

    def opens_what_is_open(self, cluster: Cluster, path: Path) -> bool:
        """Would the part matter beside a policy that closes the namespace?"""
        from kspec.verify.network.superfluous import Removal

        kind, obj = str(path[0]), self.object_at(cluster, path)
        namespace = obj["metadata"].get("namespace")
        if not namespace:
            return False
        beside: Cluster = {**cluster, kind: [obj, self.of.call("closing", namespace)]}
        part: Path = (kind, 0, *path[2:])
        return Removal(beside, (part,), self.of.setting).ask(part) is None

    def matches_nothing(self, cluster: Cluster, path: Path) -> bool:
        """Has a peer or a port no effect where it is the only one of the only rule of the only policy? Such a
        policy then lets nothing through.
        """
        from kspec.verify.network.superfluous import Removal, Superfluous

        kind, _, spec, direction, _, field, _ = path
        obj = self.object_at(cluster, path)
        if "action" in at_path(cluster, path[:-2]):
            return False
        listed: dict[Any, Any] = {field: [at_path(cluster, path)]}
        body: dict[Any, Any] = {**obj["spec"], direction: [listed]}
        asked: dict[str, Any] = {k: v for k, v in cluster.items() if k not in self.of.kinds}
        asked[str(kind)] = [{**obj, "spec": body}]
        rule: Path = (kind, 0, spec, direction, 0)
        return isinstance(Removal(asked, (rule,), self.of.setting).ask(rule), Superfluous)

    def opposes(self, cluster: Cluster, path: Path, other: Path) -> bool:
        """Has a rule an action, and another one than this rule?"""
        own, its = (at_path(cluster, p[:5]).get("action", "") for p in (path, other))
        return len(other) >= len(path) and bool(its) and own != its

    def not_known(self, cluster: Cluster, found: Undecidable, called: Mapping[Path, str]) -> Finding:
        from kspec.report.analysis import UNDECIDED, Finding

        element = called[found.path]
        subject = self.of.name(str(found.path[0]), self.object_at(cluster, found.path))
        message = f"{subject if element == 'policy' else f'a {element} of {subject}'} is superfluous"
        span = self.span_of(cluster, found.path)
        return Finding(
            SUPERFLUOUS[element], Severity.WARNING, message, span, UNDECIDED, found.reason, subject
        )

    def object_at(self, cluster: Cluster, path: Path) -> Mapping[str, Any]:
        found: Mapping[str, Any] = cluster[str(path[0])][path[1]]
        return found

    def span_of(self, cluster: Cluster, path: Path) -> Span:
        return self.of.span(str(path[0]), self.object_at(cluster, path), path[2:])

    # ---------------------------------------------------------------- equal priorities

    def conflicts(self) -> Iterator[Finding]:
        """Policies of one priority of which it is not laid down which decides, where they differ."""
        from kspec.report.analysis import SHOWN, UNDECIDED, Finding
        from kspec.solve.verdict import Holds, Violated
        from kspec.verify.network.asking import always_determined

        for pair, cluster in self.ties():
            verdict = always_determined(cluster, self.of.setting)
            if isinstance(verdict, Holds):
                continue
            first, second = (self.of.name(*each) for each in pair)
            same = "have one priority" if all(priority(o) is not None for _, o in pair) else "have no order"
            message = f"{first} and {second} {same} and say different things"
            notes = ((self.of.span(*pair[1]), "the other"),)
            span = self.of.span(*pair[0], ("spec", "priority"))
            help_ = "which of them decides is not laid down: give them different priorities, or one kind"
            if isinstance(verdict, Violated):
                witness = verdict.witness
                reason = witness.error if witness is not None else ""
                yield Finding(
                    CONFLICT, Severity.ERROR, message, span, SHOWN, reason, first, help_, notes, witness
                )
            else:
                yield Finding(
                    CONFLICT, Severity.ERROR, message, span, UNDECIDED, verdict.reason, first, "", notes
                )

    def ties(self) -> Iterator[tuple[tuple[Ranked, Ranked], Cluster]]:
        """Two policies of which neither comes first, with those that come before both and all others. Whether
        two kinds meet in one tier the solver finds out.
        """
        wide = [k for k in self.of.kinds if not self.has_namespaces(k)]
        ranked = [(kind, o) for kind in wide for o in self.of.cluster.get(kind, ())]
        for a, b in combinations(ranked, 2):
            ranks = {rank for _, o in (a, b) if (rank := priority(o)) is not None}
            actions = {action for _, o in (a, b) for action in actions_of(o)}
            if len(ranks) > 1 or len(actions) < 2 or (a[0] == b[0] and tier(a[1]) != tier(b[1])):
                continue
            kept = {
                kind: [o for k, o in ranked if k == kind and (o in (a[1], b[1]) or is_before(o, ranks))]
                for kind in wide
            }
            yield (a, b), {**self.of.cluster, **kept}


def priority(policy: Mapping[str, Any]) -> int | None:
    rank: int | None = policy.get("spec", {}).get("priority")
    return rank


def is_before(policy: Mapping[str, Any], ranks: set[int]) -> bool:
    own = priority(policy)
    return own is not None and all(own < rank for rank in ranks)


def actions_of(policy: Mapping[str, Any]) -> set[str]:
    """The actions of all rules, of both directions."""
    lists = [value for value in policy.get("spec", {}).values() if isinstance(value, list)]
    return {str(rule.get("action")) for rules in lists for rule in rules if isinstance(rule, Mapping)}


def tier(policy: Mapping[str, Any]) -> str:
    return str(policy.get("spec", {}).get("tier", ""))


def nearest(path: Path, called: Mapping[Path, str]) -> Path | None:
    """The smallest part that holds this one."""
    return next((path[:n] for n in range(len(path) - 1, 1, -1) if path[:n] in called), None)


def leaves(paths: Sequence[Path]) -> list[Path]:
    """The paths that lead to no other of them."""
    return [p for p in paths if not any(q != p and q[: len(p)] == p for q in paths)]


def at_path(root: Any, path: Path) -> Any:
    for part in path:
        root = root[part]
    return root
