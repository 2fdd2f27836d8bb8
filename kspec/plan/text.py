"""Knows a plan as plain text, as users of terraform and pulumi expect it: totals first, then + ~ -/+ - and
what follows.

Only text: colour is for whoever prints it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kspec.plan.value import FieldChange, ObjectChange, Plan, PodRow, Ref, Verb, Workload

VALUE_LENGTH_MAX = 72
NAMES_SHOWN_MAX = 4
PODS_SHOWN_MAX = 12
"""Of one owner's pods; the others are counted. The JSON document has them all."""


def render_text(plan: Plan) -> str:
    """The whole plan."""
    parts = [
        _totals(plan),
        _section("Objects", _objects(plan.changes)),
        _section("Workloads", _workloads(plan)),
        _section("Also made", [f"+ {r}" for r in plan.made]),
        _section("Not running", _pending(plan.pods)),
        _section("Short of addresses", _short(plan)),
        _section("Gone", _gone(plan.pods)),
        _section("Nodes", _nodes(plan)),
        _section("Not modelled", _not_modelled(plan)),
        _section("Problems", plan.problems),
        _section("Assumed", plan.assumptions),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    made = [f"  {line}" for line in lines]
    return "\n".join([title, *made]) if made else ""


def _totals(plan: Plan) -> str:
    t = plan.totals
    first = f"Plan: {t.create} to create, {t.change} to change, {t.replace} to replace, {t.delete} to delete"
    first += f", {t.refused} refused" if t.refused else ""
    first += f", {t.keep} unchanged" if t.keep else ""
    if not plan.has_changes and not t.refused:
        first = f"No changes: {t.keep} objects are as they should be"
    return f"{first}.\n{_pod_totals(plan)}.\nCluster: {plan.cluster}."


def _pod_totals(plan: Plan) -> str:
    t = plan.totals
    text = f"Pods: {t.running} of {t.pods} running on {t.nodes} nodes"
    text += f", {t.pending} pending" if t.pending else ""
    lacking = len({ref for ref, _ in plan.short} & {pod.object for pod in plan.pods})
    text += f", {lacking} of them without an address" if lacking else ""
    fates = [f"{n} {word}" for n, word in ((t.new_pods, "new"), (t.gone_pods, "gone")) if n]
    return f"{text} ({', '.join(fates)})" if fates else text


def _short(plan: Plan) -> Iterator[str]:
    yield from (f"{ref} {shortage}" for ref, shortage in plan.short[:PODS_SHOWN_MAX])
    if len(plan.short) > PODS_SHOWN_MAX:
        yield f"and {len(plan.short) - PODS_SHOWN_MAX} more"


# ---------------------------------------------------------------- objects


def _objects(changes: Sequence[ObjectChange]) -> Iterator[str]:
    for change in changes:
        if change.verb is Verb.KEEP and not change.refusal:
            continue
        yield f"{change.verb.mark} {change.object}" + _remark(change)
        for field in change.fields:
            yield f"    {_field(field)}"


def _remark(change: ObjectChange) -> str:
    if change.refusal:
        return f"  would be refused: {change.refusal}"
    return "  must be replaced" if change.verb is Verb.REPLACE else ""


def _field(field: FieldChange) -> str:
    forced = f"  (forces replacement: {field.forces})" if field.forces else ""
    if field.old is None:
        return f"+ {field.path}: {_value(field.new)}{forced}"
    if field.new is None:
        return f"- {field.path}: {_value(field.old)}{forced}"
    return f"~ {field.path}: {_value(field.old)} -> {_value(field.new)}{forced}"


def _value(value: Any) -> str:
    if isinstance(value, str) and value.startswith("*** ("):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_LENGTH_MAX else text[: VALUE_LENGTH_MAX - 1] + "…"


# ---------------------------------------------------------------- what comes of them


def _workloads(plan: Plan) -> Iterator[str]:
    by_owner: dict[Ref | None, list[PodRow]] = {}
    for pod in plan.pods:
        if pod.fate != "gone":
            by_owner.setdefault(pod.owner, []).append(pod)
    for workload in plan.workloads:
        yield from _workload(workload, by_owner, "", workload.object.place)
    known = set(_refs(plan.workloads))
    for owner, pods in by_owner.items():
        if owner not in known:
            yield from _pods(pods, "", full=True)


def _refs(workloads: Iterable[Workload]) -> Iterator[Ref]:
    for workload in workloads:
        yield workload.object
        yield from _refs(workload.owned)


def _workload(
    workload: Workload, by_owner: dict[Ref | None, list[PodRow]], indent: str, name: str
) -> Iterator[str]:
    wanted = workload.pods if workload.wanted is None else workload.wanted
    yield f"{indent}{workload.object.kind} {name}  {workload.ready}/{wanted} ready"
    for inner in workload.owned:
        if inner.pods or inner.wanted:
            yield from _workload(inner, by_owner, indent + "  ", inner.object.name)
    yield from _pods(by_owner.get(workload.object, []), indent + "  ")


def _pods(pods: Sequence[PodRow], indent: str, full: bool = False) -> Iterator[str]:
    names = [f"Pod {p.object.place}" if full else p.object.name for p in pods[:PODS_SHOWN_MAX]]
    width = max(map(len, names), default=0)
    for name, pod in zip(names, pods, strict=False):
        mark = "+" if pod.fate == "new" else " "
        where = pod.node if pod.ready else f"{pod.node or '(no node)'}  {pod.phase or 'Pending'}"
        yield f"{indent}{mark} {name:<{width}}  {where}"
    if len(pods) > PODS_SHOWN_MAX:
        yield f"{indent}  and {len(pods) - PODS_SHOWN_MAX} more on {_spread(pods[PODS_SHOWN_MAX:])}"


def _spread(pods: Sequence[PodRow]) -> str:
    nodes = {p.node for p in pods if p.node}
    without = sum(not p.node for p in pods)
    return f"{len(nodes)} nodes" + (f", {without} on none" if without else "")


def _pending(pods: Sequence[PodRow]) -> Iterator[str]:
    """Pods that do not run, those of one owner and one reason together."""
    groups: dict[tuple[Ref | None, str], list[PodRow]] = {}
    for pod in pods:
        if pod.fate != "gone" and pod.why:
            groups.setdefault((pod.owner, pod.why), []).append(pod)
    for (owner, why), group in groups.items():
        first = group[0].object
        what = str(first) if len(group) == 1 else f"{len(group)} pods of {owner or first}"
        yield f"{what}: {why}"


def _gone(pods: Sequence[PodRow]) -> Iterator[str]:
    gone = [p for p in pods if p.fate == "gone"]
    for pod in gone[:PODS_SHOWN_MAX]:
        yield f"- {pod.object}" + (f"  from {pod.node}" if pod.node else "")
    if len(gone) > PODS_SHOWN_MAX:
        yield f"  and {len(gone) - PODS_SHOWN_MAX} more"


def _nodes(plan: Plan) -> Iterator[str]:
    width = max((len(n.name) for n in plan.nodes), default=0)
    for node in plan.nodes[:PODS_SHOWN_MAX]:
        usage = "  ".join(f"{r} {used} of {there} ({percent}%)" for r, used, there, percent in node.usage)
        yield f"{node.name:<{width}}  {node.pods} pod{'' if node.pods == 1 else 's'}  {usage}"
    if len(plan.nodes) > PODS_SHOWN_MAX:
        yield f"and {len(plan.nodes) - PODS_SHOWN_MAX} more"


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _not_modelled(plan: Plan) -> Iterator[str]:
    for aspect, refs in plan.overlooked:
        yield f"{aspect} of {_some([str(r) for r in refs])}"
    for kind, refs in plan.custom:
        yield f"custom resource {kind}, carried along: {_some([r.place for r in refs])}"
    if plan.inert:
        kinds = ", ".join(f"{count} {kind}" for kind, count in plan.inert)
        yield f"kept, but nothing in the model acts on them: {kinds}"
