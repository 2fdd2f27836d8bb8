"""Knows which names an expression may use: variables, functions, types, and where they are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kspec.ir.nodes import Parameter, Var
from kspec.ir.types import Type, TypeTable

CEL, KSPEC = "cel", "kspec"


@dataclass(frozen=True, slots=True)
class FunctionSig:
    """A function that a rule declares. Its last `using` parameters come from the caller's variables."""

    rule_id: str
    name: str
    params: tuple[Parameter, ...]
    using: int
    result: Type

    @property
    def given(self) -> tuple[Parameter, ...]:
        """The parameters that a call gives."""
        return self.params[: len(self.params) - self.using]

    @property
    def implicit(self) -> tuple[Parameter, ...]:
        return self.params[len(self.params) - self.using :]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees.

    `functions`: qualified name (`scheduling.tolerates`) -> overloads. `container`: where names are looked for
    first (`a.b`: in `a.b`, then in `a`, then outside). `mode`: `cel` (plain CEL) or `kspec`. `checked` false:
    types are not checked, and unknown names are errors of the run, as in CEL's parse-only evaluation.
    `locals`: variables that hide others (of loops, of `let`).
    """

    variables: Mapping[str, Type] = field(default_factory=dict)
    functions: Mapping[str, tuple[FunctionSig, ...]] = field(default_factory=dict)
    types: TypeTable = field(default_factory=TypeTable)
    container: str = ""
    mode: str = KSPEC
    checked: bool = True
    macros: bool = True
    locals: Mapping[str, Var] = field(default_factory=dict)

    def bind(self, name: str, type_: Type) -> Scope:
        """The scope with one variable more, which keeps its name in the expression (a `let`, a parameter)."""
        return replace(self, locals={**self.locals, name: Var(name, type_)})

    def bind_fresh(self, name: str, type_: Type) -> tuple[Scope, str]:
        """The scope with the variable of a loop, and its name in the expression: one that hides no other."""
        taken = {v.name for v in self.locals.values()} | set(self.variables)
        fresh, number = name, 1
        while fresh in taken:
            number += 1
            fresh = f"{name}_{number}"
        return replace(self, locals={**self.locals, name: Var(fresh, type_)}), fresh

    def candidates(self, name: str, absolute: bool = False) -> Iterator[str]:
        """The qualified names that a name may stand for, innermost container first."""
        parts = self.container.split(".") if self.container and not absolute else []
        for length in range(len(parts), -1, -1):
            yield ".".join((*parts[:length], name))

    def variable(self, name: str, absolute: bool = False) -> Var | None:
        """The variable of that (perhaps qualified) name. Locals are found by their bare name only."""
        if not absolute and name in self.locals:
            return self.locals[name]
        for candidate in self.candidates(name, absolute):
            if candidate in self.variables:
                return Var(candidate, self.variables[candidate])
        return None

    def rule_functions(self, name: str, absolute: bool = False) -> tuple[FunctionSig, ...]:
        """The overloads of the rule function of that name."""
        for candidate in self.candidates(name, absolute):
            if candidate in self.functions:
                return self.functions[candidate]
        return ()

    def visible_names(self) -> list[str]:
        return [*self.locals, *self.variables]
