"""Whatever the order of events, a farm comes to what it should be: sampled, drawn, and tried exhaustively."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy_world import FARM, RULES, farm, hens, settled, toy_world

from kspec.model import controller
from kspec.model.chooser import Chooser, Drawn, Scripted, Seeded
from kspec.model.explore import explore
from kspec.model.rules import RuleSet
from kspec.model.world import Options, World

SEEDS = (1, 2, 3, 20260101)


def simulate(seed: int) -> World:
    world = toy_world(Seeded(seed), Options(lag=True, restarts=2))
    world.api.create(FARM, farm("a", 3))
    world.api.create(FARM, farm("b", 2, eats=4))
    for _ in range(15):
        world.step()
    world.api.patch(next(iter(world.store.shelf(FARM).ordered())), {"spec": {"hens": 1}})
    assert world.run_until_quiet().quiet
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lagging_world_settles(seed: int) -> None:
    world = simulate(seed)
    assert settled(world) is None, f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    assert simulate(seed).digest() == simulate(seed).digest()


def test_different_seeds_give_different_traces() -> None:
    assert len({simulate(seed).digest() for seed in SEEDS}) == len(SEEDS)


def test_the_trace_does_not_depend_on_the_hash_seed() -> None:
    digests = set()
    tests = Path(__file__).parent.parent
    for hash_seed in ("0", "1", "4242"):
        run = subprocess.run(
            [
                sys.executable,
                "-c",
                "from simulate.test_convergence import simulate; print(simulate(5).digest())",
            ],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout.strip())
    assert len(digests) == 1


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(0, 4), st.integers(0, 4))
def test_any_schedule_leads_to_the_wanted_number(data: st.DataObject, first: int, then: int) -> None:
    world = toy_world(
        Drawn(lambda low, high: data.draw(st.integers(low, high))), Options(lag=True, restarts=1)
    )
    world.api.create(FARM, farm("a", first))
    for _ in range(8):
        world.step()
    world.api.patch(next(iter(world.store.shelf(FARM).ordered())), {"spec": {"hens": then}})
    assert world.run_until_quiet().quiet
    assert settled(world) is None


def small_farm(chooser: Chooser, rules: RuleSet = RULES) -> World:
    """One hen wanted, nobody to place it; the farm changes once before anyone has looked."""
    world = toy_world(chooser, Options(lag=True, restarts=1), rules, barns=0, profile=None)
    made = world.api.create(FARM, farm("a", 1))
    world.api.update(FARM, {**made.object, "spec": {"hens": 1, "eats": 2}})
    return world


def never_too_many(world: World) -> str | None:
    return "two hens for one" if len(hens(world)) > 1 else None


def one_hen(world: World) -> str | None:
    return None if len(hens(world)) == 1 else f"{len(hens(world))} hens at rest"


def test_every_schedule_of_a_small_farm_keeps_to_one_hen_and_settles() -> None:
    found = explore(small_farm, 40, never_too_many, one_hen)
    assert found.complete and found.violation == ""
    assert found.states > 50


def test_exploration_finds_what_expectations_prevent_and_replays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant of the machinery: a controller that does not wait for its view to reach its own writes."""
    monkeypatch.setattr(controller, "EXPECTATION_NANOS_MAX", 0)
    found = explore(small_farm, 12, never_too_many)
    assert found.violation == "two hens for one"
    world = small_farm(Scripted(found.choices))
    for _ in range(12):
        world.step()
        if never_too_many(world):
            return
    raise AssertionError("the choices do not lead there")
