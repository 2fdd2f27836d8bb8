"""`kspec schema`: the schemas are schemas, and each output has one."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest
from support.command_line import Ran

from kspec.report.document import VERSIONS, json_schema, schema_id

Kspec = Callable[..., Ran]


@pytest.mark.parametrize("name", sorted(VERSIONS))
def test_every_output_has_a_schema(kspec: Kspec, name: str) -> None:
    printed = json.loads(kspec("schema", name).out)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed["$id"] == schema_id(name)
    assert printed["properties"]["schema"] == {"const": schema_id(name)}
    assert printed == json_schema(name)


def test_without_a_name_all_are_listed(kspec: Kspec) -> None:
    assert [line.split()[0] for line in kspec("schema").out.splitlines()] == list(VERSIONS)


def test_an_unknown_name(kspec: Kspec) -> None:
    ran = kspec("schema", "plans")
    assert ran.code == 2
    assert "plan" in ran.err
