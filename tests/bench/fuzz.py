"""Throws damaged inputs at kspec: `python tests/bench/fuzz.py [inputs] [seed]`.

Prints each input that is not answered well, keeps it in `fuzz-failures/`, and exits with 1 if there is any.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random
from time import monotonic

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.fuzzing import attempt, commands, damaged, warm_up

SUFFIXES = (".kspec", ".yaml")


def main(inputs: int, seed: int) -> int:
    began = monotonic()
    kept = Path("fuzz-failures")
    failures = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        warm_up(Path(folder))
        for number in range(inputs):
            suffix = SUFFIXES[number % len(SUFFIXES)]
            path = Path(folder, f"input{suffix}")
            path.write_bytes(damaged(Random(f"{seed} {number}"), suffix))
            for args in commands(path):
                start = monotonic()
                trial = attempt(args)
                slowest = max(slowest, monotonic() - start)
                if trial.why_not_well is not None:
                    failures += 1
                    kept.mkdir(exist_ok=True)
                    copy = kept / f"{seed}-{number}{suffix}"
                    copy.write_bytes(path.read_bytes())
                    print(f"{copy}: kspec {' '.join(args[:-1])}: {trial.why_not_well}", flush=True)
            if number % 500 == 499:
                print(f"{number + 1:,} inputs, {monotonic() - began:.0f} s, {failures} failures", flush=True)
    print(f"{inputs:,} inputs (seed {seed}), {failures} failures, slowest run {slowest:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    raise SystemExit(main(given[0] if given else 20_000, given[1] if len(given) > 1 else 1))
