"""The library: all that a user's file needs of the rules, through JSON and back."""

from __future__ import annotations

import json

import pytest
from support.rules import library, parsed, rules_of, shown, standard, table, user_of
from support.source_tree import ROOT

from kspec.elaborate.library import Library, library_from_json, library_of, library_to_json, parse_type
from kspec.elaborate.user import elaborate_user
from kspec.ir.types import Type, show
from kspec.source import InternalError


def fields_of(library: Library) -> dict[str, list[tuple[str, Type]]]:
    return {name: [(f.name, f.type) for f in r.fields.values()] for name, r in library.records.items()}


def test_round_trip() -> None:
    text = json.dumps(library_to_json(library()))
    again = library_from_json(json.loads(text))
    assert again.globals == library().globals
    assert again.kinds == library().kinds
    assert {n: p.fields for n, p in again.profiles.items()} == {
        n: p.fields for n, p in library().profiles.items()
    }
    assert fields_of(again) == fields_of(library())
    assert json.dumps(library_to_json(again)) == text


def test_defaults_of_every_sort_survive() -> None:
    made = rules_of(
        """type T { a: int  b: list(string) }
        function f(i: int = -3, u: uint = 2u, d: double = 1.5, b: bytes = b"x", n: bool = true,
          q: quantity = 1Gi, t: duration = 90s, l: list(int) = [1, 2], m: map(string, int) = { a: 1 },
          r: T = { a: 1  b: ["x"] },
          c: int = 1 + 2, s: string = true ? "a" : "b"): int { return i }"""
    )
    assert not made.diagnostics, shown(made.diagnostics)
    (signature,) = library_of(made).globals.functions["golden"]["f"]
    again = library_from_json(json.loads(json.dumps(library_to_json(library_of(made)))))
    assert again.globals.functions["golden"]["f"] == (signature,)


def test_an_older_library_is_refused() -> None:
    with pytest.raises(InternalError):
        library_from_json({**library_to_json(library()), "format": 0})


def test_types_read_as_they_are_shown() -> None:
    types = {f.type for record in standard().types for f in record.fields.values()}
    assert all(parse_type(show(t)) == t for t in types)
    assert len(types) > 100


def test_a_user_file_gives_the_same_with_a_library_from_json() -> None:
    text = (ROOT / "examples" / "shop" / "shop.kspec").read_text(encoding="utf-8")
    again = library_from_json(json.loads(json.dumps(library_to_json(library()))))
    one, other = user_of(text), elaborate_user(parsed(text), again, table(), {})
    assert not one.diagnostics, shown(one.diagnostics)
    assert one.objects == other.objects
    assert one.properties == other.properties
