"""Measures what the project promises, and prints a Markdown table: `python tests/bench/run.py [--quick]`.

Times are CPU seconds, the best of some runs; whole commands are processes, from a cold start. Without a
`../shared`, the rows that need it are left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "bench")]

import bench_escalate
import bench_load
import bench_parse

CORPUS = ROOT.parent / "shared" / "corpus"
SHOP = ROOT / "examples" / "shop" / "shop.kspec"
CHECKS = ROOT / "tests" / "conformance" / "properties"


@dataclass(frozen=True)
class Row:
    """One figure: what was done, in how many seconds, and what was aimed at."""

    what: str
    seconds: float
    aim: str = ""


def command(*args: object, runs: int = 3) -> float:
    """CPU seconds of one command, with its start."""

    def once() -> float:
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-m", "kspec", *map(str, args)], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr.decode()
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return min(once() for _ in range(runs))


def in_process(action: Callable[[], object], runs: int = 3) -> float:
    def once() -> float:
        start = process_time()
        action()
        return process_time() - start

    return min(once() for _ in range(runs))


def starts() -> Iterator[Row]:
    yield Row("`kspec --help`", command("--help"), "0.25")
    yield Row("`kspec eval '1 + 1'`", command("eval", "1 + 1"))
    yield Row("`kspec plan examples/shop`", command("plan", SHOP))
    yield Row("`kspec verify examples/shop/shop.kspec` (6 properties)", command("verify", SHOP))
    yield Row("the same, with one that is violated, replayed", command("verify", SHOP.parent))
    if CORPUS.is_dir():
        boutique = CORPUS / "online-boutique"
        yield Row("`kspec plan` of online-boutique (48 objects)", command("plan", boutique), "1.5")
        checks = CHECKS / "online-boutique.kspec"
        yield Row("`kspec verify` of online-boutique (2 proofs)", command("verify", boutique, checks))
        guestbook = (CORPUS / "guestbook", CHECKS / "guestbook.kspec")
        yield Row("`kspec verify` of guestbook (one violated, replayed)", command("verify", *guestbook))
        yield Row("`kspec plan` of kube-prometheus (79 objects)", command("plan", CORPUS / "kube-prometheus"))


def reading() -> Iterator[Row]:
    found = bench_load.measure()
    yield Row("1,000 manifests read, with positions", found["read"])
    yield Row("the same, read and decoded against the types", found["read"] + found["decode"], "0.4")
    from kspec.source import SourceFile
    from kspec.syntax.format import format_module
    from kspec.syntax.parse import parse_module

    file = SourceFile("<sample>", bench_parse.sample())
    lines = file.text.count("\n")
    yield Row(f"{lines:,} lines of .kspec parsed", in_process(lambda: parse_module(file)), "1")
    yield Row("the same, formatted", in_process(lambda: format_module(file), runs=1))


def escalating() -> Iterator[Row]:
    yield Row(
        "escalation: the closure for 2,000 subjects, 500 roles, 2,000 bindings", bench_escalate.measure(), "2"
    )


def planning() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for deployments, replicas, nodes in ((50, 20, 100), (50, 100, 500)):
            path = Path(folder, f"{deployments}.kspec")
            path.write_text(application(deployments, replicas, nodes))
            seconds = command("plan", path, "--format", "json", runs=1)
            yield Row(f"`kspec plan`: {deployments * replicas:,} pods on {nodes:,} nodes", seconds)


def application(deployments: int, replicas: int, nodes: int) -> str:
    head = (
        f"cluster c {{ pool p {{ nodes: {nodes}  cpu: 4  memory: 16Gi  pods: 110 }} }}\nnamespace shop {{\n"
    )
    one = (
        '  Deployment d{n} {{\n    spec.replicas: {r}\n    spec.selector.matchLabels: {{ app: "d{n}" }}\n'
        '    spec.template.metadata.labels: {{ app: "d{n}" }}\n'
        '    spec.template.spec.containers[c]: {{ image: "i"  resources.requests.cpu: 100m }}\n  }}\n'
    )
    return head + "".join(one.format(n=n, r=replicas) for n in range(deployments)) + "}\n"


def main(quick: bool) -> None:
    print("| what | CPU seconds | aim |\n|---|---|---|")
    for group in (starts, reading, escalating) if quick else (starts, reading, escalating, planning):
        for row in group():
            print(f"| {row.what} | {row.seconds:.2f} | {row.aim} |", flush=True)


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
