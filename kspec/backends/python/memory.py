"""Knows how a program becomes functions at once, without a file: a user's own rules, and single
expressions.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType

from kspec.backends.names import Place
from kspec.backends.python.module import emit_module
from kspec.backends.python.names import rule_places
from kspec.backends.python.nullable import nullable_parameters
from kspec.ir import nodes as ir
from kspec.ir.types import Type
from kspec.runtime.rulebook import PACKAGE, CompiledRule, Rulebook

USER = "user_rules"
"""The module that all rules of a user's program are in."""


def extend(rulebook: Rulebook, program: ir.Program) -> Rulebook:
    """The rulebook with a user's rules compiled and added; they may apply rules of the book."""
    if not program.rules:
        return rulebook
    there = {e.id: Place(e.module, e.function) for e in rulebook.entries if e.function}
    return rulebook.with_rules(compile_program(program, there, rulebook.package))


def compile_program(
    program: ir.Program, there: Mapping[str, Place] | None = None, package: str = PACKAGE
) -> tuple[CompiledRule, ...]:
    """The rules with their functions. `there`: where the functions of other rules are, in the generated
    package.
    """
    text = program_text(program, there)
    rules: tuple[CompiledRule, ...] = run_module(text, f"{package}.{USER}", package).RULES
    return rules


def program_text(program: ir.Program, there: Mapping[str, Place] | None = None, module: str = USER) -> str:
    """The text of one module for all rules of the program."""
    moved = tuple(replace(r, path=module) for r in program.rules)
    places = {**(there or {}), **rule_places(moved)}
    title = "The rules of a program, compiled by kspec."
    return emit_module(module, moved, ir.Program(moved), places, nullable_parameters(program), title)


def compile_expression(
    expr: ir.Expr, params: Mapping[str, Type], rules: ir.Program | None = None
) -> Callable[..., object]:
    """A function of the expression's variables, in the order of `params`."""
    made = tuple(ir.Parameter(name, type_) for name, type_ in params.items())
    rule = ir.Rule("expression", "function", "expression", made, 0, expr, expr.type, path=USER)
    program = ir.Program((*rules.rules, rule) if rules else (rule,))
    return compile_program(program)[-1].fn


def run_module(text: str, name: str, package: str) -> ModuleType:
    """The module with this text. Tracebacks show its lines."""
    file = f"<{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = ModuleType(name)
    module.__package__ = package
    module.__file__ = file
    exec(compile(text, file, "exec"), module.__dict__)
    return module
