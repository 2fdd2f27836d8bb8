"""Knows how properties become Python: a function for each, and one that yields its witness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, DYN, STRING, ListOf, MapOf, Record, Scalar, Type, TypeTable
from kspec.report.results import Result

if TYPE_CHECKING:
    from kspec.ir.properties import Property, Quantifier

MODULE = "user_rules"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A property as Python: the name of its function, and of the one that yields its witness, or ""."""

    prop: Property
    name: str
    result: Result
    witness: str = ""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """For a variable, the function that yields what drawing begins with: a list at hand, or candidates."""


def names_of(properties: Sequence[Property]) -> list[str]:
    """A function name for each title: `only_checkout_reaches_the_database`."""
    names: list[str] = []
    for prop in properties:
        base = re.sub(r"[^a-z0-9]+", "_", prop.title.lower()).strip("_") or "property"
        base = f"property_{base}" if base[0].isdigit() or base in ("cluster", "world", "objects") else base
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def rules_of(
    prop: Property, name: str, result: Result, candidates: Mapping[str, Sequence[object]], table: TypeTable
) -> tuple[list[ir.Rule], Compiled]:
    """The functions of one property as rules for the Python back end.

    `candidates`: for a variable, values that it could have.
    """
    cluster = ir.Parameter("cluster", Record("Cluster"))
    params = tuple(ir.Parameter(q.name, q.type) for q in prop.quantifiers)
    rules = [_function(name, (*params, cluster), prop.holds, BOOL)]
    helpers = {q.name: f"{q.name}_of_{name}" for q in prop.quantifiers if q.members or q.name in candidates}
    for q in prop.quantifiers:
        if q.members is not None:
            rules.append(_function(helpers[q.name], (cluster,), q.members, ListOf(q.type)))
        elif q.name in helpers:
            type_ = ListOf(q.type)
            rules.append(_function(helpers[q.name], (), spelled(candidates[q.name], type_, table), type_))
    witness = ""
    if result.witness is not None and result.witness.values:
        witness = f"witness_of_{name}"
        body = _witness(prop.quantifiers, result.witness.values, table)
        rules.append(_function(witness, (), body, MapOf(STRING, DYN)))
    return rules, Compiled(prop, name, result, witness, helpers)


def _function(name: str, params: tuple[ir.Parameter, ...], body: ir.Expr, result: Type) -> ir.Rule:
    return ir.Rule(f"properties/{name}", "function", name, params, 0, body, result, path=MODULE)


def _witness(quantifiers: Sequence[Quantifier], values: Any, table: TypeTable) -> ir.Expr:
    entries = tuple(
        (ir.Lit(q.name, STRING), spelled(values[q.name], q.type, table))
        for q in quantifiers
        if q.name in values
    )
    return ir.MakeMap(entries, MapOf(STRING, DYN))


def spelled(value: Any, type_: Type, table: TypeTable) -> ir.Expr:
    """The expression that yields this value again."""
    match type_:
        case Record() if isinstance(value, dict):
            fields = table.fields_of(type_)
            made = ((k, spelled(v, fields[k].type if k in fields else DYN, table)) for k, v in value.items())
            return ir.MakeRecord(tuple(made), type_)
        case ListOf(element) if isinstance(value, (list, tuple)):
            return ir.MakeList(tuple(spelled(v, element, table) for v in value), type_)
        case MapOf(key, element) if isinstance(value, dict):
            pairs = ((ir.Lit(k, key), spelled(v, element, table)) for k, v in value.items())
            return ir.MakeMap(tuple(pairs), type_)
        case Scalar("ip" | "cidr" | "url" | "semver" as name):
            return ir.Call(name, (ir.Lit(str(value), STRING),), type_)
    if isinstance(value, dict):
        return spelled(value, MapOf(STRING, DYN), table)
    if isinstance(value, (list, tuple)):
        return spelled(value, ListOf(DYN), table)
    return ir.Lit(value, type_)


def module_text(program: ir.Program, own: Sequence[ir.Rule]) -> str:
    """The text of one module for the user's rules and these, without docstring; other rules are imported."""
    from kspec.backends.names import Place
    from kspec.backends.python.memory import program_text
    from kspec.runtime.rulebook import load_rulebook

    book = load_rulebook()
    there = {e.id: Place(e.module, e.function) for e in book.entries if e.function}
    text = program_text(ir.Program((*program.rules, *own)), there, MODULE)
    _, _, body = text.partition("from __future__ import annotations\n")
    return re.sub(r"^from \.([\w.]*) import", _absolute(book.package), body.lstrip("\n"), flags=re.MULTILINE)


def _absolute(package: str) -> str:
    return rf"from {package}.\1 import"
