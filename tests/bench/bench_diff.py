"""Measures `kspec diff OLD NEW --only network` at many policies: `python tests/bench/bench_diff.py
[namespaces]`.

CPU seconds of whole commands from a cold start: ten policies and ten workloads in a namespace; nothing
changed, everything reformatted, one policy edited, ten edited, a namespace removed.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

import yaml
from policies import manifests


def edited(text: str, count: int) -> str:
    """So many policies, far from each other, with one port more in a rule for what comes in."""
    documents = text.split("---\n")
    own = [n for n, d in enumerate(documents) if "kind: NetworkPolicy" in d and "endPort: 9010" in d]
    for number, at in enumerate(own[37 :: max(1, (len(own) - 37) // count)][:count]):
        documents[at] = documents[at].replace("endPort: 9010", f"endPort: {9011 + number}")
    return "---\n".join(documents)


def reformatted(text: str) -> str:
    """The same objects, written otherwise and in another order."""
    objects = list(yaml.safe_load_all(text))
    random.Random(1).shuffle(objects)
    return yaml.safe_dump_all(objects)


def without(text: str, namespace: str) -> str:
    own = (f"namespace: {namespace}}}", f"name: {namespace},")
    return "---\n".join(d for d in text.split("---\n") if not any(each in d for each in own))


def seconds(*args: object) -> tuple[float, int]:
    """CPU seconds of a command, and its exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-m", "kspec", *map(str, args)], cwd=ROOT, check=False, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ran.returncode


def main(namespaces: int) -> None:
    old = manifests(namespaces)
    cases = {
        "nothing changed": old,
        "all reformatted": reformatted(old),
        "one policy edited": edited(old, 1),
        "one edited, --require no-less": edited(old, 1),
        "a namespace removed": without(old, f"ns{namespaces // 2}"),
        "ten policies edited": edited(old, 10),
    }
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder, "old.yaml")
        before.write_text(old)
        for name, text in cases.items():
            after = Path(folder, "new.yaml")
            after.write_text(text)
            more = name.partition(", ")[2].split()
            took, code = seconds("diff", before, after, "--only", "network", *more)
            print(f"{took:6.2f} s  exit {code}  {name}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
