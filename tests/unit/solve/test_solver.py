"""The solver runs out of time when told, stops at Ctrl-C, and gives every process the same model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import script
from kspec.solve.solver import Solver, Undecided

PIGEONS = """
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import script
from kspec.solve.solver import Solver

def at(pigeon, hole):
    return t.bool_var(f"p{pigeon}_{hole}")

def pigeons(holes):
    housed = [t.any_of(at(p, h) for h in range(holes)) for p in range(holes + 1)]
    alone = [
        t.or_(t.not_(at(p, h)), t.not_(at(q, h))) for h in range(holes) for p in range(holes + 1) for q in
        range(p)
    ]
    return script([("more pigeons than holes", t.all_of([*housed, *alone]))])
"""


def test_a_question_that_is_too_hard_is_left_at_the_deadline() -> None:
    names: dict[str, object] = {}
    exec(PIGEONS, names)
    began = time.monotonic()
    solver = Solver(names["pigeons"](11), 0.3)  # type: ignore[operator]
    assert solver.check() == Undecided("timeout")
    assert time.monotonic() - began < 5
    assert solver.check() == Undecided("timeout")
    assert solver.checks == 1


def test_ctrl_c_stops_it() -> None:
    code = PIGEONS + "print('ready', flush=True)\nSolver(pigeons(12), 60).check()\n"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.rstrip().endswith(b"KeyboardInterrupt"), errors


def test_every_process_finds_the_same_model() -> None:
    code = (
        PIGEONS + "s = Solver(script([('x', t.any_of(t.and_(at(i, j), t.not_(at(j, i))) for i in range(9) "
        "for j in range(9) if i != j))]), 20)\nassert s.check() is True\n"
        "print([v.value for v, held in s.model().items() if held])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_what_is_tried_is_kept_only_if_it_is_possible() -> None:
    n = t.int_var("n", 0, 10)
    solver = Solver(script([("n", t.lt(t.number(3), n))]), 20)
    assert solver.check() is True
    with solver.scope():
        assert solver.admits("(<= n 3)") is None
        assert not solver.hurried
        assert solver.admits("(<= n 4)") == {n: 4}
        assert solver.admits("(>= n 5)") is None
    assert solver.admits("(= n 10)") == {n: 10}
