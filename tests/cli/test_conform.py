"""`kspec conform`: the protocol, the counts, and the exit codes; the areas have tests of their own."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Ran
from support.schemas import assert_valid

from kspec.conform import main, protocol
from kspec.conform.compare import first_difference
from kspec.conform.protocol import Area, UnsupportedCase, find_areas

Kspec = Callable[..., Ran]


def double(case: Any) -> Any:
    if case == "odd":
        raise UnsupportedCase("odd things are not modelled")
    return {"twice": case["n"] * 2}


@pytest.fixture
def areas(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One area, `test.double`, in place of those that are built."""
    monkeypatch.setattr(
        main, "find_areas", lambda: {"test.double": Area("test.double", double, first_difference)}
    )
    yield


def suite(folder: Path, *cases: tuple[str, Any, Any], area: str = "test.double") -> Path:
    lines = [json.dumps({"id": i, "area": area, "input": x, "expected": e}) for i, x, e in cases]
    path = folder / "suite.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.usefixtures("areas")
class TestCounts:
    def test_all_agree(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = kspec("conform", suite(tmp_path, ("a", {"n": 2}, {"twice": 4})))
        assert ran.code == 0
        assert "1 of 1 agree, 0 disagree, 0 unsupported" in ran.out

    def test_one_differs(self, kspec: Kspec, tmp_path: Path) -> None:
        path = suite(tmp_path, ("a", {"n": 2}, {"twice": 5}), ("b", {"n": 1}, {"twice": 2}))
        ran = kspec("conform", path, "--format", "json")
        assert ran.code == 1
        assert ran.json == {
            "schema": "kspec/conform/1",
            "areas": [{"area": "test.double", "cases": 2, "agreed": 1, "disagreed": 1, "unsupported": 0}],
            "disagreements": [
                {
                    "id": "a",
                    "area": "test.double",
                    "path": "/twice",
                    "expected": {"twice": 5},
                    "actual": {"twice": 4},
                }
            ],
        }
        assert_valid("conform", ran.json)

    def test_both_verdicts_are_shown(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = kspec("conform", suite(tmp_path, ("a", {"n": 2}, {"twice": 5})))
        assert "differs test.double a at /twice" in ran.out
        assert '  expected  {"twice": 5}' in ran.out
        assert '  actual    {"twice": 4}' in ran.out

    def test_an_area_that_is_not_built_is_unsupported(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = kspec("conform", suite(tmp_path, ("a", {}, {}), area="no.such"), "--format", "json")
        assert ran.code == 3
        assert ran.json["areas"] == [
            {"area": "no.such", "cases": 1, "agreed": 0, "disagreed": 0, "unsupported": 1}
        ]

    def test_an_unsupported_case_says_why(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = kspec("conform", suite(tmp_path, ("a", "odd", {})))
        assert ran.code == 3
        assert "odd things are not modelled" in ran.out

    def test_a_difference_outweighs_what_is_unsupported(self, kspec: Kspec, tmp_path: Path) -> None:
        assert kspec("conform", suite(tmp_path, ("a", "odd", {}), ("b", {"n": 1}, {}))).code == 1

    def test_a_case_that_breaks_the_model_differs(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = kspec("conform", suite(tmp_path, ("a", {"m": 1}, {"twice": 2})), "--format", "json")
        assert ran.code == 1
        assert "KeyError" in ran.json["disagreements"][0]["actual"]["crash"]

    def test_gzip_and_standard_input(self, kspec: Kspec, process: Callable[..., Ran], tmp_path: Path) -> None:
        path = suite(tmp_path, ("a", {"n": 2}, {"twice": 4}))
        packed = tmp_path / "suite.jsonl.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert kspec("conform", packed).code == 0
        assert "0 of 1 agree" in process("conform", "-", stdin=packed.read_bytes()).out


@pytest.mark.parametrize(
    "text", ["nothing", "[]", '{"id": 1}', '{"id":1,"area":2,"input":3,"expected":4}', "[" * 99_999]
)
def test_a_line_that_is_no_case_is_bad_input(kspec: Kspec, tmp_path: Path, text: str) -> None:
    path = tmp_path / "suite.jsonl"
    path.write_text(f"\n{text}\n")
    ran = kspec("conform", path)
    assert (ran.code, ran.out) == (2, "")
    assert "error[KS1901]: line 2" in ran.err


def test_a_damaged_archive_is_bad_input(kspec: Kspec, tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}")[:-6])
    assert kspec("conform", path).code == 2


@pytest.mark.parametrize(
    ("expected", "actual", "path"),
    [
        (1, 1, None),
        (1, True, "/"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "/a/1"),
        ({"a": [1]}, {"a": [1, 2]}, "/a/1"),
        ({"a": None}, {}, "/a"),
        ({}, {"b/c": 1}, "/b~1c"),
        ([], {}, "/"),
    ],
)
def test_the_first_difference(expected: Any, actual: Any, path: str | None) -> None:
    assert first_difference(expected, actual) == path


def test_areas_are_found_by_their_files() -> None:
    areas = find_areas()
    assert "cel.eval" in areas
    assert all(name == area.name for name, area in areas.items())
    assert set(protocol.NOT_AREAS) & {m.split(".")[-1] for m in areas} == set()
