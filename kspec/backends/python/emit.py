"""Knows how an expression of the core is written in Python.

One table, in the order of `kspec/ir/nodes.py`. The text means exactly what the reference evaluator makes of
the node: native
Python where its operands have the types and cannot fail, helpers of `kspec.runtime` otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kspec.backends.python import constants, loops, natives
from kspec.backends.python.code import AND, ATOM, COMPARE, NOT, OR, SUM, TERNARY, Code, Scope
from kspec.backends.python.context import ModuleContext
from kspec.backends.python.layout import Doc, Group, bracketed, call, chain, clauses, in_brackets, row
from kspec.backends.python.trust import PLAIN_KEYS, has_zero
from kspec.ir import nodes as ir
from kspec.ir.types import BOOL, STRING, MapOf, OptionalOf, Record, Scalar
from kspec.ir.walk import free_variables

NESTING_MAX = 40
"""What is nested deeper becomes a function of its own: Python's parser takes no more than some 200 brackets.
"""
DECISIONS: dict[type[ir.And] | type[ir.Or], tuple[str, int]] = {ir.And: ("and", AND), ir.Or: ("or", OR)}
ENTRIES_MAX = 8
"""A map with more entries whose keys may coincide is made by one call, not by one around another."""


class Emitter:
    """Prints the expressions of one module."""

    def __init__(self, context: ModuleContext) -> None:
        self.context = context
        self.nesting = 0
        self.kept: frozenset[str] = frozenset()
        """The parameters of the rule whose sums may be kept."""

    def expr(self, expr: ir.Expr, scope: Scope) -> Code:
        """The expression as Python. Where it is too deep for that, a call of a function that has the rest."""
        if self.nesting >= NESTING_MAX and not isinstance(expr, ir.Lit | ir.Var):
            return self.part(expr, scope)
        self.nesting += 1
        try:
            return self.dispatch(expr, scope)
        finally:
            self.nesting -= 1

    def part(self, expr: ir.Expr, scope: Scope) -> Code:
        """A call of a function made for this expression, with its free variables as arguments."""
        variables = sorted(free_variables(expr) & scope.names.keys())
        params = [scope.names[v] for v in variables]
        outer, self.nesting = self.nesting, 0
        try:
            body = self.doc(expr, replace(scope, names=dict(zip(variables, params, strict=True))))
        finally:
            self.nesting = outer
        return Code(call(self.context.part(params, body), *params))

    def dispatch(self, expr: ir.Expr, scope: Scope) -> Code:
        match expr:
            case ir.Lit():
                return Code(constants.literal(expr.value, self.context))
            case ir.Var():
                return self.variable(expr, scope)
            case ir.Field():
                return self.field(expr, scope)
            case ir.HasField():
                return self.has_field(expr, scope, "is not")
            case ir.Key():
                return self.key_of(expr, scope)
            case ir.HasKey():
                return self.has_key(expr, scope, "in")
            case ir.And() | ir.Or():
                return self.decision(expr, scope)
            case ir.Cond():
                return self.conditional(expr, scope)
            case ir.Call():
                return natives.call(self, expr, scope)
            case ir.Apply():
                return Code(call(self.context.rule(expr.rule), *self.arguments(expr, scope)))
            case ir.MakeList():
                return self.make_list(expr, scope)
            case ir.MakeMap():
                return self.make_map(expr, scope)
            case ir.MakeRecord():
                return self.make_record(expr, scope)
            case ir.With():
                return self.replace_fields(expr, scope)
            case ir.Let():
                inner = scope.inside(expr, (expr.name,))
                function = row(
                    "lambda ", inner.names[expr.name], ": ", self.expr(expr.body, inner).at(TERNARY)
                )
                return Code(call(in_brackets(function), self.doc(expr.value, scope)))
            case ir.Loop():
                return loops.loop(self, expr, scope)
            case ir.Fold():
                return loops.fold(self, expr, scope)
            case _:
                assert_never(expr)

    # ---------------------------------------------------------------- texts for places

    def doc(self, expr: ir.Expr, scope: Scope, level: int = TERNARY) -> Doc:
        return self.expr(expr, scope).at(level)

    def helper(self, module: str, name: str, *args: Doc) -> Code:
        return Code(call(self.context.imported(module, name), *args))

    def support(self, name: str, *args: Doc) -> Code:
        return Code(call(self.context.support(name), *args))

    def condition(self, expr: ir.Expr, scope: Scope) -> Code:
        """For a place that only asks whether it is true: what is no bool is an error, absent counts as
        false.
        """
        if (
            isinstance(expr, ir.Field)
            and expr.type == BOOL
            and isinstance(scope.known.sure(expr.operand), Record)
        ):
            return Code(self.get(expr, scope))
        if isinstance(expr, ir.And | ir.Or):
            return self.decision(expr, scope, asked=True)
        match expr:
            case ir.Call("_!=_", (ir.Field() as field, ir.Lit(""))) if natives.is_plain_field(field, scope):
                return Code(self.get(field, scope))
        return self.truth(expr, scope)

    def truth(self, expr: ir.Expr, scope: Scope) -> Code:
        """A bool for certain: what is none is an error."""
        if scope.known.sure(expr) == BOOL:
            return self.expr(expr, scope)
        return self.support("test", self.doc(expr, scope))

    def truth_fails(self, expr: ir.Expr, scope: Scope) -> bool:
        return scope.known.sure(expr) != BOOL or self.fails(expr, scope)

    def fails(self, expr: ir.Expr, scope: Scope) -> bool:
        return self.context.fails(expr, scope.known)

    # ---------------------------------------------------------------- names and fields

    def variable(self, expr: ir.Var, scope: Scope) -> Code:
        name = scope.names.get(expr.name)
        return Code(name) if name is not None else self.support("unbound", quote(expr.name))

    def get(self, expr: ir.Field | ir.HasField, scope: Scope) -> Doc:
        return row(self.doc(expr.operand, scope, ATOM), ".get(", quote(expr.name), ")")

    def field(self, expr: ir.Field, scope: Scope) -> Code:
        if not isinstance(scope.known.sure(expr.operand), Record):
            zero = constants.zero(expr.type, self.context)
            return self.support("field_of", self.doc(expr.operand, scope), quote(expr.name), zero)
        if not has_zero(expr.type):
            return Code(self.get(expr, scope))
        zero = constants.zero(expr.type, self.context)
        if expr.type == Scalar("double"):  # `-0.0 or 0.0` would lose the sign
            return self.support("field_of", self.doc(expr.operand, scope), quote(expr.name), zero)
        return Code(chain("or", (self.get(expr, scope), zero)), OR)

    def has_field(self, expr: ir.HasField, scope: Scope, relation: str) -> Code:
        if not isinstance(scope.known.sure(expr.operand), Record):
            found = self.support("has_field", self.doc(expr.operand, scope), quote(expr.name))
            return found if relation == "is not" else Code(row("not ", found.doc), NOT)
        return Code(row(self.get(expr, scope), f" {relation} None"), COMPARE)

    def key_of(self, expr: ir.Key, scope: Scope) -> Code:
        if scope.known.has_index(expr.operand, ir.Lit(expr.name, STRING)):
            return Code(row(self.doc(expr.operand, scope, ATOM), "[", quote(expr.name), "]"))
        return self.helper(
            "kspec.runtime.operators", "select", self.doc(expr.operand, scope), quote(expr.name)
        )

    def has_key(self, expr: ir.HasKey, scope: Scope, relation: str) -> Code:
        if isinstance(scope.known.sure(expr.operand), MapOf | Record):
            return Code(row(quote(expr.name), f" {relation} ", self.doc(expr.operand, scope, SUM)), COMPARE)
        found = self.helper(
            "kspec.runtime.operators", "has_key", self.doc(expr.operand, scope), quote(expr.name)
        )
        return found if relation == "in" else Code(row("not ", found.doc), NOT)

    # ---------------------------------------------------------------- truth

    def decision(self, expr: ir.And | ir.Or, scope: Scope, asked: bool = False) -> Code:
        """`a && b && c`, natively up to the first operand that can fail; if something follows that one, by a
        helper.
        """
        word, level = DECISIONS[type(expr)]
        operands: list[tuple[ir.Expr, Scope]] = []
        for operand in flatten(expr):
            operands.append((operand, scope))
            scope = scope.assuming(operand, isinstance(expr, ir.And))
        failing = next((i for i, o in enumerate(operands) if self.truth_fails(*o)), len(operands))
        if failing >= len(operands) - 1:
            safe, risky = operands, []
        else:
            safe, risky = operands[:failing], operands[failing:]
        ask = self.condition if asked else self.truth
        parts = [ask(*o).at(level + 1) for o in safe]
        if risky:
            # What an operand that failed would have said is not known to those after it.
            after = risky[0][1]
            thunks = [row("lambda: ", self.doc(o, after)) for o, _ in risky]  # whose values the helper tests
            parts.append(self.support(f"{word}_", *thunks).doc)
        return Code(chain(word, parts), level) if len(parts) > 1 else Code(parts[0])

    def conditional(self, expr: ir.Cond, scope: Scope) -> Code:
        then = self.doc(expr.then, scope.assuming(expr.condition, True), OR)
        test = row("if ", self.condition(expr.condition, scope).at(OR))
        otherwise = self.expr(expr.otherwise, scope.assuming(expr.condition, False))
        if isinstance(expr.otherwise, ir.Cond) and isinstance(otherwise.doc, Group):
            first, *rest = otherwise.doc.parts  # a chain of conditions opens up as one
            return Code(clauses((then, test, row("else ", first), *rest)), TERNARY)
        return Code(clauses((then, test, row("else ", otherwise.at(TERNARY)))), TERNARY)

    # ---------------------------------------------------------------- calls

    def arguments(self, expr: ir.Apply, scope: Scope) -> list[Doc]:
        """A record that may be null goes to a function of another program as an empty one."""
        if expr.rule in self.context.rules:
            return [self.doc(a, scope) for a in expr.args]
        docs = []
        for arg in expr.args:
            if isinstance(arg.type, Record) and not isinstance(scope.known.sure(arg), Record):
                docs.append(chain("or", (self.doc(arg, scope, AND), "{}")))
            else:
                docs.append(self.doc(arg, scope))
        return docs

    # ---------------------------------------------------------------- making values

    def make_list(self, expr: ir.MakeList, scope: Scope) -> Code:
        docs = [self.doc(e, scope) for e in expr.elements]
        if all(isinstance(scope.known.sure(expr.elements[i]), OptionalOf) for i in expr.optional):
            present = self.context.support("present") if expr.optional else ""
            docs = [row("*", call(present, d)) if i in expr.optional else d for i, d in enumerate(docs)]
            return Code(bracketed("[", docs, "]"))
        indices = "frozenset((" + ", ".join(map(str, sorted(expr.optional))) + ",))"
        return self.support("list_of", bracketed("[", docs, "]"), indices)

    def make_map(self, expr: ir.MakeMap, scope: Scope) -> Code:
        keys = [k.value for k, _ in expr.entries if isinstance(k, ir.Lit) and isinstance(k.value, str | int)]
        plain = not any(isinstance(k, bool) for k in keys) and len(set(keys)) == len(keys) == len(
            expr.entries
        )
        if plain and not expr.optional:
            entries = [row(self.doc(k, scope), ": ", self.doc(v, scope)) for k, v in expr.entries]
            return Code(bracketed("{", entries, "}"))
        if len(expr.entries) > ENTRIES_MAX:
            return self.make_large_map(expr, scope)
        made: Doc = "{}"
        for index, (key, value) in enumerate(expr.entries):
            helper = self.context.support("put_maybe" if index in expr.optional else "put")
            made = call(helper, made, self.key(key, scope), self.doc(value, scope))
        return Code(made)

    def make_large_map(self, expr: ir.MakeMap, scope: Scope) -> Code:
        entries: list[Doc] = []
        for index, (key, value) in enumerate(expr.entries):
            helper = self.context.support("put_maybe" if index in expr.optional else "put")
            put = call(helper, "made", self.key(key, scope), self.doc(value, scope))
            entries.append(row("lambda made: ", put))
        return self.support("map_of", *entries)

    def key(self, expr: ir.Expr, scope: Scope) -> Doc:
        """A value as the key of a map."""
        if scope.known.sure(expr) in PLAIN_KEYS:
            return self.doc(expr, scope)
        return self.helper("kspec.runtime.equality", "to_key", self.doc(expr, scope)).doc

    def make_record(self, expr: ir.MakeRecord, scope: Scope) -> Code:
        made = self.fields(expr.fields, scope)
        if all(self.never_null(value, scope) for _, value in expr.fields):
            return Code(made)
        return self.support("without_nulls", made)

    def replace_fields(self, expr: ir.With, scope: Scope) -> Code:
        sure = isinstance(scope.known.sure(expr.operand), Record | MapOf)
        if sure and all(self.never_null(value, scope) for _, value in expr.fields):
            docs = [self.entry(name, value, scope) for name, value in expr.fields]
            return Code(bracketed("{", [row("**", self.doc(expr.operand, scope, SUM)), *docs], "}"))
        return self.support("replaced", self.doc(expr.operand, scope), self.fields(expr.fields, scope))

    def fields(self, fields: tuple[tuple[str, ir.Expr], ...], scope: Scope) -> Doc:
        return bracketed("{", [self.entry(name, value, scope) for name, value in fields], "}")

    def entry(self, name: str, value: ir.Expr, scope: Scope) -> Doc:
        return row(quote(name), ": ", self.doc(value, scope))

    def never_null(self, expr: ir.Expr, scope: Scope) -> bool:
        return has_zero(scope.known.sure(expr))


def flatten(expr: ir.And | ir.Or) -> list[ir.Expr]:
    """The operands of a chain of the same operator, however it is nested: `&&` and `||` are associative,
    errors included.
    """
    kind = type(expr)
    found: list[ir.Expr] = []
    stack: list[ir.Expr] = [expr]
    while stack:
        at = stack.pop()
        if isinstance(at, kind):
            stack += (at.right, at.left)
        else:
            found.append(at)
    return found


quote = constants.quote
