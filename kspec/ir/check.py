"""Knows what every typed expression must satisfy; run after elaboration and after every pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from kspec.ir import nodes as ir
from kspec.ir.deep import deep_recursion
from kspec.ir.print import show_expr
from kspec.ir.signatures import NOTHING
from kspec.ir.types import BOOL, DYN, NULL, ListOf, MapOf, OptionalOf, Record, Type, TypeTable, show
from kspec.ir.unify import assignable
from kspec.ir.walk import bound_names, children

Rules = Mapping[str, ir.Rule]


def check(
    tree: ir.Expr | ir.Rule,
    table: TypeTable,
    variables: Mapping[str, Type] | None = None,
    rules: Rules | None = None,
) -> list[str]:
    """What is wrong with an expression (given its free variables) or with a rule; empty if nothing is."""
    checker = _Checker(table, rules)
    with deep_recursion():
        if isinstance(tree, ir.Rule):
            checker.rule(tree)
        else:
            checker.expr(tree, dict(variables) if variables is not None else None)
    return checker.problems


def check_program(program: ir.Program, table: TypeTable) -> list[str]:
    """The problems of all rules; also whether callees come before their callers."""
    rules = program.by_id()
    problems = [] if len(rules) == len(program.rules) else ["two rules have the same id"]
    known: dict[str, ir.Rule] = {}
    for rule in program.rules:
        problems += check(rule, table, rules=known)
        known[rule.id] = rule
    return problems


class _Checker:
    def __init__(self, table: TypeTable, rules: Rules | None) -> None:
        self.table = table
        self.rules = rules
        self.problems: list[str] = []

    def problem(self, expr: ir.Expr, message: str) -> None:
        text = show_expr(expr)
        self.problems.append(f"{expr.span}: {message}: {text if len(text) < 200 else text[:200] + '…'}")

    def rule(self, rule: ir.Rule) -> None:
        names = [p.name for p in rule.params]
        if len(set(names)) < len(names):
            self.problems.append(f"{rule.id}: a parameter is there twice")
        if not 0 <= rule.using <= len(rule.params):
            self.problems.append(f"{rule.id}: it has not that many `using` parameters")
        variables = {p.name: p.type for p in rule.params}
        variables |= {c.name: ListOf(c.type) for c in rule.clauses if c.name and c.type is not None}
        before = len(self.problems)
        self.expr(rule.body, variables)
        if not assignable(rule.body.type, rule.result):
            self.problem(rule.body, f"the body is {show(rule.body.type)}, the result {show(rule.result)}")
        self.problems[before:] = [f"{rule.id}: {p}" for p in self.problems[before:]]

    def expr(self, expr: ir.Expr, variables: Mapping[str, Type] | None) -> None:
        """Check a node and its parts; `variables` is None where any name may be free."""
        self.node(expr, variables)
        if NOTHING in _parts(expr.type):
            self.problem(expr, "the type `nothing` is left")
        names, inside = bound_names(expr)
        inner = variables if variables is None else {**variables, **self.bound_types(expr, names)}
        for part in children(expr):
            self.expr(part, inner if any(part is i for i in inside) else variables)

    def bound_types(self, expr: ir.Expr, names: tuple[str, ...]) -> dict[str, Type]:
        match expr:
            case ir.Let():
                return {expr.name: expr.value.type}
            case ir.Fold():
                element = _element_types(expr.range.type, 1)
                return {expr.variable: element[0], expr.accumulator: expr.type}
            case ir.Loop():
                return dict(zip(names, _element_types(expr.range.type, len(names)), strict=True))
            case _:
                return {}

    def node(self, expr: ir.Expr, variables: Mapping[str, Type] | None) -> None:
        match expr:
            case ir.Lit() | ir.Call() | ir.MakeMap() | ir.MakeList():
                return
            case ir.Var():
                self.variable(expr, variables)
            case ir.Field() | ir.HasField():
                self.field(expr)
            case ir.Key() | ir.HasKey():
                if not isinstance(expr.operand.type, (MapOf, OptionalOf)) and expr.operand.type != DYN:
                    self.problem(expr, f"a key of a {show(expr.operand.type)}")
            case ir.And() | ir.Or():
                self.want(expr.left, BOOL)
                self.want(expr.right, BOOL)
            case ir.Cond():
                self.want(expr.condition, BOOL)
                self.want(expr.then, expr.type, null=True)
                self.want(expr.otherwise, expr.type, null=True)
            case ir.Apply():
                self.apply(expr)
            case ir.MakeRecord() | ir.With():
                self.fields(expr)
            case ir.Let():
                self.want(expr.body, expr.type)
            case ir.Loop():
                self.loop(expr)
            case ir.Fold():
                self.want(expr.init, expr.type)
                self.want(expr.step, expr.type)
            case _:
                assert_never(expr)

    def want(self, expr: ir.Expr, type_: Type, null: bool = False) -> None:
        if not (assignable(expr.type, type_) or (null and expr.type == NULL)):
            self.problem(expr, f"this is {show(expr.type)}, but {show(type_)} is wanted")

    def variable(self, expr: ir.Var, variables: Mapping[str, Type] | None) -> None:
        if variables is None:
            return
        if expr.name not in variables:
            self.problem(expr, f"the variable `{expr.name}` is not bound")
        elif not assignable(variables[expr.name], expr.type):
            self.problem(expr, f"`{expr.name}` is {show(variables[expr.name])}, used as {show(expr.type)}")

    def field(self, expr: ir.Field | ir.HasField) -> None:
        operand = expr.operand.type
        if not isinstance(operand, Record):
            self.problem(expr, f"a field of a {show(operand)}")
            return
        record = self.table.record(operand.name)
        definition = self.table.fields_of(operand).get(expr.name)
        if definition is None:
            if record is not None and not record.open:
                self.problem(expr, f"{operand.name} has no field `{expr.name}`")
        elif isinstance(expr, ir.Field) and expr.type != definition.type:
            self.problem(expr, f"`{expr.name}` is {show(definition.type)}, used as {show(expr.type)}")

    def fields(self, expr: ir.MakeRecord | ir.With) -> None:
        names = [name for name, _ in expr.fields]
        if len(set(names)) < len(names):
            self.problem(expr, "a field is given twice")
        definitions = self.table.fields_of(expr.type)
        for name, value in expr.fields:
            if name in definitions:
                self.want(value, definitions[name].type, null=True)

    def apply(self, expr: ir.Apply) -> None:
        if self.rules is None:
            return
        rule = self.rules.get(expr.rule)
        if rule is None:
            self.problem(expr, f"the rule `{expr.rule}` is not declared before this one")
        elif len(rule.params) != len(expr.args):
            self.problem(expr, f"`{expr.rule}` takes {len(rule.params)} arguments, {len(expr.args)} given")
        else:
            for arg, param in zip(expr.args, rule.params, strict=True):
                self.want(arg, param.type)

    def loop(self, expr: ir.Loop) -> None:
        if expr.kind not in ir.LOOP_KINDS:
            self.problem(expr, f"no such loop: {expr.kind}")
        if expr.where is not None:
            self.want(expr.where, BOOL)
            if expr.kind not in ("map", "transformMap", "transformMapEntry"):
                self.problem(expr, f"`{expr.kind}` has no filter of its own")
        if expr.kind in ("all", "exists", "existsOne", "filter"):
            self.want(expr.body, BOOL)


def _element_types(range_: Type, count: int) -> tuple[Type, ...]:
    match range_:
        case ListOf(element):
            return (element,) if count == 1 else (DYN, element)
        case MapOf(key, value):
            return (key,) if count == 1 else (key, value)
        case _:
            return (DYN,) * count


def _parts(type_: Type) -> tuple[Type, ...]:
    match type_:
        case ListOf(x) | OptionalOf(x):
            return (type_, *_parts(x))
        case MapOf(k, v):
            return (type_, *_parts(k), *_parts(v))
        case _:
            return (type_,)
