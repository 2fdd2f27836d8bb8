"""Knows what proving needs beside a property: types, the rules in both readings, and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from kspec.ir.nodes import Program, Rule
from kspec.ir.types import TypeTable
from kspec.solve.decide import TIMEOUT_SECONDS
from kspec.solve.query import SLOTS_MAX

if TYPE_CHECKING:
    from kspec.elaborate.demand import RulesOnDemand

Function = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Setting:
    """`table`: all types, those of the rules included. `functions`: the symbolic reading of each rule.
    `rules`: the rules themselves, by which witnesses are replayed. `timeout`: seconds for each question;
    `slots_max`: how many elements of an open list are looked at.
    """

    table: TypeTable
    functions: Mapping[str, Function]
    rules: Mapping[str, Rule]
    timeout: float = TIMEOUT_SECONDS
    slots_max: int = SLOTS_MAX


def describe(setting: Setting, rule_id: str) -> str:
    """What a rule says of itself, in one line, or its id."""
    from kspec.runtime.rulebook import load_rulebook

    standard = load_rulebook().get(rule_id)
    own = None if standard else setting.rules.get(rule_id)
    doc = standard.doc if standard else own.doc if own else ""
    return " ".join(doc.split()) or rule_id


def standard_setting(
    table: TypeTable, program: Program | None = None, timeout: float = TIMEOUT_SECONDS
) -> Setting:
    """The setting of the standard rules, with those of a user's own program."""
    from kspec.backends.symbolic.module import Compiled
    from kspec.runtime.symbolic.rulebook import load_symbolic

    own = program or Program(())
    return Setting(table, Compiled(own, load_symbolic()), StandardRules(own), timeout)


@dataclass(slots=True)
class StandardRules(Mapping[str, Rule]):
    """The standard rules and a user's own by id. Of the standard ones those are read from rules/ that are
    asked for.
    """

    own: Program
    _own: Mapping[str, Rule] | None = field(default=None, repr=False)
    _found: dict[str, Rule] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return True  # without counting them

    def __getitem__(self, rule_id: str) -> Rule:
        found = self._found.get(rule_id)
        if found is None:
            if self._own is None:
                self._own = self.own.by_id()
            its = self._own.get(rule_id)
            found = self._found[rule_id] = _standard()[rule_id] if its is None else its
        return found

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(_standard()), **dict.fromkeys(self.own.by_id())})

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _standard() -> RulesOnDemand:
    from kspec.data import root
    from kspec.elaborate.demand import RulesOnDemand
    from kspec.resources.load import load_library
    from kspec.resources.types import load_types
    from kspec.runtime.rulebook import load_rulebook

    paths = {entry.id: entry.module for entry in load_rulebook().entries}
    return RulesOnDemand(root() / "rules", paths, load_library(), load_types())
