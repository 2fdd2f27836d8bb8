"""Checks our JSON documents against the schemas that we publish."""

from __future__ import annotations

from typing import Any

import jsonschema

from kspec.report.document import json_schema


def assert_valid(name: str, document: Any) -> None:
    schema = json_schema(name)
    validator = jsonschema.Draft202012Validator(schema)
    problems = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(document)]
    assert not problems, "\n".join(problems)
