"""Law: in each lane a term has the value that it has by itself."""

from __future__ import annotations

from random import Random

import pytest

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.lanes import Program
from kspec.runtime.symbolic.terms import Term

SWITCHES = [t.bool_var(f"s{n}") for n in range(4)]
PLAIN = [t.bool_var(f"p{n}") for n in range(2)]
NUMBER = t.int_var("n", 0, 9)


def term(draw: Random, depth: int) -> Term:
    """A Bool of switches, other variables, counts and choices."""
    if depth == 0:
        return draw.choice([*SWITCHES, *PLAIN, t.le(NUMBER, t.number(draw.randrange(9)))])
    parts = [term(draw, depth - 1) for _ in range(3)]
    count = t.add(*(t.ite(part, t.number(1), t.number(0)) for part in parts), NUMBER)
    return draw.choice(
        [
            t.and_(*parts), t.or_(*parts), t.not_(parts[0]), t.eq(parts[0], parts[1]), t.ite(*parts),
            t.le(count, t.number(draw.randrange(9))), t.eq(t.ite(parts[0], NUMBER, t.number(3)), t.number(3)),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_lane_is_an_evaluation(seed: int) -> None:
    draw = Random(seed)
    root = term(draw, 3)
    known: dict[Term, object] = {each: draw.random() < 0.5 for each in PLAIN} | {NUMBER: draw.randrange(10)}
    width = 16
    lanes = {switch: draw.getrandbits(width) for switch in SWITCHES}
    found = Program(root, SWITCHES).run(known, lanes, width)
    for lane in range(width):
        alone = {**known, **{switch: bool(bits >> lane & 1) for switch, bits in lanes.items()}}
        assert bool(found >> lane & 1) is (t.evaluate(root, alone) is True)
