"""The CEL specification's own tests, as far as they are at hand; and a few of ours in the same form."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from kspec.conform.cel import compare, run_cel_case

ROOT = Path(__file__).parents[2]
SUITE = ROOT.parent / "shared" / "conformance" / "cel-eval.jsonl.gz"

OURS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "arithmetic": ({"expr": "1 + 2 * 3"}, {"value": {"int": "7"}}),
    "an unsigned binding": ({"expr": "x * 2u", "bindings": {"x": {"uint": "4"}}}, {"value": {"uint": "8"}}),
    "a mistake in types": ({"expr": "1 + 'a'"}, {"error": True}),
    "the same, unchecked and hidden": (
        {"expr": "1 + 'a' == 2 || true", "unchecked": True},
        {"value": {"bool": True}},
    ),
    "a mistake in the text": ({"expr": "1 +"}, {"error": True}),
    "a map in another order": (
        {"expr": "{'a': 1, 'b': b'x'}"},
        {"value": {"map": [[{"string": "b"}, {"bytes": "eA=="}], [{"string": "a"}, {"int": "1"}]]}},
    ),
    "names in a container": (
        {"expr": "y", "container": "a.b", "bindings": {"a.b.y": {"bool": True}, "y": {"null": None}}},
        {"value": {"bool": True}},
    ),
    "an infinity": ({"expr": "-1.0 / 0.0"}, {"value": {"double": "-Infinity"}}),
    "no macros": ({"expr": "has({'a': 1}.a)", "noMacros": True}, {"error": True}),
    "times": (
        {
            "expr": "[t + d, d]",
            "bindings": {"t": {"timestamp": "2024-01-01T00:00:00Z"}, "d": {"duration": "1.5s"}},
        },
        {"value": {"list": [{"timestamp": "2024-01-01T00:00:01.5Z"}, {"duration": "1.5s"}]}},
    ),
    "types": (
        {"expr": "[type(1), type(duration('1s'))]"},
        {"value": {"list": [{"type": "int"}, {"type": "google.protobuf.Duration"}]}},
    ),
}


@pytest.mark.parametrize("name", OURS)
def test_our_own_cases(name: str) -> None:
    given, expected = OURS[name]
    actual = run_cel_case(given)
    assert compare(expected, actual) is None, actual


def test_compare_finds_differences() -> None:
    assert compare({"value": {"int": "1"}}, {"value": {"int": "2"}}) == "/value/int"
    assert compare({"value": {"list": [{"int": "1"}]}}, {"value": {"list": []}}) is not None


def known_gaps() -> set[str]:
    """The ids listed in the section `cel.eval` of docs/conformance.md."""
    text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    section = text.partition("## cel.eval")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+/[^`]+/[^`]+)` \|", section, re.MULTILINE))


@pytest.fixture(scope="module")
def disagreements() -> set[str]:
    if not SUITE.exists():
        pytest.skip("no ../shared beside this checkout")
    with gzip.open(SUITE, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    assert len(cases) > 1000
    return {c["id"] for c in cases if compare(c["expected"], run_cel_case(c["input"])) is not None}


def test_the_specification_agrees_but_for_the_listed_gaps(disagreements: set[str]) -> None:
    assert disagreements == known_gaps()
