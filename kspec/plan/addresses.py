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
    supplies = Supplies(world.api.rules)
    return supplies.give({record: world.store.objects(record) for record in supplies.records()})


def with_addresses(world: World) -> dict[str, list[Object]]:
    """The objects of each type that draws addresses, with those that they are given."""
    given = {one.key: one.object for one in given_addresses(world)}
    made = {}
    for record in Supplies(world.api.rules).records():
        shelf = world.store.shelf(record)
        made[record] = [given.get(k) or o for k, o in zip(shelf.ordered(), shelf.all(), strict=True)]
    return made


def planned_addresses(world: World) -> Addresses:
    """What a plan says of them."""
    rows = [AddressRow(ref_of(g.object), tuple(g.drawn.items()), g.short) for g in given_addresses(world)]
    return Addresses(tuple(rows), address_assumptions(world))


def address_assumptions(world: World) -> tuple[str, ...]:
    """What is taken for granted where addresses are given."""
    told: Any = call_function(world.api.rules.function("nodes/addressAssumptions"))
    return tuple(told)
