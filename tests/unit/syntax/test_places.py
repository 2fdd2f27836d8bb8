"""Every node knows where it stands, and comments and doc comments go where they belong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from kspec.source import Severity, SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.parse import parse_module

TEXT = """// head

/// What it is.
///   indented
function f(a: int, b: list(int)): int { // trailing
  let c = (a + b[0]) * -2
  require a in b at spec.x else "no" code "C"
  return c.max(1) ? [a] : { x.y: 1 }
}

Deployment redis-cart { spec.containers[web]: { image: "a" } }
"""


def nodes(x: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(x) and not isinstance(x, (Span, SourceFile)):
        yield x
        for f in dataclasses.fields(x):
            yield from nodes(getattr(x, f.name))
    elif isinstance(x, tuple) and not isinstance(x, Span):
        for part in x:
            yield from nodes(part)


def parsed(text: str) -> tuple[ast.Module, SourceFile]:
    file = SourceFile("<test>", text)
    module, problems = parse_module(file)
    assert not problems, problems
    return module, file


def test_every_node_has_its_text() -> None:
    module, file = parsed(TEXT)
    found = {(type(n).__name__, n.span.text) for n in nodes(module)}
    assert all(n.span.file is file and n.span.start < n.span.end for n in nodes(module))
    wanted = {
        ("Param", "b: list(int)"),
        ("TypeRef", "list(int)"),
        ("Let", "let c = (a + b[0]) * -2"),
        ("Binary", "(a + b[0]) * -2"),
        ("Binary", "(a + b[0])"),
        ("Index", "b[0]"),
        ("Literal", "-2"),
        ("Require", 'require a in b at spec.x else "no" code "C"'),
        ("Name", "x"),
        ("Call", "c.max(1)"),
        ("Conditional", "c.max(1) ? [a] : { x.y: 1 }"),
        ("Field", "x.y: 1"),
        ("ItemKey", "[web]"),
        ("Literal", "redis-cart"),
    }
    assert wanted <= found, wanted - found


def test_names_of_rules_calls_and_fields_have_places_of_their_own() -> None:
    module, _ = parsed(TEXT)
    assert [n.name_span.text for n in nodes(module) if isinstance(n, (ast.Rule, ast.Call))] == ["f", "max"]


def test_a_nodes_place_holds_those_of_its_parts() -> None:
    module, _ = parsed(TEXT)
    for outer in nodes(module):
        for f in dataclasses.fields(outer):
            for inner in nodes(getattr(outer, f.name)):
                assert outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def test_doc_comments_belong_to_the_declaration_that_follows() -> None:
    module, _ = parsed(
        "/// One.\n\n///\n/// Two.\ntype T {\n  /// Field.\n  a: int\n}\n/// Last.\nPod a {}\n"
    )
    type_declaration, pod = module.declarations
    assert isinstance(type_declaration, ast.TypeDecl)
    assert type_declaration.doc == "One.\n\nTwo."
    assert type_declaration.fields[0].doc == "Field."
    assert isinstance(pod, ast.Resource)
    assert pod.doc == "Last."
    assert module.comments == ()


def test_other_comments_are_kept_in_order() -> None:
    module, _ = parsed(TEXT)
    assert [(c.text, c.own_line) for c in module.comments] == [("head", True), ("trailing", False)]
    assert [c.span.text for c in module.comments] == ["// head", "// trailing"]


def test_a_doc_comment_that_documents_nothing_is_a_warning() -> None:
    module, problems = parse_module(SourceFile("<test>", "Pod a {\n  /// Why?\n  b: 1\n}\n/// End.\n"))
    assert [(p.code, p.severity) for p in problems] == [("KS1301", Severity.WARNING)] * 2
    assert [c.text for c in module.comments] == ["Why?", "End."]


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    module, _ = parsed("\ufeffPod a {}\n")
    assert len(module.declarations) == 1


def test_line_ends_of_any_kind() -> None:
    module, _ = parsed('Pod a {\r\n  b: """x\r\ny"""\r\n}\r\n// c\r\n')
    assert module.comments[0].text == "c"
    (pod,) = module.declarations
    assert pod.fields[0].value.value == "x\ny"  # type: ignore[union-attr]
