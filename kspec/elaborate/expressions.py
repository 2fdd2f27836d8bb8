"""Knows how an expression of the syntax becomes a typed one: names, literals, operators, selection.

Macros, calls, object literals and references have modules of their own. Diagnostics made here and there:

KS2001 unknown name            KS2002 unknown field           KS2003 no overload for these types
KS2004 wrong argument count    KS2005 condition is no bool    KS2006 value of another type is wanted
KS2007 unknown function        KS2008 macro misused           KS2009 has() wants a selection
KS2010 literal out of range    KS2011 field given twice       KS2012 no list-map to take `[key]`
KS2013 reference malformed     KS2014 Cluster lacks the kind  KS2015 nested too deeply
KS2016 construct not allowed   KS2017 `using` variable missing
KS2018 constant text malformed
"""

from __future__ import annotations

from dataclasses import replace

from kspec.elaborate import macros, objects, overloads, references, selection
from kspec.elaborate.names import with_article
from kspec.elaborate.scope import CEL, KSPEC, Scope
from kspec.ir import nodes as ir
from kspec.ir.deep import DEPTH_MAX, deep_recursion
from kspec.ir.signatures import NOTHING
from kspec.ir.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    QUANTITY,
    STRING,
    TYPE,
    UINT,
    ListOf,
    MapOf,
    OptionalOf,
    Type,
    show,
)
from kspec.ir.unify import assignable, join, merge, settle
from kspec.ir.walk import transform
from kspec.runtime.quantity import parse_quantity
from kspec.runtime.times import parse_duration
from kspec.runtime.values import INT_MAX, INT_MIN, UINT_MAX, EvalError, Quantity, TypeValue, UInt
from kspec.source import Diagnostic, InternalError, Span
from kspec.syntax import ast


def elaborate_expression(
    expr: ast.Expr, scope: Scope, expected: Type | None = None
) -> tuple[ir.Expr, list[Diagnostic]]:
    """The typed expression, and what is wrong with it. With errors the expression is not to be used."""
    elaborator = Elaborator()
    with deep_recursion():
        made = elaborator.expr(expr, scope, expected)
        return elaborator.finish(made), elaborator.diagnostics


class Elaborator:
    """The state of one elaboration: the diagnostics so far."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.depth = 0

    def finish(self, made: ir.Expr) -> ir.Expr:
        """`nothing`, the type of the elements of `[]`, becomes dyn."""
        return transform(made, _settled)

    def error(self, code: str, message: str, span: Span, help_text: str = "") -> ir.Expr:
        """Record a mistake. What stands for it fits everywhere, so that one mistake gives one message."""
        self.diagnostics.append(Diagnostic(code, message, span, help=help_text))
        return ir.Lit(None, NOTHING, span)

    def expr(self, node: ast.Expr, scope: Scope, expected: Type | None = None) -> ir.Expr:
        """Elaborate a part; where a type is expected the result has it, or there is a diagnostic."""
        if self.depth >= DEPTH_MAX:
            return self.too_deep(node)
        self.depth += 1
        try:
            made = self.dispatch(node, scope, expected)
        finally:
            self.depth -= 1
        return made if expected is None else self.fit(made, expected, scope)

    def too_deep(self, node: ast.Expr) -> ir.Expr:
        if not any(d.code == "KS2015" for d in self.diagnostics):
            self.error("KS2015", f"the expression is nested more than {DEPTH_MAX} levels deep", node.span)
        return ir.Lit(None, NOTHING, node.span)

    def dispatch(self, node: ast.Expr, scope: Scope, expected: Type | None) -> ir.Expr:
        match node:
            case ast.Literal():
                return self.literal(node)
            case ast.Ident() | ast.Select():
                return selection.name_or_select(self, node, scope)
            case ast.Index():
                function = "_[?_]" if node.optional else "_[_]"
                return overloads.operator(self, function, (node.operand, node.index), node.span, scope)
            case ast.Call():
                return overloads.call(self, node, scope, expected)
            case ast.Unary():
                return self.unary(node, scope)
            case ast.Binary():
                return self.binary(node, scope, expected)
            case ast.Conditional():
                return self.conditional(node, scope, expected)
            case ast.ListExpr():
                return self.list_(node, scope, expected)
            case ast.MapExpr():
                return self.map_(node, scope, expected)
            case ast.Range():
                return self.range_(node, scope)
            case ast.ObjectExpr():
                return objects.object_literal(self, node, scope, expected)
            case ast.StructExpr():
                return self.error(
                    "KS2016", f"messages such as `{node.type_name}` are not supported", node.span
                )
            case ast.Quantified() | ast.Temporal():
                word = node.quantifier if isinstance(node, ast.Quantified) else node.operator
                return self.error(
                    "KS2016",
                    f"`{word}` may only stand at the head of a property",
                    node.span,
                    "in an expression use `list.all(x, …)` or `list.exists(x, …)`",
                )

    # ---------------------------------------------------------------- expected types

    def fit(self, made: ir.Expr, expected: Type, scope: Scope) -> ir.Expr:
        """The expression as one of the expected type: literals are adapted, a dyn is checked at run time."""
        made = self.adapt(made, expected, scope)
        if made.type == DYN and expected != DYN:
            if scope.mode == CEL:
                return made
            target = ir.Lit(TypeValue(show(expected)), TYPE, made.span)
            return ir.Call("@cast", (made, target), expected, made.span)
        if assignable(made.type, expected):
            return made
        if not scope.checked:
            return made
        return self.mismatch(made, expected)

    def adapt(self, made: ir.Expr, expected: Type, scope: Scope) -> ir.Expr:
        """A whole number where a quantity, double or uint is wanted is one."""
        if scope.mode == KSPEC and isinstance(made, ir.Lit) and made.type == INT:
            assert isinstance(made.value, int)
            if expected == QUANTITY:
                return ir.Lit(Quantity(made.value * 10**9), QUANTITY, made.span)
            if expected == DOUBLE:
                return ir.Lit(float(made.value), DOUBLE, made.span)
            if expected == UINT and made.value >= 0:
                return ir.Lit(UInt(made.value), UINT, made.span)
        return made

    def mismatch(self, made: ir.Expr, expected: Type) -> ir.Expr:
        advice = ""
        if expected in (INT, DOUBLE) and made.type == QUANTITY:
            advice = "write a plain number; quantities such as `250m` are for resource amounts"
        elif expected == DURATION and made.type == QUANTITY:
            advice = "write minutes as `5min`"
        elif expected == STRING and made.type in (INT, DOUBLE, BOOL):
            advice = "put it in quotes, or convert it with `string(…)`"
        return self.error(
            "KS2006",
            f"this is {with_article(made.type)}, but {with_article(expected)} is wanted",
            made.span,
            advice,
        )

    def condition(self, node: ast.Expr, scope: Scope) -> ir.Expr:
        """A part that must be a bool."""
        made = self.expr(node, scope)
        if scope.checked and not assignable(made.type, BOOL):
            return self.error(
                "KS2005", f"a condition must be a bool, this is {with_article(made.type)}", node.span
            )
        return made

    # ---------------------------------------------------------------- literals

    def literal(self, node: ast.Literal) -> ir.Expr:
        value, span = node.value, node.span
        match node.kind:
            case "null":
                return ir.Lit(None, NULL, span)
            case "bool":
                return ir.Lit(value, BOOL, span)
            case "int" | "uint":
                assert isinstance(value, int)
                return self.integer(value, node.kind, span)
            case "double":
                return ir.Lit(value, DOUBLE, span)
            case "string":
                return ir.Lit(value, STRING, span)
            case "bytes":
                return ir.Lit(value, BYTES, span)
            case "quantity" | "time":
                return self.amount(str(value), node.kind, span)
            case _:
                raise InternalError(f"literal of kind {node.kind}")

    def integer(self, value: int, kind: str, span: Span) -> ir.Expr:
        low, high = (0, UINT_MAX) if kind == "uint" else (INT_MIN, INT_MAX)
        if not low <= value <= high:
            return self.error("KS2010", f"`{value}` is outside the range of {kind}", span)
        return ir.Lit(UInt(value), UINT, span) if kind == "uint" else ir.Lit(value, INT, span)

    def amount(self, text: str, kind: str, span: Span) -> ir.Expr:
        try:
            if kind == "quantity":
                return ir.Lit(parse_quantity(text), QUANTITY, span)
            return ir.Lit(parse_duration(text.replace("min", "m")), DURATION, span)
        except EvalError as error:
            return self.error("KS2010", error.message, span)

    # ---------------------------------------------------------------- operators

    def unary(self, node: ast.Unary, scope: Scope) -> ir.Expr:
        if node.op == "!":
            return ir.Call("!_", (self.condition(node.operand, scope),), BOOL, node.span)
        operand = node.operand
        if (
            isinstance(operand, ast.Literal)
            and operand.kind == "int"
            and operand.value not in (None, INT_MIN)
        ):
            assert isinstance(operand.value, int)
            return self.integer(-operand.value, "int", node.span)
        if isinstance(operand, ast.Literal) and operand.kind in ("quantity", "time"):
            return self.amount(f"-{operand.value!s}", operand.kind, node.span)
        return overloads.operator(self, "-_", (operand,), node.span, scope)

    def binary(self, node: ast.Binary, scope: Scope, expected: Type | None) -> ir.Expr:
        if node.op in ("&&", "||"):
            parts = [self.condition(part, scope) for part in _flatten(node, node.op)]
            return _balanced(ir.And if node.op == "&&" else ir.Or, parts, node.span)
        if node.op == "implies":
            premise = self.condition(node.left, scope)
            negated = ir.Call("!_", (premise,), BOOL, premise.span)
            return ir.Or(negated, self.condition(node.right, scope), BOOL, node.span)
        if scope.mode == KSPEC:
            reference = references.reference(self, node, scope)
            if reference is not None:
                return reference
            absence = self.absence(node, scope)
            if absence is not None:
                return absence
            if node.op == "+":
                return overloads.plus(self, node, scope, expected)
        function = "@in" if node.op == "in" else f"_{node.op}_"
        return overloads.operator(self, function, (node.left, node.right), node.span, scope)

    def absence(self, node: ast.Binary, scope: Scope) -> ir.Expr | None:
        """`record.field == null` asks whether the field is there: absent reads as zero, never as null."""
        if node.op not in ("==", "!=") or not _is_null(node.right):
            return None
        if not isinstance(node.left, ast.Select) or node.left.optional:
            return None
        before = len(self.diagnostics)
        field = self.expr(node.left, scope)
        if not isinstance(field, ir.Field):
            del self.diagnostics[before:]
            return None
        present = ir.HasField(field.operand, field.name, BOOL, node.span)
        return present if node.op == "!=" else ir.Call("!_", (present,), BOOL, node.span)

    def conditional(self, node: ast.Conditional, scope: Scope, expected: Type | None) -> ir.Expr:
        condition = self.condition(node.condition, scope)
        then = self.expr(node.then, scope, expected)
        otherwise = self.expr(node.otherwise, scope, expected)
        if expected is not None:
            return ir.Cond(condition, then, otherwise, expected, node.span)
        merged = merge(then.type, otherwise.type)
        if merged is None and scope.checked:
            return self.error(
                "KS2003",
                f"the branches have different types: {show(then.type)} and {show(otherwise.type)}",
                node.span,
                "make them one type, or wrap both in `dyn(…)`",
            )
        return ir.Cond(condition, then, otherwise, merged or DYN, node.span)

    # ---------------------------------------------------------------- lists, maps, ranges

    def list_(self, node: ast.ListExpr, scope: Scope, expected: Type | None) -> ir.Expr:
        wanted = expected.element if isinstance(expected, ListOf) else None
        elements, types = [], []
        for index, element in enumerate(node.elements):
            if index in node.optional:
                made = self.optional_entry(element, scope)
                types.append(_inside_optional(made.type))
            else:
                made = self.expr(element, scope, wanted)
                types.append(made.type)
            elements.append(made)
        type_ = ListOf(join(types) if wanted is None or wanted == NOTHING else wanted)
        return ir.MakeList(tuple(elements), type_, frozenset(node.optional), node.span)

    def optional_entry(self, node: ast.Expr, scope: Scope) -> ir.Expr:
        made = self.expr(node, scope)
        if scope.checked and not isinstance(made.type, OptionalOf) and made.type not in (DYN, NOTHING):
            return self.error(
                "KS2003", f"`?` wants an optional, this is {with_article(made.type)}", node.span
            )
        return made

    def map_(self, node: ast.MapExpr, scope: Scope, expected: Type | None) -> ir.Expr:
        wanted = expected.value if isinstance(expected, MapOf) else None
        entries, keys, values = [], [], []
        for index, (key_node, value_node) in enumerate(node.entries):
            key = self.expr(key_node, scope)
            if scope.checked and key.type not in (INT, UINT, STRING, BOOL, DYN, NOTHING):
                key = self.error(
                    "KS2003", f"{with_article(key.type)} cannot be the key of a map", key_node.span
                )
            optional = index in node.optional
            value = (
                self.optional_entry(value_node, scope) if optional else self.expr(value_node, scope, wanted)
            )
            keys.append(key.type)
            values.append(_inside_optional(value.type) if optional else value.type)
            entries.append((key, value))
        type_ = MapOf(join(keys), join(values) if wanted is None else wanted)
        return ir.MakeMap(tuple(entries), type_, frozenset(node.optional), node.span)

    def range_(self, node: ast.Range, scope: Scope) -> ir.Expr:
        """`low..high` as a list: `lists.range(high - low + 1).map(i, low + i)`."""
        low, high = self.expr(node.low, scope, INT), self.expr(node.high, scope, INT)
        _, name = scope.bind_fresh("i", INT)
        span, one = node.span, ir.Lit(1, INT, node.span)
        count = ir.Call("_+_", (ir.Call("_-_", (high, low), INT, span), one), INT, span)
        indices = ir.Call(
            "lists.range",
            (ir.Call("math.greatest", (count, ir.Lit(0, INT, span)), INT, span),),
            ListOf(INT),
            span,
        )
        body = ir.Call("_+_", (low, ir.Var(name, INT, span)), INT, span)
        return ir.Loop("map", (name,), indices, None, body, ListOf(INT), span)

    def macro(self, node: ast.Call, scope: Scope, expected: Type | None) -> ir.Expr | None:
        return macros.expand(self, node, scope, expected) if scope.macros else None


def _settled(expr: ir.Expr) -> ir.Expr:
    type_ = settle(expr.type)
    return expr if type_ == expr.type else replace(expr, type=type_)


def _is_null(node: ast.Expr) -> bool:
    return isinstance(node, ast.Literal) and node.kind == "null"


def _inside_optional(type_: Type) -> Type:
    return type_.value if isinstance(type_, OptionalOf) else type_


def _flatten(node: ast.Expr, op: str) -> list[ast.Expr]:
    """The operands of a chain of one operator, without recursion."""
    parts: list[ast.Expr] = []
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, ast.Binary) and top.op == op:
            stack.extend((top.right, top.left))
        else:
            parts.append(top)
    return parts


def _balanced(make: type[ir.And] | type[ir.Or], parts: list[ir.Expr], span: Span) -> ir.Expr:
    """A balanced tree keeps long chains shallow; `&&` and `||` are associative, errors included."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        return make(parts[0], parts[1], BOOL, span)
    middle = (len(parts) + 1) // 2
    return make(_balanced(make, parts[:middle], span), _balanced(make, parts[middle:], span), BOOL, span)
