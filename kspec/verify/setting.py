"""Knows what proving needs beside a property: types, the rules in both readings, and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kspec.ir.nodes import Program, Rule
from kspec.ir.types import TypeTable
from kspec.solve.decide import TIMEOUT_SECONDS
from kspec.solve.query import SLOTS_MAX

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
    """The standard rules and a user's own by id. The standard ones are read from rules/ when one is first
    asked for.
    """

    own: Program
    _made: dict[str, Rule] | None = field(default=None, repr=False)

    def _all(self) -> dict[str, Rule]:
        if self._made is None:
            from kspec.data import root
            from kspec.elaborate.modules import elaborate_rules
            from kspec.elaborate.reading import read_rules
            from kspec.resources.types import load_types

            modules, _ = read_rules(root() / "rules")
            standard = elaborate_rules(modules, load_types()).program
            self._made = {**standard.by_id(), **self.own.by_id()}
        return self._made

    def __bool__(self) -> bool:
        return True  # without counting them, which would read them

    def __getitem__(self, rule_id: str) -> Rule:
        return self._all()[rule_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
