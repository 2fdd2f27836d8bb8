"""Knows what can never come about, in whatever order pods arrive and ties are broken: two pods on one node, a
skew, a pod left pending, a pod pushed out.

What every placement obeys may exclude it: that is a proof for all orders. Otherwise runs are tried, first by
chance, then all of them as far as a bound; what goes wrong is replayed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property

from kspec.model.objects import name_of
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.solve.core import Contradiction, contradiction, solve
from kspec.source import Diagnostic, DiagnosticError, InternalError
from kspec.verify.placement.answer import HOLDS, UNKNOWN, UNSUPPORTED, VIOLATED, Answer
from kspec.verify.placement.blocked import hindering, may_be_blocked
from kspec.verify.placement.demands import label_of
from kspec.verify.placement.encode import Cell, Encoding, like_nodes
from kspec.verify.placement.explore import Explored, Explorer, Move, Seen, replay
from kspec.verify.placement.making import grouped, problem_of
from kspec.verify.placement.possible import Impossible, OnStep, labelled, quiet
from kspec.verify.placement.problem import Problem, priority_of, shown_pod
from kspec.verify.placement.source import Source
from kspec.verify.placement.words import Reason, listed, reasons

BAD_NEVER = "KS5103"
SORTS = ("together", "pending", "evicted", "skew")
ARRIVE = "pods only arrive: none is deleted, and no node changes"
AT_ONCE = "a pod that pushes out others has its place at once"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What must not be, of the pods that come from `ref`; for `skew`, over which label and how much."""

    sort: str
    ref: str
    key: str = ""
    most: int = 0

    def words(self) -> str:
        match self.sort:
            case "together":
                return f"two pods of {self.ref} are on one node"
            case "pending":
                return f"a pod of {self.ref} is left pending"
            case "evicted":
                return f"a pod of {self.ref} is pushed out"
            case _:
                return f"one {self.key} has more than {self.most} pods of {self.ref} above another"


def parsed(text: str, source: Source) -> Forbidden:
    """`together=deployment/shop/web`, `skew=deployment/shop/web,LABEL,1`."""
    sort, _, rest = text.partition("=")
    parts = rest.split(",")
    if sort not in SORTS or len(parts) != (3 if sort == "skew" else 1) or not parts[0]:
        help_ = (
            "for example together=deployment/shop/web, or skew=deployment/shop/web,kubernetes.io/hostname,1"
        )
        raise DiagnosticError(
            [Diagnostic(BAD_NEVER, f"`{text}` says nothing that can be forbidden", help=help_)]
        )
    if sort == "skew" and not parts[2].isdecimal():
        raise DiagnosticError([Diagnostic(BAD_NEVER, f"`{parts[2]}` in `{text}` is no number of pods")])
    ref = meant(parts[0], source)
    return Forbidden(sort, ref, parts[1], int(parts[2])) if sort == "skew" else Forbidden(sort, ref)


def meant(text: str, source: Source) -> str:
    """The origin of pods that is meant: `deployment/shop/web`, or the end of it, if that is plain."""
    names = sorted({source.origin(p) for p in source.free})
    found = [n for n in names if n == text.lower()] or [n for n in names if n.endswith("/" + text.lower())]
    if len(found) == 1:
        return found[0]
    near = found or get_close_matches(text.lower(), names, 3, 0.4) or names[:3]
    what = "several things that pods come from" if found else "nothing that pods come from"
    raise DiagnosticError([Diagnostic(BAD_NEVER, f"`{text}` is {what}", help=f"there are {', '.join(near)}")])


def ask_never(source: Source, forbidden: Forbidden, timeout: float, on_step: OnStep = quiet) -> Answer:
    """Can it come about, in any order and by any tie-break?"""
    started = time.monotonic()
    answer = _Never(source, forbidden, started + timeout, on_step).answer()
    return replace(answer, seconds=time.monotonic() - started)


class _Never:
    def __init__(self, source: Source, forbidden: Forbidden, deadline: float, on_step: OnStep) -> None:
        self.source = source
        self.forbidden = forbidden
        self.deadline = deadline
        self.on_step = on_step

    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def answer(self) -> Answer:
        sampled = [p.scheduler for p in self.source.profiles if p.percentage is not None]
        if sampled:
            headline = (
                f"undecided whether {self.forbidden.words()}: {listed(sampled)} looks at some nodes only"
            )
            return Answer("never", UNSUPPORTED, headline)
        self.on_step(f"never {self.forbidden.sort}: what every placement obeys")
        proved = self._proved()
        return proved if proved is not None else self._tried()

    # ------------------------------------------------------------ a proof for all orders

    def _proved(self) -> Answer | None:
        source = self.source
        problem = problem_of(
            source.demands, source.nodes, source.free, source.staying, source.origin, pin=False, merge=False
        )
        pushes = self._who_may_push(problem)
        match self.forbidden.sort:
            case "evicted":
                return self._never_pushed(problem, pushes)
            case "pending":
                if pushes:
                    return None
                its = [
                    c for c, k in enumerate(problem.classes) if source.origin(k.sample) == self.forbidden.ref
                ]
                if all(self._never_blocked(problem, c) for c in its):
                    return self._holds("there is always a node with room for it")
                return None
            case _:
                return self._excluded(problem, bool(pushes))

    def _who_may_push(self, problem: Problem) -> list[int]:
        """The classes that may push out others, and that may find themselves without a place."""
        least = min([priority_of(k.sample) for k in problem.classes], default=0)
        above = [
            c
            for c, k in enumerate(problem.classes)
            if priority_of(k.sample) > least
            and self.source.demands.profiles[self.source.demands.scheduler(k.sample)].preempts
        ]
        return [c for c in above if not self._never_blocked(problem, c)]

    def _never_pushed(self, problem: Problem, pushes: Sequence[int]) -> Answer | None:
        mine = [k for k in problem.classes if self.source.origin(k.sample) == self.forbidden.ref]
        least = min([priority_of(k.sample) for k in mine], default=0)
        if not any(priority_of(k.sample) > least for k in problem.classes):
            return self._holds("no pod has a higher priority")
        if not pushes:
            return self._holds("every pod of a higher priority always finds a node with room for it")
        return None

    def _never_blocked(self, problem: Problem, c: int) -> bool:
        """Is there, whatever else is placed, always a node that takes a pod of this class?"""
        keys = hindering(problem, c, self.source.demands)
        encoding = Encoding(problem, like_nodes(problem, keys), least=False)
        blocked = may_be_blocked(encoding, c, self.source.demands)
        if blocked is None:
            return False
        asked = [*labelled(encoding, encoding.demands()), ("no node takes one more", blocked)]
        return solve(asked, self.left() / 2) is None

    def _excluded(self, problem: Problem, leaves: bool) -> Answer | None:
        """No placement of any of the pods, whole or in part, is like that."""
        if any(self._stay):
            return None
        cells = _two_of_each(like_nodes(problem, [self.forbidden.key]))
        encoding = Encoding(problem, cells, least=False, leaves=leaves)
        classes = [
            c for c, k in enumerate(problem.classes) if self.source.origin(k.sample) == self.forbidden.ref
        ]
        goal = (
            self._together(encoding, classes)
            if self.forbidden.sort == "together"
            else self._skew(encoding, classes)
        )
        demands = encoding.demands()
        asked = [*labelled(encoding, demands), (self.forbidden.words(), goal)]
        if solve(asked, self.left() / 2) is not None:
            return None
        core = contradiction(asked, max(1.0, self.left() / 2))
        said: tuple[Reason, ...] = ()
        if isinstance(core, Contradiction):
            kept = tuple(
                demands[at] for at in core.indices if at < len(demands) and demands[at].kind != "count"
            )
            said = reasons(Impossible(encoding, kept, core.minimal, ""), self.source.naming)
        return self._holds("no placement that the filters let come about is like that", said)

    def _together(self, encoding: Encoding, classes: Sequence[int]) -> Term:
        two = t.number(2)
        return t.any_of(
            t.le(two, encoding.total(classes, [k])) for k, cell in enumerate(encoding.cells) if cell.size == 1
        )

    def _skew(self, encoding: Encoding, classes: Sequence[int]) -> Term:
        key, most = self.forbidden.key, t.number(self.forbidden.most)
        if encoding.problem.is_per_node(key):
            singles = [k for k, cell in enumerate(encoding.cells) if cell.size == 1]
            domains = {str(k): [k] for k in singles if self._has(encoding, k)}
        else:
            domains = encoding.by_domain(key)
        totals = [encoding.total(classes, its) for its in domains.values()]
        return t.any_of(
            t.lt(t.add(one, most), other) for one in totals for other in totals if one is not other
        )

    def _has(self, encoding: Encoding, k: int) -> bool:
        return encoding.problem.domains(self.forbidden.key)[encoding.cells[k].first] is not None

    def _holds(self, why: str, said: tuple[Reason, ...] = ()) -> Answer:
        headline = f"in no order and by no tie-break {_lower(self.forbidden)}"
        return Answer(
            "never", HOLDS, headline, said, assumptions=(ARRIVE,), method=f"proved for all orders: {why}"
        )

    # ------------------------------------------------------------ runs

    def _tried(self) -> Answer:
        explorer = Explorer(self.source)
        self.on_step("runs by chance")
        found = explorer.random(
            self._wrong, min(self.deadline, time.monotonic() + self.left() * 2 / 3), self._mine
        )
        if found is None:
            self.on_step("all runs")
            found = explorer.all(self._wrong, self.deadline)
        if found.wrong:
            return self._violated(explorer, found)
        words = self.forbidden.words()
        unfollowed = self._unfollowed()
        if found.complete and unfollowed:
            headline = f"undecided whether {words}: runs do not follow {unfollowed}"
            return Answer("never", UNSUPPORTED, headline, assumptions=(ARRIVE,))
        if found.complete:
            rests = (ARRIVE, *((AT_ONCE,) if found.pushed else ()))
            headline = f"in no order and by no tie-break {_lower(self.forbidden)}"
            method = f"all runs were tried, with filters and scores: {found.states:,} states"
            return Answer("never", HOLDS, headline, assumptions=rests, method=method)
        headline = f"undecided whether {words}: {found.states:,} states were looked at, and there are more"
        return Answer("never", UNKNOWN, headline, assumptions=(ARRIVE,))

    def _unfollowed(self) -> str:
        """What pods hang on that runs do not follow; "" if nothing."""
        call = self.source.demands.call
        for pod in self.source.free:
            if call("hangsOnClaims", pod):
                return f"which volumes the claims of {shown_pod(pod)} take"
            if call("unmodelled", pod):
                return f"{call('unmodelled', pod)[0]} of {shown_pod(pod)}"
        return ""

    def _violated(self, explorer: Explorer, found: Explored) -> Answer:
        state = replay(self.source, found.moves)
        if state is None:
            raise InternalError(f"a run to where {self.forbidden.words()} is not what the judges say again")
        waiting = {k: len(names) for k, names in explorer.waiting(state).items()}
        if not self._wrong(Seen(state, found.moves, waiting, True)):
            raise InternalError(f"replayed, it is not so that {self.forbidden.words()}")
        nodes = [name_of(node) for node in self.source.nodes]
        return Answer(
            "never",
            VIOLATED,
            f"it can be that {self.forbidden.words()}: {found.wrong}",
            choices=tuple(_step(m, nodes) for m in found.moves),
            assumptions=(ARRIVE, *((AT_ONCE,) if any(m.victims for m in found.moves) else ())),
            method=f"found after {found.states:,} states",
        )

    def _wrong(self, seen: Seen) -> str:
        mine = self._mine
        match self.forbidden.sort:
            case "together":
                for n, its in enumerate(seen.state):
                    here = [*self._stay[n], *(name for k, name in its if k in mine)]
                    if len(here) > 1:
                        return f"{here[0]} and {here[1]} on {name_of(self.source.nodes[n])}"
            case "pending":
                stuck = [k for k in seen.waiting if k in mine]
                if seen.at_rest and stuck:
                    return f"{sum(seen.waiting[k] for k in stuck)} of them when nothing more fits"
            case "evicted":
                gone = [v for v in (seen.moves[-1].victims if seen.moves else ()) if v in self._names]
                if gone:
                    return f"{gone[0]} by {seen.moves[-1].pod}"
            case _:
                return self._too_skew(seen, mine)
        return ""

    def _too_skew(self, seen: Seen, mine: frozenset[int]) -> str:
        counts: dict[str, int] = {}
        for n, node in enumerate(self.source.nodes):
            value = label_of(node, self.forbidden.key)
            if value is not None:
                here = len(self._stay[n]) + sum(k in mine for k, _ in seen.state[n])
                counts[value] = counts.get(value, 0) + here
        if not counts or max(counts.values()) - min(counts.values()) <= self.forbidden.most:
            return ""
        return ", ".join(f"{value} has {count}" for value, count in sorted(counts.items()))

    @cached_property
    def _mine(self) -> frozenset[int]:
        """The kinds of pods that are spoken of."""
        groups = grouped(self.source.free)
        return frozenset(k for k, g in enumerate(groups) if self.source.origin(g[0]) == self.forbidden.ref)

    @cached_property
    def _names(self) -> frozenset[str]:
        """All pods that are spoken of."""
        pods = [*self.source.free, *(pod for pod, _ in self.source.staying)]
        return frozenset(shown_pod(p) for p in pods if self.source.origin(p) == self.forbidden.ref)

    @cached_property
    def _stay(self) -> list[list[str]]:
        """Those that stay, by node."""
        stay = [(shown_pod(pod), where) for pod, where in self.source.staying]
        return [
            [name for name, where in stay if where == name_of(node) and name in self._names]
            for node in self.source.nodes
        ]


def _lower(forbidden: Forbidden) -> str:
    return {
        "together": f"are two pods of {forbidden.ref} on one node",
        "pending": f"is a pod of {forbidden.ref} left pending",
        "evicted": f"is a pod of {forbidden.ref} pushed out",
        "skew": f"has one {forbidden.key} more than {forbidden.most} pods of {forbidden.ref} above another",
    }[forbidden.sort]


def _step(move: Move, nodes: Sequence[str]) -> str:
    tie = f", one of {move.ties} that are best" if move.ties > 1 else ""
    pushed = f", pushing out {', '.join(move.victims)}" if move.victims else ""
    return f"{move.pod} goes to {nodes[move.node]}{tie}{pushed}"


def _two_of_each(cells: Iterable[Cell]) -> list[Cell]:
    """Of like nodes two by themselves, for which alone something is asked; the others together."""
    found = []
    for cell in cells:
        found += [Cell((n,), cell.kind) for n in cell.nodes[:2]]
        if cell.size > 2:
            found.append(Cell(cell.nodes[2:], cell.kind))
    return found
