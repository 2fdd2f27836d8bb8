"""Default rules apply wherever their type occurs, outer objects first, and share what they do not change."""

from typing import Any

from support.toy_world import rule

from kspec.ir.types import STRING, FieldDef, ListOf, MapOf, Record, RecordDef, Type, TypeTable
from kspec.model.defaults import Defaults
from kspec.model.rules import Listed, RuleSet, call_function


def record(name: str, **fields: Type) -> RecordDef:
    return RecordDef(name, {n: FieldDef(n, t) for n, t in fields.items()})


TABLE = TypeTable(
    {
        r.name: r
        for r in (
            record(
                "Barn",
                door=Record("Door"),
                windows=ListOf(Record("Door")),
                by_name=MapOf(STRING, Record("Door")),
            ),
            record("Door", lock=Record("Lock"), behind=Record("Door"), color=STRING),
            record("Lock", key=STRING),
            record("Plain", text=STRING),
        )
    }
)


def made(*rules: Any) -> Defaults:
    return Defaults(TABLE, RuleSet(Listed(rules)))


def keyed(self: dict[str, Any]) -> dict[str, Any]:
    return {"key": "brass", **self}


LOCKS = rule("default", "Lock", "self: Lock", keyed)


def apply(defaults: Defaults, name: str, obj: dict[str, Any]) -> dict[str, Any]:
    return defaults.applied(name, obj, lambda one, at: call_function(one, at))


def test_nested_records_lists_and_maps_are_reached() -> None:
    door = {"lock": {}}
    barn = {"door": door, "windows": [door, {}], "by_name": {"x": door}}
    want = {"lock": {"key": "brass"}}
    assert apply(made(LOCKS), "Barn", barn) == {"door": want, "windows": [want, {}], "by_name": {"x": want}}
    assert barn["door"] == {"lock": {}}


def test_a_type_inside_itself_is_followed_as_deep_as_the_object_goes() -> None:
    barn = {"door": {"behind": {"behind": {"lock": {}}}}}
    inner = apply(made(LOCKS), "Barn", barn)["door"]["behind"]["behind"]
    assert inner == {"lock": {"key": "brass"}}


def test_outer_rules_come_first_and_may_make_what_inner_ones_fill() -> None:
    doors = rule("default", "Door", "self: Door", lambda self: {"lock": {}, **self})
    assert apply(made(LOCKS, doors), "Barn", {"door": {}}) == {"door": {"lock": {"key": "brass"}}}


def test_what_nothing_changes_is_shared() -> None:
    barn = {"door": {"lock": {"key": "iron"}}, "windows": [{"color": "red"}]}
    keeping = rule("default", "Lock", "self: Lock", lambda self: self)
    assert apply(made(keeping), "Barn", barn) is barn
    assert apply(made(LOCKS), "Plain", barn) is barn
