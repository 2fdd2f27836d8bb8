"""`kspec place`: proofs about placement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import cluster_options, paths_argument
from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.inputs import Inputs
    from kspec.cli.placement import Placing, Range
    from kspec.verify.placement.answer import Answer

NO_POOL = "KS5102"

EPILOG = """\
\b
Examples:
  kspec place k8s/                                 can all pods run at once?
  kspec place k8s/ --lose-nodes 1 --lose-zone      also after a loss?
  kspec place k8s/ --lose-zone --priority 1000     at least what matters?
  kspec place k8s/ --min-nodes worker              on how few nodes?
  kspec place k8s/ --min-nodes worker --lose-nodes 1
  kspec place k8s/ --never together=deployment/shop/web
  kspec place k8s/ --never pending=deployment/shop/db
  kspec place k8s/ --never skew=deployment/shop/web,topology.kubernetes.io/zone,1

\b
Exit codes: 0 yes to all, 1 no to one, 2 bad input, 3 no no, but one could not
be decided.
"""


@command("place", epilog=EPILOG)
@paths_argument
@click.option(
    "--possible", is_flag=True, help="Can all pods have a place at once? [default, if nothing else is asked]"
)
@click.option(
    "--lose-nodes",
    type=click.IntRange(1, 20),
    metavar="K",
    help="Can they still after the loss of any K nodes?",
)
@click.option("--lose-zone", is_flag=True, help="Can they still after the loss of any zone?")
@click.option("--min-nodes", metavar="POOL", help="The least number of nodes of a pool for which that is so.")
@click.option(
    "--never",
    multiple=True,
    metavar="WHAT",
    help="together=REF, pending=REF, evicted=REF or skew=REF,LABEL,N: in no order, by no tie-break.",
)
@click.option("--priority", type=int, metavar="N", help="Only pods of this priority or above.")
@click.option("--move", is_flag=True, help="Pods that the input binds to nodes may be moved, too.")
@click.option("--timeout", type=Seconds(), default="60s", show_default=True, help="For each question.")
@click.option("--emit-smt2", metavar="DIR", help="Also write the exact questions to the solver, as SMT-LIB.")
@cluster_options
def run(
    session: Session,
    paths: tuple[str, ...],
    possible: bool,
    lose_nodes: int | None,
    lose_zone: bool,
    min_nodes: str | None,
    never: tuple[str, ...],
    priority: int | None,
    move: bool,
    timeout: float,
    emit_smt2: str | None,
    **given: object,
) -> int:
    """Prove what can be placed, whatever the order and the ties; or show why not.

    The scheduler places one pod after another and never looks back. This asks what it cannot: whether any
    placement of all pods exists, also after a loss; how few nodes do; and what can never come about, however
    pods arrive. A "yes" is a placement that every filter accepts; a "no" names the lines of the manifests
    that contradict each other.
    """
    from kspec.cli.inputs import load

    options = ClusterOptions(**given)  # type: ignore[arg-type]
    began = monotonic()
    with session.progress("placing") as progress:
        progress.step("reading")
        inputs = load(session, paths, options)
        its = gathered(session, inputs, options, timeout, priority, move, progress.step)
        pool = pool_of(its, min_nodes)
        asking = _Asking(its, timeout, progress.step)
        wanted = asking.questions(possible, lose_nodes, lose_zone, pool, never)
        if emit_smt2 is not None:
            write_questions(session, its, Path(emit_smt2))
        answers = tuple(question() for question in wanted)
    return show(session, inputs.workspace.version, its, answers, monotonic() - began)


def gathered(
    session: Session,
    inputs: Inputs,
    options: ClusterOptions,
    timeout: float,
    priority: int | None,
    move: bool,
    on_step: Callable[[str], None],
) -> Placing:
    from kspec.cli.inputs import check_size, load_nodes
    from kspec.cli.placement import placing

    nodes = load_nodes(session, options, inputs.workspace.version)
    check_size(inputs.workspace)
    on_step("which pods there will be")
    return placing(inputs, nodes, timeout, priority, move)


def show(session: Session, version: str, its: Placing, answers: tuple[Answer, ...], seconds: float) -> int:
    """Print the answers; the exit code says whether all are yes, and nothing is refused."""
    from kspec.report import placement as report

    made = report.Placements(
        version,
        its.cluster,
        len(its.source.nodes),
        its.source.whole.pods,
        answers,
        {pod_name(p): its.source.origin(p) for p in its.source.free},
        its.assumptions,
        its.left_out,
        its.refused,
        seconds,
    )
    if session.json:
        session.document("place", report.to_json(made))
    else:
        session.result(report.render(made, session.style))
    if made.count("violated") or made.refused:
        return exits.VIOLATED
    return exits.OK if made.count("holds") == len(answers) else exits.UNDECIDED


Question = Callable[[], "Answer"]


class _Asking:
    """The questions that the options ask, each to be called when its turn comes."""

    def __init__(self, its: Placing, timeout: float, on_step: Callable[[str], None]) -> None:
        self.its = its
        self.source = its.source
        self.timeout = timeout
        self.on_step = on_step

    def questions(
        self, possible: bool, nodes: int | None, zone: bool, pool: Range | None, never: tuple[str, ...]
    ) -> list[Question]:
        from kspec.verify.placement.never import ask_never, parsed

        forbidden = [parsed(text, self.source) for text in never]
        found = list(self._placeable(possible, nodes, zone, pool, bool(never)))
        return found + [partial(ask_never, self.source, f, self.timeout, self.on_step) for f in forbidden]

    def _placeable(
        self, possible: bool, nodes: int | None, zone: bool, pool: Range | None, never: bool
    ) -> Iterator[Question]:
        checks: list[Callable[[frozenset[int], float], Answer]] = []
        if possible or not (nodes or zone or never):
            checks.append(self._possible)
        if nodes:
            checks.append(partial(self._nodes, nodes))
        if zone:
            checks.append(self._zone)
        for check in checks:
            none: frozenset[int] = frozenset()
            yield partial(check, none, self.timeout) if pool is None else partial(self._least, pool, check)

    def _possible(self, gone: frozenset[int], left: float) -> Answer:
        from kspec.verify.placement.ask import ask_possible

        return ask_possible(self.source, left, self.on_step, gone)

    def _nodes(self, most: int, gone: frozenset[int], left: float) -> Answer:
        from kspec.verify.placement.ask import ask_loss_of_nodes

        return ask_loss_of_nodes(self.source, most, left, self.on_step, gone)

    def _zone(self, gone: frozenset[int], left: float) -> Answer:
        from kspec.verify.placement.ask import ask_loss_of_domain

        key = str(self.source.demands.call("failureDomain"))
        return ask_loss_of_domain(self.source, key, left, self.on_step, gone)

    def _least(self, pool: Range, check: Callable[[frozenset[int], float], Answer]) -> Answer:
        from kspec.verify.placement.ask import ask_least

        return ask_least(pool.pool, pool.nodes, pool.least, check, self.timeout, self.on_step)


def pool_of(its: Placing, name: str | None) -> Range | None:
    """The pool that is meant; a mistake if there is none."""
    if name is None:
        return None
    if name not in its.ranges:
        there = ", ".join(its.ranges)
        help_ = (
            f"there are {there}" if there else "declare one: cluster c { pool NAME { nodes: 0..40  cpu: 4 } }"
        )
        raise DiagnosticError([Diagnostic(NO_POOL, f"no pool is called `{name}`", help=help_)])
    return its.ranges[name]


def pod_name(pod: dict[str, dict[str, object]]) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata'].get('name', '')}"


def write_questions(session: Session, its: Placing, folder: Path) -> None:
    """Whether everything can be placed, as the solver is asked: over kinds of nodes, and over single ones."""
    from kspec.cli.files import make_folder, write_whole
    from kspec.solve.core import question
    from kspec.verify.placement.possible import questions

    make_folder(folder)
    made = questions(its.source.whole)
    for name, asked in made.items():
        write_whole(folder / f"possible-by-{name}.smt2", question(asked).text + "(check-sat)\n")
    session.say(f"{len(made)} SMT-LIB files in {folder}")
