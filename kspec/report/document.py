"""Knows the JSON documents that kspec prints: each names its schema and version in its first field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VERSIONS: dict[str, int] = {
    "access": 1,
    "analyze": 1,
    "audit": 1,
    "can": 1,
    "capacity": 1,
    "compile": 1,
    "conform": 1,
    "connect": 1,
    "diagnostics": 1,
    "diff": 1,
    "escalate": 1,
    "eval": 1,
    "explain": 1,
    "export": 1,
    "fmt": 1,
    "import": 1,
    "place": 1,
    "plan": 1,
    "policies": 1,
    "suggest-roles": 1,
    "verify": 1,
    "who-can": 1,
}


def schema_id(name: str) -> str:
    """`kspec/plan/1`: it changes only when a reader of the old one would misread the new one."""
    return f"kspec/{name}/{VERSIONS[name]}"


def to_json(name: str, body: Mapping[str, object]) -> str:
    return json.dumps({"schema": schema_id(name), **body}, indent=2, ensure_ascii=False)


@cache
def json_schema(name: str) -> dict[str, object]:
    """The JSON Schema of the document with this name."""
    text = (Path(__file__).parent / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, object] = json.loads(text)
    return loaded
