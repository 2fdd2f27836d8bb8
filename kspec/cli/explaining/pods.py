"""Knows why a pod runs where it runs, or nowhere: what the rules said of each node when its turn came, and
what would let it in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.cli import exits
from kspec.cli.explaining.verdicts import fitting_text, rejected_text, verdicts_to_json
from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session
from kspec.report.style import Style, plural
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.explaining.suggestions import Sources
    from kspec.cli.inputs import Inputs
    from kspec.model.placement import Judge, Placement
    from kspec.model.world import World
    from kspec.verify.fitting.search import Suggestions

NO_POD = "KS1910"
PODS_MAX = 10
TIMEOUT = "timeout"
"""The reason of what was not decided for want of time."""
POD, NODE = "core.Pod", "core.Node"


class Recording:
    """Stands in for a judge, and keeps what it said last of each pod."""

    def __init__(self, judge: Judge, said: dict[tuple[str, str], Placement]) -> None:
        self._judge = judge
        self._said = said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._judge, name)

    def judge(self, pod: dict[str, Any], nodes: Any, placed: Any, refused: Any = None) -> Placement:
        placement = self._judge.judge(pod, nodes, placed, refused)
        self._said[_name(pod)] = placement
        return placement


@dataclass(frozen=True, slots=True)
class PodStory:
    """A pod as it ended, and what was said of the nodes when it was placed; None if nobody asked. One that
    fits nowhere has what would let it in.
    """

    pod: Mapping[str, Any]
    message: str
    placement: Placement | None
    suggestions: Suggestions | None = None
    sources: Sources | None = None

    @property
    def node(self) -> str:
        return str((self.pod.get("spec") or {}).get("nodeName", ""))

    @property
    def phase(self) -> str:
        return str((self.pod.get("status") or {}).get("phase", ""))


def explain_pods(session: Session, wanted: str, paths: Sequence[str], timeout: float, **options: Any) -> int:
    """The stories of all pods that are meant; `timeout` is for what would let one in."""
    with session.progress("running") as progress:
        told = _Told(session, paths, ClusterOptions(**options), timeout)
        pods = told.world.store.objects(POD)
        meant = [p for p in pods if _is_meant(_name(p), wanted)]
        if not meant:
            raise DiagnosticError([_no_pod(wanted, [_name(p) for p in pods])])
        shown = meant if session.json else meant[:PODS_MAX]
        stories = []
        for pod in shown:
            progress.step("/".join(_name(pod)))
            stories.append(told.story(pod))
    if session.json:
        body = {"topic": "pod", "name": wanted, "pods": [told.to_json(s) for s in stories]}
        session.document("explain", body)
    else:
        texts = ["\n".join(told.text(s, session.style)) for s in stories]
        more = len(meant) - PODS_MAX
        session.result("\n\n".join(texts + ([f"and {plural(more, 'pod')} more"] if more > 0 else [])))
    open_ = [reason for s in stories if s.suggestions for _, reason in s.suggestions.open]
    return exits.UNDECIDED if TIMEOUT in open_ else exits.OK


class _Told:
    """What came of a run, with all that was said of each pod."""

    def __init__(
        self, session: Session, paths: Sequence[str], options: ClusterOptions, timeout: float
    ) -> None:
        from kspec.cli.inputs import load

        self.timeout = timeout
        self.inputs: Inputs = load(session, paths, options)
        self.said: dict[tuple[str, str], Placement] = {}
        self.world = world_of(session, self.inputs, options)
        assert self.world.scheduler is not None
        judges: dict[str, Any] = {n: Recording(j, self.said) for n, j in self.world.scheduler.judges.items()}
        self.judges = self.world.scheduler.judges
        self.world.scheduler.judges = judges
        self.world.run_until_quiet()
        self.nodes = {n["metadata"]["name"]: n for n in self.world.store.objects(NODE)}

    def story(self, pod: dict[str, Any]) -> PodStory:
        status = pod.get("status") or {}
        waits = [c for c in status.get("conditions") or () if c.get("type") == "PodScheduled"]
        placed = bool((pod.get("spec") or {}).get("nodeName"))
        message = "" if placed else "; ".join(str(c["message"]) for c in waits if c.get("message"))
        placement = self.said.get(_name(pod))
        if not placed and placement is None:
            message = self._why_not_asked(pod)
        if placed or placement is None or placement.fitting:
            return PodStory(pod, message, placement)
        return PodStory(pod, message, placement, self.suggestions(pod), self.sources(pod))

    def _why_not_asked(self, pod: Mapping[str, Any]) -> str:
        from kspec.model.rules import call_function

        rule = self.world.api.rules.function("scheduling/whyNotQueued")
        return str(call_function(rule, pod, self.world.schedulers))

    def suggestions(self, pod: dict[str, Any]) -> Suggestions:
        from kspec.model.place import Place
        from kspec.verify.fitting.search import suggest

        scheduler = self.world.scheduler
        assert scheduler is not None
        judge = scheduler.judge_of(pod)
        nodes = self.world.store.objects(NODE)
        place = Place(judge.profile, judge.rules, judge.cluster, nodes, scheduler.placed)
        return suggest(place, pod, self.timeout)

    def sources(self, pod: dict[str, Any]) -> Sources:
        from kspec.cli.explaining.suggestions import Sources
        from kspec.plan.rows import owner_of

        top = pod
        while (above := owner_of(self.world, top)) is not None:
            top = above
        name = (str(top.get("kind", "Pod")), *_name(top))
        objects = self.inputs.workspace.objects
        found = [o for o in objects if (o.key.kind, o.key.namespace, o.key.name) == name]
        own = [o for o in objects if o.kind is not None and o.kind.record == NODE]
        return Sources(self.inputs.workspace.table, found[0] if found else None, own)

    # ------------------------------------------------------------ text and JSON

    def text(self, story: PodStory, style: Style) -> list[str]:
        namespace, name = _name(story.pod)
        title = style.bold(f"Pod {namespace}/{name}")
        where = f"is on {story.node}" if story.node else style.warn("is on no node")
        lines = [f"{title} {where}" + (f", {story.phase}" if story.phase else "")]
        if story.message:
            lines.append(f"  {story.message}")
        if story.placement is None:
            if story.node:
                lines.append("  the scheduler was not asked: the pod names its node itself")
            return lines
        lines += fitting_text(story.node, story.placement, style) + rejected_text(story.placement)
        if story.suggestions is not None and story.sources is not None:
            from kspec.cli.explaining.suggestions import suggestions_text

            lines += suggestions_text(story.suggestions, story.pod, self.nodes, story.sources, style)
        return lines

    def to_json(self, story: PodStory) -> dict[str, object]:
        namespace, name = _name(story.pod)
        made: dict[str, object] = {
            "namespace": namespace,
            "name": name,
            "node": story.node or None,
            "phase": story.phase,
            "message": story.message,
        }
        if story.placement is not None:
            made["nodes"] = verdicts_to_json(story.placement)
        if story.suggestions is not None and story.sources is not None:
            from kspec.cli.explaining.suggestions import suggestions_to_json

            made |= suggestions_to_json(story.suggestions, story.pod, self.nodes, story.sources)
        return made


def world_of(session: Session, inputs: Inputs, options: ClusterOptions) -> World:
    """The world of the inputs, before anything has run."""
    from kspec.cli.inputs import check_size, declared, load_nodes, standard
    from kspec.plan.cluster import choose_nodes
    from kspec.plan.prepared import prepared_world

    rules, workspace = standard(inputs), inputs.workspace
    check_size(workspace)
    given = load_nodes(session, options, workspace.version)
    found = [o.decoded for o in workspace.objects if o.kind and o.kind.record == NODE and o.decoded]
    nodes = choose_nodes(rules.rules, given, declared(workspace), found).objects
    return prepared_world(rules, workspace.table, workspace.objects, nodes, options=inputs.choices)


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
