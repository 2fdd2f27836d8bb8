"""Knows how an elaborated program becomes rules that the model can call, read by the reference evaluator.

Slow, and the definition of what the compiled rules must do: a world that runs on either leaves the same
trace.
"""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import Expr, HeadClause, Program, Rule
from kspec.ir.reads import read_set
from kspec.ir.types import ListOf, Record, TypeTable, show
from kspec.model.rules import Listed, RuleSet
from kspec.runtime.rulebook import Clause, CompiledRule, Function, Param

CLUSTER = "Cluster"


def rules_of_program(program: Program, table: TypeTable) -> RuleSet:
    """All rules of the program; `table` is the one that it was elaborated with, extended by its types."""
    by_id = program.by_id()
    return RuleSet(Listed(_rule(rule, by_id) for rule in program.rules), cluster_fields(table))


def cluster_fields(table: TypeTable) -> dict[str, str]:
    """Which record type each field of the `Cluster` value lists."""
    definition = table.record(CLUSTER)
    return {
        f.name: f.type.element.name
        for f in (definition.fields.values() if definition else ())
        if isinstance(f.type, ListOf) and isinstance(f.type.element, Record)
    }


def _rule(rule: Rule, by_id: Mapping[str, Rule]) -> CompiledRule:
    names = tuple(p.name for p in rule.params)
    return CompiledRule(
        rule.id,
        rule.kind,
        rule.name,
        tuple(Param(p.name, show(p.type)) for p in rule.params),
        _function(rule.body, names, by_id),
        clauses=tuple(_clause(c, names, by_id) for c in rule.clauses),
        reads=read_set(rule, by_id),
        source=rule.source,
        doc=rule.doc,
        path=rule.path,
    )


def _clause(clause: HeadClause, names: tuple[str, ...], by_id: Mapping[str, Rule]) -> Clause:
    fn = None if clause.expr is None else _function(clause.expr, names, by_id)
    type_ = show(clause.type) if clause.type is not None else ""
    return Clause(clause.word, clause.name, type_, fn, clause.constant)


def _function(body: Expr, names: tuple[str, ...], by_id: Mapping[str, Rule]) -> Function:
    def fn(*args: object) -> object:
        return evaluate(body, dict(zip(names, args, strict=True)), by_id)

    return fn
