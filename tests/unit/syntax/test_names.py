"""Words of the language take no names away from users."""

from __future__ import annotations

import pytest

from kspec.source import SourceFile
from kspec.syntax import ast
from kspec.syntax.foreign import DECLARATIONS, STATEMENTS
from kspec.syntax.parse import parse_module

OTHERS = [
    "using",
    "owns",
    "reads",
    "on",
    "weight",
    "after",
    "for",
    "as",
    "matching",
    "at",
    "else",
    "code",
    "because",
    "otherwise",
    "from",
    "times",
    "given",
    "where",
    "within",
    "pool",
    "holds",
    "violated",
    "forall",
    "exists",
    "always",
    "never",
    "eventually",
    "yaml",
    "kspec",
    "crds",
]
WORDS = sorted({*DECLARATIONS, *STATEMENTS, *OTHERS})
FORMULA = ("forall", "exists", "always", "never", "eventually")


def module(text: str) -> ast.Module:
    parsed, problems = parse_module(SourceFile("<test>", text))
    assert not problems, (text, problems)
    return parsed


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_a_field(word: str) -> None:
    fields = f"{word}: 1  a: b  {word}.{word}: 2  {word} {{ {word}: 3 }}  a[{word}].{word}: [4]"
    assert len(module(f"Deployment {word} {{ {fields} }}").declarations) == 1
    (namespace,) = module(f"namespace {word} {{ {fields} }}").declarations
    assert isinstance(namespace, ast.Namespace)
    assert len(namespace.fields) == 5
    (block,) = module(f"cluster {word} {{ {fields}  pool {word} {{ {word}: 1 }} }}").declarations
    assert isinstance(block, ast.Block)
    assert (len(block.fields), len(block.blocks)) == (5, 1)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_selected_and_called(word: str) -> None:
    (rule,) = module(f"function f(a: dyn): dyn {{ return a.{word}.{word}(1).?{word} }}").declarations
    assert isinstance(rule, ast.Rule)


@pytest.mark.parametrize("word", [w for w in WORDS if w not in FORMULA])
def test_a_word_is_a_parameter_a_variable_and_a_function(word: str) -> None:
    text = f"""function {word}({word}: T, a: {word} = {word}) using {word}: {word}.{word}: {word}({word}) {{
      let {word} = {word} + {word}({word}) && {word}[{word}].{word}
      let a: {word} = {{ {word}: {word} }}
      each {word} in {word} {{ delete {word} }}
      return x.all({word}, {word} > 0)
    }}
    type {word} {{ {word}: {word}  a: b  {word}: list({word}) }}
    param {word}: {word} = {word}
    template {word}({word}: {word}) {{ use {word}({word}: {word}) }}
    prove "x": forall {word} in {word} where {word}: {word}
    """
    assert len(module(text).declarations) == 5


@pytest.mark.parametrize(
    "word", ["source", "let", "each", "set", "create", "status", "allow", "deny", "pass", "spec", "filter"]
)
def test_a_word_begins_a_path_in_a_default_rule(word: str) -> None:
    (rule,) = module(
        f"default D(self: core.Pod) {{ {word}: 1 {word}.a: 2  set {word}[b].c: 3  {word}: 4 }}"
    ).declarations
    assert isinstance(rule, ast.Rule)
    assert [type(s) for s in rule.body] == [ast.Default, ast.Default, ast.Set, ast.Default]


def test_clauses_and_variables_named_like_clauses() -> None:
    text = """
    controller C(on: apps.Deployment)
      owns core.Pod as weight matching on.after reads core.Node as reads on create
    {
      create core.Pod from from times times { from: times  times: from }
      require code at at.code else code code "code"
      allow when when because because
      when when { return otherwise } otherwise { return when }
    }"""
    (rule,) = module(text).declarations
    assert isinstance(rule, ast.Rule)
    assert [c.word for c in rule.clauses] == ["owns", "reads", "on"]
    assert [type(s) for s in rule.body] == [ast.Create, ast.Require, ast.Decide, ast.When]


def test_names_of_resources_may_have_hyphens_dots_and_begin_with_digits() -> None:
    names = ["redis-cart", "a.example.com", "0", "01-web", "1st", "in", "a--b", "true", "1.5", "250m", "0644"]
    text = " ".join(f"Pod {n} {{ spec.containers[{n}]: {{}} }}" for n in names)
    resources = module(text).declarations
    assert [r.name.value for r in resources] == names  # type: ignore[union-attr]
    assert [r.fields[0].path[2].text for r in resources] == names  # type: ignore[union-attr]


def test_a_hyphen_elsewhere_subtracts() -> None:
    (rule,) = module("function f(a: int, b: int): int { return a-b }").declarations
    assert rule.body == (ast.Return(ast.Binary("-", ast.Ident("a"), ast.Ident("b"))),)  # type: ignore[union-attr]


@pytest.mark.parametrize("word", ["in", "implies", "true", "false", "null"])
def test_five_words_are_never_names(word: str) -> None:
    for text in (f"Pod a {{ {word}: 1 }}", f"Pod a {{ b: c  {word}: 1 }}", f"param {word}: int"):
        _, problems = parse_module(SourceFile("<test>", text))
        assert "KS1106" in [p.code for p in problems] or word == "implies", text
        assert problems
    (resource,) = module(f'Pod a {{ b: c  "{word}": 1 }}').declarations
    assert resource.fields[1].path == (ast.Name(word),)  # type: ignore[union-attr]
