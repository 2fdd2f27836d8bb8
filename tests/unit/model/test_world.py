"""The machinery as a whole, on a farm."""

from typing import Any

from support.toy_world import (
    FARM,
    FUNCTIONS,
    HEN,
    SECOND,
    barn,
    farm,
    hens,
    rule,
    settled,
    toy_world,
    write,
)

from kspec.model.chooser import Recording, Scripted, Seeded
from kspec.model.objects import Key
from kspec.model.rules import Listed, RuleSet
from kspec.model.world import Bounds, Options


def test_a_quiet_day_makes_places_and_starts_everything() -> None:
    world = toy_world()
    assert world.api.create(FARM, farm("a", 3)).ok
    assert world.run_until_quiet().quiet
    assert sorted(h["spec"]["nodeName"] for h in hens(world)) == ["barn-0", "barn-0", "barn-1"]
    assert settled(world) is None
    assert world.store.objects(FARM)[0]["status"] == {"hens": 3, "laying": 3}


def test_nodes_are_taken_by_score_and_ties_by_name() -> None:
    world = toy_world(barns=3)
    world.api.create(FARM, farm("a", 6))
    world.run_until_quiet()
    places = sorted(h["spec"]["nodeName"] for h in hens(world))
    assert places == ["barn-0", "barn-0", "barn-1", "barn-1", "barn-2", "barn-2"]


def test_what_fits_nowhere_is_told_why_and_placed_once_there_is_room() -> None:
    world = toy_world(barns=1)
    world.api.create(FARM, farm("a", 3, eats=4))
    world.run_until_quiet()
    waiting = [h for h in hens(world) if not h["spec"].get("nodeName")]
    assert [h["status"] for h in waiting] == [{"why": "0/1: 1 not enough corn"}]
    world.store.restore("core.Node", barn("big", 50))
    world.run_until_quiet()
    assert settled(world) is None


def test_scaling_down_deletes_and_deleting_the_owner_collects() -> None:
    world = toy_world()
    world.api.create(FARM, farm("a", 4))
    world.run_until_quiet()
    world.api.patch(Key(FARM, "land", "a"), {"spec": {"hens": 1}})
    world.run_until_quiet()
    assert len(hens(world)) == 1
    world.api.delete(Key(FARM, "land", "a"))
    world.run_until_quiet()
    assert hens(world) == [] and world.store.objects(FARM) == []


def test_orphan_deletion_leaves_dependents_and_a_new_owner_adopts_them() -> None:
    world = toy_world()
    world.api.create(FARM, farm("a", 2))
    world.run_until_quiet()
    before = [h["metadata"]["uid"] for h in hens(world)]
    world.api.delete(Key(FARM, "land", "a"), "Orphan")
    world.run_until_quiet()
    assert world.store.objects(FARM) == []
    assert [h["metadata"].get("ownerReferences") for h in hens(world)] == [None, None]
    world.api.create(FARM, farm("a", 2))
    world.run_until_quiet()
    assert [h["metadata"]["uid"] for h in hens(world)] == before
    assert settled(world) is None


def test_foreground_deletion_removes_dependents_first() -> None:
    world = toy_world()
    world.api.create(FARM, farm("a", 2))
    world.run_until_quiet()
    world.api.delete(Key(FARM, "land", "a"), "Foreground")
    assert len(world.store.objects(FARM)) == 1
    world.run_until_quiet()
    assert world.store.objects(FARM) == [] and hens(world) == []
    gone = [
        e.key.record
        for r in (FARM, HEN)
        for e in world.store.events_since(r, 0)
        if e.action.value == "deleted"
    ]
    assert sorted(gone) == [HEN, HEN, FARM]
    assert world.store.last_revision(FARM) > world.store.last_revision(HEN)


def test_an_object_that_is_no_longer_selected_is_released_and_replaced() -> None:
    world = toy_world()
    world.api.create(FARM, farm("a", 2))
    world.run_until_quiet()
    lost = hens(world)[0]["metadata"]["name"]
    world.api.patch(Key(HEN, "land", lost), {"metadata": {"labels": {"farm": "elsewhere"}}})
    world.run_until_quiet()
    assert len(hens(world)) == 3 and settled(world) is None
    assert "ownerReferences" not in world.store.get(Key(HEN, "land", lost))["metadata"]


def test_names_are_the_same_in_every_run() -> None:
    names = []
    for _ in range(2):
        world = toy_world()
        world.api.create(FARM, farm("a", 3))
        world.run_until_quiet()
        names.append([h["metadata"]["name"] for h in hens(world)])
    assert names[0] == names[1] and len(set(names[0])) == 3
    assert all(n.startswith("a-") and len(n) == 7 for n in names[0])


def test_a_run_is_replayed_from_its_choices() -> None:
    recorder = Recording(Seeded(7))
    worlds = [toy_world(recorder, Options(lag=True, restarts=1))]
    worlds[0].api.create(FARM, farm("a", 2))
    worlds[0].run_until_quiet()
    worlds.append(toy_world(Scripted(recorder.choices), Options(lag=True, restarts=1)))
    worlds[1].api.create(FARM, farm("a", 2))
    worlds[1].run_until_quiet()
    assert worlds[0].trace == worlds[1].trace
    assert len(worlds[0].trace) > 10


def test_what_never_ends_is_stopped_by_a_limit_that_is_named() -> None:
    """A controller that counts up by itself, once a second."""

    def tick(self: dict[str, Any], now: object) -> list[dict[str, Any]]:
        count = self.get("status", {}).get("ticks", 0) + 1
        return [write("status", object={"ticks": count}), write("requeue", after=SECOND)]

    clock = rule("controller", "Clock", "self: toy.Farm, now: timestamp", tick)
    world = toy_world(rules=RuleSet(Listed((*FUNCTIONS, clock)), {}), profile=None)
    world.api.create(FARM, farm("a", 0))
    bounds = Bounds(steps_max=100)
    assert "steps_max = 100" in world.run_until_quiet(bounds).why


def test_a_bound_that_is_reached_is_named() -> None:
    world = toy_world()
    world.api.create(FARM, farm("a", 5))
    outcome = world.run_until_quiet(Bounds(steps_max=3))
    assert not outcome.quiet and "steps_max" in outcome.why
