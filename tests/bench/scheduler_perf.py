"""Runs workload files of Kubernetes' scheduler_perf: `python tests/bench/scheduler_perf.py FILE...`.

Prints the pods a second of each workload, in CPU time of one core, beside the threshold that the file sets
for kube-scheduler. `--only TEXT` runs those whose name holds the text, `--label LABEL` those with a label.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from kspec.conform.perf_run import Run
from kspec.conform.perf_workload import Workload, chosen, read_workloads
from kspec.conform.protocol import UnsupportedCase


def row(workload: Workload) -> str:
    threshold = "" if workload.threshold is None else f"{workload.threshold:,.0f}"
    try:
        rate = Run(workload, process_time).run()
    except UnsupportedCase as reason:
        return f"| {workload.title} | unsupported: {reason} | {threshold} | |"
    rest = f"{rate.waiting:,}" if rate.waiting else ""
    return f"| {workload.title} | {rate.a_second:,.0f} | {threshold} | {rest} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--only", default="", help="a part of the name")
    parser.add_argument("--label", default="", help="a label that workloads must have")
    options = parser.parse_args()
    print("| workload | pods a second | threshold | pods that fit nowhere |\n|---|---|---|---|")
    for file in options.files:
        for workload in chosen(read_workloads(file), options.only, options.label):
            print(row(workload), flush=True)


if __name__ == "__main__":
    main()
