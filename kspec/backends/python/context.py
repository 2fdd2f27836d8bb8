"""Knows what a generated module needs from outside: library functions, constants, functions of other
rules.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kspec.backends.names import Place, free_name, identifier
from kspec.backends.python.layout import Doc
from kspec.backends.python.names import RESERVED
from kspec.backends.python.trust import Known
from kspec.ir import nodes as ir
from kspec.ir.types import DYN, ListOf, MapOf, OptionalOf, Record, Scalar, Type
from kspec.ir.walk import may_fail, subexpressions
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.registry import _matches

SUPPORT = "kspec.runtime.generated_support"

OPERATORS = {
    "_+_": "add", "_-_": "subtract", "_*_": "multiply", "_/_": "divide", "_%_": "modulo", "-_": "negate",
    "!_": "negate", "_==_": "equals", "_!=_": "differs", "_<_": "less", "_<=_": "less_equal",
    "_>_": "greater", "_>=_": "greater_equal", "@in": "is_in", "_[_]": "index", "_[?_]": "index_maybe",
    "_?._": "select_maybe",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A function that holds a part of an expression."""

    name: str
    params: tuple[str, ...]
    body: Doc


class ModuleContext:
    """What one module has asked for so far. `taken` are names that its functions use for something else."""

    def __init__(
        self,
        path: str,
        rules: Mapping[str, ir.Rule],
        places: Mapping[str, Place],
        taken: Collection[str],
        nullable: Collection[tuple[str, int]] = (),
    ) -> None:
        """`rules`: all whose bodies are known; `nullable`: which of their parameters, by index, may be
        null.
        """
        self.path = path
        self.rules = rules
        self.places = places
        self.nullable = nullable
        self.names = set(taken) | RESERVED | set(dir(builtins))
        self.imports: dict[tuple[str, str], str] = {}
        self.modules: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self.parts: list[Part] = []
        self.sites = 0
        self._settled_rules = SettledRules(rules, self.known_of)
        self._fails: dict[int, bool] = {}
        self._steady_rules: dict[str, bool] = {}
        self._kept: list[ir.Expr] = []

    # ---------------------------------------------------------------- names from outside

    def _own(self, wanted: str) -> str:
        name = free_name(wanted, self.names)
        self.names.add(name)
        return name

    def support(self, name: str) -> str:
        """A helper of the room that generated code may use."""
        return self.imported(SUPPORT, name)

    def imported(self, module: str, name: str) -> str:
        key = (module, name)
        if key not in self.imports:
            self.imports[key] = self._own(name)
        return self.imports[key]

    def constant(self, text: str, wanted: str) -> str:
        """A name for a value that is made once, when the module is loaded."""
        if text not in self.constants:
            self.constants[text] = self._own(wanted)
        return self.constants[text]

    def site(self) -> str:
        """A name for one place in the module."""
        self.sites += 1
        return f"{self.path}:{self.sites}"

    def part(self, params: Sequence[str], body: Doc) -> str:
        """A name for a function of these parameters that returns this."""
        name = self._own("part")
        self.parts.append(Part(name, tuple(params), body))
        return name

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is asked for meanwhile is forgotten afterwards."""
        kept = (
            set(self.names),
            dict(self.imports),
            dict(self.modules),
            dict(self.constants),
            list(self.parts),
        )
        try:
            yield
        finally:
            self.names, self.imports, self.modules, self.constants, self.parts = kept

    def rule(self, rule_id: str) -> str:
        """What calls the function of a rule, here or in another module."""
        place = self.places[rule_id]
        if place.module == self.path:
            return place.name
        if place.module not in self.modules:
            self.modules[place.module] = self._own(identifier(place.module))
        return f"{self.modules[place.module]}.{place.name}"

    def module_imports(self) -> list[str]:
        """The import lines for other generated modules, relative, so that the package may have any name."""
        dots = "." * (self.path.count("/") + 1)
        lines = []
        for module, alias in self.modules.items():
            folder, _, name = module.rpartition("/")
            lines.append(f"from {dots}{folder.replace('/', '.')} import {name} as {alias}")
        return sorted(lines)

    def outside_imports(self) -> list[tuple[str, list[str]]]:
        """The modules of the runtime that are used, each with `name` or `name as alias`."""
        found: dict[str, list[str]] = {}
        for (module, name), alias in sorted(self.imports.items()):
            found.setdefault(module, []).append(name if name == alias else f"{name} as {alias}")
        return sorted(found.items())

    # ---------------------------------------------------------------- functions of the library

    def library(self, function: str, types: Sequence[Type]) -> str | None:
        """What calls a function of the library: the overload for these types if they decide it; None if
        there is none.
        """
        overloaded = FUNCTIONS.get(function)
        if overloaded is None:
            return None
        chosen = choose_overload(overloaded.overloads, types)
        if chosen is not None and _is_importable(chosen):
            return self.imported(chosen.__module__, chosen.__name__)
        table = self.imported("kspec.runtime.library", "FUNCTIONS")
        return self.constant(f'{table}["{function}"]', OPERATORS.get(function, identifier(function)))

    def chosen(self, function: str, types: Sequence[Type]) -> Callable[..., object] | None:
        overloaded = FUNCTIONS.get(function)
        return None if overloaded is None else choose_overload(overloaded.overloads, types)

    # ---------------------------------------------------------------- failing

    def fails(self, expr: ir.Expr, known: Known) -> bool:
        """Can it have an error, given what is known where it stands? Says yes when in doubt."""
        settled = known.settled(expr)
        found = self._fails.get(id(settled))
        if found is None:
            found = self._fails[id(settled)] = may_fail(settled, self._settled_rules)
            self._kept.append(settled)  # an id is of one expression as long as that is alive
        return found or not self.steady(expr, known)

    def steady(self, expr: ir.Expr, known: Known) -> bool:
        """Do the static types decide what runs, here and in the rules that are applied?"""
        applied = {n.rule for n in subexpressions(expr) if isinstance(n, ir.Apply)}
        return known.steady(expr) and all(map(self.is_steady_rule, sorted(applied)))

    def is_steady_rule(self, rule_id: str) -> bool:
        if rule_id not in self._steady_rules:
            self._steady_rules[rule_id] = False  # a cycle, which is an error elsewhere
            rule = self.rules.get(rule_id)
            self._steady_rules[rule_id] = rule is not None and self.steady(rule.body, self.known_of(rule))
        return self._steady_rules[rule_id]

    def known_of(self, rule: ir.Rule) -> Known:
        """The types of the parameters; of those that some caller may give null to, `dyn`."""
        return Known(
            {p.name: DYN if (rule.id, i) in self.nullable else p.type for i, p in enumerate(rule.params)}
        )


class SettledRules(Mapping[str, ir.Rule]):
    """The rules, each with a body in which only what can fail looks so (see `Known.settled`)."""

    def __init__(self, rules: Mapping[str, ir.Rule], known_of: Callable[[ir.Rule], Known]) -> None:
        self._rules = rules
        self._known_of = known_of
        self._made: dict[str, ir.Rule] = {}

    def __getitem__(self, rule_id: str) -> ir.Rule:
        found = self._made.get(rule_id)
        if found is None:
            rule = self._rules[rule_id]
            found = self._made[rule_id] = replace(rule, body=self._known_of(rule).settled(rule.body))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


def choose_overload(
    overloads: Mapping[tuple[str, ...], Callable[..., object]], types: Sequence[Type]
) -> Callable[..., object] | None:
    """The overload that the run-time types of the arguments will pick, if their static types say which."""
    tags = tuple(map(tag, types))
    if "dyn" not in tags:
        if tags in overloads:
            return overloads[tags]
        return next((function for wanted, function in overloads.items() if _matches(wanted, tags)), None)
    possible = [(wanted, function) for wanted, function in overloads.items() if _may_match(wanted, tags)]
    if len(possible) != 1:
        return None
    wanted, function = possible[0]
    if len(wanted) != len(tags):  # it takes any number of arguments
        return None
    return function if all(w == "any" for w, t in zip(wanted, tags, strict=True) if t == "dyn") else None


def tag(type_: Type) -> str:
    """The tag that a value of this type has at run time; `dyn` if the type leaves it open."""
    match type_:
        case Scalar(name):
            return name
        case ListOf():
            return "list"
        case MapOf() | Record():
            return "map"
        case OptionalOf():
            return "optional"


def _may_match(wanted: tuple[str, ...], tags: Iterable[str]) -> bool:
    given = tuple(tags)
    if any(w.endswith("*") for w in wanted):
        return True
    return len(wanted) == len(given) and all(
        w == "any" or DYN.name == g or w == g for w, g in zip(wanted, given, strict=True)
    )


def _is_importable(function: Callable[..., object]) -> bool:
    module = sys.modules.get(function.__module__)
    return getattr(module, function.__name__, None) is function
