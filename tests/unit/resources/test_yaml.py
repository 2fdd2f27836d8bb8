"""Documents out of files: values, places, and every mistake told with its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.resources.places import DEPTH_MAX, EXPANSION_MAX
from kspec.resources.text import decode_text
from kspec.resources.yaml import Document, load_yaml
from kspec.source import Diagnostic, Severity, SourceFile

POD = """\
# a pod
apiVersion: v1
kind: Pod
metadata:
  name: "web"   # quoted
  labels: {app: web, tier: 'front'}
spec:
  containers:
  - name: a
    image: a:1

  - name: b
    args:
      - |
        one
        two
# the end
"""


def load(text: str, path: str = "t.yaml") -> tuple[list[Document], list[Diagnostic]]:
    return load_yaml(SourceFile(path, text))


def values(text: str, path: str = "t.yaml") -> list[object]:
    documents, mistakes = load(text, path)
    assert not mistakes
    return [d.value for d in documents]


def only(text: str, path: str = "t.yaml") -> Diagnostic:
    mistakes = load(text, path)[1]
    assert len(mistakes) == 1, mistakes
    assert mistakes[0].span is not None
    return mistakes[0]


@pytest.mark.parametrize(
    ("path", "text", "at"),
    [
        (("metadata", "name"), '"web"', "5:9"),
        (("metadata", "labels", "tier"), "'front'", "6:28"),
        (("spec", "containers", 1, "name"), "b", "12:11"),
        (("spec", "containers", 0), "name: a\n    image: a:1", "9:5"),
        (("spec", "containers", 1, "args", 0), "|\n        one\n        two", "14:9"),
        (("spec", "containers", 7, "x"), "- name: a\n    image: a:1\n\n  - name: b", "9:3"),
        (("spec", "nope", "x"), "containers:", "8:3"),
        (("status",), "apiVersion: v1", "2:1"),
    ],
)
def test_places(path: tuple[str | int, ...], text: str, at: str) -> None:
    span = load(POD)[0][0].locate(path)
    assert span.text.startswith(text)
    assert f"{span.line}:{span.column}" == at


def test_places_of_keys_and_of_the_whole() -> None:
    document = load(POD)[0][0]
    assert document.locate_key(("metadata", "labels", "tier")).text == "tier"
    assert document.locate_key(("spec",)).line == 7
    assert document.span.text.startswith("apiVersion") and document.span.text.endswith("two")


def test_places_in_the_second_document() -> None:
    documents, _ = load("a: 1\n---\n# note\nb:\n  c: 2\n...\n---\nd: 3\n")
    assert [str(d.locate((key,))) for d, key in zip(documents, "abd", strict=True)] == [
        "t.yaml:1:4", "t.yaml:5:3", "t.yaml:8:4",
    ]  # fmt: skip


def test_places_behind_aliases_and_merges_are_those_of_the_anchor() -> None:
    document = load("base: &b\n  image: a\n  tag: 1\nweb:\n  <<: *b\n  tag: 2\nagain: *b\n")[0][0]
    assert document.value["web"] == {"image": "a", "tag": 2}
    assert document.locate(("web", "image")).line == 2
    assert document.locate(("web", "tag")).line == 6
    assert document.locate(("again", "tag")).line == 3


def test_documents() -> None:
    assert values("") == values("---\n") == values("# nothing\n") == values("---\n---\n...\n") == []
    assert values("a: 1\n---\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]
    assert values("--- {a: 1}\n--- # note\nb: 2\r\nc: 3\r\n") == [{"a": 1}, {"b": 2, "c": 3}]
    assert values("%YAML 1.1\n%TAG ! tag:x,2000:\n---\na: !x 1\n") == [{"a": "1"}]
    assert values("just text") == ["just text"]


def test_duplicates_tell_both_places() -> None:
    mistake = only("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert (mistake.code, mistake.message, str(mistake.span)) == (
        "KS2404",
        "`c` is written twice",
        "t.yaml:5:3",
    )
    assert [str(at) for at, _ in mistake.notes] == ["t.yaml:3:3"]


def test_duplicates_are_found_in_what_the_key_means() -> None:
    assert only('{1: a, "1": b}').code == "KS2404"
    codes = [m.code for m in load("{true: a, on: b}")[1]]
    assert codes == ["KS2410", "KS2404"]


def test_a_key_that_means_something_else_is_a_warning() -> None:
    mistake = only("y: 1\n")
    assert (mistake.code, mistake.severity) == ("KS2410", Severity.WARNING)
    assert load("y: 1\n")[0][0].value == {"true": 1}


def test_all_mistakes_of_a_file_are_told() -> None:
    text = "a: 1\na: 2\n---\nb: [1\n---\nc: .nan\nd: *x\n---\n\te: 1\n---\nf: 1\n"
    documents, mistakes = load(text)
    assert [m.code for m in mistakes] == ["KS2404", "KS2401", "KS2406", "KS2407", "KS2401"]
    assert documents[-1].value == {"f": 1}


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("a:\n\tb: 1\n", "2:1", "a tab where indentation is expected"),
        ("a: b: c\n", "1:5", "a `:` where no field can start"),
        ("a:\n  b: 1\n c: 2\n", "3:2", "a line that does not belong to the mapping around it"),
        ("a: [1, 2\nb: 3\n", "2:2", "a list in brackets that is not closed"),
        ("a: {b: 1\n", "1:9", "a mapping in braces that is not closed"),
        ('a: "b\n', "1:6", "a quoted text that is not closed"),
        ("a: @b\n", "1:4", "text that starts with `@`"),
        ("a: \x01\n", "1:4", "a control character"),
        ("é: ü\nö: \x07\n", "2:4", "a control character"),
        ("a: '\\x'\nb: \"\\x\"\n", "2:7", "hexdecimal number"),
    ],
)
def test_syntax_errors(text: str, at: str, says: str) -> None:
    mistake = only(text)
    assert mistake.code == "KS2401"
    assert says in mistake.message
    assert mistake.span is not None and f"{mistake.span.line}:{mistake.span.column}" == at


def test_billion_laughs_is_told_and_quick() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    mistake = only("\n".join(lines))
    assert mistake.code == "KS2409" and str(EXPANSION_MAX) in mistake.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 900, 100_000])
def test_deep_nesting_is_told(opening: str, depth: int) -> None:
    closing = {"[": "]", "{a: ": "}", "- ": ""}[opening]
    text = opening * depth + "x" + closing * depth
    assert only(text).code == "KS2408"
    documents, mistakes = load(f"a: 1\na: {text}\n---\nb: 1\n")
    assert documents[-1].value == {"b": 1} and mistakes


def test_nesting_up_to_the_bound_is_read() -> None:
    assert values("[" * DEPTH_MAX + "]" * DEPTH_MAX)


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 100_000])
def test_deep_json_is_told(depth: int) -> None:
    assert only('{"a":' + "[" * depth + "]" * depth + "}", "t.json").code == "KS2408"


def test_huge_numbers() -> None:
    assert values("a: " + "9" * 5000) == [{"a": "9" * 5000}]
    assert values("a: 0x" + "f" * 5000) == [{"a": "0x" + "f" * 5000}]
    assert only('{"a": ' + "9" * 5000 + "}", "t.json").code == "KS2402"


JSON = '{\n\t"a": 1, "b": [1.5, true, null, 12345678901234567890],\n\t"c": {"d\\/e": "\\ud83d\\ude00"}}'


def test_json() -> None:
    documents, mistakes = load(JSON, "t.json")
    assert not mistakes
    assert documents[0].value == {
        "a": 1,
        "b": [1.5, True, None, 12345678901234567890.0],
        "c": {"d/e": "\U0001f600"},
    }
    assert isinstance(documents[0].value["b"][3], float)
    assert documents[0].locate(("b", 1)).text == "true"
    assert documents[0].locate(("c",)).line == 3
    assert documents[0].locate_key(("a",)).text == '"a"'


def test_escapes_of_json() -> None:
    text = r'{"\ud83d": 1, "b\\ud800": "\ud83d\ude00 \ude00\/ \\", "c": 2}'
    document = load(text, "t.json")[0][0]
    assert document.value == {"\ufffd": 1, "b\\ud800": "\U0001f600 \ufffd/ \\", "c": 2}
    assert document.locate(("c",)).text == "2"
    assert document.locate(("b\\ud800",)).text.startswith('"')


def test_json_streams_and_braces_that_are_yaml() -> None:
    assert values('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]
    assert values("{a: 1}\n---\nb: yes\n") == [{"a": 1}, {"b": True}]


def test_mistakes_in_json() -> None:
    mistake = only('{"a": 1,\n "b": {"c": 1, "c": 2}}', "t.json")
    assert mistake.code == "KS2404" and str(mistake.span) == "t.json:2:16"
    assert [str(at) for at, _ in mistake.notes] == ["t.json:2:8"]
    assert only('{"a": 1,}', "t.json").code == "KS2402"
    assert only('{"a": NaN}', "t.json").code == "KS2402"
    assert only('{"a": 1} x', "t.json").code == "KS2402"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    file, mistakes = decode_text("t.yaml", "name: grün 🙂\n".encode(encoding))
    assert not mistakes
    document = load_yaml(file)[0][0]
    assert document.value == {"name": "grün 🙂"}
    assert document.locate(("name",)).column == 7


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: 1\nb: \xff\n", "byte 8 is 0xff"),
        (b"\x7fELF\0\0", "NUL"),
        ("a: 1".encode("utf-32"), "UTF-32"),
        (b"\xff\xfea", "not text in UTF-16"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, says: str) -> None:
    file, mistakes = decode_text("t.yaml", data)
    assert [m.code for m in mistakes] == ["KS2403"]
    assert says in mistakes[0].message
    assert load_yaml(file) == ([], [])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=8), json_values, min_size=1, max_size=4))
def test_json_is_read_as_the_json_library_reads_it(value: dict[str, object]) -> None:
    assert values(json.dumps(value), "t.json") == [value]


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_file_gives_documents_or_mistakes(data: st.DataObject) -> None:
    text = POD
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        put = data.draw(
            st.sampled_from(
                ["", "&a ", "*a", "<<: ", "- ", ": ", "[", "}", "\t", "\n", '"', "!!int ", "? ", "%"]
            )
        )
        text = text[:at] + put + text[at + cut :]
    documents, mistakes = load(text)
    for mistake in mistakes:
        assert mistake.span is not None and 0 <= mistake.span.start <= mistake.span.end <= len(text)
    for document in documents:
        assert 0 <= document.span.start <= document.span.end <= len(text)


@pytest.mark.parametrize(
    "line",
    ["name: {{ .Release.Name }}-x", "{{- if .Values.on }}", 'a: {{ include "x" . | quote }}'],
)
def test_of_a_template_it_is_said_that_it_is_one(line: str) -> None:
    _, mistakes = load_yaml(SourceFile("t.yaml", f"kind: ConfigMap\n{line}\n"))
    assert any("the output of `helm template`" in m.help for m in mistakes)


def test_each_document_of_files_put_together_may_begin_with_a_mark() -> None:
    file, mistakes = decode_text(
        "t.yaml", "\ufeffa: 1\n---\n\ufeffb: 2\n--- # x\r\n\ufeffc: \ufeff3\n".encode()
    )
    documents, more = load_yaml(file)
    assert not mistakes and not more
    assert [d.value for d in documents] == [{"a": 1}, {"b": 2}, {"c": "\ufeff3"}]
