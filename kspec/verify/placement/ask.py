"""Knows how the questions about placement are answered: possible, still so after a loss, on how few nodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from kspec.model.objects import name_of
from kspec.verify.placement.answer import (
    HOLDS,
    ONE_BY_ONE,
    UNKNOWN,
    UNSUPPORTED,
    VIOLATED,
    Answer,
)
from kspec.verify.placement.possible import Impossible, OnStep, Open, Possible, possible, quiet
from kspec.verify.placement.problem import Problem
from kspec.verify.placement.source import Source
from kspec.verify.placement.words import listed, reasons

LOSSES_MAX = 20_000
"""So many losses that differ are looked at."""
PENDING_MAX = 5

NO_LOSS = "nothing"

Loss = tuple[str, frozenset[int]]
"""What is lost, in words, and its nodes."""


def ask_possible(
    source: Source, timeout: float, on_step: OnStep = quiet, gone: frozenset[int] = frozenset()
) -> Answer:
    """Can all pods have a node at once, with these nodes not there?"""
    started = time.monotonic()
    problem = source.without(gone)
    answer = _answered("possible", problem, possible(problem, source.judges(), timeout, on_step), source)
    if answer.verdict in (HOLDS, VIOLATED):
        on_step("the scheduler's own order")
        answer = _compared(answer, source.pending(_names(source, gone)))
    return replace(answer, seconds=time.monotonic() - started)


def _answered(question: str, problem: Problem, found: Possible | Impossible | Open, source: Source) -> Answer:
    pods, nodes = _count(problem.pods, "pod"), _count(len(problem.nodes), "node")
    rests = (ONE_BY_ONE, *_stay(problem), *_volumes(problem))
    match found:
        case Possible(placement, how):
            headline = f"all {pods} can have a place on the {nodes} at once"
            return Answer(
                question, HOLDS, headline, placement=placement, assumptions=rests, method=f"found {how}"
            )
        case Impossible():
            headline = f"no order and no tie-break gives all {pods} a place on the {nodes}"
            return Answer(
                question,
                VIOLATED,
                headline,
                reasons(found, source.naming),
                found.minimal,
                assumptions=rests,
                method=f"proved {found.how}",
            )
        case Open(reason, supported):
            verdict = UNKNOWN if supported else UNSUPPORTED
            return Answer(question, verdict, f"undecided for {pods} on {nodes}: {reason}", assumptions=rests)


def _stay(problem: Problem) -> list[str]:
    count = len(problem.staying) - len(problem.pinned)
    return [f"{_count(count, 'pod')} that the input binds to nodes stay where they are"] if count else []


def _volumes(problem: Problem) -> list[str]:
    with_claims = sorted(problem.claims)
    if not with_claims:
        return []
    more = f" and {len(with_claims) - 3} more" if len(with_claims) > 3 else ""
    return [f"the claims of {', '.join(with_claims[:3])}{more} are as a quiet run leaves them"]


def _rests_of_losses(problem: Problem) -> tuple[str, ...]:
    volumes = [f"{each}, and no volume is lost with a node or a zone" for each in _volumes(problem)]
    return (ONE_BY_ONE, "after a loss, pods may be placed anew anywhere", *_stay(problem), *volumes)


def _compared(answer: Answer, pending: Sequence[str] | None) -> Answer:
    """What the scheduler's own order comes to, beside the proof."""
    if pending is None:
        return replace(
            answer, notes=(*answer.notes, "the scheduler's own order was not run: the time was not enough")
        )
    if answer.verdict == HOLDS and pending:
        note = f"the scheduler's own order does not find it: it leaves {shown_pending(pending)}"
    elif answer.verdict == HOLDS:
        note = "the scheduler's own order finds one too"
    else:
        note = f"the scheduler, run on the model, leaves {shown_pending(pending)}"
    return replace(answer, notes=(*answer.notes, note), pending=tuple(pending))


def shown_pending(pending: Sequence[str]) -> str:
    more = f" and {len(pending) - PENDING_MAX} more" if len(pending) > PENDING_MAX else ""
    return f"{_count(len(pending), 'pod')} pending: {', '.join(pending[:PENDING_MAX])}{more}"


# ---------------------------------------------------------------- losses


def ask_loss_of_nodes(
    source: Source, most: int, timeout: float, on_step: OnStep = quiet, gone: frozenset[int] = frozenset()
) -> Answer:
    """Can everything be placed again after every loss of so many nodes, or fewer?"""
    among = frozenset(range(len(source.nodes))) - gone
    losses = (
        (listed([name_of(source.nodes[n]) for n in sorted(lost)]), lost)
        for lost in source.losses(most, among)
    )
    what = "any node" if most == 1 else f"any {most} nodes"
    return _after(source, "lose-nodes", what, losses, timeout, on_step, gone)


def ask_loss_of_domain(
    source: Source, key: str, timeout: float, on_step: OnStep = quiet, gone: frozenset[int] = frozenset()
) -> Answer:
    """Can everything be placed again after the loss of all nodes with any one value of this label?"""
    domains = source.domains(key)
    short = key.rpartition("/")[2]
    if not domains:
        return Answer(
            "lose-zone", UNSUPPORTED, f"no node has the label {key}, so there is no {short} to lose"
        )
    losses = ((f"{short} {value}", its - gone) for value, its in domains.items() if its - gone)
    return _after(source, "lose-zone", f"any {short}", losses, timeout, on_step, gone)


def _after(
    source: Source,
    question: str,
    what: str,
    losses: Iterable[Loss],
    timeout: float,
    on_step: OnStep,
    gone: frozenset[int],
) -> Answer:
    """The first loss after which not everything can be placed; the smallest ones come first."""
    started = time.monotonic()
    judges = source.judges()
    looked_at, open_ = 0, list[Answer]()
    greedy = _Greedy(source, started + timeout)
    for words, lost in chain([(NO_LOSS, frozenset[int]())], losses):
        left = started + timeout - time.monotonic()
        if left <= 0 or looked_at >= LOSSES_MAX:
            reason = "the time was not enough" if left <= 0 else f"there are more than {LOSSES_MAX}"
            headline = f"undecided after {_count(looked_at, 'loss', 'losses')} that differ: {reason}"
            open_.append(Answer(question, UNKNOWN, headline))
            break
        on_step(f"the loss of {words}")
        problem = source.without(lost | gone)
        answer = _answered(question, problem, possible(problem, judges, left), source)
        looked_at += words != NO_LOSS
        if answer.verdict == VIOLATED:
            pending = source.pending(_names(source, lost | gone))
            short = f"the loss of {words} leaves too little for all {_count(problem.pods, 'pod')}"
            found = replace(
                answer,
                headline=f"{answer.headline}, even without a loss" if words == NO_LOSS else short,
                lost=tuple(sorted(_names(source, lost))),
                seconds=time.monotonic() - started,
            )
            return _compared(found, pending) if pending is not None else found
        if answer.verdict != HOLDS:
            open_.append(replace(answer, headline=f"after the loss of {words}: {answer.headline}"))
        greedy.see(words, lost | gone)
    if open_:
        return replace(open_[0], seconds=time.monotonic() - started)
    rests = _rests_of_losses(source.whole)
    return Answer(
        question,
        HOLDS,
        f"all pods can be placed again after the loss of {what}",
        notes=greedy.notes(),
        assumptions=rests,
        method=f"a placement was found after each of {_count(looked_at, 'loss', 'losses')} that differ",
        seconds=time.monotonic() - started,
    )


class _Greedy:
    """What the scheduler's own order comes to after each loss, as long as there is time."""

    def __init__(self, source: Source, deadline: float) -> None:
        self.source = source
        self.deadline = deadline
        self.seen = 0
        self.left = 0
        self.first = ""

    def see(self, words: str, lost: frozenset[int]) -> None:
        if self.first or time.monotonic() >= self.deadline:
            self.left += 1
            return
        pending = self.source.pending(_names(self.source, lost))
        if pending is None:
            self.left += 1
        else:
            self.seen += 1
            if pending:
                self.first = f"after the loss of {words} it leaves {shown_pending(pending)}"

    def notes(self) -> tuple[str, ...]:
        if self.first:
            return (
                f"the scheduler's own order, from an empty cluster, does not always find it: {self.first}",
            )
        if self.left or not self.seen:
            return ()
        return ("the scheduler's own order, from an empty cluster, finds a placement after each of them too",)


def _names(source: Source, lost: frozenset[int]) -> frozenset[str]:
    return frozenset(name_of(source.nodes[n]) for n in lost)


# ---------------------------------------------------------------- how many

Check = Callable[[frozenset[int], float], Answer]
"""The answer to a question with these nodes not there, within so many seconds."""


def ask_least(
    pool: str, nodes: Sequence[int], least: int, check: Check, timeout: float, on_step: OnStep = quiet
) -> Answer:
    """The least number of nodes of a pool, of these (in order), for which a question is answered with yes."""
    started = time.monotonic()
    before: Answer | None = None
    for count in range(least, len(nodes) + 1):
        left = started + timeout - time.monotonic()
        on_step(f"{count} nodes of {pool}")
        if left <= 0:
            headline = (
                f"more than {count - 1} nodes of pool {pool} are needed; the time was not enough for more"
            )
            return Answer("min-nodes", UNKNOWN, headline, seconds=time.monotonic() - started)
        answer = check(frozenset(nodes[count:]), left)
        if answer.verdict == HOLDS:
            return _least(pool, count, answer, before, time.monotonic() - started)
        if answer.verdict != VIOLATED:
            headline = f"undecided with {_count(count, 'node')} of pool {pool}: {answer.headline}"
            return replace(answer, question="min-nodes", headline=headline)
        before = answer
    assert before is not None
    headline = f"even with {_count(len(nodes), 'node')} of pool {pool}: {before.headline}"
    return replace(before, question="min-nodes", headline=headline, seconds=time.monotonic() - started)


def _least(pool: str, count: int, answer: Answer, before: Answer | None, seconds: float) -> Answer:
    headline = (
        f"{_count(count, 'node')} of pool {pool} {'is' if count == 1 else 'are'} needed: {answer.headline}"
    )
    fewer = f"with {_count(count - 1, 'node')}: {before.headline}" if before is not None else ""
    return replace(
        answer,
        question="min-nodes",
        headline=headline,
        count=count,
        reasons=before.reasons if before is not None else (),
        notes=(*((fewer,) if fewer else ()), *answer.notes),
        method=f"every number of nodes was tried, from the least; {answer.method}",
        seconds=seconds,
    )


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
