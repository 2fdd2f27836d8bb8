"""Objects of the API become values of their type; what does not fit is told with its place and a way out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir.types import DYN, INT, STRING, ListOf, MapOf, Record, Scalar, Type
from kspec.resources.decode import decode
from kspec.resources.objects import ObjectReader, encode
from kspec.resources.types import load_types
from kspec.resources.yaml import load_yaml
from kspec.runtime.values import Quantity, Timestamp
from kspec.source import Diagnostic, Severity, SourceFile
from kspec.testing.values import objects_of

TABLE = load_types()
RECORDS = sorted(k.record for k in TABLE.kinds)


def read(text: str) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The decoded object of one document, and its mistakes."""
    documents, mistakes = load_yaml(SourceFile("t.yaml", text))
    assert not mistakes
    made, mistakes = ObjectReader(TABLE).read(documents[0].value, documents[0])
    return (made.decoded if made and made.decoded else {}), mistakes


def field(type_: Type, value: object) -> tuple[Any, list[str]]:
    decoded, mistakes = decode(value, type_, TABLE)
    return decoded, [m.message for m in mistakes]


def test_what_decoding_makes_of_values() -> None:
    decoded, mistakes = read(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"
        "  creationTimestamp: 2026-01-02T03:04:05Z\n  labels: null\n"
        "spec:\n  nodeName: null\n  volumes: [{name: v, emptyDir: {}}]\n  containers:\n  - name: c\n"
        "    resources: {limits: {cpu: 0.5, memory: 1Gi, pods: 3}, requests: {cpu: 1e-1}}\n"
        "    livenessProbe: {httpGet: {port: http}}\n    readinessProbe: {httpGet: {port: 80}}\n"
    )
    assert not mistakes
    assert decoded["metadata"] == {
        "name": "a",
        "namespace": "default",
        "creationTimestamp": Timestamp(1767323045 * 10**9),
    }
    assert "nodeName" not in decoded["spec"]
    assert decoded["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]
    container = decoded["spec"]["containers"][0]
    assert container["resources"]["limits"] == {
        "cpu": Quantity(5 * 10**8),
        "memory": Quantity(2**30 * 10**9),
        "pods": Quantity(3 * 10**9),
    }
    assert container["resources"]["requests"] == {"cpu": Quantity(10**8)}
    assert container["livenessProbe"]["httpGet"]["port"] == "http"
    assert container["readinessProbe"]["httpGet"]["port"] == 80


WRONG = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  lables: {app: web}
spec:
  replicas: "3"
  selector:
    matchLabels: {app: yes, tier: 1}
  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1.5}}
  template:
    spec:
      containers:
      - image: a
        ports: {containerPort: 80}
        args: --verbose
        resources:
          limits: {cpu: 1 core, memory: [1]}
      - null
      terminationGracePeriodSeconds: 9223372036854775808
      hostNetwork: "true"
"""


def test_all_mistakes_of_an_object_with_places_and_help() -> None:
    _, mistakes = read(WRONG)
    told = [(m.code, f"{m.span.line}:{m.span.column}" if m.span else "", m.message, m.help) for m in mistakes]
    lines = "\n".join(
        f"{code} {at} {message} | {help_}" for code, at, message, help_ in sorted(told, key=lambda t: t[1])
    )
    assert lines.splitlines() == [
        "KS2502 10:56 this is the number `1.5`, and an int or string is wanted | quote it to make it text",
        "KS2504 14:9 core.Container needs the field `name` | name of the container specified as a DNS_LABEL",
        "KS2502 15:16 this is a mapping, and a list(core.ContainerPort) is wanted"
        " | start the element with `- `",
        "KS2502 16:15 this is the text `--verbose`, and a list(string) is wanted"
        " | start the element with `- `",
        "KS2503 18:25 `1 core` is not a quantity such as `250m` or `16Gi` | ",
        "KS2502 18:41 this is a list, and a quantity is wanted | ",
        "KS2504 19:9 core.Container needs the field `name` | name of the container specified as a DNS_LABEL",
        "KS2411 19:9 this element has no value, which means `{}` to the API server"
        " | write the value that is meant, or `{}` if it is that",
        "KS2502 20:38 this is a large number, and an int is wanted | a whole number is wanted",
        "KS2502 21:20 this is the text `true`, and a bool is wanted | write it without quotes",
        "KS2501 5:3 meta.ObjectMeta has no field `lables` | did you mean `labels`?",
        "KS2502 7:13 this is the text `3`, and an int is wanted | write it without quotes",
        "KS2502 9:24 this is the boolean `true`, and a string is wanted | "
        "YAML reads `yes`, `no`, `on`, `off`, `y`, `n` as booleans: quote the text",
        "KS2502 9:35 this is the number `1`, and a string is wanted | quote it to make it text",
    ]


@pytest.mark.parametrize(
    ("type_", "value", "says"),
    [
        (INT, 2**31, []),
        (INT, True, ["this is the boolean `true`, and an int is wanted"]),
        (INT, 1.5, ["this is the number `1.5`, and an int is wanted"]),
        (Scalar("double"), 1, []),
        (Scalar("bool"), 1, ["this is the number `1`, and a bool is wanted"]),
        (Scalar("timestamp"), "yesterday", ["`yesterday` is not a timestamp as RFC 3339 has it"]),
        (Scalar("timestamp"), 5, ["this is the number `5`, and a timestamp is wanted"]),
        (Scalar("quantity"), "", ["`` is not a quantity such as `250m` or `16Gi`"]),
        (ListOf(STRING), "a", ["this is the text `a`, and a list(string) is wanted"]),
        (MapOf(STRING, INT), [1], ["this is a list, and a map(string, int) is wanted"]),
        (Record("core.Toleration"), 3, ["this is the number `3`, and a core.Toleration is wanted"]),
        (DYN, {"a": [None]}, []),
    ],
)
def test_types(type_: Type, value: object, says: list[str]) -> None:
    assert field(type_, value)[1] == says


def test_numbers_of_32_bits_and_base64() -> None:
    assert field(Record("core.ServicePort"), {"port": 2**31})[1] == ["2147483648 does not fit into 32 bits"]
    assert field(Record("core.Secret"), {"data": {"a": "d2Vi", "b": "d2\nVi"}})[1] == []
    assert field(Record("core.Secret"), {"data": {"a": "%"}})[1] == ["this is not base64"]
    assert field(Record("core.Secret"), {"kind": "Pod"})[1] == ["`Pod` is not allowed here"]


def test_a_status_need_not_be_whole() -> None:
    text = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {nodeInfo: {osImage: x}, nope: 1}\n"
    assert [m.code for m in read(text)[1]] == ["KS2501"]


def test_null_is_as_good_as_absent() -> None:
    decoded, says = field(Record("core.Container"), {"name": None, "image": None})
    assert decoded == {} and says == ["core.Container needs the field `name`"]


@pytest.mark.parametrize(
    "text", ["a: 1", "apiVersion: v1\nkind: 3\n", "[1]", "apiVersion: v1\nkind: Pod\nmetadata: []\n"]
)
def test_what_is_no_object(text: str) -> None:
    documents = load_yaml(SourceFile("t.yaml", text))[0]
    made, mistakes = ObjectReader(TABLE).read(documents[0].value, documents[0])
    assert made is None and mistakes and all(m.span for m in mistakes)


def test_an_object_without_a_name_is_checked_all_the_same() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: 1}\nspec: {containers: 2, nod: 3}\n"
    assert [m.code for m in read(text)[1]] == ["KS2603", "KS2502", "KS2501"]


def test_a_name_that_yaml_reads_as_false() -> None:
    made = read("apiVersion: v1\nkind: Pod\nmetadata: {name: n}\n")
    assert [m.message for m in made[1]] == ["`name` is text, and this is the boolean `false`"]


class Nowhere:
    """Places for objects that no file holds."""

    def locate(self, path: tuple[str | int, ...]) -> Any:
        raise AssertionError("no mistake was expected")

    locate_key = locate


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RECORDS).flatmap(objects_of))
def test_encoding_and_decoding_are_inverse(value: dict[str, Any]) -> None:
    kind = TABLE.find_kind(value["apiVersion"], value["kind"])
    assert kind is not None
    decoded, mistakes = decode(encode(value), Record(kind.record), TABLE)
    assert not mistakes
    assert decoded == value


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "1", "10m", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["metadata", "spec", "containers", "name", "labels", "ports"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORDS), json)
def test_any_json_gives_a_value_that_fits_or_mistakes(record: str, value: object) -> None:
    decoded, mistakes = decode(value, Record(record), TABLE)
    assert isinstance(decoded, dict)
    assert all(m.message and m.code.startswith("KS25") for m in mistakes)


def test_null_in_a_map_is_the_zero_value_as_go_decodes_it() -> None:
    """As recorded of the API server: `labels: {app: null}` is stored as `app: ""`, a quota of null as 0."""
    documents, _ = load_yaml(
        SourceFile(
            "t.yaml",
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: a, labels: {app: , tier: x}}\n"
            "spec: {hard: {pods: }, scopes: null}\n",
        )
    )
    made, mistakes = ObjectReader(TABLE).read(documents[0].value, documents[0])
    assert made and made.decoded
    assert made.decoded["metadata"]["labels"] == {"app": "", "tier": "x"}
    assert made.decoded["spec"] == {"hard": {"pods": Quantity(0)}}
    assert made.value["metadata"]["labels"] == {"app": "", "tier": "x"}
    assert made.value["spec"]["hard"] == {"pods": "0"}
    assert documents[0].value["metadata"]["labels"]["app"] is None, "what was read is left as it is"
    assert [(m.code, m.severity) for m in mistakes] == [("KS2411", Severity.WARNING)] * 2
