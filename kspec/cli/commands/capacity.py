"""`kspec capacity`: how many more of these pods would fit, and what runs out first."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import cluster_options, paths_argument
from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.model.world import World
    from kspec.plan.capacity import Capacity

NO_POD = "KS1910"
POD, NODE = "core.Pod", "core.Node"

EPILOG = """\
\b
Examples:
  kspec capacity k8s/ --nodes nodes.yaml      of every workload, on your nodes
  kspec capacity k8s/ --pod shop/cart         of the pods whose name begins so
  kspec capacity k8s/ scheduler.yaml          as a scheduler's configuration says

\b
Exit codes: 0 it is known, 2 bad input, 3 time was up before all were counted.
"""


@command("capacity", epilog=EPILOG)
@paths_argument
@click.option("--pod", metavar="NAMESPACE/NAME", help="Only pods, or workloads, whose name begins so.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=10_000,
    show_default=True,
    help="Stop counting at so many.",
)
@click.option(
    "--timeout",
    type=Seconds(),
    default="60s",
    show_default=True,
    help="Stop counting the pods of a workload after so long.",
)
@cluster_options
def run(
    session: Session, paths: tuple[str, ...], pod: str | None, limit: int, timeout: float, **given: object
) -> int:
    """Count how many more pods like those of PATHS would fit, once all that PATHS describe is running.

    Nothing is pushed out for them. A pod that does not mind what runs on other nodes is counted node by node,
    and no placement holds more; one that does is placed copy after copy, as the scheduler would.
    """
    from kspec.cli.explaining.pods import world_of
    from kspec.cli.inputs import load
    from kspec.plan.capacity import capacity_text, capacity_to_json

    options = ClusterOptions(**given)  # type: ignore[arg-type]
    found: list[tuple[dict[str, Any], Capacity]] = []
    with session.progress("counting") as progress:
        world = world_of(session, load(session, paths, options), options)
        world.run_until_quiet()
        for whose, one in _wanted(world, pod):
            progress.step(f"{whose['kind']} {whose['namespace']}/{whose['name']}")
            found.append((whose, _capacity(world, one, limit, timeout)))
    if session.json:
        session.document("capacity", {"workloads": [capacity_to_json(c, whose) for whose, c in found]})
    else:
        texts = (
            capacity_text(c, f"{whose['kind']} {whose['namespace']}/{whose['name']}") for whose, c in found
        )
        session.result("\n\n".join("\n".join(lines) for lines in texts))
    return exits.UNDECIDED if any(c.late for _, c in found) else exits.OK


def _capacity(world: World, pod: dict[str, Any], limit: int, timeout: float) -> Capacity:
    from kspec.model.place import Place
    from kspec.plan.capacity import capacity

    scheduler = world.scheduler
    assert scheduler is not None
    judge = scheduler.judge_of(pod)
    nodes = world.store.objects(NODE)
    place = Place(judge.profile, judge.rules, judge.cluster, nodes, scheduler.placed)
    deadline = monotonic() + timeout
    return capacity(place, pod, limit, lambda: monotonic() > deadline)


def _wanted(world: World, wanted: str | None) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The first pod of each owner that is meant, with who that is."""
    from kspec.plan.rows import owner_of

    namespace, slash, begin = (wanted or "").rpartition("/")
    found: dict[tuple[str, str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
    for pod in world.store.objects(POD):
        if not _has_a_scheduler(world, pod):
            continue
        top = pod
        while (above := owner_of(world, top)) is not None:
            top = above
        names = (_name(pod), _name(top))
        if any(n.startswith(begin) and (not slash or s == namespace) for s, n in names):
            space, name = _name(top)
            whose = {"kind": str(top.get("kind", "Pod")), "namespace": space, "name": name}
            found.setdefault((whose["kind"], space, name), (whose, pod))
    if not found:
        message = f"no pod's name begins with `{wanted}`" if wanted else "there are no pods in the input"
        raise DiagnosticError([Diagnostic(NO_POD, message, help="`kspec plan` lists them")])
    return [*found.values()]


def _has_a_scheduler(world: World, pod: Mapping[str, Any]) -> bool:
    from kspec.model.rules import call_function

    wanted = call_function(world.api.rules.function("scheduling/schedulerOf"), pod)
    return wanted in world.schedulers


def _name(obj: Mapping[str, Any]) -> tuple[str, str]:
    metadata = obj["metadata"]
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))
