"""Knows how an expression of the core is written as a call of the symbolic reading's combinators.

One table, in the order of `kspec/ir/nodes.py`, like `kspec/ir/evaluate.py`. What a node may not need is
written as a function without parameters, so that a branch that folds away is never built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from kspec.backends.names import free_name, identifier
from kspec.backends.symbolic.constants import literal, quote, zero_text
from kspec.backends.symbolic.layout import INDENT, Doc, Group, call, prefixed, render
from kspec.backends.symbolic.names import RESERVED
from kspec.ir import nodes as ir

OPS = "ops"
"""The name under which emitted code knows `kspec.runtime.symbolic.ops`."""


class Emitter:
    """Prints expressions; `places` says what calls the function of a rule."""

    def __init__(self, places: Mapping[str, str], taken: frozenset[str] = frozenset()) -> None:
        self.places = places
        self.taken = taken | RESERVED

    def expr(self, expr: ir.Expr, names: Mapping[str, str]) -> Doc:
        """The expression as Python; `names` are those of its free variables."""
        match expr:
            case ir.Lit():
                return literal(expr.value)
            case ir.Var():
                return names[expr.name] if expr.name in names else call(f"{OPS}.unbound", quote(expr.name))
            case ir.Field():
                zero = zero_text(expr.type)
                return call(f"{OPS}.field", self.expr(expr.operand, names), quote(expr.name), zero)
            case ir.HasField():
                return call(f"{OPS}.has_field", self.expr(expr.operand, names), quote(expr.name))
            case ir.Key():
                return call(f"{OPS}.key", self.expr(expr.operand, names), quote(expr.name))
            case ir.HasKey():
                return call(f"{OPS}.has_key", self.expr(expr.operand, names), quote(expr.name))
            case ir.And():
                return call(f"{OPS}.and_", *self.operands(expr, names))
            case ir.Or():
                return call(f"{OPS}.or_", *self.operands(expr, names))
            case ir.Cond():
                branches = (self.later(expr.then, names), self.later(expr.otherwise, names))
                return call(f"{OPS}.cond", self.expr(expr.condition, names), *branches)
            case ir.Call():
                return call(f"{OPS}.call", quote(expr.function), *self.all(expr.args, names))
            case ir.Apply():
                return call(self.places[expr.rule], *self.all(expr.args, names))
            case ir.MakeList():
                elements = Group("[", self.all(expr.elements, names), "]")
                return call(f"{OPS}.list_", elements, *_optional(expr.optional))
            case ir.MakeMap():
                entries = Group("[", tuple(Group("(", self.all(e, names), ")") for e in expr.entries), "]")
                return call(f"{OPS}.map_literal", entries, *_optional(expr.optional))
            case ir.MakeRecord():
                return call(f"{OPS}.record", self.fields(expr.fields, names))
            case ir.With():
                return call(f"{OPS}.with_", self.expr(expr.operand, names), self.fields(expr.fields, names))
            case ir.Let():
                body = self.function((expr.name,), expr.body, names)
                return call(f"{OPS}.let", self.expr(expr.value, names), body)
            case ir.Loop():
                return self.loop(expr, names)
            case ir.Fold():
                step = self.function((expr.variable, expr.accumulator), expr.step, names)
                operands = (self.expr(expr.range, names), self.expr(expr.init, names))
                return call(f"{OPS}.fold", *operands, step)
            case _:
                assert_never(expr)

    def all(self, exprs: tuple[ir.Expr, ...], names: Mapping[str, str]) -> tuple[Doc, ...]:
        return tuple(self.expr(each, names) for each in exprs)

    def operands(self, expr: ir.And | ir.Or, names: Mapping[str, str]) -> tuple[Doc, ...]:
        """The operands of a chain of one operator, however it is nested: it is associative, errors
        included.
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
        first, *others = found
        return self.expr(first, names), *(self.later(each, names) for each in others)

    def later(self, expr: ir.Expr, names: Mapping[str, str]) -> Doc:
        """The expression as a function without parameters."""
        return prefixed("lambda: ", self.expr(expr, names))

    def function(self, variables: tuple[str, ...], body: ir.Expr, names: Mapping[str, str]) -> Doc:
        """The expression as a function of these variables."""
        inner = self.bind(variables, names)
        return prefixed(f"lambda {', '.join(inner[v] for v in variables)}: ", self.expr(body, inner))

    def bind(self, variables: tuple[str, ...], names: Mapping[str, str]) -> dict[str, str]:
        """The names inside, where these variables hide others of the same name."""
        inner = dict(names)
        for variable in variables:
            others = {python for name, python in inner.items() if name != variable}
            inner[variable] = free_name(identifier(variable), self.taken | others)
        return inner

    def fields(self, fields: tuple[tuple[str, ir.Expr], ...], names: Mapping[str, str]) -> Doc:
        return Group("{", tuple(prefixed(f"{quote(n)}: ", self.expr(v, names)) for n, v in fields), "}")

    def loop(self, expr: ir.Loop, names: Mapping[str, str]) -> Doc:
        args = [self.expr(expr.range, names), self.function(expr.variables, expr.body, names)]
        if expr.where is not None:
            args.append(prefixed("where=", self.function(expr.variables, expr.where, names)))
        if len(expr.variables) == 2:
            args.append("pairs=True")
        return call(f"{OPS}.{_LOOPS[expr.kind]}", *args)

    # ---------------------------------------------------------------- whole functions

    def definition(self, name: str, rule_id: str, params: tuple[str, ...], body: ir.Expr) -> str:
        """A function of these parameters; the lets in front of its body become lines of their own."""
        names = self.bind(params, {})
        lines = [f"@{OPS}.rule({quote(rule_id)})", f"def {name}({', '.join(names[p] for p in params)}):"]
        if not isinstance(body, ir.Let):
            return "\n".join([*lines, _statement("return ", self.expr(body, names))]) + "\n"
        steps = free_name("lets", self.taken | set(names.values()))
        outer, self.taken = self.taken, self.taken | {steps}
        lines.append(_statement(f"{steps} = ", call(f"{OPS}.Lets")))
        while isinstance(body, ir.Let):
            value = call(f"{steps}.take", self.expr(body.value, names))
            names = self.bind((body.name,), names)
            lines.append(_statement(f"{names[body.name]} = ", value))
            body = body.body
        lines.append(_statement("return ", call(f"{steps}.done", self.expr(body, names))))
        self.taken = outer
        return "\n".join(lines) + "\n"


def _statement(start: str, doc: Doc) -> str:
    return " " * INDENT + render(prefixed(start, doc), INDENT)


def _optional(indices: frozenset[int]) -> tuple[str, ...]:
    return (f"optional={tuple(sorted(indices))}",) if indices else ()


_LOOPS = {
    "all": "all_",
    "exists": "exists",
    "existsOne": "exists_one",
    "map": "map_",
    "filter": "filter_",
    "flatMap": "flat_map",
    "transformMap": "transform_map",
    "transformMapEntry": "transform_map_entry",
    "sortBy": "sort_by",
}
