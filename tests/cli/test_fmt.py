"""`kspec fmt`: in place, checked, as a diff, and from standard input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

UGLY = 'namespace   shop { ConfigMap a {data.x:"1"} }  // why\n'
PRETTY = 'namespace shop { ConfigMap a { data.x: "1" } } // why\n'
WRONG = "namespace shop {\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ugly.kspec").write_text(UGLY)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pretty.kspec").write_text(PRETTY)
    (tmp_path / "other.yaml").write_text("a:   1\n")
    return tmp_path


def test_files_are_formatted_in_place(kspec: Kspec, folder: Path) -> None:
    ran = kspec("fmt", folder)
    assert (ran.code, ran.out) == (0, "")
    assert "1 file reformatted, 1 left" in ran.err
    assert (folder / "ugly.kspec").read_text() == PRETTY
    assert (folder / "other.yaml").read_text() == "a:   1\n"


def test_once_is_enough(kspec: Kspec, folder: Path) -> None:
    kspec("fmt", folder)
    assert kspec("fmt", "--check", folder).code == 0


def test_check_lists_and_writes_nothing(kspec: Kspec, folder: Path) -> None:
    ran = kspec("fmt", "--check", folder)
    assert ran.code == 1
    assert ran.out == f"{folder / 'ugly.kspec'}\n"
    assert (folder / "ugly.kspec").read_text() == UGLY


def test_diff_shows_and_writes_nothing(kspec: Kspec, folder: Path) -> None:
    ran = kspec("fmt", "--diff", folder)
    assert ran.code == 1
    assert f"-{UGLY}+{PRETTY}" in ran.out
    assert (folder / "ugly.kspec").read_text() == UGLY


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_formatted(kspec: Kspec, folder: Path) -> None:
    (folder / "wrong.kspec").write_text(WRONG)
    ran = kspec("fmt", folder)
    assert ran.code == 2
    assert "error[KS1002]" in ran.err
    assert (folder / "wrong.kspec").read_text() == WRONG
    assert (folder / "ugly.kspec").read_text() == PRETTY


def test_standard_input_is_printed(process: Callable[..., Ran]) -> None:
    ran = process("fmt", "-", stdin=UGLY)
    assert (ran.code, ran.out, ran.err) == (0, PRETTY, "")


def test_as_json(kspec: Kspec, folder: Path) -> None:
    ran = kspec("fmt", "--check", folder, "--format", "json")
    assert_valid("fmt", ran.json)
    assert [f["changed"] for f in ran.json["files"]] == [False, True]


def test_the_mode_of_a_file_is_kept_and_links_are_followed(kspec: Kspec, tmp_path: Path) -> None:
    real, link = tmp_path / "real.kspec", tmp_path / "link.kspec"
    real.write_text(UGLY)
    real.chmod(0o640)
    link.symlink_to(real)
    assert kspec("fmt", link).code == 0
    assert link.is_symlink()
    assert real.read_text() == PRETTY
    assert real.stat().st_mode & 0o777 == 0o640


def test_our_own_files_are_formatted(kspec: Kspec) -> None:
    ran = kspec("fmt", "--check", ROOT / "rules", ROOT / "examples", ROOT / "tests" / "conformance")
    assert ran.code == 0, ran.out
