"""Workload files of scheduler_perf are read and run; what is not modelled is told, not skipped."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import pytest
from support.source_tree import ROOT

from kspec.conform.perf_run import Run
from kspec.conform.perf_workload import chosen, operation, read_workloads
from kspec.conform.protocol import UnsupportedCase

UNSET = "- {name: x, workloadTemplate: [{opcode: createNodes, countParam: $n}], workloads: [{name: w}]}"
FILE = ROOT / "tests" / "bench" / "workloads" / "workloads.yaml"


@pytest.mark.parametrize(
    ("title", "bound", "waiting"),
    [
        ("Basic/5Nodes", 10, 0),
        ("ZoneSpread/6Nodes", 30, 0),
        ("Apart/5Nodes_6Pods", 5, 1),
        ("Unschedulable/5Nodes", 10, 0),
    ],
)
def test_pods_that_are_measured_are_bound(title: str, bound: int, waiting: int) -> None:
    workload = next(w for w in read_workloads(FILE) if w.title == title)
    rate = Run(workload, process_time).run()
    assert (rate.bound, rate.waiting) == (bound, waiting)


def test_workloads_are_chosen_by_name_and_label() -> None:
    found = read_workloads(FILE)
    assert [w.title for w in chosen(found, "Basic", "performance")] == ["Basic/5000Nodes"]
    assert chosen(found, "", "nothing") == []
    assert [w.threshold for w in chosen(found, "Basic", "")] == [None, 270.0]


def test_the_measured_time_is_that_of_scheduling(tmp_path: Path) -> None:
    ticks = iter(range(100))
    workload = next(w for w in read_workloads(FILE) if w.title == "Basic/5Nodes")
    rate = Run(workload, lambda: float(next(ticks))).run()
    assert rate.seconds == 1.0 and rate.a_second == 10.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: x", "not a list of test cases"),
        ("- name: x", "needs a `workloadTemplate`"),
        (
            UNSET,
            "`n` has no value",
        ),
    ],
)
def test_what_is_no_workload_file_is_told(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UnsupportedCase, match=why):
        read_workloads(path)


@pytest.mark.parametrize(
    ("op", "why"),
    [
        ({"opcode": "createResourceDriver"}, "the opcode `createResourceDriver`"),
        ({"opcode": "createNodes", "nodeTemplatePath": "missing.yaml"}, "there is no template missing.yaml"),
        (
            {"opcode": "createNodes", "nodeAllocatableStrategy": {"x": 1}},
            "nodeAllocatableStrategy",
        ),
        ({"opcode": "createPods"}, "without a template"),
        (
            {"opcode": "createPods", "persistentVolumeTemplatePath": "v"},
            "persistentVolumeTemplatePath",
        ),
    ],
)
def test_what_is_not_modelled_is_told(tmp_path: Path, op: dict[str, Any], why: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("- {name: x, workloadTemplate: [{opcode: barrier}], workloads: [{name: w}]}")
    (workload,) = read_workloads(path)
    run = Run(workload, process_time)
    with pytest.raises(UnsupportedCase, match=why):
        run._do(operation(op, {}))
