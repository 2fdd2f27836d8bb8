"""Knows how to draw Kubernetes objects and values of any type, constructively: nothing drawn is thrown away.

Names, labels and namespaces come from small shared pools, so that selectors select and references meet.
Objects are decoded, as `kspec.runtime.values` has it; `kspec.resources.objects.encode` makes JSON of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from kspec.ir.types import (
    FieldDef,
    Kind,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Scalar,
    Type,
    TypeTable,
)
from kspec.resources.types import load_types
from kspec.runtime.library import FUNCTIONS
from kspec.runtime.values import NONE, Duration, Optional, Quantity, Timestamp, UInt

Object = dict[str, Any]
Overrides = Mapping[str, SearchStrategy[Any]]
"""Strategies by field path: `spec.replicas`, or `core.Container.image` for that field wherever it occurs."""

NAMES = ("web", "db", "cache", "api", "worker", "a", "b")
NAMESPACES = ("default", "shop", "team-a", "kube-system")
LABEL_KEYS = ("app", "tier", "team", "app.kubernetes.io/name", "zone")
LABEL_VALUES = ("web", "db", "cache", "front", "a", "b", "")
WORDS: Mapping[str, Sequence[str]] = {
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute", ""),
    "protocol": ("TCP", "UDP", "SCTP"),
    "phase": ("Pending", "Running", "Succeeded", "Failed"),
    "cidr": ("10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0", "fd00::/8"),
    "topologyKey": ("kubernetes.io/hostname", "topology.kubernetes.io/zone"),
    "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    "image": ("shop/web:1", "postgres:17", "registry.example/a@sha256:00"),
    "uid": ("1", "2"),
    "resourceVersion": ("1", "2", "30"),
}
"""Texts that fields of this name usually hold."""
RESOURCES = ("cpu", "memory", "ephemeral-storage", "pods", "example.com/gpu")

NANO = 10**9


# ---- pools


def names() -> SearchStrategy[str]:
    return st.sampled_from(NAMES)


def namespace_names() -> SearchStrategy[str]:
    return st.sampled_from(NAMESPACES)


def labels(max_size: int = 3) -> SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(LABEL_KEYS), st.sampled_from(LABEL_VALUES), max_size=max_size)


def quantities() -> SearchStrategy[Quantity]:
    """From nano-units to exbibytes, whole and in parts, now and then negative."""
    unit = st.sampled_from([1, NANO // 1000, NANO, 1024 * NANO, 1024**2 * NANO, 1024**3 * NANO, 10**9 * NANO])
    return st.builds(lambda n, u: Quantity(n * u), st.integers(-4, 5000), unit)


def sizes() -> SearchStrategy[Quantity]:
    """Quantities as one asks for: not negative."""
    return quantities().map(lambda q: Quantity(abs(q.nanos)))


@st.composite
def selectors(draw: DrawFn) -> Object:
    """A `meta.LabelSelector` over the pools; the empty one, which selects all, is among them."""
    selector: Object = {}
    if draw(st.booleans()):
        selector["matchLabels"] = draw(labels(2))
    requirements = draw(st.lists(requirement(("In", "NotIn", "Exists", "DoesNotExist")), max_size=2))
    if requirements:
        selector["matchExpressions"] = requirements
    return selector


@st.composite
def requirement(draw: DrawFn, operators: Sequence[str]) -> Object:
    """One expression of a selector, with values exactly where its operator wants some."""
    operator = draw(st.sampled_from(operators))
    made: Object = {"key": draw(st.sampled_from(LABEL_KEYS)), "operator": operator}
    if operator in ("In", "NotIn"):
        made["values"] = draw(st.lists(st.sampled_from(LABEL_VALUES), min_size=1, max_size=3, unique=True))
    elif operator in ("Gt", "Lt"):
        made["values"] = [str(draw(st.integers(-2, 5)))]
    return made


# ---- values of a type


def values_of(type_: Type, table: TypeTable | None = None, depth: int = 2) -> SearchStrategy[Any]:
    """Values of any type, as the readings hold them. `depth`: how deep records may nest before they stay
    small."""
    match type_:
        case Scalar(name):
            return _scalars(name)
        case ListOf(element):
            return st.lists(values_of(element, table, depth), max_size=3)
        case MapOf(key, value):
            return st.dictionaries(_keys(key), values_of(value, table, depth), max_size=3)
        case OptionalOf(value):
            return st.just(NONE) | values_of(value, table, depth).map(lambda v: Optional(True, v))
        case Record(name):
            return objects_of(name, table, depth=depth)


def _keys(type_: Type) -> SearchStrategy[Any]:
    if type_ == Scalar("string"):
        return st.sampled_from((*LABEL_KEYS[:3], *RESOURCES[:2]))
    return st.booleans().map(_bool_key) if type_ == Scalar("bool") else values_of(type_)


def _bool_key(value: bool) -> object:
    from kspec.runtime.values import BoolKey

    return BoolKey.TRUE if value else BoolKey.FALSE


def texts() -> SearchStrategy[str]:
    pool = (*LABEL_VALUES, *NAMES, "Web", "aa", "-", "a-b", "10", "1.5", "x,y", "ß🙂", "true")
    return st.sampled_from(pool) | st.text(st.sampled_from("ab1-. "), max_size=4)


def integers() -> SearchStrategy[int]:
    """Small ones mostly, and those at the edges of 32 and 64 bits."""
    edges = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
    return st.integers(-3, 10) | st.integers(-1000, 100_000) | st.sampled_from(edges)


def doubles() -> SearchStrategy[float]:
    return st.sampled_from([0.0, 1.0, -1.5, 0.1, 2.5, 1e9, -1e300]) | st.floats(allow_nan=False, width=32)


def _scalars(name: str) -> SearchStrategy[Any]:
    match name:
        case "bool":
            return st.booleans()
        case "int":
            return integers()
        case "uint":
            return st.one_of(st.integers(0, 9), st.sampled_from([2**63, 2**64 - 1])).map(UInt)
        case "double":
            return doubles()
        case "string":
            return texts()
        case "bytes":
            return st.binary(max_size=3) | st.sampled_from([b"web", "ß".encode()])
        case "null_type":
            return st.none()
        case "timestamp":
            second = st.integers(0, 4_000_000_000) | st.integers(1_700_000_000, 1_700_000_100)
            return st.builds(lambda s, n: Timestamp(s * NANO + n), second, st.sampled_from([0, 1, NANO // 2]))
        case "duration":
            return st.builds(
                lambda s, n: Duration(s * NANO + n), st.integers(-90, 7200), st.sampled_from([0, 5])
            )
        case "quantity":
            return quantities()
        case "dyn":
            return _json()
        case "type":
            return st.sampled_from(["int", "string", "list"]).map(lambda t: FUNCTIONS["type"](_SAMPLES[t]))
        case _:
            return st.sampled_from(_PARSED[name]).map(FUNCTIONS[name])


_SAMPLES: Mapping[str, object] = {"int": 1, "string": "", "list": []}
_PARSED: Mapping[str, Sequence[str]] = {
    "ip": ("10.0.0.1", "127.0.0.1", "::1", "fe80::1", "0.0.0.0"),
    "cidr": ("10.0.0.0/8", "192.168.1.0/24", "::/0", "10.1.2.3/16"),
    "url": ("https://example.com/a?b=c", "http://[::1]:80/", "/relative"),
    "semver": ("1.2.3", "0.1.0-alpha.1", "2.0.0+build"),
}


def _json() -> SearchStrategy[Any]:
    return st.none() | _json_but_null()


def _json_but_null() -> SearchStrategy[Any]:
    scalars = st.booleans() | integers() | texts()
    return (
        scalars
        | st.lists(scalars, max_size=2)
        | st.dictionaries(st.sampled_from(LABEL_KEYS), scalars, max_size=2)
    )


# ---- objects


def objects_of(
    record: str, table: TypeTable | None = None, overrides: Overrides | None = None, *, depth: int = 3
) -> SearchStrategy[Object]:
    """Objects of a record type: every required field, some of the others; of a kind, with apiVersion and
    kind.

    Deeper than `depth` only required fields are drawn. `overrides` replace what a field would hold.
    """
    return _objects(record, table or load_types(), dict(overrides or {}), depth, "")


@st.composite
def _objects(
    draw: DrawFn,
    record: str,
    table: TypeTable,
    overrides: dict[str, SearchStrategy[Any]],
    depth: int,
    path: str,
) -> Object:
    if record == "meta.LabelSelector":
        return draw(selectors())
    definition = table.records[record]
    kind = table.kind_of_record(record)
    chosen = _chosen_fields(draw, definition.fields, kind, depth, path, record, overrides)
    made: Object = {}
    for name in chosen:
        field = definition.fields[name]
        inner = f"{path}.{name}" if path else name
        override = overrides.get(inner, overrides.get(f"{record}.{name}"))
        if override is not None:
            made[name] = draw(override)
        elif kind is not None and name in ("apiVersion", "kind"):
            made[name] = kind.api_version if name == "apiVersion" else kind.kind
        else:
            made[name] = draw(_field_values(field, record, table, overrides, depth - 1, inner))
    return made


def _chosen_fields(
    draw: DrawFn,
    fields: Mapping[str, FieldDef],
    kind: Kind | None,
    depth: int,
    path: str,
    record: str,
    overrides: Overrides,
) -> list[str]:
    """Names of the fields to draw, in the order of the definition."""
    wanted = {name for name, field in fields.items() if field.required}
    if kind is not None and path == "":
        wanted |= {"apiVersion", "kind", "metadata"}
    prefix = f"{path}." if path else ""
    for name in fields:
        at = prefix + name
        if f"{record}.{name}" in overrides or any(o == at or o.startswith(at + ".") for o in overrides):
            wanted.add(name)
    others = [name for name in fields if name not in wanted and name not in ("apiVersion", "kind")]
    if depth > 0 and others:
        wanted |= set(draw(st.lists(st.sampled_from(others), max_size=4, unique=True)))
    return [name for name in fields if name in wanted]


def _field_values(
    field: FieldDef,
    record: str,
    table: TypeTable,
    overrides: dict[str, SearchStrategy[Any]],
    depth: int,
    path: str,
) -> SearchStrategy[Any]:
    if record == "meta.ObjectMeta" and field.name in ("name", "namespace", "labels"):
        return {"name": names(), "namespace": namespace_names(), "labels": labels()}[field.name]
    if field.enum:
        return st.sampled_from(field.enum)
    if field.format == "int-or-string":
        return st.integers(0, 9000) | st.sampled_from(("http", "25%", "50%", "0%"))
    if field.format == "byte":
        base64 = st.sampled_from(("", "d2Vi", "AAE="))
        return (
            st.dictionaries(st.sampled_from(LABEL_KEYS), base64, max_size=2)
            if isinstance(field.type, MapOf)
            else base64
        )
    return _typed_values(field, field.type, table, overrides, depth, path)


def _typed_values(
    field: FieldDef,
    type_: Type,
    table: TypeTable,
    overrides: dict[str, SearchStrategy[Any]],
    depth: int,
    path: str,
) -> SearchStrategy[Any]:
    match type_:
        case Record(name):
            return _objects(name, table, overrides, depth, path)
        case ListOf(element):
            return _lists(field, element, _typed_values(field, element, table, overrides, depth, path), depth)
        case MapOf(_, value):
            keys = RESOURCES if value == Scalar("quantity") else LABEL_KEYS
            inner = (
                sizes()
                if value == Scalar("quantity")
                else _typed_values(field, value, table, overrides, depth, path)
            )
            return st.dictionaries(st.sampled_from(keys), inner, max_size=2)
        case Scalar("string"):
            return st.sampled_from(WORDS.get(field.name, NAMES))
        case Scalar("int"):
            return st.integers(0, 9) | st.sampled_from([80, 443, 8080, 100, 65535])
        case Scalar("quantity"):
            return sizes()
        case Scalar("dyn"):
            return _json_but_null()  # a field that is null is absent
        case Scalar("timestamp") if field.format != "micro":  # the API keeps whole seconds
            return st.integers(1_700_000_000, 1_700_000_600).map(lambda s: Timestamp(s * NANO))
        case Scalar("timestamp"):
            return st.integers(10**15, 10**15 + 10**9).map(lambda us: Timestamp(us * 1000))
    return values_of(type_, table)


def _lists(
    field: FieldDef, element: Type, values: SearchStrategy[Any], depth: int
) -> SearchStrategy[list[Any]]:
    """Lists whose elements differ in the keys that the API demands to differ."""
    size = 2 if depth > 0 else 1
    low = 1 if field.required else 0
    if field.list_type == "set" or not isinstance(element, Record):
        return st.lists(values, min_size=low, max_size=size, unique_by=repr)
    keys = field.list_keys or field.merge_keys
    if not keys:
        return st.lists(values, min_size=low, max_size=size)
    return st.lists(values, min_size=low, max_size=size, unique_by=lambda o: repr([o.get(k) for k in keys]))
