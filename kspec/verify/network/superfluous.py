"""Knows how to ask which parts of policies could go without any change of what may enter or leave, for all
ends that could exist.

One reading of the policies, in which each part has a switch, serves all questions: the solver is asked with
one switch off, and says which others the answer rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.lanes import Program
from kspec.runtime.symbolic.smtlib import name_of
from kspec.runtime.symbolic.values import make_bool
from kspec.solve.query import Query, make_query, read
from kspec.solve.shapes import record_fields
from kspec.solve.solver import Solver, Undecided
from kspec.verify.network.ends import SHAPES, assumptions
from kspec.verify.network.needed import Needed, Shown
from kspec.verify.setting import Setting
from kspec.verify.switches import Path, elements, siblings, switched, without

DECIDING = ("network/policiesAdmit", "network/mayLeave")
"""What must not change. Each takes origin, destination, port, protocol and cluster."""

GONE = "the part that goes"

Cluster = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Superfluous:
    """A part that can go, together with all that were found before it; `thanks_to`: the parts without which
    it could not.
    """

    path: Path
    thanks_to: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Undecidable:
    """Whether the part can go could not be decided."""

    path: Path
    reason: str


@dataclass(slots=True)
class Witness:
    """A connection that the solver found; `off`: how many parts had gone when it was last looked at."""

    model: Mapping[t.Term, object]
    off: int


class Removal:
    """Questions about which of these parts of a cluster can go."""

    def __init__(
        self,
        cluster: Cluster,
        parts: Sequence[Path],
        setting: Setting,
        needed: Needed | None = None,
        guesses: Mapping[Path, Shown] | None = None,
    ) -> None:
        """`guesses` are connections that show a part to be needed, as `needed` can tell."""
        self.parts, self.cluster = parts, cluster
        self._by_guess, self._shown = needed, dict(guesses or {})
        self.keep = {path: t.bool_var(f"keep {shown(path)}") for path in parts}
        self.names = {name_of(switch): path for path, switch in self.keep.items()}
        which = t.int_var(GONE, 0, len(parts))
        self.gone = {path: t.eq(which, t.number(n)) for n, path in enumerate(parts)}
        self.query = self._query(cluster, setting)
        self.off: set[Path] = set()
        self._witnesses: list[Witness] = []
        self._witness_of: dict[Path, int] = {}
        script = self.query.script()
        self._impossible = script.impossible
        self._solver = Solver(script, setting.timeout)
        self._program = Program(self.query.goal.fails, self.gone.values())
        self._timeout = setting.timeout

    def _query(self, cluster: Cluster, setting: Setting) -> Query:
        before = switched(cluster, self.keep)
        less = {path: t.and_(keep, t.not_(self.gone[path])) for path, keep in self.keep.items()}
        after = switched(cluster, less)
        functions = [setting.functions[each] for each in DECIDING]

        def unchanged(**v: object) -> object:
            ends = v["origin"], v["destination"], v["port"], v["protocol"]
            same = []
            for function in functions:
                a, b = (read("", function(*ends, each)) for each in (before, after))
                same += [t.eq(a.holds, b.holds), t.eq(a.fails, b.fails)]
            return make_bool(t.all_of(same))

        goal = ("nothing changes", unchanged)
        fields = record_fields(setting.table)
        return make_query(SHAPES, assumptions(setting, cluster), goal, fields, slots_max=setting.slots_max)

    def ask(self, path: Path) -> Superfluous | Undecidable | None:
        """Can this part go too? None if not. If so, it is gone for all later questions."""
        if self._is_needed(path):
            return None
        literals: dict[str, bool | int] = {name: each not in self.off for name, each in self.names.items()}
        literals[GONE] = self.parts.index(path)
        answer = False if self._impossible else self._solver.check_with(literals, self._timeout)
        if isinstance(answer, Undecided):
            return Undecidable(path, answer.reason)
        if answer:
            self._learn()
            return None
        core = set() if self._impossible else self._solver.core()
        thanks_to = tuple(
            p for name, p in self.names.items() if name in core and p not in self.off and p != path
        )
        self.off.add(path)
        self._guess_again()
        return Superfluous(path, thanks_to)

    def _guess_again(self) -> None:
        """What others covered before may be needed by now."""
        if self._by_guess is not None:
            off = frozenset(self.off)
            unknown = [p for p in self.parts if p not in self._shown and p not in self._witness_of]
            unknown = [p for p in unknown if not any(p[:n] in off for n in range(2, len(p) + 1))]
            self._shown |= self._by_guess.shown(unknown, off)

    def _is_needed(self, path: Path) -> bool:
        """Is the part known to be needed? What showed that before others went is looked at again."""
        guess = self._shown.get(path)
        if guess is not None and self._by_guess is not None:
            return not self.off or self._by_guess.says_else(path, guess, frozenset(self.off))
        number = self._witness_of.get(path)
        if number is None:
            return False
        witness = self._witnesses[number]
        if witness.off != len(self.off):
            self._look(number, witness)
        return path in self._witness_of

    def _learn(self) -> None:
        """The connection that was found may need other parts as well."""
        known: dict[t.Term, object] = {switch: path not in self.off for path, switch in self.keep.items()}
        numbers = self._solver.script.numbers
        known |= {t.text(text): n for text, n in numbers.items()}
        self._witnesses.append(Witness(self._solver.model(known), -1))
        self._look(len(self._witnesses) - 1, self._witnesses[-1])

    def _look(self, number: int, witness: Witness) -> None:
        """Which parts that are still there the connection needs, as things are now."""
        switches: dict[t.Term, object] = {s: path not in self.off for path, s in self.keep.items()}
        numbers = self._solver.script.numbers
        found = {**witness.model, **switches, **{t.text(text): n for text, n in numbers.items()}}
        mine = [path for path, n in self._witness_of.items() if n == number]
        for path in mine:
            del self._witness_of[path]
        asked = [path for path in self.parts if path not in self.off and path not in self._witness_of]
        lanes = dict.fromkeys(self.gone.values(), 0)
        for n, path in enumerate(asked):
            lanes[self.gone[path]] = 1 << n
        changes = self._program.run(found, lanes, len(asked))
        self._witness_of.update({path: number for n, path in enumerate(asked) if changes >> n & 1})
        witness.off = len(self.off)


def shown(path: Path) -> str:
    """`networkPolicies.3.spec.ingress.0`."""
    return ".".join(map(str, path))


def removable(
    removal: Removal, order: Iterable[Path], is_below: Mapping[Path, Path]
) -> Iterable[Superfluous | Undecidable]:
    """What can go, asked in this order; nothing is asked of a part of what goes."""
    gone: set[Path] = set()
    for path in order:
        above: Path | None = is_below.get(path)
        while above is not None and above not in gone:
            above = is_below.get(above)
        if above is not None:
            continue
        answer = removal.ask(path)
        if isinstance(answer, Superfluous):
            gone.add(path)
        if answer is not None:
            yield answer


def needless(cluster: Cluster, lists: Sequence[Mapping[str, Any]], setting: Setting) -> dict[str, Any]:
    """The cluster without the rules, peers and ports that can go; policies stay. `lists` as the rules name
    them.
    """
    own = {str(each["objects"]) for each in lists if cluster.get(each["objects"])}
    parts = [
        path
        for each in lists
        if each["objects"] in own and each.get("path")
        for path in elements(cluster, (each["objects"], *each["path"]))
        if len(each["path"]) == 2 or siblings(cluster, path) > 1
    ]
    if not parts:
        return dict(cluster)
    removal = Removal(cluster, tuple(parts), setting)
    found = removable(removal, parts, {p: p[:5] for p in parts if len(p) > 5})
    made = without(cluster, [f.path for f in found if isinstance(f, Superfluous)])
    assert isinstance(made, dict)
    return made
