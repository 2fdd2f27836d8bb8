"""Knows the smallest changes by which a pod that fits nowhere would fit: kind by kind, then of all kinds at
once; found by the solver, and tried on the model before they are told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kspec.model.objects import Object, controller_of, name_of
from kspec.model.place import Place, kind_of, kinds_of_nodes
from kspec.model.placement import NodePods, Placement
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.rulebook import SymbolicRules, load_symbolic
from kspec.runtime.symbolic.rules import remembering
from kspec.runtime.symbolic.smtlib import name_of as name_of_term
from kspec.runtime.symbolic.smtlib import script
from kspec.runtime.symbolic.values import Unsupported
from kspec.solve.minimise import Minimiser
from kspec.solve.query import Condition
from kspec.solve.solver import Solver, Undecided
from kspec.verify.fitting.change import Change, Hole, Made, change_of, changed, hole
from kspec.verify.fitting.reading import Reading, TooLarge, why_unsupported

KINDS_MAX = 48
"""So many kinds of nodes are looked at; a large cluster has few, but for what runs on them."""
ALIKE_MAX = 20_000
"""Among more pods than these, the others of the same owner are not looked for."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Changes with which the pod fits `fits`, as the model says; `more`: with one node more, like `node`."""

    about: str
    made: tuple[Made, ...]
    node: str
    fits: tuple[str, ...]
    more: bool = False
    all_alike: bool = False
    """The other pods of the same owner are changed too."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What would help; `open` are kinds of changes of which that could not be said, and why."""

    found: tuple[Suggestion, ...]
    open: tuple[tuple[str, str], ...] = ()
    bounds: tuple[str, ...] = ()


def suggest(place: Place, pod: Object, timeout: float) -> Suggestions:
    """What would let the pod in, which must fit nowhere as it is; `timeout` in seconds for all of it."""
    return _Search(place, pod, timeout).run()


class _Search:
    def __init__(self, place: Place, pod: Object, timeout: float) -> None:
        self.place, self.pod = place, pod
        self.judge = place.judge()
        self.symbolic: SymbolicRules = load_symbolic()
        self.size = sum(len(place.pods_on(n)) for n in place.nodes)
        self.open: dict[str, str] = {}
        self.deadline = time.monotonic() + timeout

    def run(self) -> Suggestions:
        kinds = kinds_of_nodes(self.place)
        looked = [its[0] for its in kinds[:KINDS_MAX]]
        changes = [self.changes(node) for node in looked]
        abouts = list(dict.fromkeys(c.about for its in changes for c in its))
        found = [best for about in abouts if (best := self.best(about, looked, changes)) is not None]
        alone = {s.about for s in found}
        left = [[c for c in its if c.about not in alone] for its in changes]
        if len(abouts) - len(alone) > 1:  # those of which none was enough, several at once
            together = self.best("", looked, left)
            found += [together] if together else []
        found += self.one_node_more([its[0] for its in kinds])
        bounds = [f"{KINDS_MAX} of {len(kinds)} kinds of nodes"] if len(kinds) > KINDS_MAX else []
        return Suggestions(tuple(found), tuple(self.open.items()), tuple(bounds))

    def changes(self, node: Object) -> list[Change]:
        own = [change_of("pod", c) for c in self.place.function("podChanges", self.pod, node)]
        return own + [change_of("node", c) for c in self.place.function("changesOfNode", self.pod, node)]

    # ------------------------------------------------------------ changes

    def best(
        self, about: str, nodes: Sequence[Object], changes: Sequence[Sequence[Change]]
    ) -> Suggestion | None:
        """The smallest change of a kind (of any, if "") over all nodes, tried on the model."""
        solutions = []
        for node, its in zip(nodes, changes, strict=True):
            wanted = [c for c in its if about in ("", c.about)]
            if time.monotonic() > self.deadline:
                self.open[about or "several"] = "timeout"
                break
            made = self.solved(about, node, wanted) if wanted else None
            if made:
                solutions.append((_cost(made, self.pod, node), name_of(node), made, node))
        for _, name, made, node in sorted(solutions, key=lambda s: (s[0], s[1])):
            fits = self.tried(node, made)
            if name in fits:
                return Suggestion(about or "several", tuple(made), name, tuple(fits))
            self.open[about] = "the model does not agree with what the solver found"
        return self.of_all_alike(about, changes) if about else None

    def of_all_alike(self, about: str, changes: Sequence[Sequence[Change]]) -> Suggestion | None:
        """One thing less that the other pods of the same owner do without as well: so that they mind the pod
        no more.
        """
        owner = controller_of(self.pod)
        drops = {
            c: None for its in changes for c in its if (c.about, c.of, c.action) == (about, "pod", "drop")
        }
        if owner is None or self.size > ALIKE_MAX:
            return None
        for change in drops:
            made = [Made(change)]
            placed = {
                node: NodePods(tuple(changed(p, made) if controller_of(p) == owner else p for p in its.pods))
                for node, its in self.place.placed.items()
            }
            fits = self.place.judge().judge(changed(self.pod, made), self.place.nodes, placed).fitting
            if fits:
                return Suggestion(about, tuple(made), fits[0], tuple(fits), all_alike=True)
        return None

    def solved(self, about: str, node: Object, changes: Sequence[Change]) -> list[Made] | None:
        """The fewest of these changes, and the least of each, by which the node would take the pod."""
        source = {"pod": self.pod, "node": node}
        holes = [hole(c, source[c.of], i) for i, c in enumerate(changes)]
        conditions: list[Condition] = []
        try:
            with remembering():
                for condition in self.reading(node, holes).conditions():
                    conditions.append(condition)
                    if condition.holds is t.FALSE and not condition.unsupported:
                        return None
        except (Unsupported, TooLarge) as error:
            self.open[about] = str(error)
            return None
        reason = why_unsupported(conditions)
        made = self.decided(about, holes, conditions)
        if made is None and reason:
            self.open.setdefault(about, reason)
        return made

    def reading(self, node: Object, holes: Sequence[Hole]) -> Reading:
        infos: list[Object] = [{"node": n, "pods": self.place.pods_on(n)} for n in self.place.nodes]
        given = self.judge.given(self.pod, infos)
        given.at(node, self.place.pods_on(node))
        return Reading(self.judge, self.symbolic, given, holes, self.size)

    def decided(
        self, about: str, holes: Sequence[Hole], conditions: Sequence[Condition]
    ) -> list[Made] | None:
        asked = script([(f"{c.label} lets the pod in", c.holds) for c in conditions])
        if asked.impossible:
            return None
        solver = Solver(asked, max(0.1, self.deadline - time.monotonic()))
        answer = solver.check()
        if isinstance(answer, Undecided):
            self.open[about] = answer.reason
        if answer is not True:
            return None
        run = Minimiser(solver, [], solver.model())
        there = set(asked.variables)
        run.fewest([h.made for h in holes if h.made in there])
        for each in reversed(holes):  # what the rules name first is had rather than the others
            if each.made in there:
                run.prefer(f"(not {name_of_term(each.made)})", run.found[each.made] is False)
        made = []
        for each in holes:
            if run.found.get(each.made) is True:
                if each.amount is not None and each.amount in there:
                    run.lowest(each.amount, 1)
                made.append(Made(each.change, run.value(each.amount) if each.amount in there else 1))
        return made or None

    def tried(self, node: Object, made: Sequence[Made]) -> list[str]:
        """The nodes that take the pod, once it and the node are so changed."""
        pod = changed(self.pod, [m for m in made if m.change.of == "pod"])
        other = changed(node, [m for m in made if m.change.of == "node"])
        nodes = [other if n is node else n for n in self.place.nodes]
        return self.place.judge().judge(pod, nodes, self.place.placed).fitting

    # ------------------------------------------------------------ one node more

    def one_node_more(self, nodes: Sequence[Object]) -> list[Suggestion]:
        """One more of a kind that there is already, with nothing on it."""
        found: dict[object, Suggestion] = {}
        for node in nodes:
            kind = kind_of(self.place, node)
            if kind in found:
                continue
            name = _free_name(name_of(node), {name_of(n) for n in self.place.nodes})
            new: Object = self.place.function("nodeLike", node, name)
            placement: Placement = self.place.judge().judge(
                self.pod, [*self.place.nodes, new], self.place.placed
            )
            if name in placement.fitting:
                found[kind] = Suggestion("nodes", (), name_of(node), (name,), True)
        return [*found.values()]


def _cost(made: Sequence[Made], pod: Object, node: Object) -> tuple[int, int, int]:
    """Fewer changes are smaller, then those of the pod alone, then those by a smaller part."""
    of_node = sum(m.change.of == "node" for m in made)
    return len(made), of_node, sum(_part(m, pod) for m in made)


def _part(made: Made, pod: Object) -> int:
    """By which part, in thousandths, something is made smaller; by how much it is made greater."""
    from kspec.runtime.symbolic.merge import number_term
    from kspec.verify.fitting.change import at

    if made.change.action != "lower":
        return made.amount
    old = number_term(at(pod, made.change.path)).value
    assert isinstance(old, int)
    return 1000 * made.amount * made.change.step // max(1, old)


def _free_name(name: str, taken: set[str]) -> str:
    stem = name.rstrip("0123456789").rstrip("-") or name
    return next(n for n in _names(stem) if n not in taken)


def _names(stem: str) -> Iterator[str]:
    number = 0
    while True:
        yield f"{stem}-{number}"
        number += 1
