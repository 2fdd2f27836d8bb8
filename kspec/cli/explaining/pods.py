"""Knows why a pod runs where it runs, or nowhere: what the rules said of each node when its turn came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.cli import exits
from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session
from kspec.report.style import Style, plural
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.model.placement import Judge, Placement, Score, Verdict
    from kspec.model.world import World

NO_POD = "KS1910"
PODS_MAX = 10
NODES_MAX = 6


class Recording:
    """Stands in for the judge, and keeps what it said last of each pod."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.said: dict[tuple[str, str], Placement] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._judge, name)

    def judge(self, pod: dict[str, Any], nodes: Any, placed: Any, refused: Any = None) -> Placement:
        placement = self._judge.judge(pod, nodes, placed, refused)
        self.said[_name(pod)] = placement
        return placement


@dataclass(frozen=True, slots=True)
class PodStory:
    """A pod as it ended, and what was said of the nodes when it was placed; None if nobody asked."""

    namespace: str
    name: str
    node: str
    phase: str
    message: str
    placement: Placement | None


def explain_pods(session: Session, wanted: str, paths: Sequence[str], **options: Any) -> int:
    """The stories of all pods that are meant."""
    with session.progress("running"):
        world, recording = _world(session, paths, ClusterOptions(**options))
        world.run_until_quiet()
    pods = list(world.store.objects("core.Pod"))
    meant = [p for p in pods if _is_meant(_name(p), wanted)]
    if not meant:
        raise DiagnosticError([_no_pod(wanted, [_name(p) for p in pods])])
    stories = [_story(p, recording) for p in meant]
    if session.json:
        body = {"topic": "pod", "name": wanted, "pods": [_to_json(s) for s in stories]}
        session.document("explain", body)
    else:
        shown = ["\n".join(_text(s, session.style)) for s in stories[:PODS_MAX]]
        more = len(stories) - PODS_MAX
        session.result("\n\n".join(shown + ([f"and {plural(more, 'pod')} more"] if more > 0 else [])))
    return exits.OK


def _world(session: Session, paths: Sequence[str], options: ClusterOptions) -> tuple[World, Recording]:
    from kspec.cli.inputs import check_size, declared, load, load_nodes, standard
    from kspec.plan.cluster import choose_nodes
    from kspec.plan.prepared import prepared_world

    inputs = load(session, paths, options)
    rules, workspace = standard(inputs), inputs.workspace
    check_size(workspace)
    given = load_nodes(session, options, workspace.version)
    found = [o.decoded for o in workspace.objects if o.kind and o.kind.record == "core.Node" and o.decoded]
    nodes = choose_nodes(rules.rules, given, declared(workspace), found).objects
    world = prepared_world(rules, workspace.table, workspace.objects, nodes)
    assert world.scheduler is not None
    recording = Recording(world.scheduler.judge)
    judges: dict[str, Any] = dict.fromkeys(world.scheduler.judges, recording)
    world.scheduler.judges = judges
    return world, recording


def _name(pod: Mapping[str, Any]) -> tuple[str, str]:
    metadata = pod["metadata"]
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def _is_meant(name: tuple[str, str], wanted: str) -> bool:
    """`shop/cart-1`, `shop/cart`, or `cart` in any namespace: the beginning of a name is enough."""
    namespace, slash, begin = wanted.rpartition("/")
    return name[1].startswith(begin) and (not slash or name[0] == namespace)


def _no_pod(wanted: str, there: list[tuple[str, str]]) -> Diagnostic:
    from difflib import get_close_matches

    names = sorted({"/".join(n) for n in there})
    near = get_close_matches(wanted, names, n=3, cutoff=0.4) or names[:3]
    help_ = (
        f"there are {', '.join(near)}" + (" and others" if len(names) > len(near) else "") if names else ""
    )
    return Diagnostic(NO_POD, f"no pod's name begins with `{wanted}`", help=help_)


def _story(pod: Mapping[str, Any], recording: Recording) -> PodStory:
    namespace, name = _name(pod)
    status = pod.get("status") or {}
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    waits = [c for c in status.get("conditions") or () if c.get("type") == "PodScheduled"]
    message = "" if node else "; ".join(str(c.get("message", "")) for c in waits if c.get("message"))
    placement = recording.said.get((namespace, name))
    return PodStory(namespace, name, node, str(status.get("phase", "")), message, placement)


# ---------------------------------------------------------------- text


def _text(story: PodStory, style: Style) -> list[str]:
    title = style.bold(f"Pod {story.namespace}/{story.name}")
    where = f"is on {story.node}" if story.node else style.warn("is on no node")
    lines = [f"{title} {where}" + (f", {story.phase}" if story.phase else "")]
    if story.message:
        lines.append(f"  {story.message}")
    if story.placement is None:
        lines.append("  the scheduler was not asked: the pod names its node itself")
        return lines
    return lines + _fitting(story, story.placement, style) + _rejected(story.placement)


def _fitting(story: PodStory, placement: Placement, style: Style) -> list[str]:
    fitting = placement.fitting
    if not fitting:
        return []
    totals = placement.totals()
    if not totals:
        return [f"  it fits only on {fitting[0]}, so nothing is scored"]
    ranked = sorted(fitting, key=lambda n: (-totals[n], n))
    lines = ["  it fits on these; the highest score is taken, the first by name of equal ones"]
    width = max(len(n) for n in ranked[:NODES_MAX])
    for node in ranked[:NODES_MAX]:
        sums = " + ".join(_score(s) for s in placement.scores[node])
        mark = style.good("*") if node == story.node else " "
        lines.append(f"  {mark} {node:{width}}  {totals[node]} = {sums}")
    if len(ranked) > NODES_MAX:
        lines.append(f"    and {plural(len(ranked) - NODES_MAX, 'node')} more")
    return lines


def _score(score: Score) -> str:
    weight = f" x{score.weight}" if score.weight != 1 else ""
    return f"{score.plugin} {score.normalized}{weight}"


def _rejected(placement: Placement) -> list[str]:
    """Nodes that a filter refused, those of one reason together."""
    groups: dict[tuple[str, tuple[str, ...]], list[Verdict]] = {}
    for verdict in placement.verdicts:
        if not verdict.fits:
            groups.setdefault((verdict.plugin, verdict.reasons), []).append(verdict)
    lines = ["  it does not fit on"] if groups else []
    for (plugin, reasons), verdicts in groups.items():
        names = ", ".join(v.node for v in verdicts[:NODES_MAX])
        more = f" and {len(verdicts) - NODES_MAX} more" if len(verdicts) > NODES_MAX else ""
        lines.append(f"    {names}{more}: {'; '.join(reasons)} ({plugin})")
    return lines


# ---------------------------------------------------------------- JSON


def _to_json(story: PodStory) -> dict[str, object]:
    made: dict[str, object] = {
        "namespace": story.namespace,
        "name": story.name,
        "node": story.node or None,
        "phase": story.phase,
        "message": story.message,
    }
    if story.placement is not None:
        totals = story.placement.totals()
        made["nodes"] = [_verdict_to_json(v, story.placement, totals) for v in story.placement.verdicts]
    return made


def _verdict_to_json(verdict: Verdict, placement: Placement, totals: Mapping[str, int]) -> dict[str, object]:
    made: dict[str, object] = {"name": verdict.node, "fits": verdict.fits}
    if not verdict.fits:
        return {**made, "plugin": verdict.plugin, "code": verdict.code, "reasons": list(verdict.reasons)}
    if verdict.node in totals:
        scores = {
            s.plugin: {"raw": s.raw, "normalized": s.normalized, "weight": s.weight}
            for s in placement.scores[verdict.node]
        }
        return {**made, "total": totals[verdict.node], "scores": scores}
    return made
