"""`kspec eval`: values, errors with a caret, bindings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "a", "image": "i", "resources": {"requests": {"cpu": "0.25"}}}]},
}


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ('1 + size("abc")', "4"),
        ("[1, 2].map(x, x * 2)", "[2, 4]"),
        ("1u", "1u"),
        ("1.0", "1.0"),
        ('"a\\nb"', '"a\\nb"'),
        ('b"\\xff"', 'b"\\xff"'),
        ("null", "null"),
        ("type(1)", "int"),
        ('duration("90s")', 'duration("90s")'),
        ('timestamp("2026-01-02T03:04:05Z")', 'timestamp("2026-01-02T03:04:05Z")'),
        ('quantity("1500m") + quantity("0.5")', 'quantity("2")'),
        ("optional.none()", "optional.none()"),
        ("optional.of(1)", "optional.of(1)"),
    ],
)
def test_values_are_shown_as_the_language_spells_them(kspec: Kspec, expression: str, shown: str) -> None:
    ran = kspec("eval", expression)
    assert (ran.code, ran.out, ran.err) == (0, shown + "\n", "")


@pytest.mark.parametrize(
    ("expression", "tagged"),
    [
        ("1", {"int": "1"}),
        ("0.0 / 0.0", {"double": "NaN"}),
        ('b"a"', {"bytes": "YQ=="}),
        ("[1u]", {"list": [{"uint": "1"}]}),
        ('quantity("1.5")', {"quantity": "1500m"}),
        ("optional.of(true)", {"optional": {"bool": True}}),
        ('ip("10.0.0.1")', {"ip": "10.0.0.1"}),
    ],
)
def test_json_keeps_the_type(kspec: Kspec, expression: str, tagged: object) -> None:
    ran = kspec("eval", expression, "--format", "json")
    assert ran.json == {"schema": "kspec/eval/1", "value": tagged}
    assert_valid("eval", ran.json)


def test_an_error_has_a_code_and_a_caret(kspec: Kspec) -> None:
    ran = kspec("eval", "[1, 2].map(x, x / (x - 1))")
    assert (ran.code, ran.out) == (1, "")
    assert "error[KS2901]: division by zero" in ran.err
    assert "^" in ran.err


def test_an_error_as_json_is_an_answer(kspec: Kspec) -> None:
    ran = kspec("eval", "1 / 0", "--format", "json")
    assert ran.code == 1
    assert ran.json["error"]["code"] == "divide_by_zero"
    assert_valid("eval", ran.json)


@pytest.mark.parametrize(
    ("expression", "code"), [("1 +", "KS1001"), ("y", "KS2001"), ("pod.spec.nodNam", "KS2002")]
)
def test_what_is_no_expression_is_bad_input(kspec: Kspec, tmp_path: Path, expression: str, code: str) -> None:
    file = tmp_path / "pod.json"
    file.write_text(json.dumps(POD))
    ran = kspec("eval", expression, "--bind", f"pod=@{file}", "--format", "json")
    assert ran.code == 2
    assert [d["code"] for d in ran.json["diagnostics"]] == [code]
    assert f"error[{code}]" in ran.err
    assert_valid("diagnostics", ran.json)


class TestBindings:
    def test_json_and_strings(self, kspec: Kspec) -> None:
        ran = kspec(
            "eval", "a + b.c[1] + size(d)", "--bind", "a=1", "--bind", 'b={"c":[1,2]}', "--bind", "d=web"
        )
        assert ran.out == "6\n"

    def test_an_object_of_kubernetes_has_its_type(self, kspec: Kspec, tmp_path: Path) -> None:
        """Quantities are quantities, and an absent field reads as its zero."""
        file = tmp_path / "pod.json"
        file.write_text(json.dumps(POD))
        text = 'pod.spec.containers[0].resources.requests["cpu"] < quantity("1") && pod.spec.nodeName == ""'
        assert kspec("eval", text, "--bind", f"pod=@{file}").out == "true\n"

    def test_a_file_of_names(self, kspec: Kspec, tmp_path: Path) -> None:
        file = tmp_path / "names.yaml"
        file.write_text("mode: 0644\nopen: yes\n")
        assert kspec("eval", "open ? mode : 0", "--bind-json", file).out == "420\n"

    @pytest.mark.parametrize("given", ["x", "=1", "x-y=1"])
    def test_what_is_no_binding(self, kspec: Kspec, given: str) -> None:
        ran = kspec("eval", "1", "--bind", given)
        assert ran.code == 2
        assert "error[KS1902]" in ran.err

    def test_a_file_that_is_not_there(self, kspec: Kspec) -> None:
        ran = kspec("eval", "1", "--bind", "x=@nowhere.yaml")
        assert (ran.code, "cannot read `nowhere.yaml`" in ran.err) == (2, True)


def test_plain_cel_has_maps_and_kspec_has_objects(kspec: Kspec) -> None:
    assert kspec("eval", "--strict", '{"a": 1, 2: "b"}').out == '{"a": 1, 2: "b"}\n'
    assert kspec("eval", '{ a: 1  b: "c" }.b').out == '"c"\n'
    assert kspec("eval", "--strict", "true implies false").code == 2


def test_the_expression_may_come_from_standard_input(process: Callable[..., Ran]) -> None:
    assert process("eval", "-", stdin="1 +\n  2\n").out == "3\n"
