"""CEL: literals, precedence, members, and what is an error."""

from __future__ import annotations

import pytest

from kspec.source import SourceFile
from kspec.syntax import ast
from kspec.syntax.parse import parse_expression
from kspec.syntax.print import print_expression


def parse(text: str, strict: bool = True) -> ast.Expr:
    expr, problems = parse_expression(SourceFile("<test>", text), strict)
    assert not problems, problems
    assert expr is not None
    return expr


def codes(text: str, strict: bool = True) -> list[str]:
    return [p.code for p in parse_expression(SourceFile("<test>", text), strict)[1]]


def grouped(expr: ast.Expr) -> str:
    """The expression with parentheses around every operation."""
    match expr:
        case ast.Binary(op, left, right):
            return f"({grouped(left)} {op} {grouped(right)})"
        case ast.Unary(op, operand):
            return f"({op}{grouped(operand)})"
        case ast.Conditional(a, b, c):
            return f"({grouped(a)} ? {grouped(b)} : {grouped(c)})"
        case ast.Range(low, high):
            return f"({grouped(low)}..{grouped(high)})"
        case _:
            return print_expression(expr)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("null", "null", None),
        ("true", "bool", True),
        ("42", "int", 42),
        ("007", "int", 7),
        ("0xFf", "int", 255),
        ("-42", "int", -42),
        ("- 42", "int", -42),
        ("-9223372036854775808", "int", -(2**63)),
        ("-0x8000000000000000", "int", -(2**63)),
        ("9223372036854775807", "int", 2**63 - 1),
        ("42u", "uint", 42),
        ("0xFFFFFFFFFFFFFFFFu", "uint", 2**64 - 1),
        ("1.5", "double", 1.5),
        (".5", "double", 0.5),
        ("1e3", "double", 1000.0),
        ("-2.3e+1", "double", -23.0),
        ('"a"', "string", "a"),
        ("'a\"b'", "string", 'a"b'),
        ('"""a"b\nc"""', "string", 'a"b\nc'),
        ("'''it''s'''", "string", "it''s"),
        ('""', "string", ""),
        ('""""""', "string", ""),
        (r'"\a\b\f\n\r\t\v\\\?\"\'\`"', "string", "\a\b\f\n\r\t\v\\?\"'`"),
        (r'"\x41\u00e9\U0001F600\101"', "string", "Aé😀A"),
        (r'"\xff"', "string", "ÿ"),
        (r'r"\n"', "string", "\\n"),
        ("R'a\"'", "string", 'a"'),
        (r'r"""\"a" """', "string", '\\"a" '),
        ("b'é'", "bytes", "é".encode()),
        (r"b'\xff\377\u00e9'", "bytes", b"\xff\xff\xc3\xa9"),
        (r"br'\x00'", "bytes", b"\\x00"),
        (r'rb"""a"""', "bytes", b"a"),
    ],
)
def test_literals(text: str, kind: str, value: object) -> None:
    assert parse(text) == ast.Literal(kind, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("250m", "quantity", "250m"),
        ("16Gi", "quantity", "16Gi"),
        ("1.5G", "quantity", "1.5G"),
        ("3E", "quantity", "3E"),
        ("-250m", "quantity", "-250m"),
        ("90s", "time", "90s"),
        ("10min", "time", "10min"),
        ("1h30min", "time", "1h30min"),
        ("1u", "uint", 1),
        ("1e3", "double", 1000.0),
        ("0o644", "int", 0o644),
        ("0", "int", 0),
    ],
)
def test_literals_of_the_rule_language(text: str, kind: str, value: object) -> None:
    assert parse(text, strict=False) == ast.Literal(kind, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a || b && c", "(a || (b && c))"),
        ("a && b || c", "((a && b) || c)"),
        ("a == b && c < d", "((a == b) && (c < d))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b % c * d", "(((a / b) % c) * d)"),
        ("a in b == c", "((a in b) == c)"),
        ("a < b < c", "((a < b) < c)"),
        ("!a && -b < c", "((!a) && ((-b) < c))"),
        ("!!a", "(!(!a))"),
        ("--a", "(-(-a))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a || b ? c : d", "((a || b) ? c : d)"),
        ("(a ? b : c) ? d : e", "((a ? b : c) ? d : e)"),
        ("a - -1", "(a - -1)"),
        ("a -1", "(a - 1)"),
        ("-a.b", "(-a.b)"),
        ("-(1)", "(-1)"),
    ],
)
def test_precedence(text: str, meaning: str) -> None:
    assert grouped(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a implies b implies c", "(a implies (b implies c))"),
        ("a ? b : c implies d", "((a ? b : c) implies d)"),
        ("a implies b ? c : d", "(a implies (b ? c : d))"),
        ("a in 1..3 + n", "(a in (1..(3 + n)))"),
        ("a == 1..3", "(a == (1..3))"),
    ],
)
def test_precedence_of_the_rule_language(text: str, meaning: str) -> None:
    assert grouped(parse(text, strict=False)) == meaning


def test_a_sign_belongs_to_the_number_that_follows_it() -> None:
    one = ast.Literal("int", -1)
    assert parse("-1.f()") == ast.Call("f", (), one)
    assert parse("-1[0].a") == ast.Select(ast.Index(one, ast.Literal("int", 0)), "a")
    assert parse("-(1)") == ast.Unary("-", ast.Literal("int", 1))
    assert parse("--1") == ast.Unary("-", one)
    assert parse("- -1") == ast.Unary("-", one)


def test_members_and_calls() -> None:
    a = ast.Ident("a")
    assert parse("a.b.c") == ast.Select(ast.Select(a, "b"), "c")
    assert parse(".a.b") == ast.Select(ast.Ident("a", True), "b")
    assert parse("a.?b[?c]") == ast.Index(ast.Select(a, "b", True), ast.Ident("c"), True)
    assert parse("a.`b-c/d e`") == ast.Select(a, "b-c/d e")
    assert parse("a.f(b)") == ast.Call("f", (ast.Ident("b"),), a)
    assert parse("f()") == ast.Call("f", ())
    assert parse(".f()") == ast.Call(".f", ())
    assert parse("a.all(x, x > 0)") == ast.Call(
        "all", (ast.Ident("x"), ast.Binary(">", ast.Ident("x"), ast.Literal("int", 0))), a
    )


def test_aggregates() -> None:
    one, two = ast.Literal("int", 1), ast.Literal("int", 2)
    assert parse("[1, ?2,]") == ast.ListExpr((one, two), (1,))
    assert parse("{}") == ast.MapExpr(())
    assert parse("{1: 2, ?2: 1,}") == ast.MapExpr(((one, two), (two, one)), (1,))
    assert parse("a.B{c: 1, ?`d-e`: 2}") == ast.StructExpr("a.B", (("c", one), ("d-e", two)), (1,))
    assert parse(".a.B{}") == ast.StructExpr(".a.B", ())


def test_objects_of_the_rule_language() -> None:
    expr = parse('{ a.b: 1, "c-d" { e[x-1]: 2 f[*].g: 3 }, ("h" + "i"): 4 }', strict=False)
    field = lambda *path, value: ast.Field(path, value)  # noqa: E731
    number = [ast.Literal("int", i) for i in range(5)]
    inner = ast.ObjectExpr(
        (
            field(ast.Name("e"), ast.ItemKey("x-1"), value=number[2]),
            field(ast.Name("f"), ast.EachItem(), ast.Name("g"), value=number[3]),
        )
    )
    key = ast.Binary("+", ast.Literal("string", "h"), ast.Literal("string", "i"))
    assert expr == ast.ObjectExpr(
        (
            field(ast.Name("a"), ast.Name("b"), value=number[1]),
            field(ast.Name("c-d"), value=inner),
            ast.ComputedField(key, number[4]),
        )
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "KS1001"),
        ("1 +", "KS1001"),
        ("a b", "KS1001"),
        ("a..b", "KS1001"),
        ("(a", "KS1002"),
        ("[1, 2", "KS1002"),
        ("a)", "KS1003"),
        ("a ? b", "KS1001"),
        ("a ? b ? c : d : e", "KS1001"),
        ("f(a,)", "KS1001"),
        ("9223372036854775808", "KS1105"),
        ("-9223372036854775809", "KS1105"),
        ("-(9223372036854775808)", "KS1105"),
        ("1 - 9223372036854775808", "KS1105"),
        ("18446744073709551616u", "KS1105"),
        ("9" * 5000, "KS1105"),
        ("as", "KS1106"),
        ("import()", "KS1106"),
        ("a.in", "KS1106"),
        ("f(){}", "KS1107"),
        ("'\\q'", "KS1104"),
        ("'\\400'", "KS1104"),
        ("'\\ud800'", "KS1104"),
        ("b'\\u00'", "KS1104"),
        ("'abc", "KS1102"),
        ("'a\nb'", "KS1102"),
        ("12abc", "KS1103"),
        ("a # b", "KS1101"),
        ("`a`", "KS1001"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    assert code in codes(text)


def test_reserved_words_are_fields_and_methods_in_cel_and_names_in_rules() -> None:
    assert codes("a.namespace.for") == []
    assert codes("namespace + import", strict=False) == []


def test_octal_is_refused_in_rules() -> None:
    assert codes("0644", strict=False) == ["KS1103"]


def test_the_value_of_a_mistaken_expression_is_what_could_be_read() -> None:
    expr, problems = parse_expression(SourceFile("<test>", "a + b)"))
    assert len(problems) == 1
    assert expr == ast.Binary("+", ast.Ident("a"), ast.Ident("b"))
