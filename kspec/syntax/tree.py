"""Knows how expressions are built: one method for each alias of `grammar/expression.lark` and what .kspec
and CEL add.

A method gets the values of the symbols it replaces (tokens as `Token`, what was built before, lists) and
the place
of the whole. Mistakes that the grammar cannot see (a number too large, a wrong escape) are added to
`problems`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from kspec.source import Diagnostic, SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.lexer import Token
from kspec.syntax.literals import LiteralError, bytes_value, integer_value, string_value
from kspec.syntax.operators import PRECEDENCE

Values: TypeAlias = list[Any]

INT_MAX = 2**63 - 1
UINT_MAX = 2**64 - 1

RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
"""Words that CEL keeps for later. In .kspec they are names like any other."""


class Expressions:
    """Builds expressions of one file."""

    def __init__(self, file: SourceFile, strict: bool) -> None:
        self.file = file
        self.strict = strict
        self.problems: list[Diagnostic] = []
        self.docs: dict[int, tuple[Token, ...]] = {}
        """Doc comments by the place of the token that follows them, until a declaration claims them."""
        self.too_large: dict[int, ast.Literal] = {}
        """-9223372036854775808 is a number though 9223372036854775808 is none: those, by place, until a
        `-` claims them."""

    def problem(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        help: str = "",
        notes: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        self.problems.append(Diagnostic(code, message, Span(self.file, start, end), help=help, notes=notes))

    # ---- lists of things

    def none(self, v: Values, start: int, end: int) -> list[Any]:
        return []

    def nothing(self, v: Values, start: int, end: int) -> None:
        return None

    def one(self, v: Values, start: int, end: int) -> Any:
        return v[0]

    one_value = one

    def first(self, v: Values, start: int, end: int) -> list[Any]:
        return v

    def second(self, v: Values, start: int, end: int) -> Any:
        return v[1]

    def append(self, v: Values, start: int, end: int) -> list[Any]:
        v[0].append(v[2])
        return v[0]  # type: ignore[no-any-return]

    def extend(self, v: Values, start: int, end: int) -> list[Any]:
        v[0].append(v[1])
        return v[0]  # type: ignore[no-any-return]

    # ---- literals

    def string(self, v: Values, start: int, end: int) -> ast.Literal:
        text = v[0][0]
        return ast.Literal("string", self.unquote(v[0]), text, Span(self.file, start, end))

    def unquote(self, token: Token) -> str:
        """The value of a STRING token."""
        try:
            return string_value(token[0])
        except LiteralError as e:
            self.problem("KS1104", e.message, token[1] + e.start, token[1] + e.end, e.help)
            return ""

    def bytes(self, v: Values, start: int, end: int) -> ast.Literal:
        try:
            value = bytes_value(v[0][0])
        except LiteralError as e:
            self.problem("KS1104", e.message, start + e.start, start + e.end, e.help)
            value = b""
        return ast.Literal("bytes", value, v[0][0], Span(self.file, start, end))

    def integer(self, v: Values, start: int, end: int) -> ast.Literal:
        text = v[0][0]
        value = integer_value(text)
        node = ast.Literal("int", 0 if value is None else value, text, Span(self.file, start, end))
        if value is None or value > INT_MAX:
            self.too_large[start] = node
        return node

    def unsigned(self, v: Values, start: int, end: int) -> ast.Literal:
        value = integer_value(v[0][0])
        if value is None or value > UINT_MAX:
            self.problem("KS1105", "this number is too large", start, end, f"a `uint` goes up to {UINT_MAX}")
            value = 0
        return ast.Literal("uint", value, v[0][0], Span(self.file, start, end))

    def double(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("double", float(v[0][0]), v[0][0], Span(self.file, start, end))

    def quantity(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("quantity", v[0][0], v[0][0], Span(self.file, start, end))

    def time(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("time", v[0][0], v[0][0], Span(self.file, start, end))

    def true(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("bool", True, "true", Span(self.file, start, end))

    def false(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("bool", False, "false", Span(self.file, start, end))

    def null(self, v: Values, start: int, end: int) -> ast.Literal:
        return ast.Literal("null", None, "null", Span(self.file, start, end))

    # ---- operands

    def check_name(self, token: Token) -> None:
        if self.strict and token[0] in RESERVED:
            self.problem("KS1106", f"`{token[0]}` is reserved", token[1], token[2], "choose another name")

    def ident(self, v: Values, start: int, end: int) -> ast.Ident:
        self.check_name(v[0])
        return ast.Ident(v[0][0], False, Span(self.file, start, end))

    def ident_absolute(self, v: Values, start: int, end: int) -> ast.Ident:
        self.check_name(v[1])
        return ast.Ident(v[1][0], True, Span(self.file, start, end))

    def call(self, v: Values, start: int, end: int) -> ast.Call:
        name = v[0]
        self.check_name(name)
        return ast.Call(
            name[0], tuple(v[2]), None, Span(self.file, start, end), Span(self.file, start, name[2])
        )

    def call_absolute(self, v: Values, start: int, end: int) -> ast.Call:
        name = v[1]
        self.check_name(name)
        return ast.Call(
            "." + name[0], tuple(v[3]), None, Span(self.file, start, end), Span(self.file, name[1], name[2])
        )

    def parenthesised(self, v: Values, start: int, end: int) -> ast.Expr:
        """The place of an expression takes in its parentheses: the formatter keeps some of them."""
        return dataclasses.replace(v[1], span=Span(self.file, start, end))  # type: ignore[no-any-return]

    def list_empty(self, v: Values, start: int, end: int) -> ast.ListExpr:
        return ast.ListExpr((), (), Span(self.file, start, end))

    def list(self, v: Values, start: int, end: int) -> ast.ListExpr:
        elements = v[1]
        optional = tuple(i for i, e in enumerate(elements) if type(e) is _Optional)
        plain = (
            tuple(e.value if type(e) is _Optional else e for e in elements) if optional else tuple(elements)
        )
        return ast.ListExpr(plain, optional, Span(self.file, start, end))

    def optional_element(self, v: Values, start: int, end: int) -> _Optional:
        return _Optional(v[1])

    # ---- members

    def select(self, v: Values, start: int, end: int) -> ast.Select:
        name = v[2]
        return ast.Select(
            v[0], name[0], False, Span(self.file, start, end), Span(self.file, name[1], name[2])
        )

    def select_quoted(self, v: Values, start: int, end: int) -> ast.Select:
        return self._select(v[0], v[2], False, start, end)

    def select_optional(self, v: Values, start: int, end: int) -> ast.Select:
        return self._select(v[0], v[3], True, start, end)

    select_optional_quoted = select_optional

    def _select(self, operand: ast.Expr, name: Token, optional: bool, start: int, end: int) -> ast.Select:
        place = Span(self.file, name[1], name[2])
        return ast.Select(operand, name[0].strip("`"), optional, Span(self.file, start, end), place)

    def method(self, v: Values, start: int, end: int) -> ast.Call:
        name = v[2]
        return ast.Call(
            name[0], tuple(v[4]), v[0], Span(self.file, start, end), Span(self.file, name[1], name[2])
        )

    def index(self, v: Values, start: int, end: int) -> ast.Index:
        return ast.Index(v[0], v[2], False, Span(self.file, start, end))

    def index_optional(self, v: Values, start: int, end: int) -> ast.Index:
        return ast.Index(v[0], v[3], True, Span(self.file, start, end))

    # ---- operators

    def negation(self, v: Values, start: int, end: int) -> ast.Unary:
        return ast.Unary("!", v[1], Span(self.file, start, end))

    def minus(self, v: Values, start: int, end: int) -> ast.Expr:
        """`-1` is a number and `-1.f()` calls `f` on it, as in CEL; `-(1)` is an operation."""
        number = v[1]
        while type(number) in _MEMBERS:
            number = number.target if type(number) is ast.Call else number.operand
        if (
            type(number) is ast.Literal
            and number.kind in ("int", "double", "quantity", "time")
            and number.span.start == v[1].span.start
            and self.file.text[number.span.start].isdigit() | (self.file.text[number.span.start] == ".")
        ):
            negated: ast.Expr = self._negative(v[1], number, start)
            return negated
        return ast.Unary("-", v[1], Span(self.file, start, end))

    def _negative(self, expr: Any, number: ast.Literal, start: int) -> Any:
        """The member chain `expr` with its innermost `number` negated."""
        span = Span(self.file, start, expr.span.end)
        if expr is not number:
            part = "target" if type(expr) is ast.Call else "operand"
            inner = self._negative(getattr(expr, part), number, start)
            return dataclasses.replace(expr, span=span, **{part: inner})
        value = number.value
        if number.kind == "int" and value == INT_MAX + 1:
            self.too_large.pop(number.span.start, None)
        negative = "-" + value if isinstance(value, str) else -value
        return ast.Literal(number.kind, negative, "-" + number.raw, span)

    def chain_start(self, v: Values, start: int, end: int) -> Values:
        return v

    def chain_more(self, v: Values, start: int, end: int) -> Values:
        chain: Values = v[0]
        chain += v[1:]
        return chain

    def operation(self, v: Values, start: int, end: int) -> ast.Expr:
        """Folds `a op b op c …` by precedence, to the left."""
        chain = v[0]
        if len(chain) == 3:
            return self._binary(chain[0], chain[1], chain[2])
        operands = [chain[0]]
        operators: list[Token] = []
        for i in range(1, len(chain), 2):
            rank = PRECEDENCE[chain[i][0]]
            while operators and PRECEDENCE[operators[-1][0]] >= rank:
                right = operands.pop()
                operands.append(self._binary(operands.pop(), operators.pop(), right))
            operators.append(chain[i])
            operands.append(chain[i + 1])
        while operators:
            right = operands.pop()
            operands.append(self._binary(operands.pop(), operators.pop(), right))
        return operands[0]  # type: ignore[no-any-return]

    def _binary(self, left: Any, operator: Token, right: Any) -> ast.Expr:
        span = Span(self.file, left.span[1], right.span[2])
        if operator[0] == "..":
            return ast.Range(left, right, span)
        return ast.Binary(operator[0], left, right, span)

    def conditional(self, v: Values, start: int, end: int) -> ast.Conditional:
        return ast.Conditional(v[0], v[2], v[4], Span(self.file, start, end))

    # ---- strict CEL: maps and messages

    def map_empty(self, v: Values, start: int, end: int) -> ast.MapExpr:
        return ast.MapExpr((), (), Span(self.file, start, end))

    def map(self, v: Values, start: int, end: int) -> ast.MapExpr:
        entries, optional = _entries(v[1])
        return ast.MapExpr(entries, optional, Span(self.file, start, end))

    def map_entry(self, v: Values, start: int, end: int) -> tuple[ast.Expr, ast.Expr]:
        return v[0], v[2]

    def map_entry_optional(self, v: Values, start: int, end: int) -> _Optional:
        return _Optional((v[1], v[3]))

    def struct_empty(self, v: Values, start: int, end: int) -> ast.Expr:
        return self._struct(v[0], [], start, end)

    def struct(self, v: Values, start: int, end: int) -> ast.Expr:
        return self._struct(v[0], v[2], start, end)

    def _struct(self, head: ast.Expr, inits: Values, start: int, end: int) -> ast.Expr:
        name = _dotted(head)
        if name is None:
            self.problem("KS1107", "only a type's name may stand before `{`", head.span.start, head.span.end)
            name = ""
        entries, optional = _entries(inits)
        return ast.StructExpr(name, entries, optional, Span(self.file, start, end))

    def struct_entry(self, v: Values, start: int, end: int) -> tuple[str, ast.Expr]:
        return v[0][0].strip("`"), v[2]

    struct_entry_quoted = struct_entry

    def struct_entry_optional(self, v: Values, start: int, end: int) -> _Optional:
        return _Optional((v[1][0].strip("`"), v[3]))

    struct_entry_optional_quoted = struct_entry_optional

    # ---- properties

    def implies(self, v: Values, start: int, end: int) -> ast.Binary:
        return ast.Binary("implies", v[0], v[2], Span(self.file, start, end))

    def binding(self, v: Values, start: int, end: int) -> ast.Binding:
        return ast.Binding(v[0][0], v[2], Span(self.file, start, end))

    def quantified(self, v: Values, start: int, end: int) -> ast.Quantified:
        return ast.Quantified(v[0][0], tuple(v[1]), None, v[3], Span(self.file, start, end))

    def quantified_where(self, v: Values, start: int, end: int) -> ast.Quantified:
        return ast.Quantified(v[0][0], tuple(v[1]), v[3], v[5], Span(self.file, start, end))

    def temporal(self, v: Values, start: int, end: int) -> ast.Temporal:
        return ast.Temporal(v[0][0], v[1], None, Span(self.file, start, end))

    def temporal_within(self, v: Values, start: int, end: int) -> ast.Temporal:
        return ast.Temporal(v[0][0], v[1], v[3], Span(self.file, start, end))


_MEMBERS = (ast.Select, ast.Index, ast.Call)


@dataclasses.dataclass(slots=True)
class _Optional:
    """An element or entry with `?` before it, until the list or map around it is built."""

    value: Any


def _entries(entries: Values) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    optional = tuple(i for i, e in enumerate(entries) if type(e) is _Optional)
    return tuple(e.value if type(e) is _Optional else e for e in entries), optional


def _dotted(expr: ast.Expr) -> str | None:
    """`a.b.c` as text if the expression is one name."""
    match expr:
        case ast.Ident(name, absolute):
            return "." + name if absolute else name
        case ast.Select(operand, name, False):
            front = _dotted(operand)
            return None if front is None else f"{front}.{name}"
        case _:
            return None
