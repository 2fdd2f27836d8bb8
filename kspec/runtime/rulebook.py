"""Knows the compiled rules: which there are, and the Python function of each, loaded from generated/python
when first asked for.

The generated modules are an ordinary package, so Python's byte-code cache serves them; its name is private
to us.
Modules refer to one another by relative imports of modules, never of names, so they may do so both ways.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from kspec.data import root

Function = Callable[..., object]
Paths = frozenset[tuple[str, ...]]

PACKAGE = "kspec_rules"
"""The name under which the generated package is imported; roots other than the default one have a number
behind it.
"""


@cache
def paths(*texts: str | tuple[str, ...]) -> Paths:
    """Field paths: each as a text of its parts with blanks between, or as they are. Rules that call one
    another read much the same, so that equal sets are made once.
    """
    return frozenset(tuple(text.split()) if isinstance(text, str) else text for text in texts)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a rule. `type` is spelled as the language does; `using` ones are passed on by
    callers.
    """

    name: str
    type: str
    using: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """`owns core.Pod as pods matching e`: `word` owns, `type` core.Pod, `name` pods; `fn` computes e from
    the parameters.

    `constant` is the value where the clause wants one: `on create`, `weight 3`.
    """

    word: str
    name: str = ""
    type: str = ""
    fn: Function | None = field(default=None, compare=False)
    constant: object = None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its function. `reads` says, by parameter, which field paths it reads; the path () means
    all of it.
    """

    id: str
    kind: str
    name: str
    params: tuple[Param, ...]
    fn: Function = field(compare=False)
    result: str = ""
    clauses: tuple[Clause, ...] = ()
    reads: Mapping[str, Paths] = field(default_factory=dict, compare=False)
    source: str = ""
    doc: str = ""
    path: str = ""

    def __call__(self, *args: object) -> object:
        return self.fn(*args)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a rule before its module is loaded: id, kind, name, and where its function is."""

    id: str
    kind: str
    name: str
    module: str
    function: str


Load = Callable[[str], tuple[CompiledRule, ...]]


class Rulebook:
    """Rules by id, kind and name, in order of file and place. A module is loaded when one of its rules is
    asked for.
    """

    def __init__(self, entries: Iterable[Entry], load: Load, package: str = PACKAGE) -> None:
        self.entries = tuple(entries)
        self.package = package
        self._load = load
        self._by_id = {e.id: e for e in self.entries}
        self._loaded: dict[str, dict[str, CompiledRule]] = {}

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """All of them; loads every module."""
        return tuple(map(self._rule, self.entries))

    def of_kind(self, kind: str) -> tuple[CompiledRule, ...]:
        return tuple(self._rule(e) for e in self.entries if e.kind == kind)

    def get(self, rule_id: str) -> CompiledRule | None:
        entry = self._by_id.get(rule_id)
        return None if entry is None else self._rule(entry)

    def find(self, kind: str, name: str) -> tuple[CompiledRule, ...]:
        """The rules of a kind with this name: of a function all overloads. `scheduling.tolerates` names the
        folder too.
        """
        folder, _, base = name.rpartition(".")
        return tuple(
            self._rule(e)
            for e in self.entries
            if e.kind == kind
            and e.name == base
            and (not folder or e.id.rpartition("/")[0].replace("/", ".") == folder)
        )

    def function(self, name: str) -> CompiledRule:
        """The first function of this name; KeyError if there is none."""
        found = self.find("function", name)
        if not found:
            raise KeyError(name)
        return found[0]

    def with_rules(self, rules: Iterable[CompiledRule]) -> Rulebook:
        """A rulebook with these rules added; one with the id of another takes its place."""
        added = {r.id: r for r in rules}
        entries = [e for e in self.entries if e.id not in added]
        entries += [Entry(r.id, r.kind, r.name, f"+{r.id}", "") for r in added.values()]

        def load(module: str) -> tuple[CompiledRule, ...]:
            return (added[module[1:]],) if module.startswith("+") else self._load(module)

        return Rulebook(entries, load, self.package)

    def _rule(self, entry: Entry) -> CompiledRule:
        rules = self._loaded.get(entry.module)
        if rules is None:
            rules = self._loaded[entry.module] = {r.id: r for r in self._load(entry.module)}
        return rules[entry.id]


def load_rulebook(at: Path | None = None) -> Rulebook:
    """The rules compiled to generated/python below this folder: the tool's own if none is given."""
    name, package = _package((at or root()) / "generated" / "python")

    def load(module: str) -> tuple[CompiledRule, ...]:
        rules: tuple[CompiledRule, ...] = importlib.import_module(f"{name}.{module.replace('/', '.')}").RULES
        return rules

    return Rulebook((Entry(*row) for row in package.INDEX), load, name)


_PACKAGES: dict[Path, str] = {}


def _package(folder: Path) -> tuple[str, ModuleType]:
    """The generated package in this folder, imported."""
    name = _PACKAGES.get(folder)
    if name is not None:
        return name, sys.modules[name]
    name = PACKAGE if not _PACKAGES else f"{PACKAGE}_{len(_PACKAGES)}"
    init = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None or not init.is_file():
        raise FileNotFoundError(f"{init} is missing: run `kspec generate`")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    _PACKAGES[folder] = name
    return name, module
