"""Knows how the Kubernetes OpenAPI schemas say what a type is, and writes that down compactly.

The schemas are read from the package kubernetes-validate, which ships those of every release; it is needed
only to generate, never to run. What the schemas lack (plurals, scopes, short names) is in
`rules/types/kinds.yaml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from kspec.ir.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    QUANTITY,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Record,
    Type,
    show,
)
from kspec.source import InternalError

OLDEST = (1, 32)
DESCRIPTION_MAX = 120

Schema = Mapping[str, Any]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_WELL_KNOWN: Mapping[str, tuple[Type, str]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": (QUANTITY, ""),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": (DYN, "int-or-string"),
    "io.k8s.apimachinery.pkg.runtime.RawExtension": (DYN, ""),
    _META + "Time": (TIMESTAMP, ""),
    _META + "MicroTime": (TIMESTAMP, "micro"),
    _META + "FieldsV1": (DYN, ""),
    _META + "Patch": (DYN, ""),
}
"""Definitions that are a scalar of ours. Durations are plain strings here, as in the API's JSON."""


def make_types(root: Path) -> dict[str, str]:
    """The text of each file below `root`/generated/types, by its path below `root`."""
    kinds = yaml.safe_load((root / "rules" / "types" / "kinds.yaml").read_text(encoding="utf-8"))
    return {
        f"generated/types/{version}.json": table_text(table_of(definitions, kinds))
        for version, definitions in _shipped()
    }


def table_of(definitions: Mapping[str, Schema], kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The compact table of one version: `kinds` lists rows, `records` maps names to text and fields."""
    definitions = {name: s for name, s in definitions.items() if not _is_list_kind(s)}
    names = _short_names(definitions)
    records = {
        names[full]: _record(schema, definitions, names)
        for full, schema in definitions.items()
        if full in names
    }
    rows = [row for full in names for row in _kind_rows(definitions[full], names[full], kinds)]
    return {"kinds": sorted(rows), "records": dict(sorted(records.items()))}


def table_text(table: Mapping[str, Any]) -> str:
    """JSON with one record or kind a line, so that a change reads well in a diff; always the same bytes."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    kinds = ",\n".join(line(row) for row in table["kinds"])
    records = ",\n".join(f"{line(name)}:{line(record)}" for name, record in table["records"].items())
    return f'{{"kinds":[\n{kinds}\n],"records":{{\n{records}\n}}}}\n'


def _shipped() -> Iterable[tuple[str, Mapping[str, Schema]]]:
    """(version, definitions) for each version that the package ships and that we want, oldest first."""
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise InternalError("the package kubernetes-validate, which ships the schemas, is not installed")
    found = []
    for folder in (Path(spec.origin).parent / "kubernetes-json-schema").iterdir():
        match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+-local", folder.name)
        if match and (int(match[1]), int(match[2])) >= OLDEST:
            found.append(((int(match[1]), int(match[2])), folder))
    for (major, minor), folder in sorted(found):
        definitions = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
        yield f"{major}.{minor}", definitions


# ---- names


def _is_list_kind(schema: Schema) -> bool:
    """`PodList` and its like: a reader of files flattens them, so no type is needed."""
    properties = schema.get("properties", {})
    reference = properties.get("metadata", {}).get("$ref", "")
    return "items" in properties and reference.endswith("meta.v1.ListMeta")


_VERSIONED = re.compile(r"\.(\w+)\.(v\d+(?:(?:alpha|beta)\d+)?)\.(\w+)$")
_UNVERSIONED = re.compile(r"\.(\w+)()\.(\w+)$")


def _short_names(definitions: Mapping[str, Schema]) -> dict[str, str]:
    """Full name of each record -> ours: `group.Name` for its newest version, else `group.version.Name`."""
    parts = {}
    for full, schema in definitions.items():
        match = _VERSIONED.search(full) or _UNVERSIONED.search(full)
        if match and full not in _WELL_KNOWN and not _is_unknown(schema):
            parts[full] = (match[1], match[2], match[3])
    newest: dict[tuple[str, str], str] = {}
    for group, version, name in parts.values():
        newest[group, name] = max(newest.get((group, name), ""), version, key=_priority)
    return {
        full: f"{group}.{name}" if newest[group, name] == version else f"{group}.{version}.{name}"
        for full, (group, version, name) in parts.items()
    }


def _priority(version: str) -> tuple[int, int, int]:
    """Kubernetes' order of versions: stable before beta before alpha, then the higher number."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (0, 0, 0)
    return ({None: 3, "beta": 2, "alpha": 1}[match[2]], int(match[1]), int(match[3] or 0))


# ---- records


def _record(schema: Schema, definitions: Mapping[str, Schema], names: Mapping[str, str]) -> list[Any]:
    required = set(schema.get("required", ()))
    properties = schema.get("properties", {})
    fields = {name: _field(prop, name in required, definitions, names) for name, prop in properties.items()}
    return [_first_sentence(schema.get("description", "")), fields]


def _field(
    schema: Schema, required: bool, definitions: Mapping[str, Schema], names: Mapping[str, str]
) -> list[Any]:
    type_, format_ = _type(schema, names)
    target = definitions.get(_target(schema), {})
    more: dict[str, Any] = {}
    if required:
        more["required"] = True
    map_type = schema.get("x-kubernetes-map-type") or target.get("x-kubernetes-map-type")
    list_type = schema.get("x-kubernetes-list-type") or map_type
    if list_type and list_type != "granular":
        more["list"] = list_type
    if schema.get("x-kubernetes-list-map-keys"):
        more["keys"] = schema["x-kubernetes-list-map-keys"]
    merge_key = schema.get("x-kubernetes-patch-merge-key")
    if merge_key and "merge" in schema.get("x-kubernetes-patch-strategy", ""):
        more["merge"] = [merge_key]
    if schema.get("enum") and type_ == STRING:
        more["enum"] = schema["enum"]
    if format_:
        more["format"] = format_
    entry = [show(type_), _first_sentence(schema.get("description", ""))]
    return [*entry, more] if more else entry


def _type(schema: Schema, names: Mapping[str, str]) -> tuple[Type, str]:
    """The type that a schema describes, and the format of its innermost part."""
    reference = _target(schema)
    if reference:
        known = _WELL_KNOWN.get(reference)
        return known or ((Record(names[reference]), "") if reference in names else (DYN, ""))
    given = schema.get("type")
    kind = next((t for t in given if t != "null"), "") if isinstance(given, list) else given
    if kind == "array":
        element, format_ = _type(schema.get("items", {}), names)
        return ListOf(element), format_
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        value, format_ = _type(schema["additionalProperties"], names)
        return MapOf(STRING, value), format_
    scalars = {"string": STRING, "integer": INT, "boolean": BOOL, "number": DOUBLE}
    format_ = schema.get("format", "")
    return scalars.get(kind or "", DYN), "" if format_ in ("int64", "double") else format_


def _is_unknown(schema: Schema) -> bool:
    """Nothing is said of the value: JSON of any shape."""
    return "type" not in schema and "properties" not in schema


def _target(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _first_sentence(text: str) -> str:
    """The first sentence, on one line, not longer than `DESCRIPTION_MAX`."""
    line = " ".join(text.split("\n\n", 1)[0].split())
    match = re.search(r"(?<![ei]\.[ge])\.(?= [A-Z`]|$)", line)
    sentence = line[: match.start()] if match else line
    if len(sentence) <= DESCRIPTION_MAX:
        return sentence
    return sentence[: sentence.rfind(" ", 0, DESCRIPTION_MAX)] + " …"


# ---- kinds


def _kind_rows(schema: Schema, record: str, kinds: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    served = schema.get("x-kubernetes-group-version-kind", ())
    if len(served) != 1:  # options and events that every group knows: not resources
        return []
    group, version, kind = (served[0][key] for key in ("group", "version", "kind"))
    how = kinds.get(group, {}).get(kind)
    if how is None:
        raise InternalError(f"rules/types/kinds.yaml does not say how {group}/{version} {kind} is served")
    if how["scope"] == "none":
        return []
    namespaced = how["scope"] == "namespaced"
    return [[group, version, kind, record, how["plural"], namespaced, kind.lower(), how.get("short", [])]]
