"""Where rules of validation are asked: wherever their type occurs; of metadata, only that of the object."""

from __future__ import annotations

from typing import Any

from support.toy_world import FARM, rule

from kspec.ir.types import INT, STRING, FieldDef, Kind, ListOf, MapOf, Record, RecordDef, TypeTable
from kspec.model.api import Api
from kspec.model.clock import Clock
from kspec.model.cluster import FixedCluster
from kspec.model.kinds import Kinds
from kspec.model.rules import Listed, RuleSet
from kspec.model.store import Store
from kspec.runtime.rulebook import Clause


def record(called: str, **fields: Any) -> RecordDef:
    return RecordDef(called, {n: FieldDef(n, t) for n, t in fields.items()})


META, HEN = "meta.ObjectMeta", "toy.HenSpec"
TABLE = TypeTable(
    {
        META: record(META, name=STRING, namespace=STRING),
        HEN: record(HEN, eggs=INT, metadata=Record(META)),
        FARM: record(FARM, metadata=Record(META), hens=ListOf(Record(HEN)), pets=MapOf(STRING, Record(HEN))),
    },
    (Kind("toy", "v1", "Farm", FARM, "farms", True),),
)
GIVEN = {
    "metadata": {"name": "a", "namespace": "n"},
    "hens": [{"eggs": 1, "metadata": {"name": "bad"}}, {"eggs": 0}],
    "pets": {"rex": {"eggs": 0}},
}


def told(given: dict[str, Any], *rules: Any) -> list[str]:
    api = Api(Store(Clock()), RuleSet(Listed(rules)), Kinds(TABLE), FixedCluster({}))
    return [f"{p.rule} {p.field}" for p in api.invalid(FARM, given)]


def finding(field: str) -> list[dict[str, str]]:
    return [{"code": "Invalid", "reason": "no", "field": field}]


EGGS = rule("validate", "Eggs", f"self: {HEN}", lambda self: [] if self["eggs"] else finding("eggs"))
NAMES = rule(
    "validate",
    "Names",
    f"self: {META}, kind: string, namespaced: bool",
    lambda self, kind, namespaced: finding("name") if (kind, namespaced) == ("Farm", True) else [],
)
LATER = rule("validate", "Later", f"self: {FARM}", lambda self: finding(""), Clause("after", "Whole"))


def test_a_rule_is_asked_at_every_place_of_its_type() -> None:
    assert told(GIVEN, EGGS) == ["Eggs hens[1].eggs", "Eggs pets[rex].eggs"]


def test_metadata_is_that_of_the_object_alone() -> None:
    assert told(GIVEN, NAMES) == ["Names metadata.name"]


def test_one_that_comes_after_another_is_asked_if_that_finds_nothing() -> None:
    whole = rule("validate", "Whole", f"self: {FARM}", lambda self: [] if self["hens"] else finding("hens"))
    assert told(GIVEN, whole, LATER) == ["Later "]
    assert told({**GIVEN, "hens": []}, whole, LATER) == ["Whole hens"]
