"""Knows the addresses that the objects of a world at rest are given, where they have none of their own."""

from __future__ import annotations

from typing import Any

from kspec.model.objects import Object
from kspec.model.rules import call_function
from kspec.model.supplies import Given, Supplies
from kspec.model.world import World
from kspec.plan.compare import ref_of
from kspec.plan.value import Addresses, AddressRow


def given_addresses(world: World) -> list[Given]:
    """Each object that lacked an address, a block or a port, with what it is given. The world stays as it
    is.
    """
    supplies = _supplies(world)
    return supplies.give({record: world.store.objects(record) for record in supplies.records()})


def _supplies(world: World) -> Supplies:
    rules = world.api.rules
    return Supplies(rules, _known(world))


def _known(world: World) -> dict[str, Any]:
    """The cluster as it is at rest, with what is said of it."""
    fields = world.api.rules.cluster_fields
    return {name: world.store.shelf(record).all() for name, record in fields.items()} | dict(
        world.cluster.said
    )


def with_addresses(world: World) -> dict[str, list[Object]]:
    """The objects of each type that draws addresses, with those that they are given."""
    given = {one.key: one.object for one in given_addresses(world)}
    made = {}
    for record in _supplies(world).records():
        shelf = world.store.shelf(record)
        made[record] = [given.get(k) or o for k, o in zip(shelf.ordered(), shelf.all(), strict=True)]
    return made


def planned_addresses(world: World) -> Addresses:
    """What a plan says of them."""
    rows = [
        AddressRow(ref_of(g.object), () if g.short else tuple(g.drawn.items()), g.short, g.shortage)
        for g in given_addresses(world)
    ]
    return Addresses(tuple(rows), address_assumptions(world))


def address_assumptions(world: World) -> tuple[str, ...]:
    """What is taken for granted where addresses are given."""
    rule = world.api.rules.function("nodes/addressAssumptions")
    told: Any = call_function(rule, _known(world))
    return tuple(told)
