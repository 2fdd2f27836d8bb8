"""Knows how to try every choice within a depth: proof within bounds, or choices that lead to a violation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kspec.model.chooser import Chooser, Recording, Scripted
from kspec.model.world import Check, World

STATES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Exploration:
    """What was found. `complete`: every choice within the depth was tried, or led to a known state."""

    states: int
    runs: int
    complete: bool
    violation: str = ""
    choices: tuple[int, ...] = ()


def explore(
    build: Callable[[Chooser], World],
    depth: int,
    check: Check,
    at_end: Check | None = None,
    states_max: int = STATES_MAX,
) -> Exploration:
    """Runs the world under every list of choices, at most `depth` steps each, and checks every state.

    `at_end` checks the states in which nothing is left to do. A state that was reached before with as many
    steps left is not followed again. A violation comes with the choices that `Scripted` replays.
    """
    seen: dict[str, int] = {}
    prefix: list[int] = []
    runs = 0
    while True:
        recorder = Recording(Scripted(prefix))
        found = _follow(build(recorder), recorder, len(prefix), depth, seen, check, at_end)
        runs += 1
        if found:
            return Exploration(len(seen), runs, False, found, tuple(recorder.choices))
        if len(seen) >= states_max:
            return Exploration(len(seen), runs, False)
        next_prefix = _next(recorder)
        if next_prefix is None:
            return Exploration(len(seen), runs, True)
        prefix = next_prefix


def _follow(
    world: World,
    recorder: Recording,
    known: int,
    depth: int,
    seen: dict[str, int],
    check: Check,
    at_end: Check | None,
) -> str:
    """One run. The first `known` choices were made before, so the states on the way there are old ones."""
    for left in range(depth, 0, -1):
        if not world.step() and not world.pass_time():
            return (at_end(world) or "") if at_end else ""
        if len(recorder.made) < known:
            continue
        state = world.state()
        if seen.get(state, 0) >= left:
            return ""
        seen[state] = left
        wrong = check(world)
        if wrong:
            return wrong
    return ""


def _next(recorder: Recording) -> list[int] | None:
    """The next list of choices: the last choice that has an alternative left takes it."""
    made = recorder.made
    for at in range(len(made) - 1, -1, -1):
        if made[at].chosen + 1 < made[at].alternatives:
            return [c.chosen for c in made[:at]] + [made[at].chosen + 1]
    return None
